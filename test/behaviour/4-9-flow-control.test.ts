// Flow control (MQTT 5 section 4.9): the receive maximum in both directions, and clients that do not read.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { type ConnectOptions, freshId, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

describe('to the client', () => {
  test('[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] no more QoS 1 and 2 messages are under way than its Receive Maximum', async () => {
    const publisher = await server.connect();
    for (const receiveMaximum of [1, 2, 5]) {
      const client = await server.connect({ acknowledge: false, properties: { receiveMaximum } });
      await client.subscribe('a', { qos: 2 });
      for (let i = 0; i < 10; i++) await publisher.publish('a', `${i}`, { qos: i % 2 === 0 ? 1 : 2 });
      const underWay = [];
      for (let i = 0; i < receiveMaximum; i++) underWay.push(await client.next('publish'));
      await client.nothing();
      for (let i = receiveMaximum; i < 10; i++) {
        const message = underWay.shift()!;
        if (message.qos === 1) client.acknowledge('puback', message.packetId!);
        else {
          client.acknowledge('pubrec', message.packetId!);
          await client.next('pubrel');
          await client.nothing(); // PUBREC does not free the place
          client.acknowledge('pubcomp', message.packetId!);
        }
        underWay.push(await client.next('publish'));
        expect(text(underWay.at(-1)!)).toBe(`${i}`);
        await client.nothing();
      }
      await client.disconnect();
    }
  });

  test('[MQTT-4.9.0-2] a refusal frees the place', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false, properties: { receiveMaximum: 1 } });
    await client.subscribe('a', { qos: 1 });
    for (let i = 0; i < 3; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    for (let i = 0; i < 3; i++) {
      const message = await client.next('publish');
      expect(text(message)).toBe(`${i}`);
      client.acknowledge('puback', message.packetId!, ReasonCode.UnspecifiedError);
    }
  });

  test('[MQTT-3.3.4-10] [MQTT-4.9.0-3] QoS 0 messages and every other packet pass', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false, properties: { receiveMaximum: 1 } });
    await client.subscribe('a', { qos: 1 });
    await publisher.publish('a', 'held', { qos: 1 });
    await publisher.publish('a', 'waits', { qos: 1 });
    await client.next('publish');
    await publisher.publish('a', 'zero', { qos: 0 });
    expect(await client.texts(1)).toEqual(['zero']);
    await client.subscribe('b', { qos: 1 });
    await client.unsubscribe('b');
    await client.publish('c', 'x', { qos: 2 });
    await client.nothing();
  });

  test('without a Receive Maximum, and before MQTT 5, the server has a limit of its own', async () => {
    const publisher = await server.connect();
    for (const version of [4, 5] as const) {
      const client = await server.connect({ version, acknowledge: false });
      await client.subscribe('a', { qos: 1 });
      for (let i = 0; i < 25; i++) await publisher.publish('a', `${i}`, { qos: 1, packetId: 1 });
      await client.texts(20);
      await client.nothing();
      await client.disconnect();
    }
  });

  testOurs(
    '[MQTT-3.1.2-24] [MQTT-3.1.2-25] a message beyond its Maximum Packet Size is dropped, and counts as delivered',
    async () => {
      const publisher = await server.connect();
      const properties = { maximumPacketSize: 50, receiveMaximum: 1 };
      const client = await server.connect({ properties });
      await client.subscribe('a', { qos: 2 });
      for (const qos of [0, 1, 2] as const) {
        expect(await publisher.publish('a', 'x'.repeat(100), { qos })).toBe(0);
        await publisher.publish('a', `small${qos}`, { qos });
      }
      expect(await client.texts(3)).toEqual(['small0', 'small1', 'small2']);
      expect(client.largestPacket).toBeLessThanOrEqual(50);
    },
  );

  testOurs('[MQTT-3.1.2-24] a message of exactly that size is not', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ properties: { maximumPacketSize: 50 } });
    await client.subscribe('a', { qos: 1 });
    const overhead = 2 + 3 + 2 + 1; // fixed header, topic, packet identifier, property length
    await publisher.publish('a', 'x'.repeat(50 - overhead), { qos: 1 });
    await publisher.publish('a', 'x'.repeat(51 - overhead), { qos: 1 });
    expect((await client.texts(1))[0]).toHaveLength(50 - overhead);
    await client.nothing();
    expect(client.largestPacket).toBe(50);
  });

  testOurs('[MQTT-3.1.2-25] one that waited or is retained is dropped in the same way', async () => {
    const session: ConnectOptions = { clientId: freshId(), cleanStart: false };
    const publisher = await server.connect();
    const first = await server.connect({ ...session, properties: { sessionExpiryInterval: 60 } });
    await first.subscribe('a/#', { qos: 1 });
    await first.disconnect();
    for (let i = 0; i < 30; i++) {
      await publisher.publish(`a/${i}`, i % 2 === 0 ? `${i}` : 'x'.repeat(100), {
        qos: 1,
        retain: true,
        packetId: 1,
      });
    }
    const second = await server.connect({
      ...session,
      properties: { sessionExpiryInterval: 60, maximumPacketSize: 50, receiveMaximum: 2 },
    });
    const even = Array.from({ length: 15 }, (_, i) => `${2 * i}`);
    expect(await second.texts(15)).toEqual(even);
    await second.nothing();
    await second.subscribe('a/#', { qos: 1 });
    expect((await second.texts(15)).sort()).toEqual([...even].sort());
    await second.nothing();
    expect(second.largestPacket).toBeLessThanOrEqual(50);
  });
});

describe('from the client', () => {
  testOurs(
    '[MQTT-3.3.4-7] more QoS 2 messages than the server’s Receive Maximum end the connection with 0x93',
    async () => {
      const client = await server.connect();
      const { receiveMaximum } = client.connack.properties!;
      for (let i = 1; i <= receiveMaximum!; i++) {
        client.send(client.message('a', 'x', { qos: 2, packetId: i }));
        await client.next('pubrec');
      }
      client.send(client.message('a', 'x', { qos: 2, packetId: 1000 }));
      await client.disconnected(ReasonCode.ReceiveMaximumExceeded);
    },
  );

  test('[MQTT-4.9.0-3] at that limit every other packet is handled', async () => {
    const client = await server.connect();
    const { receiveMaximum } = client.connack.properties!;
    for (let i = 1; i <= receiveMaximum!; i++) {
      client.send(client.message('a', 'x', { qos: 2, packetId: i }));
      await client.next('pubrec');
    }
    client.send(client.message('a', 'x', { qos: 2, packetId: 1, dup: true })); // a repetition takes no place
    expect(await client.next('pubrec')).toMatchObject({ packetId: 1 });
    await client.subscribe('b');
    client.send(client.message('b', 'zero'));
    expect(await client.texts(1)).toEqual(['zero']);
    for (let i = 1; i <= receiveMaximum!; i++) {
      client.acknowledge('pubrel', i);
      await client.next('pubcomp');
    }
    expect(await client.publish('a', 'x', { qos: 2, packetId: 2000 })).toBe(0);
  });

  test('MQTT 3.1.1 knows no such limit', async () => {
    const client = await server.connect({ version: 4 });
    for (let i = 1; i <= 100; i++) {
      client.send(client.message('a', 'x', { qos: 2, packetId: i }));
      await client.next('pubrec');
    }
  });
});

describe('a client that does not read', () => {
  const small = useServer({ maxOutputBytes: 65_536, maxQueuedMessages: 100 });
  const payload = new Uint8Array(10_000);

  testOurs('misses QoS 0 messages, and delays nobody else', async () => {
    const [publisher, stuck, quick] = [await small.connect(), await small.connect(), await small.connect()];
    await stuck.subscribe('a');
    await quick.subscribe('a');
    stuck.pause();
    for (let i = 0; i < 100; i++) {
      await publisher.publish('a', payload);
      await quick.next('publish');
    }
    stuck.resume();
    await delay(50);
    stuck.send({ type: 'pingreq' });
    let got = 0;
    for (let packet = await stuck.any(); packet.type !== 'pingresp'; packet = await stuck.any()) got++;
    expect(got).toBeGreaterThan(0);
    expect(got).toBeLessThan(50);
  });

  testOurs('gets its QoS 1 messages when it reads again', async () => {
    const [publisher, stuck] = [await small.connect(), await small.connect()];
    await stuck.subscribe('a', { qos: 1 });
    stuck.pause();
    for (let i = 0; i < 60; i++) await publisher.publish('a', payload, { qos: 1, packetId: 1 });
    stuck.resume();
    for (let i = 0; i < 60; i++) expect(await stuck.next('publish')).toMatchObject({ qos: 1, dup: false });
    await stuck.nothing();
  });

  testOurs('and sends much is not read any more, so that answers do not pile up', async () => {
    const stuck = await small.connect();
    stuck.pause();
    const pings = new Uint8Array(20_000);
    for (let i = 0; i < pings.length; i += 2) pings[i] = 0xc0;
    const times = 10;
    for (let i = 0; i < times; i++) stuck.sendBytes(pings);
    await delay(100);
    expect(stuck.unsent).toBeGreaterThan(50_000);
    stuck.resume();
    for (let i = 0; i < (times * pings.length) / 2; i++) await stuck.any();
    await stuck.nothing();
  });
});
