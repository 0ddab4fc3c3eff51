// How often something happened lately, by key, in memory that does not grow: when there are too many keys the one
// whose count began first is forgotten.

interface Count {
  readonly since: number;
  count: number;
}

export class RecentCounts {
  readonly #capacity: number;
  /** In the order in which the counts began. */
  readonly #counts = new Map<string, Count>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** Counts one more at a time in milliseconds; returns how many there were in the `ms` since the first of them. */
  add(key: string, now: number, ms: number): number {
    const known = this.#counts.get(key);
    if (known !== undefined && now - known.since < ms) return ++known.count;
    this.#counts.delete(key);
    if (this.#counts.size >= this.#capacity) this.#forgetFirst();
    this.#counts.set(key, { since: now, count: 1 });
    return 1;
  }

  #forgetFirst(): void {
    for (const key of this.#counts.keys()) {
      this.#counts.delete(key);
      return;
    }
  }

  forget(key: string): void {
    this.#counts.delete(key);
  }
}
