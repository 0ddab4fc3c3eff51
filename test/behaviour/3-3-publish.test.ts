// PUBLISH (MQTT 5 section 3.3): what is forwarded to whom, and what stays as it was.
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { bytes, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

describe('the answer', () => {
  test('[MQTT-3.3.4-1] [MQTT-3.4.2-1] is nothing for QoS 0, PUBACK for QoS 1, PUBREC for QoS 2', async () => {
    const client = await server.connect();
    const receiver = await server.connect();
    await receiver.subscribe('a');
    client.send(client.message('a', '0'));
    await client.nothing();
    client.send(client.message('a', '1', { qos: 1, packetId: 7 }));
    expect(await client.next('puback')).toMatchObject({ packetId: 7, reason: 0 });
    client.send(client.message('a', '2', { qos: 2, packetId: 8 }));
    expect(await client.next('pubrec')).toMatchObject({ packetId: 8, reason: 0 });
  });

  test('[MQTT-3.4.2-1] says 0x10 where nobody subscribed', async () => {
    const client = await server.connect();
    expect(await client.publish('lonely', 'x', { qos: 1 })).toBe(ReasonCode.NoMatchingSubscribers);
    expect(await client.publish('lonely', 'x', { qos: 1, retain: true })).toBe(
      ReasonCode.NoMatchingSubscribers,
    );
  });

  test('[MQTT-3.4.2-1] [MQTT-3.5.2-1] says 0x87 for topics that belong to the server', async () => {
    const client = await server.connect();
    expect(await client.publish('$SYS/broker/uptime', '0', { qos: 1 })).toBe(ReasonCode.NotAuthorized);
    expect(await client.publish('$SYS/broker/uptime', '0', { qos: 2 })).toBe(ReasonCode.NotAuthorized);
    await client.nothing();
  });

  test('[MQTT3-3.3.5-2] is the usual one in MQTT 3.1.1, which has no word for it', async () => {
    const client = await server.connect({ version: 4 });
    expect(await client.publish('$SYS/broker/uptime', '0', { qos: 1 })).toBe(0);
    expect(await client.publish('$SYS/broker/uptime', '0', { qos: 2 })).toBe(0);
  });
});

describe('a forwarded message', () => {
  test('[MQTT-3.3.2-3] has the topic and payload it was published with', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('sensors/+/temperature');
    const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
    await publisher.publish('sensors/kitchen/temperature', payload);
    await publisher.publish('sensors/kitchen/humidity', 'no');
    const message = await subscriber.next('publish');
    expect(message.topic).toBe('sensors/kitchen/temperature');
    expect(Buffer.from(message.payload)).toEqual(Buffer.from(payload));
    await subscriber.nothing();
  });

  test('may be large', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('large', { qos: 1 });
    for (const size of [0, 127, 128, 16_383, 16_384, 70_000, 1_500_000]) {
      const payload = new Uint8Array(size).fill(size & 0xff);
      await publisher.publish('large', payload, { qos: 1 });
      const received = await subscriber.next('publish');
      expect(Buffer.from(payload).equals(received.payload)).toBe(true);
    }
  });

  test('[MQTT-3.3.1-3] [MQTT-3.3.1-2] has DUP 0 though it came with DUP 1', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('dup', { qos: 1 });
    await publisher.publish('dup', 'x', { qos: 1, dup: true });
    expect(await subscriber.next('publish')).toMatchObject({ qos: 1, dup: false });
    await publisher.publish('dup', 'x', { qos: 2, dup: true });
    expect(await subscriber.next('publish')).toMatchObject({ qos: 1, dup: false });
    await subscriber.subscribe('dup', { qos: 0 });
    await publisher.publish('dup', 'x', { qos: 1, dup: true });
    expect(await subscriber.next('publish')).toMatchObject({ qos: 0, dup: false });
  });

  test('[MQTT-3.8.4-8] has the lower of the published and the granted QoS', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    for (const granted of [0, 1, 2] as const) {
      await subscriber.subscribe('qos', { qos: granted });
      for (const published of [0, 1, 2] as const) {
        await publisher.publish('qos', 'x', { qos: published });
        expect(await subscriber.next('publish')).toMatchObject({ qos: Math.min(granted, published) });
      }
    }
  });

  test('[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] has the properties it came with', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('p', { qos: 1 });
    const properties = {
      payloadFormatIndicator: 1,
      contentType: 'text/plain; charset=ütf',
      responseTopic: 'answer/to/me',
      correlationData: bytes('\u0000binary'),
      userProperties: [
        ['b', '2'],
        ['a', '1'],
        ['b', '1'],
        ['', ''],
        ['b', '2'],
      ] as [string, string][],
    };
    for (const qos of [0, 1] as const) {
      await publisher.publish('p', 'x', { qos, properties });
      const received = (await subscriber.next('publish')).properties!;
      expect(Buffer.from(received.correlationData!)).toEqual(Buffer.from(properties.correlationData));
      expect({ ...received, correlationData: null }).toEqual({ ...properties, correlationData: null });
    }
  });

  test('[MQTT-3.3.2-4] keeps a payload format indicator of 0', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('p');
    await publisher.publish('p', 'x', { properties: { payloadFormatIndicator: 0 } });
    expect((await subscriber.next('publish')).properties).toEqual({ payloadFormatIndicator: 0 });
  });

  test('loses its properties on the way to an MQTT 3.1.1 client, and nothing else', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect({ version: 4 });
    await subscriber.subscribe('p', { qos: 1 });
    await publisher.publish('p', 'x', {
      qos: 1,
      properties: { contentType: 'x', userProperties: [['a', 'b']] },
    });
    const received = await subscriber.next('publish');
    expect(received).toMatchObject({ topic: 'p', qos: 1 });
    expect(text(received)).toBe('x');
  });

  test('comes from an MQTT 3.1.1 client without properties', async () => {
    const publisher = await server.connect({ version: 4 });
    const subscriber = await server.connect();
    await subscriber.subscribe('p', { qos: 1 });
    await publisher.publish('p', 'x', { qos: 1 });
    const received = await subscriber.next('publish');
    expect(received).toMatchObject({ topic: 'p', qos: 1, properties: {} });
    expect(text(received)).toBe('x');
  });

  test('comes to every subscriber once, to its publisher too', async () => {
    const clients = [];
    for (let i = 0; i < 10; i++) {
      clients.push(await server.connect({ version: i % 2 === 0 ? 5 : 4 }));
      await clients[i]!.subscribe('all', { qos: (i % 3) as 0 | 1 | 2 });
    }
    const publisher = clients[0]!;
    publisher.send(publisher.message('all', 'hello', { qos: 0 }));
    for (const client of clients) expect(await client.texts(1)).toEqual(['hello']);
    for (const client of clients) await client.nothing();
  });
});

describe('a client that puts a subscription identifier on a PUBLISH', () => {
  test('[MQTT-3.3.4-6] is disconnected with 0x82', async () => {
    const client = await server.connect();
    client.send(client.message('a', 'x', { properties: { subscriptionIdentifier: [1] } }));
    await client.disconnected(ReasonCode.ProtocolError);
  });
});

describe('overlapping subscriptions', () => {
  test('[MQTT-3.3.4-2] deliver a message with the highest QoS among them', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.request([
      { filter: 'over/#', qos: 0 },
      { filter: 'over/lap', qos: 2 },
      { filter: 'over/+', qos: 1 },
    ]);
    await publisher.publish('over/lap', 'x', { qos: 2 });
    const first = await subscriber.next('publish');
    const copies = [first];
    subscriber.send({ type: 'pingreq' });
    for (let packet = await subscriber.any(); packet.type === 'publish'; packet = await subscriber.any()) {
      copies.push(packet);
    }
    expect(Math.max(...copies.map((copy) => copy.qos))).toBe(2);
    // the specification allows one copy, or one for each subscription
    expect([1, 3]).toContain(copies.length);
  });

  test('[MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5] deliver it with the identifiers of all of them', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('id/#', {}, { subscriptionIdentifier: [1] });
    await subscriber.subscribe('id/+', {}, { subscriptionIdentifier: [268_435_455] });
    await subscriber.subscribe('id/x', {}, { subscriptionIdentifier: [128] });
    await subscriber.subscribe('+/x');
    await subscriber.subscribe('other', {}, { subscriptionIdentifier: [5] });
    await publisher.publish('id/x', 'x');
    const identifiers: number[] = [];
    subscriber.send({ type: 'pingreq' });
    for (let packet = await subscriber.any(); packet.type === 'publish'; packet = await subscriber.any()) {
      identifiers.push(...(packet.properties!.subscriptionIdentifier ?? []));
    }
    expect(identifiers.sort((a, b) => a - b)).toEqual([1, 128, 268_435_455]);
  });

  testOurs('tell nobody else their identifiers', async () => {
    const publisher = await server.connect();
    const one = await server.connect();
    const two = await server.connect();
    await one.subscribe('id/x', {}, { subscriptionIdentifier: [1] });
    await two.subscribe('id/#');
    await publisher.publish('id/x', 'x');
    expect((await one.next('publish')).properties).toEqual({ subscriptionIdentifier: [1] });
    expect((await two.next('publish')).properties).toEqual({});
  });
});
