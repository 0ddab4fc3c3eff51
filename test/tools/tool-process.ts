// One run of pub, sub or rr: standard input that can be typed into, all that it writes, and how it ended.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

export class ToolProcess {
  /** The command line as the case has it. */
  readonly line: string;
  readonly exited: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  readonly #watchers = new Set<() => void>();
  #exit: number | string | undefined;

  constructor(line: string, argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv, limit: number) {
    this.line = line;
    const [command, ...args] = argv;
    this.#child = spawn(command!, args, { cwd, env });
    this.#child.stdin.on('error', () => {}); // a tool that ends early does not read it
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout.push(chunk);
      this.#changed();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill('SIGKILL');
    }, limit);
    this.exited = new Promise((resolve) => {
      const finish = (exit: number | string): void => {
        clearTimeout(timer);
        this.#exit ??= late ? 'still ran' : exit;
        this.#changed();
        resolve();
      };
      this.#child.on('error', (error) => finish(error.message));
      this.#child.on('close', (code, signal) => finish(code ?? signal ?? 'unknown'));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.#stderr);
  }

  /** Exit code, name of the signal that ended it, or `still ran`; undefined while it runs. */
  get exit(): number | string | undefined {
    return this.#exit;
  }

  type(text: string | null): void {
    if (text === null) this.#child.stdin.end();
    else this.#child.stdin.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  deafen(): void {
    this.#child.stdout.destroy();
  }

  /** Calls this after every output and at the end. */
  watch(look: () => void): void {
    this.#watchers.add(look);
  }

  #changed(): void {
    for (const look of this.#watchers) look();
  }
}
