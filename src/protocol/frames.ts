// Cuts a stream of bytes into packets, whatever way the bytes are split. Whole packets are handed on in
// place; only a packet that is not complete yet is copied, into memory that grows no faster than what came.
import { MqttError, malformed, protocolError } from './error.js';
import { flagsAreValid } from './packet-types.js';
import { ReasonCode } from './reason-codes.js';

/** Receives packets. Returning false stops the reader until `resume`: the rest is kept. */
export interface FrameSink {
  /**
   * One packet: bytes[start..end), its content from `body` on. The bytes are only valid during the call,
   * unless `owned`, which says that nobody will write to them again.
   */
  frame(bytes: Uint8Array, start: number, body: number, end: number, owned: boolean): boolean;
}

/** A packet of at least this size that had to be put together is handed on as owned. */
const OWNED_SIZE = 4096;
const FIRST_CAPACITY = 256;
const EMPTY = new Uint8Array(0);

/** The end of a packet's fixed header when it is not complete yet. */
const INCOMPLETE = 0;

export class FrameReader {
  /** Bytes, fixed header included; a packet that announces more is refused at once. */
  maxPacketSize: number;
  #kept: Uint8Array = EMPTY;
  #keptStart = 0;
  #keptLength = 0;
  #stopped = false;
  /** Out parameters of #header. */
  #body = INCOMPLETE;
  #total = 0;

  constructor(maxPacketSize = 268_435_460) {
    this.maxPacketSize = maxPacketSize;
  }

  /** Whether `frame` returned false and `resume` was not called since. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** How many bytes are kept: an incomplete packet, or what came after a stop. */
  get keptBytes(): number {
    return this.#keptLength;
  }

  /** Takes bytes[0..end). Throws MqttError; the reader is of no use after that. */
  push(bytes: Uint8Array, end: number, sink: FrameSink): void {
    if (this.#stopped) return this.#keep(bytes, 0, end);
    let at = 0;
    if (this.#keptLength > 0) {
      at = this.#complete(bytes, end, sink);
      if (this.#keptLength > 0) return;
    }
    if (this.#stopped) this.#keep(bytes, at, end);
    else this.#cut(bytes, at, end, sink);
  }

  /** Goes on after a stop with what was kept. Not to be called from within `frame`. */
  resume(sink: FrameSink): void {
    this.#stopped = false;
    if (this.#keptLength === 0) return;
    const bytes = this.#kept;
    const start = this.#keptStart;
    const end = start + this.#keptLength;
    this.#release();
    this.#cut(bytes, start, end, sink, true);
  }

  /** Forgets everything that is kept. */
  clear(): void {
    this.#release();
  }

  #release(): void {
    this.#kept = EMPTY;
    this.#keptStart = 0;
    this.#keptLength = 0;
  }

  /** Hands on all whole packets in bytes[from..end) and keeps the rest, without a copy if the bytes are ours. */
  #cut(bytes: Uint8Array, from: number, end: number, sink: FrameSink, ours = false): void {
    let at = from;
    while (at < end) {
      this.#header(bytes, at, end);
      const body = this.#body;
      const next = at + this.#total;
      if (body === INCOMPLETE || next > end) break;
      const goOn = sink.frame(bytes, at, body, next, false);
      at = next;
      if (!goOn) {
        this.#stopped = true;
        break;
      }
    }
    if (at === end) return;
    if (!ours) return this.#keep(bytes, at, end, this.#stopped ? undefined : this.#total);
    this.#kept = bytes;
    this.#keptStart = at;
    this.#keptLength = end - at;
  }

  /** Reads a fixed header at `at`: sets #body (0 when more bytes are needed) and #total. */
  #header(bytes: Uint8Array, at: number, end: number): void {
    // refused before anything is collected for it
    // [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1]
    if (!flagsAreValid(bytes[at]!, 3)) {
      throw bytes[at]! < 0x10
        ? protocolError('packet type 0')
        : malformed('flags of the fixed header are wrong');
    }
    let length = 0;
    let shift = 0;
    for (let i = at + 1; i < end; i++) {
      const byte = bytes[i]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#total = i + 1 - at + length;
        if (this.#total > this.maxPacketSize) {
          throw new MqttError(
            ReasonCode.PacketTooLarge,
            `packet of ${this.#total} bytes, the limit is ${this.maxPacketSize}`,
          );
        }
        this.#body = i + 1;
        return;
      }
      shift += 7;
      if (shift > 21) throw malformed('remaining length is longer than four bytes');
    }
    this.#body = INCOMPLETE;
    this.#total = 0;
  }

  /** Feeds the kept start of a packet until it is whole; returns how many bytes it took. */
  #complete(bytes: Uint8Array, end: number, sink: FrameSink): number {
    let at = 0;
    this.#header(this.#kept, this.#keptStart, this.#keptStart + this.#keptLength);
    while (this.#body === INCOMPLETE) {
      if (at === end) return at;
      this.#keep(bytes, at, at + 1);
      at++;
      this.#header(this.#kept, this.#keptStart, this.#keptStart + this.#keptLength);
    }
    const total = this.#total;
    const bodyOffset = this.#body - this.#keptStart;
    const taken = Math.min(total - this.#keptLength, end - at);
    this.#keep(bytes, at, at + taken, total);
    at += taken;
    if (this.#keptLength < total) return at;
    const packet = this.#kept;
    const start = this.#keptStart;
    // not if it would pin much more than itself
    const isOwned = total >= OWNED_SIZE && packet.length <= 2 * total;
    this.#release();
    if (!sink.frame(packet, start, start + bodyOffset, start + total, isOwned)) this.#stopped = true;
    return at;
  }

  /** Appends to what is kept. Capacity doubles up to `total`, so that an announced size alone takes no memory. */
  #keep(bytes: Uint8Array, from: number, to: number, total = 0): void {
    const needed = this.#keptLength + to - from;
    if (this.#keptStart + needed > this.#kept.length) {
      const doubled = Math.max(FIRST_CAPACITY, needed * 2);
      const larger = new Uint8Array(total >= needed ? Math.min(total, doubled) : doubled);
      larger.set(this.#kept.subarray(this.#keptStart, this.#keptStart + this.#keptLength));
      this.#kept = larger;
      this.#keptStart = 0;
    }
    this.#kept.set(bytes.subarray(from, to), this.#keptStart + this.#keptLength);
    this.#keptLength = needed;
  }
}
