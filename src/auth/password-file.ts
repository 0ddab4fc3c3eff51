// Mosquitto's password files: how they are opened and read, which lines count, and what is said of the others.
// Names and hashes stay bytes (one character each), so that nothing in a file can pass for something else.
import { constants, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkPasswordHash, PasswordHashError } from './password-hash.js';

/** Bytes of a whole file; a user takes about 200. */
const MAX_FILE_LENGTH = 128 * 1024 * 1024;
/** Bytes of a name or an encoded hash. */
const MAX_FIELD_LENGTH = 65_535;
/** Lines that are read at once; they take a few milliseconds. */
const LINES_A_TURN = 2000;

/** A password file that cannot be used. The message is Mosquitto's, and what to do. */
export class PasswordFileError extends Error {
  override readonly name = 'PasswordFileError';
  readonly file: string;
  /** Counted from 1; undefined when it is the file itself. */
  readonly line: number | undefined;
  /** What is wrong, in the words of Mosquitto. */
  readonly text: string;

  constructor(file: string, line: number | undefined, text: string, advice: string) {
    super(`${text}${line === undefined ? '' : ` Line ${line}:`} ${advice}`);
    this.file = file;
    this.line = line;
    this.text = text;
  }
}

/** Where files of secrets may be symbolic links, as Mosquitto 2.1 has it. */
export function followsLinks(): boolean {
  return process.env['MOSQUITTO_UNSAFE_ALLOW_SYMLINKS'] !== undefined;
}

/** For opening a file of secrets: not through a symbolic link. */
export function restrictedFlag(): number {
  // Windows has none
  return followsLinks() ? 0 : (constants.O_NOFOLLOW ?? 0);
}

/** What Mosquitto warns of when it opens a file of secrets. */
export function restrictedFileWarnings(path: string, { mode, uid, gid }: Stats): string[] {
  if (process.getuid === undefined) return [];
  const warnings: string[] = [];
  const future = 'Future versions will refuse to load this file.';
  if ((mode & 0o007) !== 0)
    warnings.push(
      `Warning: File ${path} has world readable permissions. ${future}\nTo fix this, use \`chmod 0700 ${path}\`.\n`,
    );
  if (uid !== process.getuid()) {
    const owner = ownName();
    warnings.push(
      `Warning: File ${path} owner is not ${owner}. ${future}To fix this, use \`chown ${owner} ${path}\`.\n`,
    );
  }
  if (gid !== process.getgid!())
    warnings.push(`Warning: File ${path} group is not ${ownGroupName()}. ${future}\n`);
  return warnings;
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid!()); // a container's user that has no name
  }
}

function ownGroupName(): string {
  const gid = String(process.getgid!());
  try {
    const lines = readFileSync('/etc/group', 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find((fields) => fields[2] === gid)?.[0] ?? gid;
  } catch {
    return gid;
  }
}

/** The bytes of a name as they are in files that were read here. */
export function userKey(username: string): string {
  return Buffer.from(username, 'utf8').toString('latin1');
}

/** For messages: a line from a file may hold anything. */
function shown(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return short.replace(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/** Without what C calls white space at both ends. */
export function trimBlanks(bytes: string): string {
  let start = 0;
  while (isBlank(bytes.charCodeAt(start))) start++;
  return trimBlanksAtEnd(bytes.slice(start));
}

// a regular expression would take quadratic time for a file that is made for that
function trimBlanksAtEnd(bytes: string): string {
  let end = bytes.length;
  while (isBlank(bytes.charCodeAt(end - 1))) end--;
  return bytes.slice(0, end);
}

/** The lines of a file, each with its end; the last one may have none. */
export function* linesOf(bytes: string): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf('\n', start) + 1 || bytes.length;
    yield bytes.slice(start, end);
    start = end;
  }
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
  for (const line of linesOf(asText(content))) parser.read(line);
  return parser.users;
}

/** The same, without holding up for long what else there is to do. */
async function parseInTurns(content: Uint8Array, file: string): Promise<Map<string, string>> {
  const parser = new Parser(file);
  let lines = 0;
  for (const line of linesOf(asText(content))) {
    parser.read(line);
    if (++lines % LINES_A_TURN === 0) await nextTurn();
  }
  return parser.users;
}

function asText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

const openAdvice: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file: make one with pondhawk passwd -c.',
  EACCES: 'Its permissions do not let this user read it.',
  ELOOP: 'It is a symbolic link: name the file itself, or set MOSQUITTO_UNSAFE_ALLOW_SYMLINKS.',
};

function cannotOpen(file: string, advice: string): PasswordFileError {
  return new PasswordFileError(
    file,
    undefined,
    `password-file: Error: Unable to open pwfile "${file}".`,
    advice,
  );
}

async function openForReading(file: string): Promise<FileHandle> {
  // a pipe must not make a thread wait until somebody writes into it
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | restrictedFlag();
  try {
    return await open(file, flags);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw cannotOpen(file, openAdvice[code] ?? message);
  }
}

export interface LoadedPasswordFile {
  readonly users: Map<string, string>;
  /** Of owner and permissions; each is a line or two. */
  readonly warnings: readonly string[];
}

/** Reads a password file, all of it or nothing. Throws PasswordFileError. */
export async function loadPasswordFile(file: string): Promise<LoadedPasswordFile> {
  const handle = await openForReading(file);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw cannotOpen(file, `${file} is not a file.`);
    const content = await readAll(handle, file, stats.size);
    return { users: await parseInTurns(content, file), warnings: restrictedFileWarnings(file, stats) };
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, file: string, size: number): Promise<Uint8Array> {
  if (size > MAX_FILE_LENGTH) throw cannotOpen(file, `It is larger than ${MAX_FILE_LENGTH} bytes.`);
  const content = Buffer.alloc(size);
  let length = 0;
  for (let read = -1; read !== 0 && length < size; length += read)
    ({ bytesRead: read } = await handle.read(content, length, size - length, length));
  return content.subarray(0, length);
}
