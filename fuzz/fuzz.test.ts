// A few seconds of the fuzzer, and its own promises: the same seed, the same packets; a finding is made small.
// The long run is `node fuzz/run.mjs --packets 1000000`.
import { describe, expect, it } from 'vitest';
import * as codec from '../src/protocol/index.js';
import { Corpus } from './corpus.js';
import { type Codec, examine, hexOf } from './examine.js';
import { CodecFuzzer } from './fuzz.js';
import { bodyOf, mutate, withHeader } from './mutate.js';
import { Random } from './random.js';

describe('the fuzzer', () => {
  it('finds nothing in 40000 damaged packets', () => {
    const { finding, ...figures } = new CodecFuzzer({ codec, packets: 40_000, seed: 1 }).run();
    expect(finding).toBeUndefined();
    expect(figures.packets).toBe(40_000);
    expect(figures.decoded, 'packets that are not all refused').toBeGreaterThan(4000);
    expect(figures.streams).toBeGreaterThan(100);
  });

  it('makes the same packets from the same seed, each of them without the ones before', () => {
    const packets = (from: number, to: number): string[] => {
      const corpus = new Corpus(codec, 7, 5);
      return Array.from({ length: to - from }, (_, i) => {
        const random = new Random(7, from + i);
        const version = corpus.pickVersion(random);
        const base = corpus.pick(random, version).bytes;
        return hexOf(mutate(random, base, corpus.pick(random, version).bytes));
      });
    };
    expect(packets(40, 50)).toEqual(packets(0, 50).slice(40));
  });

  it('finds a planted mistake and shows the fewest bytes that make it', () => {
    // a decoder that fails like a careless one on a user property with an empty name
    const careless: Codec = {
      ...codec,
      decodeOne: (bytes, version) => {
        const packet = codec.decodeOne(bytes, version);
        if ('properties' in packet && packet.properties?.userProperties?.some(([name]) => name === '')) {
          throw new TypeError('planted');
        }
        return packet;
      },
    };
    const { finding } = new CodecFuzzer({ codec: careless, packets: 50_000, seed: 3 }).run();
    expect(finding?.rule).toBe('decoding throws MqttError only');
    expect(finding?.details).toContain('planted');
    expect(finding?.hex.length).toBeLessThan(60);
    const bytes = Uint8Array.from(Buffer.from(finding?.hex ?? '', 'hex'));
    expect(examine(careless, bytes, finding!.version)).toHaveProperty('rule');
    expect(examine(codec, bytes, finding!.version)).not.toHaveProperty('rule');
  });
});

describe('damage', () => {
  it('mostly leaves a remaining length that is right, so that the content is looked at', () => {
    const base = withHeader(0x30, new Uint8Array(300));
    const random = new Random(5);
    let right = 0;
    for (let i = 0; i < 1000; i++) {
      const bytes = mutate(random, base, base);
      if (hexOf(withHeader(bytes[0]!, bytes.subarray(bodyOf(bytes)))) === hexOf(bytes)) right++;
    }
    expect(right).toBeGreaterThan(850);
    expect(right).toBeLessThan(1000);
  });
});
