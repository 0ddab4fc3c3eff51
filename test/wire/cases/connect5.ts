// CONNECT of MQTT 5: what is refused and with which reason code, and client identifiers. Its properties are in
// properties.ts and property-values.ts.
import { packet, props, sized, str, user } from '../bytes.js';
import { CONNACK5, connect, refuses, refuses5, welcomes } from '../openings.js';
import type { WireCase } from '../steps.js';

const will = `${str('w')} ${str('m')}`;

const format: WireCase[] = [
  refuses5('81', '[MQTT-3.1.2-3] [MQTT-3.1.4-1] the reserved connect flag', connect(5, { flags: '03' })),
  refuses5('81', '[MQTT-3.1.2-12] will QoS 3', connect(5, { flags: '1e', rest: `00 ${will}` })),
  refuses5('81', '[MQTT-3.1.2-11] will QoS 1 without a will', connect(5, { flags: '0a' })),
  refuses5('81', '[MQTT-3.1.2-11] will QoS 2 without a will', connect(5, { flags: '12' })),
  refuses5('81', '[MQTT-3.1.2-13] will retain without a will', connect(5, { flags: '22' })),
  refuses5('81', '[MQTT-3.1.2-9] a will flag without a will', connect(5, { flags: '06' })),
  refuses5(
    '81',
    '[MQTT-3.1.2-9] a will without its message',
    connect(5, { flags: '06', rest: `00 ${str('w')}` }),
  ),
  refuses5('81', '[MQTT-3.1.2-9] a will without its properties', connect(5, { flags: '06', rest: will })),
  refuses5('81', '[MQTT-3.1.2-17] a user name flag without a user name', connect(5, { flags: '82' })),
  refuses5('81', '[MQTT-3.1.2-19] a password flag without a password', connect(5, { flags: '42' })),
  refuses5('81', '[MQTT-3.1.2-16] a user name without its flag', connect(5, { rest: str('user') })),
  refuses5(
    '81',
    '[MQTT-3.1.2-18] a password without its flag',
    connect(5, { flags: '82', rest: `${str('user')} ${str('secret')}` }),
  ),
  refuses5('81', '[MQTT-3.1.4-1] a byte after the payload', connect(5, { rest: '00' })),
  refuses5('81', 'a CONNECT that ends before its properties', packet('10', str('MQTT'), '05 02 00 00')),
  refuses5('81', 'a CONNECT that ends within its keep alive', packet('10', str('MQTT'), '05 02 00')),
  refuses5('81', 'a CONNECT that ends after its level', packet('10', str('MQTT'), '05')),
  refuses5('81', '[MQTT-3.1.3-3] a CONNECT without a client id', packet('10', str('MQTT'), '05 02 00 00 00')),
  refuses5(
    '81',
    '[MQTT-3.1.3-3] a client id longer than the packet',
    packet('10', str('MQTT'), '05 02 00 00 00 00 05 61 62'),
  ),
  refuses5(
    '81',
    'properties of CONNECT longer than the packet',
    packet('10', str('MQTT'), '05 02 00 00 20 11 00 00 00 01', str('c')),
  ),
  refuses5(
    '81',
    'a property length of five bytes in CONNECT',
    packet('10', str('MQTT'), '05 02 00 00 ff ff ff ff 01', str('c')),
  ),
  refuses5(
    '81',
    '[MQTT-1.5.5-1] a property length of more bytes than it needs in CONNECT',
    packet('10', str('MQTT'), '05 02 00 00 80 00', str('c')),
  ),
];

const texts: WireCase[] = [
  ...[
    ['c3 28', 'ill-formed UTF-8', '[MQTT-1.5.4-1]'],
    ['ff', 'a byte that UTF-8 does not have', '[MQTT-1.5.4-1]'],
    ['ed a0 80', 'a high surrogate', '[MQTT-1.5.4-1]'],
    ['ed bf bf', 'a low surrogate', '[MQTT-1.5.4-1]'],
    ['c0 80', 'an overlong form', '[MQTT-1.5.4-1]'],
    ['f4 90 80 80', 'a code point beyond U+10FFFF', '[MQTT-1.5.4-1]'],
    ['e6 97', 'a character cut off', '[MQTT-1.5.4-1]'],
    ['61 00 62', 'U+0000', '[MQTT-1.5.4-2]'],
  ].flatMap(([bytes, what, tag]) => [
    refuses5(
      '81',
      `${tag} [MQTT-3.1.3-4] a client id with ${what}`,
      packet('10', str('MQTT'), '05 02 00 00 00', sized(bytes!)),
    ),
    refuses5(
      '81',
      `${tag} [MQTT-3.1.3-12] a user name with ${what}`,
      connect(5, { flags: '82', rest: sized(bytes!) }),
    ),
    refuses5(
      '81',
      `${tag} [MQTT-3.1.3-11] a will topic with ${what}`,
      connect(5, { flags: '06', rest: `00 ${sized(bytes!)} ${str('m')}` }),
    ),
    refuses5(
      '81',
      `${tag} [MQTT-1.5.7-1] the value of a user property of CONNECT with ${what}`,
      connect(5, { properties: `26 ${str('name')} ${sized(bytes!)}` }),
    ),
  ]),
  refuses5(
    '81',
    '[MQTT-1.5.7-1] the name of a user property of CONNECT with U+0000',
    connect(5, { properties: `26 ${sized('00')} ${str('value')}` }),
  ),
  refuses5(
    '82',
    '[MQTT-4.7.3-1] an empty will topic',
    connect(5, { flags: '06', rest: `00 ${str('')} ${str('m')}` }),
  ),
  ...['#', '+', 'a/#', 'a/+/b'].map((topic) =>
    refuses5(
      '81',
      `[MQTT-4.7.0-1] the will topic ${topic}`,
      connect(5, { flags: '06', rest: `00 ${str(topic)} ${str('m')}` }),
    ),
  ),
  welcomes(
    'a password that is not UTF-8, without a user name',
    connect(5, { flags: '42', rest: sized('ff 00') }),
    CONNACK5,
  ),
];

/** A random UUID in capitals after the prefix. */
const assigned = `'auto-' ${'?? '.repeat(8)} '-' ${'?? '.repeat(4)} '-' ${'?? '.repeat(4)} '-' ${'?? '.repeat(4)} '-' ${'?? '.repeat(12)}`;
const assignedConnack = `20 3a 00 00 | 37 | 22 00 0a | 12 00 29 ${assigned} | 27 00 1e 84 80 | 21 00 14`;

const clientIds: WireCase[] = [
  welcomes(
    '[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] an empty client id is replaced',
    connect(5, { clientId: '' }),
    assignedConnack,
  ),
  welcomes(
    '[MQTT-3.1.3-6] an empty client id is replaced without clean start too',
    connect(5, { clientId: '', flags: '00' }),
    assignedConnack,
  ),
  welcomes(
    '[MQTT-3.1.3-5] a client id of 23 letters and digits',
    connect(5, { clientId: '0123456789abcdefABCDEFz' }),
    CONNACK5,
  ),
  welcomes('a client id of any characters', connect(5, { clientId: 'a b/#+é日𝄞' }), CONNACK5),
];

const limits: WireCase[] = [
  welcomes('keep alive 65535 is kept', connect(5, { keepAlive: 'ff ff' }), CONNACK5),
  refuses(
    '[MQTT-3.1.2-24] a Maximum Packet Size too small for the CONNACK closes without one',
    connect(5, { properties: '27 00 00 00 0f' }),
  ),
  welcomes(
    '[MQTT-3.1.2-24] a Maximum Packet Size in which the CONNACK just fits',
    connect(5, { properties: '27 00 00 00 10' }),
    CONNACK5,
  ),
  refuses5(
    '8c',
    '[MQTT-4.12.0-1] an authentication method that nobody provides',
    connect(5, { properties: `15 ${str('SCRAM-SHA-256')} 16 ${str('n,,n=u,r=r')}` }),
  ),
  refuses5('82', 'authentication data without a method', connect(5, { properties: `16 ${str('data')}` })),
  welcomes(
    '[MQTT-3.1.2-28] response information that nobody provides is left out',
    connect(5, { properties: '19 01' }),
    CONNACK5,
  ),
  welcomes(
    'all properties of CONNECT and of its will together',
    connect(5, {
      clientId: 'everything',
      flags: '26',
      properties: `11 00 00 00 00 21 00 05 27 00 00 01 00 22 00 07 19 00 17 00 ${user('a', 'b')} ${user('a', 'b')}`,
      rest: `${props('18 00 00 00 00 01 01 02 00 00 00 05 03', str('type'), '08', str('answer'), '09', str('id'), user('c', 'd'))} ${str('w/all')} 00 00`,
    }),
    CONNACK5,
  ),
];

export const connect5Cases: readonly WireCase[] = [...format, ...texts, ...clientIds, ...limits];
