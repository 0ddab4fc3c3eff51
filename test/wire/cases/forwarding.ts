// PUBLISH as the broker sends it: what it keeps and changes of the message, order and number of copies, aliases,
// identifiers, retained messages, limits of the client.
import { packet, props, str, user } from '../bytes.js';
import { after, CONNACK, CONNACK5, connect, connected } from '../openings.js';
import { connection, nothing, receive, type Step, send, type WireCase } from '../steps.js';

const other = connection('another client');

/** Subscribes with options, and an identifier if one is given. */
function subscribe(filter: string, options = '00', identifier = ''): Step[] {
  const qos = Number.parseInt(options, 16) & 3;
  return [
    send(packet('82', '00 01', props(identifier && `0b ${identifier}`), str(filter), options)),
    receive(`90 04 00 01 00 0${qos}`),
  ];
}

const publish = (topic: string, properties = '', payload = "'m'") =>
  packet('30', str(topic), props(properties), payload);

const named = `03 ${str('type')}`;
const answerTo = `08 ${str('answer')} 09 00 02 00 ff`;

const properties: WireCase[] = [
  after(
    5,
    '[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] properties keep their order; then come expiry and identifier',
    subscribe('f/all', '00', '05'),
    send(
      publish(
        'f/all',
        `${user('k1', 'v')} 01 01 ${answerTo} ${named} ${user('k0', 'v')} ${user('k1', 'v')} 02 00 00 00 64`,
      ),
    ),
    receive(
      publish(
        'f/all',
        `${user('k1', 'v')} 01 01 ${answerTo} ${named} ${user('k0', 'v')} ${user('k1', 'v')} 02 00 00 00 64 0b 05`,
      ),
    ),
    nothing(),
  ),
  after(
    5,
    'the expiry of a message moves behind its other properties',
    subscribe('f/expiry', '00', '05'),
    send(publish('f/expiry', `02 00 00 00 64 ${named}`)),
    receive(publish('f/expiry', `${named} 02 00 00 00 64 0b 05`)),
    nothing(),
  ),
  after(
    5,
    '[MQTT-3.3.2-7] the alias of the publisher is not forwarded',
    subscribe('f/alias', '00'),
    send(publish('f/alias', `01 01 23 00 01 ${named}`)),
    receive(publish('f/alias', `01 01 ${named}`)),
    nothing(),
  ),
  {
    name: 'properties do not reach a client of 3.1.1, nor a message of 3.1.1 any',
    steps: [
      ...connected(5),
      ...subscribe('f/both'),
      other.send(connect(4, { clientId: 'other' })),
      other.receive(CONNACK),
      other.send(packet('82', '00 01', str('f/both'), '00')),
      other.receive('90 03 00 01 00'),
      send(publish('f/both', `01 01 ${named}`)),
      receive(publish('f/both', `01 01 ${named}`)),
      other.receive(packet('30', str('f/both'), "'m'")),
      other.send(packet('30', str('f/both'), "'m'")),
      other.receive(packet('30', str('f/both'), "'m'")),
      receive(publish('f/both')),
      ...nothing(),
    ],
  },
];

const copies: WireCase[] = [
  after(
    5,
    '[MQTT-3.3.4-5] [MQTT-3.3.4-3] overlapping subscriptions: a copy for each, the more exact first',
    ['#', '+/b', 'f/+', 'f/b', 'f/b/#', '+/#', 'f/#', '+/+'].flatMap((filter, i) =>
      subscribe(filter, '02', `0${i + 1}`),
    ),
    send(publish('f/b')),
    ['05', '04', '03', '07', '02', '08', '06', '01'].map((id) => receive(publish('f/b', `0b ${id}`))),
    nothing(),
  ),
  after(
    4,
    '[MQTT3-3.3.5-1] overlapping subscriptions in 3.1.1: a copy for each, each with its QoS',
    send(packet('82', '00 01', str('g/#'), '00', str('g/b'), '01')),
    receive('90 04 00 01 00 01'),
    send(packet('32', str('g/b'), '00 01')),
    receive(packet('32', str('g/b'), '00 01'), packet('30', str('g/b')), '40 02 00 01'),
    send('40 02 00 01'),
    nothing(),
  ),
  after(
    5,
    'shared subscriptions come after ordinary ones, a copy a group',
    subscribe('$share/one/h/b', '00', '01'),
    subscribe('h/#', '00', '02'),
    subscribe('$share/two/h/#', '00', '03'),
    send(publish('h/b')),
    ['02', '01', '03'].map((id) => receive(publish('h/b', `0b ${id}`))),
    nothing(),
  ),
  after(
    5,
    '[MQTT-3.8.4-3] a subscription to the same filter replaces QoS and identifier',
    subscribe('i/a', '00', '01'),
    subscribe('i/a', '01', '02'),
    send(packet('32', str('i/a'), '00 07 00')),
    receive(packet('32', str('i/a'), '00 01', props('0b 02')), '40 02 00 07'),
    send('40 02 00 01'),
    subscribe('i/a', '00'),
    send(publish('i/a')),
    receive(publish('i/a')),
    nothing(),
  ),
  after(
    5,
    '[MQTT-3.8.3-3] no local: no copy of what the client publishes itself, which still counts as matched',
    subscribe('j/a', '04'),
    send(packet('32', str('j/a'), '00 01 00')),
    receive('40 02 00 01'),
    nothing(),
  ),
  after(
    5,
    '[MQTT-3.3.1-12] [MQTT-3.3.1-13] retain as published keeps the flag, its absence clears it',
    subscribe('k/kept', '08'),
    subscribe('k/cleared', '00'),
    send(packet('31', str('k/kept'), '00 6d'), packet('31', str('k/cleared'), '00 6d')),
    receive(packet('31', str('k/kept'), '00 6d'), packet('30', str('k/cleared'), '00 6d')),
    send(packet('31', str('k/kept'), '00'), packet('31', str('k/cleared'), '00')),
    receive(packet('31', str('k/kept'), '00'), packet('30', str('k/cleared'), '00')),
    nothing(),
  ),
  after(
    5,
    '[MQTT-4.7.2-1] a wildcard does not match $ at the beginning',
    subscribe('#'),
    subscribe('+/a'),
    send(publish('$other/a')),
    nothing(),
  ),
  {
    name: 'a bridge gets the retain flag as published and nothing of its own',
    steps: [
      ...connected(4),
      other.send(packet('10', str('MQTT'), '84 02 0000', str('bridge'))),
      other.receive(CONNACK),
      other.send(packet('82', '00 01', str('l/#'), '00')),
      other.receive('90 03 00 01 00'),
      send(packet('31', str('l/a'), "'m'")),
      other.receive(packet('31', str('l/a'), "'m'")),
      send(packet('31', str('l/a'))),
      other.receive(packet('31', str('l/a'))),
      other.send(packet('30', str('l/a'), "'m'")),
      ...other.nothing(),
    ],
  },
];

const retained: WireCase[] = [
  after(
    5,
    '[MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.3.1-5] [MQTT-3.8.4-4] retain handling',
    send(packet('33', str('r/1'), '00 01', props(named), "'m'")),
    receive('40 03 00 01 10'),
    subscribe('r/#', '00', '05'),
    receive(packet('31', str('r/1'), props(named, '0b 05'), "'m'")),
    subscribe('r/#', '00'),
    receive(packet('31', str('r/1'), props(named), "'m'")),
    subscribe('r/#', '10'),
    nothing(),
    subscribe('r/1', '10'),
    receive(packet('31', str('r/1'), props(named), "'m'")),
    subscribe('r/+', '20'),
    subscribe('$share/g/r/#', '00'),
    nothing(),
    send(packet('a2', '00 02 00', str('r/#'), str('r/1'), str('r/+'), str('$share/g/r/#'))),
    receive('b0 07 00 02 00 00 00 00 00'),
    send(packet('33', str('r/1'), '00 01 00')),
    receive('40 03 00 01 10'),
    subscribe('r/#', '00'),
    nothing(),
  ),
  after(
    4,
    '[MQTT3-3.3.1-6] [MQTT3-3.3.1-8] [MQTT3-3.3.1-9] [MQTT3-3.3.1-10] [MQTT3-3.3.1-11] [MQTT3-3.3.1-12] retained in 3.1.1',
    send(packet('31', str('q/1'), "'one'"), packet('30', str('q/1'), "'not kept'")),
    send(packet('82', '00 01', str('q/#'), '00', str('q/1'), '00')),
    receive('90 04 00 01 00 00', packet('31', str('q/1'), "'one'"), packet('31', str('q/1'), "'one'")),
    send(packet('a2', '00 02', str('q/1'))),
    receive('b0 02 00 02'),
    send(packet('31', str('q/1'))),
    receive(packet('30', str('q/1'))),
    send(packet('82', '00 01', str('q/#'), '00')),
    receive('90 03 00 01 00'),
    nothing(),
  ),
];

const limits: WireCase[] = [
  {
    name: '[MQTT-3.1.2-26] [MQTT-3.3.2-11] the first topics get the aliases that the client allows, later ones none',
    steps: [
      send(connect(5, { properties: '22 00 02' })),
      receive(CONNACK5),
      ...subscribe('m/#', '00', '05'),
      send(...['m/1', 'm/1', 'm/2', 'm/3', 'm/3', 'm/2'].map((topic) => publish(topic, '02 00 00 00 64'))),
      receive(
        publish('m/1', '02 00 00 00 64 23 00 01 0b 05'),
        publish('', '02 00 00 00 64 23 00 01 0b 05'),
        publish('m/2', '02 00 00 00 64 23 00 02 0b 05'),
        publish('m/3', '02 00 00 00 64 0b 05'),
        publish('m/3', '02 00 00 00 64 0b 05'),
        publish('', '02 00 00 00 64 23 00 02 0b 05'),
      ),
      ...nothing(),
    ],
  },
  {
    name: 'the broker uses ten aliases at most',
    steps: [
      send(connect(5, { properties: '22 ff ff' })),
      receive(CONNACK5),
      ...subscribe('n/#'),
      ...Array.from({ length: 11 }, (_, i) => [
        send(publish(`n/${i}`)),
        receive(publish(`n/${i}`, i < 10 ? `23 00 ${(i + 1).toString(16).padStart(2, '0')}` : '')),
      ]).flat(),
      ...nothing(),
    ],
  },
  after(
    5,
    '[MQTT-3.1.2-27] without a topic alias maximum there are no aliases',
    subscribe('o/#'),
    send(publish('o/1'), publish('o/1')),
    receive(publish('o/1'), publish('o/1')),
    nothing(),
  ),
  {
    name: '[MQTT-3.1.2-24] [MQTT-3.1.2-25] what is too large for the client is dropped and acknowledged',
    steps: [
      send(connect(5, { properties: '27 00 00 00 1e' })),
      receive(CONNACK5),
      ...subscribe('p/#', '01'),
      send(packet('32', str('p/1'), '00 01 00', `'${'x'.repeat(30)}'`)),
      receive('40 02 00 01'),
      ...nothing(),
      send(packet('30', str('p/1'), '00', `'${'x'.repeat(22)}'`)),
      receive(packet('30', str('p/1'), '00', `'${'x'.repeat(22)}'`)),
      send(packet('30', str('p/1'), '00', `'${'x'.repeat(23)}'`)),
      ...nothing(),
    ],
  },
  {
    name: '[MQTT-3.3.4-9] [MQTT-3.3.4-10] [MQTT-4.9.0-2] [MQTT-4.9.0-3] the receive maximum of the client holds back QoS 1 and 2 only',
    steps: [
      send(connect(5, { properties: '21 00 02' })),
      receive(CONNACK5),
      ...subscribe('s/#', '01'),
      ...['01', '02'].flatMap((id) => [
        send(packet('32', str('s/1'), '00', id, '00')),
        receive(packet('32', str('s/1'), '00', id, '00'), '40 02 00', id),
      ]),
      send(packet('32', str('s/1'), '00 03 00'), packet('32', str('s/1'), '00 04 00'), publish('s/0')),
      receive('40 02 00 03', '40 02 00 04', publish('s/0')),
      ...nothing(),
      send('40 02 00 01'),
      receive(packet('32', str('s/1'), '00 03 00')),
      send('40 03 00 02 80'),
      receive(packet('32', str('s/1'), '00 04 00')),
      ...nothing(),
    ],
  },
];

export const forwardingCases: readonly WireCase[] = [...properties, ...copies, ...retained, ...limits];
