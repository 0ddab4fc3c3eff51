// Options of a bridge (mosquitto.conf(5), "Configuring bridges"): they stand below a `connection`.
import { ConfigError } from './config-error.js';
import { option } from './option.js';
import {
  atLeast,
  choice,
  integer,
  leadingInteger,
  readFlag,
  readInteger,
  text,
  textOnce,
  within,
  word,
} from './values.js';
import type { Words } from './words.js';

function flag(value: boolean | undefined, help: string) {
  return option('bridge', readFlag, value, help, { shape: 'true|false' });
}

function string(help: string, name?: string, details = {}) {
  return option('bridge', textOnce(name), undefined, help, details);
}

/** Where the other broker is. */
export interface BridgeAddress {
  readonly host: string;
  readonly port: number;
}

function parseAddress(given: string): BridgeAddress {
  const colon = given.lastIndexOf(':');
  if (colon === -1) return { host: given, port: 1883 };
  const port = leadingInteger(given.slice(colon + 1));
  if (port < 1 || port > 65_535) throw new ConfigError(`Invalid bridge port value (${port}).`);
  return { host: given.slice(0, colon), port };
}

function readAddresses(
  words: Words,
  _label: string,
  earlier: readonly BridgeAddress[] | undefined,
): readonly BridgeAddress[] {
  if (earlier !== undefined)
    throw new ConfigError("Invalid bridge configuration, 'address' only allowed once.");
  const addresses: BridgeAddress[] = [];
  for (let one = words.next(); one !== undefined && !one.startsWith('#'); one = words.next())
    addresses.push(parseAddress(one));
  if (addresses.length === 0) throw new ConfigError('Empty address value in configuration.');
  return addresses;
}

/** What a bridge carries. */
export interface BridgeTopic {
  readonly pattern: string;
  readonly direction: 'in' | 'out' | 'both';
  readonly qos: number;
  readonly localPrefix: string;
  readonly remotePrefix: string;
}

/** A word, or words in double quotes, so that a topic can have blanks. */
function readPattern(words: Words): string {
  const first = words.next();
  if (first === undefined) throw new ConfigError("Empty 'topic' value in configuration.");
  if (!first.startsWith('"') || first.startsWith('""')) return first;
  if (first.length > 1 && first.endsWith('"')) return first.slice(1, -1);
  let pattern = first.slice(1);
  for (let next = words.next(); next !== undefined; next = words.next()) {
    pattern += ` ${next}`;
    if (next.endsWith('"')) return pattern.slice(0, -1);
  }
  throw new ConfigError(`Missing closing quote in topic value (${pattern}).`);
}

const directions = ['in', 'out', 'both'] as const;

function readPrefix(words: Words): string {
  const given = words.next();
  if (given === undefined || given === '""') return '';
  if (given.startsWith('#')) {
    words.rest();
    return '';
  }
  return given;
}

function isFilter(text: string): boolean {
  return text
    .split('/')
    .every((level, i, all) =>
      level.includes('#') ? level === '#' && i === all.length - 1 : !level.includes('+') || level === '+',
    );
}

function checkBridgeTopic({ pattern, localPrefix, remotePrefix }: BridgeTopic): void {
  if (pattern === '""' && (localPrefix === '' || remotePrefix === ''))
    throw new ConfigError('Invalid bridge remapping.');
  for (const [side, prefix] of [
    ['local', localPrefix],
    ['remote', remotePrefix],
  ] as const) {
    if (/[+#]/.test(prefix)) throw new ConfigError(`Invalid bridge topic ${side} prefix '${prefix}'.`);
    const whole = prefix + (pattern === '""' ? '' : pattern);
    if (prefix !== '' && !isFilter(whole))
      throw new ConfigError(`Invalid bridge topic ${side} prefix and pattern combination '${whole}'.`);
  }
}

function readTopic(
  words: Words,
  _label: string,
  earlier: readonly BridgeTopic[] = [],
): readonly BridgeTopic[] {
  const pattern = readPattern(words);
  const given = words.next();
  const direction = given === undefined ? 'out' : directions.find((one) => one === given.toLowerCase());
  if (direction === undefined) throw new ConfigError(`Invalid bridge topic direction '${given}'.`);
  const level = words.next();
  const qos = level === undefined || level.startsWith('#') ? 0 : leadingInteger(level);
  if (level?.startsWith('#')) words.rest();
  if (qos < 0 || qos > 2) throw new ConfigError(`Invalid bridge QoS level '${level}'.`);
  const topic = { pattern, direction, qos, localPrefix: readPrefix(words), remotePrefix: readPrefix(words) };
  checkBridgeTopic(topic);
  return [...earlier, topic];
}

/** Seconds until a bridge connects again: always the same, or growing from base to cap. */
export interface RestartTimeout {
  readonly base: number;
  readonly cap: number | undefined;
  /** Seconds that a connection must hold to count as stable. */
  readonly stable: number;
}

function readRestartTimeout(words: Words, label: string): RestartTimeout {
  const base = Math.min(Math.max(leadingInteger(word(words, label)), 1), 3600);
  const cap = words.next();
  if (cap === undefined) return { base, cap: undefined, stable: 0 };
  const limit = leadingInteger(cap);
  if (limit < base) throw new ConfigError('backoff cap is lower than the base in restart_timeout.');
  const stable = leadingInteger(words.next() ?? '0');
  if (stable < 0) throw new ConfigError('stable connection period cannot be negative.');
  return { base, cap: Math.min(limit, 7200), stable };
}

/** Idle seconds, interval seconds, probes. */
export type TcpKeepalive = readonly [idle: number, interval: number, counter: number];

function readTcpKeepalive(words: Words): TcpKeepalive {
  const read = (part: string): number => {
    const value = readInteger(words, `bridge_tcp_keepalive_${part}`);
    if (value <= 0) throw new ConfigError(`invalid TCP keepalive ${part} value.`);
    return value;
  };
  return [read('idle'), read('interval'), read('counter')];
}

function readKeepalive(words: Words, label: string): number {
  const seconds = readInteger(words, label);
  if (seconds > 65_535) throw new ConfigError('Bridge keepalive value too high.');
  return Math.max(5, seconds);
}

function readReceiveMaximum(words: Words, label: string): number {
  const value = readInteger(words, label);
  if (value <= 0) throw new ConfigError(`${label} must be greater than 0.`);
  if (value > 65_535) throw new ConfigError(`${label} must be lower than 65535.`);
  return value;
}

function readStartType(words: Words, label: string): 'automatic' | 'lazy' | 'once' {
  const given = word(words, label);
  if (given === 'automatic' || given === 'lazy' || given === 'once') return given;
  if (given === 'manual') throw new ConfigError('Manual start_type not supported.');
  throw new ConfigError(`Invalid 'start_type' value in configuration (${given}).`);
}

export const bridgeOptions = {
  address: option(
    'bridge',
    readAddresses,
    undefined,
    'the other broker; of several, the next when one cannot be reached',
    {
      aliases: ['addresses'],
      shape: 'HOST[:PORT] …',
    },
  ),
  bridge_alpn: string('protocol to ask for with ALPN'),
  bridge_attempt_unsubscribe: flag(true, 'unsubscribe from topics that are only sent'),
  bridge_bind_address: string('local address to connect from'),
  bridge_cafile: string("certificates of authorities that the other broker's is checked with", undefined, {
    shape: 'FILE',
  }),
  bridge_capath: string('folder of such certificates', undefined, { shape: 'FOLDER' }),
  bridge_certfile: string('client certificate', undefined, { shape: 'FILE' }),
  bridge_ciphers: string('ciphers for TLS up to 1.2'),
  'bridge_ciphers_tls1.3': string('ciphers for TLS 1.3'),
  bridge_identity: string('identity for TLS-PSK'),
  bridge_insecure: flag(false, "do not check the name in the other broker's certificate"),
  bridge_keyfile: option('bridge', text, undefined, 'key of the client certificate', { shape: 'FILE' }),
  bridge_max_packet_size: option(
    'bridge',
    atLeast(0),
    0,
    'bytes of the largest packet that is taken (MQTT 5)',
    {
      shape: 'N',
    },
  ),
  bridge_max_topic_alias: option(
    'bridge',
    within(0, 65_535, 'bridge_max_topic_alias must be > 0 and <= 65535.'),
    10,
    'topic aliases that the other broker may set',
    { shape: 'N' },
  ),
  bridge_outgoing_retain: flag(true, 'keep the retain flag of messages that are sent'),
  bridge_protocol_version: option(
    'bridge',
    choice(['mqttv31', 'mqttv311', 'mqttv50'], "Invalid 'bridge_protocol_version' value (%s)."),
    'mqttv311',
    'version of MQTT',
    { shape: 'mqttv31|mqttv311|mqttv50' },
  ),
  bridge_psk: string('pre-shared key, hexadecimal'),
  bridge_receive_maximum: option(
    'bridge',
    readReceiveMaximum,
    undefined,
    'messages that the other broker may have on their way',
    {
      shape: 'N',
    },
  ),
  bridge_reload_type: option(
    'bridge',
    choice(['lazy', 'immediate'], "Invalid 'bridge_reload_type' value in configuration (%s)."),
    'lazy',
    'when changes hold: with the next connection, or at once',
    { shape: 'lazy|immediate' },
  ),
  bridge_require_ocsp: flag(false, "require that the other broker's certificate is stapled as not revoked"),
  bridge_session_expiry_interval: option(
    'bridge',
    integer((value, label) => {
      if (value < 0) throw new ConfigError(`${label} must not be negative.`);
      return value;
    }),
    0,
    'seconds that the other broker keeps the session (MQTT 5)',
    { shape: 'N' },
  ),
  bridge_tcp_keepalive: option(
    'bridge',
    readTcpKeepalive,
    undefined,
    'TCP keep alive: idle seconds, interval, probes',
    {
      shape: 'IDLE INTERVAL COUNTER',
    },
  ),
  bridge_tcp_user_timeout: option(
    'bridge',
    integer((value) => {
      if (value < 0) throw new ConfigError('invalid TCP user timeout value.');
      return value;
    }),
    undefined,
    'milliseconds that sent data may stay unacknowledged',
    { shape: 'N' },
  ),
  bridge_tls_use_os_certs: flag(false, "use the system's authorities"),
  bridge_tls_version: string('lowest version of TLS'),
  cleansession: flag(false, 'begin anew at the other broker with every connection'),
  idle_timeout: option(
    'bridge',
    atLeast(1),
    60,
    'start_type lazy: seconds without messages until it disconnects',
    {
      shape: 'N',
    },
  ),
  keepalive_interval: option('bridge', readKeepalive, 60, 'keep alive in seconds', { shape: 'N' }),
  local_cleansession: flag(
    undefined,
    'begin anew here with every connection; as cleansession when not given',
  ),
  local_clientid: string('client id here', 'bridge local clientd'),
  local_password: string('password here', 'bridge local_password'),
  local_username: string('user name here, for access rules', 'bridge local_username'),
  notification_topic: string("topic of the bridge's state"),
  notifications: flag(true, "publish the bridge's state"),
  notifications_local_only: flag(false, 'only here'),
  remote_clientid: string('client id at the other broker', 'bridge remote clientid', {
    aliases: ['clientid'],
  }),
  remote_password: string('password at the other broker', 'bridge remote_password', {
    aliases: ['password'],
  }),
  remote_username: string('user name at the other broker', 'bridge remote_username', {
    aliases: ['username'],
  }),
  restart_timeout: option(
    'bridge',
    readRestartTimeout,
    undefined,
    'seconds until it connects again: constant, or growing from base to cap',
    { shape: 'SECONDS | BASE CAP [STABLE]' },
  ),
  round_robin: flag(false, 'do not return to the first address'),
  start_type: option('bridge', readStartType, 'automatic', 'when it connects', {
    shape: 'automatic|lazy|once',
  }),
  threshold: option('bridge', atLeast(1), 10, 'start_type lazy: messages that make it connect', {
    shape: 'N',
  }),
  topic: option('bridge', readTopic, undefined, 'what is carried; may be given several times', {
    shape: 'PATTERN [out|in|both] [QOS] [LOCAL-PREFIX REMOTE-PREFIX]',
  }),
  try_private: flag(true, 'tell the other broker that this is a bridge'),
} as const;
