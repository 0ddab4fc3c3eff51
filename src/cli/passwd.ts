// `pondhawk passwd`: makes and changes password files, as mosquitto_passwd does. A file keeps its owner, mode and
// inode: its new content is computed first, the old one is saved beside it, and then it is written over.
import { randomInt } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  realpathSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { fieldsOf, userKey } from '../auth/password-file.js';
import { atoi, type HashType, hashPassword, hashTypes, PasswordHashError } from '../auth/password-hash.js';
import { linesOf, restrictedFileWarnings, restrictedFlag, trimBlanks } from '../auth/restricted-file.js';
import { fileErrorWords, systemErrorWords } from './mosquitto-texts.js';
import { Interrupted, PasswordInput } from './password-input.js';
import { packageVersion } from './version.js';

/** Bytes of names, and of passwords on the command line. */
const MAX_FIELD_LENGTH = 65_535;
/** Bytes of a file. */
const MAX_FILE_LENGTH = 128 * 1024 * 1024;
/** Mosquitto's number for what is not supported. */
const NOT_SUPPORTED = 10;

/** The tool ends with this exit code, after it has said this to standard error. */
class End extends Error {
  readonly code: number;

  constructor(text: string, code = 1) {
    super(text);
    this.code = code;
  }
}

/** The tool ends because the command line makes no sense: it says how it is used. */
class WrongUsage extends Error {}

function usage(program: string): string {
  return `${program} makes and changes password files.

Usage: ${program} [-H TYPE] [-I COUNT] [-c | -D] passwordfile username
       ${program} [-H TYPE] [-I COUNT] [-c] -b passwordfile username password
       ${program} [-H TYPE] [-I COUNT] -U passwordfile

Options:
  -b        take the password from the command line, where others may see it
  -c        make a new file, which must not exist yet; - is standard output
  -D        delete the user instead of adding or updating its password
  -H TYPE   the hash: sha512-pbkdf2 (default), argon2id, or sha512, which is quick to guess
  -I COUNT  iterations of sha512-pbkdf2 (default 1000)
  -U        hash the passwords of a file of plain text passwords; hashes in it are hashed again

Without -b the password is asked for, or read from standard input: two lines, which must be the same.
`;
}

/** What the flags say. */
interface Draft {
  batch: boolean;
  create: boolean;
  remove: boolean;
  upgrade: boolean;
  hashType: HashType;
  /** undefined: as many as usual. */
  iterations: number | undefined;
}

type Switch = 'batch' | 'create' | 'remove' | 'upgrade';

const switches: Readonly<Record<string, Switch>> = {
  '-b': 'batch',
  '-c': 'create',
  '-D': 'remove',
  '-U': 'upgrade',
};

const valueFlags: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  '-H': (draft, value) => {
    const type = hashTypes.find((one) => one === value);
    if (type === undefined) throw new End(`Error: Unknown hash type '${value}'\n`);
    draft.hashType = type;
  },
  '-I': (draft, value) => {
    draft.iterations = atoi(value);
    if (draft.iterations < 1) throw new End('Error: Number of iterations must be > 0.\n');
  },
};

/** Flags that do not go together, in the order in which they are looked at. */
const conflicts: readonly (readonly [Switch, Switch, string])[] = [
  ['create', 'remove', '-c and -D'],
  ['create', 'upgrade', '-c and -U'],
  ['remove', 'upgrade', '-D and -U'],
  ['remove', 'batch', '-b and -D'],
];

/** Reads the flags; returns the arguments that follow them. */
function readFlags(draft: Draft, args: readonly string[]): readonly string[] {
  let at = 0;
  for (let name = args[at]; name !== undefined; name = args[++at]) {
    if (Object.hasOwn(switches, name)) draft[switches[name]!] = true;
    else if (Object.hasOwn(valueFlags, name)) valueFlags[name]!(draft, given(name, args[++at]));
    else break;
  }
  const conflict = conflicts.find(([one, other]) => draft[one] && draft[other]);
  if (conflict !== undefined) throw new End(`Error: ${conflict[2]} cannot be used together.\n`);
  return args.slice(at);
}

function given(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new End(`Error: ${name} argument given but not enough other arguments.\n`);
}

/** What is to be done. */
interface Request {
  readonly change: 'create' | 'remove' | 'upgrade' | 'set';
  /** undefined: standard output. */
  readonly path: string | undefined;
  readonly username: string;
  /** undefined: it is asked for. */
  readonly password: string | undefined;
  readonly hashType: HashType;
  readonly iterations: number | undefined;
}

/** How many arguments each change needs: at least so many, or exactly. What is said when it has others. */
const needs: Readonly<Record<Request['change'], (draft: Draft, count: number) => string | undefined>> = {
  create: ({ batch }, count) => {
    if (count >= (batch ? 3 : 2)) return undefined;
    return batch
      ? '-c argument given but password file, username, or password missing.'
      : '-c argument given but password file or username missing.';
  },
  remove: (_draft, count) =>
    count >= 2 ? undefined : '-D argument given but password file or username missing.',
  upgrade: (_draft, count) => (count === 1 ? undefined : '-U argument given but password file missing.'),
  set: ({ batch }, count) => {
    if (count !== (batch ? 3 : 2)) throw new WrongUsage();
    return undefined;
  },
};

function changeOf({ create, remove, upgrade }: Draft): Request['change'] {
  if (create) return 'create';
  if (remove) return 'remove';
  return upgrade ? 'upgrade' : 'set';
}

function requestOf(args: readonly string[]): Request {
  if (args.length === 0) throw new WrongUsage();
  const draft: Draft = {
    batch: false,
    create: false,
    remove: false,
    upgrade: false,
    hashType: 'sha512-pbkdf2',
    iterations: undefined,
  };
  const rest = readFlags(draft, args);
  const change = changeOf(draft);
  const lack = needs[change](draft, rest.length);
  if (lack !== undefined) throw new End(`Error: ${lack}\n`);
  const [path, username = '', password] = rest;
  const { batch, hashType, iterations } = draft;
  return {
    change,
    path: change === 'create' && path === '-' ? undefined : path,
    username,
    password: batch ? password : undefined,
    hashType,
    iterations,
  };
}

type NameProblem = readonly [isSo: (name: string) => boolean, mustNot: string];

const nameProblems: readonly NameProblem[] = [
  [(name) => [...name].some(isControl), 'contain control characters.'],
  [(name) => name.includes(':'), "contain the ':' character."],
];
/** These may stand in old files, but nothing good comes from adding them. */
const addedNameProblems: readonly NameProblem[] = [
  [(name) => name === '', 'be empty.'],
  [(name) => name.startsWith('#'), "start with '#': the broker would read a comment."],
  [(name) => /^ | $/.test(name), 'start or end with a blank: the broker would not see it.'],
];

/** Those of ASCII, as in C. */
function isControl(character: string): boolean {
  const code = character.charCodeAt(0);
  return code < 32 || code === 127;
}

function checkRequest({ change, username, password = '' }: Request): void {
  if (Buffer.byteLength(username) > MAX_FIELD_LENGTH)
    throw new End('Error: Username must be less than 65536 characters long.\n');
  const isAdded = change === 'create' || change === 'set';
  const problems = isAdded ? [...nameProblems, ...addedNameProblems] : nameProblems;
  const problem = problems.find(([isSo]) => isSo(username));
  if (problem !== undefined) throw new End(`Error: Username must not ${problem[1]}\n`);
  if (Buffer.byteLength(password) > MAX_FIELD_LENGTH)
    throw new End('Error: Password must be less than 65536 characters long.\n');
  // what Node makes of bytes that it could not decode: the hash would be of something else
  if (`${username}${password}`.includes('\ufffd'))
    throw new End('Error: Username and password must be UTF-8.\n');
}

/** The file that a path leads to; a path to nothing is left as it is. */
function resolvedPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw new End(`Error reading password file: ${fileErrorWords(error)}\n`);
  }
}

/** Opens a file of secrets, and warns as Mosquitto does. `failure` is what to say, before the reason. */
function openRestricted(path: string, flag: number, failure: string): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, flag | restrictedFlag(), 0o600);
  } catch (error) {
    throw new End(`${failure} ${fileErrorWords(error)}.\n`);
  }
  const stats = fstatSync(descriptor);
  for (const warning of restrictedFileWarnings(path, stats)) process.stderr.write(warning);
  if (stats.isFile() && stats.size <= MAX_FILE_LENGTH) return descriptor;
  closeSync(descriptor);
  if (stats.isFile()) throw new End(`${failure} ${systemErrorWords('EFBIG')}.\n`);
  throw new End(`Error: ${path} is not a file.${failure} ${systemErrorWords('EINVAL')}.\n`);
}

async function encoded({ hashType, iterations }: Request, password: Uint8Array): Promise<string> {
  try {
    return await hashPassword(hashType, password, iterations);
  } catch (error) {
    if (!(error instanceof PasswordHashError)) throw error;
    throw new End(`Error: Unable to hash password.\nError: ${error.message}.\n`, NOT_SUPPORTED);
  }
}

async function newLine(request: Request, password: Uint8Array): Promise<string> {
  return `${userKey(request.username)}:${await encoded(request, password)}\n`;
}

interface Entry {
  /** With its end. */
  readonly line: string;
  readonly name: string;
  readonly password: string;
}

/** The users of a file. Unlike the broker, the tool takes no comments and no empty lines, as it would lose them. */
function* entriesOf(content: string): Generator<Entry> {
  let number = 0;
  for (const line of linesOf(content)) {
    number++;
    const { name, password } = fieldsOf(line);
    const entry = { line, name: trimBlanks(name ?? ''), password: trimBlanks(password ?? '') };
    if (entry.name === '' || entry.password === '' || line.includes('\0'))
      throw new End(`Error: Corrupt password file at line ${number}.\n`);
    yield entry;
  }
}

/** The new content of a file for each change, with what there is to say of it. */
type Rewrite = (content: string, request: Request) => Promise<{ content: string; told?: string }>;

const removeUser: Rewrite = async (content, { username }) => {
  const key = userKey(username);
  let kept = '';
  let found = false;
  try {
    for (const { line, name } of entriesOf(content)) {
      if (name === key) found = true;
      else kept += line;
    }
  } catch (error) {
    if (!found && error instanceof End) throw new End(error.message + notFound(username));
    throw error;
  }
  if (!found) throw new End(notFound(username));
  return { content: kept };
};

function notFound(username: string): string {
  return `Warning: User ${username} not found in password file.\n`;
}

const upgradeAll: Rewrite = async (content, request) => {
  if (content === '') throw new End('Error: There are no users in the password file.\n');
  const entries = [...entriesOf(content)];
  const lines: string[] = [];
  for (const { name, password } of entries)
    lines.push(`${name}:${await encoded(request, Buffer.from(password, 'latin1'))}\n`);
  return { content: lines.join('') };
};

/** Only the first line of a name is changed, as Mosquitto does. */
const setPassword: Rewrite = async (content, request) => {
  const { username } = request;
  const key = userKey(username);
  const entries = [...entriesOf(content)];
  const line = await newLine(request, await passwordOf(request));
  const at = entries.findIndex(({ name }) => name === key);
  const lines = entries.map((entry) => entry.line);
  if (at !== -1) {
    lines[at] = line;
    return { content: lines.join(''), told: `Updating password for user ${username}\n` };
  }
  const end = content === '' || content.endsWith('\n') ? '' : '\n';
  return { content: content + end + line, told: `Adding password for user ${username}\n` };
};

const rewrites: Readonly<Record<Exclude<Request['change'], 'create'>, Rewrite>> = {
  remove: removeUser,
  upgrade: upgradeAll,
  set: setPassword,
};

/** A file with the old content, for as long as the new one is written. */
class Backup {
  readonly path: string;

  constructor(path: string, content: Uint8Array) {
    this.path = `${path}.backup.${randomName()}`;
    try {
      const exclusive = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
      const descriptor = openSync(this.path, exclusive, 0o600);
      writeWhole(descriptor, content);
      closeSync(descriptor);
    } catch (error) {
      const { syscall } = error as NodeJS.ErrnoException;
      if (syscall !== 'open') this.remove();
      const failed = syscall === 'open' ? 'creating' : 'copying data to';
      throw new End(`Error ${failed} backup password file "${this.path}", not continuing.\n`);
    }
  }

  /** It may hold old passwords. */
  remove(): void {
    unlinkSync(this.path);
  }
}

function randomName(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('');
}

/** Cut off last: a broker that reads meanwhile sees all users rather than none. */
function writeWhole(descriptor: number, content: Uint8Array): void {
  for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at, content.length - at, at);
  ftruncateSync(descriptor, content.length);
  fsyncSync(descriptor);
}

function overwrite(descriptor: number, content: string, backup: Backup): void {
  try {
    writeWhole(descriptor, Buffer.from(content, 'latin1'));
  } catch {
    throw new End(
      `Error occurred updating password file.\nPassword file may be corrupt, check the backup file: ${backup.path}.\n`,
    );
  }
  backup.remove();
}

async function changeFile(request: Request, path: string, rewrite: Rewrite): Promise<void> {
  const real = resolvedPath(path);
  const failure = `Error: Unable to open password file ${real}.`;
  const descriptor = openRestricted(real, constants.O_RDWR, failure);
  const old = readFileSync(descriptor);
  const backup = new Backup(real, old);
  const leave = onSignal(() => backup.remove());
  let changed: Awaited<ReturnType<Rewrite>>;
  try {
    changed = await rewrite(old.toString('latin1'), request);
  } catch (error) {
    backup.remove();
    throw error;
  } finally {
    leave();
  }
  process.stdout.write(changed.told ?? '');
  overwrite(descriptor, changed.content, backup);
  closeSync(descriptor);
}

async function createFile(request: Request, path: string | undefined): Promise<void> {
  const real = path === undefined ? undefined : resolvedPath(path);
  const line = await newLine(request, await passwordOf(request));
  if (real === undefined) {
    process.stdout.write(Buffer.from(line, 'latin1'));
    return;
  }
  const failure = `Error: Unable to open file ${real} for writing.`;
  const exclusive = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  const descriptor = openRestricted(real, exclusive, failure);
  process.stdout.write(`Adding password for user ${request.username}\n`);
  writeWhole(descriptor, Buffer.from(line, 'latin1'));
  closeSync(descriptor);
}

/** Signals end the tool with exit code 0, as Mosquitto's does. Returns how to undo it. */
function onSignal(tidy: () => void): () => void {
  const ended = (): void => {
    tidy();
    process.exit(0);
  };
  process.once('SIGINT', ended).once('SIGTERM', ended);
  return () => process.off('SIGINT', ended).off('SIGTERM', ended);
}

async function passwordOf({ password }: Request): Promise<Uint8Array> {
  if (password !== undefined) return Buffer.from(password);
  const leave = onSignal(() => {});
  try {
    return await askTwice(new PasswordInput());
  } finally {
    leave();
  }
}

async function askTwice(input: PasswordInput): Promise<Buffer> {
  const answers: Buffer[] = [];
  for (const prompt of ['Password: ', 'Reenter password: ']) {
    const answer = await input.read(prompt);
    if (answer.length === 0) throw new End('Error: Empty password.\n');
    process.stdout.write('\n');
    answers.push(answer);
  }
  const [first, second] = answers as [Buffer, Buffer];
  if (!first.equals(second)) throw new End('Error: Passwords do not match.\n', 2);
  return first;
}

async function run(args: readonly string[]): Promise<void> {
  const request = requestOf(args);
  checkRequest(request);
  const { change, path } = request;
  if (change === 'create') await createFile(request, path);
  else await changeFile(request, path!, rewrites[change]);
}

/** Returns the exit code. `program` is how the user called it. */
export async function runPasswd(args: readonly string[], program: string): Promise<number> {
  if (args.length === 1 && args[0] === '--version') {
    process.stdout.write(`${program} version ${packageVersion()}\n`);
    return 1; // as the other tools, and Mosquitto's
  }
  try {
    await run(args);
    return 0;
  } catch (error) {
    if (error instanceof WrongUsage) process.stdout.write(usage(program));
    else if (error instanceof Interrupted) return 0;
    else if (error instanceof End) process.stderr.write(error.message);
    else throw error;
    return error instanceof End ? error.code : 1;
  }
}
