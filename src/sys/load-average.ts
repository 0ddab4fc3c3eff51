// A rate for a minute, averaged over the last minutes with weights that decay exponentially, as the load of a
// Unix system is; and Mosquitto's rule of when such a value is worth telling.

/** A change that is smaller than this shows in no digit that is told. */
const SMALLEST_CHANGE = 0.01;

export class LoadAverage {
  readonly #windowSeconds: number;
  #perMinute = 0;

  /** `minutes`: the time that is averaged over. */
  constructor(minutes: number) {
    this.#windowSeconds = minutes * 60;
  }

  /** What it is now, with two decimals. */
  get text(): string {
    return this.#perMinute.toFixed(2);
  }

  /** `count` things happened in the last `seconds` (above 0). Returns whether that changed the average enough. */
  add(count: number, seconds: number): boolean {
    const before = this.#perMinute;
    const rate = count * (60 / seconds);
    this.#perMinute = rate + Math.exp(-seconds / this.#windowSeconds) * (before - rate);
    return Math.abs(this.#perMinute - before) >= SMALLEST_CHANGE;
  }
}
