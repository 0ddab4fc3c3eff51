// Wills: when they are published, when not, and what they may not do (MQTT 5 section 3.1.2.5).
import { describe, expect, it } from 'vitest';
import type { ConnectOptions, Peer } from '../../test/engine/peer.js';
import { World, type WorldOptions } from '../../test/engine/world.js';
import type { Properties } from '../protocol/index.js';

interface WillOptions {
  payload?: string;
  topic?: string;
  retain?: boolean;
  /** Seconds. */
  delay?: number;
  properties?: Properties;
}

function willOf({
  payload = 'gone',
  topic = 'will',
  retain = false,
  delay = 0,
  properties = {},
}: WillOptions = {}) {
  return {
    topic,
    payload: new TextEncoder().encode(payload),
    qos: 1 as const,
    retain,
    properties: delay === 0 ? properties : { willDelayInterval: delay, ...properties },
  };
}

/** A world with somebody who hears wills. */
function scene(options: WorldOptions = {}): {
  world: World;
  witness: Peer;
  mortal: (will?: WillOptions, connect?: ConnectOptions) => Peer;
} {
  const world = new World(options);
  const witness = world.connect().accepted().subscribe('will', { qos: 0 });
  const mortal = (will: WillOptions = {}, connect: ConnectOptions = {}) =>
    world.connect({ clientId: 'mortal', expiry: 100, will: willOf(will), ...connect }).accepted();
  return { world, witness, mortal };
}

describe('a will', () => {
  it('is published when the connection ends without a DISCONNECT [MQTT-3.1.2-8]', () => {
    const { world, witness, mortal } = scene();
    mortal().drop();
    expect(witness.texts()).toEqual(['gone']);
    expect(world.engine.metrics.willsSent).toBe(1);
  });

  it.each([
    [0, []],
    [4, ['gone']],
    [0x80, ['gone']],
  ])('follows a DISCONNECT with reason %i: %j [MQTT-3.14.4-3]', (reason, expected) => {
    const { witness, mortal } = scene();
    mortal().leave(reason);
    expect(witness.texts()).toEqual(expected);
  });

  it('is published when the client breaks the rules, is silent for too long, or is displaced', () => {
    const { world, witness, mortal } = scene();
    mortal().sendBytes(Uint8Array.of(0xf0, 0x00));
    world.turn();
    mortal({}, { keepAlive: 1 });
    world.pass(2000);
    mortal();
    mortal();
    world.turn();
    expect(witness.texts()).toEqual(['gone', 'gone', 'gone']);
  });

  it('waits for its delay, and is forgotten if the client is back before that', () => {
    const { world, witness, mortal } = scene();
    mortal({ delay: 10 }).drop();
    world.pass(9000);
    const again = mortal({ delay: 20 });
    world.pass(60_000);
    expect(witness.texts()).toEqual([]);
    again.drop();
    world.pass(19_000);
    expect(witness.texts()).toEqual([]);
    world.pass(1500);
    expect(witness.texts()).toEqual(['gone']);
  });

  it.each<[string, (world: World) => void]>([
    ['expires', (world) => world.pass(5500)],
    ['is thrown away by a clean start', (world) => void world.connect({ clientId: 'mortal' })],
  ])('does not wait longer than its session: %s', (_how, end) => {
    const { world, witness, mortal } = scene();
    mortal({ delay: 1000 }, { expiry: 5 }).drop();
    world.pass(1000);
    expect(witness.texts()).toEqual([]);
    end(world);
    world.turn();
    expect(witness.texts()).toEqual(['gone']);
    world.pass(2_000_000);
    expect(witness.texts()).toEqual([]);
  });

  it('carries its properties, without the delay, and expires from when it was published', () => {
    const { world, witness, mortal } = scene();
    const properties: Properties = {
      contentType: 'x',
      messageExpiryInterval: 50,
      userProperties: [['k', 'v']],
    };
    mortal({ delay: 30, properties }).drop();
    world.pass(31_000);
    const [message] = witness.messages();
    expect(message!.properties).toEqual(properties);
  });

  it('is published once, not with each connection that follows', () => {
    const { witness, mortal, world } = scene();
    mortal().drop();
    world.connect({ clientId: 'mortal', expiry: 100 }).accepted().drop();
    expect(witness.texts()).toEqual(['gone']);
  });

  it('is not for its own client when that wants nothing of its own [MQTT-3.8.3-3]', () => {
    const { world, mortal } = scene();
    mortal().subscribe('will', { noLocal: true }).drop();
    expect(world.connect({ clientId: 'mortal', expiry: 100 }).texts()).toEqual(['(connack)']);
  });

  it('is not published when nothing was connected yet', () => {
    const { world, witness } = scene({
      plugins: [
        { name: 'slow', authenticate: ({ clientId }) => clientId !== 'mortal' || new Promise(() => {}) },
      ],
    });
    const peer = world.connect({ clientId: 'mortal', will: willOf() });
    peer.drop();
    expect(witness.texts()).toEqual([]);
  });

  it('is published only if its client may, also when the answer comes late', async () => {
    for (const [answer, expected] of [
      [true, ['gone']],
      [false, []],
      [Promise.resolve(true), ['gone']],
      [Promise.resolve(false), []],
    ] as const) {
      const { world, witness, mortal } = scene({
        plugins: [{ name: 'x', authorize: (_client, { type }) => (type === 'will' ? answer : true) }],
      });
      mortal().drop();
      await world.settle();
      expect(witness.texts()).toEqual(expected);
    }
  });

  it('to a topic of the broker itself is not published', () => {
    const { world, mortal } = scene();
    const witness = world.connect().accepted().subscribe('$SYS/#');
    mortal({ topic: '$SYS/broker/version' }).drop();
    expect(witness.take()).toEqual([]);
  });

  it('is retained when it says so, within the limits for retained messages', () => {
    const { world, witness, mortal } = scene({ maxRetainedMessages: 1 });
    mortal({ retain: true }).drop();
    expect(world.engine.retained.get('will')).toBeDefined();
    mortal({ retain: true, topic: 'another' }).drop();
    expect(world.engine.retained.size).toBe(1);
    expect(witness.texts()).toEqual(['gone']);
  });

  it('is published when the broker stops: that of who is connected, and that which waits', () => {
    const { world, mortal } = scene();
    mortal({ payload: 'waits', delay: 50 }).drop();
    for (const delay of [0, 50])
      world.connect({ expiry: 100, will: willOf({ payload: 'connected', delay }) }).accepted();
    world.engine.shutDown();
    expect(world.engine.metrics.willsSent).toBe(3);
  });
});
