// Retained messages: which ones there are, within which limits, and how they reach a new subscriber.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Peer, text } from '../../test/engine/peer.js';
import { World } from '../../test/engine/world.js';
import { type PublishPacket, ReasonCode, topicMatches } from '../protocol/index.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

function retain(world: World, topic: string, payload: string | Uint8Array, expiry?: number): void {
  const properties = expiry === undefined ? {} : { messageExpiryInterval: expiry };
  world.engine.publishRequest({ topic, payload, retain: true, properties });
  world.turn();
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Takes everything that comes, acknowledging it, until nothing more does. */
function drain(peer: Peer): PublishPacket[] {
  const got: PublishPacket[] = [];
  for (let packets = peer.take(); packets.length > 0; packets = peer.take()) {
    for (const packet of packets) {
      if (packet.type !== 'publish') continue;
      got.push(packet);
      if (packet.qos === 1) peer.acknowledge('puback', packet.packetId!);
    }
  }
  return got;
}

describe('retained messages', () => {
  it('are the last one of each topic, and one without payload clears it [MQTT-3.3.1-5] [MQTT-3.3.1-6]', () => {
    const world = new World();
    const { retained, metrics } = world.engine;
    retain(world, 'a', '1');
    retain(world, 'a', '22');
    retain(world, 'b', '3');
    expect(text(retained.get('a')!)).toBe('22');
    expect([retained.size, metrics.retainedCurrent]).toEqual([2, 2]);
    retain(world, 'a', '');
    retain(world, 'never', '');
    expect(retained.get('a')).toBeUndefined();
    expect([retained.size, metrics.retainedCurrent]).toEqual([1, 1]);
  });

  it('have a room of their own: the publisher may use its buffer again, and may go', () => {
    const world = new World();
    const publisher = world.connect().accepted();
    publisher.publish('a', 'kept', { retain: true });
    publisher.drop();
    expect(text(world.engine.retained.get('a')!)).toBe('kept');
    expect(world.engine.retained.get('a')!.publisher).toBeNull();
  });

  it('are no more than maxRetainedMessages; replacing and clearing are always possible', () => {
    const world = new World({ maxRetainedMessages: 2 });
    const publisher = world.connect().accepted();
    const reason = (topic: string, payload: string) => {
      publisher.publish(topic, payload, { qos: 1, retain: true });
      return publisher.take().map((packet) => ('reason' in packet ? packet.reason : -1));
    };
    expect([reason('a', '1'), reason('b', '2'), reason('a', '3')].flat()).toEqual([16, 16, 16]);
    expect(reason('c', '4')).toEqual([ReasonCode.QuotaExceeded]);
    expect(reason('c', '')).toEqual([16]);
    expect(reason('a', '')).toEqual([16]);
    expect(reason('c', '5')).toEqual([16]);
    expect(() => world.engine.publishRequest({ topic: 'd', payload: 'x', retain: true })).toThrow('no room');
    expect(world.engine.metrics.publishRefused).toBe(1);
  });

  it('have no more bytes than maxRetainedBytes', () => {
    const world = new World({ maxRetainedBytes: 100 });
    retain(world, 'a', 'x'.repeat(60));
    expect(() => retain(world, 'b', 'x'.repeat(60))).toThrow('no room');
    retain(world, 'a', 'x'.repeat(80));
    expect(() => retain(world, 'a', 'x'.repeat(120))).toThrow('no room');
    retain(world, 'a', '');
    retain(world, 'b', 'x'.repeat(60));
    expect(world.engine.metrics.retainedBytes).toBeLessThanOrEqual(100);
  });

  it('that the client may not keep are told to MQTT 3 clients as taken [MQTT3-3.3.5-2]', () => {
    const world = new World({ maxRetainedMessages: 1 });
    retain(world, 'a', 'x');
    const old = world.connect({ version: 4 }).accepted().subscribe('b');
    old.publish('b', 'x', { qos: 1, retain: true });
    expect(old.take()).toMatchObject([{ type: 'puback' }]);
    expect(world.engine.retained.get('b')).toBeUndefined();
  });

  it('go when their time is over, and not when that of the one before them is [MQTT-3.3.2-5]', () => {
    const world = new World();
    retain(world, 'short', 'x', 5);
    retain(world, 'replaced', 'x', 5);
    retain(world, 'replaced', 'y', 60);
    retain(world, 'for ever', 'x', 5);
    retain(world, 'for ever', 'x');
    world.pass(4800);
    expect(world.engine.retained.size).toBe(3);
    world.pass(500);
    expect(
      world.engine.retained
        .matching('#')
        .map(({ topic }) => topic.text)
        .sort(),
    ).toEqual(['for ever', 'replaced']);
    world.pass(60_000);
    expect(world.engine.retained.size).toBe(1);
    expect(world.engine.metrics.retainedBytes).toBe(world.engine.retained.get('for ever')!.size);
  });

  it('tell a new subscriber what is left of their time [MQTT-3.3.2-6]', () => {
    const world = new World();
    retain(world, 'a', 'x', 60);
    world.pass(20_500);
    const peer = world.connect().accepted().subscribe('a');
    expect(peer.messages()).toMatchObject([{ properties: { messageExpiryInterval: 40 } }]);
  });

  it('agree with a Map, whatever is set, replaced, cleared and left to expire', () => {
    const topic = fc.constantFrom('a', 'a/b', 'a/c', 'b', 'b/c/d', '$x/y', 'a/', '/');
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('set' as const),
          topic,
          size: fc.nat(50),
          expiry: fc.constantFrom(undefined, 1, 5, 30),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(9000) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const world = new World();
        const { retained, metrics } = world.engine;
        const model = new Map<string, { payload: string; until: number }>();
        for (const one of steps) {
          if (one.kind === 'pass') world.pass(one.ms);
          else {
            retain(world, one.topic, 'x'.repeat(one.size), one.expiry);
            const until =
              one.expiry === undefined ? Number.POSITIVE_INFINITY : world.time + one.expiry * 1000;
            if (one.size === 0) model.delete(one.topic);
            else model.set(one.topic, { payload: 'x'.repeat(one.size), until });
          }
          // what is over may stay for two ticks of the timers
          for (const [name, { until }] of model) if (until <= world.time - 200) model.delete(name);
          const alive = [...model].filter(([, { until }]) => until > world.time).map(([name]) => name);
          const there = retained
            .matching('#')
            .concat(retained.matching('$x/#'))
            .map((message) => message.topic.text);
          expect(there.filter((name) => !model.has(name))).toEqual([]);
          expect(alive.filter((name) => !there.includes(name))).toEqual([]);
          for (const name of alive) expect(text(retained.get(name)!)).toBe(model.get(name)!.payload);
          expect(metrics.retainedCurrent).toBe(there.length);
          expect(metrics.retainedBytes).toBe(there.reduce((sum, name) => sum + retained.get(name)!.size, 0));
        }
      }),
      { seed, numRuns: 100 },
    );
  });

  it('are found by filter as the definition says', () => {
    const world = new World();
    const topics = ['a', 'a/b', 'a/b/c', '/a', 'a/', '$SYS/a', 'b', '$SYS'];
    for (const topic of topics) retain(world, topic, topic);
    for (const filter of [
      '#',
      '+',
      'a/#',
      'a/+',
      '+/+',
      '/#',
      '+/b/#',
      '$SYS/#',
      '$SYS/+',
      'none',
      'a/b/c/d',
    ])
      expect(
        world.engine.retained
          .matching(filter)
          .map((message) => message.topic.text)
          .sort(),
      ).toEqual(topics.filter((topic) => topicMatches(filter, topic)).sort());
  });
});

describe('a new subscriber', () => {
  it.each([
    ['many small', 5000, 20],
    ['large', 60, 20_000],
    ['very large', 8, 300_000],
  ])('gets all retained messages, with the retain flag: %s ones', (_name, count, size) => {
    const world = new World();
    for (let i = 0; i < count; i++) retain(world, `r/${i}`, new Uint8Array(size));
    const got = world.connect().accepted().subscribe('r/#', { qos: 0 }).messages();
    expect(got).toHaveLength(count);
    expect(new Set(got.map(({ topic }) => topic)).size).toBe(count);
    expect(got.every((packet) => packet.retain)).toBe(true);
  });

  it('that is slow makes the broker hold no more than a connection can carry', () => {
    const world = new World();
    for (let i = 0; i < 200; i++) retain(world, `r/${i}`, new Uint8Array(10_000));
    const peer = world.connect().accepted();
    peer.line.blocked = true;
    peer.write({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [{ filter: 'r/#', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
    });
    world.turn();
    const connection = [...world.engine.connections].at(-1)!;
    let got = 0;
    for (let i = 0; i < 100 && got < 201; i++) {
      expect(connection.output.pending).toBeLessThan(400_000);
      peer.line.release();
      peer.line.blocked = true;
      world.turn();
      got += peer.take().length;
    }
    expect(got).toBe(201);
  });

  it('gets them all even if little may wait for a connection', () => {
    const world = new World({ maxOutputBytes: 65_536 });
    for (let i = 0; i < 50; i++) retain(world, `r/${i}`, new Uint8Array(15_000));
    expect(world.connect().accepted().subscribe('r/#', { qos: 0 }).messages()).toHaveLength(50);
    expect(world.engine.metrics.messagesDropped).toBe(0);
  });

  it('gets QoS 1 and 2 within its window', () => {
    const world = new World();
    for (let i = 0; i < 50; i++)
      world.engine.publishRequest({ topic: `r/${i}`, payload: `${i}`, qos: 1, retain: true });
    const peer = world
      .connect({ properties: { receiveMaximum: 7 } })
      .accepted()
      .subscribe('r/#');
    const first = peer.messages();
    expect(first).toHaveLength(7);
    for (const { packetId } of first) peer.acknowledge('puback', packetId!);
    expect(drain(peer)).toHaveLength(43);
  });

  it('gets what is current: neither what was replaced meanwhile nor what expired', () => {
    const world = new World();
    for (let i = 0; i < 10; i++)
      world.engine.publishRequest({
        topic: `r/${i}`,
        payload: `old ${i}`,
        qos: 1,
        retain: true,
        properties: i === 9 ? { messageExpiryInterval: 1 } : {},
      });
    const peer = world
      .connect({ properties: { receiveMaximum: 1 } })
      .accepted()
      .subscribe('r/+');
    const [first] = peer.messages();
    world.engine.publishRequest({ topic: 'r/5', payload: 'new 5', qos: 1, retain: true });
    world.engine.publishRequest({ topic: 'r/6', payload: '', qos: 1, retain: true });
    world.pass(1500);
    peer.acknowledge('puback', first!.packetId!);
    const payloads = [first!, ...drain(peer)].map((packet) => text(packet));
    for (const gone of ['old 5', 'old 6', 'old 9']) expect(payloads).not.toContain(gone);
    for (const there of ['old 0', 'old 4', 'old 8', 'new 5']) expect(payloads).toContain(there);
    expect(new Set(payloads).size).toBe(payloads.length);
  });

  it('that unsubscribes gets no more of them', () => {
    const world = new World();
    for (let i = 0; i < 10; i++)
      world.engine.publishRequest({ topic: `r/${i}`, payload: 'x', qos: 1, retain: true });
    const peer = world
      .connect({ properties: { receiveMaximum: 2 } })
      .accepted()
      .subscribe('r/#');
    const sent = peer.messages();
    peer.unsubscribe('r/#');
    peer.take();
    for (const { packetId } of sent) peer.acknowledge('puback', packetId!);
    expect(peer.take()).toEqual([]);
  });

  it('whose connection ends before it has them all gets the rest with the next one, if the session stays', () => {
    const world = new World();
    for (let i = 0; i < 40; i++)
      world.engine.publishRequest({ topic: `r/${i}`, payload: `${i}`, qos: 1, retain: true });
    const peer = world.connect({ clientId: 's', expiry: 100 }).accepted().subscribe('r/#');
    expect(peer.messages()).toHaveLength(20);
    peer.drop();
    const again = drain(world.connect({ clientId: 's', expiry: 100 }));
    expect(new Set(again.map(({ topic }) => topic)).size).toBe(40);
    expect(again.every((packet) => packet.retain)).toBe(true);
  });

  it('whose connection ends does not get more queued than a session may have', () => {
    const world = new World({ maxQueuedMessages: 5 });
    for (let i = 0; i < 40; i++)
      world.engine.publishRequest({ topic: `r/${i}`, payload: `${i}`, qos: 1, retain: true });
    world.connect({ clientId: 's', expiry: 100 }).accepted().subscribe('r/#').drop();
    expect(world.engine.sessions.get('s')!.queued).toBeLessThanOrEqual(5);
  });

  it('that has gone leaves no list of all that it was still to be sent', () => {
    const world = new World();
    for (let i = 0; i < 20_000; i++)
      world.engine.publishRequest({ topic: `r/${i}`, payload: 'x', qos: 1, retain: true });
    const leave = (clientId: string): void => {
      const peer = world.connect({ clientId, expiry: 100 }).accepted();
      peer.line.blocked = true;
      peer.write({
        type: 'subscribe',
        packetId: 1,
        subscriptions: [{ filter: '#', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
      });
      world.turn();
      peer.drop();
    };
    leave('first');
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 60; i++) leave(`${i}`);
    collectGarbage();
    // a list for each of them would be 10 MB
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(3_000_000);
  });

  it('gets those of every subscription, each with its identifier, and those of a shared one not', () => {
    const world = new World();
    retain(world, 'a/b', 'x');
    const peer = world.connect().accepted();
    const subscriptions = ['a/+', '#', '$share/g/a/b'].map((filter) => ({
      filter,
      qos: 0 as const,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    }));
    peer.send({ type: 'subscribe', packetId: 1, subscriptions, properties: { subscriptionIdentifier: [5] } });
    const [suback, ...rest] = peer.take();
    expect(suback).toMatchObject({ type: 'suback', reasons: [0, 0, 0] });
    expect(rest).toMatchObject([
      { topic: 'a/b', properties: { subscriptionIdentifier: [5] } },
      { topic: 'a/b', properties: { subscriptionIdentifier: [5] } },
    ]);
  });

  it('that names a filter a thousand times costs no more than a few of them', () => {
    const world = new World();
    for (let i = 0; i < 2000; i++) retain(world, `r/${i}`, 'x');
    const peer = world.connect().accepted();
    peer.line.blocked = true;
    const request = {
      filter: '#',
      qos: 0 as const,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    };
    const before = process.memoryUsage().heapUsed;
    peer.write({ type: 'subscribe', packetId: 1, subscriptions: new Array(2000).fill(request) });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  });
});
