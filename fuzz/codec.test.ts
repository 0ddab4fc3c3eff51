// Properties of the whole codec, for arbitrary packets of every type and version. The seeds are fixed: what
// fails once fails always. fuzz.test.ts and run.mjs go on where these end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as codec from '../src/protocol/index.js';
import { decodeOne, encodePacket, FrameReader, type Packet, topicMatches } from '../src/protocol/index.js';
import {
  anyPacket,
  packetsByType,
  publishPacket,
  publishVariant,
  topicFilter,
  topicName,
} from './arbitraries.js';
import { examine, examineVariant } from './examine.js';
import { concat, mutate } from './mutate.js';
import { Random } from './random.js';
import { versions } from './specification.js';

const seed = 20_240_607;

describe.each(versions)('in version %i', (version) => {
  it.each(packetsByType(version))('decoding undoes encoding, for packet type %#', (arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (packet) => {
        expect(decodeOne(encodePacket(packet, version), version)).toEqual(packet);
      }),
      { seed, numRuns: 150 },
    );
  });

  it('encoding undoes decoding: nothing has two forms once it is decoded', () => {
    fc.assert(
      fc.property(anyPacket(version), (packet) => {
        const bytes = encodePacket(packet, version);
        expect(encodePacket(decodeOne(bytes, version), version)).toEqual(bytes);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('any cuts of the stream give the same packets', () => {
    const packets = fc.array(anyPacket(version), { minLength: 1, maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(packets, sizes, (sent, chunkSizes) => {
        const stream = concat(...sent.map((packet) => encodePacket(packet, version)));
        const received: Packet[] = [];
        const frame = (bytes: Uint8Array, start: number, body: number, end: number): boolean => {
          received.push(codec.decodePacket(bytes, start, body, end, version));
          return true;
        };
        const reader = new FrameReader();
        // a chunk buffer that is used again and again, as a socket's may be
        const chunk = new Uint8Array(200);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const part = stream.subarray(at, at + chunkSizes[i % chunkSizes.length]!);
          chunk.set(part);
          reader.push(chunk, part.length, { frame });
          at += part.length;
        }
        expect(received).toEqual(sent);
        expect(reader.keptBytes).toBe(0);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('a packet that is cut short is never taken for a whole one that says the same', () => {
    fc.assert(
      fc.property(anyPacket(version), fc.double({ min: 0, max: 1, noNaN: true }), (packet, part) => {
        const bytes = encodePacket(packet, version);
        const cut = bytes.subarray(0, Math.floor(part * bytes.length));
        if (cut.length < bytes.length) expect(() => decodeOne(cut, version)).toThrow(codec.MqttError);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('random bytes raise nothing but MqttError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.boolean(), (bytes, tidy) => {
        // with a remaining length that is right they get further
        if (tidy && bytes.length > 1) bytes[1] = bytes.length - 2;
        expect(examine(codec, bytes, version)).not.toHaveProperty('rule');
      }),
      { seed, numRuns: 3000 },
    );
  });

  it('damaged packets raise nothing but MqttError, and what still decodes encodes to the same', () => {
    fc.assert(
      fc.property(anyPacket(version), anyPacket(version), fc.nat(), (packet, donor, stream) => {
        const encoded = encodePacket(packet, version);
        const bytes = mutate(new Random(seed, stream), encoded, encodePacket(donor, version));
        expect(examine(codec, bytes, version)).not.toHaveProperty('rule');
      }),
      { seed, numRuns: 1500 },
    );
  });

  it('a copy of a message is what its receiver should see', () => {
    const packetId = fc.integer({ min: 1, max: 65_535 });
    const expiry = fc.nat({ max: 0xffff_ffff });
    fc.assert(
      fc.property(publishPacket(version), publishVariant, packetId, expiry, (packet, variant, id, left) => {
        const bytes = encodePacket(packet, version);
        expect(examineVariant(codec, bytes, packet, version, variant, id, left)).toBeUndefined();
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('matching', () => {
  /** By the words of section 4.7.1, level by level and without any shortcut. */
  function matchesByDefinition(filter: readonly string[], topic: readonly string[]): boolean {
    if (filter.length === 0) return topic.length === 0;
    const [first, ...others] = filter;
    // # stands for any number of levels, none included
    if (first === '#') return true;
    if (topic.length === 0) return false;
    return (first === '+' || first === topic[0]) && matchesByDefinition(others, topic.slice(1));
  }

  it('is the definition, for short filters and topics over few levels', () => {
    // every filter and every topic of up to four levels
    const topics = allPaths(['', 'a', '$b'], 4).filter((topic) => topic !== '');
    const filters = allPaths(['', 'a', '$b', '+'], 3).flatMap((path) => [
      path,
      path === '' ? '#' : `${path}/#`,
    ]);
    for (const filter of filters) {
      if (filter === '') continue;
      for (const topic of topics) {
        const hidden = topic.startsWith('$') && /^[+#]/.test(filter);
        const expected = !hidden && matchesByDefinition(filter.split('/'), topic.split('/'));
        if (topicMatches(filter, topic) !== expected) expect.fail(`${filter} and ${topic}: not ${expected}`);
      }
    }
  });

  it('is the definition, for arbitrary filters and topics', () => {
    fc.assert(
      fc.property(topicFilter, topicName, (filter, topic) => {
        const hidden = topic.startsWith('$') && /^[+#]/.test(filter);
        const expected = !hidden && matchesByDefinition(filter.split('/'), topic.split('/'));
        expect(topicMatches(filter, topic)).toBe(expected);
      }),
      { seed, numRuns: 2000 },
    );
  });

  function allPaths(levels: readonly string[], most: number): string[] {
    if (most === 1) return [...levels];
    const shorter = allPaths(levels, most - 1);
    return [
      ...new Set([...shorter, ...shorter.flatMap((path) => levels.map((level) => `${path}/${level}`))]),
    ];
  }
});
