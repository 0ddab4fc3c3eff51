// Options of authentication and access, for the broker, or for a listener with `per_listener_settings true`.
import { ConfigError } from './config-error.js';
import { option } from './option.js';
import { readFlag, readText, text } from './values.js';
import type { Words } from './words.js';

const DEPRECATED = "The '%s' option is now deprecated and will be removed in version 3.0.";

export function readIdPrefix(words: Words, label: string, earlier: string | undefined): string {
  if (earlier !== undefined && words.rest() !== '')
    throw new ConfigError(`Duplicate '${label}' value in configuration.`);
  const prefix = readText(words, label);
  if (Buffer.byteLength(prefix) > 50) throw new ConfigError(`'${label}' length must be <= 50.`);
  return prefix;
}

export const securityOptions = {
  acl_file: option('security', text, undefined, 'file that says who may publish and read what', {
    shape: 'FILE',
  }),
  allow_anonymous: option(
    'security',
    readFlag,
    undefined,
    'take clients without a user name; false, unless no listener is defined',
    { shape: 'true|false' },
  ),
  allow_zero_length_clientid: option(
    'security',
    readFlag,
    true,
    'give clients that send no client id a generated one',
    { shape: 'true|false' },
  ),
  auto_id_prefix: option(
    'security',
    readIdPrefix,
    undefined,
    'what generated client ids begin with; auto- when not given',
    {
      notice: `${DEPRECATED} Please use 'listener_auto_id_prefix' instead.`,
    },
  ),
  password_file: option('security', text, undefined, 'file of user names and passwords (pondhawk passwd)', {
    shape: 'FILE',
  }),
  psk_file: option('security', text, undefined, 'file of identities and pre-shared keys for TLS-PSK', {
    shape: 'FILE',
  }),
} as const;
