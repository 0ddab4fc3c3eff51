// A TCP proxy for a bad network: it cuts connections, delays, splits and stalls what it forwards, and can flip bits.
// Everything comes from one seed; `calm` ends the faults, so that what was promised can arrive.
import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../fuzz/random.js';

/** The chance of each fault for a chunk of bytes. */
export interface Faults {
  /** Forward a part of the chunk, then end both connections. */
  cut?: number;
  /** Wait up to 15 ms. */
  delay?: number;
  /** Forward in pieces. */
  split?: number;
  /** Forward nothing for up to 400 ms. */
  stall?: number;
  /** Forward nothing more at all, in this direction. */
  swallow?: number;
  /** Flip a bit. */
  corrupt?: number;
}

export class FaultyProxy {
  readonly #random: Random;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #faults: Faults;
  port = 0;
  /** How often each fault happened. */
  readonly counts: Record<keyof Faults, number> = {
    cut: 0,
    delay: 0,
    split: 0,
    stall: 0,
    swallow: 0,
    corrupt: 0,
  };
  connections = 0;

  constructor(target: number, faults: Faults, seed: number) {
    this.#target = target;
    this.#faults = faults;
    this.#random = new Random(seed);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as { port: number }).port;
  }

  #accept(near: Socket): void {
    this.connections++;
    const far = dial({ port: this.#target, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    this.#pump(near, far, end);
    this.#pump(far, near, end);
  }

  #happens(fault: keyof Faults): boolean {
    const happens = this.#random.chance(this.#faults[fault] ?? 0);
    if (happens) this.counts[fault]++;
    return happens;
  }

  #pump(from: Socket, to: Socket, end: () => void): void {
    let isSwallowed = false;
    let before = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      from.pause();
      before = before.then(async () => {
        isSwallowed ||= this.#happens('swallow');
        if (!isSwallowed) await this.#forward(chunk, to, end);
        from.resume();
      });
    });
    from.on('end', () => void before.then(() => to.end()));
  }

  async #forward(chunk: Buffer, to: Socket, end: () => void): Promise<void> {
    const random = this.#random;
    if (this.#happens('stall')) await delay(random.below(400));
    if (this.#happens('delay')) await delay(random.below(15));
    if (this.#happens('corrupt')) chunk[random.below(chunk.length)]! ^= 1 << random.below(8);
    if (this.#happens('cut')) {
      to.write(chunk.subarray(0, random.below(chunk.length + 1)), () => end());
      return;
    }
    if (!this.#happens('split')) {
      to.write(chunk);
      return;
    }
    for (let at = 0; at < chunk.length; ) {
      const next = Math.min(chunk.length, at + 1 + random.below(20));
      to.write(chunk.subarray(at, next));
      at = next;
      if (random.chance(0.1)) await delay(1);
    }
  }

  /** No more faults; what is broken already is cut, so that clients notice at once. */
  calm(): void {
    this.#faults = {};
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
