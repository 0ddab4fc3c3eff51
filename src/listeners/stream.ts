// Any duplex stream of Node as a transport: a pipe, a TLS or WebSocket stream, a pair of streams in memory.
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Peer, Transport, TransportReceiver } from '../core/transport.js';

/** After `end` the other side has this long to take what was sent and to close. */
const LINGER_MS = 2000;

/** What is known of the other end, beside what a socket says itself. */
export interface OtherEnd {
  /** For a stream that cannot say it. */
  readonly name?: string | undefined;
  /** Who is behind a balancer. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly peer?: Peer | undefined;
}

export class StreamTransport implements Transport {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly peer: Peer | undefined;
  readonly #stream: Duplex;
  /** Only a socket says at once whether the bytes have left; others may hand them on as they are. */
  readonly #isSocket: boolean;
  #receiver: TransportReceiver | null = null;
  #isPaused = false;
  #isReading = false;
  #isEnding = false;
  #failure: Error | undefined;
  /** Writes whose callback has not come. */
  #outstanding = 0;
  /** A write returned false, so the receiver waits for `drained`. */
  #owesDrained = false;

  constructor(stream: Duplex, end: OtherEnd = {}) {
    const socket = stream instanceof Socket ? stream : undefined;
    this.#stream = stream;
    this.#isSocket = socket !== undefined;
    this.peer = end.peer;
    this.remoteAddress = end.address ?? socket?.remoteAddress ?? end.name ?? 'stream';
    this.remotePort = end.port ?? socket?.remotePort ?? 0;
    stream.on('error', (error) => {
      this.#failure = error;
    });
    // a client that closes its half has nothing more to say
    stream.on('end', () => this.#ended());
    stream.on('close', () => this.#ended());
  }

  get cipher(): Transport['cipher'] {
    const stream = this.#stream;
    if (!(stream instanceof TLSSocket)) return undefined;
    return { version: stream.getProtocol() ?? 'TLS', name: stream.getCipher().name };
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    const stream = this.#stream;
    if (stream.destroyed) queueMicrotask(() => this.#ended());
    else if (this.#isSocket) stream.on('data', (chunk: Uint8Array) => this.#received(chunk));
    else stream.on('readable', () => this.#readAll());
  }

  /** Reads what is there: not while the broker is at it, though a stream in memory answers while it is written to. */
  #readAll(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    while (!this.#isPaused) {
      const chunk = this.#stream.read() as Uint8Array | null;
      if (chunk === null) break;
      this.#received(chunk);
    }
    this.#isReading = false;
  }

  /** What comes after `end` is of no interest to anybody. */
  #received(chunk: Uint8Array): void {
    if (!this.#isEnding) this.#receiver!.received(chunk, chunk.length);
  }

  #ended(): void {
    this.#receiver?.closed(this.#failure);
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
    this.#isPaused = true;
    if (this.#isSocket) this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isSocket) this.#stream.resume();
    else process.nextTick(() => this.#readAll());
  }

  end(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    this.#isEnding = true;
    stream.end();
    this.resume(); // what still comes is thrown away, so that the end is seen
    this.#linger();
  }

  #linger(): void {
    const stream = this.#stream;
    const timer = setTimeout(() => stream.destroy(), LINGER_MS);
    stream.once('close', () => clearTimeout(timer));
  }

  /** TLS says first that nothing was cut off (close_notify, RFC 8446 section 6.1), unless something was. */
  destroy(): void {
    const stream = this.#stream;
    this.#isEnding = true;
    if (!(stream instanceof TLSSocket) || stream.destroyed || this.#outstanding > 0) {
      stream.destroy();
      return;
    }
    stream.destroySoon();
    this.#linger();
  }
}
