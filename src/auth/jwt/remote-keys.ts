// Public keys from a web server (JWKS, RFC 7517). They are fetched when they have become old and when a token names a
// key that is not among them, but not more often than the cool-down allows, whatever tokens name. When the server
// is away, the keys that are known stay.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { LogLevel } from '../../core/plugin.js';
import { HttpRequester } from '../http/requester.js';
import { RequestWriter } from '../http/template.js';
import {
  algorithmsOf,
  type KeySource,
  MAX_CANDIDATES,
  publicAlgorithms,
  type TokenHeader,
} from './token-keys.js';

export interface RemoteKeysOptions {
  readonly url: string;
  readonly algorithms?: readonly string[] | undefined;
  /** Seconds after which keys are fetched again. Default 600. */
  readonly cacheSeconds?: number | undefined;
  /** Seconds between two requests, at least. Default 30. */
  readonly cooldown?: number | undefined;
  /** Seconds for a request. Default 2. */
  readonly timeout?: number | undefined;
  /** Certificates of authorities to trust instead of the usual ones (PEM). */
  readonly ca?: string | undefined;
  readonly log: (level: LogLevel, text: string) => void;
}

/** No keys have come yet: nobody can say whether a token is good. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

interface RemoteKey {
  readonly kid: string | undefined;
  readonly key: KeyObject;
  readonly algorithms: readonly string[];
}

const MAX_ANSWER = 256 * 1024;
const MAX_KEYS = 100;
const KINDS = new Set(['RSA', 'EC', 'OKP']);

/** undefined: not a key for signatures that can be used here. Secrets (kty oct) never are. */
function remoteKey(jwk: unknown): RemoteKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kty, kid, use, alg } = jwk as Record<string, unknown>;
  if (typeof kty !== 'string' || !KINDS.has(kty) || (use !== undefined && use !== 'sig')) return undefined;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const algorithms = algorithmsOf(key).filter((one) => alg === undefined || one === alg);
    return algorithms.length === 0
      ? undefined
      : { kid: typeof kid === 'string' ? kid : undefined, key, algorithms };
  } catch {
    return undefined;
  }
}

/** The keys of a set that can be used. Throws when it is not a set, or none can be used. */
export function readKeySet(text: string): RemoteKey[] {
  const { keys } = (JSON.parse(text) ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length > MAX_KEYS)
    throw new Error(`the answer is not a JSON Web Key Set of at most ${MAX_KEYS} keys`);
  const usable = keys.map(remoteKey).filter((key) => key !== undefined);
  if (usable.length === 0) throw new Error('the answer has no public key that can be used for signatures');
  return usable;
}

export class RemoteKeys implements KeySource {
  readonly algorithms: readonly string[];
  readonly #requester: HttpRequester;
  readonly #writer: RequestWriter;
  readonly #cacheMs: number;
  readonly #cooldownMs: number;
  readonly #log: RemoteKeysOptions['log'];
  #keys: readonly RemoteKey[] = [];
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  /** The log hears when it changes. */
  #state: 'answers' | 'fails' = 'answers';

  /** Throws PluginOptionError for a URL or algorithms that cannot be used. */
  constructor({
    url,
    algorithms,
    cacheSeconds = 600,
    cooldown = 30,
    timeout = 2,
    ca,
    log,
  }: RemoteKeysOptions) {
    this.algorithms = publicAlgorithms(algorithms);
    this.#writer = new RequestWriter({ url, method: 'GET', headers: { accept: 'application/json' } }, '');
    const limits = { concurrency: 1, queue: 1, maxAnswer: MAX_ANSWER };
    this.#requester = new HttpRequester({ timeoutMs: timeout * 1000, ...limits, ca });
    this.#cacheMs = cacheSeconds * 1000;
    this.#cooldownMs = cooldown * 1000;
    this.#log = log;
  }

  /** A server that is away does not keep the broker from starting: it may come later. */
  start(): Promise<void> {
    return this.#fetch();
  }

  stop(): void {
    this.#requester.close();
  }

  /** Rejects with KeysUnavailableError when there are no keys at all. */
  async candidates(header: TokenHeader): Promise<readonly KeyObject[]> {
    if (!this.algorithms.includes(header.alg)) return [];
    if (performance.now() - this.#fetchedAt >= this.#cacheMs) await this.#fetch();
    let found = this.#find(header);
    if (found.length === 0) {
      await this.#fetch();
      found = this.#find(header);
    }
    if (this.#keys.length === 0)
      throw new KeysUnavailableError('the keys for tokens could not be fetched yet');
    return found;
  }

  #find({ alg, kid }: TokenHeader): readonly KeyObject[] {
    return this.#keys
      .filter((one) => (kid === undefined || one.kid === kid) && one.algorithms.includes(alg))
      .slice(0, MAX_CANDIDATES)
      .map(({ key }) => key);
  }

  /** Nothing during the cool-down. Never rejects. */
  #fetch(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (performance.now() - this.#askedAt < this.#cooldownMs) return Promise.resolve();
    this.#askedAt = performance.now();
    this.#fetching = this.#ask()
      .then(
        () => this.#answered(),
        (error: Error) => this.#failed(error.message),
      )
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  async #ask(): Promise<void> {
    const { status, body } = await this.#requester.ask(this.#writer.write({})!);
    if (status !== 200) throw new Error(`it answered with status ${status}`);
    this.#keys = readKeySet(body.toString('utf8'));
    this.#fetchedAt = performance.now();
  }

  #answered(): void {
    if (this.#state === 'fails') this.#log('notice', `${this.#writer.origin} has keys for tokens again.`);
    this.#state = 'answers';
  }

  #failed(text: string): void {
    if (this.#state === 'fails') return;
    this.#state = 'fails';
    const rest =
      this.#keys.length === 0 ? 'until they come nobody gets in with a token' : 'those that are known stay';
    this.#log('warning', `Warning: Keys for tokens from ${this.#writer.origin}: ${text}; ${rest}.`);
  }
}
