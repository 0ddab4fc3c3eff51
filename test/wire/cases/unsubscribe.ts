// UNSUBSCRIBE and UNSUBACK.
import { packet, props, sized, str, user } from '../bytes.js';
import { accepts, after, closes, disconnects } from '../openings.js';
import { nothing, receive, send, type WireCase } from '../steps.js';

const unsubscribe4 = (...filters: string[]) => packet('a2', '00 01', ...filters);
const unsubscribe5 = (...filters: string[]) => packet('a2', '00 01 00', ...filters);

const answered: WireCase[] = [
  accepts(3, 'unsubscribing in 3.1', unsubscribe4(str('u/a')), 'b0 02 00 01'),
  accepts(4, '[MQTT3-3.10.4-5] unsubscribing from nothing in 3.1.1', unsubscribe4(str('u/a')), 'b0 02 00 01'),
  accepts(5, '[MQTT-3.10.4-5] unsubscribing from nothing', unsubscribe5(str('u/a')), 'b0 04 00 01 00 11'),
  after(
    4,
    '[MQTT3-3.10.4-1] [MQTT3-3.10.4-2] [MQTT3-3.10.4-4] [MQTT3-3.10.4-6] several filters in 3.1.1',
    send(packet('82', '00 01', str('u/a'), '00', str('u/b'), '00', str('u/+'), '00')),
    receive('90 05 00 01 00 00 00'),
    send(packet('a2', 'ff ff', str('u/+'), str('u/a'))),
    receive('b0 02 ff ff'),
    send(packet('30', str('u/a'))),
    nothing(),
    send(packet('30', str('u/b'))),
    receive(packet('30', str('u/b'))),
    nothing(),
  ),
  after(
    5,
    '[MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-4] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] several filters',
    send(packet('82', '00 01 00', str('u/a'), '00', str('u/b'), '00', str('$share/g/u/c'), '00')),
    receive('90 06 00 01 00 00 00 00'),
    send(packet('a2', 'ff ff 00', str('u/+'), str('u/a'), str('$share/g/u/c'), str('u/a'), str('u/c'))),
    receive('b0 08 ff ff 00 11 00 00 11 11'),
    send(packet('30', str('u/a'), '00'), packet('30', str('u/c'), '00')),
    nothing(),
    send(packet('30', str('u/b'), '00')),
    receive(packet('30', str('u/b'), '00')),
    nothing(),
  ),
  accepts(
    5,
    'UNSUBSCRIBE with user properties',
    packet('a2', '00 01', props(user('a', 'b'), user('a', 'b')), str('u/a')),
    'b0 04 00 01 00 11',
  ),
];

const badFilters: [filter: string, tag4: string, tag5: string, reason: string][] = [
  ["'a#'", '[MQTT3-4.7.1-2]', '[MQTT-4.7.1-1]', '81'],
  ["'#/a'", '[MQTT3-4.7.1-2]', '[MQTT-4.7.1-1]', '81'],
  ["'a+/b'", '[MQTT3-4.7.1-3]', '[MQTT-4.7.1-2]', '81'],
  ['', '[MQTT3-4.7.3-1]', '[MQTT-4.7.3-1]', '81'],
  ["'a' 00", '[MQTT3-4.7.3-2]', '[MQTT-4.7.3-2]', '81'],
  ['c3 28', '[MQTT3-3.10.3-1]', '[MQTT-3.10.3-1]', '81'],
  ["'$share/g'", '', '[MQTT-4.8.2-2]', '82'],
  ["'$share/g/'", '', '[MQTT-4.8.2-2]', '82'],
  ["'$share//a'", '', '[MQTT-4.8.2-1]', '82'],
  ["'$share/+/a'", '', '[MQTT-4.8.2-2]', '82'],
];

const refused: WireCase[] = [
  ...badFilters.flatMap(([filter, tag4, tag5, reason]) => [
    closes(
      4,
      `${tag4} unsubscribing from ${filter || 'nothing at all'} in 3.1.1`,
      unsubscribe4(sized(filter)),
    ),
    disconnects(
      reason,
      `${tag5} unsubscribing from ${filter || 'nothing at all'}`,
      unsubscribe5(sized(filter)),
    ),
  ]),
  closes(4, '[MQTT3-3.10.3-2] UNSUBSCRIBE without filters in 3.1.1', unsubscribe4()),
  disconnects('82', '[MQTT-3.10.3-2] UNSUBSCRIBE without filters', unsubscribe5()),
  ...['a0', 'a3', 'aa'].flatMap((first) => [
    closes(
      4,
      `[MQTT3-3.10.1-1] UNSUBSCRIBE with first byte ${first} in 3.1.1`,
      packet(first, '00 01', str('a')),
    ),
    disconnects(
      '81',
      `[MQTT-3.10.1-1] UNSUBSCRIBE with first byte ${first}`,
      packet(first, '00 01 00', str('a')),
    ),
  ]),
  closes(4, '[MQTT3-2.3.1-1] UNSUBSCRIBE with packet id 0 in 3.1.1', packet('a2', '00 00', str('a'))),
  disconnects('81', 'UNSUBSCRIBE with packet id 0', packet('a2', '00 00 00', str('a'))),
  closes(4, '[MQTT3-4.8.0-1] an empty UNSUBSCRIBE in 3.1.1', 'a2 00'),
  disconnects('81', '[MQTT-4.13.1-1] an empty UNSUBSCRIBE', 'a2 00'),
  disconnects('81', '[MQTT-4.13.1-1] UNSUBSCRIBE without a property length', 'a2 02 00 01'),
  disconnects('81', '[MQTT-4.13.1-1] UNSUBSCRIBE with half a filter', 'a2 06 00 01 00 00 05 61'),
  closes(4, '[MQTT3-4.8.0-1] UNSUBSCRIBE with half a filter in 3.1.1', 'a2 05 00 01 00 05 61'),
];

export const unsubscribeCases: readonly WireCase[] = [...answered, ...refused];
