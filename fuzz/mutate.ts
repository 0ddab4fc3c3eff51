// Damages packets the way that finds bugs in parsers: near the lengths, the flags and the ends of fields.
import type { Random } from './random.js';

/** Where a packet's content begins: after its first byte and its remaining length. */
export function bodyOf(packet: Uint8Array): number {
  let at = 1;
  while (at < packet.length && at < 5 && packet[at]! >= 0x80) at++;
  return Math.min(at + 1, packet.length);
}

/** A packet of a first byte and a content, its remaining length in the shortest form. */
export function withHeader(first: number, content: Uint8Array): Uint8Array {
  const header = [first];
  for (let rest = content.length; ; rest >>>= 7) {
    header.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  return concat(Uint8Array.from(header), content);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes that mean something somewhere in MQTT or in UTF-8. */
const tellingBytes = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x7f, 0x80, 0x84, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xff, 0x23,
  0x24, 0x2b, 0x2f,
];

/** Pieces that break or bend a rule wherever they land. */
const tellingPieces = [
  'c080',
  'eda080',
  'edbfbf',
  'efbbbf',
  'f0808080',
  'f4908080',
  'ffffff7f',
  '8080808001',
  '8000',
  '0000',
  'ffff',
  '0001002b',
  '0003612f23',
  '00062473686172652f',
  '230000',
  '230001',
  '23ffff',
  '0b00',
  '0bffffff7f',
  '260000000000',
  '2600016100016226000161000162',
  '0200000000',
  '02ffffffff',
  '0101',
  '0102',
  '0800012b',
  '03000174',
  '11ffffffff',
  '210000',
  '2700000000',
  '1500016d16000164',
  '1700',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

type Edit = (random: Random, content: Uint8Array, donor: Uint8Array) => Uint8Array;

function changed(content: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = new Uint8Array(content);
  if (copy.length > 0) change(copy);
  return copy;
}

function insert(content: Uint8Array, at: number, piece: Uint8Array): Uint8Array {
  return concat(content.subarray(0, at), piece, content.subarray(at));
}

const edits: readonly Edit[] = [
  // one bit
  (random, content) =>
    changed(content, (copy) => {
      copy[random.below(copy.length)]! ^= 1 << random.below(8);
    }),
  // one byte
  (random, content) =>
    changed(content, (copy) => {
      copy[random.below(copy.length)] = random.chance(0.6) ? random.pick(tellingBytes) : random.next();
    }),
  // a length of two bytes, or what may be one
  (random, content) =>
    changed(content, (copy) => {
      const at = random.below(copy.length);
      const value = random.pick([0, 1, 2, content.length, content.length - at - 2, 0x7fff, 0xffff]);
      copy[at] = value >> 8;
      copy[at + 1] = value;
    }),
  // one more or one less, where a length is likely
  (random, content) =>
    changed(content, (copy) => {
      copy[random.below(Math.min(copy.length, 24))]! += random.chance(0.5) ? 1 : -1;
    }),
  (random, content) => insert(content, random.below(content.length + 1), random.pick(tellingPieces)),
  (random, content) => insert(content, random.below(content.length + 1), random.bytes(1 + random.below(6))),
  // bytes left out
  (random, content) => {
    const from = random.below(content.length + 1);
    return concat(content.subarray(0, from), content.subarray(from + 1 + random.below(8)));
  },
  // the end left out
  (random, content) => content.subarray(0, random.below(content.length + 1)),
  // a piece repeated elsewhere
  (random, content) => {
    const from = random.below(content.length + 1);
    const piece = content.subarray(from, from + 1 + random.below(16));
    return insert(content, random.below(content.length + 1), piece);
  },
  // the beginning of one packet, the end of another
  (random, content, donor) =>
    concat(
      content.subarray(0, random.below(content.length + 1)),
      donor.subarray(random.below(donor.length + 1)),
    ),
  (random, content, donor) => insert(content, random.below(content.length + 1), donor.subarray(0, 40)),
];

/** Changes a packet in one to four ways. Its remaining length is mostly made right again. */
export function mutate(random: Random, packet: Uint8Array, donor: Uint8Array): Uint8Array {
  const body = bodyOf(packet);
  let content = packet.subarray(body);
  const other = donor.subarray(bodyOf(donor));
  for (let i = random.chance(0.5) ? 1 : 1 + random.below(4); i > 0; i--) {
    content = random.pick(edits)(random, content, other);
  }
  let first = packet[0]!;
  if (random.chance(0.05)) first ^= 1 << random.below(4);
  if (random.chance(0.03)) first = random.next() & 0xff;
  if (random.chance(0.92)) return withHeader(first, content);
  if (random.chance(0.5)) return concat(Uint8Array.of(first), packet.subarray(1, body), content);
  return concat(Uint8Array.of(first), random.pick(tellingPieces), content);
}
