// Any duplex stream of Node as a transport: a pipe, a TLS or WebSocket stream, a pair of streams in memory.
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport, TransportReceiver } from '../core/transport.js';

/** After `end` the other side has this long to take what was sent and to close. */
const LINGER_MS = 2000;

export class StreamTransport implements Transport {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #stream: Duplex;
  /** Only a socket says at once whether the bytes have left; others may hand them on as they are. */
  readonly #isSocket: boolean;
  #receiver: TransportReceiver | null = null;
  /** What came and was not handed on yet: a stream in memory may deliver while the broker writes to it. */
  #arrived: Uint8Array[] = [];
  #deliveryIsDue = false;
  #hasEnded = false;
  #failure: Error | undefined;
  /** Writes whose callback has not come. */
  #outstanding = 0;
  /** A write returned false, so the receiver waits for `drained`. */
  #owesDrained = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#isSocket = stream instanceof Socket;
    this.remoteAddress = (stream instanceof Socket ? stream.remoteAddress : undefined) ?? 'stream';
    this.remotePort = (stream instanceof Socket ? stream.remotePort : undefined) ?? 0;
    stream.on('error', (error) => {
      this.#failure = error;
    });
    // a client that closes its half has nothing more to say
    stream.on('end', () => this.#ended());
    stream.on('close', () => this.#ended());
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    if (this.#stream.destroyed) {
      this.#ended();
      return;
    }
    if (this.#isSocket)
      this.#stream.on('data', (chunk: Uint8Array) => receiver.received(chunk, chunk.length));
    else this.#stream.on('data', (chunk: Uint8Array) => this.#arrive(chunk));
  }

  #arrive(chunk: Uint8Array): void {
    this.#arrived.push(chunk);
    this.#deliverSoon();
  }

  #ended(): void {
    this.#hasEnded = true;
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    if (this.#deliveryIsDue || this.#receiver === null) return;
    this.#deliveryIsDue = true;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#deliveryIsDue = false;
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const chunk of arrived) this.#receiver!.received(chunk, chunk.length);
    if (this.#hasEnded) this.#receiver!.closed(this.#failure);
  }

  readonly #written = (): void => {
    this.#outstanding--;
    if (this.#outstanding > 0 || !this.#owesDrained) return;
    this.#owesDrained = false;
    this.#receiver?.drained();
  };

  write(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return true;
    this.#outstanding++;
    stream.write(bytes, this.#written);
    return this.#hasLeft();
  }

  writeAll(list: Uint8Array[]): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return true;
    stream.cork();
    for (const bytes of list) {
      this.#outstanding++;
      stream.write(bytes, this.#written);
    }
    stream.uncork();
    return this.#hasLeft();
  }

  #hasLeft(): boolean {
    if (this.#isSocket && this.#stream.writableLength === 0) return true;
    this.#owesDrained = true;
    return false;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    stream.end();
    stream.resume(); // what still comes is thrown away, so that the end is seen
    const timer = setTimeout(() => stream.destroy(), LINGER_MS);
    stream.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
