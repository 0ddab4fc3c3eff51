// Log lines that strangers cause: a few in a second, and the number of those that were left out.

const LINES_A_SECOND = 10;

export class QuietLines {
  readonly #tell: (text: string) => void;
  readonly #what: string;
  #second = 0;
  #told = 0;
  #leftOut = 0;

  /** `what` the lines are about. */
  constructor(tell: (text: string) => void, what = 'clients that were refused or banned') {
    this.#tell = tell;
    this.#what = what;
  }

  get hasLeftOut(): boolean {
    return this.#leftOut > 0;
  }

  /** `now`: milliseconds. */
  say(text: string, now: number): void {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.settle();
      this.#second = second;
      this.#told = 0;
    }
    if (this.#told >= LINES_A_SECOND) {
      this.#leftOut++;
      return;
    }
    this.#told++;
    this.#tell(text);
  }

  /** Tells how many lines were left out. */
  settle(): void {
    if (this.#leftOut === 0) return;
    this.#tell(`${this.#leftOut} more lines about ${this.#what} were left out.`);
    this.#leftOut = 0;
  }
}
