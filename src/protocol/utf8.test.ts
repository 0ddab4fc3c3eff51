// Our UTF-8 against the platform's: every boundary of the encoding, and every sequence of up to four bytes
// from the bytes where something changes.
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MqttError } from './error.js';
import { decodeUtf8, encodeUtf8, isValidUtf8, isValidUtf8Payload } from './utf8.js';

const platform = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function ours(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes, 0, bytes.length);
  } catch (error) {
    if (error instanceof MqttError && error.reason === 0x81) return undefined;
    throw error;
  }
}

let refused = 0;

/** The platform allows U+0000 and MQTT does not; in all else the two agree. */
function compare(bytes: Uint8Array): void {
  const isText = isUtf8(bytes);
  const isAllowed = isText && !bytes.includes(0);
  const shown = (): string => Buffer.from(bytes).toString('hex');
  if (isValidUtf8(bytes, 0, bytes.length) !== isAllowed) expect.fail(`${shown()}: not ${isAllowed}`);
  if (isValidUtf8Payload(bytes, 0, bytes.length) !== isText) expect.fail(`payload ${shown()}: not ${isText}`);
  // an error takes long to make: decoding is tried on only some of what is refused
  if (!isAllowed && ++refused % 20 > 0) return;
  const expected = isAllowed ? platform.decode(bytes) : undefined;
  if (ours(bytes) !== expected) expect.fail(`${shown()}: ${ours(bytes)} instead of ${expected}`);
}

/** Every byte value where the rules of table 3-7 in the Unicode standard change. */
const edges = [
  0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
  0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];

describe('UTF-8', () => {
  it('agrees with the platform on every one and two bytes', () => {
    for (let first = 0; first < 256; first++) {
      compare(Uint8Array.from([first]));
      for (let second = 0; second < 256; second++) compare(Uint8Array.from([first, second]));
    }
  });

  it('agrees with the platform on all edge bytes in threes and fours', () => {
    for (const a of edges)
      for (const b of edges)
        for (const c of edges) {
          compare(Uint8Array.from([a, b, c]));
          for (const d of edges) compare(Uint8Array.from([a, b, c, d]));
        }
  });

  it('agrees with the platform where a character stands in a longer text', () => {
    const long = new Array<number>(70).fill(0x61);
    for (const a of edges)
      for (const b of edges)
        for (const middle of [
          [a, b],
          [0xe2, a, b],
          [0xf0, a, b, 0x80],
          [0xf4, a, 0x80, b],
        ]) {
          compare(Uint8Array.from([0x61, ...middle, 0x62]));
          compare(Uint8Array.from([...long, ...middle]));
          compare(Uint8Array.from([...middle, ...long]));
        }
  });

  it('agrees with the platform on arbitrary bytes', () => {
    const byte = fc.oneof(fc.constantFrom(...edges), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 90 }), (bytes) => compare(Uint8Array.from(bytes))),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('looks only at the bytes it is given', () => {
    const bytes = Uint8Array.from([0xff, 0xc3, 0xa9, 0xff]);
    expect(decodeUtf8(bytes, 1, 3)).toBe('é');
    expect(isValidUtf8(bytes, 1, 3)).toBe(true);
    expect(isValidUtf8(bytes, 1, 2), 'the second half is beyond the end').toBe(false);
    expect(decodeUtf8(bytes, 2, 2)).toBe('');
  });

  it('refuses every surrogate, alone and in pairs (CESU-8) [MQTT-1.5.4-1]', () => {
    for (let unit = 0xd800; unit <= 0xdfff; unit++) {
      const bytes = Uint8Array.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
      expect(ours(bytes)).toBeUndefined();
    }
    expect(ours(Uint8Array.from([0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]))).toBeUndefined();
  });

  it('refuses overlong forms and what is beyond U+10FFFF [MQTT-1.5.4-1]', () => {
    for (const bytes of [
      [0xc0, 0x80],
      [0xc0, 0xaf],
      [0xc1, 0xbf],
      [0xe0, 0x80, 0xaf],
      [0xe0, 0x9f, 0xbf],
      [0xf0, 0x80, 0x80, 0xaf],
      [0xf0, 0x8f, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
      [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
    ]) {
      expect(ours(Uint8Array.from(bytes)), bytes.join()).toBeUndefined();
    }
  });

  it('refuses U+0000 wherever it stands, and only in strings, not in payloads [MQTT-1.5.4-2]', () => {
    for (const length of [1, 5, 64, 65, 200]) {
      for (const at of [0, length >> 1, length - 1]) {
        const bytes = new Uint8Array(length).fill(0x61);
        bytes[at] = 0;
        expect(ours(bytes)).toBeUndefined();
        expect(isValidUtf8(bytes, 0, length)).toBe(false);
        expect(isValidUtf8Payload(bytes, 0, length)).toBe(true);
      }
    }
  });

  it('keeps a byte order mark as a character, at the start and elsewhere [MQTT-1.5.4-3]', () => {
    expect(ours(Uint8Array.from([0xef, 0xbb, 0xbf]))).toBe('\ufeff');
    expect(ours(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf]))).toBe('\ufeffa\ufeff');
    expect(encodeUtf8('\ufeffa')).toEqual(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61]));
  });

  it('decodes the last characters of each length', () => {
    for (const text of ['\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\u{10000}']) {
      expect(ours(encodeUtf8(text))).toBe(text);
      expect(ours(encodeUtf8(text.repeat(80)))).toBe(text.repeat(80));
    }
    expect(ours(encodeUtf8('\u{10ffff}'))).toBe('\u{10ffff}');
  });

  it('does not encode what MQTT could not carry [MQTT-1.5.4-1] [MQTT-1.5.4-2]', () => {
    for (const text of ['\0', 'a\0b', '\ud800', 'a\udc00', '\udc00\ud800']) {
      expect(() => encodeUtf8(text)).toThrow();
    }
    expect(encodeUtf8('\ud83d\ude00'), 'a pair is one character').toHaveLength(4);
  });
});
