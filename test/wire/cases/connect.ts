// CONNECT before MQTT 5, and what all versions have in common: protocol names and levels, first and second packets.
import { packet, sized, str } from '../bytes.js';
import {
  after,
  CONNACK,
  CONNACK5,
  closes,
  connect,
  connected,
  DISCONNECT,
  disconnects,
  RESUMED,
  refuses,
  type Version,
  welcomes,
} from '../openings.js';
import { closed, connection, nothing, receive, send, type WireCase } from '../steps.js';

const REFUSED_VERSION = '20 02 00 01';
const REFUSED_ID = '20 02 00 02';
const long = 'x'.repeat(65535);

const versions: WireCase[] = [
  welcomes('[MQTT3-3.1.4-4] [MQTT3-3.2.0-1] CONNECT of 3.1.1', connect(4), CONNACK),
  welcomes('CONNECT of 3.1 is taken under the name MQIsdp', connect(3), CONNACK),
  welcomes('[MQTT-3.1.4-5] CONNECT of 5', connect(5), CONNACK5),
  welcomes('level 0x84 is 3.1.1 from a bridge', packet('10', str('MQTT'), '84 02 0000', str('b')), CONNACK),
  welcomes('level 0x83 is 3.1 from a bridge', packet('10', str('MQIsdp'), '83 02 0000', str('b')), CONNACK),
  refuses(
    '[MQTT3-3.1.2-2] [MQTT3-3.2.2-4] [MQTT3-3.2.2-5] level 3 under the name MQTT',
    packet('10', str('MQTT'), '03 02 0000', str('c')),
    REFUSED_VERSION,
  ),
  refuses(
    '[MQTT3-3.1.2-2] level 4 under the name MQIsdp',
    packet('10', str('MQIsdp'), '04 02 0000', str('c')),
    REFUSED_VERSION,
  ),
  refuses(
    '[MQTT3-3.1.2-2] level 5 under the name MQIsdp',
    packet('10', str('MQIsdp'), '05 02 0000 00', str('c')),
    REFUSED_VERSION,
  ),
  refuses(
    '[MQTT-3.1.2-2] [MQTT-3.2.2-7] level 6 is refused in the form of MQTT 5',
    packet('10', str('MQTT'), '06 02 0000 00', str('c')),
    '20 03 00 84 00',
  ),
  refuses(
    '[MQTT-3.1.2-2] level 0 is refused in the form of MQTT 5',
    packet('10', str('MQTT'), '00 02 0000', str('c')),
    '20 03 00 84 00',
  ),
  ...['HTTP', 'mqtt', 'MQTTX', 'MQisdp', ''].map((name) =>
    refuses(
      `[MQTT-3.1.2-1] [MQTT3-3.1.2-1] the protocol name '${name}' is not answered`,
      packet('10', str(name), '04 02 0000', str('c')),
    ),
  ),
];

const firstPackets: WireCase[] = [
  ...[
    'c0 00',
    'e0 00',
    '30 05 00 01 61 62 63',
    '82 06 00 01 00 01 61 00',
    'f0 00',
    '20 02 00 00',
    '00 00',
  ].map((bytes) => refuses(`what comes first and is no CONNECT is not answered: ${bytes}`, bytes)),
  refuses(
    '[MQTT-2.1.3-1] [MQTT3-2.2.2-2] a CONNECT with flags in the fixed header',
    `11 ${connect(4).slice(2)}`,
  ),
  refuses('a remaining length of five bytes in the first packet', '10 ff ff ff ff 01'),
  refuses('a first packet that announces more than the limit', '10 ff ff ff 7f'),
  refuses('[MQTT3-3.1.4-1] an empty CONNECT', '10 00'),
  refuses('[MQTT3-3.1.4-1] a CONNECT that ends within its name', '10 04 00 04 4d 51'),
  refuses('[MQTT3-3.1.4-1] a CONNECT that ends after its level in 3.1.1', packet('10', str('MQTT'), '04')),
  refuses(
    '[MQTT3-3.1.4-1] a CONNECT that ends within its keep alive in 3.1.1',
    packet('10', str('MQTT'), '04 02 00'),
  ),
  refuses('[MQTT3-3.1.3-3] a CONNECT without a client id in 3.1.1', packet('10', str('MQTT'), '04 02 00 00')),
  refuses(
    '[MQTT3-3.1.4-1] a client id longer than the packet in 3.1.1',
    packet('10', str('MQTT'), '04 02 00 00 00 05 61 62'),
  ),
  closes(4, '[MQTT3-3.1.0-2] a second CONNECT of 3.1.1', connect(4)),
  closes(3, 'a second CONNECT of 3.1', connect(3)),
  disconnects('82', '[MQTT-3.1.0-2] [MQTT-4.13.2-1] a second CONNECT of 5', connect(5)),
];

const refuses4 = (name: string, bytes: string, answer?: string) => refuses(`${name} in 3.1.1`, bytes, answer);
const welcomes4 = (name: string, bytes: string) => welcomes(`${name} in 3.1.1`, bytes, CONNACK);

/** What 3.1.1 forbids. */
const rules4: WireCase[] = [
  refuses4('[MQTT3-3.1.2-3] the reserved connect flag', connect(4, { flags: '03' })),
  refuses4('[MQTT3-3.1.2-14] will QoS 3', connect(4, { flags: '1e', rest: `${str('w')} ${str('m')}` })),
  refuses4('[MQTT3-3.1.2-13] [MQTT3-3.1.2-11] will QoS 1 without a will', connect(4, { flags: '0a' })),
  refuses4('[MQTT3-3.1.2-13] will QoS 2 without a will', connect(4, { flags: '12' })),
  refuses4('[MQTT3-3.1.2-15] will retain without a will', connect(4, { flags: '22' })),
  refuses4('[MQTT3-3.1.2-9] a will flag without a will', connect(4, { flags: '06' })),
  refuses4('[MQTT3-3.1.2-9] a will flag without a will message', connect(4, { flags: '06', rest: str('w') })),
  refuses4(
    '[MQTT3-4.7.3-1] an empty will topic',
    connect(4, { flags: '06', rest: `${str('')} ${str('m')}` }),
  ),
  ...['#', '+', 'a/#', 'a/+/b', 'a#'].map((topic) =>
    refuses4(
      `[MQTT3-4.7.1-1] the will topic ${topic}`,
      connect(4, { flags: '06', rest: `${str(topic)} ${str('m')}` }),
    ),
  ),
  refuses4(
    '[MQTT3-3.1.3-10] [MQTT3-1.5.3-1] a will topic that is not UTF-8',
    connect(4, { flags: '06', rest: `${sized('c3 28')} ${str('m')}` }),
  ),
  refuses4(
    '[MQTT3-4.7.3-2] a will topic with U+0000',
    connect(4, { flags: '06', rest: `${sized('61 00')} ${str('m')}` }),
  ),
  refuses4('[MQTT3-3.1.2-19] a user name flag without a user name', connect(4, { flags: '82' })),
  refuses4(
    '[MQTT3-3.1.2-21] a password flag without a password',
    connect(4, { flags: 'c2', rest: str('user') }),
  ),
  refuses4(
    '[MQTT3-3.1.2-22] a password without a user name',
    connect(4, { flags: '42', rest: str('secret') }),
  ),
  refuses4(
    '[MQTT3-3.1.3-11] a user name that is not UTF-8',
    connect(4, { flags: 'c2', rest: `${sized('ff')} ${str('p')}` }),
  ),
  refuses4(
    '[MQTT3-3.1.2-18] a user name without its flag is a packet too long',
    connect(4, { flags: '02', rest: str('user') }),
  ),
  refuses4(
    '[MQTT3-3.1.2-20] a password without its flag is a packet too long',
    connect(4, { flags: '82', rest: `${str('user')} ${str('secret')}` }),
  ),
  refuses4('[MQTT3-3.1.4-1] a byte after the payload', connect(4, { rest: '00' })),
];

const clientIds4: WireCase[] = [
  welcomes4('[MQTT3-3.1.3-6] an empty client id with clean session', connect(4, { clientId: '' })),
  refuses4(
    '[MQTT3-3.1.3-8] an empty client id without clean session',
    connect(4, { clientId: '', flags: '00' }),
    REFUSED_ID,
  ),
  refuses('an empty client id in 3.1, with clean session', connect(3, { clientId: '' }), REFUSED_ID),
  refuses('an empty client id in 3.1', connect(3, { clientId: '', flags: '00' }), REFUSED_ID),
  welcomes4(
    '[MQTT3-3.1.3-5] a client id of 23 letters and digits',
    connect(4, { clientId: '0123456789abcdefABCDEFz' }),
  ),
  welcomes('a client id of 24 bytes in 3.1', connect(3, { clientId: '0123456789abcdefghijklmn' }), CONNACK),
  welcomes4('a client id of any characters', connect(4, { clientId: 'a b/#+é日𝄞' })),
  welcomes4('a client id of 65535 bytes', connect(4, { clientId: long })),
  ...[
    ['c3 28', 'ill-formed UTF-8', '[MQTT3-1.5.3-1]'],
    ['ed a0 80', 'a surrogate', '[MQTT3-1.5.3-1]'],
    ['c0 80', 'an overlong form', '[MQTT3-1.5.3-1]'],
    ['61 00 62', 'U+0000', '[MQTT3-1.5.3-2]'],
  ].map(([bytes, what, tag]) =>
    refuses4(
      `${tag} [MQTT3-3.1.3-4] a client id with ${what}`,
      packet('10', str('MQTT'), '04 02 0000', sized(bytes!)),
    ),
  ),
];

const accepted: WireCase[] = ([3, 4, 5] as Version[]).flatMap((version) => {
  const tag = version === 5 ? '[MQTT-3.1.3-1]' : '[MQTT3-3.1.3-1]';
  const answer = version === 5 ? CONNACK5 : CONNACK;
  const will = `${version === 5 ? '00' : ''} ${str(`w/${version}`)} ${str('m')}`;
  const ordinary = [
    ['06', 'will QoS 0', will],
    ['0e', 'will QoS 1', will],
    ['16', 'will QoS 2', will],
    ['06', 'an empty will message', `${version === 5 ? '00' : ''} ${str(`w/${version}`)} 00 00`],
    ['82', 'a user name', str('user')],
    ['c2', 'user name and password', `${str('user')} ${sized('00 ff')}`],
    ['c2', 'empty user name and password', '00 00 00 00'],
    ['ce', 'will, user name and password', `${will} ${str('user')} ${str('secret')}`],
  ];
  return ordinary.map(([flags, what, rest]) => ({
    name: `${tag} CONNECT of level ${version} with ${what}`,
    steps: [
      send(connect(version, { flags: flags!, rest: rest! })),
      receive(answer),
      ...nothing(),
      send(DISCONNECT),
      closed(),
    ],
  }));
});

/** 3.1 ignores what later versions forbid. */
const tolerated3: WireCase[] = [
  welcomes('3.1 has no reserved connect flag', connect(3, { flags: '03' }), CONNACK),
  welcomes('3.1 ignores will QoS and will retain without a will', connect(3, { flags: '2a' }), CONNACK),
  welcomes('3.1 ignores a user name flag without a user name', connect(3, { flags: '82' }), CONNACK),
  refuses('will QoS 3 in 3.1', connect(3, { flags: '1e', rest: `${str('w')} ${str('m')}` })),
  refuses('an empty will topic in 3.1', connect(3, { flags: '06', rest: `${str('')} ${str('m')}` })),
  refuses('a client id in 3.1 that is not UTF-8', packet('10', str('MQIsdp'), '03 02 0000', sized('ff'))),
  refuses('a byte after the payload in 3.1', connect(3, { rest: '00' })),
];

const other = connection('another client');

const sessions: WireCase[] = [
  {
    name: '[MQTT3-3.1.2-4] [MQTT3-3.2.2-2] [MQTT3-3.2.2-3] [MQTT3-3.1.2-6] [MQTT3-3.2.2-1] session present in 3.1.1',
    steps: ['00', '00', '02', '00'].flatMap((flags, i) => [
      send(connect(4, { clientId: 'kept4', flags })),
      receive(i === 1 ? RESUMED : CONNACK),
      send(DISCONNECT),
      closed(),
    ]),
  },
  {
    name: '3.1 has no session present flag in its CONNACK',
    steps: ['00', '00', '02'].flatMap((flags) => [
      send(connect(3, { clientId: 'kept3', flags })),
      receive(CONNACK),
      send(DISCONNECT),
      closed(),
    ]),
  },
  {
    name: '[MQTT3-3.1.4-2] [MQTT3-3.1.3-2] a newcomer of 3.1.1 displaces a client of 3.1.1',
    steps: [...connected(4), other.send(connect(4)), other.receive(CONNACK), closed(), ...other.nothing()],
  },
  {
    name: '[MQTT-3.1.4-3] a newcomer of 3.1.1 displaces a client of 5, which is told',
    steps: [...connected(5), other.send(connect(4)), other.receive(CONNACK), receive('e0 01 8e'), closed()],
  },
  {
    name: '[MQTT-3.1.4-3] [MQTT-4.13.2-1] a newcomer of 5 displaces a client of 5, which is told',
    steps: [...connected(5), other.send(connect(5)), other.receive(CONNACK5), receive('e0 01 8e'), closed()],
  },
  {
    name: '[MQTT-3.2.0-1] packets that follow CONNECT at once are answered in their order after the CONNACK',
    steps: [
      send(
        connect(5),
        packet('32', str('early/1'), '00 01 00', "'m'"),
        packet('82', '00 02 00', str('early/2'), '01'),
        'c0 00',
        packet('a2', '00 03 00', str('early/2')),
        DISCONNECT,
      ),
      receive(CONNACK5, '40 03 00 01 10', '90 04 00 02 00 01', 'd0 00', 'b0 04 00 03 00 00'),
      closed(),
    ],
  },
  after(
    4,
    '[MQTT3-2.3.1-6] [MQTT3-2.3.1-7] packets in one piece are answered in their order in 3.1.1',
    send(
      packet('32', str('early/1'), '00 01', "'m'"),
      packet('82', '00 02', str('early/2'), '01'),
      'c0 00',
      packet('a2', '00 03', str('early/2')),
      DISCONNECT,
    ),
    receive('40 02 00 01', '90 03 00 02 01', 'd0 00', 'b0 02 00 03'),
    closed(),
  ),
  {
    name: '[MQTT3-3.1.2-24] [MQTT3-4.1.0-2] silence ends a connection of 3.1.1 after 1.5 times its keep alive',
    slow: true,
    steps: [
      send(connect(4, { clientId: 'silent4', keepAlive: '00 01' })),
      receive(CONNACK),
      { on: 'client', do: 'silence', milliseconds: 1200 },
      closed(),
    ],
  },
  {
    name: '[MQTT-3.1.2-22] silence ends a connection of 5 after 1.5 times its keep alive, with 0x8D',
    slow: true,
    steps: [
      send(connect(5, { clientId: 'silent5', keepAlive: '00 01' })),
      receive(CONNACK5),
      { on: 'client', do: 'silence', milliseconds: 1200 },
      receive('e0 01 8d'),
      closed(),
    ],
  },
];

export const connectCases: readonly WireCase[] = [
  ...versions,
  ...firstPackets,
  ...rules4,
  ...clientIds4,
  ...accepted,
  ...tolerated3,
  ...sessions,
];
