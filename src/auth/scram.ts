// SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) as authentication methods of MQTT 5's enhanced
// authentication. The server keeps no password, only what it needs to check one.
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { AuthenticationExchange, AuthenticationStep, Plugin } from '../core/plugin.js';

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

/** What is kept of a user's password for one mechanism. */
export interface ScramCredentials {
  salt: Uint8Array;
  iterations: number;
  storedKey: Uint8Array;
  serverKey: Uint8Array;
}

export interface ScramOptions {
  /** Finds a user's credentials; undefined: there is no such user. */
  find(
    username: string,
    mechanism: ScramMechanism,
  ): ScramCredentials | undefined | Promise<ScramCredentials | undefined>;
  /** Which mechanisms are offered. */
  mechanisms?: readonly ScramMechanism[];
  /** Keep it if unknown users should get the same salt after a restart, as known ones do. */
  secret?: Uint8Array;
}

const digests: Readonly<Record<ScramMechanism, string>> = {
  'SCRAM-SHA-256': 'sha256',
  'SCRAM-SHA-512': 'sha512',
};
const derive = promisify(pbkdf2);
const MIN_ITERATIONS = 4096;

function hmac(digest: string, key: Uint8Array, text: string): Buffer {
  return createHmac(digest, key).update(text).digest();
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]!));
}

/** Makes the credentials of a password, to be kept. */
export async function scramCredentials(
  password: string,
  {
    mechanism = 'SCRAM-SHA-256',
    iterations = MIN_ITERATIONS,
    salt = randomBytes(16),
  }: { mechanism?: ScramMechanism; iterations?: number; salt?: Uint8Array } = {},
): Promise<ScramCredentials> {
  const digest = digests[mechanism];
  const length = createHash(digest).digest().length;
  const salted = await derive(password.normalize('NFKC'), salt, iterations, length, digest);
  const storedKey = createHash(digest)
    .update(hmac(digest, salted, 'Client Key'))
    .digest();
  return { salt, iterations, storedKey, serverKey: hmac(digest, salted, 'Server Key') };
}

/** `a=1,b=2` as a map; the values may contain `=`. */
function attributes(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    if (part[1] === '=') found.set(part[0]!, part.slice(2));
  }
  return found;
}

/** RFC 5802 section 5.1: `,` and `=` are written `=2C` and `=3D`. */
function decodeName(text: string): string {
  if (/=(?!2C|3D)/.test(text)) throw new Error('user name is not encoded as SCRAM wants it');
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

/** Somebody who guesses names must not see which ones exist: a name that does not has a salt too, always the same. */
class Decoys {
  readonly #secret: Uint8Array;
  #saltLength = 16;
  #iterations = MIN_ITERATIONS;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** They look like the users that there are. */
  learn({ salt, iterations }: ScramCredentials): void {
    this.#saltLength = Math.min(salt.length, 64);
    this.#iterations = iterations;
  }

  credentials(username: string): { salt: Uint8Array; iterations: number } {
    const salt = createHmac('sha512', this.#secret).update(username).digest().subarray(0, this.#saltLength);
    return { salt, iterations: this.#iterations };
  }
}

class ScramExchange implements AuthenticationExchange {
  readonly #digest: string;
  readonly #decoys: Decoys;
  readonly #find: (username: string) => ReturnType<ScramOptions['find']>;
  #state: 'first' | 'final' | 'over' = 'first';
  #username = '';
  #credentials: ScramCredentials | undefined;
  #header = '';
  #clientFirst = '';
  #serverFirst = '';
  #nonce = '';

  constructor(digest: string, decoys: Decoys, find: (username: string) => ReturnType<ScramOptions['find']>) {
    this.#digest = digest;
    this.#decoys = decoys;
    this.#find = find;
  }

  async next(data: Uint8Array | undefined): Promise<AuthenticationStep> {
    const text = Buffer.from(data ?? []).toString('utf8');
    if (this.#state === 'first') return this.#first(text);
    if (this.#state === 'final') return this.#final(text);
    throw new Error('the exchange is over');
  }

  async #first(text: string): Promise<AuthenticationStep> {
    // channel binding is not offered: n, or y from a client that could but sees that we do not
    const match = /^([ny]),(?:a=([^,]*))?,(.*)$/s.exec(text);
    if (match === null) throw new Error('the first message is not one of SCRAM');
    this.#header = text.slice(0, text.length - match[3]!.length);
    this.#clientFirst = match[3]!;
    const fields = attributes(this.#clientFirst);
    const clientNonce = fields.get('r');
    const name = fields.get('n');
    if (fields.has('m') || name === undefined || clientNonce === undefined || clientNonce === '') {
      throw new Error('the first message lacks a user name or a nonce');
    }
    this.#username = decodeName(name);
    // acting as somebody else is not offered (RFC 5802 section 5.1)
    if (match[2] !== undefined && decodeName(match[2]) !== this.#username)
      throw new Error('user and identity differ');
    this.#credentials = await this.#find(this.#username);
    if (this.#credentials !== undefined) this.#decoys.learn(this.#credentials);
    this.#nonce = clientNonce + randomBytes(18).toString('base64');
    const { salt, iterations } = this.#credentials ?? this.#decoys.credentials(this.#username);
    this.#serverFirst = `r=${this.#nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`;
    this.#state = 'final';
    return { done: false, data: Buffer.from(this.#serverFirst) };
  }

  #final(text: string): AuthenticationStep {
    this.#state = 'over';
    const fields = attributes(text);
    const proof = Buffer.from(fields.get('p') ?? '', 'base64');
    const binding = Buffer.from(this.#header).toString('base64');
    if (fields.get('c') !== binding || fields.get('r') !== this.#nonce)
      throw new Error('the final message does not follow the first');
    const credentials = this.#credentials;
    if (credentials === undefined) throw new Error('unknown user');
    const message = `${this.#clientFirst},${this.#serverFirst},${text.slice(0, text.lastIndexOf(',p='))}`;
    const signature = hmac(this.#digest, credentials.storedKey, message);
    if (proof.length !== signature.length) throw new Error('wrong password');
    const storedKey = createHash(this.#digest).update(xor(proof, signature)).digest();
    if (!timingSafeEqual(storedKey, credentials.storedKey)) throw new Error('wrong password');
    const verifier = hmac(this.#digest, credentials.serverKey, message).toString('base64');
    return { done: true, data: Buffer.from(`v=${verifier}`), username: this.#username };
  }
}

/** A plugin that lets clients authenticate with SCRAM. Add `authenticate` hooks for those that do not. */
export function scram({
  find,
  mechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
  secret = randomBytes(32),
}: ScramOptions): Plugin {
  const decoys = new Decoys(secret);
  const methods = mechanisms.map((mechanism) => [
    mechanism,
    () => new ScramExchange(digests[mechanism], decoys, (username) => find(username, mechanism)),
  ]);
  return { name: 'scram', authenticationMethods: Object.fromEntries(methods) };
}
