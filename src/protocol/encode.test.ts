// Packets to bytes where the layout has a choice, and what cannot be encoded. That decoding is the inverse is
// proved for arbitrary packets in fuzz/codec.test.ts.
import { describe, expect, it } from 'vitest';
import { encodePacket } from './encode.js';
import type { ProtocolVersion } from './packet-types.js';
import type { Packet } from './packets.js';

function encode(packet: Packet, version: ProtocolVersion): string {
  return Buffer.from(encodePacket(packet, version)).toString('hex');
}

describe('an encoded packet', () => {
  it.each([
    [
      '10100004 4d515454 04 02 003c 0004 61626364',
      { type: 'connect', version: 4, cleanStart: true, keepAlive: 60, clientId: 'abcd' },
      4,
    ],
    [
      '100e0006 4d5149736470 03 00 0000 0000',
      { type: 'connect', version: 3, cleanStart: false, keepAlive: 0, clientId: '' },
      5,
    ],
    [
      '100d0004 4d515454 05 00 0000 00 0000',
      { type: 'connect', version: 5, cleanStart: false, keepAlive: 0, clientId: '' },
      4,
    ],
    [
      '100c0004 4d515454 84 00 0000 0000',
      { type: 'connect', version: 4, bridge: true, cleanStart: false, keepAlive: 0, clientId: '' },
      4,
    ],
    ['2002 01 00', { type: 'connack', sessionPresent: true, reason: 0 }, 4],
    ['2003 00 87 00', { type: 'connack', sessionPresent: false, reason: 0x87 }, 5],
    ['6202 0001', { type: 'pubrel', packetId: 1, reason: 0 }, 5],
    ['6203 0001 92', { type: 'pubrel', packetId: 1, reason: 0x92, properties: {} }, 5],
    ['6202 0001', { type: 'pubrel', packetId: 1, reason: 0x92 }, 4],
    [
      '4008 0001 00 04 1f 0001 78',
      { type: 'puback', packetId: 1, reason: 0, properties: { reasonString: 'x' } },
      5,
    ],
    ['5002 0001', { type: 'pubrec', packetId: 1, reason: 0, properties: { reasonString: undefined } }, 5],
    ['b002 0001', { type: 'unsuback', packetId: 1, reasons: [] }, 4],
    ['c000', { type: 'pingreq' }, 5],
    ['d000', { type: 'pingresp' }, 3],
    ['e000', { type: 'disconnect', reason: 0 }, 5],
    ['e001 8b', { type: 'disconnect', reason: 0x8b }, 5],
    ['e000', { type: 'disconnect', reason: 0x8b }, 4],
    ['f000', { type: 'auth', reason: 0 }, 5],
    ['f002 18 00', { type: 'auth', reason: 0x18 }, 5],
    ['f006 18 04 15 0001 6d', { type: 'auth', reason: 0x18, properties: { authenticationMethod: 'm' } }, 5],
  ] as [string, Packet, ProtocolVersion][])('%s', (hex, packet, version) => {
    expect(encode(packet, version)).toBe(hex.replaceAll(' ', ''));
  });

  it('of a subscription has its options in MQTT 5, and only the QoS before', () => {
    const subscribe: Packet = {
      type: 'subscribe',
      packetId: 10,
      subscriptions: [{ filter: 'a', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 }],
      properties: { subscriptionIdentifier: [200] },
    };
    expect(encode(subscribe, 5)).toBe('820a' + '000a' + '030bc801' + '000161' + '2d');
    expect(encode(subscribe, 4)).toBe('8206' + '000a' + '000161' + '01');
  });

  it('of a message has the shortest remaining length [MQTT-1.5.5-1]', () => {
    for (const [size, header] of [
      [124, '307f'],
      [125, '308001'],
      [16_380, '30ff7f'],
      [16_381, '30808001'],
    ] as const) {
      const packet: Packet = {
        type: 'publish',
        topic: 'a',
        payload: new Uint8Array(size),
        qos: 0,
        retain: false,
        dup: false,
      };
      expect(encode(packet, 4).startsWith(`${header}000161`)).toBe(true);
    }
  });

  it('of a message has no packet identifier with QoS 0 [MQTT-2.2.1-2]', () => {
    const publish = {
      type: 'publish',
      topic: 'a',
      payload: new Uint8Array(0),
      retain: true,
      dup: false,
    } as const;
    expect(encode({ ...publish, qos: 0, packetId: 5 }, 4)).toBe('3103000161');
    expect(encode({ ...publish, qos: 2, packetId: 5, dup: true }, 4)).toBe('3d050001610005');
  });

  it('without properties says so with a length of 0 [MQTT-2.2.2-1]', () => {
    for (const properties of [undefined, {}]) {
      expect(encode({ type: 'unsubscribe', packetId: 1, filters: ['a'], properties }, 5)).toBe(
        'a206000100000161',
      );
    }
  });

  it('leaves properties out before MQTT 5', () => {
    const properties = { sessionExpiryInterval: 5, contentType: 'not checked either' };
    expect(encode({ type: 'disconnect', reason: 0, properties }, 4)).toBe('e000');
    expect(encode({ type: 'connack', sessionPresent: false, reason: 0, properties }, 4)).toBe('20020000');
  });
});

describe('what MQTT cannot carry', () => {
  const publish = { type: 'publish', payload: new Uint8Array(0), qos: 0, retain: false, dup: false } as const;

  it.each(['a\0b', '\ud800', 'x'.repeat(65_536)])('is not encoded as a topic', (topic) => {
    expect(() => encodePacket({ ...publish, topic }, 4)).toThrow();
  });

  it('is not encoded as a property', () => {
    for (const properties of [
      { contentType: '\0' },
      { userProperties: [['a', '\udfff']] as [string, string][] },
      { correlationData: new Uint8Array(65_536) },
      { subscriptionIdentifier: [268_435_456] },
      { receiveMaximum: 5 }, // not one of PUBLISH
    ]) {
      expect(() => encodePacket({ ...publish, topic: 'a', properties }, 5)).toThrow();
    }
  });
});
