// Every flag of `pondhawk pub`, `sub` and `rr`, in the order of the help. A new flag is a new row, here or among those
// of the connection.
import type { Draft, MessageSource, QoS, ToolName } from './client-config.js';
import { connectionFlags, topicFlag } from './client-connection-flags.js';
import { ALL, FILE, type Flag, integer, MOST_INT, nothing, on, option, set, toggle } from './client-flag.js';
import { filterProblem, readFloat, topicProblem } from './client-values.js';
import { checkFormat } from './format-syntax.js';

const PUB: readonly ToolName[] = ['pub'];
const SUB: readonly ToolName[] = ['sub'];
const RR: readonly ToolName[] = ['rr'];
const SENDERS: readonly ToolName[] = ['pub', 'rr'];
const RECEIVERS: readonly ToolName[] = ['sub', 'rr'];

function secondMessage({ config }: Draft): string | undefined {
  return config.message.kind === 'none'
    ? undefined
    : 'Error: Only one type of message can be sent at once.\n\n';
}

function message(source: (value: string) => MessageSource): Flag['take'] {
  return set(({ config }, value) => {
    config.message = source(value);
  });
}

const retainHandling: ReadonlyMap<string, QoS> = new Map([
  ['always', 0],
  ['new', 1],
  ['never', 2],
]);

function takeRetainHandling({ config }: Draft, value: string): string | undefined {
  const handling = retainHandling.get(value);
  if (handling === undefined) return `Error: Unknown value '${value}' for --retain-handling.\n\n`;
  config.subscriptionOptions.retainHandling = handling;
  return undefined;
}

function takeRepeatDelay({ config }: Draft, value: string): string | undefined {
  const seconds = Math.fround(readFloat(value));
  if (seconds < 0) return 'Error: --repeat-delay argument must be >=0.0.\n\n';
  config.repeatDelayMs = Number.isFinite(seconds) ? Math.trunc(Math.fround(seconds * 1e6)) / 1000 : 0;
  return undefined;
}

function takeRandomFilter({ config }: Draft, value: string): string | undefined {
  const tenths = Math.trunc(10 * readFloat(value));
  if (!(tenths >= 1 && tenths <= 10_000))
    return 'Error: --random-filter chance must be between 0.1-100.0\n\n';
  config.randomFilter = tenths / 10;
  return undefined;
}

/** Adds a filter to a list. */
function addFilter(list: 'filterOuts' | 'unsubscribeTopics', flag: string, what: string): Flag['take'] {
  return ({ config }, value) => {
    const problem = filterProblem(value, flag, what);
    if (problem === undefined) config[list].push(value);
    return problem;
  };
}

const sending: readonly Flag[] = [
  option(
    '-m --message',
    SENDERS,
    ['TEXT', 'no message specified'],
    'send this text',
    message((value) => ({ kind: 'text', text: value })),
    secondMessage,
  ),
  option(
    '-f --file',
    SENDERS,
    FILE,
    'send a file',
    message((file) => ({ kind: 'file', file })),
    secondMessage,
  ),
  toggle(
    '-s --stdin-file',
    SENDERS,
    'send the whole of standard input',
    message(() => ({ kind: 'stdin' })),
    secondMessage,
  ),
  toggle(
    '-l --stdin-line',
    PUB,
    'send each line of standard input',
    message(() => ({ kind: 'lines' })),
    secondMessage,
  ),
  toggle(
    '-n --null-message',
    SENDERS,
    'send an empty message',
    message(() => ({ kind: 'null' })),
    secondMessage,
  ),
  toggle('-r --retain', PUB, 'the broker keeps the message for later subscribers', on('retain')),
  option(
    '--repeat',
    PUB,
    ['COUNT', 'no count specified'],
    'send the message so often (default 1)',
    integer('repeat', [1, MOST_INT], () => 'Error: --repeat argument must be >0.\n\n'),
  ),
  option(
    '--repeat-delay',
    PUB,
    ['SECONDS', 'no time specified'],
    'wait between them; a fraction (default 0)',
    takeRepeatDelay,
  ),
];

const receiving: readonly Flag[] = [
  option(
    '-e',
    RR,
    ['TOPIC', 'no response topic specified'],
    'topic that the response comes on',
    ({ config }, topic) => {
      const problem = topicProblem(topic, '-e', 'response');
      if (problem === undefined) config.responseTopic = topic;
      return problem;
    },
  ),
  option(
    '-T --filter-out',
    SUB,
    ['FILTER', 'no topic filter specified'],
    'topics to leave out; may be repeated',
    addFilter('filterOuts', '-T', 'filter'),
  ),
  option(
    '-U --unsubscribe',
    SUB,
    ['FILTER', 'no unsubscribe topic specified'],
    'unsubscribe from this filter; may be repeated',
    addFilter('unsubscribeTopics', '-U', 'unsubscribe'),
  ),
  toggle(
    '--retain-as-published',
    RECEIVERS,
    'keep the retain flag of messages as it was sent (MQTT 5)',
    set(({ config }) => {
      config.subscriptionOptions.retainAsPublished = true;
    }),
  ),
  option(
    '--retain-handling',
    RECEIVERS,
    ['WHEN', 'no option specified'],
    'when retained messages come (MQTT 5): always, new or never',
    takeRetainHandling,
  ),
  toggle(
    '-R',
    RECEIVERS,
    'leave retained messages out',
    set(({ config }) => {
      config.noRetained = true;
      config.subscriptionOptions.retainHandling = 2;
    }),
  ),
  toggle('--retained-only', SUB, 'only retained messages; end with the first other one', on('retainedOnly')),
  toggle('--remove-retained', SUB, 'remove the retained messages that come', on('removeRetained')),
  option(
    '-C',
    SUB,
    ['COUNT', 'no count specified'],
    'end after so many messages',
    integer('count', [1, MOST_INT], (count) => `Error: Invalid message count "${count}".\n\n`),
  ),
  option(
    '-W',
    RECEIVERS,
    ['SECONDS', 'no timeout specified'],
    'end after so much time',
    integer('timeoutSeconds', [1, MOST_INT], (seconds) => `Error: Invalid timeout "${seconds}".\n\n`),
  ),
  toggle('-E', SUB, 'end as soon as the subscriptions are confirmed', on('exitAfterSubscribe')),
];

const output: readonly Flag[] = [
  toggle('-v --verbose', RECEIVERS, 'print the topic before each message', on('verbose')),
  option(
    '-F',
    RECEIVERS,
    ['FORMAT', 'no format specified'],
    'print messages in this format, such as %t %p or %j',
    ({ config }, format) => {
      config.format = format;
      return checkFormat(format);
    },
  ),
  toggle('-N', RECEIVERS, 'print no end of line after a message', on('eol', false)),
  toggle('--pretty', RECEIVERS, 'print JSON over several lines', on('pretty')),
  toggle('-w --watch', SUB, 'one line of the terminal for each topic', on('watch')),
  option(
    '--random-filter',
    SUB,
    ['PERCENT', 'no chance specified'],
    'print a part of the messages by chance, 0.1 to 100',
    takeRandomFilter,
  ),
  toggle('--message-rate', SUB, 'print messages per second instead of messages', on('messageRate')),
  toggle(
    '--latency',
    RR,
    'print how long the response took',
    set(({ config }) => {
      config.latency = true;
      config.nodelay = true;
    }),
  ),
  toggle('-d --debug', ALL, 'print what happens on the connection', on('debug')),
  toggle('--quiet', ALL, 'print no errors of the connection', on('quiet')),
];

const general: readonly Flag[] = [
  // it was looked for before the others
  {
    names: ['-o'],
    tools: ALL,
    value: 'FILE',
    help: 'read flags from a file, one on each line',
    take: nothing,
  },
  { names: ['--help'], tools: ALL, help: 'print this help', take: nothing, answer: 'help' },
  { names: ['--version'], tools: ALL, help: 'print the version', take: nothing, answer: 'version' },
];

/** The table. */
export const clientFlags: readonly Flag[] = [
  topicFlag,
  ...sending,
  ...receiving,
  ...output,
  ...connectionFlags,
  ...general,
];

export const flagsByName: ReadonlyMap<string, Flag> = new Map(
  clientFlags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)),
);
