// Options of the broker as a whole (mosquitto.conf(5), "General options"), and our own.
import { isIP } from 'node:net';
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

const NOT_PERSISTENT = 'messages and sessions are kept in memory only, and are lost when the broker stops';

function flag(value: boolean, help: string, details = {}) {
  return option('global', readFlag, value, help, { shape: 'true|false', ...details });
}

function number(read: ReturnType<typeof integer>, value: number | undefined, help: string, details = {}) {
  return option('global', read, value, help, { shape: 'N', ...details });
}

export type LogDestination = 'stdout' | 'stderr' | 'syslog' | 'topic' | 'file' | 'dlt';

/** Where log lines go; without any they go nowhere. */
export interface LogDestinations {
  readonly to: readonly LogDestination[];
  readonly file: string | undefined;
}

const destinations: readonly LogDestination[] = ['stdout', 'stderr', 'syslog', 'topic', 'file', 'dlt'];

function readLogDestination(words: Words, label: string, earlier?: LogDestinations): LogDestinations {
  const name = word(words, label);
  const { to, file } = earlier ?? { to: [], file: undefined };
  if (name === 'none') return { to: [], file };
  const destination = destinations.find((one) => one === name);
  if (destination === undefined) throw new ConfigError(`Invalid 'log_dest' value (${name}).`);
  const all = to.includes(destination) ? to : [...to, destination];
  if (destination !== 'file') return { to: all, file };
  if (file !== undefined) throw new ConfigError('Duplicate "log_dest file" value.');
  const path = words.remainder();
  if (path === '') throw new ConfigError('Empty "log_dest file" value in configuration.');
  return { to: all, file: path };
}

/** Kinds of log lines, as `log_type` names them. */
export const logTypes = [
  'error',
  'warning',
  'notice',
  'information',
  'debug',
  'subscribe',
  'unsubscribe',
  'websockets',
  'internal',
] as const;
export type LogType = (typeof logTypes)[number];

export const DEFAULT_LOG_TYPES: readonly LogType[] = ['error', 'warning', 'notice', 'information'];

function readLogType(words: Words, label: string, earlier: readonly LogType[] = []): readonly LogType[] {
  const name = word(words, label);
  if (name === 'none') return [];
  if (name === 'all') return logTypes;
  const type = logTypes.find((one) => one === name);
  if (type === undefined) throw new ConfigError(`Invalid 'log_type' value (${name}).`);
  return earlier.includes(type) ? earlier : [...earlier, type];
}

/** Seconds by the letter after a number. */
const durations: Readonly<Record<string, number>> = {
  s: 1,
  h: 3600,
  d: 86_400,
  w: 604_800,
  m: 2_592_000,
  y: 31_536_000,
};

function readDuration(words: Words, label: string): number {
  const given = word(words, label);
  const seconds = durations[given.slice(-1)];
  const value = leadingInteger(given.slice(0, -1)) * (seconds ?? 0);
  if (value <= 0)
    throw new ConfigError(
      `Invalid '${label}' duration in configuration. Write a number and one of s, h, d, w, m and y, for example 14d.`,
    );
  return value;
}

function readMinutes(words: Words, label: string): number {
  const minutes = readInteger(words, label);
  if (minutes < 1) throw new ConfigError('retain_expiry_interval must be >= 1.');
  return Math.min(minutes, 10_000_000);
}

function readMemoryLimit(words: Words, label: string): number {
  const limit = leadingInteger(word(words, label));
  if (limit < 0) throw new ConfigError(`Invalid 'memory_limit' value (${limit}).`);
  return limit;
}

function readPacketSize(words: Words, label: string): number {
  const size = readInteger(words, label);
  if (size < 20) throw new ConfigError("'max_packet_size' must be >= 20.");
  return size;
}

function readInflight(words: Words, label: string): number {
  const count = readInteger(words, label);
  if (count > 65_535) throw new ConfigError("'max_inflight_messages' must be <= 65535.");
  return count < 0 || count === 65_535 ? 0 : count;
}

/** So many of something in so many seconds. */
export interface CountInTime {
  readonly count: number;
  readonly seconds: number;
}

function readCountInTime(words: Words, label: string): CountInTime {
  const [count, seconds] = [readInteger(words, label), readInteger(words, label)];
  if (count < 0) throw new ConfigError(`Invalid '${label}' value (${count}).`);
  if (seconds < 1 || seconds > 86_400)
    throw new ConfigError(`'${label}' needs seconds from 1 to 86400 behind the number, not ${seconds}.`);
  return { count, seconds };
}

function readNetworks(words: Words, label: string, earlier: readonly string[] = []): readonly string[] {
  const given = word(words, label);
  const [address = '', length, ...more] = given.split('/');
  const version = isIP(address);
  const isLength =
    length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128));
  if (version === 0 || !isLength || more.length > 0)
    throw new ConfigError(
      `Invalid '${label}' value (${given}). Write an address or a network, for example 192.0.2.7 or 192.0.2.0/24.`,
    );
  return [...earlier, given];
}

const anything = (words: Words): string => words.rest();

export const globalOptions = {
  allow_duplicate_messages: flag(
    true,
    'send a client one copy of a message for each of its subscriptions that match; false sends one in all',
    {
      reload: false,
      notice:
        "The '%s' option is now deprecated and will be removed in version 3.0. The behaviour will default to true.",
    },
  ),
  auth_plugin_deny_special_chars: option(
    'plugin',
    readFlag,
    true,
    "refuse clients whose id or user name has + or # before the plugin's access checks",
    { shape: 'true|false', reload: false },
  ),
  autosave_interval: number(atLeast(0), 1800, 'seconds between saves; with autosave_on_changes: changes', {
    inactive: NOT_PERSISTENT,
  }),
  autosave_on_changes: flag(false, 'save after autosave_interval changes instead of seconds', {
    inactive: NOT_PERSISTENT,
  }),
  ban_duration: number(
    within(1, 31_536_000, "Invalid 'ban_duration' value (%d)."),
    300,
    'seconds for which the broker bans by itself, because of max_failed_logins and max_client_connects',
  ),
  byte_rate_limit: number(
    atLeast(0),
    0,
    'bytes a second from a client, who is read more slowly when it sends more; 0: any number',
  ),
  check_retain_source: flag(
    true,
    'give out a retained message only while who published it may still publish it',
    { inactive: 'retained messages are checked when they are published and when they are read' },
  ),
  clientid_prefixes: option('global', text, undefined, 'take only clients whose id begins with this', {
    notice: "The '%s' option is now deprecated and will be removed in version 3.0. ",
  }),
  connection_messages: flag(true, 'log clients that connect and disconnect'),
  connection_rate_per_address: number(
    atLeast(0),
    0,
    'new connections a second from an IPv4 address or an IPv6 /64; 0: any number',
  ),
  enable_control_api: flag(false, 'answer on $CONTROL/broker/v1: which listeners and plugins there are', {
    reload: false,
  }),
  global_max_clients: number(
    integer(),
    -1,
    'sessions at once, those of absent clients included; -1: any number',
    {},
  ),
  global_max_connections: number(integer(), -1, 'connections at once; -1: any number'),
  log_dest: option(
    'global',
    readLogDestination,
    { to: ['stderr'], file: undefined } as LogDestinations,
    'where log lines go; may be given several times',
    { shape: 'stdout|stderr|syslog|topic|file FILE|none' },
  ),
  log_facility: number(
    within(0, 7, "Invalid 'log_facility' value (%d)."),
    undefined,
    'syslog facility: N for localN; daemon when not given',
  ),
  log_format: option(
    'global',
    choice(['text', 'json'], "Invalid 'log_format' value (%s). Write text or json."),
    'text',
    'text: the lines of Mosquitto; json: one JSON object a line',
    { shape: 'text|json' },
  ),
  log_rate_limit: number(
    within(0, 1_000_000_000, "Invalid 'log_rate_limit' value (%d)."),
    1000,
    'lines a second that are logged in the long run; what is above is counted and reported; 0: any number (debug lines are not limited)',
  ),
  log_timestamp: flag(true, 'begin log lines with the time'),
  log_timestamp_format: option(
    'global',
    textOnce(),
    undefined,
    'the time as strftime(3) writes it, for example %Y-%m-%dT%H:%M:%S; seconds since 1970 when not given',
  ),
  log_type: option('global', readLogType, DEFAULT_LOG_TYPES, 'what is logged; may be given several times', {
    shape: `${logTypes.join('|')}|none|all`,
  }),
  max_client_connects: option(
    'global',
    readCountInTime,
    undefined,
    'how often a client id may connect in so many seconds; then it is banned for ban_duration',
    { shape: 'N SECONDS' },
  ),
  max_connections_per_address: number(
    atLeast(0),
    0,
    'connections at once from an IPv4 address or an IPv6 /64; 0: any number',
  ),
  max_failed_logins: option(
    'global',
    readCountInTime,
    undefined,
    'failed logins in so many seconds after which an address is banned for ban_duration',
    { shape: 'N SECONDS' },
  ),
  max_inflight_bytes: number(
    atLeast(0),
    0,
    'bytes of QoS 1 and 2 messages on their way to a client; 0: any number',
  ),
  max_inflight_messages: number(
    readInflight,
    20,
    'QoS 1 and 2 messages on their way to a client, and from an MQTT 5 client; 0: any number',
  ),
  max_keepalive: number(
    within(0, 65_535, "Invalid 'max_keepalive' value (%d)."),
    0,
    'largest keep alive in seconds; 0: any',
  ),
  max_packet_size: number(readPacketSize, 2_000_000, 'bytes that a packet may have'),
  max_queued_bytes: number(atLeast(0), 0, 'bytes of messages that wait for a client; 0: any number'),
  max_queued_messages: number(atLeast(0), 1000, 'QoS 1 and 2 messages that wait for a client; 0: any number'),
  memory_limit: number(readMemoryLimit, 0, 'bytes of memory that the broker may use; 0: any number', {
    inactive: "limit the memory of the process from outside, for example with systemd's MemoryMax",
  }),
  message_rate_limit: number(
    atLeast(0),
    0,
    'messages a second from a client, who is read more slowly when it sends more; 0: any number',
  ),
  message_size_limit: number(
    within(0, 268_435_455, "Invalid 'message_size_limit' value (%d)."),
    0,
    'bytes that the payload of a message may have; 0: any number',
    { notice: 'Note: It is recommended to replace `message_size_limit` with `max_packet_size`.' },
  ),
  never_ban: option(
    'global',
    readNetworks,
    undefined,
    'an address or a network that is never banned; may be given several times; 127.0.0.0/8 and ::1 when not given',
    { shape: 'ADDRESS[/BITS]' },
  ),
  packet_buffer_size: number(
    within(0, 65_535, 'Packet buffer size must be between 0 and 65535 inclusive.'),
    4096,
    'bytes that are read at once',
    { aliases: ['websockets_headers_size'], inactive: 'buffers grow as they are needed' },
  ),
  persistence: flag(false, 'keep sessions and retained messages on disk', {
    aliases: ['retained_persistence'],
    inactive: NOT_PERSISTENT,
  }),
  persistence_file: option(
    'global',
    textOnce(),
    undefined,
    'file in persistence_location; mosquitto.db when not given',
    {
      inactive: NOT_PERSISTENT,
      shape: 'FILE',
    },
  ),
  persistence_location: option('global', textOnce(), undefined, 'folder of what is kept on disk', {
    inactive: NOT_PERSISTENT,
    shape: 'FOLDER',
  }),
  persistent_client_expiration: option(
    'global',
    readDuration,
    undefined,
    'how long the session of a client that is away is kept at most; never ends when not given',
    { shape: 'N[s|h|d|w|m|y]' },
  ),
  pid_file: option('global', textOnce(), undefined, 'file for the process id', {
    shape: 'FILE',
    reload: false,
  }),
  queue_qos0_messages: flag(false, 'keep QoS 0 messages too for clients that are away'),
  retain_available: flag(true, 'take retained messages'),
  retain_expiry_interval: option(
    'global',
    readMinutes,
    undefined,
    'minutes between looks for retained messages that have expired',
    { shape: 'N', inactive: 'retained messages are removed when they expire' },
  ),
  retry_interval: option('global', anything, undefined, 'seconds until a message is sent again', {
    inactive: 'messages are sent again when a client reconnects',
  }),
  set_tcp_nodelay: flag(false, 'send small packets at once', {
    reload: false,
    inactive: 'small packets are always sent at once',
  }),
  store_clean_interval: option(
    'global',
    anything,
    undefined,
    'seconds between cleanings of the message store',
    {
      inactive: 'messages that nobody needs any more are removed at once',
    },
  ),
  sys_interval: number(
    within(0, 65_535, "Invalid 'sys_interval' value (%d)."),
    10,
    'seconds between updates of $SYS; 0: no $SYS',
  ),
  upgrade_outgoing_qos: flag(false, 'deliver with the QoS of the subscription'),
  user: option('global', text, 'mosquitto', 'user to run as when started as root', {
    reload: false,
    shape: 'NAME',
  }),
  websockets_log_level: option('global', anything, undefined, 'log level of libwebsockets', {
    inactive: 'libwebsockets is not used; use log_type websockets',
  }),
} as const;
