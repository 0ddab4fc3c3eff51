// Publishing: results and refusals at each QoS, limits, topic aliases, aborts.
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/client/index.js';
import { type QoS, ReasonCode } from '../../src/protocol/index.js';
import { text } from '../behaviour/client.js';
import { FakeServer, failure, newClient, pause, until, useBroker, within } from './help.js';

const versions = [3, 4, 5] as const;
const all = versions.flatMap((version) => ([0, 1, 2] as QoS[]).map((qos) => [version, qos] as const));

describe('with our broker', () => {
  const here = useBroker();

  it.each(all)('a message arrives as it was (version %i, QoS %i)', async (version, qos) => {
    const client = await here.connect({ version });
    const messages: Message[] = [];
    await client.subscribe('a/b', { qos: 2 }, (message) => void messages.push(message));
    const results = [
      await client.publish('a/b', 'grüße', { qos }),
      await client.publish('a/b', Uint8Array.of(0, 255), { qos }),
      await client.publish('a/b', '', { qos }),
      await client.publish('a/b', new Uint8Array(100_000).fill(7), { qos }),
    ];
    await until(() => messages.length === 4, 'the messages');
    expect(messages[0]).toMatchObject({ topic: 'a/b', qos, retain: false, dup: false });
    expect(messages[0]!.text()).toBe('grüße');
    expect([...messages[1]!.payload]).toEqual([0, 255]);
    expect(messages[2]!.payload.length).toBe(0);
    expect(Buffer.compare(messages[3]!.payload, new Uint8Array(100_000).fill(7))).toBe(0);
    for (const result of results) {
      expect(result.reason).toBe(0);
      expect(result.packetId > 0).toBe(qos > 0);
    }
    expect([client.inflight, client.queued, client.errors]).toEqual([0, 0, []]);
  });

  it('with MQTT 5 says when nobody is subscribed', async () => {
    const client = await here.connect();
    // our broker, as Mosquitto, does not say so at QoS 2
    for (const qos of [1] as const)
      expect((await client.publish('nobody', 'x', { qos })).reason).toBe(ReasonCode.NoMatchingSubscribers);
  });

  it('carries properties, and leaves them out before MQTT 5', async () => {
    const properties = {
      contentType: 'text/plain',
      payloadFormatIndicator: 1,
      messageExpiryInterval: 60,
      userProperties: [
        ['a', '1'],
        ['a', '2'],
      ] as [string, string][],
      correlationData: Uint8Array.of(1, 2),
      responseTopic: 'r',
    };
    const client = await here.connect();
    const got: Message[] = [];
    await client.subscribe('p', {}, (message) => void got.push(message));
    await client.publish('p', 'x', { properties });
    const old = await here.connect({ version: 4 });
    await old.publish('p', 'x', { qos: 1, properties });
    await until(() => got.length === 2, 'the messages');
    expect(got[0]!.properties).toMatchObject({
      ...properties,
      correlationData: expect.objectContaining({ length: 2 }),
    });
    expect(got[1]!.properties).not.toHaveProperty('contentType');
  });

  it('retains', async () => {
    const client = await here.connect();
    await client.publish('r', 'kept', { qos: 1, retain: true });
    const got: Message[] = [];
    await client.subscribe('r', {}, (message) => void got.push(message));
    await until(() => got.length === 1, 'the retained message');
    expect([got[0]!.text(), got[0]!.retain]).toEqual(['kept', true]);
  });

  it.each([
    ['', 'x', {}],
    ['a/#', 'x', {}],
    ['+', 'x', {}],
    ['a\0b', 'x', {}],
    ['x'.repeat(65_536), 'x', {}],
    ['a\ud800b', 'x', {}],
    ['a\u0001b', 'x', { qos: 1 }],
    ['a', 5, {}],
    ['a', undefined, {}],
    ['a', 'x', { qos: 3 }],
    ['a', 'x', { qos: '1' }],
    ['a', 'x', { properties: { nonsense: 1 } }],
    ['a', 'x', { qos: 1, properties: { sessionExpiryInterval: 1 } }],
    ['a', 'x', { qos: 1, properties: { contentType: 'a\0' } }],
    ['a', 'x', { qos: 1, properties: { contentType: 'x'.repeat(65_536) } }],
  ])(
    'what cannot be meant is refused as `invalid`, and harms nothing else (%#)',
    async (topic, payload, options) => {
      const client = await here.connect();
      const lost: unknown[] = [];
      client.on('disconnect', (what) => lost.push(what));
      await failure(client.publish(topic, payload as string, options as object), 'invalid');
      await client.publish('ok', 'x', { qos: 1 });
      expect([client.inflight, client.queued, lost, client.errors]).toEqual([0, 0, [], []]);
    },
  );

  it.each([
    { qos: 0, properties: { nonsense: 1 } },
    { qos: 1, properties: { nonsense: 1 } },
    { qos: 1, properties: { contentType: 'x'.repeat(65_536) } },
    { qos: 2, properties: { contentType: 'a\0' } },
  ])(
    'what cannot be sent is refused without a connection too, and does not poison the next one (%#)',
    async (options) => {
      const client = newClient({ url: here.url });
      const bad = failure(client.publish('a', 'x', options as object), 'invalid');
      const good = client.publish('a', 'x', { qos: 1 });
      await within(client.connect(), 'connecting');
      await within(good, 'the message behind it');
      await bad;
      expect([client.inflight, client.queued, client.errors, client.connected]).toEqual([0, 0, [], true]);
    },
  );

  it('waits for the first connection, and keeps its order', async () => {
    const other = await here.connect();
    const got: string[] = [];
    await other.subscribe('q', { qos: 2 }, (message) => void got.push(message.text()));
    const client = newClient({ url: here.url });
    const sent = Array.from({ length: 50 }, (_, i) => client.publish('q', `${i}`, { qos: 1 }));
    expect(client.queued).toBe(50);
    await client.connect();
    await within(Promise.all(sent), 'the results');
    await until(() => got.length === 50, 'the messages');
    expect(got).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
  });

  it('more than the receive maximum at once all arrive, in order', async () => {
    const client = await here.connect();
    const got: number[] = [];
    await client.subscribe('many', { qos: 2 }, (message) => void got.push(Number(message.text())));
    const qos = 2;
    const sent = Array.from({ length: 500 }, (_, i) => client.publish('many', `${i}`, { qos }));
    await within(Promise.all(sent), 'the results', 10_000);
    await until(() => got.length === 500, 'the messages', 10_000);
    expect(got).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  it('an aborted signal refuses at once, with its reason', async () => {
    const client = await here.connect();
    const reason = new Error('no');
    await expect(client.publish('a', 'x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('a broker with limits', () => {
  const here = useBroker({ maxQos: 1, retainAvailable: false, maxPacketSize: 1000, maxTopicAlias: 2 });

  it('is not sent what it cannot take: `unsupported`, with the reason', async () => {
    const client = await here.connect();
    const refusals = [
      [{ qos: 2 as const }, 'x', ReasonCode.QoSNotSupported],
      [{ retain: true }, 'x', ReasonCode.RetainNotSupported],
      [{ qos: 1 as const }, 'x'.repeat(1000), ReasonCode.PacketTooLarge],
      [{ properties: { contentType: 'x'.repeat(990) } }, '', ReasonCode.PacketTooLarge],
    ] as const;
    for (const [options, payload, reason] of refusals)
      expect((await failure(client.publish('a', payload, options), 'unsupported')).reason).toBe(reason);
    await client.publish('a', 'x', { qos: 1 });
    expect(client.errors).toEqual([]);
  });

  it('refuses what waited and it cannot take, and the rest goes on', async () => {
    const client = newClient({ url: here.url });
    const bad = failure(client.publish('a', 'x', { qos: 2 }), 'unsupported');
    const good = client.publish('a', 'x', { qos: 1 });
    await client.connect();
    await bad;
    await within(good, 'the message behind it');
  });
});

describe('a server that takes packets of at most 1000 bytes', () => {
  it.each([false, true])(
    'gets those of exactly 1000, and never a larger one (topic aliases: %s)',
    async (sendTopicAliases) => {
      const server = await FakeServer.start();
      const limits = { maximumPacketSize: 1000, topicAliasMaximum: 100 };
      const [client, peer] = await server.serve({ sendTopicAliases }, limits);
      let refused = 0;
      for (let size = 960; size <= 1000; size++)
        await client.publish(`t${size}`, 'x'.repeat(size)).catch((error: { code: string }) => {
          expect(error.code).toBe('unsupported');
          refused++;
        });
      for (let i = 0; i < 41 - refused; i++) await peer.next('publish');
      expect(refused).toBeGreaterThan(5);
      expect(peer.largestPacket).toBe(1000);
    },
  );
});

describe('a broker whose plugin refuses', () => {
  const here = useBroker({
    plugins: [
      { name: 'guard', publish: (_, { topic }) => (topic === 'no' ? ReasonCode.QuotaExceeded : undefined) },
    ],
  });

  it.each([1, 2] as const)('rejects as `rejected` with its reason (MQTT 5, QoS %i)', async (qos) => {
    const client = await here.connect();
    const error = await failure(client.publish('no', 'x', { qos }), 'rejected');
    expect(error.reason).toBe(ReasonCode.QuotaExceeded);
    await client.publish('yes', 'x', { qos });
    expect([client.inflight, client.connected]).toEqual([0, true]);
  });
});

describe('topic aliases', () => {
  it('[MQTT-3.3.2-8] are used to the server as far as it allows, and begin anew with each connection', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ sendTopicAliases: true }, { topicAliasMaximum: 2 });
    for (const topic of ['one', 'two', 'three', 'one', 'two', 'three']) await client.publish(topic, topic);
    const seen = [];
    for (let i = 0; i < 6; i++) {
      const packet = await peer.next('publish');
      expect(text(packet)).toMatch(/one|two|three/);
      seen.push([packet.topic, packet.properties?.topicAlias]);
    }
    expect(seen).toEqual([
      ['one', 1],
      ['two', 2],
      ['three', undefined],
      ['', 1],
      ['', 2],
      ['three', undefined],
    ]);
    peer.socket.destroy();
    const again = await (await server.peer()).welcome({ topicAliasMaximum: 1 });
    await until(() => client.connected, 'the second connection');
    await client.publish('one', 'one');
    expect(await again.next('publish')).toMatchObject({ topic: 'one', properties: { topicAlias: 1 } });
  });

  it('are not used unless the program wants it, nor to a server that takes none', async () => {
    const server = await FakeServer.start();
    for (const [options, properties] of [
      [{}, { topicAliasMaximum: 5 }],
      [{ sendTopicAliases: true }, {}],
    ] as const) {
      const [client, peer] = await server.serve(options, properties);
      await client.publish('t', 'x');
      const { topic, properties: sent } = await peer.next('publish');
      expect([topic, sent?.topicAlias]).toEqual(['t', undefined]);
    }
  });

  it('that the server uses stand for their topics', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ topicAliasMaximum: 2 });
    const topics: string[] = [];
    client.on('message', ({ topic }) => void topics.push(topic));
    peer.send(
      peer.message('one', '', { properties: { topicAlias: 1 } }),
      peer.message('two', '', { properties: { topicAlias: 2 } }),
      peer.message('', '', { properties: { topicAlias: 1 } }),
      peer.message('three', '', { properties: { topicAlias: 1 } }),
      peer.message('', '', { properties: { topicAlias: 1 } }),
    );
    await until(() => topics.length === 5, 'the messages');
    expect(topics).toEqual(['one', 'two', 'one', 'three', 'three']);
  });

  it.each([
    ['0', 'a', 0],
    ['one beyond the maximum', 'a', 3],
    ['one that was never set', '', 2],
  ])('that the server must not use (%s) end the connection with the reason', async (_, topic, topicAlias) => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ topicAliasMaximum: 2, reconnect: false });
    const ended = new Promise((resolve) => client.on('end', resolve));
    peer.send(peer.message(topic, '', { properties: { topicAlias } }));
    expect(await within(ended, 'the end')).toMatchObject({ code: 'protocol' });
    expect((await peer.next('disconnect')).reason).toBeGreaterThanOrEqual(0x80);
  });

  it('work both ways with our broker', async () => {
    const { BrokerHere } = await import('./help.js');
    const here = new BrokerHere();
    await here.start();
    const client = await here.connect({ sendTopicAliases: true, topicAliasMaximum: 10 });
    const got: string[] = [];
    await client.subscribe('#', {}, (message) => void got.push(`${message.topic} ${message.text()}`));
    const wanted: string[] = [];
    for (let i = 0; i < 100; i++) {
      wanted.push(`t${i % 15} ${i}`);
      await client.publish(`t${i % 15}`, `${i}`, { qos: 1 });
    }
    await until(() => got.length === 100, 'the messages');
    expect(got).toEqual(wanted);
    await here.broker.close();
  });
});

describe('back-pressure', () => {
  it('holds a publisher of QoS 0 up that waits, when the server does not read', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ queue: { maxBytes: 4_000_000 } });
    peer.socket.pause();
    let published = 0;
    const loop = (async () => {
      for (; published < 2000; published++) await client.publish('t', new Uint8Array(20_000));
    })().catch(() => {});
    await pause(300);
    const before = published;
    await pause(100);
    // what a socket's buffers take is some megabytes; all together would be 40
    expect([published === before, published < 1500]).toEqual([true, true]);
    peer.socket.resume();
    await until(() => published === 2000, 'the rest', 10_000);
    await loop;
  });

  it('refuses a publisher of QoS 0 that does not wait, beyond the limit of bytes', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ queue: { maxBytes: 1_000_000 } });
    peer.socket.pause();
    const outcomes = Array.from({ length: 300 }, () =>
      client.publish('t', new Uint8Array(100_000)).then(
        () => 'sent',
        (error: { code: string }) => error.code,
      ),
    );
    peer.socket.resume();
    const counts = await within(Promise.all(outcomes), 'the outcomes', 10_000);
    expect(counts.filter((one) => one === 'queue-full').length).toBeGreaterThan(200);
    expect(counts.filter((one) => one === 'sent').length).toBeGreaterThan(5);
  });

  it('an abort frees who waits for a server that does not read', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({});
    peer.socket.pause();
    void client.publish('t', new Uint8Array(30_000_000)).catch(() => {});
    const controller = new AbortController();
    const waits = client.publish('t', 'x', { signal: controller.signal });
    await pause(20);
    controller.abort(new Error('no longer'));
    await expect(within(waits, 'the abort', 1000)).rejects.toThrow('no longer');
  });
});

describe('acknowledgements of a server written by hand', () => {
  it('with reasons and properties are the result', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const result = client.publish('t', 'x', { qos: 1 });
    const { packetId } = await peer.next('publish');
    const properties = { reasonString: 'thanks', userProperties: [['a', 'b']] as [string, string][] };
    peer.send({ type: 'puback', packetId: packetId!, reason: 0x10, properties });
    expect(await within(result, 'the result')).toEqual({ packetId, reason: 0x10, properties });
  });

  it('never come: the message goes again with DUP on the next connection, until it is acknowledged', async () => {
    const server = await FakeServer.start();
    const [client, first] = await server.serve({ clientId: 'c', cleanStart: false });
    const result = client.publish('t', 'x', { qos: 1 });
    const { packetId } = await first.next('publish');
    first.socket.destroy();
    const second = await (await server.peer()).welcome({}, true);
    expect(await second.next('publish')).toMatchObject({ packetId, dup: true, topic: 't' });
    second.acknowledge('puback', packetId!);
    expect((await within(result, 'the result')).packetId).toBe(packetId);
  });

  it.each([4, 5] as const)(
    'PUBREC that is not followed by PUBCOMP: PUBREL goes again (version %i)',
    async (version) => {
      const server = await FakeServer.start();
      const [client, first] = await server.serve({ version, clientId: 'c', cleanStart: false });
      const result = client.publish('t', 'x', { qos: 2 });
      const { packetId } = await first.next('publish');
      first.acknowledge('pubrec', packetId!);
      await first.next('pubrel');
      first.socket.destroy();
      const second = await (await server.peer(version)).welcome({}, true);
      expect(await second.next('pubrel')).toMatchObject({ packetId });
      second.acknowledge('pubcomp', packetId!);
      await within(result, 'the result');
    },
  );

  it('MQTT 3.1 cannot say that a session is there: a QoS 2 message goes on where it was', async () => {
    const server = await FakeServer.start();
    const [client, first] = await server.serve({ version: 3, clientId: 'c', cleanStart: false });
    const results = [client.publish('t', 'a', { qos: 2 }), client.publish('t', 'b', { qos: 2 })];
    const ids = [(await first.next('publish')).packetId!, (await first.next('publish')).packetId!];
    first.acknowledge('pubrec', ids[0]!);
    await first.next('pubrel');
    first.socket.destroy();
    // MQTT 3.1: the byte of CONNACK that says so later is reserved
    const second = await (await server.peer(3)).welcome({}, false);
    expect(await second.next('pubrel')).toMatchObject({ packetId: ids[0] });
    expect(await second.next('publish')).toMatchObject({ packetId: ids[1], dup: true });
    for (const id of ids) second.acknowledge('pubcomp', id);
    await within(Promise.all(results), 'the results');
  });

  it('are waited for by disconnect', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const result = client.publish('t', 'x', { qos: 1 });
    let isDone = false;
    const done = client.disconnect().then(() => (isDone = true));
    const { packetId } = await peer.next('publish');
    await pause(30);
    expect(isDone).toBe(false);
    peer.acknowledge('puback', packetId!);
    await within(result, 'the result');
    expect(await peer.next('disconnect')).toMatchObject({ reason: 0 });
    peer.socket.end();
    await within(done, 'disconnecting');
    expect(client.state).toBe('ended');
  });

  it('are waited for no longer than the timeout of disconnect, then the rest is rejected', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const failed = failure(client.publish('t', 'x', { qos: 1 }), 'ended');
    const done = client.disconnect({ timeout: 30 });
    await peer.next('publish');
    await peer.next('disconnect');
    peer.socket.end();
    await within(done, 'disconnecting');
    await failed;
  });
});
