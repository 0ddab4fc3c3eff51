// MQTT's data types at their boundaries, and reading that never goes past the end of a packet.
import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../fuzz/refusal.js';
import {
  MAX_VARIABLE_BYTE_INTEGER,
  Reader,
  readUint32,
  variableByteIntegerSize,
  Writer,
  writeUint32,
  writeVariableByteInteger,
} from './bytes.js';
import { ReasonCode } from './reason-codes.js';

function reader(...bytes: number[]): Reader {
  return new Reader(Uint8Array.from(bytes), 0, bytes.length);
}

/** Value and shortest encoding at every change of length. */
const variableByteIntegers: [value: number, bytes: number[]][] = [
  [0, [0x00]],
  [1, [0x01]],
  [127, [0x7f]],
  [128, [0x80, 0x01]],
  [321, [0xc1, 0x02]],
  [16_383, [0xff, 0x7f]],
  [16_384, [0x80, 0x80, 0x01]],
  [2_097_151, [0xff, 0xff, 0x7f]],
  [2_097_152, [0x80, 0x80, 0x80, 0x01]],
  [MAX_VARIABLE_BYTE_INTEGER, [0xff, 0xff, 0xff, 0x7f]],
];

describe('a variable byte integer', () => {
  it.each(variableByteIntegers)('%i is written in its shortest form [MQTT-1.5.5-1]', (value, bytes) => {
    expect(variableByteIntegerSize(value)).toBe(bytes.length);
    const target = new Uint8Array(8);
    expect(writeVariableByteInteger(target, 2, value)).toBe(2 + bytes.length);
    expect([...target.subarray(2, 2 + bytes.length)]).toEqual(bytes);
    const writer = new Writer();
    writer.variableByteInteger(value);
    expect([...writer.bytes()]).toEqual(bytes);
  });

  it.each(variableByteIntegers)('%i is read back', (value, bytes) => {
    const cursor = reader(...bytes, 0xaa);
    expect(cursor.variableByteInteger()).toBe(value);
    expect(cursor.remaining).toBe(1);
  });

  it.each([[[0x80, 0x00]], [[0x81, 0x00]], [[0x80, 0x80, 0x00]], [[0xff, 0xff, 0xff, 0x00]]])(
    'in a longer form than needed is malformed: %j [MQTT-1.5.5-1]',
    (bytes) => {
      expect(reasonOf(() => reader(...bytes).variableByteInteger())).toBe(ReasonCode.MalformedPacket);
    },
  );

  it('of more than four bytes is malformed', () => {
    expect(reasonOf(() => reader(0x80, 0x80, 0x80, 0x80, 0x01).variableByteInteger())).toBe(0x81);
    expect(reasonOf(() => reader(0xff, 0xff, 0xff, 0xff).variableByteInteger())).toBe(0x81);
  });

  it('that ends in the middle is malformed', () => {
    for (const bytes of [[], [0x80], [0xff, 0xff], [0x80, 0x80, 0x80]]) {
      expect(reasonOf(() => reader(...bytes).variableByteInteger())).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('out of range is not written', () => {
    for (const value of [-1, MAX_VARIABLE_BYTE_INTEGER + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Writer().variableByteInteger(value)).toThrow(RangeError);
    }
  });
});

describe('a reader', () => {
  it('reads big-endian integers, unsigned', () => {
    expect(reader(0x12, 0x34).uint16()).toBe(0x1234);
    expect(reader(0xff, 0xff).uint16()).toBe(0xffff);
    expect(reader(0x12, 0x34, 0x56, 0x78).uint32()).toBe(0x12345678);
    expect(reader(0xff, 0xff, 0xff, 0xff).uint32()).toBe(0xffffffff);
    expect(reader(0x80, 0, 0, 0).uint32()).toBe(0x80000000);
  });

  it.each([
    ['byte', 1],
    ['uint16', 2],
    ['uint32', 4],
  ] as const)('refuses a %s when fewer than %i bytes are left', (method, size) => {
    for (let length = 0; length < size; length++) {
      const cursor = reader(...new Array<number>(length).fill(1));
      expect(reasonOf(() => cursor[method]())).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('never reads past its end, although the array goes on', () => {
    const cursor = new Reader(Uint8Array.from([1, 2, 3, 4]), 1, 2);
    expect(cursor.byte()).toBe(2);
    expect(cursor.remaining).toBe(0);
    expect(reasonOf(() => cursor.byte())).toBe(ReasonCode.MalformedPacket);
  });

  it('refuses binary data and strings whose length runs past the end', () => {
    expect(reasonOf(() => reader(0x00).binary())).toBe(0x81);
    expect(reasonOf(() => reader(0x00, 0x02, 0x61).binary())).toBe(0x81);
    expect(reasonOf(() => reader(0xff, 0xff, 0x61).string())).toBe(0x81);
    expect(reasonOf(() => reader(0x00, 0x01).skip(3))).toBe(0x81);
  });

  it('reads empty binary data and the empty string', () => {
    const cursor = reader(0, 0, 0, 0);
    expect(cursor.binary()).toHaveLength(0);
    expect(cursor.string()).toBe('');
    expect(cursor.remaining).toBe(0);
  });

  it('skips bytes and tells where they began', () => {
    const cursor = reader(9, 9, 9, 7);
    cursor.byte();
    expect(cursor.skip(2)).toBe(1);
    expect(cursor.byte()).toBe(7);
  });
});

describe('a writer', () => {
  it('grows from any capacity and keeps what was written', () => {
    for (const capacity of [0, 1, 3, 128]) {
      const writer = new Writer(capacity);
      for (let i = 0; i < 300; i++) writer.byte(i & 0xff);
      writer.uint16(0xabcd);
      writer.uint32(0xfedcba98);
      writer.raw(Uint8Array.from([1, 2, 3]));
      expect(writer.length).toBe(309);
      const bytes = writer.bytes();
      for (let i = 0; i < 300; i++) expect(bytes[i]).toBe(i & 0xff);
      expect([...bytes.subarray(300)]).toEqual([0xab, 0xcd, 0xfe, 0xdc, 0xba, 0x98, 1, 2, 3]);
    }
  });

  it('writes what a reader reads', () => {
    const writer = new Writer(1);
    writer.byte(255);
    writer.uint16(65_535);
    writer.uint32(4_294_967_295);
    writer.variableByteInteger(268_435_455);
    writer.binary(Uint8Array.from([0, 1]));
    writer.string('é\ufeff日');
    const cursor = new Reader(writer.bytes(), 0, writer.length);
    expect(cursor.byte()).toBe(255);
    expect(cursor.uint16()).toBe(65_535);
    expect(cursor.uint32()).toBe(4_294_967_295);
    expect(cursor.variableByteInteger()).toBe(268_435_455);
    expect([...cursor.binary()]).toEqual([0, 1]);
    expect(cursor.string()).toBe('é\ufeff日');
    expect(cursor.remaining).toBe(0);
  });

  it('carries 65535 bytes of a string or of binary data, and refuses one more [MQTT-4.7.3-3]', () => {
    const writer = new Writer();
    writer.binary(new Uint8Array(65_535));
    writer.string('x'.repeat(65_535));
    expect(writer.length).toBe(2 * 65_537);
    expect(() => writer.binary(new Uint8Array(65_536))).toThrow();
    expect(() => writer.string('x'.repeat(65_536))).toThrow();
    expect(() => writer.string('é'.repeat(32_768)), 'bytes count, not characters').toThrow();
  });
});

describe('32-bit integers in place', () => {
  it.each([0, 1, 0x7fffffff, 0x80000000, 0xdeadbeef, 0xffffffff])('%i is written and read', (value) => {
    const bytes = new Uint8Array(6);
    writeUint32(bytes, 1, value);
    expect(readUint32(bytes, 1)).toBe(value);
    expect([bytes[0], bytes[5]]).toEqual([0, 0]);
  });
});
