// What the test suite uses of the loss runs.
import type { EngineOptions } from '../../src/index.js';
import type { Target } from './attacks.mjs';

export interface Played {
  readonly problems: readonly string[];
  readonly messages: number;
  readonly deliveries: number;
}

export declare const LOSSLESS: Partial<EngineOptions>;
export declare function playPattern(
  pattern: Pattern,
  target: Target,
  how: { seed: number; messages: number; stillMs?: number },
): Promise<Played>;

/** One of those in patterns.mjs. */
export interface Pattern {
  readonly name: string;
  readonly what: string;
  /** Only with a store that survives the broker. */
  readonly needsStore?: boolean;
}
