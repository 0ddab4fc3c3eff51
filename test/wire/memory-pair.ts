// Two ends of a connection in memory that behave like the two sockets of a TCP connection: in order, with
// back-pressure, and an end that is destroyed is the end of the other's input.
import { Duplex } from 'node:stream';

class End extends Duplex {
  peer!: End;
  #resume: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false });
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** Takes what the peer wrote; `taken` is called once there is room for more. */
  #take(chunk: Buffer | null, taken: () => void): void {
    // what arrives at an end that is gone is lost, as on a network
    const isLost = this.destroyed || this.readableEnded;
    if (isLost || this.push(chunk) || chunk === null) taken();
    else this.#resume = taken;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    // a copy, since whoever reads may keep it longer than the writer keeps its buffer
    this.peer.#take(Buffer.from(chunk), done);
  }

  override _final(done: () => void): void {
    this.peer.#take(null, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.writableFinished) this.peer.#take(null, () => {});
    this._read();
    done(error);
  }
}

/** Two connected streams: what is written to one is read from the other. */
export function memoryPair(): [Duplex, Duplex] {
  const [near, far] = [new End(), new End()];
  near.peer = far;
  far.peer = near;
  return [near, far];
}
