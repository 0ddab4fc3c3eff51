// The flags that all three tools have: where the broker is, who the client is, the will.
import { parseBrokerUrl, parseProxyUrl } from './client-address.js';
import type { Draft, QoS } from './client-config.js';
import { ALL, type Flag, integer, MOST_INT, nothing, on, option, set, text, toggle } from './client-flag.js';
import { addProperty } from './client-properties.js';
import { tlsFlags } from './client-tls-flags.js';
import { filterProblem, readWholeLong, topicProblem } from './client-values.js';

const NEVER = 0xffff_ffff;

/** The topic of -t and -L: of sub a filter, of the others the topic to publish to. */
function addTopic({ config }: Draft, topic: string, flag: string): string | undefined {
  const isFilter = config.tool === 'sub';
  const problem = isFilter
    ? filterProblem(topic, flag, 'subscription')
    : topicProblem(topic, flag, 'publish');
  if (problem !== undefined) return problem;
  if (isFilter) config.topics.push(topic);
  else config.topic = topic;
  return undefined;
}

function takeUrl(draft: Draft, value: string): string | undefined {
  const url = parseBrokerUrl(value);
  if (typeof url === 'string') return url;
  const { config } = draft;
  const problem = addTopic(draft, url.topic, '-L topic');
  if (problem !== undefined) return problem;
  config.host = url.host;
  draft.port = url.port === -1 ? undefined : url.port;
  if (url.tls) config.tls.useOsCerts = true;
  if (url.websockets) config.transport = 'websockets';
  if (url.username !== undefined) config.username = url.username;
  if (url.password !== undefined) config.password = url.password;
  return undefined;
}

function takeProxy({ config }: Draft, value: string): string | undefined {
  const proxy = parseProxyUrl(value);
  if (typeof proxy === 'string') return config.quiet ? '' : proxy;
  config.proxy = proxy;
  return undefined;
}

const versions: ReadonlyMap<string, 3 | 4 | 5> = new Map([
  ['mqttv31', 3],
  ['31', 3],
  ['mqttv311', 4],
  ['311', 4],
  ['mqttv5', 5],
  ['5', 5],
]);

function takeVersion({ config }: Draft, value: string): string | undefined {
  const version = versions.get(value);
  if (version === undefined) return 'Error: Invalid protocol version argument given.\n\n';
  config.version = version;
  return undefined;
}

function takeSessionExpiry({ config }: Draft, value: string): string | undefined {
  const seconds = value === '∞' ? -1n : readWholeLong(value);
  if (seconds === undefined) return 'Error: session-expiry-interval not a number.\n\n';
  if (seconds < -1n || seconds > NEVER) return 'Error: session-expiry-interval out of range.\n\n';
  config.sessionExpiryInterval = seconds === -1n ? NEVER : Number(seconds);
  config.version = 5;
  return undefined;
}

function takeProperty({ config, properties }: Draft, args: readonly string[], at: number): number | string {
  const taken = addProperty(properties, args, at);
  if (typeof taken === 'number') config.version = 5;
  return taken;
}

function takeWillTopic({ will }: Draft, value: string): string | undefined {
  const problem = topicProblem(value, '--will-topic', 'will');
  if (problem === undefined) will.topic = value;
  return problem;
}

/** The identifier is given as a whole or as a prefix. */
function bothIds(other: 'clientId' | 'clientIdPrefix'): (draft: Draft) => string | undefined {
  return ({ config }) =>
    config[other] === undefined ? undefined : 'Error: -i and -I argument cannot be used together.\n\n';
}

/** The only flag of the connection that is about messages. */
export const topicFlag: Flag = option(
  '-t --topic',
  ALL,
  ['TOPIC', 'no topic specified'],
  'topic; of sub a filter, which may be repeated',
  (draft, value) => addTopic(draft, value, '-t'),
);

const connection: readonly Flag[] = [
  option(
    '-h --host',
    ALL,
    ['HOST', 'no host specified'],
    'broker to connect to (default localhost)',
    text('host'),
  ),
  option(
    '-p --port',
    ALL,
    ['PORT', 'no port specified'],
    'port of the broker (default 1883, with a CA or PSK 8883)',
    integer(
      (draft, port) => {
        draft.port = port;
      },
      [0, 65_535],
      (port) => `Error: Invalid port given: ${port}\n`,
    ),
  ),
  option(
    '-L --url',
    ALL,
    ['URL', 'no URL specified'],
    'broker and topic: {mqtt|mqtts|ws|wss}://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC',
    takeUrl,
  ),
  option(
    '--unix',
    ALL,
    ['PATH', 'no socket path specified'],
    'connect through a Unix domain socket',
    set((draft, path) => {
      draft.config.host = path;
      draft.port = 0;
    }),
  ),
  toggle(
    '--ws',
    ALL,
    'connect through WebSockets',
    set(({ config }) => {
      config.transport = 'websockets';
    }),
  ),
  option('-A', ALL, ['ADDRESS', 'no address specified'], 'own address to connect from', text('bindAddress')),
  toggle('-S', ALL, 'find host and port by an SRV lookup', on('useSrv')),
  toggle('--nodelay', ALL, 'send small packets at once (no Nagle algorithm)', on('nodelay')),
  option(
    '--proxy',
    ALL,
    ['URL', 'no proxy url specified'],
    'SOCKS5 proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT]',
    takeProxy,
  ),
];

const session: readonly Flag[] = [
  option(
    '--protocol-version -V',
    ALL,
    ['VERSION', 'no version specified'],
    '5, 311 or 31; also as mqttv5, mqttv311, mqttv31',
    takeVersion,
  ),
  option(
    '-i --id',
    ALL,
    ['ID', 'no id specified'],
    'client identifier',
    text('clientId'),
    bothIds('clientIdPrefix'),
  ),
  option(
    '-I --id-prefix',
    ALL,
    ['PREFIX', 'no id prefix specified'],
    'client identifier: this and the process identifier',
    text('clientIdPrefix'),
    bothIds('clientId'),
  ),
  option('-u --username', ALL, ['NAME', 'no username specified'], 'user name', text('username')),
  option('-P --pw', ALL, ['PASSWORD', 'no password specified'], 'password', text('password')),
  toggle(
    '-c --disable-clean-session',
    ALL,
    'keep the session when the client goes; needs -i',
    on('cleanSession', false),
  ),
  option(
    '-x',
    ALL,
    ['SECONDS', 'no session expiry interval specified'],
    'how long the broker keeps the session; -1 or ∞ is forever',
    takeSessionExpiry,
  ),
  option(
    '-k --keepalive',
    ALL,
    ['SECONDS', 'no keepalive specified'],
    'keep alive, 5 to 65535 (default 60)',
    integer(
      'keepAlive',
      [5, 65_535],
      () => 'Error: Invalid keepalive given, it must be between 5 and 65535 inclusive.\n\n',
    ),
  ),
  option(
    '-M',
    ALL,
    ['COUNT', 'max_inflight not specified'],
    'messages of QoS 1 and 2 on their way at once (default 20)',
    integer(
      ({ config }, count) => {
        config.maxInflight = count > 65_535 ? 20 : count; // as libmosquitto does with what does not fit
      },
      [1, MOST_INT],
      () => 'Error: Maximum inflight messages must be greater than 0.\n\n',
    ),
  ),
  {
    names: ['-D', '--property'],
    tools: ALL,
    value: 'PACKET NAME VALUE',
    help: 'MQTT 5 property of connect, publish, subscribe, unsubscribe, disconnect or will',
    take: nothing,
    takeSeveral: takeProperty,
  },
  option(
    '-q --qos',
    ALL,
    ['QOS', 'no QoS specified'],
    'quality of service, 0 to 2 (default 0)',
    integer('qos', [0, 2], (qos) => `Error: Invalid QoS given: ${qos}\n`),
  ),
];

const will: readonly Flag[] = [
  option('--will-topic', ALL, ['TOPIC', 'no will topic specified'], 'topic of the will', takeWillTopic),
  option(
    '--will-payload',
    ALL,
    ['TEXT', 'no will payload specified'],
    'message of the will (default empty)',
    set((draft, payload) => {
      draft.will.payload = payload;
    }),
  ),
  option(
    '--will-qos',
    ALL,
    ['QOS', 'no will QoS specified'],
    'quality of service of the will (default 0)',
    integer(
      (draft, qos) => {
        draft.will.qos = qos as QoS;
      },
      [0, 2],
      (qos) => `Error: Invalid will QoS ${qos}.\n\n`,
    ),
  ),
  toggle(
    '--will-retain',
    ALL,
    'the will is retained',
    set((draft) => {
      draft.will.retain = true;
    }),
  ),
];

export const connectionFlags: readonly Flag[] = [...connection, ...session, ...will, ...tlsFlags];
