// sub: what it subscribes to, which messages it prints, and when it ends.
import {
  cut,
  deafen,
  end,
  gets,
  kill,
  one,
  passed,
  pause,
  publish,
  run,
  type Step,
  start,
  type ToolCase,
  watch,
} from '../case.js';

const kept = (topic: string, payload: string): Step => publish(topic, payload, { retain: true, qos: 1 });

const printing: ToolCase[] = [
  gets('sub -C 1 prints one message and ends', 'sub -p {port} -t {t} -C 1', ['hello']),
  gets('sub -C 3 prints three messages and ends', 'sub -p {port} -t {t} -C 3', ['a', 'b', 'c', 'd']),
  gets('sub prints an empty payload as an empty line', 'sub -p {port} -t {t} -C 2', ['', 'end']),
  gets('sub -v prints the topic', 'sub -p {port} -t {t} -C 1 -v', ['hello']),
  gets('sub --verbose prints the topic', 'sub -p {port} --topic {t} -C 1 --verbose', ['hello']),
  gets('sub -v prints (null) for an empty payload', 'sub -p {port} -t {t} -C 1 -v', ['']),
  gets('sub -N prints no line ends', 'sub -p {port} -t {t} -C 2 -N', ['a', 'b']),
  gets('sub -N -v prints topics without line ends', 'sub -p {port} -t {t} -C 2 -N -v', ['a', '']),
  gets('sub prints bytes as they came', 'sub -p {port} -t {t} -C 1', ['hex 00ff0a80fe']),
  gets('sub -v prints bytes as they came', 'sub -p {port} -t {t} -C 1 -v', ['hex 00ff0a80fe']),
  gets('sub prints a message of 300 kB', 'sub -p {port} -t {t} -C 1 -q 1', [
    { payload: 'long '.repeat(60_000), qos: 1 },
  ]),
  gets(
    'sub prints 500 messages in order',
    'sub -p {port} -t {t} -C 500 -q 1',
    Array.from({ length: 500 }, (_, at) => `${at}`),
  ),
  gets('sub -t twice subscribes to both', 'sub -p {port} -t {t}/a -t {t}/b -C 2 -v', [
    { topic: '{t}/a', payload: '1' },
    { topic: '{t}/b', payload: '2' },
  ]),
  gets('sub -t with wildcards gets all that match', "sub -p {port} -t '{t}/+/x/#' -C 3 -v", [
    { topic: '{t}/a/x', payload: '1' },
    { topic: '{t}/a/y', payload: 'no' },
    { topic: '{t}/b/x/y/z', payload: '2' },
    { topic: '{t}/c/x', payload: '3' },
  ]),
  gets('sub gets a message once for each of overlapping filters', "sub -p {port} -t {t} -t '{t}/#' -C 2 -v", [
    'a',
  ]),
  gets('sub gets a message once for the same filter twice', 'sub -p {port} -t {t} -t {t} -C 2 -v', [
    'a',
    'b',
  ]),
  gets('sub -t with a shared subscription', "sub -p {port} -t '$share/group/{t}' -C 1 -v -V 5", ['a']),
  gets('sub -q 1 gets QoS 1 of QoS 2', "sub -p {port} -t {t} -C 1 -q 1 -F '%q %p'", [
    { payload: 'a', qos: 2 },
  ]),
  gets('sub --qos 2 gets QoS 2', "sub -p {port} -t {t} -C 1 --qos 2 -F '%q %p'", [{ payload: 'a', qos: 2 }]),
  gets('sub without -q gets QoS 0', "sub -p {port} -t {t} -C 1 -F '%q %p'", [{ payload: 'a', qos: 2 }]),
  gets('sub -w writes each topic on its line', "sub -p {port} -t '{t}/#' -C 3 -w -v", [
    { topic: '{t}/a', payload: '1' },
    { topic: '{t}/b', payload: '2' },
    { topic: '{t}/a', payload: '3' },
  ]),
  gets('sub --watch writes payloads on the lines of their topics', "sub -p {port} -t '{t}/#' -C 2 --watch", [
    { topic: '{t}/a', payload: '1' },
    { topic: '{t}/b', payload: '2' },
  ]),
  gets('sub --watch -N', "sub -p {port} -t '{t}/#' -C 2 --watch -N", [
    { topic: '{t}/a', payload: '1' },
    { topic: '{t}/b', payload: '' },
  ]),
  gets('sub --watch -F', "sub -p {port} -t '{t}/#' -C 2 --watch -F '%t=%p'", [
    { topic: '{t}/a', payload: '1' },
    { topic: '{t}/a', payload: '2' },
  ]),
  one('sub --random-filter takes a percentage', 'sub -p {port} -t {t} -E --random-filter 50.5'),
  gets('sub --nodelay gets messages as ever', 'sub -p {port} -t {t} -C 1 --nodelay', ['a']),
  gets('sub --quiet prints messages all the same', 'sub -p {port} -t {t} -C 1 --quiet', ['a']),
  {
    name: 'sub --message-rate ends on SIGINT',
    steps: [start('sub -p {port} -t {t} --message-rate'), pause(2200), kill('SIGINT'), end],
    blur: ['rate'],
  },
  {
    name: 'sub --message-rate prints a count each second',
    steps: [
      start('sub -p {port} -t {t} --message-rate -W 2'),
      ...['a', 'b', 'c'].map((payload) => publish('{t}', payload)),
      end,
    ],
    blur: ['rate'],
  },
];

const selecting: ToolCase[] = [
  gets('sub -T leaves topics out', "sub -p {port} -t '{t}/#' -T {t}/b -C 2 -v", [
    { topic: '{t}/a', payload: '1' },
    { topic: '{t}/b', payload: '2' },
    { topic: '{t}/c', payload: '3' },
  ]),
  gets(
    'sub --filter-out twice leaves more out',
    "sub -p {port} -t '{t}/#' --filter-out {t}/b/+ --filter-out '{t}/c/#' -C 2 -v",
    [
      { topic: '{t}/b/x', payload: '1' },
      { topic: '{t}/b', payload: '2' },
      { topic: '{t}/c', payload: '3' },
      { topic: '{t}/d', payload: '4' },
    ],
  ),
  gets('sub -T all prints nothing until its time is up', 'sub -p {port} -t {t} -T {t} -C 1 -W 1 -v', ['a']),
  {
    name: 'sub -R leaves out what was retained',
    steps: [kept('{t}', 'old'), start('sub -p {port} -t {t} -R -C 1 -v -q 1'), publish('{t}', 'new'), end],
  },
  {
    name: 'sub --retained-only ends with the first message that is not',
    steps: [
      kept('{t}/a', '1'),
      kept('{t}/b', '2'),
      start("sub -p {port} -t '{t}/#' --retained-only -v"),
      publish('{t}/c', 'new'),
      publish('{t}/d', 'new'),
      end,
    ],
  },
  {
    name: 'sub --retained-only ends after -C 1',
    steps: [
      kept('{t}/a', '1'),
      kept('{t}/b', '2'),
      ...run("sub -p {port} -t '{t}/#' --retained-only -C 1 -v"),
    ],
  },
  one('sub --retained-only gives up after -W 1', 'sub -p {port} -t {t} --retained-only -W 1'),
  {
    name: 'sub --remove-retained removes what it prints, and goes on in spite of -C',
    limit: 3000,
    steps: [
      kept('{t}/a', '1'),
      kept('{t}/b', '2'),
      ...run("sub -p {port} -t '{t}/#' --remove-retained -C 2 -v"),
      ...run("sub -p {port} -t '{t}/#' -W 1 -v"),
    ],
  },
  {
    name: 'sub --remove-retained -R removes what it does not print',
    steps: [
      kept('{t}', '1'),
      start('sub -p {port} -t {t} --remove-retained -R -C 1 -v -d -i {t} -q 1'),
      pause(100),
      publish('{t}', 'new'),
      end,
      ...run('sub -p {port} -t {t} -W 1 -v'),
    ],
  },
  {
    name: 'sub --remove-retained -T keeps what it leaves out',
    limit: 3000,
    steps: [
      kept('{t}/a', '1'),
      kept('{t}/b', '2'),
      ...run("sub -p {port} -t '{t}/#' -T {t}/a --remove-retained -C 1 -v"),
      ...run("sub -p {port} -t '{t}/#' -C 1 -v"),
    ],
  },
  {
    name: 'sub --remove-retained --retained-only removes all and goes on',
    limit: 3000,
    steps: [
      kept('{t}', '1'),
      start('sub -p {port} -t {t} --remove-retained --retained-only -v -d -i {t}'),
      end,
      ...run('sub -p {port} -t {t} -W 1 -v'),
    ],
  },
  ...['always', 'new', 'never'].map(
    (when): ToolCase => ({
      name: `sub --retain-handling ${when}`,
      steps: [
        kept('{t}', 'old'),
        ...run('sub -p {port} -t {t} -E -c -i {t} -V 5 -x 60'),
        start(`sub -p {port} -t {t} --retain-handling ${when} -C 1 -V 5 -c -i {t} -x 60 -d -v`),
        pause(50),
        publish('{t}', 'new'),
        end,
      ],
    }),
  ),
  one(
    'sub --retain-handling never is not for MQTT 3.1.1',
    'sub -p {port} -t {t} --retain-handling never -E -d -i {t}',
  ),
  gets(
    'sub --retain-as-published keeps the flag',
    "sub -p {port} -t {t} --retain-as-published -V 5 -C 2 -F '%r %p'",
    [{ payload: 'a', retain: true }, { payload: 'b' }],
  ),
  gets(
    'sub --retain-as-published is not for MQTT 3.1.1',
    "sub -p {port} -t {t} --retain-as-published -C 1 -F '%r %p'",
    [{ payload: 'a', retain: true }],
  ),
  gets(
    'sub --retain-as-published -R leaves out what is retained',
    'sub -p {port} -t {t} --retain-as-published -R -V 5 -C 1',
    [{ payload: 'a', retain: true }, { payload: 'b' }],
  ),
];

const ending: ToolCase[] = [
  one('sub -E ends when it has subscribed', 'sub -p {port} -t {t} -E'),
  one('sub -E -d shows what it does', 'sub -p {port} -t {t} -E -d -i {t}'),
  one('sub -E with several topics', 'sub -p {port} -t {t}/a -t {t}/b -t {t}/c -E -d -i {t} -q 2'),
  one('sub -E with MQTT 5', 'sub -p {port} -t {t} -E -d -i {t} -V 5 -q 1'),
  one('sub -E with MQTT 3.1', 'sub -p {port} -t {t} -E -d -i {t} -V 31 -q 1'),
  one('sub -E -U ends when both are acknowledged', 'sub -p {port} -t {t}/a -U {t}/b -E -d -i {t}'),
  one('sub -U alone goes on after it is acknowledged', 'sub -p {port} -U {t} -E', { limit: 1000 }),
  one(
    'sub --unsubscribe twice with MQTT 5',
    'sub -p {port} --unsubscribe {t}/a --unsubscribe {t}/b -E -V 5 -d -i {t} -W 1',
  ),
  one('sub -U without -E waits for messages', 'sub -p {port} -U {t} -W 1 -d -i {t}'),
  {
    name: 'sub -c -E makes a session that keeps messages, -U takes its subscription away',
    steps: [
      ...run('sub -p {port} -t {t} -E -c -i {t} -q 1'),
      publish('{t}', 'kept 1', { qos: 1 }),
      publish('{t}', 'not kept', { qos: 0 }),
      publish('{t}', 'kept 2', { qos: 2 }),
      ...run('sub -p {port} -t {t} --disable-clean-session --id {t} -q 1 -C 2 -d'),
      ...run('sub -p {port} -U {t} -c -i {t} -E -d -W 1'),
      publish('{t}', 'lost', { qos: 1 }),
      ...run('sub -p {port} -t {t}/other -c -i {t} -q 1 -W 1 -d'),
    ],
  },
  {
    name: 'sub without -c ends the session of before',
    steps: [
      ...run('sub -p {port} -t {t} -E -c -i {t} -q 1'),
      publish('{t}', 'lost', { qos: 1 }),
      ...run('sub -p {port} -t {t} -i {t} -q 1 -W 1'),
    ],
  },
  one('sub -W 1 gives up after a second', 'sub -p {port} -t {t} -W 1'),
  one('sub -W 1 --quiet says nothing', 'sub -p {port} -t {t} -W 1 --quiet'),
  one('sub -W 1 -d shows what it did', 'sub -p {port} -t {t} -W 1 -d -i {t}'),
  gets('sub -W prints what came before the time is up', 'sub -p {port} -t {t} -W 1', ['a', 'b']),
  gets('sub -C -W ends with the count', 'sub -p {port} -t {t} -C 1 -W 5', ['a']),
  gets('sub -C -W ends with the time when there are too few', 'sub -p {port} -t {t} -C 3 -W 1', ['a', 'b']),
  one('sub -E -W ends when it has subscribed', 'sub -p {port} -t {t} -E -W 5'),
  ...(['SIGINT', 'SIGTERM'] as const).flatMap((signal): ToolCase[] => [
    {
      name: `sub ends on ${signal}`,
      steps: [
        start('sub -p {port} -t {t} -d -i {t}'),
        publish('{t}', 'a'),
        passed('PUBLISH', 1),
        pause(100),
        kill(signal),
        end,
      ],
    },
    {
      name: `sub with MQTT 5 ends on ${signal}`,
      steps: [start('sub -p {port} -t {t} -d -i {t} -V 5'), pause(100), kill(signal), end],
    },
  ]),
  {
    name: 'sub ends on SIGHUP',
    steps: [start('sub -p {port} -t {t}'), pause(100), kill('SIGHUP'), end],
  },
  {
    name: 'sub ends when nobody reads its output',
    steps: [start('sub -p {port} -t {t} -W 2'), deafen, publish('{t}', 'a'), publish('{t}', 'b'), end],
  },
  {
    name: 'sub connects and subscribes again when the network failed',
    steps: [
      start('sub -p {port} -t {t} -d -i {t} -C 2 -W 5'),
      publish('{t}', 'before'),
      passed('PUBLISH', 1),
      cut,
      pause(1800),
      publish('{t}', 'after'),
      end,
    ],
  },
  {
    name: 'sub with the id of another takes its place, and the other comes back',
    steps: [
      start('sub -p {port} -t {t} -i {t} -C 1'),
      ...[watch('{t}/never')],
      start('sub -p {port} -t {t}/2 -i {t} -E'),
      pause(1800),
      publish('{t}', 'a'),
      end,
    ],
  },
];

const debug: ToolCase[] = ['31', '311', '5'].flatMap((version) =>
  ([0, 1, 2] as const).map((qos) =>
    gets(
      `sub -d shows the packets of QoS ${qos} with -V ${version}`,
      `sub -p {port} -t {t} -C 1 -q ${qos} -V ${version} -d -i {t} -v`,
      [{ payload: 'a', qos }],
    ),
  ),
);

export const sub: readonly ToolCase[] = [...printing, ...selecting, ...ending, ...debug];
