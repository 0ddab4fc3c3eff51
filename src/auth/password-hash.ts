// The hashes of passwords that stand in Mosquitto's password files: how they are written, read and compared with
// what a client sends. Deriving a hash takes long on purpose, so it happens in threads, a few at a time.
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

export const hashTypes = ['argon2id', 'sha512-pbkdf2', 'sha512'] as const;
export type HashType = (typeof hashTypes)[number];

/** Bytes of hashes and new salts: what Mosquitto 2.1 uses for all types. */
const HASH_LENGTH = 64;
const SALT_LENGTH = 64;
/** Bytes of salts that Mosquitto reads: 12 is what it wrote up to 2.0. */
const SALT_LENGTHS: readonly number[] = [12, SALT_LENGTH];
/** What Mosquitto 2.1 takes for sha512-pbkdf2 when nothing else is asked for. */
const DEFAULT_ITERATIONS = 1000;
/** A derivation with more would take longer than a broker waits for its plugins. */
const MAX_ITERATIONS = 5_000_000;
/** What Mosquitto 2.1 takes for argon2id. Memory is in KiB. */
const ARGON2_DEFAULTS: Argon2Cost = { version: 0x13, memory: 47_104, passes: 1, lanes: 1 };
/** KiB that one argon2id hash may take, and KiB that it may go through in all its passes. */
const MAX_ARGON2_MEMORY = 256 * 1024;
const MAX_ARGON2_WORK = 4 * 1024 * 1024;
const MAX_ARGON2_LANES = 16;
/** Bytes; the lower limits are argon2's own. */
const ARGON2_SALT = { min: 8, max: 128 };
const ARGON2_HASH = { min: 4, max: 128 };

/** A hash that cannot be read or computed; the message says why, without the hash. */
export class PasswordHashError extends Error {
  override readonly name = 'PasswordHashError';
}

/** How to get from a password to bytes that can be compared. */
interface Derivation {
  readonly type: HashType;
  /** How the encoded hash starts: everything but the hash itself. */
  readonly prefix: string;
  derive(password: Uint8Array): Promise<Buffer>;
}

export interface PasswordHash extends Derivation {
  readonly hash: Buffer;
}

interface Argon2Cost {
  readonly version: number;
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
}

/** The part of the optional package @node-rs/argon2 that is used. */
export interface Argon2 {
  hashRaw(password: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<Buffer>;
}

const ARGON2_PACKAGE = '@node-rs/argon2';
/** Numbers that the package has for these. */
const ARGON2ID = 2;
const ARGON2_VERSIONS: Readonly<Record<number, number>> = { 16: 0, 19: 1 };

/** The package, or undefined where it is not installed or has nothing for this system. */
export function loadArgon2(
  load: (name: string) => unknown = createRequire(import.meta.url),
): Argon2 | undefined {
  try {
    return load(ARGON2_PACKAGE) as Argon2;
  } catch {
    return undefined;
  }
}

let argon2: Argon2 | undefined;

function needArgon2(): Argon2 {
  argon2 ??= loadArgon2();
  if (argon2 !== undefined) return argon2;
  throw new PasswordHashError(
    `argon2id needs the package ${ARGON2_PACKAGE}: npm install ${ARGON2_PACKAGE}, or use sha512-pbkdf2`,
  );
}

const derivePbkdf2 = promisify(pbkdf2);

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function withoutPadding(bytes: Uint8Array): string {
  return base64(bytes).replace(/=+$/, '');
}

function sha512(salt: Buffer): Derivation {
  return {
    type: 'sha512',
    prefix: `$6$${base64(salt)}$`,
    derive: async (password) => createHash('sha512').update(password).update(salt).digest(),
  };
}

function sha512Pbkdf2(salt: Buffer, iterations: number): Derivation {
  return {
    type: 'sha512-pbkdf2',
    prefix: `$7$${iterations}$${base64(salt)}$`,
    derive: (password) => derivePbkdf2(password, salt, iterations, HASH_LENGTH, 'sha512'),
  };
}

function argon2id(salt: Buffer, cost: Argon2Cost, length: number): Derivation {
  const { version, memory, passes, lanes } = cost;
  const options = {
    algorithm: ARGON2ID,
    version: ARGON2_VERSIONS[version]!,
    memoryCost: memory,
    timeCost: passes,
    parallelism: lanes,
    salt,
    outputLen: length,
  };
  return {
    type: 'argon2id',
    prefix: `$argon2id$v=${version}$m=${memory},t=${passes},p=${lanes}$${withoutPadding(salt)}$`,
    derive: async (password) => needArgon2().hashRaw(password, options),
  };
}

/** A new hash of each type, with a salt of its own. */
const freshDerivations: Readonly<Record<HashType, (iterations: number) => Derivation>> = {
  argon2id: () => argon2id(randomBytes(SALT_LENGTH), ARGON2_DEFAULTS, HASH_LENGTH),
  'sha512-pbkdf2': (iterations) => sha512Pbkdf2(randomBytes(SALT_LENGTH), iterations),
  sha512: () => sha512(randomBytes(SALT_LENGTH)),
};

/**
 * Encodes a password as Mosquitto 2.1 does. `iterations` counts for sha512-pbkdf2 only, and is 1 or more.
 * Throws PasswordHashError when the type is not available, or so many iterations are too many.
 */
export async function hashPassword(
  type: HashType,
  password: Uint8Array,
  iterations = DEFAULT_ITERATIONS,
): Promise<string> {
  if (type === 'sha512-pbkdf2') checkIterations(iterations);
  const { prefix, derive } = freshDerivations[type](iterations);
  const hash = await derive(password);
  return prefix + (type === 'argon2id' ? withoutPadding(hash) : base64(hash));
}

function checkIterations(iterations: number): void {
  if (iterations < 1) throw new PasswordHashError('the number of iterations must be 1 or more');
  if (iterations > MAX_ITERATIONS)
    throw new PasswordHashError(
      `${iterations} iterations are too many: ${MAX_ITERATIONS} are allowed, as more would hold logins up`,
    );
}

/** What the C library's atoi makes of a text: the number that it starts with, in 32 bits, else 0. */
export function atoi(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d{1,100})/.exec(text)?.[1] ?? '0';
  const value = BigInt(digits.replace('+', ''));
  const long = value > MAX_LONG ? MAX_LONG : value < -MAX_LONG ? -MAX_LONG - 1n : value;
  return Number(BigInt.asIntN(32, long));
}

const MAX_LONG = 2n ** 63n - 1n;

/** Blanks in the middle do not count, as with the reader that Mosquitto uses. */
function fromBase64(text: string, isLength: (bytes: number) => boolean): Buffer | undefined {
  const compact = text.replace(/[ \t\r\n]/g, '');
  if (compact.length > 256 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  const bytes = Buffer.from(compact, 'base64');
  const whole = Math.ceil(bytes.length / 3) * 4;
  return compact.length === whole && isLength(bytes.length) ? bytes : undefined;
}

function saltAndHash(salt = '', hash = ''): [Buffer, Buffer] {
  const saltBytes = fromBase64(salt, (length) => SALT_LENGTHS.includes(length));
  const hashBytes = fromBase64(hash, (length) => length === HASH_LENGTH);
  if (saltBytes === undefined || hashBytes === undefined)
    throw new PasswordHashError('salt or hash are missing, or are not in base64 of the right length');
  return [saltBytes, hashBytes];
}

/** The parts between dollar signs; empty ones do not count. */
function parts(encoded: string): string[] {
  return encoded
    .slice('$7$'.length)
    .split('$', 32)
    .filter((part) => part !== '');
}

function decodeSha512(encoded: string): PasswordHash {
  const [salt, hash] = saltAndHash(...parts(encoded));
  return { ...sha512(salt), hash };
}

function decodePbkdf2(encoded: string): PasswordHash {
  const [iterations = '', ...rest] = parts(encoded);
  checkIterations(atoi(iterations));
  const [salt, hash] = saltAndHash(...rest);
  return { ...sha512Pbkdf2(salt, atoi(iterations)), hash };
}

const ARGON2_SYNTAX =
  /^\$argon2id\$(?:v=(\d{1,10})\$)?m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function argon2Bytes(text: string, { min, max }: { min: number; max: number }): Buffer {
  const bytes = fromBase64(text + '='.repeat(-text.length & 3), (length) => length >= min && length <= max);
  if (bytes === undefined) throw new PasswordHashError('salt or hash of argon2id have a wrong length');
  return bytes;
}

function decodeArgon2id(encoded: string): PasswordHash {
  const match = ARGON2_SYNTAX.exec(encoded);
  if (match === null)
    throw new PasswordHashError('it is not of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash');
  const [, version = '16', memory, passes, lanes, salt, hash] = match;
  const cost: Argon2Cost = {
    version: Number(version),
    memory: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
  };
  checkArgon2(cost);
  const saltBytes = argon2Bytes(salt!, ARGON2_SALT);
  const hashBytes = argon2Bytes(hash!, ARGON2_HASH);
  needArgon2();
  return { ...argon2id(saltBytes, cost, hashBytes.length), hash: hashBytes };
}

function checkArgon2({ version, memory, passes, lanes }: Argon2Cost): void {
  if (ARGON2_VERSIONS[version] === undefined)
    throw new PasswordHashError(`argon2id has no version ${version}: 16 and 19 are known`);
  if (lanes < 1 || passes < 1 || memory < 8 * lanes)
    throw new PasswordHashError('argon2id needs t and p of 1 or more, and m of 8 times p or more');
  if (lanes > MAX_ARGON2_LANES || memory > MAX_ARGON2_MEMORY || memory * passes > MAX_ARGON2_WORK)
    throw new PasswordHashError(
      `argon2id asks for too much: at most m=${MAX_ARGON2_MEMORY}, p=${MAX_ARGON2_LANES} and m times t of ${MAX_ARGON2_WORK}`,
    );
}

const decoders: readonly (readonly [prefix: string, decode: (encoded: string) => PasswordHash])[] = [
  ['$7$', decodePbkdf2],
  ['$6$', decodeSha512],
  ['$argon2id$', decodeArgon2id],
];

/**
 * Reads an encoded hash. Throws PasswordHashError when Mosquitto 2.1 could not read it either, or when comparing
 * with it would take too much time or memory.
 */
export function decodePasswordHash(encoded: string): PasswordHash {
  if (!encoded.startsWith('$')) throw new PasswordHashError('the password is not hashed');
  const decoder = decoders.find(([prefix]) => encoded.startsWith(prefix));
  if (decoder === undefined)
    throw new PasswordHashError('the kind of hash is unknown: $argon2id$, $7$ and $6$ are known');
  return decoder[1](encoded);
}

/** What Mosquitto itself writes, except for argon2id: most lines of most files. */
const USUAL = /^\$(?:6|7\$[1-9]\d{0,5})\$(?:[A-Za-z0-9+/]{16}|[A-Za-z0-9+/]{86}==)\$[A-Za-z0-9+/]{86}==$/;

/** Throws as decodePasswordHash does, and is quick for the hashes that are usual. */
export function checkPasswordHash(encoded: string): void {
  if (!USUAL.test(encoded)) decodePasswordHash(encoded);
}

/** Too many verifications wait already. */
export class VerifierBusyError extends Error {
  override readonly name = 'VerifierBusyError';
}

export interface PasswordVerifierOptions {
  /** Verifications at the same time: half of the threads that Node has, as they also serve files and DNS. */
  readonly concurrency?: number;
  /** Verifications that may wait for their turn. */
  readonly maxWaiting?: number;
  /** Milliseconds after which nobody waits for an answer any more: a bit less than what plugins are given. */
  readonly maxWaitMs?: number;
}

interface Waiting {
  readonly since: number;
  start(): void;
  refuse(error: VerifierBusyError): void;
}

/** Compares passwords with hashes, a few at the same time; the others wait in a queue that has an end. */
export class PasswordVerifier {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #maxWaitMs: number;
  readonly #waiting: Waiting[] = [];
  #running = 0;

  constructor({ concurrency = 2, maxWaiting = 1000, maxWaitMs = 4000 }: PasswordVerifierOptions = {}) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Whether the password is the one that the encoded hash is of.
   * Throws VerifierBusyError when too many wait, PasswordHashError when the hash cannot be read.
   */
  async verify(encoded: string, password: Uint8Array): Promise<boolean> {
    await this.#turn();
    try {
      const { hash, derive } = decodePasswordHash(encoded);
      return timingSafeEqual(await derive(password), hash);
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #turn(): Promise<void> | undefined {
    if (this.#running < this.#concurrency) {
      this.#running++;
      return undefined;
    }
    if (this.#waiting.length >= this.#maxWaiting)
      throw new VerifierBusyError(`${this.#maxWaiting} logins wait for their password to be checked`);
    return new Promise((start, refuse) => this.#waiting.push({ since: Date.now(), start, refuse }));
  }

  #next(): void {
    const tooOld = Date.now() - this.#maxWaitMs;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.since >= tooOld) {
        this.#running++;
        next.start();
        return;
      }
      next.refuse(new VerifierBusyError(`a login has waited longer than ${this.#maxWaitMs} ms`));
    }
  }
}
