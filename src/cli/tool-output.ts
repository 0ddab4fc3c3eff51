// Standard output of the tools: gathered and written once an event-loop turn, and complete when the program ends.
// A reader that is slow holds the tool up, as it does a program in C.
import { writeSync } from 'node:fs';

const STDOUT = 1;
/** What is gathered before it is written. */
const FULL = 65_536;

export class ToolOutput {
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  /** Hears that the reader has gone. */
  onBroken: () => void = () => {};
  #state: 'idle' | 'scheduled' | 'broken' = 'idle';

  write(bytes: Uint8Array | string): void {
    if (this.#state === 'broken' || bytes.length === 0) return;
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#waiting.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= FULL) this.flush();
    else if (this.#state === 'idle') {
      this.#state = 'scheduled';
      setImmediate(() => this.flush());
    }
  }

  flush(): void {
    if (this.#state === 'broken') return;
    const [first, ...others] = this.#waiting;
    const all = others.length === 0 ? first : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#bytes = 0;
    this.#state = 'idle';
    if (all !== undefined) this.#writeAll(all);
  }

  #writeAll(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      try {
        at += writeSync(STDOUT, bytes, at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') waitAMoment();
        else {
          this.#state = 'broken';
          this.onBroken();
          return;
        }
      }
    }
  }
}

const moment = new Int32Array(new SharedArrayBuffer(4));

/** A pipe that is full, and that somebody has set not to block. */
function waitAMoment(): void {
  Atomics.wait(moment, 0, 0, 1);
}
