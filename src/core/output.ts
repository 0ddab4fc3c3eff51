// What a connection has to send: small packets are copied into one buffer, large payloads are referenced,
// and all of it goes out with one write an event-loop turn. An idle connection holds no buffer.
import { Metrics } from './metrics.js';
import type { Transport } from './transport.js';

/** A connection begins with a small buffer and is given larger ones when it needs them. */
const SMALL = 4096;
const LARGE = 65_536;
const HUGE = 262_144;
/** Bytes of buffers of one size that are kept for later. */
const POOL_BYTES = 16 * 1024 * 1024;
const NONE = new Uint8Array(0);

/** Buffers that are not in use, shared by the connections of a broker. */
export class BufferPool {
  readonly #small: Uint8Array[] = [];
  readonly #large: Uint8Array[] = [];
  readonly #huge: Uint8Array[] = [];
  /** Bytes that wait for transports that are behind, of all connections. */
  waiting = 0;

  constructor(readonly metrics = new Metrics()) {}

  take(size: number): Uint8Array {
    if (size <= SMALL) return this.#small.pop() ?? new Uint8Array(SMALL);
    if (size <= LARGE) return this.#large.pop() ?? new Uint8Array(LARGE);
    if (size <= HUGE) return this.#huge.pop() ?? new Uint8Array(HUGE);
    return new Uint8Array(size);
  }

  give(buffer: Uint8Array): void {
    const list = this.#listOf(buffer.length);
    if (list !== null && list.length * buffer.length < POOL_BYTES) list.push(buffer);
  }

  #listOf(size: number): Uint8Array[] | null {
    if (size === SMALL) return this.#small;
    if (size === LARGE) return this.#large;
    return size === HUGE ? this.#huge : null;
  }
}

export class Output {
  /** Where packets are written: `reserve` first, then write from the position that it returned. */
  buffer: Uint8Array = NONE;
  #length = 0;
  /** Full buffers and referenced payloads that wait for the transport, before `buffer`. */
  #waiting: Uint8Array[] | null = null;
  #waitingBytes = 0;
  /** Bytes that the transport has and has not sent. */
  #sending = 0;
  /** Packets in what the transport was not given yet. */
  packets = 0;
  #sendingPackets = 0;
  readonly #transport: Transport;
  readonly #pool: BufferPool;

  constructor(transport: Transport, pool: BufferPool) {
    this.#transport = transport;
    this.#pool = pool;
  }

  /** Bytes that have not left yet. */
  get pending(): number {
    return this.#sending + this.#waitingBytes + this.#length;
  }

  /** Whether the transport is behind, so that what is written now waits. */
  get blocked(): boolean {
    return this.#sending > 0;
  }

  /** Makes room for `size` bytes, counts them as written, and returns where they go in `buffer`. */
  reserve(size: number): number {
    const at = this.#length;
    if (at + size > this.buffer.length) return this.#grow(size);
    this.#length = at + size;
    this.packets++;
    return at;
  }

  #grow(size: number): number {
    const used = this.#length;
    if (this.buffer.length < LARGE && used + size <= LARGE) {
      const larger = this.#pool.take(used === 0 ? size : used + size);
      if (used > 0) larger.set(this.buffer.subarray(0, used));
      if (this.buffer.length > 0) this.#pool.give(this.buffer);
      this.buffer = larger;
      this.#length = used + size;
      this.packets++;
      return used;
    }
    if (used > 0) {
      this.#full();
      // an answer to what was sent just now came first
      if (this.#length > 0) return this.reserve(size);
    }
    if (this.buffer.length < size) {
      if (this.buffer.length > 0) this.#pool.give(this.buffer);
      this.buffer = this.#pool.take(Math.max(size, LARGE));
    }
    this.#length = size;
    this.packets++;
    return 0;
  }

  /** The buffer is full in the middle of a turn: send it now if that does not wait, else set it aside. */
  #full(): void {
    if (this.#sending === 0) {
      this.flush();
      if (this.buffer.length > 0) return;
    } else this.#setAside();
  }

  #setAside(): void {
    if (this.#length === 0) return;
    this.#waiting ??= [];
    this.#waiting.push(
      this.#length === this.buffer.length ? this.buffer : this.buffer.subarray(0, this.#length),
    );
    this.#waitingBytes += this.#length;
    this.#pool.waiting += this.#length;
    this.buffer = NONE;
    this.#length = 0;
  }

  /** Sends bytes that nobody will change, without copying them. */
  reference(bytes: Uint8Array): void {
    this.#setAside();
    this.#waiting ??= [];
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#pool.waiting += bytes.length;
  }

  /** Hands everything to the transport, unless it is behind. */
  flush(): void {
    if (this.#sending > 0) return;
    if (this.#waiting !== null) return this.#flushAll(this.#waiting);
    const length = this.#length;
    if (length === 0) return;
    const buffer = this.buffer;
    this.#length = 0;
    // a stream in memory may answer, and this connection write again, before `write` returns
    this.buffer = NONE;
    this.#sending = length;
    this.#givePackets();
    this.#pool.waiting += length;
    const hasLeft = this.#transport.write(length === buffer.length ? buffer : buffer.subarray(0, length));
    if (!hasLeft) return;
    this.drained();
    if (this.buffer === NONE) this.buffer = buffer;
    else this.#pool.give(buffer);
  }

  #givePackets(): void {
    this.#sendingPackets = this.packets;
    this.packets = 0;
  }

  #flushAll(waiting: Uint8Array[]): void {
    this.#setAside();
    this.#givePackets();
    this.#waiting = null;
    this.#sending = this.#waitingBytes;
    this.#waitingBytes = 0;
    if (this.#transport.writeAll(waiting)) this.drained();
  }

  /** The transport has sent what it had. */
  drained(): void {
    const { metrics } = this.#pool;
    metrics.bytesGone += this.#sending;
    metrics.packetsGone += this.#sendingPackets;
    this.#pool.waiting -= this.#sending;
    this.#sending = 0;
    this.#sendingPackets = 0;
  }

  /** Gives an empty buffer back at the end of a turn. */
  settle(): void {
    if (this.#length === 0 && this.buffer.length > 0) {
      this.#pool.give(this.buffer);
      this.buffer = NONE;
    }
  }

  /** Forgets everything that has not left. */
  clear(): void {
    this.#pool.metrics.bytesGone += this.pending;
    this.#pool.metrics.packetsGone += this.packets + this.#sendingPackets;
    this.packets = 0;
    this.#sendingPackets = 0;
    this.#pool.waiting -= this.#waitingBytes + this.#sending;
    this.#length = 0;
    this.settle();
    this.#waiting = null;
    this.#waitingBytes = 0;
    this.#sending = 0;
  }
}
