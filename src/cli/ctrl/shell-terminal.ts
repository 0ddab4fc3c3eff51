// The lines that the shell of `pondhawk ctrl` reads and what it prints: with a line editor, a history and completion at
// a terminal, and line by line from anything else.
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';

/** Candidates for the end of a line, and the part of the line that they complete. */
export type Completer = (line: string) => [candidates: string[], part: string];

export class ShellTerminal {
  readonly #lines: string[] = [];
  readonly #interface: Interface;
  #waiting: ((line: string | undefined) => void) | undefined;
  #state: 'open' | 'secret' | 'closed' = 'open';

  constructor(completer: Completer) {
    const { stdin, stdout } = process;
    const shown = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        // what is typed into a password is not shown
        if (this.#state === 'secret') done();
        else stdout.write(chunk, () => done());
      },
    });
    const terminal = stdin.isTTY === true && stdout.isTTY === true;
    this.#interface = createInterface({ input: stdin, output: shown, terminal, completer });
    this.#interface.on('line', (line) => this.#take(line));
    this.#interface.on('close', () => this.#end());
    this.#interface.on('SIGINT', () => this.#interface.close());
    this.#interface.on('history', (history) => {
      if (this.#state === 'secret') history.shift();
    });
  }

  print(text: string): void {
    process.stdout.write(text);
  }

  /** The next line; undefined when there are no more. */
  async ask(prompt: string): Promise<string | undefined> {
    if (!this.#interface.terminal) this.print(prompt);
    else if (this.#state !== 'closed') {
      this.#interface.setPrompt(prompt);
      // what was typed while the shell was busy stays as it is
      this.#interface.prompt(true);
    }
    return this.#next();
  }

  /** A line that is not shown. */
  async askSecret(prompt: string): Promise<string | undefined> {
    this.print(prompt);
    if (this.#state === 'open') this.#state = 'secret';
    this.#interface.setPrompt('');
    const line = await this.#next();
    if (this.#state === 'secret') this.#state = 'open';
    if (line !== undefined) this.print('\n');
    return line;
  }

  close(): void {
    this.#interface.close();
  }

  #next(): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined || this.#state === 'closed') return Promise.resolve(line);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #take(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#lines.push(line);
    else waiting(line);
  }

  #end(): void {
    this.#state = 'closed';
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }
}
