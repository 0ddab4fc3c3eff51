// Plugins: in which order they are asked, what their answers do, and that one that throws, rejects or never
// answers harms nobody but itself.
import { describe, expect, it } from 'vitest';
import { type Peer, text } from '../../test/engine/peer.js';
import { World, type WorldOptions } from '../../test/engine/world.js';
import { type PublishPacket, ReasonCode } from '../protocol/index.js';
import type { MaybePromise, MessageChange, Plugin, Verdict } from './plugin.js';

type PublishAnswer = MessageChange | number | undefined;

/** The ways in which a hook can fail. */
const failures: [string, () => never | Promise<never>][] = [
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
];

/** A promise and how to settle it. */
function promised<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function withPlugins(plugins: Partial<Plugin>[], options: WorldOptions = {}): World {
  return new World({ ...options, plugins: plugins.map((plugin, i) => ({ name: `plugin ${i}`, ...plugin })) });
}

async function connackReason(world: World, peer: Peer): Promise<number | undefined> {
  await world.settle();
  const [connack] = peer.take();
  return connack?.type === 'connack' ? connack.reason : undefined;
}

/** Publishes with QoS 1 and gives the reason of the PUBACK, or undefined while there is none. */
async function pubackReason(
  world: World,
  peer: Peer,
  topic = 'a',
  payload = 'x',
): Promise<number | undefined> {
  peer.publish(topic, payload, { qos: 1 });
  await world.settle();
  const [puback] = peer.take();
  return puback?.type === 'puback' ? puback.reason : undefined;
}

describe('authenticate', () => {
  it.each<[string, MaybePromise<Verdict>[], number]>([
    ['true lets the client in', [true], 0],
    ['false refuses it', [false], ReasonCode.NotAuthorized],
    ['a reason code refuses it with that', [ReasonCode.Banned], ReasonCode.Banned],
    ['undefined asks the next', [undefined, true], 0],
    ['the first answer counts', [true, false], 0],
    ['the first refusal counts', [false, true], ReasonCode.NotAuthorized],
    ['nobody who knows the client is a refusal', [undefined, undefined], ReasonCode.NotAuthorized],
    ['promises count as what they resolve to', [Promise.resolve(undefined), Promise.resolve(true)], 0],
    ['promised refusals too', [Promise.resolve(ReasonCode.Banned), true], ReasonCode.Banned],
    ['0 is no permission', [0], ReasonCode.NotAuthorized],
    ['1 is no permission', [1], ReasonCode.NotAuthorized],
    ['a word is no permission', ['yes' as unknown as boolean], ReasonCode.NotAuthorized],
    ['null is no permission', [null as unknown as boolean], ReasonCode.NotAuthorized],
  ])('%s', async (_name, answers, expected) => {
    const world = withPlugins(answers.map((answer) => ({ authenticate: () => answer })));
    const peer = world.connect();
    expect(await connackReason(world, peer)).toBe(expected);
    expect(peer.isClosed).toBe(expected !== 0);
    expect(world.engine.sessions.size).toBe(expected === 0 ? 1 : 0);
  });

  it('sees the credentials, and who the client is', () => {
    const seen: unknown[] = [];
    const world = withPlugins([
      {
        authenticate: ({ clientId, version, keepAlive, remoteAddress }, { username, password }) => {
          seen.push([
            clientId,
            version,
            keepAlive,
            remoteAddress,
            username,
            new TextDecoder().decode(password),
          ]);
          return true;
        },
      },
    ]);
    world
      .connect({ clientId: 'c', keepAlive: 5, username: 'u', password: new TextEncoder().encode('p') })
      .accepted();
    expect(seen).toEqual([['c', 5, 5, 'test', 'u', 'p']]);
  });

  it.each(failures)(
    'that %s refuses the client, logs one line, and stops nobody else',
    async (_how, fail) => {
      let isBroken = true;
      const world = withPlugins([{ authenticate: () => (isBroken ? fail() : true) }]);
      expect(await connackReason(world, world.connect())).toBe(ReasonCode.NotAuthorized);
      expect(world.lines('error')).toEqual(['plugin plugin 0: hook authenticate failed: broken']);
      expect(world.engine.metrics.hookFailures).toBe(1);
      isBroken = false;
      expect(await connackReason(world, world.connect())).toBe(0);
    },
  );

  it('that never answers refuses the client when its time is over; others are served meanwhile', async () => {
    const world = withPlugins(
      [{ authenticate: ({ clientId }) => (clientId === 'slow' ? new Promise<never>(() => {}) : true) }],
      { hookTimeout: 2 },
    );
    const slow = world.connect({ clientId: 'slow' });
    const other = world.connect().accepted().subscribe('a');
    other.publish('a', 'served');
    expect(other.texts()).toEqual(['served']);
    world.pass(1900);
    expect(await connackReason(world, slow)).toBeUndefined();
    world.pass(200);
    expect(await connackReason(world, slow)).toBe(ReasonCode.NotAuthorized);
    expect(world.lines('error')).toEqual([
      'plugin plugin 0: hook authenticate failed: no answer within 2000 ms',
    ]);
  });

  it('that answers after its time does not let the client in any more', async () => {
    const { promise, resolve } = promised<Verdict>();
    const world = withPlugins([{ authenticate: () => promise }], { hookTimeout: 1 });
    const peer = world.connect();
    world.pass(1100);
    resolve(true);
    expect(await connackReason(world, peer)).toBe(ReasonCode.NotAuthorized);
    await world.settle();
    expect(world.engine.sessions.size).toBe(0);
  });

  it('that answers when the client has gone makes no session', async () => {
    const { promise, resolve } = promised<Verdict>();
    const world = withPlugins([{ authenticate: () => promise }]);
    const peer = world.connect();
    peer.drop();
    resolve(true);
    await world.settle();
    expect([world.engine.sessions.size, world.engine.connections.size]).toEqual([0, 0]);
  });

  it('lets packets wait that the client sent without waiting for CONNACK', async () => {
    const { promise, resolve } = promised<Verdict>();
    const world = withPlugins([{ authenticate: () => promise }]);
    const peer = world.connect();
    peer.send(
      {
        type: 'subscribe',
        packetId: 1,
        subscriptions: [{ filter: 'a', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
      },
      peer.message('a', 'early'),
    );
    expect(peer.line.paused).toBe(true);
    expect(peer.take()).toEqual([]);
    resolve(true);
    await world.settle();
    expect(peer.texts()).toEqual(['(connack)', '(suback)', 'early']);
    expect(peer.line.paused).toBe(false);
  });

  it('takes promises of any maker', async () => {
    /** As of a library that has its own. */
    class Foreign {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      then(resolve: (value: boolean) => void): void {
        resolve(true);
      }
    }
    const world = withPlugins([{ authenticate: () => new Foreign() as unknown as Promise<boolean> }]);
    expect(await connackReason(world, world.connect())).toBe(0);
  });

  it('is a method of its plugin', () => {
    class Keeper implements Plugin {
      readonly name = 'keeper';
      readonly #known = new Set(['me']);

      authenticate({ clientId }: { clientId: string }): boolean {
        return this.#known.has(clientId);
      }
    }
    const world = new World({ plugins: [new Keeper()] });
    world.connect({ clientId: 'me' }).accepted();
  });
});

describe('authorize', () => {
  it.each<[string, MaybePromise<Verdict>[], number]>([
    ['true allows', [true], ReasonCode.NoMatchingSubscribers],
    ['false denies', [false], ReasonCode.NotAuthorized],
    ['a reason code denies with that', [ReasonCode.QuotaExceeded], ReasonCode.QuotaExceeded],
    ['undefined asks the next', [undefined, true], ReasonCode.NoMatchingSubscribers],
    ['nobody who knows is a denial', [undefined], ReasonCode.NotAuthorized],
    ['promised', [Promise.resolve(undefined), Promise.resolve(false)], ReasonCode.NotAuthorized],
    ['0 is no permission', [0], ReasonCode.NotAuthorized],
  ])('%s', async (_name, answers, expected) => {
    const world = withPlugins(answers.map((answer) => ({ authorize: () => answer })));
    expect(await pubackReason(world, world.connect().accepted())).toBe(expected);
  });

  it('is asked for publish, subscribe and will, with what the client wants to do', () => {
    const asked: unknown[] = [];
    const world = withPlugins([
      {
        authorize: (_client, action) => {
          asked.push(action);
          return true;
        },
      },
    ]);
    const will = { topic: 'w', payload: new Uint8Array(), qos: 1 as const, retain: true };
    const peer = world.connect({ will }).accepted();
    peer.subscribe('$share/g/a/+', { qos: 1 }).publish('a/b', 'x', { qos: 2, retain: true });
    peer.drop();
    expect(asked).toEqual([
      { type: 'subscribe', topic: '$share/g/a/+', qos: 1, retain: false },
      { type: 'publish', topic: 'a/b', qos: 2, retain: true },
      { type: 'will', topic: 'w', qos: 1, retain: true },
    ]);
  });

  it('judges each filter of a SUBSCRIBE by itself, at once or later', async () => {
    const world = withPlugins([
      {
        authorize: (_client, { topic }) => {
          if (topic === 'no') return false;
          return topic === 'later'
            ? Promise.resolve(true)
            : topic === 'no later'
              ? Promise.resolve(false)
              : true;
        },
      },
    ]);
    const peer = world.connect().accepted();
    const subscriptions = ['yes', 'no', 'later', 'no later', 'yes too'].map((filter) => ({
      filter,
      qos: 1 as const,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    }));
    peer.send({ type: 'subscribe', packetId: 9, subscriptions });
    await world.settle();
    await world.settle();
    expect(peer.take()).toMatchObject([{ type: 'suback', packetId: 9, reasons: [1, 0x87, 1, 0x87, 1] }]);
    expect([...world.engine.sessions.get(peer.clientId)!.subscriptions.keys()]).toEqual([
      'yes',
      'later',
      'yes too',
    ]);
  });

  it('keeps the order of packets while it thinks, and other clients do not wait', async () => {
    const answers: ((value: boolean) => void)[] = [];
    const world = withPlugins([
      {
        authorize: ({ clientId }) => {
          if (clientId !== 'asked') return true;
          const { promise, resolve } = promised<boolean>();
          answers.push(resolve);
          return promise;
        },
      },
    ]);
    const receiver = world.connect().accepted().subscribe('a');
    const asked = world.connect({ clientId: 'asked' }).accepted();
    const other = world.connect().accepted();
    asked.send(asked.message('a', '1'), asked.message('a', '2', { qos: 1 }), asked.message('a', '3'));
    other.publish('a', 'other');
    expect(receiver.texts()).toEqual(['other']);
    for (const expected of ['1', '2', '3']) {
      expect(answers).toHaveLength(1);
      answers.shift()!(true);
      await world.settle();
      await world.settle();
      expect(receiver.texts()).toEqual([expected]);
    }
    expect(asked.line.paused).toBe(false);
  });

  it('that takes its time does not get the client disconnected for its silence', async () => {
    const { promise, resolve } = promised<boolean>();
    const world = withPlugins([{ authorize: () => promise }]);
    const peer = world.connect({ keepAlive: 1 }).accepted();
    peer.publish('a', 'x', { qos: 1 });
    world.pass(4000);
    expect(peer.isClosed).toBe(false);
    resolve(true);
    await world.settle();
    expect(peer.texts()).toEqual(['(puback)']);
    world.pass(1000);
    expect(peer.isClosed).toBe(false);
    world.pass(1000);
    expect(peer.isClosed).toBe(true);
  });

  it.each(failures)('that %s denies, and logs one line', async (_how, fail) => {
    const world = withPlugins([{ authorize: fail }]);
    const peer = world.connect().accepted();
    expect(await pubackReason(world, peer)).toBe(ReasonCode.NotAuthorized);
    expect(peer.isClosed).toBe(false);
    // also when the time is over that it would have had
    world.pass(60_000);
    expect(world.lines('error')).toEqual(['plugin plugin 0: hook authorize failed: broken']);
  });
});

describe('publish', () => {
  const shown = ({ topic, payload, qos, retain, properties }: PublishPacket): object => {
    return { topic, payload: text({ payload }), qos, retain, properties };
  };

  it.each<[string, PublishAnswer, object]>([
    ['nothing', undefined, { topic: 'a', payload: 'x', properties: { contentType: 't' } }],
    ['a success', 0, { topic: 'a', payload: 'x' }],
    ['another topic', { topic: 'b/c' }, { topic: 'b/c', payload: 'x', properties: { contentType: 't' } }],
    [
      'another payload',
      { payload: Buffer.from('longer than before') },
      { topic: 'a', payload: 'longer than before' },
    ],
    ['another QoS', { qos: 0 }, { topic: 'a', qos: 0 }],
    ['other properties', { properties: { responseTopic: 'r' } }, { properties: { responseTopic: 'r' } }],
    [
      'an expiry',
      { properties: { messageExpiryInterval: 60 } },
      { properties: { messageExpiryInterval: 60 } },
    ],
  ])('may answer %s', async (_name, answer, expected) => {
    for (const later of [false, true]) {
      const world = withPlugins([{ publish: () => (later ? Promise.resolve(answer) : answer) }]);
      const receiver = world.connect().accepted().subscribe('#');
      const peer = world.connect().accepted();
      peer.publish('a', 'x', { qos: 1, properties: { contentType: 't' } });
      await world.settle();
      expect(receiver.messages().map(shown)).toMatchObject([{ qos: 1, retain: false, ...expected }]);
      expect(peer.take()).toMatchObject([{ type: 'puback', packetId: 1, reason: 0 }]);
    }
  });

  it('refuses with a reason code, and nobody gets the message', async () => {
    const world = withPlugins([{ publish: () => ReasonCode.QuotaExceeded }]);
    const receiver = world.connect().accepted().subscribe('#');
    const peer = world.connect().accepted();
    expect(await pubackReason(world, peer)).toBe(ReasonCode.QuotaExceeded);
    peer.publish('a', 'x', { qos: 2 });
    expect(peer.take()).toMatchObject([{ type: 'pubrec', reason: ReasonCode.QuotaExceeded }]);
    peer.publish('a', 'x', { qos: 0 });
    expect([...receiver.take(), ...peer.take()]).toEqual([]);
    expect(world.engine.metrics.publishRefused).toBe(3);
  });

  it('sees the message as the plugins before it left it', async () => {
    const seen: string[] = [];
    const append = (letter: string, later: boolean): Partial<Plugin> => ({
      publish: (_client, { payload }) => {
        seen.push(text({ payload }));
        const change = { payload: Buffer.from(text({ payload }) + letter) };
        return later ? Promise.resolve(change) : change;
      },
    });
    const world = withPlugins([append('1', false), append('2', true), append('3', false)]);
    const receiver = world.connect().accepted().subscribe('a');
    world.connect().accepted().publish('a', 'x');
    await world.settle();
    await world.settle();
    expect(seen).toEqual(['x', 'x1', 'x12']);
    expect(receiver.texts()).toEqual(['x123']);
  });

  it('gets a copy: what it does to it changes nothing', () => {
    const world = withPlugins([
      {
        publish: (_client, { payload }) => {
          payload.fill(0x21);
          return undefined;
        },
      },
    ]);
    const receiver = world.connect().accepted().subscribe('a');
    world.connect().accepted().publish('a', 'intact');
    expect(receiver.texts()).toEqual(['intact']);
  });

  it('is not asked about what the plugins before it refused', async () => {
    let asked = 0;
    const world = withPlugins([
      { publish: () => ReasonCode.NotAuthorized },
      {
        publish: () => {
          asked++;
          return undefined;
        },
      },
    ]);
    await pubackReason(world, world.connect().accepted());
    expect(asked).toBe(0);
  });

  it.each([
    ...failures,
    ['gives a topic that is none', () => ({ topic: 'a/#' })],
    ['promises a topic that is none', () => Promise.resolve({ topic: '' })],
    ['gives a property that there is not', () => ({ properties: { colour: 'red' } })],
  ] as [string, () => MaybePromise<PublishAnswer>][])(
    'that %s refuses the message, logs one line, and the client stays',
    async (_how, fail) => {
      const world = withPlugins([{ publish: fail }]);
      const peer = world.connect().accepted();
      expect(await pubackReason(world, peer)).toBe(ReasonCode.ImplementationSpecificError);
      expect(world.lines('error')).toHaveLength(1);
      expect(world.engine.metrics.hookFailures).toBe(1);
      expect(peer.isClosed).toBe(false);
    },
  );

  it('that never answers refuses the message when its time is over; other clients do not wait', async () => {
    const world = withPlugins(
      [{ publish: ({ clientId }) => (clientId === 'slow' ? new Promise<never>(() => {}) : undefined) }],
      { hookTimeout: 1 },
    );
    const receiver = world.connect().accepted().subscribe('#');
    const slow = world.connect({ clientId: 'slow' }).accepted();
    const quick = world.connect().accepted();
    slow.publish('a', 'slow', { qos: 1 });
    quick.publish('a', 'quick');
    expect(receiver.texts()).toEqual(['quick']);
    world.pass(1100);
    await world.settle();
    expect(slow.take()).toMatchObject([{ type: 'puback', reason: ReasonCode.ImplementationSpecificError }]);
    expect(receiver.take()).toEqual([]);
    expect(slow.line.paused).toBe(false);
  });
});

describe('deliver', () => {
  it('keeps messages from those for whom it says false', () => {
    const world = withPlugins([
      { deliver: ({ clientId }, { topic }) => clientId !== 'x' || topic !== 'secret' },
    ]);
    const [x, y] = ['x', 'y'].map((clientId) => world.connect({ clientId }).accepted().subscribe('#'));
    for (const qos of [0, 1, 2] as const)
      for (const topic of ['secret', 'open']) world.engine.publishRequest({ topic, payload: topic, qos });
    world.turn();
    expect(x!.texts()).toEqual(['open', 'open', 'open']);
    expect(y!.texts()).toHaveLength(6);
    expect(world.engine.metrics.droppedByPlugin).toBe(3);
  });

  it('is asked as well for what waited while the client was away, and for retained messages', () => {
    const world = withPlugins([{ deliver: (_client, { topic }) => topic !== 'secret' }]);
    world.connect({ clientId: 'x', expiry: 100 }).accepted().subscribe('#').drop();
    for (const topic of ['secret', 'open'])
      world.engine.publishRequest({ topic, payload: topic, qos: 1, retain: true });
    expect(world.connect({ clientId: 'x', expiry: 100 }).texts()).toEqual(['(connack)', 'open']);
    expect(world.connect().accepted().subscribe('#').texts()).toEqual(['open']);
  });

  it('sees the QoS and the retain flag that the subscriber would get', () => {
    const seen: unknown[] = [];
    const world = withPlugins([
      {
        deliver: (_client, { qos, retain, publisherId }) => {
          seen.push([qos, retain, publisherId]);
          return true;
        },
      },
    ]);
    world.connect().accepted().subscribe('a', { qos: 1, retainAsPublished: true });
    world.connect({ clientId: 'p' }).accepted().publish('a', 'x', { qos: 2, retain: true });
    expect(seen).toEqual([[1, true, 'p']]);
  });

  it.each(failures)('that %s keeps the message back, and logs one line', async (_how, fail) => {
    const world = withPlugins([{ deliver: fail as unknown as () => boolean }]);
    const receiver = world.connect().accepted().subscribe('a');
    world.engine.publishRequest({ topic: 'a', payload: 'x' });
    await world.settle();
    expect(receiver.take()).toEqual([]);
    expect(world.lines('error')).toHaveLength(1);
  });
});

describe('the hooks that only listen', () => {
  it('are told in the order of what happens', () => {
    const told: unknown[] = [];
    const world = withPlugins([
      {
        connected: ({ clientId }) => told.push(['connected', clientId]),
        disconnected: ({ clientId }, reason) => told.push(['disconnected', clientId, reason]),
        subscribe: ({ clientId }, filter, qos) => told.push(['subscribe', clientId, filter, qos]),
        unsubscribe: ({ clientId }, filter) => told.push(['unsubscribe', clientId, filter]),
      },
    ]);
    const peer = world.connect({ clientId: 'c' }).accepted().subscribe('a', { qos: 1 });
    peer.unsubscribe('a', 'not there').leave();
    world.connect({ clientId: 'd' }).drop();
    expect(told).toEqual([
      ['connected', 'c'],
      ['subscribe', 'c', 'a', 1],
      ['unsubscribe', 'c', 'a'],
      ['disconnected', 'c', 0],
      ['connected', 'd'],
      ['disconnected', 'd', 0x80],
    ]);
  });

  it.each(failures)('that %s log one line, and change nothing', async (_how, fail) => {
    for (const hook of ['connected', 'disconnected', 'subscribe', 'unsubscribe'] as const) {
      let others = 0;
      const world = withPlugins([{ [hook]: fail }, { [hook]: () => others++ }]);
      const peer = world.connect().accepted().subscribe('a').unsubscribe('a');
      peer.leave();
      await world.settle();
      expect(world.lines('error')).toEqual([`plugin plugin 0: hook ${hook} failed: broken`]);
      expect(others).toBe(1);
      expect(world.engine.sessions.size).toBe(0);
    }
  });
});

describe('authentication methods', () => {
  it('belong to the first plugin that has the name', () => {
    const world = withPlugins([
      { authenticationMethods: { M: () => ({ next: () => ({ done: true, username: 'first' }) }) } },
      { authenticationMethods: { M: () => ({ next: () => ({ done: true, username: 'second' }) }) } },
    ]);
    const peer = world.connect({ properties: { authenticationMethod: 'M' } }).accepted();
    expect(world.engine.sessions.get(peer.clientId)!.connection!.username).toBe('first');
  });

  it.each(failures)(
    'whose step %s refuse the client: no error of the plugin, but a notice',
    async (_how, fail) => {
      const world = withPlugins([{ authenticationMethods: { M: () => ({ next: fail }) } }]);
      const peer = world.connect({ properties: { authenticationMethod: 'M' } });
      expect(await connackReason(world, peer)).toBe(ReasonCode.NotAuthorized);
      expect(world.lines('error')).toEqual([]);
      expect(world.lines('notice').filter((line) => line.includes('broken'))).toHaveLength(1);
      expect(world.engine.metrics).toMatchObject({ hookFailures: 0, authenticationFailures: 1 });
    },
  );

  it('that never answer refuse the client when their time is over', async () => {
    const world = withPlugins(
      [{ authenticationMethods: { M: () => ({ next: () => new Promise<never>(() => {}) }) } }],
      {
        hookTimeout: 1,
      },
    );
    const peer = world.connect({ properties: { authenticationMethod: 'M' } });
    world.pass(1100);
    expect(await connackReason(world, peer)).toBe(ReasonCode.NotAuthorized);
  });

  it('that answer at once let packets through that came behind CONNECT', () => {
    const world = withPlugins([{ authenticationMethods: { M: () => ({ next: () => ({ done: true }) }) } }]);
    const peer = world.connect({ properties: { authenticationMethod: 'M' } });
    peer.send({ type: 'pingreq' });
    expect(peer.take()).toMatchObject([{ type: 'connack', reason: 0 }, { type: 'pingresp' }]);
  });
});
