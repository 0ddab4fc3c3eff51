// The file of dynamic security: read when the broker starts, made when it is not there, and written anew as a whole, so
// that whoever reads it finds either the old or the new state.
import { constants, existsSync, realpathSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { LogLevel } from '../../core/plugin.js';
import { printJson } from '../control/json-fields.js';
import { firstPasswords, firstState } from './first-state.js';
import { SecurityState, SecurityStateError } from './security-state.js';

/** Bytes. */
const MAX_FILE_LENGTH = 128 * 1024 * 1024;
const LOADING = 'Error loading Dynamic security plugin config:';

function unreadable(file: string): SecurityStateError {
  return new SecurityStateError(
    `${LOADING} File is not readable - check permissions.\nError: It is ${file}, named by plugin_opt_config_file.`,
  );
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    // a pipe must not make a thread wait until somebody writes into it
    return await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    throw unreadable(file);
  }
}

async function readText(file: string): Promise<string> {
  const handle = await openFile(file);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw unreadable(file);
    if (stats.size > MAX_FILE_LENGTH)
      throw new SecurityStateError(`${LOADING} File is larger than ${MAX_FILE_LENGTH} bytes.`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function parse(file: string, text: string): SecurityState {
  // as with Mosquitto: nobody is known yet
  if (text === '') return new SecurityState();
  try {
    return SecurityState.from(JSON.parse(text));
  } catch (error) {
    const problem = error instanceof SecurityStateError ? error.message : 'File is not valid JSON.';
    throw new SecurityStateError(`${LOADING} ${problem}\nError: Correct ${file}, or move it away.`);
  }
}

export class StateFile {
  /** The one that links lead to: they stay what they are. */
  readonly #path: string;

  constructor(file: string) {
    this.#path = existsSync(file) ? realpathSync(file) : file;
  }

  /**
   * Reads the state; makes the file first when it is not there. Throws SecurityStateError, with a text of some lines for
   * the log, when there is no state to be had.
   */
  async load(
    initFile: string | undefined,
    log: (level: LogLevel, text: string) => void,
  ): Promise<SecurityState> {
    if (!existsSync(this.#path)) await this.#make(initFile, log);
    return parse(this.#path, await readText(this.#path));
  }

  async #make(initFile: string | undefined, log: (level: LogLevel, text: string) => void): Promise<void> {
    const passwords = firstPasswords(this.#path, initFile);
    log('information', 'Dynamic security plugin config not found, generating a default config.');
    log('information', passwords.source);
    try {
      await this.#write(printJson(await firstState(passwords)));
    } catch (error) {
      if (!(error instanceof SecurityStateError)) throw unreadable(this.#path);
      throw new SecurityStateError(`${error.message}\n${unreadable(this.#path).message}`);
    }
  }

  /** Rejects with an error of the system when the file cannot be written; then the old one is still there. */
  save(state: SecurityState): Promise<void> {
    return this.#write(printJson(state.toJson()));
  }

  async #write(text: string): Promise<void> {
    const fresh = `${this.#path}.new`;
    // one that is left over may be a link to somewhere else
    await rm(fresh, { force: true });
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, this.#path);
  }
}
