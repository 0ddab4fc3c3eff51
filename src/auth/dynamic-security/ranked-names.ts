// Names in the order in which they are asked: the one with the highest priority first, then by their bytes.

export interface RankedName {
  readonly name: string;
  readonly priority: number;
}

/** The priority of what was given none; it is not written. */
export const NO_PRIORITY = -1;

export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function byPriority(a: RankedName, b: RankedName): number {
  return b.priority - a.priority || compareNames(a.name, b.name);
}

export function byName(a: RankedName, b: RankedName): number {
  return compareNames(a.name, b.name);
}

export class RankedNames implements Iterable<RankedName> {
  readonly #order: (a: RankedName, b: RankedName) => number;
  readonly #known = new Set<string>();
  #names: RankedName[] = [];

  constructor(order: (a: RankedName, b: RankedName) => number = byPriority) {
    this.#order = order;
  }

  get size(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Returns whether it is new; one that is there keeps its priority. */
  add(name: string, priority: number): boolean {
    if (this.#known.has(name)) return false;
    this.#known.add(name);
    this.#names.splice(this.#placeOf({ name, priority }), 0, { name, priority });
    return true;
  }

  /** How many stand before it. */
  #placeOf(wanted: RankedName): number {
    let from = 0;
    for (let to = this.#names.length; from < to; ) {
      const middle = (from + to) >>> 1;
      if (this.#order(this.#names[middle]!, wanted) <= 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  delete(name: string): void {
    if (!this.#known.delete(name)) return;
    this.#names = this.#names.filter((each) => each.name !== name);
  }

  [Symbol.iterator](): IterableIterator<RankedName> {
    return this.#names[Symbol.iterator]();
  }

  /** As in files and answers: objects with the name under `key`. */
  toJson(key: string): Record<string, unknown>[] {
    return this.#names.map(({ name, priority }) => ({
      [key]: name,
      priority: priority === NO_PRIORITY ? undefined : priority,
    }));
  }
}
