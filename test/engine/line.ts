// A transport whose other end is in the test: it takes bytes at once, or when the test lets it.
import type { Transport, TransportReceiver } from '../../src/core/transport.js';

export class Line implements Transport {
  readonly remoteAddress = 'test';
  readonly remotePort = 1;
  /** Takes what left, in order. */
  readonly #sink: (bytes: Uint8Array) => void;
  receiver!: TransportReceiver;
  /** Nothing leaves while it is blocked. */
  blocked = false;
  paused = false;
  /** How it was closed from our side. */
  ended = false;
  destroyed = false;
  writes = 0;
  #outstanding: Uint8Array[] = [];

  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  start(receiver: TransportReceiver): void {
    this.receiver = receiver;
  }

  write(bytes: Uint8Array): boolean {
    return this.writeAll([bytes]);
  }

  writeAll(list: Uint8Array[]): boolean {
    this.writes++;
    if (this.blocked || this.#outstanding.length > 0) {
      this.#outstanding.push(...list);
      return false;
    }
    for (const bytes of list) this.#sink(bytes);
    return true;
  }

  /** Lets go what waited: the bytes are looked at only now, as a system would that sends late. */
  release(): void {
    this.blocked = false;
    if (this.#outstanding.length === 0) return;
    const list = this.#outstanding;
    this.#outstanding = [];
    for (const bytes of list) this.#sink(bytes);
    this.receiver.drained();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}
