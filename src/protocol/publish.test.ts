// PUBLISH in place: the view against plain decoding, and every kind of copy for a receiver.
import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../fuzz/refusal.js';
import { decodeOne } from './decode.js';
import { encodePacket } from './encode.js';
import type { ProtocolVersion } from './packet-types.js';
import type { PublishPacket } from './packets.js';
import type { Properties } from './properties.js';
import {
  copyBytes,
  Publish,
  type PublishVariant,
  publishVariantSize,
  readPublish,
  topicText,
  writePublishHead,
} from './publish.js';
import { ReasonCode } from './reason-codes.js';

const payload = Uint8Array.from([1, 2, 3]);

function packetOf(change: Partial<PublishPacket> = {}): PublishPacket {
  return { type: 'publish', topic: 'a/b', payload, qos: 0, retain: false, dup: false, ...change };
}

/** Reads a packet whose remaining length takes one byte, after some bytes that are not its own. */
function read(bytes: Uint8Array, version: ProtocolVersion, view = new Publish()): Publish {
  const within = new Uint8Array(bytes.length + 9).fill(0xee);
  within.set(bytes, 4);
  readPublish(view, within, 4, 6, 4 + bytes.length, version);
  return view;
}

function readHex(hex: string, version: ProtocolVersion): Publish {
  return read(Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')), version);
}

describe('a PUBLISH that is read in place', () => {
  it('has its topic, packet identifier and payload where they are', () => {
    const view = readHex('3d 0a 0003 612f62 1234 010203', 4);
    expect(view).toMatchObject({ qos: 2, retain: true, dup: true, packetId: 0x1234, topicAlias: 0 });
    expect(topicText(view.bytes, view.topicStart, view.topicEnd)).toBe('a/b');
    expect([...view.payload]).toEqual([1, 2, 3]);
    expect(view.bytes[view.packetIdAt]).toBe(0x12);
    expect(view.messageExpiryInterval).toBeUndefined();
  });

  it('has what routing needs of its properties', () => {
    const properties: Properties = {
      userProperties: [['k', 'v']],
      payloadFormatIndicator: 1,
      contentType: 't',
      messageExpiryInterval: 0xffffffff,
      topicAlias: 7,
      subscriptionIdentifier: [300],
    };
    const view = read(encodePacket(packetOf({ qos: 1, packetId: 1, properties }), 5), 5);
    expect(view).toMatchObject({
      topicAlias: 7,
      payloadFormat: 1,
      hasSubscriptionIdentifier: true,
      messageExpiryInterval: 0xffffffff,
    });
    expect(view.bytes[view.topicAliasAt]).toBe(0x23);
    expect(view.bytes[view.expiryAt - 1]).toBe(0x02);
  });

  it('leaves nothing of itself to the next one', () => {
    const view = new Publish();
    const rich = packetOf({
      qos: 2,
      dup: true,
      retain: true,
      packetId: 9,
      properties: {
        topicAlias: 3,
        messageExpiryInterval: 5,
        payloadFormatIndicator: 1,
        subscriptionIdentifier: [1],
      },
    });
    read(encodePacket(rich, 5), 5, view);
    read(encodePacket(packetOf({ properties: {} }), 5), 5, view);
    expect(view).toMatchObject({
      qos: 0,
      dup: false,
      retain: false,
      packetId: 0,
      topicAlias: 0,
      payloadFormat: 0,
      hasSubscriptionIdentifier: false,
      messageExpiryInterval: undefined,
    });
    read(encodePacket(rich, 5), 5, view);
    read(encodePacket(packetOf(), 4), 4, view);
    expect(view).toMatchObject({
      topicAlias: 0,
      expiryAt: 0,
      version: 4,
      propertiesEnd: view.propertiesStart,
    });
  });

  it.each([
    ['36 05 0001 61 0001', 4, ReasonCode.MalformedPacket, 'QoS 3 [MQTT-3.3.1-4]'],
    ['38 03 0001 61', 4, ReasonCode.MalformedPacket, 'DUP with QoS 0 [MQTT-3.3.1-2]'],
    ['32 05 0001 61 0000', 4, ReasonCode.ProtocolError, 'packet identifier 0 [MQTT3-2.3.1-1]'],
    ['30 00', 4, ReasonCode.MalformedPacket, 'no topic'],
    ['30 01 00', 4, ReasonCode.MalformedPacket, 'half a topic length'],
    ['30 03 0002 61', 4, ReasonCode.MalformedPacket, 'a topic beyond the end [MQTT-3.3.2-1]'],
    ['30 02 ffff', 5, ReasonCode.MalformedPacket, 'a topic far beyond the end'],
    ['32 03 0001 61', 4, ReasonCode.MalformedPacket, 'no packet identifier'],
    ['32 04 0001 61 00', 4, ReasonCode.MalformedPacket, 'half a packet identifier'],
    ['30 03 0001 61', 5, ReasonCode.MalformedPacket, 'no property length [MQTT-2.2.2-1]'],
    ['32 05 0001 61 0001', 5, ReasonCode.MalformedPacket, 'no property length after the identifier'],
    ['30 04 0001 61 01', 5, ReasonCode.MalformedPacket, 'properties beyond the end'],
    [
      '30 05 0001 61 8000',
      5,
      ReasonCode.MalformedPacket,
      'a property length in a longer form [MQTT-1.5.5-1]',
    ],
    ['30 07 0001 61 03 230000', 5, ReasonCode.TopicAliasInvalid, 'topic alias 0 [MQTT-3.3.2-8]'],
    [
      '30 08 0001 61 04 0800012b',
      5,
      ReasonCode.ProtocolError,
      'a wildcard in the response topic [MQTT-3.3.2-14]',
    ],
    [
      '30 08 0001 61 04 08000123',
      5,
      ReasonCode.ProtocolError,
      'a wildcard in the response topic [MQTT-3.3.2-14]',
    ],
    ['30 07 0001 61 03 080000', 5, ReasonCode.ProtocolError, 'an empty response topic [MQTT-4.7.3-1]'],
  ] as [string, ProtocolVersion, number, string][])(
    '%s in version %i is refused with %i: %s',
    (hex, version, reason) => {
      expect(reasonOf(() => readHex(hex, version))).toBe(reason);
      expect(reasonOf(() => decodeOne(Buffer.from(hex.replaceAll(' ', ''), 'hex'), version))).toBe(reason);
    },
  );

  it('has no packet identifier with QoS 0: those bytes are payload [MQTT-2.2.1-2]', () => {
    const view = readHex('30 05 0001 61 0000', 4);
    expect(view.packetId).toBe(0);
    expect([...view.payload]).toEqual([0, 0]);
  });

  it('may have an empty payload', () => {
    expect(readHex('30 03 0001 61', 4).payload).toHaveLength(0);
    expect(readHex('30 04 0001 61 00', 5).payload).toHaveLength(0);
  });

  it('reads content type and topic alias in either order', () => {
    expect(readHex('30 0b 0001 61 07 030001 74 230001', 5).topicAlias).toBe(1);
    expect(readHex('30 0b 0001 61 07 230001 030001 74', 5).topicAlias).toBe(1);
  });

  it('tells whether its remaining length has the shortest form, and so may be forwarded as it is', () => {
    const forms: [header: number[], contentSize: number, isShortest: boolean][] = [
      [[0x03], 3, true],
      [[0x83, 0x00], 3, false],
      [[0x83, 0x80, 0x80, 0x00], 3, false],
      [[0x7f], 127, true],
      [[0xff, 0x00], 127, false],
      [[0x80, 0x01], 128, true],
      [[0xff, 0x7f], 16_383, true],
      [[0xff, 0xff, 0x00], 16_383, false],
      [[0x80, 0x80, 0x01], 16_384, true],
    ];
    for (const [header, contentSize, isShortest] of forms) {
      for (const start of [0, 130]) {
        const body = start + 1 + header.length;
        const bytes = new Uint8Array(body + contentSize);
        bytes.set([0x30, ...header, 0, 1, 0x61], start);
        const view = new Publish();
        readPublish(view, bytes, start, body, bytes.length, 4);
        expect(view.shortest, `${header} at ${start}`).toBe(isShortest);
      }
    }
  });
});

describe('the topic of a PUBLISH', () => {
  const text = (bytes: number[]): string => topicText(Uint8Array.from(bytes), 0, bytes.length);

  it('is text, and may be empty where an alias stands for it', () => {
    expect(text([])).toBe('');
    expect(text([0x61, 0x2f, 0xc3, 0xa9])).toBe('a/é');
  });

  it('is well-formed UTF-8 without U+0000 [MQTT-3.3.2-1] [MQTT-4.7.3-2]', () => {
    for (const bytes of [[0xff], [0x61, 0x00], [0xc3], [0xed, 0xa0, 0x80]]) {
      expect(reasonOf(() => text(bytes))).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('has no wildcard [MQTT-3.3.2-2] [MQTT-4.7.0-1]', () => {
    for (const bytes of [[0x2b], [0x23], [0x61, 0x2f, 0x23], [0x61, 0x2b, 0x62]]) {
      expect(reasonOf(() => text(bytes))).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('has no control character and no non-character', () => {
    for (const bytes of [
      [0x01],
      [0x1b, 0x5b],
      [0x7f],
      [0xc2, 0x85],
      [0xef, 0xbf, 0xbe],
      [0xef, 0xb7, 0x90],
    ]) {
      expect(reasonOf(() => text(bytes))).toBe(ReasonCode.MalformedPacket);
    }
    expect(text([0xef, 0xbb, 0xbf]), 'a byte order mark is a character').toBe('\ufeff');
  });
});

describe('a copy for a receiver', () => {
  const plain: PublishVariant = {
    version: 4,
    qos: 0,
    retain: false,
    topicAlias: 0,
    aliasOnly: false,
    subscriptionIdentifiers: null,
  };
  const everything: Properties = {
    userProperties: [
      ['b', '1'],
      ['a', '2'],
      ['b', '3'],
    ],
    topicAlias: 9,
    payloadFormatIndicator: 1,
    messageExpiryInterval: 100,
    responseTopic: 'r/t',
    correlationData: Uint8Array.from([0, 255]),
    contentType: 'text/plain',
  };

  /** Writes the copy somewhere in a larger array and decodes it. */
  function copy(
    packet: PublishPacket,
    from: ProtocolVersion,
    change: Partial<PublishVariant>,
    expiry = 0,
  ): PublishPacket {
    const variant = { ...plain, ...change };
    const encoded = encodePacket(packet, from);
    const view = new Publish();
    readPublish(view, encoded, 0, encoded.length > 129 ? 3 : 2, encoded.length, from);
    const topic = new TextEncoder().encode(packet.topic);
    const size = publishVariantSize(view, topic.length, variant);
    const target = new Uint8Array(size + 10).fill(0xee);
    const end = writePublishHead(target, 5, view, topic, variant, 0x1234, expiry);
    expect(end + view.payload.length, 'the size is what is written').toBe(5 + size);
    target.set(view.payload, end);
    expect([...target.subarray(0, 5), ...target.subarray(5 + size)]).toEqual(new Array(10).fill(0xee));
    return decodeOne(target.subarray(5, 5 + size), variant.version) as PublishPacket;
  }

  it('of QoS 0 for 3.1.1 has topic and payload only, whatever came', () => {
    const came = packetOf({ qos: 2, packetId: 3, dup: true, retain: true, properties: everything });
    expect(copy(came, 5, {}, 50)).toEqual(packetOf());
  });

  it('takes QoS and RETAIN from the receiver, and never DUP [MQTT-3.3.1-3] [MQTT-4.3.1-1] [MQTT-4.3.2-2]', () => {
    for (const qos of [0, 1, 2] as const) {
      for (const retain of [false, true]) {
        const sent = copy(packetOf({ qos: 1, packetId: 3, dup: true, retain: !retain }), 4, { qos, retain });
        expect(sent).toEqual(packetOf({ qos, retain, ...(qos > 0 ? { packetId: 0x1234 } : {}) }));
      }
    }
  });

  it('of a 3.1.1 message for MQTT 5 has no properties', () => {
    expect(copy(packetOf(), 4, { version: 5 })).toEqual(packetOf({ properties: {} }));
  });

  it('forwards properties unchanged [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-20]', () => {
    const { topicAlias: _, ...forwarded } = everything;
    const sent = copy(packetOf({ properties: everything }), 5, { version: 5 }, 100);
    expect(sent.properties).toEqual(forwarded);
  });

  it('forwards user properties in their order [MQTT-3.3.2-17] [MQTT-3.3.2-18]', () => {
    const sent = copy(packetOf({ properties: everything }), 5, { version: 5, qos: 2 }, 1);
    expect(sent.properties?.userProperties).toEqual(everything.userProperties);
  });

  it('has the expiry interval that is left, wherever it and an alias stood [MQTT-3.3.2-6]', () => {
    const expiry = ['messageExpiryInterval', 100] as const;
    const alias = ['topicAlias', 2] as const;
    const type = ['contentType', 't'] as const;
    for (const order of [
      [expiry],
      [alias, expiry],
      [expiry, alias],
      [type, expiry, alias],
      [expiry, type, alias],
      [alias, type, expiry],
      [alias, expiry, type],
      [expiry, alias, type],
    ]) {
      const sent = copy(packetOf({ properties: Object.fromEntries(order) }), 5, { version: 5 }, 0xfffffffe);
      const expected = {
        messageExpiryInterval: 0xfffffffe,
        ...(order.includes(type) ? { contentType: 't' } : {}),
      };
      expect(sent.properties).toEqual(expected);
    }
  });

  it('does not get an expiry interval that the message does not have', () => {
    const sent = copy(packetOf({ properties: { contentType: 't' } }), 5, { version: 5 }, 77);
    expect(sent.properties).toEqual({ contentType: 't' });
  });

  it("never has the publisher's topic alias, and its own where it has one", () => {
    const came = packetOf({ properties: { topicAlias: 9, contentType: 't' } });
    expect(copy(came, 5, { version: 5 }).properties).toEqual({ contentType: 't' });
    expect(copy(came, 5, { version: 5, topicAlias: 4 })).toEqual(
      packetOf({ properties: { topicAlias: 4, contentType: 't' } }),
    );
    expect(copy(came, 5, { version: 5, topicAlias: 0xffff, aliasOnly: true })).toEqual(
      packetOf({ topic: '', properties: { topicAlias: 0xffff, contentType: 't' } }),
    );
  });

  it('carries the identifiers of the matching subscriptions, of any size [MQTT-3.3.4-3] [MQTT-3.3.4-4]', () => {
    const subscriptionIdentifiers = [1, 127, 128, 16_384, 2_097_152, 268_435_455];
    const sent = copy(packetOf({ properties: { contentType: 't' } }), 5, {
      version: 5,
      subscriptionIdentifiers,
    });
    expect(sent.properties).toEqual({ contentType: 't', subscriptionIdentifier: subscriptionIdentifiers });
  });

  it('is right where a length needs one more byte than in the original', () => {
    for (let size = 100; size < 140; size++) {
      const came = packetOf({ properties: { contentType: 'x'.repeat(size) } });
      const sent = copy(came, 5, { version: 5, qos: 1, topicAlias: 1, subscriptionIdentifiers: [200] });
      expect(sent.properties).toEqual({ ...came.properties, topicAlias: 1, subscriptionIdentifier: [200] });
    }
  });
});

describe('copying bytes', () => {
  it('copies any number of them, by loop and by native call', () => {
    const source = Uint8Array.from({ length: 200 }, (_, i) => i);
    for (const length of [0, 1, 47, 48, 49, 50, 150]) {
      const target = new Uint8Array(300).fill(0xee);
      expect(copyBytes(source, 10, 10 + length, target, 20)).toBe(20 + length);
      expect([...target.subarray(20, 20 + length)]).toEqual([...source.subarray(10, 10 + length)]);
      expect([target[19], target[20 + length]]).toEqual([0xee, 0xee]);
    }
  });
});
