// A broker as a process of its own, of which everything is kept that it writes to standard error and output.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds until a broker that does not end is killed. */
const PATIENCE = 10_000;

export class LoggedBroker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string>;
  readonly #file: string;
  stderr = '';
  stdout = '';
  running = true;

  constructor(command: readonly string[], folder: string, logFile: string) {
    this.#file = logFile;
    const [program, ...args] = command;
    this.#child = spawn(program!, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      this.running = false;
      return (code ?? signal) as number | string;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end, unless it has; resolves with the exit code, or the signal that ended it. */
  async stop(): Promise<number | string> {
    if (this.running) this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), PATIENCE);
    const exit = await this.#ended;
    clearTimeout(timer);
    return exit;
  }

  /** Bytes written so far, into whatever. */
  get #written(): number {
    const inFile = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    return this.stderr.length + this.stdout.length + inFile;
  }

  /** Waits until `done` holds or the broker has ended; returns whether it holds. */
  async until(done: () => boolean, limit: number): Promise<boolean> {
    for (const end = Date.now() + limit; !done(); await delay(5)) {
      if (!this.running || Date.now() > end) return done();
    }
    return true;
  }

  /** Waits until nothing more was written for some milliseconds. */
  async quiet(milliseconds: number): Promise<void> {
    for (let before = -1; before !== this.#written; await delay(milliseconds)) before = this.#written;
  }
}
