// What log_type, log_dest, log_timestamp, connection_messages, -v and -q make of the same session.
import { client, type LogCase, type LogStep } from '../log-case.js';
import {
  connect,
  disconnect,
  login,
  packet,
  publish,
  publish5,
  str,
  subscribe,
  unsubscribe,
  will,
} from '../packets.js';

const a = client('a');
const b = client('b');
const c = client('c');
const d = client('d');
const e = client('e');

/** Something of each type. */
const tour: readonly LogStep[] = [
  a.send(connect('anna')),
  a.send(subscribe(['t/#', 1])),
  b.send(connect('bert', { flags: 0x2e, rest: will('w', 'gone') })),
  b.send(publish('t/1', 'hello', { qos: 1 })),
  a.send(unsubscribe('t/#')),
  // PUBREC of nothing: a warning
  a.send('50 02 00 63'),
  c.send(connect('carl', { flags: 0x42, rest: str('secret') })),
  // QoS 3
  b.send(packet('36', str('t'), '00 01')),
  a.send(disconnect),
];

const types = [
  'error',
  'warning',
  'notice',
  'information',
  'debug',
  'subscribe',
  'unsubscribe',
  'websockets',
  'none',
];

const listener = ['listener {port} 127.0.0.1', 'allow_anonymous true', 'user {user}'];

/** The longest client id that a log line can show is shorter. */
const long = 'l'.repeat(1200);

export const optionCases: readonly LogCase[] = [
  ...types.map(
    (type): LogCase => ({
      name: `only lines of the type ${type}`,
      base: [...listener, `log_type ${type}`],
      ready: 'probe',
      steps: tour,
    }),
  ),
  { name: 'all types', base: [...listener, 'log_type all'], steps: tour },
  { name: 'the types that are logged by default', base: listener, steps: tour },
  {
    name: 'log_type none takes back what was asked for',
    base: [...listener, 'log_type all', 'log_type none', 'log_type subscribe'],
    ready: 'probe',
    steps: tour,
  },
  { name: '-v logs all types', base: [...listener, 'log_type error'], args: ['-v'], steps: tour },
  { name: '-q logs nothing', base: [...listener, 'log_type all'], args: ['-q'], ready: 'probe', steps: tour },
  {
    name: '-q counts more than -v',
    base: [...listener, 'log_type all'],
    args: ['-q', '-v'],
    ready: 'probe',
    steps: tour,
  },
  { name: 'without connection messages', config: ['connection_messages false'], steps: tour },
  { name: 'without timestamps', config: ['log_timestamp false'], steps: [a.send(connect('anna'))] },
  {
    name: 'timestamps with a format',
    config: ['log_timestamp_format [%%] %n%t|'],
    steps: [a.send(connect('anna'))],
  },
  {
    name: 'a timestamp that is longer than a line',
    config: [`log_timestamp_format ${'x'.repeat(1000)}`],
  },
  {
    name: 'log_timestamp false counts more than a format',
    config: ['log_timestamp_format %Y', 'log_timestamp false'],
  },
  {
    name: 'standard output and standard error',
    config: ['log_dest stdout'],
    also: 'stdout',
    steps: [a.send(connect('anna'))],
  },
  {
    name: 'only standard output',
    base: [...listener, 'log_dest stdout'],
    ready: 'probe',
    also: 'stdout',
    steps: [a.send(connect('anna')), a.send(disconnect)],
  },
  {
    name: 'a file',
    base: [...listener, 'log_type all', 'log_dest file {dir}/log.txt'],
    ready: 'probe',
    also: 'file',
    steps: tour,
  },
  {
    name: 'a file that cannot be opened',
    base: [...listener, 'log_type all', 'log_dest file {dir}/missing/log.txt'],
    ready: 'probe',
    steps: tour,
  },
  { name: 'log_dest none', base: [...listener, 'log_dest none'], ready: 'probe', steps: tour },
  { name: 'log_dest none and then stderr', config: ['log_dest none', 'log_dest stderr'], steps: tour },
  {
    name: 'standard error twice writes each line once',
    config: ['log_dest stderr'],
    steps: [a.send(connect('anna'))],
  },
  {
    name: 'topics',
    config: ['log_dest topic'],
    steps: [
      d.send(connect('watcher'), subscribe(['$SYS/broker/log/#', 0])),
      e.send(connect('other')),
      e.send(subscribe(['t', 0])),
      e.send(unsubscribe('t')),
      e.send(packet('36', str('t'), '00 01')),
    ],
  },
  {
    name: 'lines are cut after 999 bytes',
    config: ['log_timestamp false'],
    steps: [a.send(connect(long)), a.send(publish(`${long}/t`, 'x')), a.send(disconnect)],
  },
  {
    name: 'client ids and topics are written as they are',
    steps: [
      a.send(connect("it-is-ä-'-id".replaceAll("'", '')), publish('ü/%s/%d', 'x')),
      b.send(login('b', 'nüs%s', 'p')),
      c.send(connect('c', { version: 5 }), publish5('a b/{x}', 'x')),
    ],
  },
];
