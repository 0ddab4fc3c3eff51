// Reading and writing MQTT's data types (MQTT 5 section 1.5) in a Uint8Array, with every length checked
// before it is used. No Buffer here: this runs in a browser.
import { malformed } from './error.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

/** The largest value of a variable byte integer, and so of a packet's remaining length. */
export const MAX_VARIABLE_BYTE_INTEGER = 268_435_455;

/** How many bytes a variable byte integer takes (1 to 4). */
export function variableByteIntegerSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

/** Writes a variable byte integer and returns the position after it. */
export function writeVariableByteInteger(target: Uint8Array, position: number, value: number): number {
  let rest = value;
  let at = position;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** A cursor over part of a byte array. Reading past `end` is a malformed packet. */
export class Reader {
  position: number;

  constructor(
    readonly bytes: Uint8Array,
    start: number,
    readonly end: number,
  ) {
    this.position = start;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Passes over `count` bytes and returns where they began. */
  skip(count: number): number {
    const at = this.position;
    if (count > this.end - at) throw malformed('packet ends too early');
    this.position = at + count;
    return at;
  }

  byte(): number {
    return this.bytes[this.skip(1)]!;
  }

  uint16(): number {
    const at = this.skip(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  uint32(): number {
    return readUint32(this.bytes, this.skip(4));
  }

  /** At most four bytes, in the shortest form [MQTT-1.5.5-1]. */
  variableByteInteger(): number {
    let value = 0;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw malformed('variable byte integer is longer than needed');
        return value;
      }
    }
    throw malformed('variable byte integer is longer than four bytes');
  }

  /** A copy: the bytes that are read from may be used again. */
  binary(): Uint8Array {
    const length = this.uint16();
    const at = this.skip(length);
    return new Uint8Array(this.bytes.subarray(at, at + length));
  }

  string(): string {
    const length = this.uint16();
    const at = this.skip(length);
    return decodeUtf8(this.bytes, at, at + length);
  }

  pair(): [string, string] {
    return [this.string(), this.string()];
  }
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** What a writer that is used again may hold on to. */
const LARGE_SCRATCH = 65_536;

/** Grows as it is written to. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 128) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Begins anew in the same memory, unless that has become large. */
  reset(): this {
    this.#length = 0;
    if (this.#bytes.length > LARGE_SCRATCH) this.#bytes = new Uint8Array(128);
    return this;
  }

  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#length = needed;
    return at;
  }

  byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  uint16(value: number): void {
    const at = this.#reserve(2);
    this.#bytes[at] = value >> 8;
    this.#bytes[at + 1] = value;
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    writeUint32(this.#bytes, at, value);
  }

  variableByteInteger(value: number): void {
    if (!(value >= 0 && value <= MAX_VARIABLE_BYTE_INTEGER)) {
      throw new RangeError(`variable byte integer out of range: ${value}`);
    }
    const at = this.#reserve(variableByteIntegerSize(value));
    writeVariableByteInteger(this.#bytes, at, value);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  binary(bytes: Uint8Array): void {
    if (bytes.length > 0xffff) throw new RangeError('binary data is longer than 65535 bytes');
    this.uint16(bytes.length);
    this.raw(bytes);
  }

  string(text: string): void {
    this.binary(encodeUtf8(text));
  }

  pair(texts: readonly [string, string]): void {
    for (const text of texts) this.string(text);
  }

  /** What was written so far: a view, valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
