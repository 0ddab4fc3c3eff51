// The store that forgets when the process ends: for tests, and for brokers that restart within one program.
import type { Store, StoreEntry, StoreOperation } from '../core/store.js';

/** Orders keys as their UTF-8 bytes do: by code point, which UTF-16 does not. */
function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const bothSurrogatesOrNeither = x >= 0xd800 === y >= 0xd800;
    if (bothSurrogatesOrNeither && (x < 0xe000 || y < 0xe000) && x >= 0xd800) {
      // a surrogate stands for a code point above all that are written with one unit
      if (x >= 0xe000) return -1;
      if (y >= 0xe000) return 1;
    }
    return x - y;
  }
  return a.length - b.length;
}

class Partition {
  readonly values = new Map<string, Uint8Array>();
  /** Sorted when a range is read after a change. */
  #sorted: string[] | null = [];

  apply(key: string, value: Uint8Array | null): void {
    if (value === null) {
      if (this.values.delete(key)) this.#sorted = null;
    } else {
      if (!this.values.has(key)) this.#sorted = null;
      this.values.set(key, value);
    }
  }

  keys(): string[] {
    this.#sorted ??= [...this.values.keys()].sort(compare);
    return this.#sorted;
  }
}

/** Where to begin in a sorted list. */
function lowerBound(keys: string[], from: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(keys[middle]!, from) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class MemoryStore implements Store {
  readonly partitions: number;
  readonly #parts: Partition[];

  constructor({ partitions = 1 } = {}) {
    this.partitions = partitions;
    this.#parts = Array.from({ length: partitions }, () => new Partition());
  }

  async open(): Promise<void> {}

  commit(operations: readonly StoreOperation[]): Promise<void> | undefined {
    for (const { partition, key, value } of operations) this.#parts[partition]!.apply(key, value);
    return undefined;
  }

  *range(
    partition: number,
    from: string,
    to: string,
    limit = Number.POSITIVE_INFINITY,
  ): Generator<StoreEntry> {
    const part = this.#parts[partition]!;
    const keys = part.keys();
    let left = limit;
    for (let i = lowerBound(keys, from); i < keys.length && left > 0; i++, left--) {
      const key = keys[i]!;
      if (compare(key, to) >= 0) return;
      const value = part.values.get(key);
      if (value !== undefined) yield { key, value };
    }
  }

  get(partition: number, key: string): Uint8Array | undefined {
    return this.#parts[partition]!.values.get(key);
  }

  async close(): Promise<void> {}
}
