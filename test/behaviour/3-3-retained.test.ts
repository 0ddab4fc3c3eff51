// Retained messages (MQTT 5 sections 3.3.1.3 and 3.8.3.1): stored by topic, sent when somebody subscribes.
import { describe, expect, test } from 'vitest';
import type { QoS } from '../../src/protocol/index.js';
import { freshId, type TestClient, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

/** What a new subscriber gets for a filter, as 'topic=payload', in any order. */
async function retainedFor(filter: string, subscriber?: TestClient): Promise<string[]> {
  const client = subscriber ?? (await server.connect());
  await client.subscribe(filter);
  client.send({ type: 'pingreq' });
  const found: string[] = [];
  for (let packet = await client.any(); packet.type === 'publish'; packet = await client.any()) {
    expect(packet.retain).toBe(true);
    found.push(`${packet.topic}=${text(packet)}`);
  }
  return found.sort();
}

describe('a message with RETAIN 1', () => {
  test('[MQTT-3.3.1-5] [MQTT3-3.3.1-6] [MQTT3-3.3.1-8] is sent to those who subscribe later', async () => {
    const publisher = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true });
    for (const version of [3, 4, 5] as const) {
      const client = await server.connect({ version });
      await client.subscribe('r/1');
      expect(await client.next('publish')).toMatchObject({ topic: 'r/1', retain: true, qos: 0, dup: false });
    }
  });

  test('[MQTT-3.3.1-5] replaces the one of its topic, whatever its QoS', async () => {
    const publisher = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true, qos: 2 });
    await publisher.publish('r/1', 'two', { retain: true, qos: 0 });
    await publisher.publish('r/2', 'other', { retain: true, qos: 1 });
    expect(await retainedFor('r/#')).toEqual(['r/1=two', 'r/2=other']);
  });

  test('[MQTT-3.3.1-5] is stored with its QoS', async () => {
    const publisher = await server.connect();
    for (const qos of [0, 1, 2] as QoS[]) await publisher.publish(`r/${qos}`, 'x', { retain: true, qos });
    for (const granted of [0, 1, 2] as QoS[]) {
      const client = await server.connect();
      for (const qos of [0, 1, 2] as QoS[]) {
        await client.subscribe(`r/${qos}`, { qos: granted });
        expect(await client.next('publish')).toMatchObject({ qos: Math.min(qos, granted), retain: true });
      }
    }
  });

  test('is stored with its properties', async () => {
    const publisher = await server.connect();
    const properties = { contentType: 'x/y', userProperties: [['a', 'b']] as [string, string][] };
    await publisher.publish('r/1', 'one', { retain: true, properties });
    const client = await server.connect();
    await client.subscribe('r/1', {}, { subscriptionIdentifier: [9] });
    expect((await client.next('publish')).properties).toEqual({ ...properties, subscriptionIdentifier: [9] });
  });

  test('[MQTT-3.3.1-12] [MQTT3-3.3.1-9] goes to those who subscribed already with RETAIN 0', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    const old = await server.connect({ version: 4 });
    await subscriber.subscribe('r/1');
    await old.subscribe('r/1');
    await publisher.publish('r/1', 'one', { retain: true });
    expect(await subscriber.next('publish')).toMatchObject({ retain: false });
    expect(await old.next('publish')).toMatchObject({ retain: false });
  });

  test('[MQTT-3.3.1-13] or as it was published, if they asked for that', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('r/1', { retainAsPublished: true });
    await publisher.publish('r/1', 'one', { retain: true });
    expect(await subscriber.next('publish')).toMatchObject({ retain: true });
    await publisher.publish('r/1', 'two', { retain: false });
    expect(await subscriber.next('publish')).toMatchObject({ retain: false });
  });

  test('[MQTT3-3.1.2-7] outlives the session of its publisher', async () => {
    const publisher = await server.connect({ version: 4 });
    await publisher.publish('r/1', 'one', { retain: true });
    await publisher.disconnect();
    expect(await retainedFor('r/1')).toEqual(['r/1=one']);
  });

  test('may have $ at the start of its topic, where a leading wildcard does not find it', async () => {
    const publisher = await server.connect();
    await publisher.publish('$own/1', 'one', { retain: true });
    expect(await retainedFor('#')).toEqual([]);
    expect(await retainedFor('+/1')).toEqual([]);
    expect(await retainedFor('$own/#')).toEqual(['$own/1=one']);
  });

  test('is found by every filter that matches its topic', async () => {
    const publisher = await server.connect();
    for (const topic of ['a', 'a/b', 'a/b/c', 'a//c', '/a', 'b']) {
      await publisher.publish(topic, 'x', { retain: true });
    }
    const find = async (filter: string) =>
      (await retainedFor(filter)).map((found) => found.slice(0, -2)).sort();
    expect(await find('#')).toEqual(['/a', 'a', 'a//c', 'a/b', 'a/b/c', 'b']);
    expect(await find('+')).toEqual(['a', 'b']);
    expect(await find('a/#')).toEqual(['a', 'a//c', 'a/b', 'a/b/c']);
    expect(await find('a/+')).toEqual(['a/b']);
    expect(await find('a/+/c')).toEqual(['a//c', 'a/b/c']);
    expect(await find('+/+')).toEqual(['/a', 'a/b']);
    expect(await find('+/b/#')).toEqual(['a/b', 'a/b/c']);
    expect(await find('A')).toEqual([]);
  });
});

describe('an empty message with RETAIN 1', () => {
  test('[MQTT-3.3.1-6] [MQTT-3.3.1-7] clears the topic, and is forwarded like any other', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true });
    await subscriber.subscribe('r/1', { retainHandling: 2 });
    await publisher.publish('r/1', '', { retain: true, qos: 1 });
    const cleared = await subscriber.next('publish');
    expect(cleared).toMatchObject({ topic: 'r/1', retain: false });
    expect(text(cleared)).toBe('');
    expect(await retainedFor('r/1')).toEqual([]);
  });

  test('[MQTT-3.3.1-7] is not stored where there was nothing', async () => {
    const publisher = await server.connect();
    await publisher.publish('r/1', '', { retain: true });
    expect(await retainedFor('#')).toEqual([]);
  });
});

describe('a message with RETAIN 0', () => {
  test('[MQTT-3.3.1-8] is not stored, and leaves what is stored alone', async () => {
    const publisher = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true });
    await publisher.publish('r/1', 'two');
    await publisher.publish('r/1', '');
    await publisher.publish('r/2', 'two');
    expect(await retainedFor('#')).toEqual(['r/1=one']);
  });
});

describe('Retain Handling', () => {
  /** Whether subscribing again, after the first time, brings the retained message. */
  async function brings(first: number | null, second: number): Promise<boolean> {
    const publisher = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true });
    const client = await server.connect();
    if (first !== null) await client.subscribe('r/1', { retainHandling: first });
    if (first === 0 || first === 1) await client.next('publish');
    await client.subscribe('r/1', { retainHandling: second });
    client.send({ type: 'pingreq' });
    return (await client.any()).type === 'publish';
  }

  test('[MQTT-3.3.1-9] [MQTT-3.8.4-4] 0 sends them with every subscribe', async () => {
    expect(await brings(null, 0)).toBe(true);
    expect(await brings(0, 0)).toBe(true);
    expect(await brings(2, 0)).toBe(true);
  });

  test('[MQTT-3.3.1-10] 1 sends them only for a new subscription', async () => {
    expect(await brings(null, 1)).toBe(true);
    expect(await brings(0, 1)).toBe(false);
    expect(await brings(2, 1)).toBe(false);
  });

  test('[MQTT-3.3.1-11] 2 sends none', async () => {
    expect(await brings(null, 2)).toBe(false);
    expect(await brings(0, 2)).toBe(false);
  });

  test('[MQTT-3.3.1-10] 1 takes a subscription of the resumed session for an old one', async () => {
    const publisher = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true });
    const session = { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const first = await server.connect(session);
    await first.subscribe('r/1', { retainHandling: 1 });
    await first.next('publish');
    await first.disconnect();
    const second = await server.connect(session);
    await second.subscribe('r/1', { retainHandling: 1 });
    await second.nothing();
    await second.unsubscribe('r/1');
    await second.subscribe('r/1', { retainHandling: 1 });
    expect(await second.texts(1)).toEqual(['one']);
  });

  test('[MQTT3-3.8.4-3] MQTT 3.1.1 sends them with every subscribe', async () => {
    const publisher = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true });
    const client = await server.connect({ version: 4 });
    for (let i = 0; i < 2; i++) {
      await client.subscribe('r/1');
      expect(await client.texts(1)).toEqual(['one']);
    }
  });

  test('holds for each filter of a SUBSCRIBE by itself', async () => {
    const publisher = await server.connect();
    await publisher.publish('r/1', 'one', { retain: true });
    await publisher.publish('r/2', 'two', { retain: true });
    const client = await server.connect();
    await client.request([
      { filter: 'r/1', retainHandling: 2 },
      { filter: 'r/2', retainHandling: 0 },
    ]);
    expect(await client.next('publish')).toMatchObject({ topic: 'r/2' });
    await client.nothing();
  });
});

describe('many retained messages', () => {
  testOurs('all reach a subscriber of QoS 1, beyond what may be in flight or queued', async () => {
    const publisher = await server.connect();
    const count = 3000;
    for (let i = 0; i < count; i++) {
      publisher.send(publisher.message(`many/${i}`, `${i}`, { retain: true }));
    }
    await publisher.nothing();
    const subscriber = await server.connect();
    await subscriber.subscribe('many/#', { qos: 1 });
    const found = await subscriber.texts(count);
    expect(new Set(found).size).toBe(count);
    await subscriber.nothing();
  });

  testOurs('of QoS 1 too', async () => {
    const publisher = await server.connect();
    const count = 1500;
    for (let i = 0; i < count; i++) {
      await publisher.publish(`many/${i}`, `${i}`, { retain: true, qos: 1, packetId: 1 });
    }
    const subscriber = await server.connect();
    await subscriber.subscribe('many/#', { qos: 1 });
    const found = await subscriber.texts(count);
    expect(new Set(found).size).toBe(count);
    await subscriber.nothing();
  });

  test('of QoS 1 that a connection had no time for come when the session is resumed', async () => {
    const publisher = await server.connect();
    const payloads = ['1', '2', '3', '4', '5'];
    for (const payload of payloads) {
      await publisher.publish(`many/${payload}`, payload, { retain: true, qos: 1 });
    }
    const session = { clientId: freshId(), cleanStart: false };
    const properties = { sessionExpiryInterval: 60 };
    const first = await server.connect({
      ...session,
      acknowledge: false,
      properties: { ...properties, receiveMaximum: 1 },
    });
    await first.subscribe('many/#', { qos: 1 });
    await first.next('publish');
    await first.drop();
    const second = await server.connect({ ...session, properties });
    expect((await second.texts(5)).sort()).toEqual(payloads);
    await second.nothing();
  });
});
