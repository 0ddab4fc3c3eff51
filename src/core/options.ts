// Every limit and switch of the engine, as one table: it checks what a program passes to `new Broker()`, and
// makes the flags of the command line and their help.
import { networksProblem } from './protection/address.js';

interface Rule<T> {
  readonly value: T;
  readonly help: string;
  /** Numbers: smallest and largest value. */
  readonly min?: number;
  readonly max?: number;
  /** Texts: what is allowed. */
  readonly choices?: readonly string[];
  /** Texts: what is wrong with one. */
  readonly problem?: (value: string) => string | undefined;
}

function number(value: number, help: string, min = 0, max = Number.MAX_SAFE_INTEGER): Rule<number> {
  return { value, help, min, max };
}

function flag(value: boolean, help: string): Rule<boolean> {
  return { value, help };
}

/** For limits, 0 means none unless the help says otherwise. Defaults that Mosquitto has too are Mosquitto 2.1's. */
export const optionRules = {
  // connections
  connectTimeout: number(30, 'seconds that a client has to send CONNECT', 0.1, 86_400),
  maxConnectSize: number(100_000, 'bytes that a CONNECT packet may have', 64, 268_435_460),
  maxConnections: number(0, 'connections at once'),
  maxConnectionRate: number(0, 'new connections a second'),
  maxConnectTime: number(0, 'seconds that a client may stay connected'),
  maxKeepalive: number(
    0,
    'largest keep alive in seconds; MQTT 5 clients that ask for more are told to use this',
    0,
    65_535,
  ),
  maxPacketSize: number(2_000_000, 'bytes that a packet may have, in both directions', 20, 268_435_460),
  allowZeroLengthClientid: flag(true, 'give clients that send no client id a generated one'),
  clientidPrefixes: { value: '', help: 'what client ids must begin with' } as Rule<string>,
  autoIdPrefix: { value: 'auto-', help: 'what generated client ids begin with' } as Rule<string>,

  // protection
  maxConnectionsPerAddress: number(0, 'connections at once from an IPv4 address, or from an IPv6 /64'),
  connectionRatePerAddress: number(0, 'new connections a second from an IPv4 address, or from an IPv6 /64'),
  messageRateLimit: number(0, 'messages a second from a client; who sends more is read more slowly'),
  byteRateLimit: number(0, 'bytes a second from a client; who sends more is read more slowly'),
  maxFailedLogins: number(0, 'failed logins in failedLoginSeconds, after which an address is banned'),
  failedLoginSeconds: number(60, 'seconds in which failed logins are counted', 1, 86_400),
  maxClientConnects: number(
    0,
    'connects in clientConnectSeconds that a client id may make; one more and it is banned',
  ),
  clientConnectSeconds: number(60, 'seconds in which the connects of a client id are counted', 1, 86_400),
  banSeconds: number(300, 'seconds for which the broker bans by itself', 1, 31_536_000),
  neverBan: {
    value: '127.0.0.0/8,::1',
    help: 'addresses and networks that are never banned, with commas between them',
    problem: networksProblem,
  } as Rule<string>,

  // messages and topics
  maxQos: number(2, 'largest QoS that clients may publish and subscribe with', 0, 2),
  retainAvailable: flag(true, 'allow retained messages'),
  maxTopicAlias: number(10, 'topic aliases that an MQTT 5 client may set', 0, 65_535),
  maxTopicAliasBroker: number(10, 'topic aliases that the broker sets to an MQTT 5 client', 0, 65_535),
  messageSizeLimit: number(0, 'bytes that the payload of a message may have'),
  maxTopicLevels: number(201, 'levels that a topic may have', 1, 1000),
  validatePayloadFormat: flag(
    false,
    'refuse payloads that are not UTF-8 though their payload format says so',
  ),
  upgradeOutgoingQos: flag(
    false,
    'deliver with the QoS of the subscription even if the message had a lower one',
  ),
  allowDuplicateMessages: flag(true, 'one copy for each overlapping subscription instead of one in all'),

  // flow and queues
  maxInflightMessages: number(
    20,
    'QoS 1 and 2 messages on their way at once, to a client and from an MQTT 5 client',
    0,
    65_535,
  ),
  maxInflightBytes: number(0, 'bytes of QoS 1 and 2 messages on their way to a client at once'),
  maxQueuedMessages: number(1000, 'QoS 1 and 2 messages that wait for a client'),
  maxQueuedBytes: number(0, 'bytes of messages that wait for a client'),
  queueQos0Messages: flag(false, 'keep QoS 0 messages too for sessions that are offline'),
  maxOutputBytes: number(
    4_194_304,
    'bytes that wait in memory for a connection; then it misses QoS 0 messages',
    65_536,
  ),

  maxOutputTotalBytes: number(
    268_435_456,
    'bytes that wait in memory for all connections; then those with more than 64 KiB miss QoS 0 messages',
    1_048_576,
  ),

  // subscriptions and sessions
  maxSubscriptions: number(100_000, 'subscriptions of one client'),
  sharedSubscriptions: flag(true, 'allow shared subscriptions'),
  sharedSubscriptionStrategy: {
    value: 'round-robin',
    help: 'who of a shared subscription gets a message: the next, or always the same for a publisher',
    choices: ['round-robin', 'sticky'],
  } as Rule<string>,
  wildcardSubscriptions: flag(true, 'allow wildcards in subscriptions'),
  subscriptionIdentifiers: flag(true, 'allow subscription identifiers'),
  maxSessionExpiry: number(0, 'largest session expiry interval in seconds'),
  maxSessions: number(0, 'sessions, those of offline clients included'),

  // retained
  maxRetainedMessages: number(0, 'retained messages'),
  maxRetainedBytes: number(0, 'bytes of retained messages'),

  // answers
  responseInformation: {
    value: '',
    help: 'response information for clients that ask for it',
  } as Rule<string>,
  reasonStrings: flag(true, 'say in words why something was refused, to MQTT 5 clients that want it'),

  // plugins
  hookTimeout: number(5, 'seconds that a plugin has to answer', 0.01, 3600),
  // closing
  closeTimeout: number(5, 'seconds that closing may take', 0, 3600),
} as const;

type Widen<T> = T extends boolean ? boolean : T extends number ? number : string;

/** The options of the engine with all values filled in. */
export type EngineOptions = {
  -readonly [Name in keyof typeof optionRules]: Widen<(typeof optionRules)[Name]['value']>;
};
export type OptionName = keyof EngineOptions;

export const optionNames = Object.keys(optionRules) as OptionName[];

/** An option has a value that it cannot have; the text says which and what is allowed. */
export class OptionError extends Error {
  override name = 'OptionError';
}

/** Says what is wrong with a value, or undefined. */
export function checkOption(name: OptionName, value: unknown): string | undefined {
  const rule: Rule<unknown> = optionRules[name];
  if (typeof value !== typeof rule.value) return `${name} must be a ${typeof rule.value}`;
  if (typeof value === 'number') {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = rule;
    if (!(value >= min && value <= max)) return `${name} must be from ${min} to ${max}, not ${value}`;
    if (!Number.isInteger(value) && Number.isInteger(min))
      return `${name} must be a whole number, not ${value}`;
  }
  if (rule.choices !== undefined && !rule.choices.includes(value as string)) {
    return `${name} must be one of ${rule.choices.join(', ')}, not ${String(value)}`;
  }
  const problem = typeof value === 'string' ? rule.problem?.(value) : undefined;
  if (problem !== undefined) return `${name}: ${problem}`;
  return undefined;
}

/** Fills in the defaults. Unknown names and wrong values throw an OptionError. */
export function completeOptions(given: Partial<EngineOptions>): EngineOptions {
  const options: Record<string, unknown> = {};
  for (const name of optionNames) options[name] = optionRules[name].value;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(optionRules, name)) throw new OptionError(`there is no option ${name}`);
    const wrong = checkOption(name as OptionName, value);
    if (wrong !== undefined) throw new OptionError(wrong);
    options[name] = value;
  }
  return options as EngineOptions;
}
