// PUBLISH as a client sends it: fixed header, topic, packet identifier, aliases, and how each QoS is answered.
import { packet, props, sized, str } from '../bytes.js';
import { accepts, after, closes, disconnects } from '../openings.js';
import { closed, nothing, receive, send, type WireCase } from '../steps.js';

/** A topic name as bytes that no PUBLISH may have, and why. */
const badTopics: [topic: string, tags: (three: boolean) => string, what: string][] = [
  ["'#'", (three) => (three ? '[MQTT3-3.3.2-2]' : '[MQTT-3.3.2-2] [MQTT-4.7.0-1]'), '#'],
  ["'a/#'", (three) => (three ? '[MQTT3-4.7.1-1]' : '[MQTT-4.7.0-1]'), 'a/#'],
  ["'a/+/b'", (three) => (three ? '[MQTT3-4.7.1-1]' : '[MQTT-4.7.0-1]'), 'a/+/b'],
  ["'a+'", (three) => (three ? '[MQTT3-3.3.2-2]' : '[MQTT-3.3.2-2]'), 'a+'],
  ["'a' 00", (three) => (three ? '[MQTT3-1.5.3-2] [MQTT3-4.7.3-2]' : '[MQTT-4.7.3-2]'), 'with U+0000'],
  ['c3 28', (three) => (three ? '[MQTT3-1.5.3-1] [MQTT3-3.3.2-1]' : '[MQTT-3.3.2-1]'), 'that is not UTF-8'],
  ['ed a0 80', (three) => (three ? '[MQTT3-1.5.3-1]' : '[MQTT-1.5.4-1]'), 'with a surrogate'],
  ['c1 81', (three) => (three ? '[MQTT3-1.5.3-1]' : '[MQTT-1.5.4-1]'), 'with an overlong form'],
  ["'a' e6 97", (three) => (three ? '[MQTT3-1.5.3-1]' : '[MQTT-1.5.4-1]'), 'that ends within a character'],
  // neither is forbidden outright; both are refused as Mosquitto does
  ["'a' 01", () => '', 'with a control character'],
  ["'a' 7f", () => '', 'with DEL'],
  ["'a' c2 80", () => '', 'with a control character of two bytes'],
  ['ef bf bf', () => '', 'with the non-character U+FFFF'],
];

const topics: WireCase[] = [
  ...badTopics.flatMap(([topic, tags, what]) => [
    closes(4, `${tags(true)} a topic ${what} in 3.1.1`, packet('30', sized(topic), "'m'")),
    disconnects('81', `${tags(false)} a topic ${what} in 5`, packet('30', sized(topic), '00', "'m'")),
  ]),
  closes(4, '[MQTT3-4.7.3-1] an empty topic in 3.1.1', packet('30', str(''), "'m'")),
  closes(3, 'an empty topic in 3.1', packet('30', str(''), "'m'")),
  disconnects('82', '[MQTT-4.7.3-1] an empty topic without an alias', packet('30', str(''), '00', "'m'")),
  ...['/', '//', 'a/', '/a', ' ', 'a b', 'é日𝄞', '\u{feff}a', '$other/a', '$'].map((topic) =>
    accepts(5, `the topic '${topic}'`, packet('32', str(topic), '00 01 00'), '40 03 00 01 10'),
  ),
  accepts(
    4,
    '[MQTT3-4.7.3-3] a topic of 65535 bytes',
    packet('32', str('x'.repeat(65535)), '00 01'),
    '40 02 00 01',
  ),
];

const headers: WireCase[] = [
  closes(4, '[MQTT3-3.3.1-4] QoS 3 in 3.1.1', packet('36', str('a'), '00 01')),
  closes(3, 'QoS 3 in 3.1', packet('36', str('a'), '00 01')),
  disconnects('81', '[MQTT-3.3.1-4] QoS 3', packet('36', str('a'), '00 01 00')),
  closes(4, '[MQTT3-3.3.1-2] DUP with QoS 0 in 3.1.1', packet('38', str('a'))),
  disconnects('81', '[MQTT-3.3.1-2] DUP with QoS 0', packet('38', str('a'), '00')),
  closes(4, '[MQTT3-2.3.1-1] packet id 0 with QoS 1 in 3.1.1', packet('32', str('a'), '00 00')),
  closes(4, '[MQTT3-2.3.1-1] packet id 0 with QoS 2 in 3.1.1', packet('34', str('a'), '00 00')),
  disconnects('82', '[MQTT-4.13.1-1] packet id 0 with QoS 1', packet('32', str('a'), '00 00 00')),
  disconnects('82', '[MQTT-4.13.1-1] packet id 0 with QoS 2', packet('34', str('a'), '00 00 00')),
  closes(4, '[MQTT3-4.8.0-1] an empty PUBLISH in 3.1.1', '30 00'),
  disconnects('81', '[MQTT-4.13.1-1] an empty PUBLISH', '30 00'),
  closes(4, '[MQTT3-4.8.0-1] a PUBLISH of one byte in 3.1.1', '30 01 00'),
  disconnects('81', '[MQTT-4.13.1-1] a PUBLISH of one byte', '30 01 00'),
  closes(4, '[MQTT3-4.8.0-1] a topic longer than the packet in 3.1.1', '30 04 00 05 61 62'),
  disconnects('81', '[MQTT-4.13.1-1] a topic longer than the packet', '30 04 00 05 61 62'),
  closes(4, '[MQTT3-4.8.0-1] QoS 1 without a packet id in 3.1.1', packet('32', str('a'))),
  disconnects('81', '[MQTT-4.13.1-1] QoS 1 without a packet id', packet('32', str('a'))),
  disconnects('81', '[MQTT-4.13.1-1] QoS 1 with half a packet id', packet('32', str('a'), '00')),
  disconnects('81', '[MQTT-2.2.2-1] a PUBLISH without a property length', packet('30', str('a'))),
  disconnects('81', 'properties longer than the packet', packet('30', str('a'), '09 01 01')),
  disconnects('81', 'a property length of five bytes', packet('30', str('a'), 'ff ff ff ff 01')),
  disconnects(
    '81',
    '[MQTT-1.5.5-1] a property length of more bytes than it needs',
    packet('30', str('a'), '80 00'),
  ),
];

const answers: WireCase[] = [
  accepts(4, '[MQTT3-3.3.4-1] QoS 0 is not answered in 3.1.1', packet('30', str('a'), "'m'")),
  accepts(5, '[MQTT-3.3.4-1] QoS 0 is not answered', packet('30', str('a'), '00', "'m'")),
  accepts(
    4,
    '[MQTT3-3.3.4-1] [MQTT3-4.3.2-2] QoS 1 is answered in 3.1.1',
    packet('32', str('a'), 'ff ff', "'m'"),
    '40 02 ff ff',
  ),
  accepts(3, 'QoS 1 is answered in 3.1', packet('32', str('a'), '00 09', "'m'"), '40 02 00 09'),
  accepts(
    5,
    '[MQTT-4.3.2-4] [MQTT-2.2.1-5] [MQTT-3.4.2-1] QoS 1 that matches no subscription',
    packet('32', str('nobody/1'), 'ff ff 00', "'m'"),
    '40 03 ff ff 10',
  ),
  accepts(
    5,
    'QoS 1 with DUP, never seen before, is a message as well',
    packet('3a', str('nobody/1'), '00 02 00', "'m'"),
    '40 03 00 02 10',
  ),
  after(
    4,
    '[MQTT3-4.3.3-2] QoS 2 in 3.1.1, PUBLISH and PUBREL both repeated',
    send(packet('34', str('a'), '00 03', "'m'")),
    receive('50 02 00 03'),
    send(packet('3c', str('a'), '00 03', "'m'")),
    receive('50 02 00 03'),
    send('62 02 00 03'),
    receive('70 02 00 03'),
    send('62 02 00 03'),
    receive('70 02 00 03'),
    nothing(),
  ),
  after(
    5,
    '[MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-3.5.2-1] QoS 2, PUBLISH and PUBREL both repeated',
    send(packet('34', str('nobody/2'), '00 03 00', "'m'")),
    receive('50 02 00 03'),
    send(packet('3c', str('nobody/2'), '00 03 00', "'m'")),
    receive('50 02 00 03'),
    send('62 02 00 03'),
    receive('70 02 00 03'),
    send('62 02 00 03'),
    receive('70 02 00 03'),
    nothing(),
  ),
  after(
    5,
    '[MQTT-4.3.2-5] a packet id of QoS 1 is free again once it is acknowledged',
    [1, 2].flatMap(() => [send(packet('32', str('nobody/1'), '00 07 00')), receive('40 03 00 07 10')]),
    nothing(),
  ),
  after(
    5,
    '[MQTT-3.3.4-7] the 21st message of QoS 2 in flight exceeds the receive maximum',
    Array.from({ length: 20 }, (_, i) => [
      send(packet('34', str('nobody/2'), '00', (i + 1).toString(16).padStart(2, '0'), '00')),
      receive('50 02 00', (i + 1).toString(16).padStart(2, '0')),
    ]).flat(),
    send(packet('34', str('nobody/2'), '00 15 00')),
    receive('e0 01 93'),
    closed(),
  ),
];

const aliased = (topic: string, alias: string, id = '00 01') =>
  packet('32', str(topic), id, props(`23 ${alias}`), "'m'");

const aliases: WireCase[] = [
  accepts(5, '[MQTT-3.3.2-12] the highest topic alias', aliased('nobody/alias', '00 0a'), '40 03 00 01 10'),
  disconnects('94', '[MQTT-3.3.2-8] topic alias 0', aliased('a', '00 00')),
  disconnects('94', '[MQTT-4.13.1-1] topic alias 0 and no topic', aliased('', '00 00')),
  disconnects('94', '[MQTT-4.13.1-1] a topic alias above the maximum', aliased('a', '00 0b')),
  disconnects('94', '[MQTT-4.13.1-1] topic alias 65535', aliased('a', 'ff ff')),
  disconnects('82', '[MQTT-4.13.1-1] a topic alias that stands for nothing yet', aliased('', '00 03')),
  after(
    5,
    '[MQTT-3.3.2-12] a topic alias stands for the topic that it came with last',
    send(packet('82', '00 01 00', str('alias/#'), '00')),
    receive('90 04 00 01 00 00'),
    send(aliased('alias/one', '00 01')),
    receive(packet('30', str('alias/one'), '00', "'m'"), '40 02 00 01'),
    send(aliased('', '00 01')),
    receive(packet('30', str('alias/one'), '00', "'m'"), '40 02 00 01'),
    send(aliased('alias/two', '00 01')),
    receive(packet('30', str('alias/two'), '00', "'m'"), '40 02 00 01'),
    send(aliased('', '00 01')),
    receive(packet('30', str('alias/two'), '00', "'m'"), '40 02 00 01'),
    nothing(),
  ),
];

const reserved: WireCase[] = [
  accepts(
    4,
    'a message to $SYS is acknowledged and dropped in 3.1.1',
    packet('32', str('$SYS/a'), '00 01'),
    '40 02 00 01',
  ),
  accepts(
    5,
    'a message to $SYS is not authorized',
    packet('32', str('$SYS/a'), '00 01 00'),
    '40 03 00 01 87',
  ),
  accepts(
    5,
    'a QoS 2 message to $SYS is not authorized',
    packet('34', str('$SYS/a'), '00 01 00'),
    '50 03 00 01 87',
  ),
  accepts(5, 'a QoS 0 message to $SYS is dropped', packet('30', str('$SYS/a'), '00')),
  accepts(
    5,
    'a message to $share is not authorized',
    packet('32', str('$share/g/a'), '00 01 00'),
    '40 03 00 01 87',
  ),
  after(
    5,
    '[MQTT-4.3.3-9] after a PUBREC of 0x80 or above the packet id is free',
    send(packet('34', str('$SYS/a'), '00 01 00')),
    receive('50 03 00 01 87'),
    send(packet('32', str('nobody/1'), '00 01 00')),
    receive('40 03 00 01 10'),
    nothing(),
  ),
];

const sizes: WireCase[] = [
  closes(4, 'a PUBLISH that announces one byte more than the limit in 3.1.1', '30 fd 88 7a 00 01 61'),
  disconnects('95', 'a PUBLISH that announces one byte more than the limit', '30 fd 88 7a 00 01 61'),
  disconnects('95', 'a PUBLISH that announces 256 megabytes', '30 ff ff ff 7f'),
  closes(4, 'a remaining length of five bytes in 3.1.1', '30 ff ff ff ff 01'),
  disconnects('81', '[MQTT-4.13.1-1] a remaining length of five bytes', '30 ff ff ff ff 01'),
  disconnects('81', '[MQTT-4.13.1-1] a remaining length with no end', '30 ff ff ff ff ff ff ff ff'),
];

export const publishCases: readonly WireCase[] = [
  ...topics,
  ...headers,
  ...answers,
  ...aliases,
  ...reserved,
  ...sizes,
];
