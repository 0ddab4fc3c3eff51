// Sessions: what comes back after a reconnect, in which order and with which packet identifiers; expiry and wills
// that wait.
import { packet, props, str } from '../bytes.js';
import { CONNACK, CONNACK5, connect, connected, DISCONNECT, RESUMED, RESUMED5 } from '../openings.js';
import { closed, connection, nothing, receive, type Step, send, type WireCase } from '../steps.js';

const client = connection('client');
const publisher = connection('publisher');

const HUNDRED = '11 00 00 00 64';

/** The publisher, of 5, publishes to a topic with a packet id, and is answered as one that somebody gets. */
function publishes(topic: string, qos: 0 | 1 | 2, id: string): Step[] {
  if (qos === 0) return [publisher.send(packet('30', str(topic), '00', "'m'")), ...publisher.nothing()];
  if (qos === 1) {
    return [publisher.send(packet('32', str(topic), id, '00', "'m'")), publisher.receive('40 02', id)];
  }
  return [
    publisher.send(packet('34', str(topic), id, '00', "'m'")),
    publisher.receive('50 02', id),
    publisher.send('62 02', id),
    publisher.receive('70 02', id),
  ];
}

const publisherConnects = (clientId: string) => [
  publisher.send(connect(5, { clientId })),
  publisher.receive(CONNACK5),
];

const watcher = connection('watcher');

function watches(clientId: string, filter: string): Step[] {
  return [
    watcher.send(connect(4, { clientId })),
    watcher.receive(CONNACK),
    watcher.send(packet('82', '00 01', str(filter), '00')),
    watcher.receive('90 03 00 01 00'),
  ];
}

const resumed: WireCase[] = [
  {
    name: '[MQTT-3.1.2-5] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.2-4] [MQTT-3.1.2-23] session present in 5',
    steps: [
      ['02', CONNACK5],
      ['00', RESUMED5],
      ['02', CONNACK5],
      ['00', RESUMED5],
    ].flatMap(([flags, answer]) => [
      send(connect(5, { clientId: 'kept5', flags: flags!, properties: HUNDRED })),
      receive(answer!),
      send(DISCONNECT),
      closed(),
    ]),
  },
  {
    name: '[MQTT-4.1.0-2] [MQTT-3.1.2-6] without a session expiry the session ends with the connection',
    steps: ['00', '00'].flatMap((flags) => [
      send(connect(5, { clientId: 'gone5', flags })),
      receive(CONNACK5),
      send(DISCONNECT),
      closed(),
    ]),
  },
  {
    name: 'session expiry 0xFFFFFFFF keeps the session',
    steps: [CONNACK5, RESUMED5].flatMap((answer) => [
      send(connect(5, { clientId: 'forever5', flags: '00', properties: '11 ff ff ff ff' })),
      receive(answer),
      send(DISCONNECT),
      closed(),
    ]),
  },
  {
    name: 'DISCONNECT with session expiry 0 ends a session that had one',
    steps: [CONNACK5, CONNACK5].flatMap((answer) => [
      send(connect(5, { clientId: 'changed5', flags: '00', properties: HUNDRED })),
      receive(answer),
      send(packet('e0', '00', props('11 00 00 00 00'))),
      closed(),
    ]),
  },
  {
    name: 'DISCONNECT with a session expiry changes the one of CONNECT',
    steps: [CONNACK5, RESUMED5].flatMap((answer) => [
      send(connect(5, { clientId: 'longer5', flags: '00', properties: '11 00 00 00 01' })),
      receive(answer),
      send(packet('e0', '00', props(HUNDRED))),
      closed(),
    ]),
  },
  {
    name: '[MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-4.3.3-5] [MQTT-4.3.3-6] what is in flight in 5 is sent again in its order, with DUP, PUBREL instead of PUBLISH',
    steps: [
      ...publisherConnects('publisher a'),
      send(connect(5, { clientId: 'flight5', flags: '02', properties: HUNDRED })),
      receive(CONNACK5),
      send(packet('82', '00 01', props('0b 07'), str('v/#'), '02')),
      receive('90 04 00 01 00 02'),
      client.drop(),
      ...publishes('v/0', 0, '00 01'),
      ...publishes('v/1', 1, '00 02'),
      ...publishes('v/2', 2, '00 03'),
      ...publishes('v/3', 2, '00 04'),
      send(connect(5, { clientId: 'flight5', flags: '00', properties: HUNDRED })),
      receive(
        RESUMED5,
        packet('32', str('v/1'), '00 01 02 0b 07', "'m'"),
        packet('34', str('v/2'), '00 02 02 0b 07', "'m'"),
        packet('34', str('v/3'), '00 03 02 0b 07', "'m'"),
      ),
      client.drop(),
      send(connect(5, { clientId: 'flight5', flags: '00', properties: HUNDRED })),
      receive(
        RESUMED5,
        packet('3a', str('v/1'), '00 01 02 0b 07', "'m'"),
        packet('3c', str('v/2'), '00 02 02 0b 07', "'m'"),
        packet('3c', str('v/3'), '00 03 02 0b 07', "'m'"),
      ),
      send('40 02 00 01', '50 02 00 02'),
      receive('62 02 00 02'),
      client.drop(),
      ...publishes('v/4', 1, '00 05'),
      send(connect(5, { clientId: 'flight5', flags: '00', properties: HUNDRED })),
      receive(
        RESUMED5,
        '62 02 00 02',
        packet('3c', str('v/3'), '00 03 02 0b 07', "'m'"),
        packet('32', str('v/4'), '00 04 02 0b 07', "'m'"),
      ),
      send('70 02 00 02', '50 02 00 03', '40 02 00 04'),
      receive('62 02 00 03'),
      send('70 02 00 03'),
      ...nothing(),
    ],
  },
  {
    name: '[MQTT3-4.4.0-1] [MQTT3-3.3.1-1] [MQTT3-3.1.2-5] [MQTT3-4.6.0-1] what is in flight in 3.1.1 is sent again in its order',
    steps: [
      ...publisherConnects('publisher b'),
      send(connect(4, { clientId: 'flight4', flags: '02' })),
      receive(CONNACK),
      send(DISCONNECT),
      closed(),
      send(connect(4, { clientId: 'flight4', flags: '00' })),
      receive(CONNACK),
      send(packet('82', '00 01', str('x/#'), '02')),
      receive('90 03 00 01 02'),
      ...publishes('x/1', 1, '00 01'),
      ...publishes('x/2', 2, '00 02'),
      receive(packet('32', str('x/1'), '00 01', "'m'"), packet('34', str('x/2'), '00 02', "'m'")),
      send('50 02 00 02'),
      receive('62 02 00 02'),
      client.drop(),
      ...publishes('x/3', 1, '00 03'),
      send(connect(4, { clientId: 'flight4', flags: '00' })),
      receive(
        RESUMED,
        packet('3a', str('x/1'), '00 01', "'m'"),
        '62 02 00 02',
        packet('32', str('x/3'), '00 03', "'m'"),
      ),
      send('40 02 00 01', '70 02 00 02', '40 02 00 03'),
      ...nothing(),
      send(DISCONNECT),
      closed(),
      send(connect(4, { clientId: 'flight4', flags: '02' })),
      receive(CONNACK),
    ],
  },
  {
    name: '[MQTT-4.3.3-10] the broker keeps the packet ids of QoS 2 that it received with the session',
    steps: [
      send(connect(5, { clientId: 'half5', flags: '02', properties: HUNDRED })),
      receive(CONNACK5),
      ...watches('watch half', 'y'),
      send(packet('34', str('y'), '00 07 00', "'m'")),
      receive('50 02 00 07'),
      client.drop(),
      send(connect(5, { clientId: 'half5', flags: '00', properties: HUNDRED })),
      receive(RESUMED5),
      send(packet('3c', str('y'), '00 07 00', "'m'")),
      receive('50 02 00 07'),
      send('62 02 00 07'),
      receive('70 02 00 07'),
      watcher.receive(packet('30', str('y'), "'m'")),
      ...watcher.nothing(),
    ],
  },
];

/** A CONNECT with a will of QoS 0 that waits for some seconds. */
function withWill(clientId: string, delay: number, expiry: number, flags = '06'): string {
  return connect(5, {
    clientId,
    flags,
    properties: `11 00 00 00 ${expiry.toString(16).padStart(2, '0')}`,
    rest: `${props(`18 00 00 00 0${delay}`)} ${str(`z/${clientId}`)} ${str('gone')}`,
  });
}

const willOf = (clientId: string) => packet('30', str(`z/${clientId}`), "'gone'");

const wills: WireCase[] = [
  {
    name: '[MQTT-3.1.2-8] a will waits for its delay',
    slow: true,
    steps: [
      ...watches('watch delay', 'z/delay5'),
      client.send(withWill('delay5', 2, 100)),
      client.receive(CONNACK5),
      client.drop(),
      watcher.silence(1985),
      watcher.receive(willOf('delay5')),
    ],
  },
  {
    name: '[MQTT-3.1.3-9] a reconnect within the delay cancels the will',
    slow: true,
    steps: [
      ...watches('watch return', 'z/return5'),
      client.send(withWill('return5', 2, 100)),
      client.receive(CONNACK5),
      client.drop(),
      client.send(connect(5, { clientId: 'return5', flags: '00' })),
      client.receive(RESUMED5),
      watcher.silence(3000),
    ],
  },
  {
    name: '[MQTT-3.1.2-8] the end of the session sends the will before its delay is over',
    steps: [
      ...watches('watch end', 'z/end5'),
      client.send(withWill('end5', 5, 0)),
      client.receive(CONNACK5),
      client.drop(),
      watcher.receive(willOf('end5')),
    ],
  },
  {
    name: '[MQTT-3.1.2-8] a reconnect with clean start ends the session and so sends the will at once',
    steps: [
      ...watches('watch clean', 'z/clean5'),
      client.send(withWill('clean5', 5, 100)),
      client.receive(CONNACK5),
      client.drop(),
      client.send(connect(5, { clientId: 'clean5' })),
      client.receive(CONNACK5),
      watcher.receive(willOf('clean5')),
    ],
  },
  {
    name: '[MQTT-3.1.3-10] the properties of a will are forwarded in their order, without its delay',
    steps: [
      ...connected(5),
      send(packet('82', '00 01', props('0b 03'), str('z/all'), '01')),
      receive('90 04 00 01 00 01'),
      watcher.send(
        connect(5, {
          clientId: 'willing',
          flags: '0e',
          rest: `${props('26', str('b'), str('1'), '26', str('a'), str('2'), '01 01 18 00 00 00 00 03', str('type'), '08', str('answer'), '09', str('id'), '02 00 00 00 32')} ${str('z/all')} ${str('gone')}`,
        }),
      ),
      watcher.receive(CONNACK5),
      watcher.drop(),
      receive(
        packet(
          '32',
          str('z/all'),
          '00 01',
          props(
            '26',
            str('b'),
            str('1'),
            '26',
            str('a'),
            str('2'),
            '01 01 03',
            str('type'),
            '08',
            str('answer'),
            '09',
            str('id'),
            '02 00 00 00 32 0b 03',
          ),
          "'gone'",
        ),
      ),
      send('40 02 00 01'),
      ...nothing(),
    ],
  },
];

const expiry: WireCase[] = [
  {
    name: '[MQTT-3.3.2-5] [MQTT-3.3.2-6] a message that waits loses time, and expires',
    slow: true,
    steps: [
      ...publisherConnects('publisher e'),
      client.send(connect(5, { clientId: 'waiting5', properties: HUNDRED })),
      client.receive(CONNACK5),
      client.send(packet('82', '00 01 00', str('e/#'), '01')),
      client.receive('90 04 00 01 00 01'),
      client.drop(),
      publisher.send(packet('32', str('e/short'), '00 01', props('02 00 00 00 01'))),
      publisher.receive('40 02 00 01'),
      publisher.send(packet('32', str('e/long'), '00 02', props('02 00 00 01 00'))),
      publisher.receive('40 02 00 02'),
      publisher.silence(2200),
      client.send(connect(5, { clientId: 'waiting5', flags: '00' })),
      client.receive(RESUMED5, '32 10', str('e/long'), '00 ?? 05 02 00 00 00 ??'),
      client.send('c0 00'),
      client.receive('d0 00'),
    ],
  },
];

export const sessionCases: readonly WireCase[] = [...resumed, ...wills, ...expiry];
