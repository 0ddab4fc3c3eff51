// The options of the client: what a program may write, what it means, and what is wrong with it. A URL is a
// short way to write some of them.
import { isTopicName, type Properties, type ProtocolVersion, type QoS } from '../protocol/index.js';
import type { Authenticator } from './authentication.js';
import { type ClientError, invalid } from './errors.js';
import type { SessionStore } from './session-store.js';

export type Protocol = 'mqtt' | 'mqtts' | 'ws' | 'wss' | 'unix';

/** Where a server is. */
export interface Target {
  protocol: Protocol;
  host: string;
  port: number;
  /** For WebSocket: path and query. For unix: the path of the socket. */
  path: string;
}

/** A message as a program gives it. */
export interface MessageOptions {
  /** 0 (the default), 1 or 2. */
  qos?: QoS | undefined;
  retain?: boolean | undefined;
  /** MQTT 5 only; ignored before. */
  properties?: Properties | undefined;
}

export interface WillOptions extends MessageOptions {
  topic: string;
  payload?: string | Uint8Array | undefined;
}

export interface ReconnectOptions {
  /** Milliseconds before the first attempt; 200 by default. Each further attempt waits twice as long. */
  minDelay?: number | undefined;
  /** The longest delay in milliseconds; 30,000 by default. */
  maxDelay?: number | undefined;
  /** How much of a delay is left to chance, 0 to 1; 0.5 by default, so that a fleet does not come back at once. */
  jitter?: number | undefined;
  /** Attempts in a row until the client gives up; without a limit by default. */
  maxAttempts?: number | undefined;
}

export interface QueueOptions {
  /** Messages that may wait for a connection or for room in flight; 100,000 by default. */
  maxMessages?: number | undefined;
  /** Bytes of their payloads and topics; 64 MiB by default. */
  maxBytes?: number | undefined;
  /** Whether messages of QoS 0 wait for a connection too (the default), or are refused without one. */
  qos0?: boolean | undefined;
}

/** Options that are the same in Node and in browsers. */
export interface ClientOptions {
  /** `mqtt://`, `mqtts://`, `ws://`, `wss://` or `unix://` URL; of several, each attempt takes the next one. */
  url?: string | readonly string[] | undefined;
  protocol?: Protocol | undefined;
  /** `localhost` by default. */
  host?: string | undefined;
  /** 1883 (mqtt), 8883 (mqtts), 80 (ws) or 443 (wss) by default. */
  port?: number | undefined;
  /** For WebSocket, `/mqtt` by default; for unix the path of the socket. */
  path?: string | undefined;
  /**
   * 5 by default: MQTT 5, and 3.1.1 where the server does not know that. With a version given, that one only:
   * 5, 4 (MQTT 3.1.1) or 3 (MQTT 3.1).
   */
  version?: ProtocolVersion | undefined;
  /** By default one that nobody else has. A session that outlives the program needs one. */
  clientId?: string | undefined;
  /** Whether the session begins anew at the first connection; true by default. */
  cleanStart?: boolean | undefined;
  /**
   * Seconds that the server keeps the session without a connection (MQTT 5). By default 0 with `cleanStart`, and
   * without it 0xffffffff: for ever, as in MQTT 3.
   */
  sessionExpiryInterval?: number | undefined;
  /** Seconds without traffic until the client makes sure that the server is there; 60 by default, 0 is off. */
  keepAlive?: number | undefined;
  username?: string | undefined;
  password?: string | Uint8Array | undefined;
  will?: WillOptions | undefined;
  /** Properties of CONNECT (MQTT 5): user properties, request response information, … Options of the same name win. */
  properties?: Properties | undefined;
  /** Enhanced authentication (MQTT 5), for example `scram({ username, password })`. */
  authentication?: Authenticator | undefined;
  /** Milliseconds for connecting, CONNACK included; 30,000 by default. */
  connectTimeout?: number | undefined;
  /** `false`: a connection that is lost stays lost. */
  reconnect?: false | ReconnectOptions | undefined;
  /**
   * Go on trying when the first connection fails, always or with errors that are judged so; by default `connect`
   * rejects then.
   */
  retryFirstConnect?: boolean | ((error: ClientError) => boolean) | undefined;
  queue?: QueueOptions | undefined;
  /**
   * Messages of QoS 1 and 2 that may be in flight to the server, which may set a lower limit in MQTT 5;
   * 1000 by default, 20 before MQTT 5, where a server cannot say how much it takes (Mosquitto takes 20).
   */
  maxInflight?: number | undefined;
  /** Messages of QoS 1 and 2 that the server may have in flight to us (MQTT 5); 1000 by default. */
  receiveMaximum?: number | undefined;
  /** Bytes of the largest packet that is accepted; 268,435,460 by default, which is all that MQTT can carry. */
  maximumPacketSize?: number | undefined;
  /** Topic aliases that the server may use to us (MQTT 5); 0 by default. */
  topicAliasMaximum?: number | undefined;
  /** Use topic aliases to the server as far as it allows them (MQTT 5); off by default. */
  sendTopicAliases?: boolean | undefined;
  /**
   * Give each subscription an identifier (MQTT 5, where the server has them; on by default), so that a message
   * that matches several subscriptions reaches each once.
   */
  subscriptionIdentifiers?: boolean | undefined;
  /** Where the session is kept on our side; by default in memory, as long as the client. */
  store?: SessionStore | undefined;
  /** Aborting ends the client at once. */
  signal?: AbortSignal | undefined;
}

/** The options in force, with defaults, checked. */
export interface Settings extends ClientOptions {
  targets: readonly Target[];
  version: ProtocolVersion;
  /** The version was not asked for, so that an older one may be tried. */
  mayFallBack: boolean;
  clientId: string;
  cleanStart: boolean;
  sessionExpiryInterval: number;
  keepAlive: number;
  connectTimeout: number;
  reconnect: false | Required<{ [name in keyof ReconnectOptions]: number }>;
  queue: { maxMessages: number; maxBytes: number; qos0: boolean };
  maxInflight: number;
  receiveMaximum: number;
  maximumPacketSize: number;
  topicAliasMaximum: number;
}

export const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = {
  mqtt: 1883,
  mqtts: 8883,
  ws: 80,
  wss: 443,
  unix: 0,
};

/** Schemes that others use for the same. */
const schemes: Readonly<Record<string, Protocol>> = {
  mqtt: 'mqtt',
  tcp: 'mqtt',
  mqtts: 'mqtts',
  ssl: 'mqtts',
  tls: 'mqtts',
  ws: 'ws',
  wss: 'wss',
  unix: 'unix',
};

export const MAX_PACKET_SIZE = 268_435_460;
/** A session that never expires. */
export const NEVER = 0xffff_ffff;

interface ParsedUrl extends Target {
  username: string | undefined;
  password: string | undefined;
}

/** The parts of a URL. */
export function parseUrl(text: string): ParsedUrl {
  let url: URL;
  try {
    url = new URL(text);
    decodeURIComponent(text); // so that its parts can be decoded
  } catch {
    throw invalid(
      `${JSON.stringify(text)} is not a URL; write for example mqtt://localhost:1883, and %25 for a %`,
    );
  }
  const scheme = url.protocol.slice(0, -1);
  const protocol = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined;
  if (protocol === undefined)
    throw invalid(`${scheme}: is no way to reach an MQTT server; use ${Object.keys(schemes).join(', ')}`);
  const path = decodeURIComponent(url.pathname);
  if (protocol === 'unix' && path === '') throw invalid('a unix: URL has a path: unix:///run/mqtt.sock');
  const isWebSocket = protocol === 'ws' || protocol === 'wss';
  const isBare = url.pathname === '' || url.pathname === '/';
  return {
    protocol,
    // the brackets of an IPv6 address belong to the URL
    host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port),
    path: isWebSocket ? (isBare ? '/mqtt' : url.pathname) + url.search : path,
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  };
}

function targetOf(options: ClientOptions): ParsedUrl {
  const protocol = options.protocol ?? 'mqtt';
  if (!Object.hasOwn(DEFAULT_PORTS, protocol))
    throw invalid(`protocol ${JSON.stringify(protocol)} is unknown`);
  return {
    protocol,
    host: options.host ?? 'localhost',
    port: options.port ?? DEFAULT_PORTS[protocol],
    path: options.path ?? (protocol === 'unix' ? '' : '/mqtt'),
    username: undefined,
    password: undefined,
  };
}

type NumberName =
  | 'port'
  | 'keepAlive'
  | 'sessionExpiryInterval'
  | 'connectTimeout'
  | 'maxInflight'
  | 'receiveMaximum'
  | 'maximumPacketSize'
  | 'topicAliasMaximum';

/** [smallest, largest] */
const ranges: Readonly<Record<NumberName, readonly [number, number]>> = {
  port: [0, 65_535],
  keepAlive: [0, 65_535],
  sessionExpiryInterval: [0, NEVER],
  connectTimeout: [1, 0x7fff_ffff],
  maxInflight: [1, 65_535],
  receiveMaximum: [1, 65_535],
  maximumPacketSize: [1, NEVER],
  topicAliasMaximum: [0, 65_535],
};

function checkNumbers(options: ClientOptions): void {
  for (const [name, [low, high]] of Object.entries(ranges)) {
    const value = options[name as NumberName];
    if (value === undefined || (Number.isInteger(value) && value >= low && value <= high)) continue;
    throw invalid(`${name} must be a whole number from ${low} to ${high}, not ${String(value)}`);
  }
  const { reconnect, queue } = options;
  checkAmounts('queue', queue, {});
  if (reconnect !== false) checkAmounts('reconnect', reconnect, { jitter: 1 });
}

/** Numbers from 0 on, Infinity among them. */
function checkAmounts(group: string, given: object | undefined, highest: Record<string, number>): void {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value === undefined || typeof value === 'boolean') continue;
    if (typeof value === 'number' && value >= 0 && !(value > highest[name]!)) continue;
    throw invalid(
      `${group}.${name} must be a number from 0 to ${highest[name] ?? 'Infinity'}, not ${String(value)}`,
    );
  }
}

function check(options: ClientOptions): void {
  checkNumbers(options);
  const { version, qos } = { version: options.version, qos: options.will?.qos };
  if (version !== undefined && ![3, 4, 5].includes(version))
    throw invalid(`version must be 5, 4 (MQTT 3.1.1) or 3 (MQTT 3.1), not ${String(version)}`);
  if (options.will !== undefined && !isTopicName(options.will.topic))
    throw invalid(`the will's topic ${JSON.stringify(options.will.topic)} is empty or has a wildcard`);
  checkQos(qos);
  if (options.authentication !== undefined && (version ?? 5) !== 5)
    throw invalid('enhanced authentication exists only in MQTT 5');
  if (options.cleanStart === false && (options.clientId ?? '') === '')
    throw invalid('a session that outlives a connection needs a clientId');
}

export function checkQos(qos: QoS | undefined): void {
  if (qos !== undefined && qos !== 0 && qos !== 1 && qos !== 2)
    throw invalid(`QoS must be 0, 1 or 2, not ${String(qos)}`);
}

/** The defaults, and what was given in their place. */
function filled<T extends object>(defaults: T, given: { [Name in keyof T]?: T[Name] | undefined }): T {
  const result = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof T)[]) result[name] = given[name] ?? defaults[name];
  return result;
}

/** Options with a URL's parts and the defaults filled in. Throws a ClientError that says what is wrong. */
export function settingsOf(options: ClientOptions, randomId: () => string): Settings {
  check(options);
  const { url = [], cleanStart = true, version = 5, authentication, queue = {}, reconnect = {} } = options;
  const urls = typeof url === 'string' ? [url] : url;
  const targets = urls.length === 0 ? [targetOf(options)] : urls.map(parseUrl);
  const { username, password } = targets[0]!;
  const defaults = {
    version,
    // at most 23 characters of a small alphabet: what every server must accept (MQTT 3.1.1 section 3.1.3.1)
    clientId: `p${randomId()}`.slice(0, 23),
    cleanStart,
    username: username as ClientOptions['username'],
    password: password as ClientOptions['password'],
    sessionExpiryInterval: cleanStart ? 0 : NEVER,
    keepAlive: 60,
    connectTimeout: 30_000,
    maxInflight: version === 5 ? 1000 : 20,
    receiveMaximum: 1000,
    maximumPacketSize: MAX_PACKET_SIZE,
    topicAliasMaximum: 0,
  };
  const settings = filled(filled(defaults, options.properties ?? {}), options);
  return {
    ...options,
    ...settings,
    targets,
    mayFallBack: options.version === undefined && authentication === undefined,
    reconnect:
      reconnect !== false &&
      filled(
        { minDelay: 200, maxDelay: 30_000, jitter: 0.5, maxAttempts: Number.POSITIVE_INFINITY },
        reconnect,
      ),
    queue: filled<Settings['queue']>({ maxMessages: 100_000, maxBytes: 64 * 1024 * 1024, qos0: true }, queue),
    maximumPacketSize: Math.min(settings.maximumPacketSize, MAX_PACKET_SIZE),
  };
}
