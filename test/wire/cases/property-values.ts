// Values that a property of MQTT 5 may and may not have: out of range, too long for their packet, bad UTF-8.
import { packet, props, sized, str } from '../bytes.js';
import { accepts, CONNACK5, connect, disconnects, refuses5, welcomes } from '../openings.js';
import type { WireCase } from '../steps.js';

const connecting = (...properties: string[]) => connect(5, { properties: properties.join(' ') });
const willing = (...properties: string[]) =>
  connect(5, { flags: '06', rest: `${props(...properties)} ${str('w/value')} 00 00` });
const publishing = (...properties: string[]) =>
  packet('32', str('nobody/value'), '00 01', props(...properties), "'m'");

const PROTOCOL = '[MQTT-4.13.1-1]';

const ranges: WireCase[] = [
  refuses5('82', `${PROTOCOL} receive maximum 0`, connecting('21 00 00')),
  refuses5('82', `${PROTOCOL} maximum packet size 0`, connecting('27 00 00 00 00')),
  refuses5('82', `${PROTOCOL} request response information 2`, connecting('19 02')),
  refuses5('82', `${PROTOCOL} request problem information 2`, connecting('17 02')),
  refuses5('82', `${PROTOCOL} request problem information 255`, connecting('17 ff')),
  welcomes('receive maximum 65535', connecting('21 ff ff'), CONNACK5),
  welcomes('maximum packet size 4294967295', connecting('27 ff ff ff ff'), CONNACK5),
  welcomes('topic alias maximum 65535', connecting('22 ff ff'), CONNACK5),
  refuses5('82', `${PROTOCOL} payload format 2 in a will`, willing('01 02')),
  refuses5('82', `${PROTOCOL} payload format 255 in a will`, willing('01 ff')),
  disconnects('82', `${PROTOCOL} payload format 2`, publishing('01 02')),
  disconnects('82', `${PROTOCOL} payload format 255`, publishing('01 ff')),
  accepts(5, 'payload format 0', publishing('01 00'), '40 03 00 01 10'),
  accepts(5, 'message expiry 4294967295', publishing('02 ff ff ff ff'), '40 03 00 01 10'),
  accepts(5, 'an empty content type', publishing('03 00 00'), '40 03 00 01 10'),
  accepts(5, 'empty correlation data', publishing('09 00 00'), '40 03 00 01 10'),
  accepts(5, 'a user property of empty strings', publishing('26 00 00 00 00'), '40 03 00 01 10'),
  disconnects('82', `${PROTOCOL} a subscription identifier on a PUBLISH`, publishing('0b 01')),
  disconnects('82', `${PROTOCOL} several subscription identifiers on a PUBLISH`, publishing('0b 01 0b 02')),
];

const responseTopics: WireCase[] = [
  disconnects('82', '[MQTT-3.3.2-14] the response topic #', publishing('08', str('#'))),
  disconnects('82', '[MQTT-3.3.2-14] the response topic a/+/b', publishing('08', str('a/+/b'))),
  disconnects('82', 'an empty response topic', publishing('08 00 00')),
  refuses5('82', '[MQTT-3.3.2-14] the response topic a/# of a will', willing('08', str('a/#'))),
];

/** Bytes that are no UTF-8 string, and the statement about them. */
const badStrings: [bytes: string, what: string, tag: string][] = [
  ['ff', 'a byte that UTF-8 does not have', '[MQTT-1.5.4-1]'],
  ['c3 28', 'ill-formed UTF-8', '[MQTT-1.5.4-1]'],
  ['ed a0 80', 'a surrogate', '[MQTT-1.5.4-1]'],
  ['ed a0 80 ed b0 80', 'a pair of surrogates', '[MQTT-1.5.4-1]'],
  ['e0 80 80', 'an overlong form', '[MQTT-1.5.4-1]'],
  ['61 00', 'U+0000', '[MQTT-1.5.4-2]'],
];

const stringsOfPublish: [id: string, name: string, tag: string][] = [
  ['03', 'content type', '[MQTT-3.3.2-19]'],
  ['08', 'response topic', '[MQTT-3.3.2-13]'],
];

const strings: WireCase[] = badStrings.flatMap(([bytes, what, tag]) => [
  ...stringsOfPublish.flatMap(([id, name, own]) => [
    disconnects('81', `${tag} ${own} a ${name} with ${what}`, publishing(id, sized(bytes))),
    refuses5('81', `${tag} a ${name} with ${what} in a will`, willing(id, sized(bytes))),
  ]),
  disconnects(
    '81',
    `${tag} [MQTT-1.5.7-1] the name of a user property with ${what}`,
    publishing('26', sized(bytes), str('value')),
  ),
  disconnects(
    '81',
    `${tag} [MQTT-1.5.7-1] the value of a user property with ${what}`,
    publishing('26', str('name'), sized(bytes)),
  ),
  refuses5(
    '81',
    `${tag} [MQTT-1.5.7-1] the value of a user property with ${what} in a will`,
    willing('26', str('name'), sized(bytes)),
  ),
  refuses5('81', `${tag} an authentication method with ${what}`, connecting('15', sized(bytes))),
  disconnects(
    '81',
    `${tag} a reason string of PUBACK with ${what}`,
    packet('40', '00 09 00', props('1f', sized(bytes))),
  ),
  disconnects(
    '81',
    `${tag} a user property of SUBSCRIBE with ${what}`,
    packet('82', '00 01', props('26', str('name'), sized(bytes)), str('a'), '00'),
  ),
  disconnects(
    '81',
    `${tag} a user property of UNSUBSCRIBE with ${what}`,
    packet('a2', '00 01', props('26', sized(bytes), str('value')), str('a')),
  ),
  disconnects(
    '81',
    `${tag} a reason string of DISCONNECT with ${what}`,
    packet('e0', '00', props('1f', sized(bytes))),
  ),
]);

/** Lengths inside properties that point beyond the property length, though not beyond the packet. */
const lengths: WireCase[] = [
  disconnects(
    '81',
    'a string that runs past the property length',
    packet('30', str('a'), '04 03 00 05 61', "'mmmmmmmm'"),
  ),
  disconnects(
    '81',
    'binary data that runs past the property length',
    packet('30', str('a'), '04 09 00 05 61', "'mmmmmmmm'"),
  ),
  disconnects(
    '81',
    'a number that runs past the property length',
    packet('30', str('a'), '03 02 00 00', "'mmmmmmmm'"),
  ),
  disconnects(
    '81',
    'a user property without its value',
    packet('30', str('a'), '04 26 00 01 61', "'mmmmmmmm'"),
  ),
  disconnects(
    '81',
    'an identifier at the end of the properties',
    packet('30', str('a'), '01 01', "'mmmmmmmm'"),
  ),
  refuses5(
    '81',
    'a string that runs past the property length of CONNECT',
    packet('10', str('MQTT'), '05 02 00 00', '04 26 00 01 61', str('client'), str('more')),
  ),
  refuses5('81', 'an identifier at the end of the properties of a will', willing('18')),
];

export const propertyValueCases: readonly WireCase[] = [...ranges, ...responseTopics, ...strings, ...lengths];
