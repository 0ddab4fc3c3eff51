// What a broker may refuse or do wrong, and what the tools say and exit with.
import { end, kill, one, pause, start, type ToolCase, type, typed } from '../case.js';

const tools: Record<string, string> = {
  pub: 'pub -t {t} -m a -i {t} -q 1',
  sub: 'sub -t {t} -E -i {t} -W 2',
  rr: 'rr -t {t} -e {t}/a -m a -i {t} -W 2',
};

const hex = (value: number): string => value.toString(16).padStart(2, '0');

const connacks = Object.entries(tools).flatMap(([tool, line]) => [
  ...[1, 2, 3, 4, 5, 6, 255]
    .filter((code) => tool !== 'sub' || code === 2 || code === 5)
    .map((code) =>
      one(`${tool} with MQTT 3.1.1 is refused with ${code}`, `${line} -p {peer} -V 311 -d`, {
        peer: { CONNECT: `20 02 00 ${hex(code)} close` },
      }),
    ),
  ...[0x80, 0x81, 0x84, 0x85, 0x86, 0x87, 0x88, 0x8a, 0x8c, 0x95, 0x97, 0x9a, 0x9d]
    .filter((code) => tool === 'pub' || code === 0x87 || code === 0x84)
    .map((code) =>
      one(`${tool} with MQTT 5 is refused with ${code}`, `${line} -p {peer} -V 5 -d`, {
        peer: { CONNECT: `20 03 00 ${hex(code)} 00 close` },
      }),
    ),
  one(`${tool} --quiet is refused`, `${line} -p {peer} -V 311 --quiet`, {
    peer: { CONNECT: '20 02 00 05 close' },
  }),
  one(`${tool} --quiet with MQTT 5 is refused`, `${line} -p {peer} -V 5 --quiet`, {
    peer: { CONNECT: '20 03 00 87 00 close' },
  }),
  one(`${tool} with MQTT 5 is refused with words`, `${line} -p {peer} -V 5 -d`, {
    peer: { CONNECT: '20 08 00 87 05 1f 00 02 4e 6f close' },
  }),
  one(`${tool} with MQTT 5 gets an answer of MQTT 3.1.1`, `${line} -p {peer} -V 5 -d`, {
    peer: { CONNECT: '20 02 00 01 close' },
  }),
  one(`${tool} gets a CONNACK that is malformed`, `${line} -p {peer} -V 311 -d`, {
    peer: { CONNECT: '20 01 00 close' },
  }),
  one(`${tool} gets another packet than CONNACK`, `${line} -p {peer} -V 311 -d`, {
    peer: { CONNECT: '30 03 00 01 61 close' },
  }),
  one(`${tool} gets an end instead of CONNACK`, `${line} -p {peer} -d`, { peer: { CONNECT: 'close' } }),
  one(`${tool} with MQTT 5 gets a DISCONNECT after CONNACK`, `${line} -p {peer} -V 5 -d`, {
    peer: { CONNECT: '20 03 00 00 00 e0 02 8b 00 close' },
  }),
]);

const users: ToolCase[] = [
  ...['311', '5'].flatMap((version) => [
    one(
      `pub -V ${version} with a wrong password`,
      `pub -p {authPort} -t {t} -m a -u both -P wrong -V ${version} -d -i {t}`,
    ),
    one(
      `pub -V ${version} with an unknown user`,
      `pub -p {authPort} -t {t} -m a -u nobody -P x -V ${version}`,
    ),
    one(`pub -V ${version} without a user`, `pub -p {authPort} -t {t} -m a -V ${version}`),
    one(
      `pub -V ${version} with a user without a password`,
      `pub -p {authPort} -t {t} -m a -u both -V ${version}`,
    ),
    one(
      `sub -V ${version} with a wrong password`,
      `sub -p {authPort} -t {t} -E -u both -P wrong -V ${version} -d -i {t}`,
    ),
    one(`sub -V ${version} without a user`, `sub -p {authPort} -t {t} -E -V ${version}`),
    one(
      `rr -V ${version} with a wrong password`,
      `rr -p {authPort} -t {t} -e {t} -m a -u both -P wrong -V ${version}`,
    ),
    one(
      `pub -V ${version} with the right password`,
      `pub -p {authPort} -t {t} -m a -u both -P both-secret -V ${version} -q 1 -d -i {t}`,
    ),
    one(
      `sub -V ${version} with the right password`,
      `sub -p {authPort} -t {t} -E -u both -P both-secret -V ${version} -d -i {t}`,
    ),
    ...[0, 1, 2].map((qos) =>
      one(
        `pub -V ${version} -q ${qos} by who may not publish`,
        `pub -p {authPort} -t {t} -m a -u reader -P reader-secret -V ${version} -q ${qos} -d -i {t}`,
      ),
    ),
    one(
      `sub -V ${version} by who may not read`,
      `sub -p {authPort} -t {t} -u writer -P writer-secret -V ${version} -d -i {t} -W 1`,
    ),
    one(
      `sub -V ${version} -E by who may not read`,
      `sub -p {authPort} -t {t} -u writer -P writer-secret -V ${version} -d -i {t} -E`,
    ),
    one(
      `rr -V ${version} by who may not read`,
      `rr -p {authPort} -t {t} -e {t}/a -m a -u writer -P writer-secret -V ${version} -W 1`,
    ),
    one(
      `rr -V ${version} by who may not publish`,
      `rr -p {authPort} -t {t} -e {t}/a -m a -u reader -P reader-secret -V ${version} -W 1 -q 1`,
    ),
  ]),
  one('pub --quiet with a wrong password', 'pub -p {authPort} -t {t} -m a -u both -P wrong --quiet'),
  one(
    'pub --quiet by who may not publish',
    'pub -p {authPort} -t {t} -m a -q 1 -u reader -P reader-secret -V 5 --quiet',
  ),
  typed(
    'pub -l by who may not publish',
    'pub -p {authPort} -t {t} -l -q 1 -u reader -P reader-secret -V 5 -d -i {t}',
    ['a\n', 'b\n'],
    'PUBACK',
  ),
];

const later: ToolCase[] = [
  one('sub is refused its subscription', 'sub -p {peer} -t {t} -i {t} -d -W 1', {
    peer: { SUBSCRIBE: '90 03 id 80' },
  }),
  one('sub -E is refused its subscription', 'sub -p {peer} -t {t} -i {t} -d -E', {
    peer: { SUBSCRIBE: '90 03 id 80' },
  }),
  one('sub --quiet is refused its subscription', 'sub -p {peer} -t {t} -i {t} --quiet -W 1', {
    peer: { SUBSCRIBE: '90 03 id 80' },
  }),
  one('sub is refused one of two subscriptions', 'sub -p {peer} -t {t}/a -t {t}/b -i {t} -d -W 1', {
    peer: { SUBSCRIBE: '90 04 id 01 80' },
  }),
  ...[0x80, 0x87, 0x8f, 0x9e].map((code) =>
    one(`sub -V 5 is refused its subscription with ${code}`, 'sub -p {peer} -t {t} -i {t} -V 5 -d -W 1', {
      peer: { SUBSCRIBE: `90 04 id 00 ${hex(code)}` },
    }),
  ),
  one('sub -E waits for an answer', 'sub -p {peer} -t {t} -i {t} -d -E -W 1', { peer: { SUBSCRIBE: '' } }),
  one('sub -U -V 5 is refused', 'sub -p {peer} -U {t} -i {t} -V 5 -d -E -W 1', {
    peer: { UNSUBSCRIBE: 'b0 04 id 00 87' },
  }),
  ...[0x10, 0x80, 0x87, 0x97].flatMap((code) => [
    one(`pub -V 5 -q 1 is answered with ${code}`, 'pub -p {peer} -t {t} -m a -i {t} -V 5 -q 1 -d', {
      peer: { PUBLISH: `40 03 id ${hex(code)}` },
    }),
    one(`pub -V 5 -q 2 is answered with ${code}`, 'pub -p {peer} -t {t} -m a -i {t} -V 5 -q 2 -d', {
      peer: { PUBLISH: `50 03 id ${hex(code)}` },
    }),
  ]),
  one(
    'pub -V 5 is told in words why a message was refused',
    'pub -p {peer} -t {t} -m a -i {t} -V 5 -q 1 -d',
    {
      peer: { PUBLISH: '40 09 id 87 05 1f 00 02 4e 6f' },
    },
  ),
  one('pub -V 5 -q 2 to a broker that allows QoS 1', 'pub -p {peer} -t {t} -m a -i {t} -V 5 -q 2 -d', {
    peer: { CONNECT: '20 05 00 00 02 24 01' },
  }),
  one('pub -V 5 -q 1 to a broker that allows QoS 0', 'pub -p {peer} -t {t} -m a -i {t} -V 5 -q 1 -d', {
    peer: { CONNECT: '20 05 00 00 02 24 00' },
  }),
  one('pub -V 5 -r to a broker without retained messages', 'pub -p {peer} -t {t} -m a -i {t} -V 5 -r -d', {
    peer: { CONNECT: '20 05 00 00 02 25 00' },
  }),
  one(
    'pub -V 5 more than the broker takes',
    'pub -p {peer} -t {t} -m aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -i {t} -V 5 -d',
    {
      peer: { CONNECT: '20 08 00 00 05 27 00 00 00 20' },
    },
  ),
  one('pub -l -V 5 more than the broker takes', 'pub -p {peer} -t {t} -l -i {t} -V 5 -d', {
    peer: { CONNECT: '20 08 00 00 05 27 00 00 00 20' },
    input: `a\n${'b'.repeat(40)}\nc\n`,
  }),
  one('pub -V 5 with the keep alive of the broker', 'pub -p {peer} -t {t} -m a -i {t} -V 5 -d', {
    peer: { CONNECT: '20 06 00 00 03 13 00 0a' },
  }),
  {
    name: 'pub -V 5 -l -q 1 with the receive maximum of the broker',
    steps: [
      start('pub -p {peer} -t {t} -l -q 1 -i {t} -V 5', 'connected', null),
      type('a\nb\nc\n'),
      pause(300),
      kill('SIGINT'),
      end,
    ],
    peer: { CONNECT: '20 06 00 00 03 21 00 01', PUBLISH: '' },
    wire: true,
  },
  one('sub -V 5 gets a client id from the broker', 'sub -p {peer} -t {t} -V 5 -E -d', {
    peer: { CONNECT: '20 09 00 00 06 12 00 03 61 62 63' },
  }),
  one('sub finds a session of before', 'sub -p {peer} -t {t} -c -i {t} -E -d', {
    peer: { CONNECT: '20 02 01 00' },
  }),
  one('sub with a clean session finds one all the same', 'sub -p {peer} -t {t} -i {t} -E -d', {
    peer: { CONNECT: '20 02 01 00' },
  }),
  one('sub -V 5 is sent away', 'sub -p {peer} -t {t} -i {t} -V 5 -d -W 2', {
    peer: { SUBSCRIBE: '90 04 id 00 00 e0 02 8b 00 close' },
  }),
  one('sub -V 5 is sent away because another took its place', 'sub -p {peer} -t {t} -i {t} -V 5 -d -W 2', {
    peer: { SUBSCRIBE: '90 04 id 00 00 e0 02 8e 00 close' },
  }),
  one('sub gets a packet that is malformed', 'sub -p {peer} -t {t} -i {t} -d -W 2', {
    peer: { SUBSCRIBE: '90 03 id 00 00 00' },
  }),
  one('sub gets a PUBLISH of QoS 3', 'sub -p {peer} -t {t} -i {t} -d -W 2', {
    peer: { SUBSCRIBE: '90 03 id 00 36 05 00 01 61 00 01' },
  }),
  one('sub prints a message that comes before SUBACK', 'sub -p {peer} -t {t} -i {t} -C 1 -v', {
    peer: { SUBSCRIBE: '30 04 00 01 61 62' },
  }),
  one(
    'pub -q 1 waits for an answer that does not come, and ends with the connection',
    'pub -p {peer} -t {t} -m a -i {t} -q 1 -d',
    {
      peer: { PUBLISH: 'close' },
    },
  ),
  one('pub -q 2 gets an answer for another message', 'pub -p {peer} -t {t} -m a -i {t} -q 2 -d', {
    peer: { PUBLISH: '50 02 00 63 50 02 id' },
  }),
];

export const refusals: readonly ToolCase[] = [...connacks, ...users, ...later];
