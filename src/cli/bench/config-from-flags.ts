// From flags to the plan of a run: defaults, files, and combinations that cannot be meant.
import { DEFAULT_PORTS, type Protocol, parseUrl, type Target } from '../../client/options.js';
import { isTopicName, type ProtocolVersion, parseTopicFilter, type QoS } from '../../protocol/index.js';
import type { BenchConfig, PayloadPlan, Scenario } from './config.js';
import { hasPlaceholder, payloadTemplate } from './payload-template.js';
import { STAMP_SIZE } from './stamp.js';
import { fillFor } from './topic-template.js';

/** What commander has read; the names are those of the long flags. */
export interface GivenFlags {
  host?: string;
  port?: number;
  url?: string;
  ssl?: boolean;
  cafile?: string;
  cert?: string;
  key?: string;
  insecure?: boolean;
  ws?: boolean;
  wsPath?: string;
  ifaddr?: string[];
  count?: number;
  startnumber?: number;
  connectInterval?: number;
  connrate?: number;
  mqttVersion?: ProtocolVersion;
  prefix?: string;
  username?: string;
  password?: string;
  keepalive?: number;
  clean?: boolean;
  sessionExpiry?: number;
  reconnect?: boolean;
  topic?: string;
  qos?: QoS;
  retain?: boolean;
  messageInterval?: number;
  rate?: number;
  inflight?: number;
  size?: number;
  message?: string;
  file?: string;
  duration?: number;
  limit?: number;
  messages?: number;
  processes?: number;
  json?: boolean;
  interval?: number;
  quiet?: boolean;
}

export interface ConfigWorld {
  readFile(path: string): Buffer;
  random(): number;
}

const COUNTS: Readonly<Record<Scenario, number>> = { conn: 200, pub: 200, sub: 200, rtt: 10 };
const TEMPLATE_FILE = 'template://';

/** Flags that say the same in two ways. */
const rivals: readonly (readonly (keyof GivenFlags)[])[] = [
  ['url', 'host'],
  ['url', 'port'],
  ['url', 'ssl'],
  ['url', 'ws'],
  ['url', 'wsPath'],
  ['connectInterval', 'connrate'],
  ['messageInterval', 'rate'],
  ['message', 'size'],
  ['message', 'file'],
  ['file', 'size'],
];

const names: Readonly<Partial<Record<keyof GivenFlags, string>>> = {
  host: '-h',
  port: '-p',
  ssl: '-S',
  wsPath: '--ws-path',
  connectInterval: '-i',
  connrate: '-R',
  messageInterval: '-I',
  message: '-m',
  size: '-s',
  file: '-f',
};

function checkRivals(flags: GivenFlags): void {
  for (const pair of rivals) {
    if (pair.some((name) => flags[name] === undefined)) continue;
    const [one, other] = pair.map((name) => names[name] ?? `--${name}`);
    throw new Error(`${one} and ${other} cannot be given together`);
  }
}

/** [TLS, WebSocket] */
const protocols: Readonly<Record<string, Protocol>> = {
  'false,false': 'mqtt',
  'true,false': 'mqtts',
  'false,true': 'ws',
  'true,true': 'wss',
};

function isEncrypted({ ssl, cafile, cert }: GivenFlags): boolean {
  return ssl ?? (cafile !== undefined || cert !== undefined);
}

function targetOf(
  flags: GivenFlags,
): Target & { username?: string | undefined; password?: string | undefined } {
  if (flags.url !== undefined) {
    const target = parseUrl(flags.url);
    if (target.protocol === 'unix') throw new Error('--url must be mqtt://, mqtts://, ws:// or wss://');
    return target;
  }
  const protocol = protocols[`${isEncrypted(flags)},${flags.ws ?? flags.wsPath !== undefined}`]!;
  const { host = 'localhost', port = DEFAULT_PORTS[protocol], wsPath = '/mqtt' } = flags;
  return { protocol, host, port, path: wsPath.startsWith('/') ? wsPath : `/${wsPath}` };
}

function read(flag: string, path: string, { readFile }: ConfigWorld): Buffer {
  try {
    return readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Error(`${flag}: ${path} cannot be read${code === undefined ? '' : ` (${code})`}`);
  }
}

function payloadOf({ message, file, size }: GivenFlags, world: ConfigWorld): PayloadPlan {
  if (file !== undefined) return { kind: 'bytes', bytes: read('-f', file, world) };
  if (message === undefined) return { kind: 'sized', size: size ?? 256 };
  const text = message.startsWith(TEMPLATE_FILE)
    ? read('-m', message.slice(TEMPLATE_FILE.length), world).toString()
    : message;
  if (!hasPlaceholder(text)) return { kind: 'bytes', bytes: Buffer.from(text) };
  payloadTemplate(text);
  return { kind: 'template', text };
}

function topicProblem(scenario: Scenario, topic: string, count: number): string | undefined {
  const example = fillFor(topic, { index: 0, clientId: 'c', username: 'u' });
  if (scenario === 'sub') {
    try {
      parseTopicFilter(example, Number.POSITIVE_INFINITY);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  }
  if (!isTopicName(example)) return 'it is empty, or has a wildcard';
  if (scenario !== 'rtt') return undefined;
  if (topic.includes('%n')) return 'in rtt %n is not possible';
  if (count > 1 && !/%[ic]/.test(topic)) return 'each pair needs a topic of its own; use %i';
  return undefined;
}

function check(scenario: Scenario, flags: GivenFlags, config: BenchConfig): void {
  const { payload, count, topic } = config;
  const problem = scenario === 'conn' ? undefined : topicProblem(scenario, topic, count);
  if (problem !== undefined) throw new Error(`-t ${topic} is wrong: ${problem}`);
  if (scenario === 'rtt' && payload.kind === 'sized' && payload.size < STAMP_SIZE)
    throw new Error(`rtt needs a payload of at least ${STAMP_SIZE} bytes (-s)`);
  if ((flags.cert === undefined) !== (flags.key === undefined))
    throw new Error('--cert and --key belong together');
  if (config.startNumber + count > 2 ** 32) throw new Error('-n and -c make an index above 4294967295');
  if (config.processes > count) throw new Error('there are more --processes than clients (-c)');
}

/** Throws an Error that says what cannot be meant. */
export function configFrom(scenario: Scenario, flags: GivenFlags, world: ConfigWorld): BenchConfig {
  checkRivals(flags);
  const { username, password, ...target } = targetOf(flags);
  const run = world.random();
  const file = (flag: string, path: string | undefined): string | undefined =>
    path === undefined ? undefined : read(flag, path, world).toString();
  const topic = scenario === 'rtt' ? `bench/rtt-${run.toString(36)}/%i` : 'bench/%i';
  const config: BenchConfig = {
    scenario,
    host: target.host,
    target: { protocol: target.protocol, host: target.host, port: target.port, path: target.path },
    tls: {
      ca: file('--cafile', flags.cafile),
      cert: file('--cert', flags.cert),
      key: file('--key', flags.key),
      insecure: flags.insecure ?? false,
    },
    localAddresses: flags.ifaddr ?? [],
    version: flags.mqttVersion ?? 5,
    count: flags.count ?? COUNTS[scenario],
    startNumber: flags.startnumber ?? 0,
    prefix: flags.prefix ?? `bench-${run.toString(36)}-`,
    username: flags.username ?? username,
    password: flags.password ?? password,
    keepAlive: flags.keepalive ?? 300,
    cleanStart: flags.clean ?? true,
    sessionExpiryInterval: flags.sessionExpiry,
    reconnect: flags.reconnect ?? false,
    connectInterval: flags.connrate === undefined ? (flags.connectInterval ?? 10) : 1000 / flags.connrate,
    topic: flags.topic ?? topic,
    qos: flags.qos ?? 0,
    retain: flags.retain ?? false,
    maxInflight: flags.inflight ?? 100,
    payload: payloadOf(flags, world),
    messageInterval: flags.messageInterval ?? 1000,
    rate: flags.rate,
    limit: flags.limit,
    messages: flags.messages,
    duration: flags.duration,
    processes: flags.processes ?? 1,
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    reportInterval: flags.interval,
    run,
  };
  check(scenario, flags, config);
  return config;
}
