// Options of one listener (mosquitto.conf(5), "Listeners").
import { existsSync } from 'node:fs';
import { ConfigError } from './config-error.js';
import { option, type Place } from './option.js';
import { readIdPrefix } from './security-options.js';
import { atLeast, choice, empty, readFlag, readText, text, textOnce, texts, within } from './values.js';
import type { Words } from './words.js';

const FIXED = { reload: false } as const;
const NO_ENGINE = 'keys are read from files; engines of OpenSSL are not used';

function flag(place: Place, help: string, details = {}) {
  return option(place, readFlag, false, help, { shape: 'true|false', ...details });
}

function file(help: string, details = {}) {
  return option('listener', text, undefined, help, { shape: 'FILE', ...details });
}

/** 3 is MQTT 3.1, 4 is MQTT 3.1.1. */
export type Protocol = 'mqtt' | 'websockets' | 'http_api';

function readVersions(words: Words, label: string): readonly number[] {
  const versions: number[] = [];
  let isEmpty = true;
  for (let one = words.next(', \t'); one !== undefined; one = words.next(', \t')) {
    isEmpty = false;
    if (['3', '4', '5'].includes(one)) versions.push(Number(one));
  }
  if (isEmpty) throw empty(label);
  return versions;
}

function readMountPoint(words: Words, label: string): string {
  const mountPoint = readText(words, label);
  if (/[+#]/.test(mountPoint))
    throw new ConfigError(
      `Invalid 'mount_point' value (${mountPoint}). Does it contain a wildcard character?`,
    );
  return mountPoint;
}

function readFolder(words: Words, label: string, earlier: string | undefined): string {
  const folder = textOnce()(words, label, earlier);
  if (!existsSync(folder)) throw new ConfigError(`There is no folder '${folder}' (${label}).`);
  return folder;
}

const SHA1 = /^[0-9a-fA-F]{40}$/;

function readSha1(words: Words, label: string): string {
  const value = readText(words, label);
  if (!SHA1.test(value))
    throw new ConfigError(`Invalid '${label}' value: it is a SHA-1 hash of 40 hexadecimal digits.`);
  return value;
}

export const listenerOptions = {
  accept_protocol_versions: option(
    'own-listener',
    readVersions,
    undefined,
    'versions of MQTT that clients may use: 3 (3.1), 4 (3.1.1), 5; all when not given',
    { shape: '3,4,5' },
  ),
  bind_interface: option('listener', textOnce(), undefined, 'listen on this network interface only', {
    ...FIXED,
    shape: 'NAME',
  }),
  cafile: file('certificates of authorities that client certificates are checked with (PEM)'),
  capath: file('folder of such certificates', { shape: 'FOLDER' }),
  certfile: file("the server's certificate and its chain (PEM); with keyfile it makes the listener TLS"),
  ciphers: option('listener', text, undefined, 'ciphers for TLS up to 1.2, as `openssl ciphers` names them'),
  'ciphers_tls1.3': option('listener', text, undefined, 'ciphers for TLS 1.3'),
  crlfile: file('revoked certificates (PEM)'),
  dhparamfile: option('global', (words: Words) => words.rest(), undefined, 'Diffie-Hellman parameters', {
    inactive: 'parameters are chosen by OpenSSL',
    shape: 'FILE',
  }),
  disable_client_cert_date_checks: flag('given-listener', 'take client certificates that have expired', {
    inactive: 'expired certificates are refused',
  }),
  enable_proxy_protocol: option(
    'given-listener',
    within(1, 2, 'enable_proxy_protocol must be 1 or 2.'),
    undefined,
    'expect the PROXY protocol of a load balancer',
    {
      ...FIXED,
      shape: '1|2',
    },
  ),
  http_dir: option('given-listener', readFolder, undefined, 'folder of files to serve', {
    ...FIXED,
    shape: 'FOLDER',
    inactive: 'files are not served in this version',
  }),
  keyfile: file("the server's private key (PEM)"),
  listener_allow_anonymous: option(
    'given-listener',
    readFlag,
    undefined,
    'take clients without a user name',
    {
      shape: 'true|false',
    },
  ),
  listener_auto_id_prefix: option(
    'given-listener',
    readIdPrefix,
    undefined,
    'what generated client ids begin with',
  ),
  max_connections: option('listener', atLeast(-1), -1, 'connections at once; -1: any number', { shape: 'N' }),
  max_qos: option(
    'listener',
    within(0, 2, "'max_qos' must be between 0 and 2 inclusive."),
    2,
    'largest QoS of clients',
    { aliases: ['maximum_qos'], shape: '0|1|2' },
  ),
  max_topic_alias: option(
    'given-listener',
    within(0, 65_535, "Invalid '%s' value in configuration."),
    10,
    'topic aliases that an MQTT 5 client may set',
    { shape: 'N' },
  ),
  max_topic_alias_broker: option(
    'given-listener',
    within(0, 65_535, "Invalid '%s' value in configuration."),
    10,
    'topic aliases that the broker sets to an MQTT 5 client',
    { shape: 'N' },
  ),
  mount_point: option(
    'given-listener',
    readMountPoint,
    undefined,
    'what is put before all topics of its clients',
    {
      inactive: 'there are no mount points in this version, so this listener stays closed',
    },
  ),
  protocol: option(
    'listener',
    choice<Protocol>(['mqtt', 'websockets', 'http_api'], "Invalid 'protocol' value (%s)."),
    'mqtt',
    'what is spoken',
    { ...FIXED, shape: 'mqtt|websockets|http_api' },
  ),
  proxy_protocol_v2_require_tls: flag(
    'given-listener',
    'refuse clients that did not reach the proxy with TLS',
    FIXED,
  ),
  psk_hint: option(
    'listener',
    textOnce(),
    undefined,
    'makes the listener TLS-PSK; sent to clients as the hint',
    FIXED,
  ),
  require_certificate: flag('listener', 'refuse clients without a valid certificate', FIXED),
  socket_domain: option(
    'listener',
    choice(['ipv4', 'ipv6'], "Invalid 'socket_domain' value '%s' in configuration."),
    undefined,
    'listen on this family of addresses only',
    { ...FIXED, shape: 'ipv4|ipv6' },
  ),
  tls_engine: option('listener', textOnce(), undefined, 'OpenSSL engine', { ...FIXED, inactive: NO_ENGINE }),
  tls_engine_kpass_sha1: option('listener', readSha1, undefined, "SHA-1 of the engine's password", {
    ...FIXED,
    inactive: NO_ENGINE,
  }),
  tls_keyform: option('listener', text, undefined, 'pem, or engine', { ...FIXED, inactive: NO_ENGINE }),
  tls_version: option('listener', textOnce(), undefined, 'lowest version of TLS: tlsv1.2 or tlsv1.3', {
    shape: 'tlsv1.2|tlsv1.3',
  }),
  use_identity_as_username: flag(
    'listener',
    "take the certificate's common name (or PSK identity) as user name",
  ),
  use_subject_as_username: flag('listener', "take the certificate's whole subject as user name"),
  use_username_as_clientid: flag('listener', 'take the user name as client id'),
  websockets_origin: option('given-listener', texts, undefined, 'origins that browsers may come from', FIXED),
} as const;
