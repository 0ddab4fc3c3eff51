// What a connection makes of a message for its client: aliases, identifiers, expiry, flags and sizes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publishPacket } from '../../fuzz/arbitraries.js';
import { Peer } from '../../test/engine/peer.js';
import { World } from '../../test/engine/world.js';
import { encodePacket, type ProtocolVersion, type PublishPacket, type QoS } from '../protocol/index.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

const version = fc.constantFrom<ProtocolVersion>(3, 4, 5);

/** A packet that a client may send; few topics, so that aliases are used again, and now and then a large payload. */
const sent = version.chain((from) =>
  fc.record({
    from: fc.constant(from),
    packet: fc
      .tuple(
        publishPacket(from),
        fc.constantFrom('t/a', 't/b', 't/c'),
        fc.constantFrom(0, 0, 0, 0, 0, 0, 20_000, 140_000),
      )
      .map(([packet, topic, extra]): PublishPacket => {
        const { subscriptionIdentifier: _, topicAlias: __, ...properties } = packet.properties ?? {};
        const payload = extra === 0 ? packet.payload : new Uint8Array(extra).fill(packet.payload[0] ?? 1);
        return { ...packet, topic, payload, dup: false, properties: from === 5 ? properties : undefined };
      }),
  }),
);

const receiver = fc.record({
  to: version,
  qos: fc.constantFrom<QoS>(0, 1, 2),
  aliases: fc.constantFrom(0, 1, 2, 10),
  identifier: fc.constantFrom(0, 1, 268_435_455),
  maximumPacketSize: fc.constantFrom(undefined, 100, 30_000),
  retainAsPublished: fc.boolean(),
});

describe('a message', () => {
  it('reaches every client as it was sent, in the form that the client understands and within its limits', () => {
    fc.assert(
      fc.property(fc.array(sent, { minLength: 1, maxLength: 12 }), receiver, (messages, options) => {
        const { to, qos, aliases, identifier, maximumPacketSize, retainAsPublished } = options;
        const world = new World({ maxInflightMessages: 0, maxTopicAliasBroker: 10 });
        const properties = {
          topicAliasMaximum: aliases,
          ...(maximumPacketSize === undefined ? {} : { maximumPacketSize }),
        };
        const peer = new Peer(world, to);
        peer.connect(to === 5 ? { properties } : {}).accepted();
        const isIdentified = to === 5 && identifier > 0;
        peer.subscribe(
          't/+',
          { qos, retainAsPublished },
          isIdentified ? { subscriptionIdentifier: [identifier] } : undefined,
        );
        const publishers = new Map<ProtocolVersion, Peer>();
        for (const from of [3, 4, 5] as const)
          publishers.set(from, world.connect({ version: from }).accepted());
        const known = new Map<number, string>();
        for (const [i, { from, packet }] of messages.entries()) {
          // the same identifier again would be a repeat
          publishers.get(from)!.send(packet.qos > 0 ? { ...packet, packetId: i + 1 } : packet);
          const expected = expectedOf(packet, options);
          const got = peer.messages();
          if (got.length === 0) {
            // only because of its size; an alias is never needed for it to fit
            const size = encodePacket({ ...expected, packetId: 1 }, to).length;
            expect(maximumPacketSize !== undefined && to === 5 && size > maximumPacketSize).toBe(true);
            continue;
          }
          expect(got).toHaveLength(1);
          const { packetId, ...seen } = got[0]!;
          expect(packetId !== undefined).toBe(expected.qos > 0);
          if (maximumPacketSize !== undefined && to === 5)
            expect(encodePacket(got[0]!, to).length).toBeLessThanOrEqual(maximumPacketSize);
          expect(Buffer.compare(seen.payload, expected.payload)).toBe(0);
          // large arrays are compared above: element by element takes long
          const payload = new Uint8Array(0);
          const resolved = resolveAlias(seen, known, to === 5 ? aliases : 0);
          expect({ ...resolved, payload }).toEqual({ ...expected, payload });
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  function expectedOf(
    packet: PublishPacket,
    {
      to,
      qos,
      identifier,
      retainAsPublished,
    }: { to: ProtocolVersion; qos: QoS; identifier: number; retainAsPublished: boolean },
  ): PublishPacket {
    const { packetId: _, ...rest } = packet;
    const isIdentified = to === 5 && identifier > 0;
    const properties = {
      ...packet.properties,
      ...(isIdentified ? { subscriptionIdentifier: [identifier] } : {}),
    };
    return {
      ...rest,
      qos: Math.min(packet.qos, qos) as QoS,
      retain: to === 5 && packet.retain && retainAsPublished,
      properties: to === 5 ? properties : undefined,
    };
  }

  /** The packet with the topic that its alias stands for. */
  function resolveAlias(packet: PublishPacket, known: Map<number, string>, maximum: number): PublishPacket {
    const { topicAlias, ...properties } = packet.properties ?? {};
    if (topicAlias === undefined) return packet;
    expect(topicAlias).toBeGreaterThan(0);
    expect(topicAlias).toBeLessThanOrEqual(maximum);
    if (packet.topic !== '') known.set(topicAlias, packet.topic);
    return { ...packet, topic: known.get(topicAlias)!, properties };
  }

  it('is not changed by the copies that were made of it for others', () => {
    const world = new World();
    const peers = ([3, 5, 4, 5] as const).map((to, i) => {
      const peer = world
        .connect(to === 5 ? { version: to, properties: { topicAliasMaximum: i } } : { version: to })
        .accepted();
      return peer.subscribe(
        '#',
        { qos: (i % 3) as QoS },
        to === 5 && i === 3 ? { subscriptionIdentifier: [7] } : undefined,
      );
    });
    const publisher = world.connect().accepted();
    for (const size of [5, 20_000, 200_000]) {
      const payload = new Uint8Array(size).fill(size % 251);
      publisher.publish('a/b', payload, {
        qos: 2,
        properties: { messageExpiryInterval: 60, contentType: 'x' },
      });
      for (const peer of peers) {
        const [message] = peer.messages();
        expect(Buffer.compare(message!.payload, payload)).toBe(0);
        if (peer.version === 5)
          expect(message!.properties).toMatchObject({ messageExpiryInterval: 60, contentType: 'x' });
      }
      publisher.take();
    }
  });
});
