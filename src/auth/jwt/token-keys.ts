// The keys that tokens may be signed with, and the algorithms that each of them may be used with: an algorithm is
// never chosen by the token alone, so a public key is never taken for a shared secret.
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { PluginOptionError } from '../plugin-options.js';

/** What a token says of its own signature: not to be trusted. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string | undefined;
}

export interface KeySource {
  /** All that its keys may be used with. */
  readonly algorithms: readonly string[];
  /** The keys that may have signed a token, few; none: it is not signed by anyone known. Rejects when they cannot be had. */
  candidates(header: TokenHeader): Promise<readonly KeyObject[]>;
  /** Gets the keys before anybody needs them. */
  start?(): Promise<void>;
  stop?(): void;
}

/** With the bytes of a hash, which a secret must not be shorter than (RFC 7518 section 3.2). */
const secretLengths: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const curves: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
export const PUBLIC_KEY_ALGORITHMS: readonly string[] = [
  ...RSA,
  ...Object.values(curves),
  'EdDSA',
  'Ed25519',
];
/** Bits; a shorter key is refused (RFC 7518 section 3.3). */
const MIN_RSA_BITS = 2048;
/** Verifying is work: no token has more keys than this tried on it. */
export const MAX_CANDIDATES = 8;

/** What a public key may be used with; nothing when it is too weak or of another kind. */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength >= MIN_RSA_BITS ? RSA : [];
    case 'ec':
      return Object.hasOwn(curves, namedCurve) ? [curves[namedCurve]!] : [];
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return [];
  }
}

/** `wanted`, or all that are possible. Throws PluginOptionError for one that is not possible. */
function choose(wanted: readonly string[] | undefined, possible: readonly string[]): readonly string[] {
  const impossible = (wanted ?? []).filter((one) => !possible.includes(one));
  if (impossible.length > 0 || wanted?.length === 0)
    throw new PluginOptionError(
      `Tokens cannot be signed with ${impossible.join(', ') || 'nothing'} here; with these keys it can be ${possible.join(', ')}.`,
    );
  return wanted ?? possible;
}

/** A secret that is shared with who makes the tokens. */
export function sharedSecret(secret: Uint8Array, wanted?: readonly string[]): KeySource {
  const possible = Object.keys(secretLengths).filter((name) => secret.length >= secretLengths[name]!);
  if (possible.length === 0)
    throw new PluginOptionError(
      `The secret for tokens has ${secret.length} bytes; it needs at least 32 (openssl rand -hex 32 makes one).`,
    );
  const algorithms = choose(wanted, possible);
  const key = createSecretKey(secret);
  return { algorithms, candidates: async ({ alg }) => (algorithms.includes(alg) ? [key] : []) };
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----/g;
const PUBLIC_BLOCKS = new Set(['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE']);

function publicKeyOf(block: string, kind: string): KeyObject {
  if (!PUBLIC_BLOCKS.has(kind))
    throw new PluginOptionError(
      `There is a ${kind} where public keys belong: take its public key (openssl pkey -pubout).`,
    );
  let key: KeyObject;
  try {
    key = createPublicKey(block);
  } catch {
    throw new PluginOptionError(`A ${kind} for tokens cannot be read: it has to be in PEM form.`);
  }
  if (algorithmsOf(key).length === 0)
    throw new PluginOptionError(
      `A ${kind} for tokens is of a kind that is not used here: it has to be RSA with at least ${MIN_RSA_BITS} bits, P-256, P-384, P-521 or Ed25519.`,
    );
  return key;
}

/** Public keys, or certificates, in PEM form. */
export function publicKeys(pem: string, wanted?: readonly string[]): KeySource {
  const keys = [...pem.matchAll(PEM_BLOCK)].map(([block, kind]) => publicKeyOf(block, kind!));
  if (keys.length === 0 || keys.length > MAX_CANDIDATES)
    throw new PluginOptionError(
      `There are ${keys.length} public keys for tokens; it has to be 1 to ${MAX_CANDIDATES} in PEM form (-----BEGIN PUBLIC KEY-----).`,
    );
  const algorithms = choose(wanted, [...new Set(keys.flatMap(algorithmsOf))]);
  return {
    algorithms,
    candidates: async ({ alg }) =>
      algorithms.includes(alg) ? keys.filter((key) => algorithmsOf(key).includes(alg)) : [],
  };
}

/** The algorithms for keys that are not known yet. */
export function publicAlgorithms(wanted?: readonly string[]): readonly string[] {
  return choose(wanted, PUBLIC_KEY_ALGORITHMS);
}
