// The codec under a stream of damaged packets. The packet with index i of a seed is always the same, however
// many came before it.
import type { ProtocolVersion, PublishVariant } from '../src/protocol/index.js';
import { Corpus } from './corpus.js';
import {
  type Codec,
  examine,
  examineNoise,
  examineStream,
  examineVariant,
  hexOf,
  type Verdict,
  type Violation,
} from './examine.js';
import { minimize } from './minimize.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';

export interface FuzzOptions {
  codec: Codec;
  packets: number;
  seed: number;
  /** How many valid packets of each type and version to begin from. */
  corpusPerType?: number;
}

export interface Finding extends Violation {
  index: number;
  version: ProtocolVersion;
  /** The fewest bytes that were found to break the rule. */
  hex: string;
}

export interface FuzzResult {
  packets: number;
  bytes: number;
  /** How many of the damaged packets were still valid. */
  decoded: number;
  variants: number;
  streams: number;
  /** Refused packets by reason code in hex. */
  refused: Record<string, number>;
  slowestMilliseconds: number;
  seconds: number;
  finding: Finding | undefined;
}

/** How many packets make a stream. */
const STREAM_LENGTH = 12;

function variantOf(random: Random): PublishVariant {
  const version = random.pick([3, 4, 5] as const);
  const topicAlias = version === 5 && random.chance(0.5) ? 1 + random.below(65_535) : 0;
  return {
    version,
    qos: random.below(3),
    retain: random.chance(0.5),
    topicAlias,
    aliasOnly: topicAlias !== 0 && random.chance(0.5),
    subscriptionIdentifiers:
      version === 5 && random.chance(0.4)
        ? Array.from({ length: random.below(4) }, () => 1 + ((random.next() & 0x0fff_ffff) % 268_435_455))
        : null,
  };
}

/** Finds the first packet that breaks a rule, or none. */
export class CodecFuzzer {
  readonly #corpus: Corpus;
  #stream: Uint8Array[] = [];
  readonly result: FuzzResult;

  constructor(readonly options: FuzzOptions) {
    this.#corpus = new Corpus(options.codec, options.seed, options.corpusPerType ?? 60);
    this.result = {
      packets: 0,
      bytes: 0,
      decoded: 0,
      variants: 0,
      streams: 0,
      refused: {},
      slowestMilliseconds: 0,
      seconds: 0,
      finding: undefined,
    };
  }

  run(): FuzzResult {
    const { packets } = this.options;
    const began = performance.now();
    for (let index = 0; index < packets; index++) {
      this.result.finding = this.#step(index);
      this.result.packets = index + 1;
      if (this.result.finding !== undefined) break;
    }
    this.result.seconds = (performance.now() - began) / 1000;
    return this.result;
  }

  #step(index: number): Finding | undefined {
    const { codec, seed } = this.options;
    const random = new Random(seed, index);
    const version = this.#corpus.pickVersion(random);
    const base = this.#corpus.pick(random, version);
    const bytes = mutate(random, base.bytes, this.#corpus.pick(random, version).bytes);
    this.result.bytes += bytes.length;
    const began = performance.now();
    const verdict = examine(codec, bytes, version);
    if (performance.now() - began > this.result.slowestMilliseconds) this.#timeAgain(bytes, version);
    if ('rule' in verdict) return this.#minimized(index, version, bytes, verdict);
    return this.#count(verdict, bytes, version, random, index);
  }

  /** The best of three, or garbage collection and other processes would be the slowest packet. */
  #timeAgain(bytes: Uint8Array, version: ProtocolVersion): void {
    const times = [1, 2, 3].map(() => {
      const began = performance.now();
      examine(this.options.codec, bytes, version);
      return performance.now() - began;
    });
    this.result.slowestMilliseconds = Math.max(this.result.slowestMilliseconds, Math.min(...times));
  }

  #count(
    verdict: Exclude<Verdict, Violation>,
    bytes: Uint8Array,
    version: ProtocolVersion,
    random: Random,
    index: number,
  ): Finding | undefined {
    const { codec } = this.options;
    if ('refused' in verdict) {
      const reason = `0x${verdict.refused.toString(16)}`;
      this.result.refused[reason] = (this.result.refused[reason] ?? 0) + 1;
      if (!random.chance(0.1)) return undefined;
      return this.#found(index, version, bytes, examineNoise(codec, bytes, random));
    }
    this.result.decoded++;
    const { packet } = verdict;
    if (
      packet.type === 'publish' &&
      (packet.topic.length > 0 || packet.properties?.topicAlias !== undefined)
    ) {
      this.result.variants++;
      const broken = examineVariant(codec, bytes, packet, version, variantOf(random), 0x1234, random.next());
      if (broken !== undefined) return this.#found(index, version, bytes, broken);
    }
    this.#stream.push(bytes);
    if (this.#stream.length < STREAM_LENGTH) return undefined;
    const stream = this.#stream;
    this.#stream = [];
    this.result.streams++;
    return this.#found(index, version, bytes, examineStream(codec, stream, random));
  }

  #found(
    index: number,
    version: ProtocolVersion,
    bytes: Uint8Array,
    broken: Violation | undefined,
  ): Finding | undefined {
    return broken && { ...broken, index, version, hex: hexOf(bytes) };
  }

  #minimized(index: number, version: ProtocolVersion, bytes: Uint8Array, broken: Violation): Finding {
    const { codec } = this.options;
    const isBroken = (candidate: Uint8Array): boolean => {
      const verdict = examine(codec, candidate, version);
      return 'rule' in verdict && verdict.rule === broken.rule;
    };
    const fewest = minimize(bytes, isBroken);
    const verdict = examine(codec, fewest, version);
    return { ...broken, ...verdict, index, version, hex: hexOf(fewest) };
  }
}
