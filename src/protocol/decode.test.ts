// Every packet type from its bytes, as chapter 3 of MQTT 5 and 3.1.1 lays them out, and what is refused.
import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../fuzz/refusal.js';
import { versions } from '../../fuzz/specification.js';
import { decodeOne } from './decode.js';
import { PacketType, type ProtocolVersion } from './packet-types.js';
import type { Packet } from './packets.js';
import { ReasonCode } from './reason-codes.js';

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

function decode(hex: string, version: ProtocolVersion): Packet {
  return decodeOne(bytesOf(hex), version);
}

/** Gives `content` its fixed header. */
function packet(first: number, content: string): string {
  const length = bytesOf(content).length;
  if (length > 127) throw new Error('these tests have short packets only');
  return `${first.toString(16).padStart(2, '0')} ${length.toString(16).padStart(2, '0')} ${content}`;
}

const mqtt = '0004 4d515454';
const mqisdp = '0006 4d5149736470';

describe('CONNECT', () => {
  it('of each version, the smallest', () => {
    const expected = { type: 'connect', cleanStart: false, keepAlive: 0, clientId: '' };
    expect(decode(packet(0x10, `${mqisdp} 03 00 0000 0000`), 4)).toEqual({ ...expected, version: 3 });
    expect(decode(packet(0x10, `${mqtt} 04 00 0000 0000`), 4)).toEqual({ ...expected, version: 4 });
    expect(decode(packet(0x10, `${mqtt} 05 00 0000 00 0000`), 4)).toEqual({
      ...expected,
      version: 5,
      properties: {},
    });
  });

  it('with everything, in the order of the payload [MQTT-3.1.3-1] [MQTT-3.1.2-9] [MQTT-3.1.2-17] [MQTT-3.1.2-19]', () => {
    const content = `${mqtt} 05 f6 003c 05 11 ffffffff 0003 6d6531 05 18 00000001 0001 77 0002 6f6b 0001 75 0002 00ff`;
    expect(decode(packet(0x10, content), 5)).toEqual({
      type: 'connect',
      version: 5,
      cleanStart: true,
      keepAlive: 60,
      clientId: 'me1',
      properties: { sessionExpiryInterval: 0xffffffff },
      will: {
        topic: 'w',
        payload: bytesOf('6f6b'),
        qos: 2,
        retain: true,
        properties: { willDelayInterval: 1 },
      },
      username: 'u',
      password: bytesOf('00ff'),
    });
  });

  it('with everything in 3.1.1, will QoS 1 and not retained', () => {
    expect(decode(packet(0x10, `${mqtt} 04 cc 0001 0001 63 0001 77 0000 0001 75 0000`), 4)).toEqual({
      type: 'connect',
      version: 4,
      cleanStart: false,
      keepAlive: 1,
      clientId: 'c',
      will: { topic: 'w', payload: bytesOf(''), qos: 1, retain: false },
      username: 'u',
      password: bytesOf(''),
    });
  });

  it.each([
    [`0004 4d515455 04 02 0000 0000`, 'another name [MQTT-3.1.2-1] [MQTT3-3.1.2-1]'],
    [`0004 6d717474 04 02 0000 0000`, 'a name in lower case'],
    [`0000 04 02 0000 0000`, 'an empty name'],
    [`0009 5f5f70726f746f5f5f 04 02 0000 0000`, '__proto__ as a name'],
  ])('%s is no CONNECT of MQTT: %s', (content) => {
    expect(reasonOf(() => decode(packet(0x10, content), 4))).toBe(ReasonCode.MalformedPacket);
  });

  it.each([
    [`${mqtt} 00 02 0000 0000`, 'level 0 [MQTT-3.1.2-2]'],
    [`${mqtt} 03 02 0000 0000`, 'level 3 with the later name'],
    [`${mqtt} 06 02 0000 0000`, 'level 6 [MQTT-3.1.2-2]'],
    [`${mqtt} 7f 02 0000 0000`, 'level 127'],
    [`${mqtt} 85 02 0000 00 0000`, 'MQTT 5 with the bridge bit'],
    [`${mqtt} 83 02 0000 0000`, 'level 3 with the bridge bit'],
    [`${mqisdp} 04 02 0000 0000`, 'level 4 with the earlier name'],
    [`${mqisdp} 05 02 0000 0000`, 'level 5 with the earlier name'],
  ])('%s is an unsupported protocol version: %s', (content) => {
    expect(reasonOf(() => decode(packet(0x10, content), 4))).toBe(ReasonCode.UnsupportedProtocolVersion);
  });

  it('of a bridge is known by bit 7 of the level', () => {
    expect(decode(packet(0x10, `${mqtt} 84 02 0000 0001 62`), 4)).toMatchObject({ version: 4, bridge: true });
    expect(decode(packet(0x10, `${mqisdp} 83 02 0000 0001 62`), 4)).toMatchObject({
      version: 3,
      bridge: true,
    });
    expect(decode(packet(0x10, `${mqtt} 04 02 0000 0001 62`), 4)).not.toHaveProperty('bridge');
  });

  it.each([
    [`${mqtt} 04 03 0000 0000`, 'the reserved flag in 3.1.1 [MQTT3-3.1.2-3]'],
    [`${mqtt} 05 03 0000 00 0000`, 'the reserved flag in MQTT 5 [MQTT-3.1.2-3]'],
    [`${mqtt} 04 1e 0000 0000 0001 77 0000`, 'will QoS 3 [MQTT-3.1.2-12]'],
    [`${mqtt} 05 1e 0000 00 0000 00 0001 77 0000`, 'will QoS 3 in MQTT 5'],
    [`${mqtt} 04 0a 0000 0000`, 'will QoS 1 without a will [MQTT-3.1.2-11] [MQTT3-3.1.2-11]'],
    [`${mqtt} 04 12 0000 0000`, 'will QoS 2 without a will'],
    [`${mqtt} 04 22 0000 0000`, 'will retain without a will [MQTT-3.1.2-13]'],
    [`${mqtt} 05 22 0000 00 0000`, 'will retain without a will in MQTT 5'],
    [`${mqtt} 04 42 0000 0000 0001 70`, 'a password without a user name in 3.1.1 [MQTT3-3.1.2-22]'],
    [`${mqtt} 04 82 0000 0000`, 'no user name although its flag is set [MQTT-3.1.2-17]'],
    [`${mqtt} 04 c2 0000 0000 0001 75`, 'no password although its flag is set [MQTT-3.1.2-19]'],
    [`${mqtt} 04 06 0000 0000`, 'no will although its flag is set [MQTT-3.1.2-9]'],
    [`${mqtt} 04 06 0000 0000 0001 77`, 'a will without a payload'],
    [`${mqtt} 04 02 0000 0000 0001 75`, 'a user name although its flag is not set [MQTT-3.1.2-16]'],
    [`${mqtt} 05 02 0000 00 0000 0001 70`, 'a password although its flag is not set [MQTT-3.1.2-18]'],
    [`${mqtt} 04 02 0000`, 'no client identifier [MQTT-3.1.3-3]'],
    [`${mqtt} 04 02 0000 0005 61`, 'a client identifier beyond the end'],
    [`${mqtt} 04 02 0000 0001 ff`, 'a client identifier that is not UTF-8 [MQTT-3.1.3-4]'],
    [`${mqtt} 04 02 0000 0001 00`, 'U+0000 in the client identifier [MQTT-1.5.4-2]'],
    [`${mqtt} 04 06 0000 0000 0001 ff 0000`, 'a will topic that is not UTF-8 [MQTT-3.1.3-11]'],
    [`${mqtt} 04 82 0000 0000 0001 ff`, 'a user name that is not UTF-8 [MQTT-3.1.3-12]'],
    [`${mqtt} 04 82 0000 0000 0003 eda080`, 'a surrogate in the user name [MQTT-1.5.4-1]'],
    [`${mqtt} 05 02 0000 0000`, 'MQTT 5 without a property length, the client identifier being too short'],
    [`${mqtt} 05 02 0000`, 'MQTT 5 that ends before its properties [MQTT-2.2.2-1]'],
    [`${mqtt} 04 02 00`, 'half a keep alive'],
    [`${mqtt} 04 02`, 'no keep alive'],
    [`${mqtt} 04`, 'no flags'],
    [mqtt, 'no level'],
    ['0004 4d51', 'half a name'],
    ['', 'nothing'],
  ])('%s is malformed: %s [MQTT-3.1.4-1]', (content) => {
    expect(reasonOf(() => decode(packet(0x10, content), 4))).toBe(ReasonCode.MalformedPacket);
  });

  it('has a will topic that is a topic name [MQTT-4.7.3-1] [MQTT-4.7.0-1]', () => {
    for (const topic of ['0000', '0001 2b', '0001 23', '0003 612f23']) {
      expect(
        reasonOf(() => decode(packet(0x10, `${mqtt} 04 06 0000 0000 ${topic} 0000`), 4)),
      ).toBeGreaterThan(0x80);
      const five = `${mqtt} 05 06 0000 00 0000 00 ${topic} 0000`;
      expect(reasonOf(() => decode(packet(0x10, five), 5))).toBeGreaterThan(0x80);
    }
  });

  it('has a response topic in the will that is a topic name [MQTT-3.3.2-14]', () => {
    for (const responseTopic of ['04 08 0001 2b', '04 08 0001 23', '03 08 0000']) {
      const content = `${mqtt} 05 06 0000 00 0000 ${responseTopic} 0001 77 0000`;
      expect(reasonOf(() => decode(packet(0x10, content), 5))).toBe(ReasonCode.ProtocolError);
    }
  });

  it('has no authentication data without an authentication method', () => {
    const refused = packet(0x10, `${mqtt} 05 02 0000 04 16 0001 61 0000`);
    expect(reasonOf(() => decode(refused, 5))).toBe(ReasonCode.ProtocolError);
    const accepted = packet(0x10, `${mqtt} 05 02 0000 08 16 0001 61 15 0001 6d 0000`);
    expect(decode(accepted, 5)).toMatchObject({ properties: { authenticationMethod: 'm' } });
  });

  it('of MQTT 5 may have a password and no user name', () => {
    expect(decode(packet(0x10, `${mqtt} 05 42 0000 00 0000 0001 70`), 5)).toMatchObject({
      password: bytesOf('70'),
    });
  });

  it('of 3.1 may announce a user name and a password that are not there', () => {
    expect(decode(packet(0x10, `${mqisdp} 03 82 0000 0001 63`), 4)).toEqual(
      decode(packet(0x10, `${mqisdp} 03 02 0000 0001 63`), 4),
    );
    expect(decode(packet(0x10, `${mqisdp} 03 c2 0000 0001 63 0001 75`), 4)).toEqual(
      decode(packet(0x10, `${mqisdp} 03 82 0000 0001 63 0001 75`), 4),
    );
  });

  it('of 3.1 had not reserved the lowest flag', () => {
    expect(reasonOf(() => decode(packet(0x10, `${mqisdp} 03 03 0000 0001 63`), 4))).toBeUndefined();
  });
});

describe('the small packets', () => {
  it.each([
    ['20 02 01 00', 4, { type: 'connack', sessionPresent: true, reason: 0 }],
    ['20 02 00 05', 3, { type: 'connack', sessionPresent: false, reason: 5 }],
    ['20 03 00 97 00', 5, { type: 'connack', sessionPresent: false, reason: 0x97, properties: {} }],
    [
      '20 06 01 00 03 21 0014',
      5,
      { type: 'connack', sessionPresent: true, reason: 0, properties: { receiveMaximum: 20 } },
    ],
    ['40 02 0001', 4, { type: 'puback', packetId: 1, reason: 0 }],
    ['50 02 ffff', 3, { type: 'pubrec', packetId: 65_535, reason: 0 }],
    ['62 02 0100', 4, { type: 'pubrel', packetId: 256, reason: 0 }],
    ['70 02 0001', 4, { type: 'pubcomp', packetId: 1, reason: 0 }],
    ['40 02 0001', 5, { type: 'puback', packetId: 1, reason: 0, properties: {} }],
    ['40 03 0001 10', 5, { type: 'puback', packetId: 1, reason: 0x10, properties: {} }],
    ['40 04 0001 10 00', 5, { type: 'puback', packetId: 1, reason: 0x10, properties: {} }],
    [
      '50 08 0001 97 04 1f 0001 78',
      5,
      { type: 'pubrec', packetId: 1, reason: 0x97, properties: { reasonString: 'x' } },
    ],
    ['62 03 0001 92', 5, { type: 'pubrel', packetId: 1, reason: 0x92, properties: {} }],
    ['70 03 0001 92', 5, { type: 'pubcomp', packetId: 1, reason: 0x92, properties: {} }],
    ['90 04 0001 00 80', 4, { type: 'suback', packetId: 1, reasons: [0, 0x80] }],
    ['90 05 0001 00 02 87', 5, { type: 'suback', packetId: 1, reasons: [2, 0x87], properties: {} }],
    ['b0 02 0001', 4, { type: 'unsuback', packetId: 1, reasons: [] }],
    ['b0 05 0001 00 00 11', 5, { type: 'unsuback', packetId: 1, reasons: [0, 0x11], properties: {} }],
    ['c0 00', 4, { type: 'pingreq' }],
    ['d0 00', 5, { type: 'pingresp' }],
    ['e0 00', 3, { type: 'disconnect', reason: 0 }],
    ['e0 00', 5, { type: 'disconnect', reason: 0, properties: {} }],
    ['e0 01 04', 5, { type: 'disconnect', reason: 4, properties: {} }],
    [
      'e0 07 00 05 11 00000000',
      5,
      { type: 'disconnect', reason: 0, properties: { sessionExpiryInterval: 0 } },
    ],
    ['f0 00', 5, { type: 'auth', reason: 0, properties: {} }],
    ['f0 06 18 04 15 0001 6d', 5, { type: 'auth', reason: 0x18, properties: { authenticationMethod: 'm' } }],
  ] as [string, ProtocolVersion, object][])('%s in version %i', (hex, version, expected) => {
    expect(decode(hex, version)).toEqual(expected);
  });

  it('have no reason codes but their own', () => {
    for (const hex of [
      '20 03 00 01 00', // [MQTT-3.2.2-8]
      '40 03 0001 92', // [MQTT-3.4.2-1]
      '50 03 0001 01', // [MQTT-3.5.2-1]
      '62 03 0001 10', // [MQTT-3.6.2-1]
      '70 03 0001 80', // [MQTT-3.7.2-1]
      'e0 01 01', // [MQTT-3.14.2-1]
      'e0 01 ff',
      'f0 02 04 00', // [MQTT-3.15.2-1]
    ]) {
      expect(
        reasonOf(() => decode(hex, 5)),
        hex,
      ).toBe(ReasonCode.ProtocolError);
    }
  });

  it('have bits 7 to 1 of the CONNACK flags 0 [MQTT-3.2.2-1]', () => {
    for (const flags of ['02', '03', '80', 'ff']) {
      expect(reasonOf(() => decode(`20 02 ${flags} 00`, 4))).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('have a packet identifier, and not 0 [MQTT3-2.3.1-1]', () => {
    for (const first of ['40', '50', '62', '70']) {
      for (const version of versions) {
        expect(reasonOf(() => decode(`${first} 00`, version))).toBe(ReasonCode.MalformedPacket);
        expect(reasonOf(() => decode(`${first} 01 00`, version))).toBe(ReasonCode.MalformedPacket);
        expect(reasonOf(() => decode(`${first} 02 0000`, version))).toBeGreaterThanOrEqual(0x81);
      }
    }
  });

  it('end where their content ends', () => {
    for (const [hex, version] of [
      ['c0 01 00', 4],
      ['d0 01 00', 5],
      ['40 03 0001 00', 4],
      ['62 03 0001 00', 3],
      ['e0 01 00', 4],
      ['e0 03 00 00 00', 5],
      ['40 05 0001 00 00 00', 5],
      ['20 03 00 00 00', 4],
      ['f0 03 18 00 00', 5],
      ['b0 03 0001 00', 4],
    ] as const) {
      expect(
        reasonOf(() => decode(hex, version)),
        hex,
      ).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('AUTH exists in MQTT 5 only', () => {
    expect(reasonOf(() => decode('f0 00', 4))).toBe(ReasonCode.MalformedPacket);
    expect(reasonOf(() => decode('f0 00', 3))).toBe(ReasonCode.MalformedPacket);
  });
});

describe('SUBSCRIBE', () => {
  it('has filters with a QoS each before MQTT 5', () => {
    expect(decode('82 0c 0007 0003 612f62 01 0001 23 02', 4)).toEqual({
      type: 'subscribe',
      packetId: 7,
      subscriptions: [
        { filter: 'a/b', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        { filter: '#', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
  });

  it('has options in MQTT 5', () => {
    expect(decode('82 0c 0007 02 0b 05 0001 61 2c 0000 11', 5)).toEqual({
      type: 'subscribe',
      packetId: 7,
      properties: { subscriptionIdentifier: [5] },
      subscriptions: [
        { filter: 'a', qos: 0, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { filter: '', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 1 },
      ],
    });
  });

  it('has no other bits in its options [MQTT-3.8.3-5] [MQTT3-3.8.3-4]', () => {
    for (let options = 0; options < 256; options++) {
      const hex = options.toString(16).padStart(2, '0');
      const valid5 = (options & 3) < 3 && options >> 4 < 3;
      expect(reasonOf(() => decode(`82 07 0001 00 0001 61 ${hex}`, 5)) === undefined, hex).toBe(valid5);
      expect(reasonOf(() => decode(`82 06 0001 0001 61 ${hex}`, 4)) === undefined, hex).toBe(options < 3);
    }
    expect(reasonOf(() => decode('82 07 0001 00 0001 61 40', 5))).toBe(ReasonCode.MalformedPacket);
    expect(reasonOf(() => decode('82 06 0001 0001 61 04', 4))).toBe(ReasonCode.MalformedPacket);
  });

  it('has at least one filter [MQTT-3.8.3-2]', () => {
    expect(reasonOf(() => decode('82 02 0001', 4))).toBeGreaterThanOrEqual(0x81);
    expect(reasonOf(() => decode('82 03 0001 00', 5))).toBeGreaterThanOrEqual(0x81);
  });

  it('has filters that are UTF-8 [MQTT-3.8.3-1], each with its options', () => {
    for (const hex of [
      '82 06 0001 0001 ff 00',
      '82 06 0001 0001 00 00',
      '82 05 0001 0001 61',
      '82 05 0001 0005 61',
    ]) {
      expect(
        reasonOf(() => decode(hex, 4)),
        hex,
      ).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('has a packet identifier other than 0 [MQTT3-2.3.1-1]', () => {
    expect(reasonOf(() => decode('82 06 0000 0001 61 00', 4))).toBeGreaterThanOrEqual(0x81);
    expect(reasonOf(() => decode('a2 05 0000 0001 61', 4))).toBeGreaterThanOrEqual(0x81);
  });

  it('cannot make a million objects of one packet', () => {
    const content = new Uint8Array(2 + 3 * 1_000_000);
    content[1] = 1;
    const length = content.length;
    const bytes = new Uint8Array(5 + length);
    bytes.set([
      0x82,
      (length & 0x7f) | 0x80,
      ((length >> 7) & 0x7f) | 0x80,
      ((length >> 14) & 0x7f) | 0x80,
      length >> 21,
    ]);
    bytes.set(content, 5);
    expect(reasonOf(() => decodeOne(bytes, 4))).toBeGreaterThanOrEqual(0x80);
  });
});

describe('UNSUBSCRIBE', () => {
  it('has filters', () => {
    expect(decode('a2 08 0007 0001 61 0001 23', 4)).toEqual({
      type: 'unsubscribe',
      packetId: 7,
      filters: ['a', '#'],
    });
    expect(decode('a2 06 0007 00 0001 61', 5)).toEqual({
      type: 'unsubscribe',
      packetId: 7,
      filters: ['a'],
      properties: {},
    });
  });

  it('has at least one filter [MQTT-3.10.3-2], of UTF-8 [MQTT-3.10.3-1]', () => {
    expect(reasonOf(() => decode('a2 02 0001', 4))).toBeGreaterThanOrEqual(0x81);
    expect(reasonOf(() => decode('a2 03 0001 00', 5))).toBeGreaterThanOrEqual(0x81);
    expect(reasonOf(() => decode('a2 05 0001 0001 ff', 4))).toBe(ReasonCode.MalformedPacket);
  });
});

describe('the fixed header', () => {
  it.each([
    ['PUBREL', 0x62, '0001', '[MQTT-3.6.1-1]'],
    ['SUBSCRIBE', 0x82, '0001 0001 61 00', '[MQTT-3.8.1-1]'],
    ['UNSUBSCRIBE', 0xa2, '0001 0001 61', '[MQTT-3.10.1-1]'],
    ['DISCONNECT', 0xe0, '', '[MQTT-3.14.1-1]'],
    ['PINGREQ', 0xc0, '', '[MQTT-2.1.3-1]'],
    ['PUBACK', 0x40, '0001', '[MQTT-2.1.3-1]'],
  ])('of %s has the flags of 0x%i and no others %#', (_, first, content) => {
    for (let flags = 0; flags < 16; flags++) {
      const changed = (first & 0xf0) | flags;
      const expected = changed === first ? undefined : ReasonCode.MalformedPacket;
      expect(reasonOf(() => decode(packet(changed, content), 4))).toBe(expected);
    }
  });

  it('of AUTH has no flags [MQTT-3.15.1-1]', () => {
    for (let flags = 1; flags < 16; flags++)
      expect(reasonOf(() => decode(`f${flags.toString(16)} 00`, 5))).toBe(0x81);
  });

  it('of PUBREL may have DUP in 3.1, as an old client repeats it', () => {
    expect(decode('6a 02 0001', 3)).toMatchObject({ type: 'pubrel', packetId: 1 });
    expect(reasonOf(() => decode('6a 02 0001', 4))).toBe(ReasonCode.MalformedPacket);
    expect(reasonOf(() => decode('6a 02 0001', 5))).toBe(ReasonCode.MalformedPacket);
  });

  it('has a remaining length that is that of the packet', () => {
    for (const hex of ['c0', 'c0 01', 'c0 00 00', '40 03 0001', '40 01 0001']) {
      expect(
        reasonOf(() => decode(hex, 4)),
        hex,
      ).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('with the reserved type 0 is malformed', () => {
    for (const version of versions)
      expect(reasonOf(() => decode('00 00', version))).toBe(ReasonCode.MalformedPacket);
  });
});

describe('what is decoded', () => {
  it('does not change when the bytes it came from are used again, node Buffers included', () => {
    const everything = [
      packet(
        0x10,
        `${mqtt} 05 c6 0000 08 15 0001 6d 16 0001 61 0001 63 04 09 0001 62 0001 77 0001 70 0001 75 0001 73`,
      ),
      packet(0x34, '0001 74 0001 04 09 0001 64 70617920'),
      'f0 0a 18 08 15 0001 6d 16 0001 64',
    ];
    for (const hex of everything) {
      const plain = decode(hex, 5);
      for (const bytes of [bytesOf(hex), Buffer.from(bytesOf(hex))]) {
        const decoded = decodeOne(bytes, 5);
        bytes.fill(0x5a);
        expect(decoded).toEqual(plain);
      }
    }
  });

  it('is refused at every length that is too short, for every type', () => {
    // every packet here ends in a field that is not optional
    const whole: [string, ProtocolVersion][] = [
      [
        packet(
          0x10,
          `${mqtt} 05 f6 003c 05 11 ffffffff 0003 6d6531 05 18 00000001 0001 77 0002 6f6b 0001 75 0002 00ff`,
        ),
        5,
      ],
      ['20 06 01 00 03 21 0014', 5],
      ['82 09 0007 02 0b 05 0001 61 01', 5],
      ['a2 06 0007 00 0001 61', 5],
    ];
    for (const [hex, version] of whole) {
      const content = bytesOf(hex).subarray(2);
      for (let length = 0; length < content.length; length++) {
        const cut = Uint8Array.from([bytesOf(hex)[0]!, length, ...content.subarray(0, length)]);
        expect(
          reasonOf(() => decodeOne(cut, version)),
          `${hex} ${length}`,
        ).toBeGreaterThanOrEqual(0x81);
      }
    }
  });

  it('has the type that its first byte says', () => {
    for (const [name, type] of Object.entries(PacketType)) {
      if (type !== PacketType.PINGREQ && type !== PacketType.PINGRESP && type !== PacketType.DISCONNECT)
        continue;
      expect(decode(`${(type << 4).toString(16)} 00`, 4).type).toBe(name.toLowerCase());
    }
  });
});
