// Opens many connections by schedule, and never more at once than the server seems to take: each that succeeds
// quickly allows one more at the same time, one that had to wait allows one less, a failure halves their number.

const FIRST_WINDOW = 16;
const SMALLEST_WINDOW = 4;
const LARGEST_WINDOW = 512;
/** A connect has waited when it took so many times as long as the fastest one, and so many milliseconds more. */
const SLOW_FACTOR = 4;
const SLOW_ADDEND = 25;
/** Milliseconds in which failures count once: they come together. */
const PATIENCE = 200;

export class Connects {
  readonly #total: number;
  readonly #dueAt: (n: number) => number;
  readonly #open: (n: number) => Promise<boolean>;
  #window = FIRST_WINDOW;
  #next = 0;
  #inflight = 0;
  #fastest = Number.POSITIVE_INFINITY;
  #lastFailure = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: 'running' | 'stopped' = 'running';
  #finish: () => void = () => {};

  /**
   * `dueAt` says when a connect may begin, in milliseconds from the start; `open` makes it, and says whether it
   * succeeded. It does not reject.
   */
  constructor(total: number, dueAt: (n: number) => number, open: (n: number) => Promise<boolean>) {
    this.#total = total;
    this.#dueAt = dueAt;
    this.#open = open;
  }

  /** Resolves when all have been tried, or after `stop`. */
  run(): Promise<void> {
    const start = performance.now();
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#go(start);
    });
  }

  #go(start: number): void {
    clearTimeout(this.#timer);
    if (this.#state === 'stopped') return;
    while (this.#next < this.#total && this.#inflight < this.#window) {
      const delay = start + this.#dueAt(this.#next) - performance.now();
      if (delay > 0) {
        this.#timer = setTimeout(() => this.#go(start), Math.ceil(delay));
        return;
      }
      this.#inflight++;
      const began = performance.now();
      void this.#open(this.#next++).then((isOpen) => {
        this.#inflight--;
        this.#adapt(isOpen, performance.now() - began);
        this.#go(start);
      });
    }
    if (this.#next === this.#total && this.#inflight === 0) this.#finish();
  }

  #adapt(isOpen: boolean, duration: number): void {
    if (isOpen) {
      this.#fastest = Math.min(this.#fastest, duration);
      const isSlow = duration > this.#fastest * SLOW_FACTOR + SLOW_ADDEND;
      this.#window = isSlow
        ? Math.max(this.#window - 1, Math.min(this.#window, FIRST_WINDOW))
        : Math.min(this.#window + 1, LARGEST_WINDOW);
      return;
    }
    const at = performance.now();
    if (at - this.#lastFailure < PATIENCE) return;
    this.#lastFailure = at;
    this.#window = Math.max(this.#window >> 1, SMALLEST_WINDOW);
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    this.#finish();
  }
}
