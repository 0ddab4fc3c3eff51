// Log lines that strangers cause: a few in a second, and the number of those that were left out.

const LINES_A_SECOND = 10;

export class QuietLines {
  readonly #tell: (text: string) => void;
  #second = 0;
  #told = 0;
  #leftOut = 0;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
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
    this.#tell(`${this.#leftOut} more lines about clients that were refused or banned were left out.`);
    this.#leftOut = 0;
  }
}
