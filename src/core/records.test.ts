// What an acknowledgement promises: it is sent after the commit that has what it stands for; a failed commit
// acknowledges nothing; a broker over the same store goes on where the one before it stopped.
import { beforeEach, describe, expect, it } from 'vitest';
import { HandStore } from '../../test/engine/hand-store.js';
import { Peer } from '../../test/engine/peer.js';
import { World, type WorldOptions } from '../../test/engine/world.js';
import {
  encodePacket,
  type Packet,
  type Properties,
  type QoS,
  type SubscriptionRequest,
} from '../protocol/index.js';
import { MemoryStore } from '../store/memory.js';

let store: HandStore;
let world: World;

beforeEach(() => {
  store = new HandStore();
  world = new World({ store });
});

/** Lets commits succeed until nothing is left to be committed. */
async function commitAll(): Promise<void> {
  do await world.settle();
  while (store.succeed());
  await world.settle();
}

async function connect(clientId: string, expiry?: number, properties?: Properties): Promise<Peer> {
  const peer = world.connect({ clientId, properties, ...(expiry === undefined ? {} : { expiry }) });
  await commitAll();
  return peer.accepted();
}

async function subscribed(
  clientId: string,
  filter: string,
  options: Partial<SubscriptionRequest> = {},
  properties?: Properties,
): Promise<Peer> {
  const peer = await connect(clientId, 1000);
  peer.send(subscribePacket(filter, options, properties));
  await commitAll();
  expect(peer.take()).toMatchObject([{ type: 'suback' }]);
  return peer;
}

function subscribePacket(
  filter: string,
  options: Partial<SubscriptionRequest> = {},
  properties?: Properties,
): Packet {
  const request = { filter, qos: 2 as QoS, noLocal: false, retainAsPublished: false, retainHandling: 0 };
  return { type: 'subscribe', packetId: 77, subscriptions: [{ ...request, ...options }], properties };
}

/** The process dies, and another one is started over what the store has. */
function crash({ isDone = false, ...options }: WorldOptions & { isDone?: boolean } = {}): void {
  store.crash(isDone);
  world = new World({ store, wall: world.wallClock(), ...options });
}

function types(packets: Packet[]): string[] {
  return packets.map(({ type }) => type);
}

async function publish(payload: string, qos: QoS = 1, properties: Properties = {}): Promise<void> {
  world.engine.publishRequest({ topic: 'a', payload, qos, properties });
  await commitAll();
}

/** Takes and acknowledges everything; returns the payloads. */
async function receiveAll(peer: Peer): Promise<string[]> {
  const payloads: string[] = [];
  for (;;) {
    await commitAll();
    const packets = peer.take();
    if (packets.length === 0) return payloads;
    for (const packet of packets) {
      if (packet.type === 'publish') {
        payloads.push(new TextDecoder().decode(packet.payload));
        if (packet.qos > 0) peer.acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId!);
      } else if (packet.type === 'pubrel') peer.acknowledge('pubcomp', packet.packetId);
    }
  }
}

describe('what is sent only after its commit', () => {
  /** What has to be there, what the client then sends, and what it must not get before the commit. */
  const cases: [name: string, prepare: () => Promise<Peer>, act: (peer: Peer) => void, answer: string][] = [
    [
      'CONNACK of a session that is kept',
      async () => new Peer(world),
      (peer) => void peer.connect({ expiry: 100 }),
      'connack',
    ],
    [
      'CONNACK of one that is there and is kept longer',
      async () => {
        (await connect('s', 50)).drop();
        await commitAll();
        return new Peer(world);
      },
      (peer) => void peer.connect({ clientId: 's', expiry: 100 }),
      'connack',
    ],
    [
      'CONNACK of one that is thrown away [MQTT-3.1.2-4]',
      async () => {
        (await subscribed('s', 'a')).drop();
        await commitAll();
        return new Peer(world);
      },
      (peer) => void peer.connect({ clientId: 's' }),
      'connack',
    ],
    ['SUBACK', () => connect('s', 100), (peer) => void peer.send(subscribePacket('a')), 'suback'],
    ['UNSUBACK', () => subscribed('s', 'a'), (peer) => void peer.unsubscribe('a'), 'unsuback'],
    [
      'PUBACK of a message for a session that is kept [MQTT-4.3.2-4]',
      async () => {
        (await subscribed('s', 'a')).drop();
        await commitAll();
        return connect('p');
      },
      (peer) => void peer.publish('a', 'x', { qos: 1 }),
      'puback',
    ],
    [
      'PUBACK of a retained message',
      () => connect('p'),
      (peer) => void peer.publish('a', 'x', { qos: 1, retain: true }),
      'puback',
    ],
    [
      'PUBREC from a session that is kept [MQTT-4.3.3-8]',
      () => connect('p', 100),
      (peer) => void peer.publish('a', 'x', { qos: 2 }),
      'pubrec',
    ],
    [
      'PUBREC of a message for a session that is kept',
      async () => {
        (await subscribed('s', 'a')).drop();
        await commitAll();
        return connect('p');
      },
      (peer) => void peer.publish('a', 'x', { qos: 2 }),
      'pubrec',
    ],
    [
      'PUBCOMP [MQTT-4.3.3-11]',
      async () => {
        const peer = await connect('p', 100);
        peer.publish('a', 'x', { qos: 2 });
        await commitAll();
        peer.take();
        return peer;
      },
      (peer) => void peer.acknowledge('pubrel', 1),
      'pubcomp',
    ],
    [
      'PUBLISH with QoS 2 to a session that is kept',
      () => subscribed('s', 'a'),
      () => {
        world.engine.publishRequest({ topic: 'a', payload: 'x', qos: 2 });
        world.turn();
      },
      'publish',
    ],
    [
      'PUBREL to a session that is kept [MQTT-4.3.3-4]',
      async () => {
        const peer = await subscribed('s', 'a');
        await publish('x', 2);
        peer.take();
        return peer;
      },
      (peer) => void peer.acknowledge('pubrec', 1),
      'pubrel',
    ],
  ];

  it.each(cases)('%s', async (_name, prepare, act, answer) => {
    const peer = await prepare();
    act(peer);
    await world.settle();
    expect(store.underWay).toBe(1);
    expect(peer.take()).toEqual([]);
    await commitAll();
    expect(types(peer.take())).toEqual([answer]);
  });

  it.each(cases)(
    '%s: not when the commit fails, but when it was tried again',
    async (_name, prepare, act, answer) => {
      const peer = await prepare();
      act(peer);
      await world.settle();
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(store.fail()).toBe(true);
        await world.settle();
        expect(peer.take()).toEqual([]);
        // not at once: a disk that is full stays full for some time
        expect(store.underWay).toBe(0);
        world.pass(1500);
        await world.settle();
      }
      expect(world.engine.metrics.storeFailures).toBe(3);
      expect(world.lines('error')).toHaveLength(3);
      await commitAll();
      expect(types(peer.take())).toEqual([answer]);
    },
  );

  it.each(cases)('%s: not after a crash', async (_name, prepare, act) => {
    const peer = await prepare();
    act(peer);
    await world.settle();
    crash();
    await commitAll();
    expect(peer.take()).toEqual([]);
  });
});

describe('what need not wait', () => {
  it('is everything of clean sessions while nothing else is under way', async () => {
    const peer = world.connect().accepted().subscribe('a');
    peer.publish('a', 'zero').publish('a', 'one', { qos: 1 }).publish('a', 'two', { qos: 2 });
    expect(types(peer.take())).toEqual(['publish', 'publish', 'puback', 'publish', 'pubrec']);
    expect(store.commits).toBe(0);
  });

  it('is QoS 0, PINGRESP and QoS 1 on its way out', async () => {
    const peer = await subscribed('s', 'a');
    world.engine.publishRequest({ topic: 'a', payload: 'one', qos: 1 });
    world.engine.publishRequest({ topic: 'a', payload: 'zero' });
    world.turn();
    peer.send({ type: 'pingreq' });
    expect(store.underWay).toBe(1);
    expect(types(peer.take())).toEqual(['publish', 'publish', 'pingresp']);
  });

  it('is nothing that a client would see in another order: a refusal waits behind acknowledgements', async () => {
    world = new World({ store, maxRetainedMessages: 1 });
    const peer = await connect('p', 100);
    peer.send(
      peer.message('a', 'x', { qos: 1, retain: true, packetId: 1 }),
      peer.message('b', 'x', { qos: 1, retain: true, packetId: 2 }),
      peer.message('c', 'x', { qos: 1, packetId: 3 }),
    );
    await commitAll();
    expect(peer.take()).toMatchObject([{ packetId: 1 }, { packetId: 2, reason: 0x97 }, { packetId: 3 }]);
  });
});

describe('commits', () => {
  it('gather what happens in a turn', async () => {
    const peer = await subscribed('s', 'a');
    const publisher = await connect('p', 100);
    const before = store.commits;
    for (let i = 0; i < 10; i++) publisher.write(publisher.message('a', `${i}`, { qos: 2 }));
    peer.write(subscribePacket('b'));
    await world.settle();
    expect([store.commits - before, store.underWay]).toEqual([1, 1]);
  });

  it('are made one after the other: what happens meanwhile goes with the next', async () => {
    const publisher = await connect('p', 100);
    const before = store.commits;
    publisher.publish('a', '1', { qos: 2 });
    await world.settle();
    for (const payload of ['2', '3', '4']) {
      publisher.publish('a', payload, { qos: 2 });
      await world.settle();
    }
    expect([store.commits - before, store.underWay]).toEqual([1, 1]);
    store.succeed();
    await world.settle();
    expect(publisher.take()).toMatchObject([{ type: 'pubrec', packetId: 1 }]);
    expect([store.commits - before, store.underWay]).toEqual([2, 1]);
    store.succeed();
    await world.settle();
    expect(publisher.take()).toMatchObject([{ packetId: 2 }, { packetId: 3 }, { packetId: 4 }]);
  });

  it('that fail are made up for by the next ones, with everything that came meanwhile and in order', async () => {
    (await subscribed('s', 'a')).drop();
    await commitAll();
    const publisher = await connect('p', 100);
    publisher.publish('a', '1', { qos: 1 });
    await world.settle();
    publisher.publish('a', '2', { qos: 1 });
    await world.settle();
    store.fail();
    await world.settle();
    publisher.publish('a', '3', { qos: 1 });
    world.pass(1500);
    await world.settle();
    await commitAll();
    expect(publisher.take()).toMatchObject([{ packetId: 1 }, { packetId: 2 }, { packetId: 3 }]);
    crash();
    expect(await receiveAll(world.connect({ clientId: 's', expiry: 100 }))).toEqual(['1', '2', '3']);
  });

  it('that throw at once count as failed', async () => {
    let isBroken = true;
    const commit = store.commit.bind(store);
    store.commit = (operations) => {
      if (isBroken) throw new Error('broken');
      return commit(operations);
    };
    const peer = world.connect({ clientId: 's', expiry: 100 });
    await world.settle();
    expect(peer.take()).toEqual([]);
    isBroken = false;
    world.pass(1500);
    await commitAll();
    peer.accepted();
  });

  it('are tried again in time even if somebody sets the clock back', async () => {
    const peer = world.connect({ clientId: 's', expiry: 100 });
    await world.settle();
    store.fail();
    await world.settle();
    world.setClock(-86_400_000);
    world.pass(1500);
    await commitAll();
    peer.accepted();
  });

  it('that fail for long do not make the broker hold on to all that clients send', async () => {
    (await subscribed('s', 'a')).drop();
    await commitAll();
    const publisher = world.connect({ version: 4, clientId: 'p' });
    await commitAll();
    publisher.accepted();
    let sent = 0;
    while (!publisher.line.paused && sent < 100_000) {
      publisher.send(publisher.message('a', 'x', { qos: 1, packetId: (sent++ % 60_000) + 1 }));
    }
    expect(sent).toBeLessThan(20_000);
    await commitAll();
    expect(publisher.line.paused).toBe(false);
    expect(publisher.take()).toHaveLength(sent);
  });

  it('make acknowledgements of a connection that has gone go nowhere', async () => {
    const publisher = await connect('p', 100);
    publisher.publish('a', 'x', { qos: 2 });
    await world.settle();
    publisher.drop();
    const again = world.connect({ clientId: 'p', expiry: 100 });
    await commitAll();
    expect(publisher.take()).toEqual([]);
    expect(types(again.take())).toEqual(['connack']);
  });

  it('that are safe at once make nobody wait for the next turn', async () => {
    world = new World({ store: new MemoryStore() });
    const peer = world.connect({ clientId: 's', expiry: 100 });
    await world.settle();
    peer.accepted();
    peer.send(subscribePacket('a'), peer.message('a', 'x', { qos: 1 }));
    expect(types(peer.take()).sort()).toEqual(['puback', 'publish', 'suback']);
  });
});

describe('work that is undone before its commit', () => {
  it('leaves no record: a QoS 1 message that is acknowledged at once', async () => {
    const peer = await subscribed('s', 'a');
    const publisher = await connect('p');
    const [keys, operations] = [store.keys(), store.operations];
    // a commit is under way, so that what follows is gathered
    publisher.publish('other', 'x', { qos: 1, retain: true });
    await world.settle();
    publisher.publish('a', 'x', { qos: 1 });
    expect(types(peer.take())).toEqual(['publish']);
    peer.acknowledge('puback', 1);
    expect(publisher.take()).toEqual([]);
    await commitAll();
    expect(types(publisher.take())).toEqual(['puback', 'puback']);
    expect(store.operations - operations).toBe(1);
    expect(store.keys().sort()).toEqual([...keys, 'rother'].sort());
  });

  it('is removed if its commit was under way already', async () => {
    const peer = await subscribed('s', 'a');
    const before = store.keys();
    world.engine.publishRequest({ topic: 'a', payload: 'x', qos: 1 });
    await world.settle();
    peer.acknowledge('puback', 1);
    await commitAll();
    expect(store.keys()).toEqual(before);
  });

  it('is removed if its commit failed', async () => {
    const peer = await subscribed('s', 'a');
    const before = store.keys();
    world.engine.publishRequest({ topic: 'a', payload: 'x', qos: 1 });
    await world.settle();
    peer.acknowledge('puback', 1);
    store.fail();
    await world.settle();
    world.pass(1500);
    await commitAll();
    expect(store.keys()).toEqual(before);
  });
});

describe.each([1, 4])('a broker that is started over a store of %i partitions', (partitions) => {
  beforeEach(() => {
    store = new HandStore({ partitions });
    world = new World({ store });
  });

  it('has the sessions, and tells the clients so', async () => {
    await connect('here', 1000);
    (await connect('away', 1000)).drop();
    (await connect('clean')).drop();
    await commitAll();
    crash();
    for (const [clientId, sessionPresent] of [
      ['here', true],
      ['away', true],
      ['clean', false],
    ] as const) {
      const peer = world.connect({ clientId, expiry: 100 });
      await commitAll();
      expect(peer.take()).toMatchObject([{ type: 'connack', sessionPresent }]);
    }
  });

  it('lets sessions expire when their time is over, that of the stop included', async () => {
    (await connect('s', 100)).drop();
    (await connect('long', 1000)).drop();
    await connect('connected', 100);
    await commitAll();
    world.pass(60_000);
    store.crash(false);
    world = new World({ store, wall: world.wallClock() + 30_000 });
    world.pass(9000);
    expect([...world.engine.sessions.keys()].sort()).toEqual(['connected', 'long', 's']);
    world.pass(1500);
    expect([...world.engine.sessions.keys()].sort()).toEqual(['connected', 'long']);
    // one that was connected has its whole interval from the start on
    world.pass(88_000);
    expect(world.engine.sessions.has('connected')).toBe(true);
    world.pass(3000);
    await commitAll();
    expect([...world.engine.sessions.keys()]).toEqual(['long']);
    expect(store.keys()).toEqual(['slong']);
  });

  it('does not end sessions because the clock was set back while it was stopped', async () => {
    (await connect('s', 100)).drop();
    await commitAll();
    store.crash(false);
    world = new World({ store, wall: 1_000_000 });
    world.pass(50_000);
    expect(world.engine.sessions.has('s')).toBe(true);
  });

  it('has the subscriptions with their options', async () => {
    await subscribed(
      's1',
      'a/+',
      { qos: 1, noLocal: true, retainAsPublished: true },
      { subscriptionIdentifier: [268_435_455] },
    );
    await subscribed('s2', 'a/#', { qos: 0 });
    await subscribed('s3', '$share/g/a/b', { qos: 2 });
    crash();
    const shown = [...world.engine.sessions.values()].flatMap((session) =>
      [...session.subscriptions.values()].map(
        ({ text, qos, noLocal, retainAsPublished, identifiers, own, group }) => {
          return [
            session.clientId,
            text,
            qos,
            noLocal,
            retainAsPublished,
            identifiers,
            own === null,
            group?.name,
          ];
        },
      ),
    );
    expect(shown.sort()).toEqual([
      ['s1', 'a/+', 1, true, true, [268_435_455], true, undefined],
      ['s2', 'a/#', 0, false, false, null, false, undefined],
      ['s3', '$share/g/a/b', 2, false, false, null, false, 'g'],
    ]);
    expect(world.engine.metrics).toMatchObject({ subscriptionsCurrent: 3, sharedSubscriptionsCurrent: 1 });
  });

  it('has subscriptions as they were left: changed ones and not those that were given up', async () => {
    const peer = await subscribed('s', 'a', { qos: 1 });
    for (const packet of [subscribePacket('b'), subscribePacket('a', { qos: 0 })]) peer.send(packet);
    peer.unsubscribe('b');
    await commitAll();
    crash();
    const { subscriptions } = world.engine.sessions.get('s')!;
    expect([...subscriptions.values()].map(({ text, qos }) => [text, qos])).toEqual([['a', 0]]);
  });

  it('has what waited, in order, with its properties and what is left of its time', async () => {
    (await subscribed('s', 'a', {}, { subscriptionIdentifier: [9] })).drop();
    const properties: Properties = {
      contentType: 'x',
      userProperties: [
        ['k', 'v'],
        ['k', 'w'],
      ],
      messageExpiryInterval: 100,
    };
    for (let i = 0; i < 30; i++) await publish(`${i}`, i % 2 === 0 ? 1 : 2, i === 7 ? properties : {});
    world.pass(20_000);
    store.crash(false);
    world = new World({ store, wall: world.wallClock() + 30_000 });
    const peer = world.connect({ clientId: 's', expiry: 100, properties: { receiveMaximum: 100 } });
    await commitAll();
    const [, ...messages] = peer.take();
    const got = messages.map((packet) => {
      if (packet.type !== 'publish') throw new Error(packet.type);
      return { ...packet, payload: Number(new TextDecoder().decode(packet.payload)) };
    });
    for (const qos of [1, 2]) {
      const payloads = got.filter((packet) => packet.qos === qos).map(({ payload }) => payload);
      expect(payloads).toEqual(Array.from({ length: 10 }, (_, i) => 2 * i + qos - 1));
    }
    expect(got.some(({ dup }) => dup)).toBe(false);
    expect(got.find(({ payload }) => payload === 7)!.properties).toEqual({
      ...properties,
      messageExpiryInterval: 50,
      subscriptionIdentifier: [9],
    });
  });

  it.each<[string, Properties, QoS]>([
    ['a topic alias', { topicAlias: 3 }, 1],
    ['its expiry before other properties', { messageExpiryInterval: 50, contentType: 'x' }, 2],
    ['an alias and an expiry', { topicAlias: 1, messageExpiryInterval: 50, payloadFormatIndicator: 1 }, 2],
  ])('has a message that came with %s', async (_name, properties, qos) => {
    (await subscribed('s', 'a')).drop();
    const publisher = await connect('p');
    publisher.publish('a', 'first', { qos, properties });
    if (properties.topicAlias !== undefined)
      publisher.publish('', 'by alias alone', { qos, properties: { topicAlias: properties.topicAlias } });
    publisher.publish('a', 'retained', { qos, properties, retain: true });
    await commitAll();
    crash();
    const peer = world.connect({ clientId: 's', expiry: 100 });
    await commitAll();
    const { topicAlias, ...rest } = properties;
    const expected = { topic: 'a', qos, properties: rest };
    const got = peer.take().slice(1);
    expect(got.at(0)).toMatchObject(expected);
    expect(got.at(-1)).toMatchObject(expected);
    if (topicAlias !== undefined) expect(got.at(1)).toMatchObject({ topic: 'a', qos });
    expect(world.engine.retained.get('a')).toMatchObject({ qos, retain: true });
    expect(world.lines('error')).toEqual([]);
  });

  it('has messages of MQTT 3 clients, for clients of every version', async () => {
    (await subscribed('s', 'a')).drop();
    const publisher = world.connect({ version: 4, clientId: 'p' });
    await commitAll();
    publisher.accepted().publish('a', 'old', { qos: 1 });
    await commitAll();
    crash();
    expect(await receiveAll(world.connect({ clientId: 's', expiry: 100 }))).toEqual(['old']);
  });

  it('sends again what was in flight, under its identifiers, with DUP, in order, and PUBREL where that was reached', async () => {
    const peer = await subscribed('s', 'a');
    for (const [payload, qos] of [
      ['one', 1],
      ['two', 2],
      ['three', 2],
      ['four', 1],
      ['five', 2],
    ] as const)
      await publish(payload, qos);
    expect(types(peer.take())).toHaveLength(5);
    peer.acknowledge('pubrec', 3);
    peer.acknowledge('puback', 4);
    await commitAll();
    expect(peer.take()).toMatchObject([{ type: 'pubrel', packetId: 3 }]);
    crash();
    const again = world.connect({ clientId: 's', expiry: 100 });
    await commitAll();
    expect(again.take()).toMatchObject([
      { type: 'connack', sessionPresent: true },
      { type: 'publish', packetId: 1, dup: true, qos: 1 },
      { type: 'publish', packetId: 2, dup: true, qos: 2 },
      { type: 'pubrel', packetId: 3 },
      { type: 'publish', packetId: 5, dup: true, qos: 2 },
    ]);
    await publish('new', 1);
    expect(again.take()).toMatchObject([{ type: 'publish', packetId: 6, dup: false }]);
  });

  it('holds what is in flight against maxInflightBytes once it was sent again', async () => {
    const peer = await subscribed('s', 'a');
    for (let i = 0; i < 5; i++) await publish('x'.repeat(100));
    peer.take();
    crash({ maxInflightBytes: 250 });
    const again = world.connect({ clientId: 's', expiry: 100 });
    await commitAll();
    expect(again.take().length - 1).toBe(3);
    expect(await receiveAll(again)).toHaveLength(0);
  });

  it('knows QoS 2 identifiers that it has received: a repeated PUBLISH is not delivered again [MQTT-4.3.3-10]', async () => {
    const receiver = await subscribed('s', 'a');
    const publisher = await connect('p', 1000);
    publisher.publish('a', 'once', { qos: 2, packetId: 40_000 });
    await commitAll();
    expect(types(publisher.take())).toEqual(['pubrec']);
    receiver.drop();
    await commitAll();
    crash();
    const again = world.connect({ clientId: 'p', expiry: 1000 });
    await commitAll();
    again.publish('a', 'once', { qos: 2, packetId: 40_000, dup: true });
    await commitAll();
    again.acknowledge('pubrel', 40_000);
    await commitAll();
    expect(types(again.take())).toEqual(['connack', 'pubrec', 'pubcomp']);
    expect(await receiveAll(world.connect({ clientId: 's', expiry: 100 }))).toEqual(['once']);
    // after PUBCOMP the identifier stands for a new message, also after another start [MQTT-4.3.3-12]
    crash();
    const third = world.connect({ clientId: 'p', expiry: 1000 });
    await commitAll();
    third.publish('a', 'twice', { qos: 2, packetId: 40_000 });
    await commitAll();
    expect(await receiveAll(world.connect({ clientId: 's', expiry: 100 }))).toEqual(['twice']);
  });

  it('has the retained messages, and lets them expire when their time is over', async () => {
    const publisher = await connect('p');
    for (const [topic, expiry] of [
      ['stays', undefined],
      ['short', 40],
      ['long', 1000],
      ['cleared', undefined],
      ['replaced', 40],
    ] as const) {
      const properties = expiry === undefined ? {} : { messageExpiryInterval: expiry };
      publisher.publish(topic, topic, { qos: 1, retain: true, properties });
    }
    publisher.publish('cleared', '', { retain: true }).publish('replaced', 'new', { retain: true });
    await commitAll();
    world.pass(10_000);
    store.crash(false);
    world = new World({ store, wall: world.wallClock() + 20_000 });
    expect(world.engine.metrics.retainedCurrent).toBe(4);
    world.pass(9000);
    expect(world.engine.retained.get('short')).toBeDefined();
    world.pass(1500);
    await commitAll();
    expect(
      world.engine.retained
        .matching('#')
        .map(({ topic }) => topic.text)
        .sort(),
    ).toEqual(['long', 'replaced', 'stays']);
    expect(
      store
        .keys()
        .filter((key) => key.startsWith('r'))
        .sort(),
    ).toEqual(['rlong', 'rreplaced', 'rstays']);
    store.crash(false);
    world = new World({ store, wall: world.wallClock() + 2_000_000 });
    await commitAll();
    expect(
      store
        .keys()
        .filter((key) => key.startsWith('r'))
        .sort(),
    ).toEqual(['rreplaced', 'rstays']);
  });

  it('gives what a member of a group had to the others when that session ends only now', async () => {
    (await subscribed('member', '$share/g/a')).drop();
    await commitAll();
    for (const payload of ['1', '2', '3']) await publish(payload);
    crash();
    const heir = world.connect({ clientId: 'heir', expiry: 2000 });
    await commitAll();
    heir.accepted().send(subscribePacket('$share/g/a'));
    await commitAll();
    heir.take();
    world.pass(1_001_000);
    expect(await receiveAll(heir)).toEqual(['1', '2', '3']);
  });

  it('can be started again and again without anybody connecting', async () => {
    (await subscribed('s', 'a')).drop();
    await publish('1');
    await publish('2', 2);
    const keys = store.keys();
    for (let i = 0; i < 5; i++) {
      crash();
      await commitAll();
    }
    expect(store.keys()).toEqual(keys);
    expect(await receiveAll(world.connect({ clientId: 's', expiry: 100 }))).toEqual(['1', '2']);
  });

  it('starts although records cannot be read: it says which, and has the others', async () => {
    (await subscribed('s', 'a')).drop();
    await publish('1');
    await publish('2');
    world.engine.publishRequest({ topic: 'r', payload: 'x', retain: true });
    await commitAll();
    for (let partition = 0; partition < partitions; partition++) {
      for (const letter of ['d', 'i', 'm', 'r', 's', 'u']) {
        const operations = [
          { partition, key: `${letter}\u0000broken`, value: Uint8Array.of(1) },
          { partition, key: letter, value: new Uint8Array() },
          { partition, key: `${letter}zz\u0000zz`, value: new Uint8Array(40).fill(0xff) },
        ];
        store.commit(operations);
        store.succeed();
      }
    }
    crash();
    expect(world.lines('error').length).toBeGreaterThan(0);
    expect(await receiveAll(world.connect({ clientId: 's', expiry: 100 }))).toEqual(['1', '2']);
    expect(world.engine.retained.get('r')).toBeDefined();
  });

  it('clears away messages that no delivery needs', async () => {
    (await subscribed('s', 'a')).drop();
    await publish('needed');
    const keys = store.keys();
    const message = keys.find((key) => key.startsWith('m'))!;
    for (let partition = 0; partition < partitions; partition++) {
      const value = store.get(partition, message);
      if (value === undefined) continue;
      void store.commit([{ partition, key: 'm0000orphan', value }]);
      store.succeed();
    }
    expect(store.keys()).toHaveLength(keys.length + 1);
    crash();
    await commitAll();
    expect(store.keys()).toEqual(keys);
  });

  it('keeps no records of what is over', async () => {
    for (let round = 0; round < 3; round++) {
      const peers: Peer[] = [];
      for (let i = 0; i < 6; i++) {
        const peer = await connect(`s${i}`, i % 2 === 0 ? 10 : 1000);
        peer.send(
          subscribePacket('a'),
          subscribePacket('$share/g/a'),
          subscribePacket('+/b', {}, { subscriptionIdentifier: [i + 1] }),
        );
        await commitAll();
        peers.push(peer);
      }
      const publisher = peers[0]!;
      publisher.take();
      for (let i = 0; i < 10; i++) publisher.publish('a', `${i}`, { qos: i % 2 === 0 ? 1 : 2 });
      await commitAll();
      for (const [i, peer] of peers.entries()) {
        if (i === 1) await receiveAll(peer);
        if (i === 2)
          for (const packet of peer.take())
            if (packet.type === 'publish' && packet.qos === 2) peer.acknowledge('pubrec', packet.packetId!);
        if (round !== 1) peer.drop();
      }
      await commitAll();
      if (round > 0) crash();
      // by their time, by a clean start, by an expiry of 0 in DISCONNECT
      world.pass(12_000);
      for (const i of [1, 3, 5]) {
        const peer = world.connect(
          i === 1 ? { clientId: `s${i}` } : { clientId: `s${i}`, expiry: i === 3 ? 0 : 50 },
        );
        await commitAll();
        peer.leave(0, i === 5 ? { sessionExpiryInterval: 0 } : undefined);
        await commitAll();
      }
      world.pass(1_000_000);
      await commitAll();
      expect(store.keys()).toEqual([]);
      expect(world.engine.sessions.size).toBe(0);
    }
  });
});

describe('a session whose expiry becomes 0', () => {
  it('has nothing in the store from then on, but goes on as long as its connection', async () => {
    const peer = await subscribed('s', 'a');
    await publish('one');
    peer.drop();
    await publish('two');
    const again = world.connect({ clientId: 's', cleanStart: false });
    await commitAll();
    expect(store.keys()).toEqual([]);
    expect(again.take()).toMatchObject([
      { type: 'connack', sessionPresent: true },
      { type: 'publish', dup: true },
      { type: 'publish' },
    ]);
    await publish('three');
    expect(await receiveAll(again)).toEqual(['three']);
    expect(store.keys()).toEqual([]);
  });
});

describe('what the program publishes', () => {
  it('is kept for sessions that are away', async () => {
    (await subscribed('s', 'a')).drop();
    await publish('x');
    crash();
    expect(await receiveAll(world.connect({ clientId: 's', expiry: 100 }))).toEqual(['x']);
  });
});

describe('packets behind CONNECT', () => {
  it('wait for its commit and are then looked at in order', async () => {
    const peer = new Peer(world, 4);
    const connectPacket = {
      type: 'connect',
      version: 4,
      cleanStart: false,
      keepAlive: 0,
      clientId: 's',
    } as const;
    const packets: Packet[] = [
      connectPacket,
      subscribePacket('a'),
      peer.message('a', 'x', { qos: 1 }),
      { type: 'pingreq' },
    ];
    peer.sendBytes(Buffer.concat(packets.map((packet) => encodePacket(packet, 4))));
    await world.settle();
    expect(peer.take()).toEqual([]);
    store.succeed();
    await world.settle();
    expect(types(peer.take()).slice(0, 2)).toEqual(['connack', 'publish']);
    await commitAll();
    expect(types(peer.take()).sort()).toEqual(['puback', 'suback']);
  });

  it('are not answered before it: messages of others wait as well, and nothing is lost', async () => {
    (await subscribed('s', 'a')).drop();
    await commitAll();
    const peer = world.connect({ clientId: 's', expiry: 100 });
    await world.settle();
    for (const qos of [0, 1, 2] as const) world.engine.publishRequest({ topic: 'a', payload: `${qos}`, qos });
    world.turn();
    expect(peer.take()).toEqual([]);
    await commitAll();
    expect(types(peer.take())).toEqual(['connack', 'publish', 'publish']);
  });
});
