// pub: where its messages come from, how they are sent, and how it ends.
import {
  cut,
  deafen,
  end,
  kill,
  one,
  passed,
  pause,
  run,
  sends,
  start,
  type ToolCase,
  type,
  typed,
  watch,
} from '../case.js';

const sources: ToolCase[] = [
  sends('pub -m sends a text', "pub -p {port} -t {t} -m 'a text'"),
  sends(
    'pub --message and --topic are the long names',
    'pub --port {port} --host localhost --topic {t} --message a',
  ),
  sends('pub -m sends an empty text', "pub -p {port} -t {t} -m ''"),
  sends('pub -m sends characters beyond ASCII', 'pub -p {port} -t {t}/é日 -m é日𝄞'),
  sends('pub -m sends what looks like an option', 'pub -p {port} -t {t} -m -n'),
  sends('pub -m sends 100 kB', `pub -p {port} -t {t} -m ${'0123456789'.repeat(10_000)}`),
  sends('pub -n sends nothing', 'pub -p {port} -t {t} -n'),
  sends('pub --null-message sends nothing', 'pub -p {port} -t {t} --null-message'),
  sends('pub -f sends a file', 'pub -p {port} -t {t} -f message', { files: { message: 'one\ntwo\n' } }),
  sends('pub --file sends a file of 300 kB', 'pub -p {port} -t {t} --file message -q 1', {
    files: { message: 'three hundred thousand bytes. '.repeat(10_000) },
  }),
  sends('pub -s sends all of its input', 'pub -p {port} -t {t} -s', { input: 'one\ntwo\n\nthree' }),
  sends('pub --stdin-file sends all of its input', 'pub -p {port} -t {t} --stdin-file', { input: '\n' }),
  sends('pub -l sends every line', 'pub -p {port} -t {t} -l', { input: 'one\ntwo\nthree\n' }),
  sends('pub --stdin-line sends every line', 'pub -p {port} -t {t} --stdin-line', { input: 'one\ntwo\n' }),
  sends('pub -l sends empty lines', 'pub -p {port} -t {t} -l', { input: 'one\n\n\ntwo\n' }),
  sends('pub -l sends nothing but empty lines', 'pub -p {port} -t {t} -l', { input: '\n\n' }),
  sends('pub -l sends a last line that is not ended', 'pub -p {port} -t {t} -l', { input: 'one\ntwo' }),
  sends('pub -l ends at once when there is no input', 'pub -p {port} -t {t} -l'),
  sends('pub -l keeps carriage returns', 'pub -p {port} -t {t} -l', { input: 'one\r\ntwo\r\n' }),
  sends('pub -l sends a line of 20 kB', 'pub -p {port} -t {t} -l', { input: `${'x'.repeat(20_000)}\nend\n` }),
  {
    name: 'pub -l sends each line when it comes',
    steps: [
      watch('{t}'),
      start('pub -p {port} -t {t} -l -d -i {t}', 'connected', null),
      type('one\n'),
      passed('PUBLISH', 1),
      type('two'),
      pause(50),
      type(' halves\n'),
      passed('PUBLISH', 2),
      type(null),
      end,
    ],
  },
];

const sending: ToolCase[] = [
  ...[0, 1, 2].map((qos) =>
    sends(`pub -q ${qos} sends with that QoS`, `pub -p {port} -t {t} -m a -q ${qos}`),
  ),
  sends('pub --qos 1 sends with that QoS', 'pub -p {port} -t {t} -m a --qos 1'),
  sends('pub -r sends a retained message', 'pub -p {port} -t {t} -m a -r'),
  {
    name: 'pub -r keeps a message that a later subscriber gets',
    steps: [...run('pub -p {port} -t {t} -m kept --retain -q 1'), ...run('sub -p {port} -t {t} -C 1 -v')],
  },
  {
    name: 'pub -r -n removes a retained message',
    steps: [
      ...run('pub -p {port} -t {t} -m kept -r -q 1'),
      ...run('pub -p {port} -t {t} -n -r -q 1'),
      ...run('sub -p {port} -t {t} -C 1 -W 1'),
    ],
  },
  {
    name: 'pub -l -r keeps the last line',
    steps: [
      ...run('pub -p {port} -t {t} -l -r', 'one\ntwo\n'),
      ...run("sub -p {port} -t {t} -C 1 -F '%r %q %p'"),
    ],
  },
  sends('pub --repeat 3 sends a message three times', 'pub -p {port} -t {t} -m a --repeat 3'),
  sends('pub --repeat 3 with QoS 1 sends a message three times', 'pub -p {port} -t {t} -m a --repeat 3 -q 1'),
  sends('pub --repeat 3 with QoS 2 sends a message three times', 'pub -p {port} -t {t} -m a --repeat 3 -q 2'),
  sends('pub --repeat 2 sends a file twice', 'pub -p {port} -t {t} -f x --repeat 2', {
    files: { x: 'text' },
  }),
  sends('pub --repeat 2 sends its input twice', 'pub -p {port} -t {t} -s --repeat 2', { input: 'text' }),
  sends('pub --repeat 2 sends nothing twice', 'pub -p {port} -t {t} -n --repeat 2'),
  sends(
    'pub --repeat-delay waits between messages',
    'pub -p {port} -t {t} -m a --repeat 3 --repeat-delay 0.2 -d -i {t}',
  ),
  sends('pub --repeat-delay 0 does not wait', 'pub -p {port} -t {t} -m a --repeat 2 --repeat-delay 0 -q 1'),
  sends('pub --repeat-delay without --repeat does nothing', 'pub -p {port} -t {t} -m a --repeat-delay 5'),
  sends('pub --repeat-delay of a text counts as 0', 'pub -p {port} -t {t} -m a --repeat 2 --repeat-delay x'),
  {
    name: 'pub -M 2 has no more than two messages on their way',
    steps: [
      start('pub -p {peer} -t {t} -l -q 1 -M 2 -i {t}', 'connected', null),
      type('a\nb\nc\nd\n'),
      pause(300),
      kill('SIGINT'),
      end,
    ],
    peer: { PUBLISH: '' },
    wire: true,
  },
  sends('pub --nodelay sends as ever', 'pub -p {port} -t {t} -m a --nodelay'),
  sends('pub --quiet says nothing when all is well', 'pub -p {port} -t {t} -m a --quiet'),
  sends('pub -h names the host', 'pub -h 127.0.0.1 -p {port} -t {t} -m a'),
  sends('pub -V 5 sends with MQTT 5', 'pub -p {port} -t {t} -m a -V 5 -q 2'),
  sends('pub to a topic that begins with $SYS is lost', "pub -p {port} -t '$SYS/{t}' -m a -q 1 -d -i {t}"),
];

const debug: ToolCase[] = [
  ...['31', '311', '5'].flatMap((version) =>
    [0, 1, 2].map((qos) =>
      sends(
        `pub -d shows the packets of QoS ${qos} with -V ${version}`,
        `pub -p {port} -t {t} -m a -q ${qos} -V ${version} -d -i {t}`,
      ),
    ),
  ),
  sends('pub --debug without an id shows that there is none', 'pub -p {port} -t {t} -m a --debug'),
  sends('pub -d with MQTT 5 shows the id that the broker gave', 'pub -p {port} -t {t} -m a -d -V 5'),
  sends('pub -d shows retain', 'pub -p {port} -t {t} -m abc -d -r -q 1 -i {t}'),
  sends('pub -d shows each line', 'pub -p {port} -t {t} -l -d -i {t}', { input: 'one\ntwo\n' }),
  ...['PUBACK', 'PUBCOMP'].map((acknowledgement, at) =>
    typed(
      `pub -d shows each line with QoS ${at + 1}`,
      `pub -p {port} -t {t} -l -d -q ${at + 1} -i {t}`,
      ['one\n', 'two\n'],
      acknowledgement,
    ),
  ),
  sends('pub -d shows each repetition', 'pub -p {port} -t {t} -m a --repeat 2 -d -q 1 -i {t}'),
  one('pub -d with MQTT 5 shows that nobody subscribed', 'pub -p {port} -t {t} -m a -q 1 -V 5 -d -i {t}'),
  one(
    'pub -d with MQTT 5 shows that nobody subscribed, QoS 2',
    'pub -p {port} -t {t} -m a -q 2 -V 5 -d -i {t}',
  ),
];

const ends: ToolCase[] = [
  ...(['SIGINT', 'SIGTERM'] as const).map(
    (signal): ToolCase => ({
      name: `pub -l ends on ${signal}`,
      steps: [start('pub -p {port} -t {t} -l -d -i {t}', 'connected', null), pause(100), kill(signal), end],
    }),
  ),
  {
    name: 'pub -l connects again when the network failed',
    steps: [
      watch('{t}'),
      start('pub -p {port} -t {t} -l -d -i {t}', 'connected', null),
      pause(50),
      cut,
      pause(1500),
      type('after\n'),
      pause(100),
      type(null),
      end,
    ],
  },
  {
    name: 'pub -d ends as ever when nobody reads its output',
    steps: [
      start('pub -p {port} -t {t} -l -d -i {t}', 'connected', null),
      deafen,
      type('a\n'),
      pause(50),
      type(null),
      end,
    ],
  },
];

export const pub: readonly ToolCase[] = [...sources, ...sending, ...debug, ...ends];
