// Sessions: what waits within which limits, what is sent when, and what is sent again to the next connection.
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FaithfulSubscriber } from '../../test/engine/faithful.js';
import { type ConnectOptions, type Peer, text } from '../../test/engine/peer.js';
import { World, type WorldOptions } from '../../test/engine/world.js';
import type { Packet, QoS } from '../protocol/index.js';
import { DeliveryQueue } from './delivery.js';
import type { Message } from './message.js';
import type { Session } from './session.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

/** A world with a persistent session that is subscribed to `a` and whose client is away. */
function away(options: WorldOptions = {}): World {
  const world = new World(options);
  back(world).accepted().subscribe('a').drop();
  return world;
}

function back(world: World, options: ConnectOptions = {}): Peer {
  return world.connect({ clientId: 's', expiry: 1000, ...options });
}

function publish(world: World, payload: string, qos: QoS = 1, expiry?: number): void {
  const properties = expiry === undefined ? {} : { messageExpiryInterval: expiry };
  world.engine.publishRequest({ topic: 'a', payload, qos, properties });
  world.turn();
}

function publishMany(world: World, count: number, qos: QoS = 1): void {
  for (let i = 0; i < count; i++) publish(world, `${i}`, qos);
}

/** One step of acknowledging whatever came; returns the payloads of messages that are new to the client. */
function acknowledge(peer: Peer, packets: Packet[]): string[] {
  const payloads: string[] = [];
  for (const packet of packets) {
    if (packet.type === 'publish') {
      payloads.push(text(packet));
      if (packet.qos > 0) peer.acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId!);
    } else if (packet.type === 'pubrel') peer.acknowledge('pubcomp', packet.packetId);
  }
  return payloads;
}

function receiveAll(peer: Peer): string[] {
  const payloads: string[] = [];
  for (let packets = peer.take(); packets.length > 0; packets = peer.take())
    payloads.push(...acknowledge(peer, packets));
  return payloads;
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `${from + i}`);
}

/** Those that wait, and those that were kept to be sent again. */
function heldMessages(sessions: readonly Session[]): Set<Message> {
  const held = new Set<Message>();
  for (const { queue, inflight } of sessions) {
    queue?.forEach(({ message }) => held.add(message));
    for (const id of inflight.ids()) {
      const delivery = inflight.delivery(id);
      if (delivery !== null) held.add(delivery.message);
    }
  }
  return held;
}

/** What the metrics say must be what is there. */
function checkMetrics(world: World): void {
  const sessions = [...world.engine.sessions.values()];
  const { metrics } = world.engine;
  expect(metrics.queuedMessages).toBe(sessions.reduce((sum, session) => sum + session.queued, 0));
  expect(metrics.queuedBytes).toBe(sessions.reduce((sum, { queue }) => sum + (queue?.bytes ?? 0), 0));
  const held = heldMessages(sessions);
  expect(metrics.heldMessages).toBe(held.size);
  expect(metrics.heldPayloadBytes).toBe([...held].reduce((sum, { payloadSize }) => sum + payloadSize, 0));
  expect(metrics.sessionsCurrent).toBe(sessions.length);
  expect(metrics.clientsConnected).toBe(sessions.filter(({ connection }) => connection?.isConnected).length);
}

describe('messages for a client that is away', () => {
  it.each([1, 2] as const)('wait and arrive in order: QoS %i [MQTT-4.6.0-5]', (qos) => {
    const world = away();
    publishMany(world, 100, qos);
    checkMetrics(world);
    expect(receiveAll(back(world))).toEqual(numbers(100));
    checkMetrics(world);
    expect(world.engine.sessions.get('s')!.inflight.size).toBe(0);
  });

  it('do not wait with QoS 0, and are counted', () => {
    const world = away();
    publishMany(world, 3, 0);
    expect(world.engine.metrics.droppedOffline).toBe(3);
    expect(receiveAll(back(world))).toEqual([]);
  });

  it('wait with QoS 0 too when the option says so', () => {
    const world = away({ queueQos0Messages: true });
    publish(world, 'zero', 0);
    publish(world, 'one', 1);
    publish(world, 'zero again', 0);
    expect(receiveAll(back(world))).toEqual(['zero', 'one', 'zero again']);
    checkMetrics(world);
  });

  it('are dropped beyond maxQueuedMessages: the newest ones, counted, and said once a minute', () => {
    const world = away({ maxQueuedMessages: 10 });
    publishMany(world, 25);
    expect(world.engine.metrics.droppedQueueFull).toBe(15);
    expect(world.lines('warning')).toHaveLength(1);
    expect(world.events.filter(({ name }) => name === 'queueFull')).toHaveLength(1);
    world.pass(61_000);
    publish(world, 'late');
    expect(world.lines('warning')).toHaveLength(2);
    expect(receiveAll(back(world))).toEqual(numbers(10));
  });

  it('are dropped beyond maxQueuedBytes', () => {
    const world = away({ maxQueuedBytes: 500, maxQueuedMessages: 0 });
    for (let i = 0; i < 20; i++) publish(world, 'x'.repeat(90));
    const { queue } = world.engine.sessions.get('s')!;
    expect(queue!.bytes).toBeGreaterThanOrEqual(400);
    expect(queue!.bytes).toBeLessThan(620);
    expect(queue!.length + world.engine.metrics.droppedQueueFull).toBe(20);
  });

  it('have no limit where the options say 0', () => {
    const world = away({ maxQueuedMessages: 0 });
    publishMany(world, 3000);
    expect(receiveAll(back(world))).toHaveLength(3000);
  });

  it('make room for new ones when they have expired [MQTT-3.3.2-5]', () => {
    const world = away({ maxQueuedMessages: 4 });
    publish(world, 'stays');
    for (let i = 0; i < 3; i++) publish(world, `expires ${i}`, 1, 5);
    publish(world, 'no room');
    world.pass(6000);
    publish(world, 'room');
    expect(world.engine.metrics).toMatchObject({ droppedQueueFull: 1, droppedExpired: 3 });
    expect(receiveAll(back(world))).toEqual(['stays', 'room']);
    checkMetrics(world);
  });

  it('that have expired are not sent, and tell the others what is left of their time [MQTT-3.3.2-6]', () => {
    const world = away();
    publish(world, 'short', 1, 5);
    publish(world, 'long', 1, 60);
    world.pass(10_000);
    const [connack, ...messages] = back(world).take();
    expect(connack).toMatchObject({ sessionPresent: true });
    expect(messages).toMatchObject([{ properties: { messageExpiryInterval: 50 } }]);
    expect(world.engine.metrics.droppedExpired).toBe(1);
  });

  it('are not looked through for expired ones as long as none of them can have expired', () => {
    const world = away({ maxQueuedMessages: 100 });
    const filter = vi.spyOn(DeliveryQueue.prototype, 'filter');
    onTestFinished(() => filter.mockRestore());
    for (let i = 0; i < 100; i++) publish(world, 'x', 1, i === 7 ? 60 : undefined);
    publishMany(world, 50);
    expect(filter).not.toHaveBeenCalled();
    world.pass(61_000);
    publishMany(world, 50);
    expect(filter).toHaveBeenCalledOnce();
    expect(world.engine.metrics).toMatchObject({ droppedQueueFull: 99, droppedExpired: 1 });
  });
});

describe('the window to a client', () => {
  it('holds as many messages as the smaller of its receive maximum and our limit [MQTT-4.9.0-2]', () => {
    for (const [limit, receiveMaximum, expected] of [
      [20, 5, 5],
      [5, 20, 5],
      [0, 30, 30],
    ] as const) {
      const world = new World({ maxInflightMessages: limit });
      const peer = world.connect({ properties: { receiveMaximum } }).accepted().subscribe('a');
      publishMany(world, 50);
      expect(peer.take()).toHaveLength(expected);
    }
  });

  it('opens by a place for each PUBACK, PUBCOMP and refusal', () => {
    const world = new World({ maxInflightMessages: 1 });
    const peer = world.connect().accepted().subscribe('a');
    publish(world, 'one', 1);
    publish(world, 'two', 2);
    publish(world, 'refused', 2);
    publish(world, 'refused too', 1);
    publish(world, 'last', 1);
    const next = (): string[] => peer.texts();
    expect(next()).toEqual(['one']);
    peer.acknowledge('puback', 1);
    expect(next()).toEqual(['two']);
    peer.acknowledge('pubrec', 2);
    expect(next()).toEqual(['(pubrel)']);
    peer.acknowledge('pubcomp', 2);
    expect(next()).toEqual(['refused']);
    peer.acknowledge('pubrec', 3, 0x97);
    expect(next()).toEqual(['refused too']);
    peer.acknowledge('puback', 4, 0x97);
    expect(next()).toEqual(['last']);
  });

  it('holds no more bytes than maxInflightBytes, but always one message', () => {
    const world = new World({ maxInflightBytes: 1000 });
    const peer = world.connect().accepted().subscribe('a');
    for (let i = 0; i < 10; i++) publish(world, 'x'.repeat(400));
    expect(peer.take()).toHaveLength(3);
    const large = new World({ maxInflightBytes: 10 });
    const other = large.connect().accepted().subscribe('a');
    publish(large, 'x'.repeat(400));
    publish(large, 'y'.repeat(400));
    expect(receiveAll(other)).toHaveLength(2);
  });

  it('is open again for the next connection: what was in flight is sent again whatever maxInflightBytes says', () => {
    const world = new World({ maxInflightBytes: 1000 });
    const peer = back(world).accepted().subscribe('a');
    for (let i = 0; i < 10; i++) publish(world, `${i}${'x'.repeat(399)}`);
    peer.drop();
    const again = receiveAll(back(world)).map((payload) => payload[0]);
    expect(again).toEqual(numbers(10));
  });

  it('does not stall behind a turn that wrote much, even if nothing is in flight', () => {
    const world = new World();
    const peer = world.connect().accepted().subscribe('a');
    for (let i = 0; i < 30; i++) world.engine.publishRequest({ topic: 'a', payload: new Uint8Array(20_000) });
    world.engine.publishRequest({ topic: 'a', payload: 'one', qos: 1 });
    world.turn();
    expect(peer.messages()).toHaveLength(31);
    publish(world, 'two');
    expect(peer.texts()).toEqual(['two']);
  });

  it('is closed while the connection is behind, and opens when it has caught up', () => {
    const world = new World();
    const peer = world.connect().accepted().subscribe('a');
    peer.line.blocked = true;
    world.engine.publishRequest({ topic: 'a', payload: new Uint8Array(300_000), qos: 1 });
    world.turn();
    publishMany(world, 10);
    expect(world.engine.metrics.queuedMessages).toBe(10);
    peer.line.release();
    world.turn();
    expect(peer.messages()).toHaveLength(11);
  });

  it('passes over a message that is larger than the client takes [MQTT-3.1.2-25]', () => {
    const world = new World();
    const peer = back(world, { properties: { maximumPacketSize: 200 } })
      .accepted()
      .subscribe('a');
    publish(world, 'x'.repeat(300));
    publish(world, 'small');
    expect(receiveAll(peer)).toEqual(['small']);
    peer.drop();
    publish(world, 'x'.repeat(300));
    publish(world, 'small too');
    expect(receiveAll(back(world, { properties: { maximumPacketSize: 200 } }))).toEqual(['small too']);
    expect(world.engine.metrics.droppedTooLarge).toBe(2);
    expect(world.engine.sessions.get('s')!.inflight.size).toBe(0);
  });
});

describe('a connection that goes on with a session', () => {
  it('gets what was not finished: PUBLISH with DUP, PUBREL, then what waited [MQTT-4.4.0-1]', () => {
    const world = new World({ maxInflightMessages: 3 });
    const peer = back(world).accepted().subscribe('a');
    publish(world, 'one', 1);
    publish(world, 'two', 2);
    publish(world, 'three', 2);
    publish(world, 'four', 1);
    peer.acknowledge('pubrec', 2);
    peer.take();
    peer.drop();
    const again = back(world);
    expect(again.take()).toMatchObject([
      { type: 'connack', sessionPresent: true },
      { type: 'publish', packetId: 1, dup: true, qos: 1 },
      { type: 'pubrel', packetId: 2 },
      { type: 'publish', packetId: 3, dup: true, qos: 2 },
      { type: 'publish', packetId: 4, dup: false, qos: 1 },
    ]);
  });

  it('gets it again with its subscription identifier, and in full where there was an alias', () => {
    const world = new World();
    const properties = { topicAliasMaximum: 5 };
    const peer = back(world, { properties }).accepted();
    peer.subscribe('a', {}, { subscriptionIdentifier: [7] });
    publish(world, 'one');
    publish(world, 'two');
    expect(peer.messages().map(({ topic }) => topic)).toEqual(['a', '']);
    peer.drop();
    const [, ...again] = back(world, { properties }).take();
    expect(again).toMatchObject([
      { topic: 'a', dup: true, packetId: 1, properties: { subscriptionIdentifier: [7], topicAlias: 1 } },
      { topic: '', dup: true, packetId: 2, properties: { subscriptionIdentifier: [7], topicAlias: 1 } },
    ]);
  });

  it('gets nothing again of what it had acknowledged', () => {
    const world = new World();
    const peer = back(world).accepted().subscribe('a');
    publishMany(world, 10, 1);
    publishMany(world, 10, 2);
    receiveAll(peer);
    peer.drop();
    expect(back(world).texts()).toEqual(['(connack)']);
  });

  it('gets the messages again within its own, smaller window', () => {
    const world = new World();
    const peer = back(world).accepted().subscribe('a');
    publishMany(world, 20);
    peer.drop();
    publish(world, '20');
    const slow = back(world, { properties: { receiveMaximum: 4 } });
    const [, ...first] = slow.take();
    expect(first).toHaveLength(4);
    expect(first.every((packet) => packet.type === 'publish' && packet.dup)).toBe(true);
    expect([...acknowledge(slow, first), ...receiveAll(slow)]).toEqual(numbers(21));
  });

  it('does not get expired QoS 1 messages again, but finishes QoS 2 [MQTT-4.3.3-7]', () => {
    const world = new World();
    const peer = back(world).accepted().subscribe('a');
    publish(world, 'one', 1, 5);
    publish(world, 'two', 2, 5);
    peer.drop();
    world.pass(6000);
    expect(receiveAll(back(world))).toEqual(['two']);
  });

  it('that begins clean finds nothing [MQTT-3.1.2-4]', () => {
    const world = away();
    publishMany(world, 5);
    const clean = world.connect({ clientId: 's' });
    expect(clean.take()).toMatchObject([{ type: 'connack', sessionPresent: false }]);
    publish(world, 'not subscribed any more');
    expect(clean.take()).toEqual([]);
    expect(world.engine.metrics).toMatchObject({
      droppedSessionEnded: 5,
      queuedMessages: 0,
      subscriptionsCurrent: 0,
    });
  });

  it('displaces the one that is there, which is told so, and keeps the session [MQTT-3.1.4-3]', () => {
    const world = new World();
    const old = back(world).accepted().subscribe('a');
    publish(world, 'unacknowledged');
    old.take();
    const now = back(world);
    expect(old.take()).toMatchObject([{ type: 'disconnect', reason: 0x8e }]);
    expect(old.isClosed).toBe(true);
    expect(now.texts()).toEqual(['(connack)', 'unacknowledged']);
    checkMetrics(world);
    expect(world.engine.metrics.sessionsTakenOver).toBe(1);
  });
});

describe('the end of a session', () => {
  it('comes with its connection, or as long after that as the client asked for [MQTT-4.1.0-2]', () => {
    const world = new World();
    world.connect({ clientId: 'clean' }).drop();
    world.connect({ clientId: 'short', expiry: 10 }).drop();
    world.connect({ clientId: 'never', expiry: 0xffffffff }).drop();
    expect([...world.engine.sessions.keys()]).toEqual(['short', 'never']);
    world.pass(9900);
    expect(world.engine.sessions.has('short')).toBe(true);
    world.pass(500);
    expect([...world.engine.sessions.keys()]).toEqual(['never']);
    world.pass(86_400_000);
    expect([...world.engine.sessions.keys()]).toEqual(['never']);
    expect(world.engine.metrics.sessionsExpired).toBe(1);
    expect(world.events.filter(({ name }) => name === 'sessionEnded').map(({ args }) => args[0])).toEqual([
      'clean',
      'short',
    ]);
  });

  it('does not come while a client is connected, nor early because one was', () => {
    const world = new World();
    const peer = world.connect({ clientId: 's', expiry: 10 });
    peer.drop();
    world.pass(8000);
    const again = world.connect({ clientId: 's', expiry: 10 });
    expect(again.take()).toMatchObject([{ sessionPresent: true }]);
    world.pass(60_000);
    expect(world.engine.sessions.has('s')).toBe(true);
    again.drop();
    world.pass(8000);
    expect(world.engine.sessions.has('s')).toBe(true);
    world.pass(3000);
    expect(world.engine.sessions.has('s')).toBe(false);
  });

  it('comes no later than maxSessionExpiry allows, also when DISCONNECT asks for more', () => {
    const world = new World({ maxSessionExpiry: 60 });
    const peer = world.connect({ clientId: 's', expiry: 100 });
    expect(peer.take()).toMatchObject([{ properties: { sessionExpiryInterval: 60 } }]);
    peer.leave(0, { sessionExpiryInterval: 0xffffffff });
    world.pass(61_000);
    expect(world.engine.sessions.has('s')).toBe(false);
  });

  it('is not touched by somebody who sets the clock', () => {
    const world = new World();
    const connected = world.connect({ clientId: 'connected', keepAlive: 60 });
    world.connect({ clientId: 'away', expiry: 100 }).drop();
    world.setClock(365 * 86_400_000);
    world.pass(1000);
    expect([connected.isClosed, world.engine.sessions.has('away')]).toEqual([false, true]);
    world.setClock(-2 * 365 * 86_400_000);
    world.pass(101_000);
    expect([connected.isClosed, world.engine.sessions.has('away')]).toEqual([true, false]);
  });

  it('leaves nothing behind', () => {
    const world = new World();
    for (let i = 0; i < 20; i++) {
      const peer = world
        .connect({ clientId: `s${i}`, expiry: 5 })
        .accepted()
        .subscribe('a')
        .subscribe('$share/g/+')
        .subscribe('b/#');
      publishMany(world, 30);
      if (i % 2 === 0) receiveAll(peer);
      peer.drop();
    }
    world.pass(10_000);
    expect(world.engine.sessions.size).toBe(0);
    expect(world.engine.connections.size).toBe(0);
    expect(world.engine.timers.waiting).toBe(0);
    expect(world.engine.metrics).toMatchObject({
      queuedMessages: 0,
      queuedBytes: 0,
      subscriptionsCurrent: 0,
      sharedSubscriptionsCurrent: 0,
      sessionsCurrent: 0,
      connectionsCurrent: 0,
    });
    const route = world.engine.router.route(world.engine.topics.of('a'));
    expect(route.receivers.length + route.groups.length).toBe(0);
  });
});

describe('a subscriber that comes and goes', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('publish' as const), qos: fc.constantFrom<QoS>(1, 2), count: fc.nat(12) }),
    fc.record({ kind: fc.constant('answer' as const), count: fc.nat(15) }),
    fc.record({ kind: fc.constant('connect' as const), receiveMaximum: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ kind: fc.constant('drop' as const) }),
    fc.record({ kind: fc.constant('block' as const) }),
    fc.record({ kind: fc.constant('release' as const) }),
  );

  it('gets every QoS 1 message at least once, every QoS 2 message once, in order, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 150), (steps, maxInflightBytes) => {
        const world = new World({ maxInflightMessages: 5, maxQueuedMessages: 0, maxInflightBytes });
        const client = new FaithfulSubscriber();
        let peer = back(world).accepted().subscribe('a');
        let count = 0;
        client.connected(peer);
        for (const one of steps) {
          if (one.kind === 'publish') {
            for (let i = 0; i < one.count; i++) publish(world, `${one.qos}:${count++}`, one.qos);
          } else if (one.kind === 'answer') client.work(one.count);
          else if (one.kind === 'block') peer.line.blocked = true;
          else if (one.kind === 'release') peer.line.release();
          else if (one.kind === 'drop') {
            peer.drop();
            client.connected(null);
          } else {
            peer = back(world, { properties: { receiveMaximum: one.receiveMaximum } });
            client.connected(peer);
          }
        }
        client.connected(back(world));
        while (client.work()) {}
        expect(client.first.map((payload) => Number(payload.slice(2)))).toEqual(numbers(count).map(Number));
        for (const [payload, times] of client.times)
          if (payload.startsWith('2')) expect(times, payload).toBe(1);
        checkMetrics(world);
        expect(world.engine.sessions.get('s')!.inflight.size).toBe(0);
      }),
      { seed, numRuns: 300 },
    );
  });
});
