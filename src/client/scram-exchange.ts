// The messages of SCRAM (RFC 5802, RFC 7677) from the client's side. The server proves that it knows the user too.
// On WebCrypto, which Node and browsers have. Loaded when a connection begins that needs it.
import type { AuthenticationExchange } from './authentication.js';
import { ClientError } from './errors.js';
import type { ScramClientOptions } from './scram.js';

/** RFC 7677 section 4: a server that asks for less is not to be trusted. */
const MIN_ITERATIONS = 4096;
const text = new TextEncoder();

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(value: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
}

function attributes(message: string): Map<string, string> {
  return new Map(message.split(',').map((part) => [part[0] ?? '', part.slice(2)]));
}

function failure(what: string): ClientError {
  return new ClientError('protocol', `SCRAM: ${what}`);
}

export class ScramExchange implements AuthenticationExchange {
  readonly #options: ScramClientOptions;
  readonly #hash: string;
  readonly #nonce = base64(crypto.getRandomValues(new Uint8Array(18)));
  #firstBare = '';
  #serverSignature = '';
  #state: 'first' | 'final' | 'over' = 'first';

  constructor(options: ScramClientOptions, hash: string) {
    this.#options = options;
    this.#hash = hash;
  }

  first(): Uint8Array {
    const name = this.#options.username.normalize('NFKC').replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#firstBare = `n=${name},r=${this.#nonce}`;
    return text.encode(`n,,${this.#firstBare}`);
  }

  async next(data: Uint8Array | undefined): Promise<Uint8Array> {
    if (this.#state !== 'first') throw failure('the server asks once more');
    this.#state = 'final';
    const serverFirst = new TextDecoder().decode(data);
    const fields = attributes(serverFirst);
    const nonce = fields.get('r') ?? '';
    const iterations = Number(fields.get('i'));
    const salt = fields.get('s') ?? '';
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw failure('the nonce is not ours');
    if (fields.has('m')) throw failure('the server wants an extension that is not known here');
    if (salt === '') throw failure('there is no salt');
    if (
      !Number.isInteger(iterations) ||
      !(iterations >= MIN_ITERATIONS && iterations <= (this.#options.maxIterations ?? 1_000_000))
    )
      throw failure(`the server asks for ${fields.get('i')} iterations`);
    const withoutProof = `c=biws,r=${nonce}`;
    const message = text.encode(`${this.#firstBare},${serverFirst},${withoutProof}`);
    const salted = await this.#derive(fromBase64(salt), iterations);
    const clientKey = await this.#hmac(salted, text.encode('Client Key'));
    const storedKey = new Uint8Array(await crypto.subtle.digest(this.#hash, clientKey));
    const signature = await this.#hmac(storedKey, message);
    const serverKey = await this.#hmac(salted, text.encode('Server Key'));
    this.#serverSignature = base64(await this.#hmac(serverKey, message));
    const proof = clientKey.map((byte, i) => byte ^ signature[i]!);
    return text.encode(`${withoutProof},p=${base64(proof)}`);
  }

  finish(data: Uint8Array | undefined): void {
    const fields = attributes(new TextDecoder().decode(data));
    if (this.#state !== 'final' || fields.get('v') !== this.#serverSignature)
      throw failure('the server has not proven that it knows this user');
    this.#state = 'over';
  }

  async #derive(salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<Uint8Array<ArrayBuffer>> {
    const password = text.encode(this.#options.password.normalize('NFKC'));
    const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
    const bits = Number(this.#hash.slice(4));
    const parameters = { name: 'PBKDF2', hash: this.#hash, salt, iterations };
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, bits));
  }

  async #hmac(
    key: Uint8Array<ArrayBuffer>,
    message: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const algorithm = { name: 'HMAC', hash: this.#hash };
    const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message));
  }
}
