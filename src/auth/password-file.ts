// Mosquitto's password files: which lines count, and what is said of the others.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkPasswordHash, PasswordHashError } from './password-hash.js';
import {
  asBytes,
  type FileKind,
  linesOf,
  RestrictedFileError,
  readRestrictedFile,
  shownBytes,
  trimBlanks,
  trimBlanksAtEnd,
} from './restricted-file.js';

/** Bytes of a name or an encoded hash. */
const MAX_FIELD_LENGTH = 65_535;
/** Characters of a file that a message shows. */
const MAX_SHOWN = 200;
/** Lines that are read at once; they take a few milliseconds. */
const LINES_A_TURN = 2000;

/** A password file that cannot be used. The message is Mosquitto's, and what to do. */
export class PasswordFileError extends RestrictedFileError {
  override readonly name = 'PasswordFileError';
}

const kind: FileKind = {
  maxLength: 128 * 1024 * 1024, // a user takes about 200
  missing: 'There is no such file: make one with pondhawk passwd -c.',
  cannotOpen: (file, advice) =>
    new PasswordFileError(file, undefined, `password-file: Error: Unable to open pwfile "${file}".`, advice),
};

/** The bytes of a name as they are in files that were read here. */
export function userKey(username: string): string {
  return Buffer.from(username, 'utf8').toString('latin1');
}

function shown(bytes: string): string {
  return shownBytes(bytes, MAX_SHOWN);
}

/** Name and password of a line as Mosquitto cuts it: colons at the start, and what follows a third one, are skipped. */
export interface Fields {
  readonly name: string | undefined;
  readonly password: string | undefined;
  /** The line up to the end of the name. */
  readonly head: string;
}

export function fieldsOf(line: string): Fields {
  const start = afterColons(line, 0);
  const nameEnd = endOfField(line, start);
  const passwordStart = afterColons(line, nameEnd);
  return {
    name: start < line.length ? line.slice(start, nameEnd) : undefined,
    password:
      passwordStart < line.length ? line.slice(passwordStart, endOfField(line, passwordStart)) : undefined,
    head: line.slice(0, nameEnd),
  };
}

function afterColons(line: string, from: number): number {
  let at = from;
  while (line[at] === ':') at++;
  return at;
}

function endOfField(line: string, from: number): number {
  const colon = line.indexOf(':', from);
  return colon === -1 ? line.length : colon;
}

/**
 * Mosquitto reads C strings: a line with a NUL in it is as if it were not there, except for a last line without
 * an end, which the NUL ends.
 */
function upToNul(line: string): string {
  const nul = line.indexOf('\0');
  if (nul === -1) return line;
  return line.endsWith('\n') ? '' : line.slice(0, nul);
}

/** Adds the user of one line. */
class Parser {
  readonly users = new Map<string, string>();
  readonly #file: string;
  #line = 0;

  constructor(file: string) {
    this.#file = file;
  }

  read(whole: string): void {
    this.#line++;
    const line = upToNul(whole);
    if (line.startsWith('#') || !line.includes(':')) return;
    const { name: untrimmed, password, head } = fieldsOf(line);
    if (untrimmed === undefined) return;
    const name = this.#name(trimBlanks(untrimmed));
    if (password === undefined)
      throw this.#error(
        `Invalid line in password file '${this.#file}': ${shown(trimBlanksAtEnd(head))}`,
        'a password must follow the name.',
      );
    this.users.set(name, this.#password(name, trimBlanks(password)));
  }

  #name(name: string): string {
    if (name.length > MAX_FIELD_LENGTH)
      throw this.#error(
        `Invalid line in password file '${this.#file}', username too long.`,
        `a name has at most ${MAX_FIELD_LENGTH} bytes.`,
      );
    if (name === '')
      throw this.#error(
        `Empty username in password file '${this.#file}'.`,
        'put a name before the colon, or # before the line.',
      );
    if (this.users.has(name))
      throw this.#error(
        `Duplicate user '${shown(name)}' in password file '${this.#file}'.`,
        'remove this line or the one above it.',
      );
    return name;
  }

  #password(name: string, password: string): string {
    if (password.length > MAX_FIELD_LENGTH)
      throw this.#error(
        `Invalid line in password file '${this.#file}', password too long.`,
        `a hash has at most ${MAX_FIELD_LENGTH} bytes.`,
      );
    try {
      checkPasswordHash(password);
      return password;
    } catch (error) {
      if (!(error instanceof PasswordHashError)) throw error;
      throw this.#error(
        `Unable to decode line in password file '${this.#file}'.`,
        `${error.message}. To set the password anew: pondhawk passwd ${shown(this.#file)} ${shown(name)}`,
      );
    }
  }

  #error(text: string, advice: string): PasswordFileError {
    return new PasswordFileError(this.#file, this.#line, `password-file: Error: ${text}`, advice);
  }
}

/**
 * The users of a password file: names, as `userKey` makes them, to encoded hashes. Comments start with # in the
 * first column; lines without a colon do not count. Throws PasswordFileError for what Mosquitto 2.1 refuses.
 */
export function parsePasswordFile(content: Uint8Array, file: string): Map<string, string> {
  const parser = new Parser(file);
  for (const line of linesOf(asBytes(content))) parser.read(line);
  return parser.users;
}

/** The same, without holding up for long what else there is to do. */
async function parseInTurns(content: Uint8Array, file: string): Promise<Map<string, string>> {
  const parser = new Parser(file);
  let lines = 0;
  for (const line of linesOf(asBytes(content))) {
    parser.read(line);
    if (++lines % LINES_A_TURN === 0) await nextTurn();
  }
  return parser.users;
}

export interface LoadedPasswordFile {
  readonly users: Map<string, string>;
  /** Of owner and permissions; each is a line. */
  readonly warnings: readonly string[];
}

/** Reads a password file, all of it or nothing. Throws PasswordFileError. */
export async function loadPasswordFile(file: string): Promise<LoadedPasswordFile> {
  const { content, warnings } = await readRestrictedFile(file, kind);
  return { users: await parseInTurns(content, file), warnings };
}
