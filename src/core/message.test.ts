// Messages as bytes: what is kept of them when the buffer they came in is used again, and the packets that are
// made of them for receivers of other versions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publishPacket } from '../../fuzz/arbitraries.js';
import {
  decodePacket,
  encodePacket,
  type ProtocolVersion,
  type PublishPacket,
  Reader,
  readPublish,
  variableByteIntegerSize,
} from '../protocol/index.js';
import { Message, Slab } from './message.js';
import { TopicCache } from './topic-cache.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const topics = new TopicCache(200, 1);
const versions: ProtocolVersion[] = [3, 4, 5];

interface Sample {
  packet: PublishPacket;
  version: ProtocolVersion;
  /** Bytes that the remaining length is longer than it need be. */
  padding: number;
}

const sample: fc.Arbitrary<Sample> = fc
  .constantFrom<ProtocolVersion>(3, 4, 5)
  .chain((version) =>
    fc.record({
      packet: publishPacket(version),
      version: fc.constant(version),
      padding: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  )
  .map(({ packet, version, padding }) => {
    // only servers send these
    const { subscriptionIdentifier: _, ...properties } = packet.properties ?? {};
    return { packet: { ...packet, properties: version === 5 ? properties : undefined }, version, padding };
  });

/** The packet's bytes, with a remaining length that is longer than needed. */
function encode({ packet, version, padding }: Sample): Uint8Array {
  const bytes = encodePacket(packet, version);
  const body = 1 + variableByteIntegerSize(new Reader(bytes, 1, bytes.length).variableByteInteger());
  const head = [...bytes.subarray(0, body)];
  const room = Math.min(padding, 5 - body);
  for (let i = 0; i < room; i++) {
    head[head.length - 1]! |= 0x80;
    head.push(0);
  }
  return Uint8Array.from([...head, ...bytes.subarray(body)]);
}

/** The message as it would be read out of a connection's buffer; the buffer is given too. */
function read(one: Sample): { message: Message; buffer: Uint8Array } {
  const bytes = encode(one);
  const buffer = new Uint8Array(bytes.length + 20).fill(0xdd);
  buffer.set(bytes, 9);
  let body = 10;
  while (buffer[body]! >= 0x80) body++;
  const message = new Message();
  readPublish(message, buffer, 9, body + 1, 9 + bytes.length, one.version);
  // with an alias alone the topic is what the alias stands for
  message.topic = topics.of(one.packet.topic === '' ? 'what/the/alias/stands/for' : one.packet.topic);
  message.publisherId = 'p';
  return { message, buffer };
}

/** A packet as it goes out: the bytes, with flags, identifier and expiry patched in as a connection does. */
function send(encoded: Message, version: ProtocolVersion, qos: number, expiry: number): PublishPacket {
  const bytes = encoded.bytes.slice(encoded.start, encoded.end);
  bytes[0] = 0x30 | (qos << 1);
  if (qos > 0) bytes.set([0x12, 0x34], encoded.packetIdAt - encoded.start);
  if (encoded.expiryAt !== 0) new DataView(bytes.buffer).setUint32(encoded.expiryAt - encoded.start, expiry);
  let body = 1;
  while (bytes[body]! >= 0x80) body++;
  return decodePacket(bytes, 0, body + 1, bytes.length, version) as PublishPacket;
}

/** What a receiver should get. */
function expected({ packet }: Sample, topic: string, version: ProtocolVersion, qos: number): object {
  const { topicAlias: _, ...properties } = packet.properties ?? {};
  if (properties.messageExpiryInterval !== undefined) properties.messageExpiryInterval = 77;
  return {
    type: 'publish',
    topic,
    payload: packet.payload,
    qos,
    retain: false,
    dup: false,
    ...(qos > 0 ? { packetId: 0x1234 } : {}),
    properties: version === 5 ? properties : undefined,
  };
}

function checkAllReceivers(message: Message, one: Sample): void {
  for (const version of versions) {
    for (const qos of [0, 1, 2]) {
      const encoded = message.encodedFor(version, qos);
      expect(message.encodedFor(version, qos)).toBe(encoded);
      expect(send(encoded, version, qos, 77)).toEqual(expected(one, message.topic.text, version, qos));
      expect(Buffer.from(encoded.payload)).toEqual(Buffer.from(one.packet.payload));
    }
  }
}

describe('a message', () => {
  it('is encoded for receivers of every version and QoS so that they get what was sent', () => {
    fc.assert(
      fc.property(sample, (one) => {
        checkAllReceivers(read(one).message, one);
      }),
      { seed, numRuns: 400 },
    );
  });

  it('is forwarded in its own bytes where nothing has to change', () => {
    const properties = { contentType: 'x', messageExpiryInterval: 5 };
    const packet = {
      type: 'publish',
      topic: 'a',
      payload: bytesOf('x'),
      qos: 1,
      retain: true,
      dup: true,
      packetId: 9,
    } as const;
    const { message } = read({ packet: { ...packet, properties }, version: 5, padding: 0 });
    expect(message.encodedFor(5, 2)).toBe(message);
    expect(message.encodedFor(5, 0)).not.toBe(message);
    expect(message.encodedFor(4, 1)).not.toBe(message);
    const old = read({ packet, version: 3, padding: 0 }).message;
    expect(old.encodedFor(4, 1)).toBe(old);
    expect(old.encodedFor(3, 2)).toBe(old);
    expect(old.encodedFor(5, 1)).not.toBe(old);
  });

  it.each([
    ['a longer remaining length than needed', {}, 1],
    ['a topic alias', { topicAlias: 3 }, 0],
    ['its expiry before other properties', { messageExpiryInterval: 3, contentType: 'x' }, 0],
  ])('is encoded anew when it came with %s', (_why, properties, padding) => {
    const packet = {
      type: 'publish',
      topic: 'a',
      payload: bytesOf('x'),
      qos: 0,
      retain: false,
      dup: false,
    } as const;
    const one: Sample = { packet: { ...packet, properties }, version: 5, padding };
    const { message } = read(one);
    expect(message.encodedFor(5, 0)).not.toBe(message);
    checkAllReceivers(message, one);
  });

  it('that is kept stays the same when its buffer is used again', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 8 }), (samples) => {
        const slab = new Slab();
        const kept = samples.map((one) => {
          const { message, buffer } = read(one);
          const copy = message.keep(slab);
          buffer.fill(0xee);
          return copy;
        });
        for (const [i, one] of samples.entries()) {
          const copy = kept[i]!;
          expect(copy.size).toBe(encode(one).length);
          expect(copy).toMatchObject({ qos: one.packet.qos, retain: one.packet.retain, publisherId: 'p' });
          if (one.packet.qos > 0) expect(copy.packetId).toBe(one.packet.packetId);
          expect(copy.messageExpiryInterval).toBe(one.packet.properties?.messageExpiryInterval);
          checkAllReceivers(copy, one);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  it('is kept once for all who need it', () => {
    const packet = {
      type: 'publish',
      topic: 'a',
      payload: bytesOf('x'),
      qos: 1,
      retain: false,
      dup: false,
      packetId: 1,
    } as const;
    const { message } = read({ packet, version: 4, padding: 0 });
    const slab = new Slab();
    const kept = message.keep(slab);
    expect(message.keep(slab)).toBe(kept);
    expect(kept.keep(slab)).toBe(kept);
    expect([message.isKept, kept.isKept]).toEqual([false, true]);
    expect(kept.bytes).toBe(slab.bytes);
  });

  it('whose bytes are its own is kept without a copy', () => {
    const packet = {
      type: 'publish',
      topic: 'a',
      payload: bytesOf('x'),
      qos: 0,
      retain: false,
      dup: false,
    } as const;
    const { message, buffer } = read({ packet, version: 4, padding: 0 });
    message.reuse(true);
    expect(message.keep(new Slab()).bytes).toBe(buffer);
  });

  it('does not hold on to the session that sent it', () => {
    const packet = {
      type: 'publish',
      topic: 'a',
      payload: bytesOf('x'),
      qos: 0,
      retain: false,
      dup: false,
    } as const;
    const { message } = read({ packet, version: 4, padding: 0 });
    message.publisher = {} as NonNullable<Message['publisher']>;
    expect(message.keep(new Slab()).publisher).toBeNull();
  });

  it('leaves nothing of itself to the next one that is read into the same object', () => {
    const first: Sample = {
      packet: {
        type: 'publish',
        topic: 'a',
        payload: bytesOf('1'),
        qos: 1,
        retain: false,
        dup: false,
        packetId: 1,
        properties: { topicAlias: 1, messageExpiryInterval: 9 },
      },
      version: 5,
      padding: 0,
    };
    const { message } = read(first);
    message.expiresAt = 5;
    const kept = message.keep(new Slab());
    message.encodedFor(4, 1);
    const second: Sample = {
      packet: { ...first.packet, payload: bytesOf('2'), properties: {} },
      version: 5,
      padding: 0,
    };
    const next = read(second).message;
    message.reuse(false);
    readPublish(message, next.bytes, next.start, next.start + 2, next.end, 5);
    expect(message.expiresAt).toBe(Number.POSITIVE_INFINITY);
    expect(message.keep(new Slab())).not.toBe(kept);
    checkAllReceivers(message, second);
    checkAllReceivers(kept, first);
  });

  it('says how many seconds it has left, rounded up, and never less than 0', () => {
    const message = new Message();
    message.expiresAt = 10_000;
    expect([0, 1, 9000, 9001, 9999, 10_000, 99_999].map((now) => message.remainingExpiry(now))).toEqual([
      10, 10, 1, 1, 1, 0, 0,
    ]);
  });
});

describe('a slab', () => {
  it('gives every message bytes of its own', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(200), fc.nat(20_000)), { maxLength: 100 }), (sizes) => {
        const slab = new Slab();
        const pieces = sizes.map((size, i) => {
          const at = slab.take(size);
          const piece = slab.bytes.subarray(at, at + size);
          expect(piece).toHaveLength(size);
          return piece.fill(i);
        });
        for (const [i, piece] of pieces.entries())
          if (piece.some((byte) => byte !== i)) throw new Error(`${i}`);
      }),
      { seed },
    );
  });

  it('gives large messages memory that holds nothing else', () => {
    const slab = new Slab();
    slab.take(10);
    slab.take(10_000);
    expect(slab.bytes).toHaveLength(10_000);
    slab.take(10);
    expect(slab.bytes).not.toHaveLength(10_000);
  });
});
