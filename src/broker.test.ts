// The broker as a program has it: publishing and subscribing without a socket, events, listening, starting,
// sending clients elsewhere, and closing in bounded time.
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConnectOptions, TestClient } from '../test/behaviour/client.js';
import { memoryPair } from '../test/wire/memory-pair.js';
import { Broker, type BrokerOptions } from './broker.js';
import type { LogLevel, Plugin, PluginBroker, PublishedMessage } from './core/plugin.js';
import type { StoreOperation } from './core/store.js';
import { MqttError, ReasonCode } from './protocol/index.js';
import { MemoryStore } from './store/memory.js';

const brokers: Broker[] = [];
const streams: Duplex[] = [];
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

function brokerOf(options: BrokerOptions = {}): Broker {
  const broker = new Broker({ closeTimeout: 1, ...options });
  brokers.push(broker);
  return broker;
}

async function running(options: BrokerOptions = {}): Promise<Broker> {
  const broker = brokerOf(options);
  await broker.start();
  return broker;
}

function open(broker: Broker, version: 4 | 5 = 5): TestClient {
  const [near, far] = memoryPair();
  streams.push(near);
  broker.accept(far);
  return new TestClient(near, version);
}

async function client(broker: Broker, options: ConnectOptions = {}): Promise<TestClient> {
  const made = open(broker, options.version === 4 ? 4 : 5);
  await made.handshake(options);
  return made;
}

async function dial(port: number, host = '127.0.0.1'): Promise<TestClient> {
  const socket = connect({ port, host });
  streams.push(socket);
  await once(socket, 'connect');
  return new TestClient(socket);
}

function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return dial(port, host).then(
    () => true,
    () => false,
  );
}

function texts(messages: PublishedMessage[]): string[] {
  return messages.map(({ payload }) => new TextDecoder().decode(payload));
}

/** Waits until something is true. */
async function until(done: () => boolean): Promise<void> {
  for (let i = 0; !done(); i++) {
    if (i === 300) throw new Error('still waiting');
    await delay(10);
  }
}

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy();
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});

describe('a program that publishes', () => {
  it('reaches clients, with properties, and learns whether anybody subscribed', async () => {
    const broker = await running();
    const subscriber = await client(broker);
    await subscriber.subscribe('a/+', { qos: 2 });
    const properties = { contentType: 'x', userProperties: [['k', 'v']] as [string, string][] };
    expect(broker.publish({ topic: 'a/b', payload: 'text', qos: 1, properties })).toBe(true);
    expect(broker.publish({ topic: 'nobody' })).toBe(false);
    expect(await subscriber.next('publish')).toMatchObject({
      topic: 'a/b',
      payload: new TextEncoder().encode('text'),
      qos: 1,
      retain: false,
      properties,
    });
  });

  it('may use its buffer again at once', async () => {
    const broker = await running();
    const subscriber = await client(broker);
    await subscriber.subscribe('#');
    for (const size of [10, 100_000]) {
      const payload = new Uint8Array(size).fill(1);
      broker.publish({ topic: 'a', payload });
      payload.fill(2);
      expect((await subscriber.next('publish')).payload).toEqual(new Uint8Array(size).fill(1));
    }
  });

  it.each<[string, Parameters<Broker['publish']>[0]]>([
    ['no topic', { topic: '' }],
    ['a wildcard in the topic', { topic: 'a/#' }],
    ['U+0000 in the topic', { topic: 'a\0' }],
    ['half a character', { topic: 'a\ud800' }],
    ['QoS 3', { topic: 'a', qos: 3 as 2 }],
    ['an expiry that is a topic', { topic: 'a', properties: { responseTopic: 'a/+' } }],
  ])('gets an MqttError for %s', async (_what, request) => {
    const broker = await running();
    expect(() => broker.publish(request)).toThrow(MqttError);
  });

  it('may publish and subscribe before it starts the broker, without a store', async () => {
    const broker = brokerOf();
    const got: PublishedMessage[] = [];
    broker.subscribe('a', (message) => got.push(message));
    broker.publish({ topic: 'a', payload: 'early', retain: true });
    expect(texts(got)).toEqual(['early']);
    const subscriber = await client(broker);
    await subscriber.subscribe('a');
    expect(await subscriber.texts(1)).toEqual(['early']);
  });
});

describe('a program that subscribes', () => {
  it('gets what clients and the program itself publish, as a message with a Buffer of its own', async () => {
    const broker = await running();
    const got: (PublishedMessage & { payload: Buffer })[] = [];
    broker.subscribe('a/#', (message) => got.push(message));
    const publisher = await client(broker, { clientId: 'p' });
    await publisher.publish('a/b', 'from a client', {
      qos: 2,
      retain: true,
      properties: { contentType: 'x' },
    });
    broker.publish({ topic: 'a', payload: 'from the program' });
    broker.publish({ topic: 'b', payload: 'something else' });
    expect(got.map(({ payload }) => payload.toString())).toEqual(['from a client', 'from the program']);
    expect(got[0]).toMatchObject({
      topic: 'a/b',
      qos: 2,
      retain: true,
      properties: { contentType: 'x' },
      publisherId: 'p',
    });
    expect(got[1]).toMatchObject({ topic: 'a', qos: 0, retain: false, publisherId: '' });
    expect(Buffer.isBuffer(got[0]!.payload)).toBe(true);
    got[0]!.payload.fill(0);
    expect(new TextDecoder().decode(broker.retained('a/b')!.payload)).toBe('from a client');
  });

  it('gets retained messages first', async () => {
    const broker = await running();
    broker.publish({ topic: 'a/1', payload: '1', retain: true });
    broker.publish({ topic: 'a/2', payload: '2', retain: true });
    const got: PublishedMessage[] = [];
    broker.subscribe('a/+', (message) => got.push(message));
    expect(texts(got).sort()).toEqual(['1', '2']);
    expect(got.every(({ retain }) => retain)).toBe(true);
  });

  it('gets nothing more once it has unsubscribed, which it may do twice and in the handler', async () => {
    const broker = await running();
    const got: string[] = [];
    const subscription = broker.subscribe('a', ({ payload }) => {
      got.push(payload.toString());
      if (got.length === 2) subscription.unsubscribe();
    });
    for (const payload of ['1', '2', '3']) broker.publish({ topic: 'a', payload });
    subscription.unsubscribe();
    expect(got).toEqual(['1', '2']);
    expect(broker.metrics.subscriptionsCurrent).toBe(0);
    expect(broker.publish({ topic: 'a' })).toBe(false);
  });

  it('may have the same filter several times, and share with others', async () => {
    const broker = await running();
    const got: string[] = [];
    for (const name of ['one', 'two']) broker.subscribe('a', () => void got.push(name));
    for (const name of ['shared one', 'shared two'])
      broker.subscribe('$share/g/a', () => void got.push(name));
    broker.publish({ topic: 'a' });
    broker.publish({ topic: 'a' });
    expect(got.sort()).toEqual(['one', 'one', 'shared one', 'shared two', 'two', 'two']);
  });

  it('may publish in its handler', async () => {
    const broker = await running();
    const got: string[] = [];
    broker.subscribe(
      'question',
      ({ payload }) => void broker.publish({ topic: 'answer', payload: `re: ${payload}` }),
    );
    broker.subscribe('answer', ({ payload }) => void got.push(payload.toString()));
    const asking = await client(broker);
    await asking.publish('question', '1');
    await asking.publish('question', '2', { qos: 2 });
    expect(got).toEqual(['re: 1', 're: 2']);
  });

  it('and throws harms nobody: one log line, and the others get the message', async () => {
    const lines: [LogLevel, string][] = [];
    const broker = await running({ log: (level, text) => lines.push([level, text]) });
    const got: PublishedMessage[] = [];
    broker.subscribe('a', () => {
      throw new Error('broken');
    });
    broker.subscribe('a', (message) => got.push(message));
    const publisher = await client(broker);
    expect(await publisher.publish('a', 'x', { qos: 1 })).toBe(0);
    expect(texts(got)).toEqual(['x']);
    const errors = lines.filter(([level]) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]![1]).toContain('broken');
  });

  it.each(['', 'a#', '$share/g', 'a/#/b'])('gets an MqttError for the filter %j', async (filter) => {
    const broker = await running();
    expect(() => broker.subscribe(filter, () => {})).toThrow(MqttError);
    expect(broker.metrics.subscriptionsCurrent).toBe(0);
  });
});

describe('events', () => {
  it('tell what happens, in order', async () => {
    const broker = brokerOf();
    const told: unknown[] = [];
    broker.on('listening', ({ host }) => told.push(['listening', host]));
    broker.on('connected', ({ clientId, version }) => told.push(['connected', clientId, version]));
    broker.on('subscribed', (...args) => told.push(['subscribed', ...args]));
    broker.on('unsubscribed', (...args) => told.push(['unsubscribed', ...args]));
    broker.on('disconnected', ({ clientId }, reason) => told.push(['disconnected', clientId, reason]));
    broker.on('sessionEnded', (clientId) => told.push(['sessionEnded', clientId]));
    broker.on('closed', () => told.push(['closed']));
    await broker.listen({ port: 0, host: '127.0.0.1' });
    const one = await client(broker, { clientId: 'one' });
    await one.subscribe('a', { qos: 1 });
    await one.unsubscribe('a');
    await one.disconnect();
    await broker.close();
    expect(told).toEqual([
      ['listening', '127.0.0.1'],
      ['connected', 'one', 5],
      ['subscribed', 'one', 'a', 1],
      ['unsubscribed', 'one', 'a'],
      ['sessionEnded', 'one'],
      ['disconnected', 'one', 0],
      ['closed'],
    ]);
  });

  it('say once that a queue is full, from the first minute on', async () => {
    const broker = await running({ maxQueuedMessages: 1 });
    const full: string[] = [];
    broker.on('queueFull', (clientId) => full.push(clientId));
    const one = await client(broker, {
      clientId: 'one',
      cleanStart: false,
      properties: { sessionExpiryInterval: 60 },
    });
    await one.subscribe('a', { qos: 1 });
    await one.drop();
    for (let i = 0; i < 5; i++) broker.publish({ topic: 'a', qos: 1 });
    expect(full).toEqual(['one']);
    expect(broker.metrics.droppedQueueFull).toBe(4);
  });

  it('whose listeners throw change nothing but the log', async () => {
    const lines: string[] = [];
    const broker = await running({ log: (level, text) => void (level === 'error' && lines.push(text)) });
    for (const name of ['connected', 'disconnected', 'subscribed', 'unsubscribed', 'sessionEnded'] as const)
      broker.on(name, () => {
        throw new Error(`broken ${name}`);
      });
    const one = await client(broker);
    await one.subscribe('a');
    await one.unsubscribe('a');
    await one.disconnect();
    const two = await client(broker);
    await two.drop();
    await until(() => broker.metrics.connectionsCurrent === 0);
    expect([broker.metrics.clientsConnected, broker.metrics.sessionsCurrent]).toEqual([0, 0]);
    expect(lines.filter((line) => line.includes('broken connected'))).toHaveLength(2);
    expect(lines.filter((line) => line.includes('broken disconnected'))).toHaveLength(2);
  });
});

describe('what can be seen of a broker', () => {
  it('are its options, with the defaults filled in', () => {
    expect(brokerOf({ maxQos: 1 }).options).toMatchObject({
      maxQos: 1,
      maxQueuedMessages: 1000,
      closeTimeout: 1,
    });
  });

  it('are its clients, connected or not', async () => {
    const broker = await running({ maxInflightMessages: 2 });
    const one = await client(broker, { clientId: 'one', username: 'u', keepAlive: 60, version: 4 });
    await one.subscribe('a');
    const two = await client(broker, {
      clientId: 'two',
      cleanStart: false,
      properties: { sessionExpiryInterval: 60 },
    });
    await two.subscribe('b/#', { qos: 1 });
    await two.drop();
    for (let i = 0; i < 5; i++) broker.publish({ topic: 'b', qos: 1 });
    expect([...broker.clients()]).toMatchObject([
      {
        clientId: 'one',
        connected: true,
        username: 'u',
        version: 4,
        keepAlive: 60,
        subscriptions: ['a'],
        queued: 0,
        inflight: 0,
      },
      { clientId: 'two', connected: false, subscriptions: ['b/#'], queued: 5, inflight: 0 },
    ]);
  });

  it('is what is counted', async () => {
    const broker = await running();
    const one = await client(broker);
    await one.subscribe('a');
    one.send(one.message('a', '12345', { retain: true }));
    expect(await one.texts(1)).toEqual(['12345']);
    const { metrics } = broker;
    expect(metrics).toMatchObject({
      clientsConnected: 1,
      connectionsCurrent: 1,
      sessionsCurrent: 1,
      subscriptionsCurrent: 1,
      retainedCurrent: 1,
      publishReceived: 1,
      publishSent: 1,
      publishBytesReceived: 5,
      publishBytesSent: 5,
      messagesDropped: 0,
    });
    const before = { sent: metrics.bytesSent, received: metrics.bytesReceived };
    await one.nothing();
    expect([metrics.bytesSent - before.sent, metrics.bytesReceived - before.received]).toEqual([2, 2]);
  });
});

describe('a program that ends a connection', () => {
  it('sends DISCONNECT with a reason, and learns whether there was one', async () => {
    const broker = await running();
    const one = await client(broker, { clientId: 'one' });
    const two = await client(broker, { clientId: 'two', version: 4 });
    expect(broker.disconnect('one')).toBe(true);
    expect(broker.disconnect('two', ReasonCode.QuotaExceeded)).toBe(true);
    expect(broker.disconnect('one')).toBe(false);
    expect(broker.disconnect('nobody')).toBe(false);
    await one.disconnected(ReasonCode.AdministrativeAction);
    await two.closed();
  });
});

describe('listening', () => {
  it('serves clients on several ports and families at once', async () => {
    const broker = brokerOf();
    const addresses = [
      await broker.listen({ port: 0, host: '127.0.0.1' }),
      await broker.listen({ port: 0, host: '127.0.0.1' }),
    ];
    if (hasIpv6) addresses.push(await broker.listen({ port: 0, host: '::1' }));
    expect(broker.addresses).toEqual(addresses);
    for (const { host, port } of addresses) {
      const one = await dial(port, host);
      await one.handshake({});
      await one.nothing();
    }
    expect([...broker.clients()].map(({ remoteAddress }) => remoteAddress)).toEqual(
      addresses.map(({ host }) => host),
    );
  });

  it('rejects when the port is in use, and the broker goes on', async () => {
    const [one, two] = [brokerOf(), brokerOf()];
    const { port } = await one.listen({ port: 0, host: '127.0.0.1' });
    await expect(two.listen({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(two.addresses).toEqual([]);
    const other = await two.listen({ port: 0, host: '127.0.0.1' });
    await (await dial(other.port)).handshake({});
  });

  it('is over when the broker is closed, and the port is free', async () => {
    const broker = brokerOf();
    const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
    // one that is on its way: the name has to be looked up first
    const late = broker.listen({ port: 0, host: 'localhost' }).catch(() => undefined);
    await Promise.resolve().then(() => {});
    await broker.close();
    expect(await isListening(port)).toBe(false);
    const address = await late;
    if (address !== undefined) expect(await isListening(address.port, address.host)).toBe(false);
    await brokerOf().listen({ port, host: '127.0.0.1' });
    await expect(broker.listen({ port: 0 })).rejects.toThrow('closed');
    await expect(broker.start()).rejects.toThrow('closed');
  });

  it('is not to be had of a broker that was closed before it started', async () => {
    const broker = brokerOf();
    await broker.close();
    await expect(broker.listen({ port: 0, host: '127.0.0.1' })).rejects.toThrow('closed');
  });

  it('carries large messages both ways over TCP', async () => {
    const broker = brokerOf({ maxPacketSize: 20_000_000 });
    const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
    const [one, two] = [await dial(port), await dial(port)];
    await one.handshake({});
    await two.handshake({});
    await one.subscribe('large', { qos: 1 });
    const payload = Uint8Array.from({ length: 8_000_000 }, (_, i) => i % 251);
    expect(await two.publish('large', payload, { qos: 1 })).toBe(0);
    const got = await one.next('publish', 10_000);
    expect(Buffer.compare(got.payload, payload)).toBe(0);
  });
});

describe('a stream', () => {
  it('is served as soon as the broker has started, which it does by itself', async () => {
    const order: string[] = [];
    const broker = brokerOf({
      plugins: [
        {
          name: 'slow',
          start: async () => {
            await delay(30);
            order.push('started');
          },
          connected: () => void order.push('connected'),
        },
      ],
    });
    const one = await client(broker);
    await one.nothing();
    expect(order).toEqual(['started', 'connected']);
  });

  it('that fails while the broker starts is forgotten', async () => {
    const broker = brokerOf({ plugins: [{ name: 'slow', start: () => delay(30) }] });
    const [near, far] = memoryPair();
    near.on('error', () => {});
    broker.accept(far);
    far.destroy(new Error('reset'));
    await broker.start();
    await until(() => broker.metrics.connectionsOpened === 1);
    await until(() => broker.metrics.connectionsCurrent === 0);
  });

  it('is closed when the broker is, or cannot start', async () => {
    const closed = await running();
    await closed.close();
    const failing = brokerOf({ plugins: [{ name: 'x', start: () => Promise.reject(new Error('no')) }] });
    for (const broker of [closed, failing]) {
      const one = open(broker);
      await one.closed();
    }
  });
});

describe('starting', () => {
  it('opens the store, then starts the plugins in order; they may publish', async () => {
    const order: string[] = [];
    const store = new MemoryStore();
    store.open = async () => void order.push('open');
    const plugin = (name: string): Plugin => ({
      name,
      start: async (broker: PluginBroker) => {
        await delay(5);
        order.push(name);
        broker.publish({ topic: name, payload: 'here', retain: true });
      },
    });
    const broker = brokerOf({ store, plugins: [plugin('one'), plugin('two')] });
    await Promise.all([broker.start(), broker.start(), broker.listen({ port: 0, host: '127.0.0.1' })]);
    expect(order).toEqual(['open', 'one', 'two']);
    expect(broker.retained('one')).toMatchObject({ retain: true });
  });

  it('fails with the plugin that fails, and can then be closed', async () => {
    const broker = brokerOf({
      plugins: [
        {
          name: 'x',
          start: () => {
            throw new Error('no');
          },
        },
      ],
    });
    await expect(broker.listen({ port: 0, host: '127.0.0.1' })).rejects.toThrow('no');
    await expect(broker.start()).rejects.toThrow('no');
    expect(broker.addresses).toEqual([]);
    await broker.close();
  });

  it('fails with the store that cannot be opened', async () => {
    const store = new MemoryStore();
    store.open = () => Promise.reject(new Error('locked'));
    const broker = brokerOf({ store });
    await expect(broker.start()).rejects.toThrow('locked');
    await broker.close();
  });

  it('comes before publishing when there is a store: what it has must be known first', () => {
    const broker = brokerOf({ store: new MemoryStore() });
    expect(() => broker.publish({ topic: 'a', payload: 'x', retain: true })).toThrow('start');
  });

  it('over the store of a broker before it brings back sessions and retained messages', async () => {
    const store = new MemoryStore();
    const first = await running({ store });
    const one = await client(first, {
      clientId: 'one',
      cleanStart: false,
      properties: { sessionExpiryInterval: 60 },
    });
    await one.subscribe('a', { qos: 1 });
    await one.drop();
    first.publish({ topic: 'a', payload: 'waits', qos: 1, retain: true });
    await first.close();
    const second = await running({ store });
    expect(new TextDecoder().decode(second.retained('a')!.payload)).toBe('waits');
    const again = await client(second, { clientId: 'one', cleanStart: false });
    expect(again.connack.sessionPresent).toBe(true);
    expect(await again.texts(1)).toEqual(['waits']);
  });

  it('throws at once when an option has a value that it cannot have', () => {
    expect(() => new Broker({ maxQos: 3 })).toThrow('maxQos must be from 0 to 2');
    expect(() => new Broker({ maxQOS: 1 } as BrokerOptions)).toThrow('there is no option maxQOS');
  });
});

describe('two brokers in one program', () => {
  it('know nothing of each other', async () => {
    const [one, two] = [await running(), await running({ maxQos: 1 })];
    const sent: string[] = [];
    for (const [name, broker] of [
      ['one', one],
      ['two', two],
    ] as const)
      broker.subscribe('#', ({ payload }) => void sent.push(`${name}: ${payload}`));
    const [a, b] = [await client(one, { clientId: 'same' }), await client(two, { clientId: 'same' })];
    await a.subscribe('a');
    await b.subscribe('a');
    a.send(a.message('a', 'of one', { retain: true }));
    expect(await a.texts(1)).toEqual(['of one']);
    await b.nothing();
    expect(sent).toEqual(['one: of one']);
    expect(two.retained('a')).toBeUndefined();
    expect([one.metrics.publishReceived, two.metrics.publishReceived]).toEqual([1, 0]);
    await one.close();
    b.send(b.message('a', 'of two'));
    expect(await b.texts(1)).toEqual(['of two']);
  });

  it('can be wired to each other without disturbing what either is about to send', async () => {
    const [one, two] = [await running(), await running()];
    one.subscribe('up/#', ({ topic, payload }) => void two.publish({ topic, payload }));
    const [publisher, subscriber] = [await client(one), await client(two)];
    await subscriber.subscribe('up/#');
    publisher.send(...Array.from({ length: 100 }, (_, i) => publisher.message('up/x', `${i}`)));
    expect(await subscriber.texts(100)).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
  });
});

describe('sending clients elsewhere', () => {
  it('tells one client where to go', async () => {
    const broker = await running();
    const [one, two, three] = [
      await client(broker, { clientId: 'one' }),
      await client(broker, { clientId: 'two' }),
      await client(broker, { clientId: 'three', version: 4 }),
    ];
    expect(broker.redirect('one', { serverReference: 'other:1883' })).toBe(true);
    expect(broker.redirect('two', { serverReference: 'new:1883', permanent: true })).toBe(true);
    expect(broker.redirect('three', { serverReference: 'other:1883' })).toBe(true);
    expect(broker.redirect('nobody', {})).toBe(false);
    expect(await one.next('disconnect')).toMatchObject({
      reason: ReasonCode.UseAnotherServer,
      properties: { serverReference: 'other:1883' },
    });
    expect(await two.next('disconnect')).toMatchObject({
      reason: ReasonCode.ServerMoved,
      properties: { serverReference: 'new:1883' },
    });
    await three.closed();
  });

  it('sends all of them, so many a second, and those who come, until it is taken back', async () => {
    const broker = await running();
    const all: TestClient[] = [];
    for (let i = 0; i < 8; i++) all.push(await client(broker, { clientId: `c${i}` }));
    const began = Date.now();
    const drained = broker.drain({ serverReference: 'other', rate: 10 });
    const late = open(broker);
    await late.handshake({ clientId: 'c7' }, ReasonCode.UseAnotherServer);
    expect(late.connack.properties).toMatchObject({ serverReference: 'other' });
    await late.closed();
    // who was refused has displaced nobody
    expect([...broker.clients()].find(({ clientId }) => clientId === 'c7')?.connected).toBe(true);
    await drained;
    expect(Date.now() - began).toBeGreaterThanOrEqual(600);
    for (const one of all) await one.disconnected(ReasonCode.UseAnotherServer);
    expect([...broker.clients()]).toEqual([]);
    broker.undrain();
    await client(broker);
  });

  it('takes a rate below one in ten milliseconds at its word', async () => {
    const broker = await running();
    for (let i = 0; i < 3; i++) await client(broker);
    const began = Date.now();
    await broker.drain({ rate: 4 });
    expect(Date.now() - began).toBeGreaterThanOrEqual(450);
  });

  it.each([
    ['is taken back', (broker: Broker) => broker.undrain()],
    ['begins anew', (broker: Broker) => void broker.drain({ rate: 1000 })],
    ['is cut short by closing', (broker: Broker) => void broker.close()],
  ])('is over for who waits for it when it %s', async (_how, end) => {
    const broker = await running();
    for (let i = 0; i < 3; i++) await client(broker);
    const drained = broker.drain({ rate: 0.1 });
    end(broker);
    await drained;
  });
});

describe('closing', () => {
  it('says goodbye to clients, with wills, and ends what is left', async () => {
    const broker = await running();
    const wills: string[] = [];
    broker.subscribe('wills/#', ({ payload }) => void wills.push(payload.toString()));
    const will = (payload: string) => ({ topic: `wills/${payload}`, payload });
    const one = await client(broker, { will: will('five') });
    const two = await client(broker, { will: will('four'), version: 4 });
    const three = open(broker);
    await broker.close();
    await one.disconnected(ReasonCode.ServerShuttingDown);
    await two.closed();
    await three.closed();
    expect(wills.sort()).toEqual(['five', 'four']);
    expect(broker.metrics).toMatchObject({ connectionsCurrent: 0, clientsConnected: 0 });
  });

  it('is done once, for all who ask', async () => {
    const broker = await running();
    let closed = 0;
    broker.on('closed', () => closed++);
    await Promise.all([broker.close(), broker.close()]);
    await broker.close();
    expect(closed).toBe(1);
  });

  it('stops the plugins in reverse, then closes the store; one that throws is logged', async () => {
    const order: string[] = [];
    const store = new MemoryStore();
    store.close = async () => void order.push('store');
    const stop = (name: string) => ({ name, stop: () => delay(5).then(() => void order.push(name)) });
    const failing: Plugin = {
      name: 'failing',
      stop: () => {
        throw new Error('broken');
      },
    };
    const lines: string[] = [];
    const broker = await running({
      store,
      plugins: [stop('one'), failing, stop('two')],
      log: (_level, text) => void lines.push(text),
    });
    await broker.close();
    expect(order).toEqual(['two', 'one', 'store']);
    expect(lines.filter((line) => line.includes('failing'))).toHaveLength(1);
  });

  it('brings the store up to date first', async () => {
    const store = new MemoryStore();
    const commit = store.commit.bind(store);
    store.commit = (operations: readonly StoreOperation[]) => delay(30).then(() => commit(operations));
    const broker = await running({ store });
    broker.publish({ topic: 'a', payload: 'x', retain: true });
    await broker.close();
    expect(store.get(0, 'ra')).toBeDefined();
  });

  it.each<[string, () => BrokerOptions, boolean]>([
    [
      'a plugin that does not stop',
      () => ({ plugins: [{ name: 'x', stop: () => new Promise(() => {}) }], store: new MemoryStore() }),
      true,
    ],
    [
      'a store that cannot be written to',
      () => {
        const store = new MemoryStore();
        store.commit = () => Promise.reject(new Error('full'));
        return { store };
      },
      true,
    ],
    [
      'a commit that never ends',
      () => {
        const store = new MemoryStore();
        store.commit = () => new Promise(() => {});
        return { store };
      },
      true,
    ],
  ])('is not held up for ever by %s, and closes the store in any case', async (_what, make) => {
    const options = make();
    let isStoreClosed = false;
    let commitsAfterwards = 0;
    const store = options.store!;
    const commit = store.commit.bind(store);
    store.close = async () => {
      isStoreClosed = true;
    };
    store.commit = (operations) => {
      if (isStoreClosed) commitsAfterwards++;
      return commit(operations);
    };
    const broker = await running({ ...options, closeTimeout: 1 });
    broker.publish({ topic: 'a', payload: 'x', retain: true });
    const began = Date.now();
    await broker.close();
    expect(Date.now() - began).toBeLessThan(5000);
    expect(isStoreClosed).toBe(true);
    // nothing is tried again behind the back of whoever owns the store now
    await delay(1200);
    expect(commitsAfterwards).toBe(0);
  });

  it('does not wait for clients that do not read', async () => {
    const broker = brokerOf();
    const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
    const slow = await dial(port);
    await slow.handshake({});
    await slow.subscribe('a');
    slow.pause();
    for (let i = 0; i < 100; i++) broker.publish({ topic: 'a', payload: new Uint8Array(100_000) });
    const began = Date.now();
    await broker.close();
    expect(Date.now() - began).toBeLessThan(5000);
  });

  it('comes before or during the start without harm', async () => {
    const unborn = brokerOf();
    await unborn.close();
    const starting = brokerOf({ plugins: [{ name: 'slow', start: () => delay(30) }] });
    const started = starting.start();
    await starting.close();
    await started;
    await expect(starting.listen({ port: 0 })).rejects.toThrow('closed');
  });
});
