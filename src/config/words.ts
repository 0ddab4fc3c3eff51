// One line of a configuration file, taken apart as mosquitto.conf(5) has it: a name, blanks, and the rest, which
// an option reads as words or as one text with blanks in it. There are no quotes and no escapes.

const BLANK = /[ \t]+/y;

export class Words {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  #skipBlanks(): void {
    BLANK.lastIndex = this.#at;
    if (BLANK.test(this.#line)) this.#at = BLANK.lastIndex;
  }

  /** The next word; undefined when there is none. */
  next(separators = ' \t'): string | undefined {
    const line = this.#line;
    while (this.#at < line.length && separators.includes(line[this.#at]!)) this.#at++;
    const start = this.#at;
    while (this.#at < line.length && !separators.includes(line[this.#at]!)) this.#at++;
    return start === this.#at ? undefined : line.slice(start, this.#at);
  }

  /** Everything that is left, without the blanks around it; '' when there is nothing. */
  rest(): string {
    const rest = this.#line.slice(this.#at).trim();
    this.#at = this.#line.length;
    return rest;
  }

  /** Everything that is left after the blanks, to the very end of the line. */
  remainder(): string {
    this.#skipBlanks();
    const rest = this.#line.slice(this.#at);
    this.#at = this.#line.length;
    return rest;
  }
}
