// What of a sequence of messages has come: finds messages that come twice, and those that come after a later one.
// While nothing is missing it remembers a number only.

export type Arrival = 'new' | 'duplicate' | 'disorder';

/** Missing messages that are remembered; one that was forgotten and comes nevertheless is out of order. */
const MOST_MISSING = 100_000;

export class Arrivals {
  /** The number that comes next if all is well. */
  #next = 0;
  readonly #missing = new Set<number>();
  /** All missing messages below this number are forgotten. */
  #forgotten = 0;

  /** Takes the number of a message, which counts from 0. */
  take(number: number): Arrival {
    if (number === this.#next) {
      this.#next++;
      return 'new';
    }
    if (number < this.#next)
      return this.#missing.delete(number) || number < this.#forgotten ? 'disorder' : 'duplicate';
    const from = Math.max(this.#next, number - MOST_MISSING);
    if (from > this.#next) this.#forget(from);
    for (let missing = from; missing < number; missing++) this.#missing.add(missing);
    for (const oldest of this.#missing) {
      if (this.#missing.size <= MOST_MISSING) break;
      this.#missing.delete(oldest);
      this.#forgotten = Math.max(this.#forgotten, oldest + 1);
    }
    this.#next = number + 1;
    return 'new';
  }

  #forget(below: number): void {
    this.#missing.clear();
    this.#forgotten = below;
  }
}
