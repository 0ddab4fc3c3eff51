// Makes tokens for the tests of authentication, good ones and ones that no library would make.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const secret = Buffer.from('a secret of 64 bytes for tests 0123456789 0123456789 0123456789 ');

export const now = (): number => Math.floor(Date.now() / 1000);

/** Claims of the user ann that hold for an hour. */
export const claims = (more: object = {}): object => ({ sub: 'ann', exp: now() + 3600, ...more });

export const hashToken = (
  payload: object,
  { key = secret, header = { alg: 'HS256' } }: { key?: Uint8Array | string; header?: object } = {},
): string => {
  const text = `${encoded(header)}.${encoded(payload)}`;
  const { alg } = header as { alg: string };
  return `${text}.${createHmac(`sha${alg.slice(2)}`, key)
    .update(text)
    .digest('base64url')}`;
};

export const unsignedToken = (payload: object, alg: string): string =>
  `${encoded({ alg })}.${encoded(payload)}.`;

export const rsaToken = (payload: object, key: KeyObject, header: object = {}): string => {
  const text = `${encoded({ alg: 'RS256', ...header })}.${encoded(payload)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
};

export const rsaPair = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });

/** As servers publish it. */
export const jwkOf = (key: KeyObject, kid: string, more: object = {}): object => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...more,
});
