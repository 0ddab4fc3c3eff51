// SUBSCRIBE and SUBACK: format, options, filters that are refused, and what the codes say.
import { packet, props, sized, str } from '../bytes.js';
import { accepts, after, closes, disconnects } from '../openings.js';
import { nothing, receive, send, type WireCase } from '../steps.js';

const subscribe4 = (...filters: string[]) => packet('82', '00 01', ...filters);
const subscribe5 = (...filters: string[]) => packet('82', '00 01 00', ...filters);

const answered: WireCase[] = [
  ...['00', '01', '02'].flatMap((qos) => [
    accepts(3, `SUBSCRIBE with QoS ${qos} in 3.1`, subscribe4(str('s/a'), qos), `90 03 00 01 ${qos}`),
    accepts(
      4,
      `[MQTT3-3.8.4-1] [MQTT3-3.8.4-5] SUBSCRIBE with QoS ${qos} in 3.1.1`,
      subscribe4(str('s/a'), qos),
      `90 03 00 01 ${qos}`,
    ),
    accepts(
      5,
      `[MQTT-3.8.4-1] [MQTT-3.8.4-7] SUBSCRIBE with QoS ${qos}`,
      subscribe5(str('s/a'), qos),
      `90 04 00 01 00 ${qos}`,
    ),
  ]),
  accepts(
    4,
    '[MQTT3-3.8.4-2] [MQTT3-3.8.4-4] [MQTT3-3.9.3-1] [MQTT3-3.9.3-2] several filters in 3.1.1',
    packet('82', 'ff ff', str('s/a'), '00', str('s/b'), '02', str('s/c/#'), '01', str('s/a'), '02'),
    '90 06 ff ff 00 02 01 02',
  ),
  accepts(
    5,
    '[MQTT-3.8.4-2] [MQTT-2.2.1-6] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.9.3-1] several filters',
    packet('82', 'ff ff 00', str('s/a'), '00', str('s/b'), '02', str('s/c/#'), '01', str('s/a'), '02'),
    '90 07 ff ff 00 00 02 01 02',
  ),
  ...['04', '08', '0c', '10', '20', '2e', '1d'].map((options) =>
    accepts(
      5,
      `subscription options ${options}`,
      subscribe5(str('s/options'), options),
      `90 04 00 01 00 0${Number.parseInt(options, 16) & 3}`,
    ),
  ),
  ...[
    '+',
    '+/+',
    '/',
    '//',
    '/+',
    '+/',
    'a/+/b',
    'a//b',
    ' ',
    'é日𝄞',
    '$SYS/none',
    '$other/#',
    '$share/g/a',
    '$share/g/#',
    '$share/g//',
    '$SHARE/g/a',
  ].flatMap((filter) => [
    accepts(4, `the filter '${filter}' in 3.1.1`, subscribe4(str(filter), '01'), '90 03 00 01 01'),
    accepts(5, `the filter '${filter}'`, subscribe5(str(filter), '01'), '90 04 00 01 00 01'),
  ]),
  accepts(
    5,
    '[MQTT-4.7.3-3] a filter of 65535 bytes',
    subscribe5(str('x'.repeat(65535)), '00'),
    '90 04 00 01 00 00',
  ),
];

/** What is no topic filter: its bytes, the tags before and in MQTT 5, and the reason code. */
const badFilters: [filter: string, tag4: string, tag5: string, reason: string][] = [
  ["'a#'", '[MQTT3-4.7.1-2]', '[MQTT-4.7.1-1]', '81'],
  ["'#/a'", '[MQTT3-4.7.1-2]', '[MQTT-4.7.1-1]', '81'],
  ["'a/#/b'", '[MQTT3-4.7.1-2]', '[MQTT-4.7.1-1]', '81'],
  ["'##'", '[MQTT3-4.7.1-2]', '[MQTT-4.7.1-1]', '81'],
  ["'a+/b'", '[MQTT3-4.7.1-3]', '[MQTT-4.7.1-2]', '81'],
  ["'a/+b'", '[MQTT3-4.7.1-3]', '[MQTT-4.7.1-2]', '81'],
  ["'++'", '[MQTT3-4.7.1-3]', '[MQTT-4.7.1-2]', '81'],
  ['', '[MQTT3-4.7.3-1]', '[MQTT-4.7.3-1]', '81'],
  ["'a' 00", '[MQTT3-4.7.3-2]', '[MQTT-4.7.3-2]', '81'],
  ['c3 28', '[MQTT3-3.8.3-1]', '[MQTT-3.8.3-1]', '81'],
  ['ed bf bf', '[MQTT3-1.5.3-1]', '[MQTT-1.5.4-1]', '81'],
  ["'$share'", '', '[MQTT-4.8.2-1]', '82'],
  ["'$share/'", '', '[MQTT-4.8.2-1]', '82'],
  ["'$share/g'", '', '[MQTT-4.8.2-2]', '82'],
  ["'$share/g/'", '', '[MQTT-4.8.2-2]', '82'],
  ["'$share//a'", '', '[MQTT-4.8.2-1]', '82'],
  ["'$share/+/a'", '', '[MQTT-4.8.2-2]', '82'],
  ["'$share/#/a'", '', '[MQTT-4.8.2-2]', '82'],
  ["'$share/g+/a'", '', '[MQTT-4.8.2-2]', '82'],
  ["'$share/g/a#'", '', '[MQTT-4.7.1-1]', '81'],
];

const refused: WireCase[] = [
  ...badFilters.flatMap(([filter, tag4, tag5, reason]) => [
    closes(4, `${tag4} subscribing to ${filter || 'nothing'} in 3.1.1`, subscribe4(sized(filter), '00')),
    disconnects(reason, `${tag5} subscribing to ${filter || 'nothing'}`, subscribe5(sized(filter), '00')),
  ]),
  closes(3, 'a wrong filter in 3.1, which has no failure code', subscribe4(str('a#'), '00')),
  disconnects('81', 'a wrong filter after a right one', subscribe5(str('a'), '00', str('a#'), '00')),
  closes(4, 'a wrong filter after a right one in 3.1.1', subscribe4(str('a'), '00', str('a#'), '00')),
  disconnects('82', '[MQTT-3.8.3-4] no local on a shared subscription', subscribe5(str('$share/g/a'), '04')),
];

const format: WireCase[] = [
  ...['03', '04', '08', '10', '40', '80', 'fe'].map((qos) =>
    closes(4, `[MQTT3-3.8.3-4] the requested QoS ${qos} in 3.1.1`, subscribe4(str('a'), qos)),
  ),
  ...['40', '80', 'c1'].map((options) =>
    disconnects('81', `[MQTT-3.8.3-5] subscription options ${options}`, subscribe5(str('a'), options)),
  ),
  disconnects('82', '[MQTT-4.13.1-1] a maximum QoS of 3', subscribe5(str('a'), '03')),
  disconnects('82', '[MQTT-4.13.1-1] retain handling 3', subscribe5(str('a'), '30')),
  closes(4, '[MQTT3-3.8.3-3] SUBSCRIBE without filters in 3.1.1', subscribe4()),
  disconnects('82', '[MQTT-3.8.3-2] SUBSCRIBE without filters', subscribe5()),
  ...['80', '83', '8a'].flatMap((first) => [
    closes(
      4,
      `[MQTT3-3.8.1-1] SUBSCRIBE with first byte ${first} in 3.1.1`,
      packet(first, '00 01', str('a'), '00'),
    ),
    disconnects(
      '81',
      `[MQTT-3.8.1-1] SUBSCRIBE with first byte ${first}`,
      packet(first, '00 01 00', str('a'), '00'),
    ),
  ]),
  closes(4, '[MQTT3-2.3.1-1] SUBSCRIBE with packet id 0 in 3.1.1', packet('82', '00 00', str('a'), '00')),
  disconnects('81', 'SUBSCRIBE with packet id 0', packet('82', '00 00 00', str('a'), '00')),
  closes(4, '[MQTT3-4.8.0-1] an empty SUBSCRIBE in 3.1.1', '82 00'),
  disconnects('81', '[MQTT-4.13.1-1] an empty SUBSCRIBE', '82 00'),
  disconnects('81', '[MQTT-4.13.1-1] SUBSCRIBE without a property length', '82 02 00 01'),
  closes(4, '[MQTT3-3.8.3-3] a filter without a QoS in 3.1.1', subscribe4(str('a'))),
  disconnects('81', '[MQTT-3.8.3-2] a filter without options', subscribe5(str('a'))),
  disconnects('81', '[MQTT-4.13.1-1] a filter longer than the packet', '82 07 00 01 00 00 05 61 00'),
  closes(4, '[MQTT3-4.8.0-1] a filter longer than the packet in 3.1.1', '82 06 00 01 00 05 61 00'),
];

const identifier = (value: string) => packet('82', '00 01', props('0b', value), str('s/id'), '00');

const identifiers: WireCase[] = [
  disconnects('82', '[MQTT-4.13.1-1] subscription identifier 0', identifier('00')),
  disconnects('81', '[MQTT-4.13.1-1] a subscription identifier of five bytes', identifier('ff ff ff ff 01')),
  disconnects(
    '81',
    '[MQTT-1.5.5-1] a subscription identifier of more bytes than it needs',
    identifier('81 00'),
  ),
  ...['01', '80 01', 'ff ff ff 7f'].map((value) =>
    after(
      5,
      `[MQTT-3.3.4-3] the subscription identifier ${value} comes with the messages`,
      send(identifier(value)),
      receive('90 04 00 01 00 00'),
      send(packet('30', str('s/id'), '00', "'m'")),
      receive(packet('30', str('s/id'), props('0b', value), "'m'")),
      nothing(),
    ),
  ),
];

export const subscribeCases: readonly WireCase[] = [...answered, ...refused, ...format, ...identifiers];
