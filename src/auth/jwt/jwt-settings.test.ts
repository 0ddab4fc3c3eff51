// Lines of a configuration file for tokens, and what is wrong with some of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readJwtSettings } from './jwt-settings.js';

const folder = mkdtempSync(join(tmpdir(), 'jwt-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

it('what is said is what holds', async () => {
  const settings = await readJwtSettings({
    jwt_jwks_url: 'http://127.0.0.1/keys',
    jwt_jwks_cooldown: '5',
    jwt_algorithms: 'RS256  ES256',
    jwt_issuer: 'https://a https://b',
    jwt_leeway: '2.5',
    jwt_require_expiry: 'false',
    jwt_user_claim: 'none',
    jwt_claim_client_id: '%c',
    jwt_permissions: 'optional',
    jwt_others: 'next',
  });
  expect(settings).toMatchObject({
    jwks: { url: 'http://127.0.0.1/keys', cooldown: 5 },
    algorithms: ['RS256', 'ES256'],
    issuers: ['https://a', 'https://b'],
    leeway: 2.5,
    requireExpiry: false,
    userClaim: null,
    claims: { client_id: '%c' },
    permissions: 'optional',
    others: 'next',
  });
});

it('a secret comes from the line or a file, written as text, Base64 or hexadecimal', async () => {
  const secretOf = async (given: Record<string, string>) =>
    Buffer.from((await readJwtSettings(given)).secret!).toString();
  expect(await secretOf({ jwt_secret: 'text' })).toBe('text');
  expect(await secretOf({ jwt_secret_file: file('text', 'text\n') })).toBe('text');
  expect(await secretOf({ jwt_secret: 'dGV4dA==', jwt_secret_encoding: 'base64' })).toBe('text');
  expect(await secretOf({ jwt_secret_file: file('hex', '74657874\n'), jwt_secret_encoding: 'hex' })).toBe(
    'text',
  );
});

describe('an error that says what to do comes of', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['two secrets', { jwt_secret: 'a', jwt_secret_file: file('a', 'a') }, /one of them/],
    ['a misspelt option', { jwt_secret: 'a', jwt_audiance: 'x' }, /plugin_opt_jwt_audiance/],
    ['an option of another plugin', { jwt_secret: 'a', http_user_url: 'x' }, /plugin_opt_http_user_url/],
    ['a folder', { jwt_public_key_file: folder }, /not a file/],
    [
      'a file that is too large',
      { jwt_public_key_file: file('large', 'x'.repeat(1024 * 1024 + 1)) },
      /more than/,
    ],
    ['no time', { jwt_leeway: '-1' }, /0 to 86400/],
    ['a flag that is none', { jwt_require_expiry: 'yes' }, /true, false/],
  ])('%s', async (_, given, message) => {
    await expect(readJwtSettings(given)).rejects.toThrow(message);
  });
});
