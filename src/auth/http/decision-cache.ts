// Answers of a server, remembered for a while. What was asked is kept as a keyed hash only: questions have passwords
// in them, and may be long.
import { createHmac, randomBytes } from 'node:crypto';

export interface DecisionCacheOptions {
  /** Milliseconds; 0 remembers nothing. */
  readonly timeToLiveMs: number;
  /** How many answers; the one that was remembered first makes room. */
  readonly size: number;
}

export class DecisionCache {
  readonly #options: DecisionCacheOptions;
  readonly #secret = randomBytes(32);
  readonly #answers = new Map<string, { readonly isAllowed: boolean; readonly until: number }>();

  constructor(options: DecisionCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#answers.size;
  }

  /** The name of a question: its parts cannot run into each other. */
  key(parts: readonly string[]): string {
    return createHmac('sha256', this.#secret).update(JSON.stringify(parts)).digest('base64');
  }

  find(key: string, now: number): boolean | undefined {
    const found = this.#answers.get(key);
    if (found === undefined || found.until > now) return found?.isAllowed;
    this.#answers.delete(key);
    return undefined;
  }

  remember(key: string, isAllowed: boolean, now: number): void {
    const { timeToLiveMs, size } = this.#options;
    if (timeToLiveMs === 0 || size === 0) return;
    this.#answers.delete(key);
    for (const first of this.#answers.keys()) {
      if (this.#answers.size < size) break;
      this.#answers.delete(first);
    }
    this.#answers.set(key, { isAllowed, until: now + timeToLiveMs });
  }
}
