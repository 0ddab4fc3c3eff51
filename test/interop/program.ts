// Runs the programs of others as a user would: arguments in, lines of output and an exit status out. Every wait
// has a limit, and a failure shows all the program wrote.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

export interface ProgramOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds until the program is killed and its `exited` fails; 15,000 by default. */
  readonly limit?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came, for payloads that are not text. */
  readonly bytes: Buffer;
}

const running = new Set<Program>();

export class Program {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  readonly #watchers = new Set<() => void>();
  #ended = false;
  /** Resolves once the program has ended, whatever its status; rejects when it passed its time limit. */
  readonly exited: Promise<Exit>;

  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    this.#name = `${command} ${args.join(' ')}`.slice(0, 300);
    this.#child = spawn(command, args, { env: { ...process.env, ...options.env } });
    running.add(this);
    this.#child.stdout.on('data', (chunk: Buffer) => this.#took(this.#stdout, chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => this.#took(this.#stderr, chunk));
    this.#child.stdin.on('error', () => {}); // a program that ends early does not read it
    this.#child.stdin.end(options.input ?? '');
    this.exited = this.#untilExit(options.limit ?? 15_000);
    this.exited.catch(() => {}); // whoever awaits it sees the failure; a test that ended before must not
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The lines of standard output so far, without an unfinished last one. */
  lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** Waits until `enough` holds for the program's output; fails when it ended or `limit` passed before. */
  until(what: string, enough: (program: Program) => boolean, limit = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        error ? reject(error) : resolve();
      };
      const look = (): void => {
        if (enough(this)) finish();
        else if (this.#ended) finish(this.#failure(`ended without ${what}`));
      };
      const timer = setTimeout(() => finish(this.#failure(`no ${what} in ${limit} ms`)), limit);
      this.#watchers.add(look);
      look();
    });
  }

  /** Waits for `count` lines of standard output that match `pattern`, and returns them. */
  async untilLines(pattern: RegExp, count = 1, limit?: number): Promise<string[]> {
    const matching = () => this.lines().filter((line) => pattern.test(line));
    await this.until(`${count} line(s) like ${pattern}`, () => matching().length >= count, limit);
    return matching();
  }

  #took(into: Buffer[], chunk: Buffer): void {
    into.push(chunk);
    for (const look of [...this.#watchers]) look();
  }

  #untilExit(limit: number): Promise<Exit> {
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        this.#child.kill('SIGKILL');
      }, limit);
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        running.delete(this);
        this.#ended = true;
        for (const look of [...this.#watchers]) look();
        settle();
      };
      this.#child.on('error', (error) => end(() => reject(error)));
      this.#child.on('close', (code, signal) =>
        end(() => {
          if (late) return reject(this.#failure(`still ran after ${limit} ms`));
          const bytes = Buffer.concat(this.#stdout);
          resolve({ code, signal, stdout: bytes.toString(), stderr: this.stderr, bytes });
        }),
      );
    });
  }

  #failure(text: string): Error {
    const shown = (from: string): string => (from.length > 4000 ? `${from.slice(0, 4000)}…` : from);
    return new Error(
      `${this.#name}: ${text}\n--- standard output\n${shown(this.stdout)}\n--- standard error\n${shown(this.stderr)}`,
    );
  }
}

/** Runs a program to its end and expects exit status 0. */
export async function run(command: string, args: readonly string[], options?: ProgramOptions): Promise<Exit> {
  const exit = await new Program(command, args, options).exited;
  if (exit.code === 0) return exit;
  throw new Error(
    `${command} ${args.join(' ')}: exit ${exit.code ?? exit.signal}\n${exit.stdout}\n${exit.stderr}`,
  );
}

/** For afterAll: nothing a failed test started stays behind. */
export async function killPrograms(): Promise<void> {
  const left = [...running];
  for (const program of left) program.kill('SIGKILL');
  await Promise.allSettled(left.map((program) => program.exited));
}
