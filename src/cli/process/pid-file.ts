// The option pid_file: the number of the broker's process, without a line's end, for scripts that signal it. The
// file is written after the broker has become its user, and in the background process if there is one.
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { ExitCode, ServerProblem } from '../../server/server-problem.js';
import { systemErrorWords } from '../mosquitto-texts.js';

/** A pipe that nobody reads must not hold the broker up, hence not blocking. */
const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants;
const FLAGS = O_WRONLY | O_CREAT | O_TRUNC | (O_NONBLOCK ?? 0);
/** What the umask leaves of this. */
const MODE = 0o666;

class NotAFile extends Error {}

function writeNumber(path: string, pid: number): void {
  const fd = openSync(path, FLAGS, MODE);
  try {
    if (!fstatSync(fd).isFile()) throw new NotAFile();
    writeSync(fd, String(pid));
  } finally {
    closeSync(fd);
  }
}

function detail(path: string, error: unknown): string {
  if (error instanceof NotAFile) return `Error: ${path} is not a file.`;
  return `Error: ${path}: ${systemErrorWords((error as NodeJS.ErrnoException).code ?? String(error))}.`;
}

export class PidFile {
  readonly #path: string;
  readonly #pid: number;

  private constructor(path: string, pid: number) {
    this.#path = path;
    this.#pid = pid;
  }

  /** Replaces what the file had; throws a ServerProblem (exit code 14) where it cannot be written. */
  static write(path: string, pid: number = process.pid): PidFile {
    try {
      writeNumber(path, pid);
    } catch (error) {
      throw new ServerProblem(ExitCode.system, detail(path, error), 'Error: Unable to write pid file.');
    }
    return new PidFile(resolve(path), pid);
  }

  /** Removes the file unless another broker has put its own number there. Never throws. */
  remove(): void {
    try {
      if (readFileSync(this.#path, 'latin1') === String(this.#pid)) rmSync(this.#path);
    } catch {
      // gone already, or in a folder that the broker's user may not change: Mosquitto says nothing either
    }
  }
}
