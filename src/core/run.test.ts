// Floods of QoS 0: what is forwarded with one copy must be what would have been forwarded message by message.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../test/engine/peer.js';
import { World, type WorldOptions } from '../../test/engine/world.js';
import { encodePacket, type Packet, type ProtocolVersion } from '../protocol/index.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

interface Receiver {
  version: ProtocolVersion;
  filters: string[];
  identifier: number;
  aliases: number;
  maximumPacketSize: number;
}

const receiver: fc.Arbitrary<Receiver> = fc.record({
  version: fc.constantFrom<ProtocolVersion>(3, 4, 5, 5),
  filters: fc.uniqueArray(fc.constantFrom('a', '+', '#', 'b/c', 'a/#'), { minLength: 1, maxLength: 3 }),
  identifier: fc.constantFrom(0, 0, 0, 9),
  aliases: fc.constantFrom(0, 0, 0, 1),
  maximumPacketSize: fc.constantFrom(0, 0, 0, 60),
});

/** What a publisher sends: mostly plain QoS 0, and everything that may come between. */
function published(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const payload = fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 30 }) },
    { weight: 1, arbitrary: fc.nat(400).map((size) => new Uint8Array(size).fill(7)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(116, 117, 118, 119, 120, 121, 122, 123, 124)
        .map((size) => new Uint8Array(size)),
    },
  );
  const message = fc.record({
    type: fc.constant('publish' as const),
    topic: fc.constantFrom('a', 'a', 'a', 'b/c', 'none'),
    payload,
    qos: fc.constant(0 as const),
    retain: fc.constantFrom(false, false, false, false, true),
    dup: fc.constant(false),
    properties: version === 5 ? fc.constantFrom({}, {}, {}, { contentType: 'x' }) : fc.constant(undefined),
  });
  return fc.oneof(
    { weight: 20, arbitrary: message },
    { weight: 1, arbitrary: fc.constant({ type: 'pingreq' as const }) },
    { weight: 1, arbitrary: message.map((packet) => ({ ...packet, qos: 1 as const, packetId: 3 })) },
  );
}

function connect(
  world: World,
  { version, filters, identifier, aliases, maximumPacketSize }: Receiver,
  i: number,
): Peer {
  const properties = {
    topicAliasMaximum: aliases,
    ...(maximumPacketSize > 0 ? { maximumPacketSize } : {}),
  };
  const peer = world.connect(version === 5 ? { version, properties } : { version }).accepted();
  const identified =
    version === 5 && identifier > 0 ? { subscriptionIdentifier: [identifier + i] } : undefined;
  for (const filter of filters) peer.subscribe(filter, { qos: 0 }, identified);
  return peer;
}

/** What every receiver got, and what was counted. */
function outcome(
  options: WorldOptions,
  receivers: Receiver[],
  version: ProtocolVersion,
  send: (world: World, publisher: Peer) => void,
): object {
  const world = new World(options);
  const peers = receivers.map((one, i) => connect(world, one, i));
  const publisher = world.connect({ version, clientId: 'publisher' }).accepted().subscribe('a', { qos: 0 });
  const before = world.engine.metrics.bytesReceived;
  send(world, publisher);
  const { metrics } = world.engine;
  return {
    got: peers.map((peer) => peer.take()),
    back: publisher.take(),
    received: [metrics.packetsReceived, metrics.bytesReceived - before],
    sent: [metrics.packetsSent, metrics.bytesSent],
    dropped: metrics.messagesDropped,
  };
}

describe('messages that come together', () => {
  it('arrive as if each had come alone', () => {
    const scene = fc.constantFrom<ProtocolVersion>(3, 4, 5).chain((version) =>
      fc.record({
        version: fc.constant(version),
        receivers: fc.array(receiver, { minLength: 1, maxLength: 5 }),
        packets: fc.array(published(version), { minLength: 1, maxLength: 40 }),
        cuts: fc.array(fc.nat(), { maxLength: 4 }),
        options: fc.constantFrom<WorldOptions>(
          {},
          {},
          { allowDuplicateMessages: false },
          { upgradeOutgoingQos: true },
          { plugins: [{ name: 'all pass', deliver: () => true }] },
        ),
      }),
    );
    fc.assert(
      fc.property(scene, ({ version, receivers, packets, cuts, options }) => {
        const encoded = packets.map((packet) => encodePacket(packet, version));
        const bytes = Buffer.concat(encoded);
        const ends = [...new Set(cuts.map((cut) => cut % bytes.length)), bytes.length].sort((a, b) => a - b);
        const together = outcome(options, receivers, version, (world, publisher) => {
          let at = 0;
          for (const end of ends) {
            if (end > at) publisher.sendBytes(bytes.subarray(at, end));
            at = end;
          }
          world.turn();
        });
        const alone = outcome(options, receivers, version, (world, publisher) => {
          for (const one of encoded) {
            publisher.sendBytes(one);
            world.turn();
          }
        });
        expect(together).toEqual(alone);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('do not reach a client that takes only smaller ones; the others of them do [MQTT-3.1.2-24]', () => {
    const world = new World();
    const small = world
      .connect({ properties: { maximumPacketSize: 50 } })
      .accepted()
      .subscribe('a', { qos: 0 });
    const large = world.connect().accepted().subscribe('a', { qos: 0 });
    const publisher = world.connect().accepted();
    const payloads = ['1', '2', 'x'.repeat(60), '3', 'y'.repeat(60), '4'];
    publisher.send(...payloads.map((payload) => publisher.message('a', payload)));
    expect(small.texts()).toEqual(['1', '2', '3', '4']);
    expect(large.texts()).toEqual(payloads);
    expect(world.engine.metrics.droppedTooLarge).toBe(2);
  });

  it('are counted with their payloads, one and many', () => {
    for (const count of [1, 2, 50]) {
      const world = new World();
      const peer = world.connect().accepted().subscribe('a', { qos: 0 });
      const publisher = world.connect().accepted();
      publisher.send(...Array.from({ length: count }, () => publisher.message('a', '0123456789')));
      expect(peer.messages()).toHaveLength(count);
      expect(world.engine.metrics.publishBytesReceived).toBe(count * 10);
      expect(world.engine.metrics.publishBytesSent).toBe(count * 10);
      expect([world.engine.metrics.publishReceived, world.engine.metrics.publishSent]).toEqual([
        count,
        count,
      ]);
    }
  });

  it('arrive up to the packet that is an error', () => {
    const world = new World();
    const peer = world.connect().accepted().subscribe('a', { qos: 0 });
    const publisher = world.connect().accepted();
    const good = [1, 2, 3].map((n) => encodePacket(publisher.message('a', `${n}`), 5));
    publisher.sendBytes(Buffer.concat([...good, Buffer.from('36050001610001', 'hex'), good[0]!]));
    world.turn();
    expect(peer.texts()).toEqual(['1', '2', '3']);
    expect(publisher.isClosed).toBe(true);
  });

  it('do not make the next one be taken for one of them: a longer topic with the same beginning', () => {
    const world = new World();
    const peer = world.connect().accepted().subscribe('#', { qos: 0 });
    const publisher = world.connect().accepted();
    const topics = ['a', 'a', 'ab', 'a', 'b', 'a/', 'a'];
    publisher.send(...topics.map((topic) => publisher.message(topic, topic)));
    expect(peer.messages().map(({ topic }) => topic)).toEqual(topics);
  });

  it('that a slow subscriber cannot take are dropped for it alone, and counted', () => {
    const world = new World({ maxOutputBytes: 65_536 });
    const slow = world.connect().accepted().subscribe('a', { qos: 0 });
    const quick = world.connect().accepted().subscribe('a', { qos: 0 });
    const publisher = world.connect().accepted();
    slow.line.blocked = true;
    for (let i = 0; i < 100; i++)
      publisher.send(
        ...Array.from({ length: 50 }, (_, n) => publisher.message('a', `${i}-${n} ${'x'.repeat(80)}`)),
      );
    slow.line.release();
    world.turn();
    const got = slow.messages().length;
    expect(quick.messages()).toHaveLength(5000);
    expect(got).toBeGreaterThan(500);
    expect(got + world.engine.metrics.droppedSlowSubscriber).toBe(5000);
    publisher.publish('a', 'again');
    expect(slow.texts()).toEqual(['again']);
  });

  it('come once to the program itself', () => {
    const world = new World();
    const { engine } = world;
    const publisher = world.connect().accepted().subscribe('a', { qos: 0, noLocal: true });
    const other = world.connect().accepted().subscribe('a', { qos: 0, noLocal: true });
    publisher.send(...[1, 2, 3].map((n) => publisher.message('a', `${n}`)));
    expect(publisher.take()).toEqual([]);
    expect(other.texts()).toEqual(['1', '2', '3']);
    expect(engine.run.active).toBe(false);
  });
});
