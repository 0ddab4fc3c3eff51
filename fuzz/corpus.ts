// Valid packets to begin from: some of every type and version, the same ones for the same seed.
import fc from 'fast-check';
import type { Packet, ProtocolVersion } from '../src/protocol/index.js';
import { packetsByType } from './arbitraries.js';
import type { Codec } from './examine.js';
import type { Random } from './random.js';
import { versions } from './specification.js';

export interface Sample {
  packet: Packet;
  bytes: Uint8Array;
  version: ProtocolVersion;
}

export class Corpus {
  readonly #samples: Readonly<Record<ProtocolVersion, Sample[]>> = { 3: [], 4: [], 5: [] };

  /** With so many packets of each type and version. PUBLISH, SUBSCRIBE and CONNECT have more to get wrong. */
  constructor(codec: Codec, seed: number, perType: number) {
    for (const version of versions) {
      for (const arbitrary of packetsByType(version)) {
        for (const packet of fc.sample(arbitrary, { seed, numRuns: perType })) {
          const sample = { packet, bytes: codec.encodePacket(packet, version), version };
          const isRich = ['publish', 'subscribe', 'connect'].includes(packet.type);
          for (let i = isRich ? 3 : 1; i > 0; i--) this.#samples[version].push(sample);
        }
      }
    }
  }

  /** Half of them MQTT 5. */
  pickVersion(random: Random): ProtocolVersion {
    return random.chance(0.5) ? 5 : random.pick([3, 4] as const);
  }

  pick(random: Random, version: ProtocolVersion): Sample {
    return random.pick(this.#samples[version]);
  }

  /** Only the packets of some types, for a peer that knows its place. */
  of(version: ProtocolVersion, types: readonly Packet['type'][]): Sample[] {
    return this.#samples[version].filter(({ packet }) => types.includes(packet.type));
  }
}
