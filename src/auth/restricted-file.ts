// Files that say who may do what: passwords, keys, rules. How they are opened and read as a whole, what is said of who
// owns them, and what their lines have in common. Names and secrets stay bytes (one character each), so that nothing in a
// file can pass for something else.
import { constants, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { userInfo } from 'node:os';

/** Such a file that cannot be used. The message is Mosquitto's, and what to do. */
export class RestrictedFileError extends Error {
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

/** What Mosquitto warns of when it opens a file of secrets; each is a line or two. */
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

/** What a kind of these files is like. */
export interface FileKind {
  /** Bytes of a whole file. */
  readonly maxLength: number;
  /** What to do when there is no such file. */
  readonly missing: string;
  /** The error for one that cannot be opened. */
  cannotOpen(file: string, advice: string): RestrictedFileError;
}

const openAdvice: Readonly<Record<string, string>> = {
  EACCES: 'Its permissions do not let this user read it.',
  ELOOP: 'It is a symbolic link: name the file itself, or set MOSQUITTO_UNSAFE_ALLOW_SYMLINKS.',
};

async function openForReading(file: string, { missing, cannotOpen }: FileKind): Promise<FileHandle> {
  // a pipe must not make a thread wait until somebody writes into it
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | restrictedFlag();
  try {
    return await open(file, flags);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw cannotOpen(file, code === 'ENOENT' ? missing : (openAdvice[code] ?? message));
  }
}

export interface RestrictedFile {
  readonly content: Uint8Array;
  /** Of owner and permissions, for the log: each is a line. */
  readonly warnings: readonly string[];
}

/** Reads such a file, all of it or nothing. Rejects with the error of its kind. */
export async function readRestrictedFile(file: string, kind: FileKind): Promise<RestrictedFile> {
  const handle = await openForReading(file, kind);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw kind.cannotOpen(file, `${file} is not a file.`);
    if (stats.size > kind.maxLength)
      throw kind.cannotOpen(file, `It is larger than ${kind.maxLength} bytes.`);
    const warnings = restrictedFileWarnings(file, stats).flatMap((text) => text.trimEnd().split('\n'));
    return { content: await readAll(handle, stats.size), warnings };
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, size: number): Promise<Uint8Array> {
  const content = Buffer.alloc(size);
  let length = 0;
  for (let read = -1; read !== 0 && length < size; length += read)
    ({ bytesRead: read } = await handle.read(content, length, size - length, length));
  return content.subarray(0, length);
}

/** One character for each byte. */
export function asBytes({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** The lines of a file, each with its end; the last one may have none. */
export function* linesOf(bytes: string): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf('\n', start) + 1 || bytes.length;
    yield bytes.slice(start, end);
    start = end;
  }
}

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/** Without what C calls white space at both ends. */
export function trimBlanks(bytes: string): string {
  let start = 0;
  while (isBlank(bytes.charCodeAt(start))) start++;
  return trimBlanksAtEnd(bytes.slice(start));
}

// a regular expression would take quadratic time for a file that is made for that
export function trimBlanksAtEnd(bytes: string): string {
  let end = bytes.length;
  while (isBlank(bytes.charCodeAt(end - 1))) end--;
  return bytes.slice(0, end);
}

/** For messages: a line from a file may hold anything. Tabs stay, as they are what is wrong with many a line. */
export function shownBytes(bytes: string, maxLength: number): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return short.replace(/(?!\t)\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
