// What the test suite uses of the loss runs.
import type { Broker, EngineOptions, MemoryStore } from '../../src/index.js';
import type { Target } from './attacks.mjs';

export interface Played {
  readonly problems: readonly string[];
  readonly messages: number;
  readonly deliveries: number;
}

export interface StoredBroker extends Target {
  stop(): Promise<void>;
  crash(): Promise<void>;
}

export declare const LOSSLESS: Partial<EngineOptions>;
export declare function playPattern(
  pattern: Pattern,
  target: Target,
  how: { seed: number; messages: number; stillMs?: number },
): Promise<Played>;

export declare function startStoredBroker(program: {
  Broker: typeof Broker;
  MemoryStore: typeof MemoryStore;
}): Promise<StoredBroker>;

/** One of those in patterns.mjs. */
export interface Pattern {
  readonly name: string;
  readonly what: string;
  /** Only with a store that survives the broker. */
  readonly needsStore?: boolean;
}
