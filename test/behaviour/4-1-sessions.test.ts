// Session state (MQTT 5 section 4.1): what is remembered of a client between connections, and for how long.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { type ConnectOptions, freshId, type TestClient } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

function persistent(clientId = freshId(), sessionExpiryInterval = 60): ConnectOptions {
  return { clientId, cleanStart: false, properties: { sessionExpiryInterval } };
}

async function isThere(clientId: string): Promise<boolean> {
  const client = await server.connect({ clientId, cleanStart: false });
  await client.disconnect();
  return client.connack.sessionPresent;
}

describe('the session expiry interval', () => {
  test('[MQTT-3.1.2-23] 0 or none ends the session with its connection', async () => {
    const clientId = freshId();
    await (await server.connect({ clientId, cleanStart: false })).drop();
    expect(await isThere(clientId)).toBe(false);
    await (await server.connect(persistent(clientId, 0))).drop();
    expect(await isThere(clientId)).toBe(false);
  });

  test('[MQTT-3.1.2-23] that end comes too when another connection takes the name', async () => {
    const clientId = freshId();
    const first = await server.connect({ clientId });
    await first.subscribe('a', { qos: 1 });
    const second = await server.connect({ clientId, cleanStart: false });
    expect(second.connack.sessionPresent).toBe(false);
    const publisher = await server.connect();
    await publisher.publish('a', 'x', { qos: 1 });
    await second.nothing();
  });

  test('[MQTT-3.1.2-23] [MQTT-4.1.0-1] [MQTT-4.1.0-2] the session lasts that long after the connection, and all through it', async () => {
    const [short, long, longest, ever, connected] = [freshId(), freshId(), freshId(), freshId(), freshId()];
    const stays = await server.connect(persistent(connected, 1));
    await stays.subscribe('a', { qos: 1 });
    await (await server.connect(persistent(short, 1))).drop();
    await (await server.connect(persistent(long, 60))).drop();
    await (await server.connect(persistent(longest, 0xffff_fffe))).drop();
    await (await server.connect(persistent(ever, 0xffff_ffff))).drop();
    await delay(2500);
    await stays.drop();
    expect(await isThere(connected)).toBe(true);
    expect(await isThere(short)).toBe(false);
    expect(await isThere(long)).toBe(true);
    expect(await isThere(longest)).toBe(true);
    expect(await isThere(ever)).toBe(true);
  });

  test('is that of the last CONNECT', async () => {
    const clientId = freshId();
    await (await server.connect(persistent(clientId, 60))).drop();
    await (await server.connect(persistent(clientId, 0))).drop();
    expect(await isThere(clientId)).toBe(false);
  });

  test('[MQTT-4.1.0-2] a session that is gone receives nothing', async () => {
    const clientId = freshId();
    const publisher = await server.connect();
    const first = await server.connect({ clientId });
    await first.subscribe('a', { qos: 1 });
    await first.drop();
    expect(await publisher.publish('a', 'x', { qos: 1 })).toBe(ReasonCode.NoMatchingSubscribers);
    const second = await server.connect({ clientId, cleanStart: false });
    await second.nothing();
  });
});

describe('a session that is resumed', () => {
  test('[MQTT-4.5.0-1] [MQTT-3.1.2-5] has the QoS 1 and 2 messages that came meanwhile, in order', async () => {
    const options = persistent();
    const publisher = await server.connect();
    const first = await server.connect(options);
    await first.subscribe('a/#', { qos: 2 });
    await first.drop();
    for (let i = 0; i < 10; i++) {
      await publisher.publish('a/b', `${i}`, { qos: i % 2 === 0 ? 1 : 2 });
    }
    const second = await server.connect(options);
    const got = [];
    for (let i = 0; i < 10; i++) got.push(await second.next('publish'));
    expect(got.map((message) => [message.qos, message.dup])).toEqual(
      Array.from({ length: 10 }, (_, i) => [i % 2 === 0 ? 1 : 2, false]),
    );
    await second.nothing();
    await second.drop();
    await (await server.connect(options)).nothing(); // acknowledged is acknowledged
  });

  test('has no QoS 0 messages, unless it should', async () => {
    const options = persistent();
    const publisher = await server.connect();
    const first = await server.connect(options);
    await first.subscribe('a', { qos: 1 });
    await first.drop();
    await publisher.publish('a', 'lost');
    await publisher.publish('a', 'kept', { qos: 1 });
    const second = await server.connect(options);
    expect(await second.texts(1)).toEqual(['kept']);
    await second.nothing();
  });

  test('has its subscriptions with all their options', async () => {
    const options = persistent();
    const first = await server.connect(options);
    await first.subscribe('rap', { qos: 1, retainAsPublished: true }, { subscriptionIdentifier: [77] });
    await first.subscribe('own', { qos: 1, noLocal: true });
    await first.subscribe('low', { qos: 0 });
    await first.drop();
    const second = await server.connect(options);
    const publisher = await server.connect();
    await publisher.publish('rap', 'x', { qos: 2, retain: true });
    expect(await second.next('publish')).toMatchObject({
      qos: 1,
      retain: true,
      properties: { subscriptionIdentifier: [77] },
    });
    await second.publish('own', 'x', { qos: 1 });
    await publisher.publish('low', 'x', { qos: 2 });
    expect(await second.next('publish')).toMatchObject({ topic: 'low', qos: 0 });
    await second.nothing();
  });

  test('[MQTT-4.3.3-10] knows the QoS 2 identifiers that wait for their PUBREL', async () => {
    const options = persistent();
    const receiver = await server.connect();
    await receiver.subscribe('a');
    const first = await server.connect(options);
    first.send(first.message('a', 'once', { qos: 2, packetId: 5 }));
    await first.next('pubrec');
    await first.drop();
    const second = await server.connect(options);
    second.send(second.message('a', 'once', { qos: 2, packetId: 5, dup: true }));
    expect(await second.next('pubrec')).toMatchObject({ packetId: 5, reason: 0 });
    second.acknowledge('pubrel', 5);
    expect(await second.next('pubcomp')).toMatchObject({ packetId: 5, reason: 0 });
    expect(await receiver.texts(1)).toEqual(['once']);
    await receiver.nothing();
  });

  test('[MQTT-3.1.2-4] has nothing of this after Clean Start 1', async () => {
    const options = persistent();
    const receiver = await server.connect();
    await receiver.subscribe('a');
    const first = await server.connect({ ...options, acknowledge: false });
    await first.subscribe('b', { qos: 1 });
    first.send(first.message('a', 'one', { qos: 2, packetId: 5 }));
    await first.next('pubrec');
    await first.drop();
    const second = await server.connect({ ...options, cleanStart: true });
    await second.publish('a', 'two', { qos: 2, packetId: 5 });
    // the first may be delivered when it comes, or with its PUBREL, which never came
    const got = await receiver.texts(1);
    if (got[0] === 'one') got.push(...(await receiver.texts(1)));
    expect(got.at(-1)).toBe('two');
    await second.nothing();
  });

  test('may be resumed with another protocol version', async () => {
    const clientId = freshId();
    const publisher = await server.connect();
    const first = await server.connect({ version: 4, clientId, cleanStart: false });
    await first.subscribe('a', { qos: 1 });
    await first.disconnect();
    await publisher.publish('a', 'x', { qos: 1, properties: { contentType: 'y' } });
    const second = await server.connect(persistent(clientId));
    expect(second.connack.sessionPresent).toBe(true);
    expect(await second.next('publish')).toMatchObject({ properties: { contentType: 'y' } });
    await second.disconnect();
    const third = await server.connect({ version: 4, clientId, cleanStart: false });
    expect(third.connack.sessionPresent).toBe(true);
  });

  test('has messages in flight that its displaced connection did not acknowledge', async () => {
    const options = persistent();
    const publisher = await server.connect();
    const first = await server.connect({ ...options, acknowledge: false });
    await first.subscribe('a', { qos: 1 });
    await publisher.publish('a', 'x', { qos: 1 });
    const sent = await first.next('publish');
    const second = await server.connect(options);
    expect(await second.next('publish')).toMatchObject({ dup: true, packetId: sent.packetId });
  });
});

describe('MQTT 3.1.1', () => {
  test('[MQTT3-3.1.2-4] [MQTT3-3.2.2-2] [MQTT3-3.2.2-3] [MQTT3-4.1.0-1] Clean Session 0 begins a session that is stored', async () => {
    const options: ConnectOptions = { version: 4, clientId: freshId(), cleanStart: false };
    const first = await server.connect(options);
    expect(first.connack.sessionPresent).toBe(false);
    await first.drop();
    const second = await server.connect(options);
    expect(second.connack.sessionPresent).toBe(true);
  });

  test('[MQTT3-3.1.2-5] it collects QoS 1 and 2 messages', async () => {
    const options: ConnectOptions = { version: 4, clientId: freshId(), cleanStart: false };
    const publisher = await server.connect({ version: 4 });
    const first = await server.connect(options);
    await first.subscribe('a', { qos: 2 });
    await first.disconnect();
    for (const qos of [0, 1, 2] as const) await publisher.publish('a', `${qos}`, { qos });
    const second = await server.connect(options);
    expect(await second.texts(2)).toEqual(['1', '2']);
    await second.nothing();
  });

  test('[MQTT3-3.1.2-6] [MQTT3-3.1.4-3] [MQTT3-3.2.2-1] Clean Session 1 drops it, and leaves nothing behind', async () => {
    const clientId = freshId();
    const first = await server.connect({ version: 4, clientId, cleanStart: false });
    await first.subscribe('a', { qos: 1 });
    await first.disconnect();
    const second = await server.connect({ version: 4, clientId, cleanStart: true });
    expect(second.connack.sessionPresent).toBe(false);
    await second.subscribe('b', { qos: 1 });
    await second.disconnect();
    const third = await server.connect({ version: 4, clientId, cleanStart: false });
    expect(third.connack.sessionPresent).toBe(false);
    const publisher = await server.connect();
    await publisher.publish('a', 'x', { qos: 1 });
    await publisher.publish('b', 'x', { qos: 1 });
    await third.nothing();
  });

  test('MQTT 3.1 has no Session Present, but the session', async () => {
    const options: ConnectOptions = { version: 3, clientId: freshId(), cleanStart: false };
    const publisher = await server.connect();
    const first = await server.connect(options);
    await first.subscribe('a', { qos: 1 });
    await first.disconnect();
    await publisher.publish('a', 'x', { qos: 1 });
    const second = await server.connect(options);
    expect(second.connack.sessionPresent).toBe(false);
    expect(await second.texts(1)).toEqual(['x']);
  });
});

describe('limits', () => {
  async function queueUp(limited: typeof server, count: number, size = 1): Promise<TestClient> {
    const options = persistent();
    const publisher = await limited.connect();
    const first = await limited.connect(options);
    await first.subscribe('a', { qos: 1 });
    await first.disconnect();
    for (let i = 0; i < count; i++) {
      await publisher.publish('a', `${i}`.padStart(size, '0'), { qos: 1, packetId: 1 });
    }
    return limited.connect(options);
  }

  describe('of messages', () => {
    const limited = useServer({ maxQueuedMessages: 5 });
    test('a full queue keeps its first messages, and takes no more', async () => {
      const client = await queueUp(limited, 8);
      expect(await client.texts(5)).toEqual(['0', '1', '2', '3', '4']);
      await client.nothing();
    });
  });

  describe('of bytes', () => {
    const limited = useServer({ maxQueuedBytes: 1000 });
    testOurs('so does one that has too many bytes', async () => {
      const client = await queueUp(limited, 20, 150);
      const got = await client.texts(6);
      expect(got.map(Number)).toEqual([0, 1, 2, 3, 4, 5]);
    });
  });

  describe('queueQos0Messages', () => {
    const limited = useServer({ queueQos0Messages: true });
    test('keeps QoS 0 messages for sessions that are offline', async () => {
      const options = persistent();
      const publisher = await limited.connect();
      const first = await limited.connect(options);
      await first.subscribe('a', { qos: 1 });
      await first.disconnect();
      await publisher.publish('a', 'zero');
      await publisher.publish('a', 'one', { qos: 1 });
      const second = await limited.connect(options);
      expect(await second.texts(2)).toEqual(['zero', 'one']);
      await second.nothing();
    });
  });

  describe('maxSessionExpiry', () => {
    const limited = useServer({ maxSessionExpiry: 30 });
    testOurs('cuts the interval, and the CONNACK tells', async () => {
      const cut = await limited.connect(persistent(freshId(), 60));
      expect(cut.connack.properties).toMatchObject({ sessionExpiryInterval: 30 });
      const never = await limited.connect(persistent(freshId(), 0xffff_ffff));
      expect(never.connack.properties).toMatchObject({ sessionExpiryInterval: 30 });
      const short = await limited.connect(persistent(freshId(), 30));
      expect(short.connack.properties).not.toHaveProperty('sessionExpiryInterval');
    });
  });
});
