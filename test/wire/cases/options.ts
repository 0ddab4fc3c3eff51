// What clients see of a broker with other limits than the usual ones: properties of CONNACK and their order,
// reason codes of what goes beyond the limits. Each case has a broker of its own.
import type { BrokerOptions } from '../../../src/index.js';
import { packet, props, str } from '../bytes.js';
import { CONNACK, connect, type Version } from '../openings.js';
import { closed, nothing, receive, type Step, send, type WireCase } from '../steps.js';

const SIZE = '27 00 1e 84 80';

/** CONNACK of MQTT 5 with these properties. */
const connack5 = (...properties: string[]) => packet('20', '00 00', props(...properties));

function limited(name: string, options: BrokerOptions, ...steps: (Step | Step[])[]): WireCase {
  return { name, options: { reasonStrings: false, ...options }, steps: steps.flat() };
}

const opens = (version: Version, answer: string): Step[] => [send(connect(version)), receive(answer)];

const will = (flags: string) => connect(5, { flags, rest: `00 ${str('w')} ${str('m')}` });
const will4 = (flags: string) => connect(4, { flags, rest: `${str('w')} ${str('m')}` });

const NO_RETAIN = connack5('22 00 0a 25 00', SIZE, '21 00 14');
const QOS1 = connack5('22 00 0a', SIZE, '21 00 14 24 01');

const properties: WireCase[] = [
  limited(
    '[MQTT-3.2.2-9] the order of all properties of CONNACK',
    { maxKeepalive: 60, maxQos: 1, retainAvailable: false, maxPacketSize: 200, maxInflightMessages: 5 },
    send(connect(5, { clientId: '', keepAlive: '00 64' })),
    receive(
      connack5(
        '13 00 3c | 22 00 0a | 12 00 29',
        '?? '.repeat(41),
        '| 25 00 | 27 00 00 00 c8 | 21 00 05 | 24 01',
      ),
    ),
    nothing(),
  ),
  limited('no topic aliases', { maxTopicAlias: 0 }, opens(5, connack5(SIZE, '21 00 14')), nothing()),
  limited(
    'a receive maximum of 65535 is not announced',
    { maxInflightMessages: 0 },
    opens(5, connack5('22 00 0a', SIZE)),
    nothing(),
  ),
  limited(
    '[MQTT-3.1.2-21] [MQTT-3.2.2-21] a keep alive within the limit',
    { maxKeepalive: 60 },
    send(connect(5, { keepAlive: '00 3c' })),
    receive(connack5('22 00 0a', SIZE, '21 00 14')),
    nothing(),
  ),
  limited(
    'no keep alive where one is required',
    { maxKeepalive: 60 },
    opens(5, connack5('13 00 3c 22 00 0a', SIZE, '21 00 14')),
    nothing(),
  ),
  limited(
    'no keep alive in 3.1.1 where one is required',
    { maxKeepalive: 60 },
    send(connect(4)),
    receive('20 02 00 02'),
    closed(),
  ),
];

const refusals: WireCase[] = [
  limited('[MQTT-4.13.1-1] a topic alias where there are none', { maxTopicAlias: 0 }, [
    ...opens(5, connack5(SIZE, '21 00 14')),
    send(packet('32', str('a'), '00 01', props('23 00 01'))),
    receive('e0 01 94'),
    closed(),
  ]),
  limited('[MQTT-3.2.2-11] QoS 2 where the maximum is 1', { maxQos: 1 }, [
    ...opens(5, QOS1),
    send(packet('34', str('a'), '00 01 00')),
    receive('e0 01 9b'),
    closed(),
  ]),
  limited('QoS 2 in 3.1.1 where the maximum is 1', { maxQos: 1 }, [
    ...opens(4, CONNACK),
    send(packet('34', str('a'), '00 01')),
    closed(),
  ]),
  limited('[MQTT-3.2.2-10] a subscription with QoS 2 where the maximum is 1', { maxQos: 1 }, [
    ...opens(5, QOS1),
    send(packet('82', '00 01 00', str('a'), '02')),
    receive('90 04 00 01 00 01'),
    ...nothing(),
  ]),
  limited('[MQTT-3.2.2-12] a will of QoS 2 where the maximum is 1', { maxQos: 1 }, [
    send(will('16')),
    receive('20 03 00 9b 00'),
    closed(),
  ]),
  limited('a will of QoS 2 in 3.1.1 where the maximum is 1', { maxQos: 1 }, [send(will4('16')), closed()]),
  limited('[MQTT-3.2.2-14] a retained message where there are none', { retainAvailable: false }, [
    ...opens(5, NO_RETAIN),
    send(packet('33', str('a'), '00 01 00')),
    receive('e0 01 9a'),
    closed(),
  ]),
  limited('a retained message in 3.1.1 where there are none', { retainAvailable: false }, [
    ...opens(4, CONNACK),
    send(packet('33', str('a'), '00 01')),
    closed(),
  ]),
  limited('[MQTT-3.2.2-13] a retained will where there is none', { retainAvailable: false }, [
    send(will('26')),
    receive('20 03 00 9a 00'),
    closed(),
  ]),
  limited('a retained will in 3.1.1 where there is none', { retainAvailable: false }, [
    send(will4('26')),
    closed(),
  ]),
  limited('a packet of just the size that is allowed', { maxPacketSize: 200 }, [
    ...opens(5, connack5('22 00 0a 27 00 00 00 c8 21 00 14')),
    send(packet('32', str('nobody/1'), '00 01 00', "'x'".repeat(200 - 3 - 13))),
    receive('40 03 00 01 10'),
    ...nothing(),
  ]),
  limited('[MQTT-4.13.1-1] a packet of one byte more', { maxPacketSize: 200 }, [
    ...opens(5, connack5('22 00 0a 27 00 00 00 c8 21 00 14')),
    send(packet('32', str('nobody/1'), '00 01 00', "'x'".repeat(200 - 3 - 13 + 1))),
    receive('e0 01 95'),
    closed(),
  ]),
  limited('[MQTT-3.3.4-7] one message of QoS 2 more than the receive maximum', { maxInflightMessages: 1 }, [
    ...opens(5, connack5('22 00 0a', SIZE, '21 00 01')),
    send(packet('34', str('a'), '00 01 00')),
    receive('50 02 00 01'),
    send(packet('34', str('a'), '00 02 00')),
    receive('e0 01 93'),
    closed(),
  ]),
  limited('[MQTT-3.1.2-26] the aliases that the broker is allowed', { maxTopicAliasBroker: 1 }, [
    send(connect(5, { properties: '22 00 05' })),
    receive(connack5('22 00 0a', SIZE, '21 00 14')),
    send(packet('82', '00 01 00', str('o/#'), '00')),
    receive('90 04 00 01 00 00'),
    send(packet('30', str('o/1'), '00'), packet('30', str('o/2'), '00'), packet('30', str('o/1'), '00')),
    receive(
      packet('30', str('o/1'), '03 23 00 01'),
      packet('30', str('o/2'), '00'),
      packet('30', str(''), '03 23 00 01'),
    ),
    ...nothing(),
  ]),
  limited('[MQTT-3.1.3-8] an empty client id where none is allowed', { allowZeroLengthClientid: false }, [
    send(connect(5, { clientId: '' })),
    receive('20 03 00 85 00'),
    closed(),
  ]),
  limited(
    '[MQTT3-3.1.3-9] an empty client id in 3.1.1 where none is allowed',
    { allowZeroLengthClientid: false },
    [send(connect(4, { clientId: '' })), receive('20 02 00 02'), closed()],
  ),
  limited('silence instead of a CONNECT', { connectTimeout: 0.2 }, [send('10'), closed()]),
];

/** A client that takes 16 bytes a packet, in which CONNACK just fits and a reason string does not. */
const narrow = [
  send(connect(5, { properties: '27 00 00 00 10' })),
  receive(connack5('22 00 0a', SIZE, '21 00 14')),
];

const words: WireCase[] = [
  ...[
    ['[MQTT-3.4.2-2]', 'PUBACK', packet('32', str('$SYS/a'), '00 01 00'), '40 03 00 01 87'],
    ['[MQTT-3.5.2-2]', 'PUBREC', packet('34', str('$SYS/a'), '00 01 00'), '50 03 00 01 87'],
    ['[MQTT-3.6.2-2] [MQTT-3.6.2-3]', 'PUBREL', '50 02 00 09', '62 02 00 09'],
    ['[MQTT-3.7.2-2]', 'PUBCOMP', '62 02 00 09', '70 02 00 09'],
    ['[MQTT-3.11.2-1]', 'UNSUBACK', packet('a2', '00 01 00', str('a')), 'b0 04 00 01 00 11'],
  ].map(([tag, what, bytes, answer]) =>
    limited(`${tag} no reason string makes ${what} too large for the client`, { reasonStrings: true }, [
      ...narrow,
      send(bytes!),
      receive(answer!),
      ...nothing(),
    ]),
  ),
  limited(
    '[MQTT-3.14.2-3] no reason string makes DISCONNECT too large for the client',
    { reasonStrings: true },
    [...narrow, send('c1 00'), receive('e0 01 81'), closed()],
  ),
  limited(
    '[MQTT-3.1.2-29] a reason string is left out of PUBACK where it is not wanted',
    { reasonStrings: true },
    [
      send(connect(5, { properties: '17 00' })),
      receive(connack5('22 00 0a', SIZE, '21 00 14')),
      send(packet('32', str('$SYS/a'), '00 01 00')),
      receive('40 03 00 01 87'),
      ...nothing(),
    ],
  ),
];

export const optionCases: readonly WireCase[] = [...properties, ...refusals, ...words];
