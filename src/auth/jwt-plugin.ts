// Who may connect with a token (JWT, RFC 7519), and what its lists of topics allow. A token holds until it expires:
// then its client is disconnected.
import type { KeyObject } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type {
  Action,
  ClientInfo,
  Credentials,
  LogLevel,
  Plugin,
  PluginBroker,
  Verdict,
} from '../core/plugin.js';
import { ReasonCode } from '../protocol/reason-codes.js';
import { PermissionError, Permissions } from './jwt/permissions.js';
import { KeysUnavailableError, RemoteKeys, type RemoteKeysOptions } from './jwt/remote-keys.js';
import { type KeySource, publicKeys, sharedSecret } from './jwt/token-keys.js';
import { PluginOptionError } from './plugin-options.js';

export interface JwtOptions {
  /** A secret that is shared with who makes the tokens (HS256 from 32 bytes, HS384 from 48, HS512 from 64). */
  readonly secret?: Uint8Array | undefined;
  /** Public keys or certificates of who makes them (PEM). */
  readonly publicKeys?: string | undefined;
  /** Where the public keys of who makes them are (JWKS). */
  readonly jwks?: Omit<RemoteKeysOptions, 'algorithms' | 'log'> | undefined;
  /** Default: all that the keys can be used with. */
  readonly algorithms?: readonly string[] | undefined;
  /** One of them has to have made the token (iss). Default: anybody who has the key. */
  readonly issuers?: readonly string[] | undefined;
  /** The token has to be for one of them (aud). Default: it does not matter. */
  readonly audiences?: readonly string[] | undefined;
  /** Seconds that clocks may differ. Default 0. */
  readonly leeway?: number | undefined;
  /** Whether a token has to expire. Default true. */
  readonly requireExpiry?: boolean | undefined;
  /** Where clients put their tokens. User names are in the log: prefer the default, password. */
  readonly field?: 'password' | 'username' | undefined;
  /** The claim with the user name, which the client has to connect with; null: any name will do. Default sub. */
  readonly userClaim?: string | null | undefined;
  /** Other claims to what they have to be, with %c for the client id and %u for the user name. */
  readonly claims?: Readonly<Record<string, string>> | undefined;
  /**
   * required: what the token does not list is not allowed; optional: tokens without lists are left to the plugins that
   * come after (acl_file); off: this plugin does not ask what clients do. Default required.
   */
  readonly permissions?: 'required' | 'optional' | 'off' | undefined;
  /** Default publ. */
  readonly publishClaim?: string | undefined;
  /** Default subs. */
  readonly subscribeClaim?: string | undefined;
  /** What becomes of clients whose password (or user name) is not a token. `next`: other plugins decide. Default refuse. */
  readonly others?: 'refuse' | 'next' | undefined;
}

/** What a token gave to its client. */
interface Admission {
  /** Milliseconds since 1970, with the leeway. */
  readonly expiresAt: number;
  /** undefined: others decide. */
  readonly permissions: Permissions | undefined;
}

/** Bytes of a token: nothing longer is looked at. */
const MAX_TOKEN = 16 * 1024;
/** Tokens that are looked at at the same time; more are refused. */
const MAX_UNDERWAY = 1000;
/** Milliseconds: the longest that setTimeout can wait. */
const MAX_TIMER = 2 ** 31 - 1;
const TOKEN = /^[\w-]+\.[\w-]*\.[\w-]*$/;

/** Why a token is refused. The text has nothing of the token in it. */
class TokenProblem extends Error {
  override readonly name = 'TokenProblem';
}

/** By the codes of jose. */
const problems: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'the token has expired',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature of the token is wrong',
  ERR_JOSE_ALG_NOT_ALLOWED: 'the token is signed with an algorithm that is not allowed',
};

function claimProblem(error: unknown): TokenProblem {
  const { code = '', claim } = error as { code?: string; claim?: string };
  const known = Object.hasOwn(problems, code) ? problems[code] : undefined;
  if (known !== undefined) return new TokenProblem(known);
  return new TokenProblem(
    code === 'ERR_JWT_CLAIM_VALIDATION_FAILED'
      ? `the ${claim} of the token is missing or wrong`
      : 'the token is malformed',
  );
}

/** A claim by its name, or by names with dots for claims in claims. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** null when a name is missing, which no claim is. */
function fillNames(template: string, names: Readonly<Record<'c' | 'u', string | undefined>>): string | null {
  let isComplete = true;
  const filled = template.replace(/%([cu%])/g, (_, letter: 'c' | 'u' | '%') => {
    const value = letter === '%' ? '%' : names[letter];
    if (!value) isComplete = false;
    return value ?? '';
  });
  return isComplete ? filled : null;
}

function keySource(options: JwtOptions, log: (level: LogLevel, text: string) => void): KeySource {
  const { secret, publicKeys: pem, jwks, algorithms } = options;
  if ([secret, pem, jwks].filter((one) => one !== undefined).length !== 1)
    throw new PluginOptionError(
      'Tokens need exactly one kind of key: a secret (jwt_secret_file), public keys (jwt_public_key_file) or a place of keys (jwt_jwks_url).',
    );
  if (secret !== undefined) return sharedSecret(secret, algorithms);
  if (pem !== undefined) return publicKeys(pem, algorithms);
  return new RemoteKeys({ ...jwks!, algorithms, log });
}

/** Verifies tokens. */
class TokenVerifier {
  readonly #source: KeySource;
  readonly #options: JwtOptions;
  #jose: typeof import('jose') | undefined;

  constructor(options: JwtOptions, log: (level: LogLevel, text: string) => void) {
    this.#options = options;
    this.#source = keySource(options, log);
  }

  async start(): Promise<void> {
    this.#jose = await import('jose');
    await this.#source.start?.();
  }

  stop(): void {
    this.#source.stop?.();
  }

  /** Rejects with TokenProblem, or KeysUnavailableError. */
  async verify(token: string): Promise<JWTPayload> {
    const jose = this.#jose!;
    let header: { alg?: unknown; kid?: unknown };
    try {
      header = jose.decodeProtectedHeader(token);
    } catch {
      throw new TokenProblem('the token is malformed');
    }
    const { alg, kid } = header;
    if (typeof alg !== 'string' || !this.#source.algorithms.includes(alg))
      throw new TokenProblem(problems['ERR_JOSE_ALG_NOT_ALLOWED']!);
    const keys = await this.#source.candidates({ alg, kid: typeof kid === 'string' ? kid : undefined });
    let problem = new TokenProblem('the token is signed with a key that is not known');
    for (const key of keys) {
      try {
        return await this.#verifyWith(token, key);
      } catch (error) {
        problem = claimProblem(error);
        // another key cannot make a difference then
        if ((error as { code?: string }).code !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') break;
      }
    }
    throw problem;
  }

  async #verifyWith(token: string, key: KeyObject): Promise<JWTPayload> {
    const { issuers, audiences, leeway = 0, requireExpiry = true } = this.#options;
    const { payload } = await this.#jose!.jwtVerify(token, key, {
      algorithms: [...this.#source.algorithms],
      clockTolerance: leeway,
      ...(issuers && { issuer: [...issuers] }),
      ...(audiences && { audience: [...audiences] }),
      requiredClaims: requireExpiry ? ['exp'] : [],
    });
    return payload;
  }
}

class JwtAuthenticator {
  readonly #options: JwtOptions;
  readonly #verifier: TokenVerifier;
  readonly #admitted = new WeakMap<ClientInfo, Admission>();
  readonly #timers = new Map<ClientInfo, NodeJS.Timeout>();
  #underway = 0;
  #broker: PluginBroker | undefined;

  constructor(options: JwtOptions) {
    this.#options = options;
    this.#verifier = new TokenVerifier(options, (level, text) => this.#broker?.log(level, text));
  }

  start(broker: PluginBroker): Promise<void> {
    this.#broker = broker;
    return this.#verifier.start();
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#verifier.stop();
  }

  authenticate(client: ClientInfo, credentials: Credentials): Verdict | Promise<Verdict> {
    const { username = '', password } = credentials;
    const isInName = this.#options.field === 'username';
    const length = isInName ? username.length : (password?.length ?? 0);
    if (length > MAX_TOKEN) return this.#refuse(client, `the token is longer than ${MAX_TOKEN} bytes`);
    const token = isInName ? username : Buffer.from(password ?? []).toString('latin1');
    if (!TOKEN.test(token)) {
      return this.#options.others === 'next' ? undefined : this.#refuse(client, 'there is no token');
    }
    if (this.#underway >= MAX_UNDERWAY) return ReasonCode.ServerBusy;
    return this.#judge(client, token, isInName ? undefined : username);
  }

  #refuse(client: ClientInfo, text: string): false {
    this.#broker?.log('notice', `${client.clientId} refused: ${text}`);
    return false;
  }

  /** `username`: what the client says; undefined when it says a token in its place. */
  async #judge(client: ClientInfo, token: string, username: string | undefined): Promise<Verdict> {
    this.#underway++;
    try {
      this.#admitted.set(client, this.#admit(client, await this.#verifier.verify(token), username));
      return true;
    } catch (error) {
      const isKnown = error instanceof TokenProblem || error instanceof PermissionError;
      if (isKnown) return this.#refuse(client, error.message);
      if (error instanceof KeysUnavailableError) return ReasonCode.ServerUnavailable;
      throw error;
    } finally {
      this.#underway--;
    }
  }

  /** Throws TokenProblem or PermissionError when the token is not for this client. */
  #admit({ clientId }: ClientInfo, payload: JWTPayload, username: string | undefined): Admission {
    const { claims = {}, leeway = 0 } = this.#options;
    const name = this.#provedName(payload, username);
    const names = { c: clientId, u: name ?? username };
    for (const [claim, template] of Object.entries(claims))
      if (claimOf(payload, claim) !== fillNames(template, names))
        throw new TokenProblem(`the claim ${claim} is missing or wrong`);
    return {
      expiresAt: payload.exp === undefined ? Number.POSITIVE_INFINITY : (payload.exp + leeway) * 1000,
      permissions: this.#permissionsOf(payload, { clientId, username: name }),
    };
  }

  /** undefined when no name has to be proved. */
  #provedName(payload: JWTPayload, username: string | undefined): string | undefined {
    const { userClaim = 'sub' } = this.#options;
    if (userClaim === null) return undefined;
    const name = claimOf(payload, userClaim);
    if (typeof name !== 'string' || name === '')
      throw new TokenProblem(`the claim ${userClaim} is missing or wrong`);
    if (username !== undefined && name !== username)
      throw new TokenProblem(`the user name is not the ${userClaim} of the token`);
    return name;
  }

  #permissionsOf(
    payload: JWTPayload,
    names: { clientId: string; username: string | undefined },
  ): Permissions | undefined {
    const { permissions = 'required', publishClaim = 'publ', subscribeClaim = 'subs' } = this.#options;
    const [publish, subscribe] = [claimOf(payload, publishClaim), claimOf(payload, subscribeClaim)];
    const isSilent = publish === undefined && subscribe === undefined;
    if (permissions === 'off' || (permissions === 'optional' && isSilent)) return undefined;
    return new Permissions({ publish, subscribe }, names);
  }

  authorize(client: ClientInfo, { type, topic }: Action): boolean | undefined {
    if (type === 'subscribe') return this.#admitted.get(client)?.permissions?.maySubscribe(topic);
    return this.mayPublish(client, topic);
  }

  mayPublish(client: ClientInfo, topic: string): boolean | undefined {
    return this.#admitted.get(client)?.permissions?.mayPublish(topic);
  }

  mayRead(client: ClientInfo, topic: string): boolean {
    return this.#admitted.get(client)?.permissions?.mayRead(topic) ?? true;
  }

  connected(client: ClientInfo): void {
    const admission = this.#admitted.get(client);
    if (admission !== undefined && admission.expiresAt !== Number.POSITIVE_INFINITY)
      this.#watch(client, admission);
  }

  #watch(client: ClientInfo, admission: Admission): void {
    const rest = admission.expiresAt - Date.now();
    const timer = setTimeout(() => this.#look(client, admission), Math.min(Math.max(rest, 0), MAX_TIMER));
    this.#timers.set(client, timer.unref());
  }

  #look(client: ClientInfo, admission: Admission): void {
    if (Date.now() < admission.expiresAt) return this.#watch(client, admission);
    this.#timers.delete(client);
    this.#broker?.log('notice', `${client.clientId} is disconnected: its token has expired`);
    this.#broker?.disconnect(client.clientId, ReasonCode.NotAuthorized);
  }

  disconnected(client: ClientInfo): void {
    clearTimeout(this.#timers.get(client));
    this.#timers.delete(client);
  }
}

/**
 * A plugin that lets those in who have a valid token, and lets them do what it lists. Throws PluginOptionError when the
 * options cannot be used.
 */
export function jwtPlugin(options: JwtOptions): Plugin {
  const jwt = new JwtAuthenticator(options);
  return {
    name: 'jwt',
    start: (broker) => jwt.start(broker),
    stop: () => jwt.stop(),
    authenticate: (client, credentials) => jwt.authenticate(client, credentials),
    connected: (client) => jwt.connected(client),
    disconnected: (client) => jwt.disconnected(client),
    ...(options.permissions !== 'off' && {
      authorize: (client, action) => jwt.authorize(client, action),
      mayPublish: (client, topic) => jwt.mayPublish(client, topic),
      mayRead: (client, topic) => jwt.mayRead(client, topic),
    }),
  };
}
