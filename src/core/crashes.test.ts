// Publishers and subscribers that do everything right, a broker that dies and comes back at any moment, commits
// that fail: whatever was acknowledged arrives, QoS 2 once, everything in order, and the store ends up empty.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaithfulPublisher, FaithfulSubscriber } from '../../test/engine/faithful.js';
import { HandStore } from '../../test/engine/hand-store.js';
import type { Peer } from '../../test/engine/peer.js';
import { World } from '../../test/engine/world.js';
import type { Packet, QoS } from '../protocol/index.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

/** The first of them subscribe alone, the others share a subscription. */
const SUBSCRIBERS = 4;
const ALONE = 2;
const PUBLISHERS = 2;
/** More would be refused: the receive maximum of a publisher. */
const UNFINISHED = 12;

type Step =
  | { kind: 'publish'; who: number; topic: string; qos: QoS; count: number }
  | { kind: 'answer'; who: number; count: number }
  | { kind: 'drop' | 'connect'; who: number }
  | { kind: 'commit' | 'fail' | 'publishers'; count: number }
  | { kind: 'crash'; isDone: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      who: fc.nat(PUBLISHERS - 1),
      topic: fc.constantFrom('t/a', 't/b'),
      qos: fc.constantFrom<QoS>(1, 2, 2),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('commit' as const, 'publishers' as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      who: fc.nat(SUBSCRIBERS - 1),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), count: fc.constant(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('drop' as const), who: fc.nat(SUBSCRIBERS + PUBLISHERS - 1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('connect' as const),
      who: fc.nat(SUBSCRIBERS + PUBLISHERS - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), isDone: fc.boolean() }) },
);

/** One client of the scene, by its number: first the subscribers, then the publishers. */
interface Client {
  readonly clientId: string;
  readonly actor: FaithfulSubscriber | FaithfulPublisher;
  peer: Peer | null;
  /** CONNACK has not come yet. */
  isConnecting: boolean;
}

class Scene {
  readonly store: HandStore;
  world: World;
  readonly subscribers = Array.from({ length: SUBSCRIBERS }, () => new FaithfulSubscriber());
  readonly publishers = Array.from({ length: PUBLISHERS }, () => new FaithfulPublisher());
  readonly clients: Client[];
  /** Payloads in the order in which each publisher sent them: `publisher topic qos` to payloads. */
  readonly sent = new Map<string, string[]>();
  #count = 0;

  constructor(partitions: number) {
    this.store = new HandStore({ partitions });
    this.world = this.#start();
    this.clients = [...this.subscribers, ...this.publishers].map((actor, i) => ({
      clientId: i < SUBSCRIBERS ? `subscriber ${i}` : `publisher ${i}`,
      actor,
      peer: null,
      isConnecting: false,
    }));
  }

  #start(wall?: number): World {
    const options = { store: this.store, maxQueuedMessages: 0, maxInflightMessages: 20 };
    return new World(wall === undefined ? options : { ...options, wall });
  }

  async commitAll(): Promise<void> {
    do await this.world.settle();
    while (this.store.succeed());
    await this.world.settle();
  }

  connect(who: number): void {
    const client = this.clients[who]!;
    client.actor.connected(null);
    client.peer = this.world.connect({ clientId: client.clientId, expiry: 1_000_000 });
    client.isConnecting = true;
  }

  drop(who: number): void {
    const client = this.clients[who]!;
    client.peer?.drop();
    client.peer = null;
    client.actor.connected(null);
  }

  /** Who got its CONNACK goes on with its session, which must be there. */
  lookForConnack(): void {
    for (const client of this.clients) {
      if (!client.isConnecting || client.peer === null) continue;
      const [connack, ...more] = client.peer.take();
      if (connack === undefined) continue;
      expect(connack).toMatchObject({ type: 'connack', reason: 0, sessionPresent: true });
      client.isConnecting = false;
      client.peer.putBack(more);
      client.actor.connected(client.peer);
    }
  }

  async begin(): Promise<void> {
    for (const client of this.clients) {
      const peer = this.world.connect({ clientId: client.clientId, expiry: 1_000_000 });
      await this.commitAll();
      peer.accepted();
      client.peer = peer;
      if (client.actor instanceof FaithfulSubscriber) {
        const request = {
          filter: this.#filterOf(client),
          qos: 2 as const,
          noLocal: false,
          retainAsPublished: false,
          retainHandling: 0,
        };
        peer.send({ type: 'subscribe', packetId: 1, subscriptions: [request] });
        await this.commitAll();
        expect(peer.take()).toMatchObject([{ type: 'suback' }] satisfies Partial<Packet>[]);
      }
      client.actor.connected(peer);
    }
  }

  #filterOf(client: Client): string {
    return this.clients.indexOf(client) < ALONE ? 't/+' : '$share/g/t/+';
  }

  publish(who: number, topic: string, qos: QoS): void {
    const publisher = this.publishers[who]!;
    if (publisher.unfinished >= UNFINISHED) return;
    const payload = `${this.#count++} qos ${qos}`;
    const key = `${who} ${topic} ${qos}`;
    this.sent.set(key, [...(this.sent.get(key) ?? []), payload]);
    publisher.publish(topic, payload, qos);
  }

  crash(isDone: boolean): void {
    this.store.crash(isDone);
    for (const client of this.clients) {
      client.peer = null;
      client.isConnecting = false;
      client.actor.connected(null);
    }
    this.world = this.#start(this.world.wallClock());
  }

  async act(one: Step): Promise<void> {
    if (one.kind === 'publish') for (let i = 0; i < one.count; i++) this.publish(one.who, one.topic, one.qos);
    else if (one.kind === 'answer') this.subscribers[one.who]!.work(one.count);
    else if (one.kind === 'publishers') for (const publisher of this.publishers) publisher.work();
    else if (one.kind === 'commit')
      for (let i = 0; i < one.count && this.store.succeed(); i++) await this.world.settle();
    else if (one.kind === 'drop') this.drop(one.who);
    else if (one.kind === 'connect') {
      if (this.clients[one.who]!.peer === null) this.connect(one.who);
    } else if (one.kind === 'crash') this.crash(one.isDone);
    else if (this.store.fail()) {
      await this.world.settle();
      this.world.pass(1100);
    }
    await this.world.settle();
    this.lookForConnack();
  }

  /** Everybody connects, and goes on until nothing is left to be done. */
  async finish(): Promise<void> {
    for (const [who, client] of this.clients.entries()) if (client.peer === null) this.connect(who);
    this.world.pass(1100);
    for (let idle = 0; idle < 3; idle++) {
      await this.commitAll();
      this.lookForConnack();
      const isBusy = [...this.subscribers, ...this.publishers].map((actor) => actor.work()).includes(true);
      if (isBusy) idle = 0;
    }
  }

  check(): void {
    for (const publisher of this.publishers) expect(publisher.unfinished).toBe(0);
    this.#checkShared();
    for (const subscriber of this.subscribers.slice(0, ALONE)) {
      for (const [key, payloads] of this.sent) {
        const arrived = subscriber.first.filter((payload) => payloads.includes(payload));
        expect(arrived, key).toEqual(payloads);
        if (key.endsWith('2'))
          expect(
            payloads.map((payload) => subscriber.times.get(payload)),
            key,
          ).toEqual(payloads.map(() => 1));
      }
    }
    const left = this.store.keys().filter((key) => !key.startsWith('s') && !key.startsWith('u'));
    expect(left).toEqual([]);
    expect(
      [...this.world.engine.sessions.values()].map(({ inflight, queued, received }) => [
        inflight.size,
        queued,
        received?.size ?? 0,
      ]),
    ).toEqual(this.clients.map(() => [0, 0, 0]));
    expect(this.world.lines('error').filter((line) => !line.includes('no space left'))).toEqual([]);
  }

  /** Who shares a subscription gets everything together, in any order. */
  #checkShared(): void {
    const members = this.subscribers.slice(ALONE);
    for (const [key, payloads] of this.sent) {
      for (const payload of payloads) {
        const times = members.reduce((sum, member) => sum + (member.times.get(payload) ?? 0), 0);
        expect(times, payload).toBeGreaterThan(0);
        if (key.endsWith('2')) expect(times, payload).toBe(1);
      }
    }
  }

  /** All sessions end: nothing of them is left. */
  async end(): Promise<void> {
    for (const client of this.clients) client.peer!.leave(0, { sessionExpiryInterval: 0 });
    await this.commitAll();
    expect(this.store.keys()).toEqual([]);
    expect(this.world.engine.timers.waiting).toBe(0);
  }
}

describe('a broker that dies and comes back', () => {
  it.each([1, 4])(
    'loses nothing that it acknowledged, doubles no QoS 2 message and keeps the order: %i partitions',
    async (partitions) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120 }), async (steps) => {
          const scene = new Scene(partitions);
          await scene.begin();
          for (const one of steps) await scene.act(one);
          await scene.finish();
          scene.check();
          await scene.end();
        }),
        { seed, numRuns: 150, interruptAfterTimeLimit: 15_000 },
      );
    },
    60_000,
  );
});
