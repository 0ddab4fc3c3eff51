// The plugin_opt_jwt_ lines of a configuration file, as the options of the plugin.
import type { JwtOptions } from '../jwt-plugin.js';
import { PluginOptionError, PluginOptions } from '../plugin-options.js';

const encodings = { text: 'utf8', base64: 'base64', hex: 'hex' } as const;
type SecretEncoding = keyof typeof encodings;

const DAY = { min: 0, max: 86_400 };

/** A line end after the secret is not part of it. */
function decodeSecret(text: string, encoding: SecretEncoding): Uint8Array {
  return Buffer.from(text.replace(/\r?\n$/, ''), encodings[encoding]);
}

async function readSecret(options: PluginOptions): Promise<Uint8Array | undefined> {
  const encoding = options.choice('jwt_secret_encoding', ['text', 'base64', 'hex']) ?? 'text';
  const inline = options.text('jwt_secret');
  const file = await options.file('jwt_secret_file');
  if (inline !== undefined && file !== undefined)
    throw new PluginOptionError(
      'There is a plugin_opt_jwt_secret and a plugin_opt_jwt_secret_file: give one of them.',
    );
  const text = inline ?? file?.toString('utf8');
  return text === undefined ? undefined : decodeSecret(text, encoding);
}

async function readPlace(options: PluginOptions): Promise<JwtOptions['jwks']> {
  const url = options.text('jwt_jwks_url');
  const place = {
    cacheSeconds: options.number('jwt_jwks_cache_seconds', { min: 1, max: 86_400 }),
    cooldown: options.number('jwt_jwks_cooldown', { min: 1, max: 86_400 }),
    timeout: options.number('jwt_jwks_timeout', { min: 0.1, max: 60 }),
    ca: (await options.file('jwt_jwks_ca_file'))?.toString('latin1'),
  };
  return url === undefined ? undefined : { url, ...place };
}

function readUserClaim(options: PluginOptions): string | null | undefined {
  const name = options.text('jwt_user_claim');
  return name === 'none' ? null : name;
}

/** Throws PluginOptionError. `given`: names without plugin_opt_ to their values. */
export async function readJwtSettings(given: Readonly<Record<string, string>>): Promise<JwtOptions> {
  const options = new PluginOptions(given);
  const settings: JwtOptions = {
    secret: await readSecret(options),
    publicKeys: (await options.file('jwt_public_key_file'))?.toString('latin1'),
    jwks: await readPlace(options),
    algorithms: options.words('jwt_algorithms'),
    issuers: options.words('jwt_issuer'),
    audiences: options.words('jwt_audience'),
    leeway: options.number('jwt_leeway', DAY),
    requireExpiry: options.flag('jwt_require_expiry'),
    field: options.choice('jwt_field', ['password', 'username']),
    userClaim: readUserClaim(options),
    permissions: options.choice('jwt_permissions', ['required', 'optional', 'off']),
    publishClaim: options.text('jwt_publish_claim'),
    subscribeClaim: options.text('jwt_subscribe_claim'),
    others: options.choice('jwt_others', ['refuse', 'next']),
    claims: Object.fromEntries(options.family('jwt_claim_')),
  };
  options.finish();
  return settings;
}
