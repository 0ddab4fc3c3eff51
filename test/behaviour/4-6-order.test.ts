// Message ordering (MQTT 5 section 4.6): what one client publishes arrives in that order, by topic and QoS.
import { describe, expect, test } from 'vitest';
import type { Packet, QoS } from '../../src/protocol/index.js';
import { type ConnectOptions, freshId, type TestClient, text } from './client.js';
import { useServer } from './server.js';

const server = useServer();
const COUNT = 120;

/** Sends `count` messages without waiting for anything but the room that the receive maximum leaves. */
async function pour(publisher: TestClient, topic: string, qos: QoS, count: number): Promise<void> {
  for (let i = 0; i < count; i += 10) {
    const batch: Packet[] = [];
    for (let j = i; j < i + 10; j++) batch.push(publisher.message(topic, `${j}`, { qos, packetId: j + 1 }));
    publisher.send(...batch);
    if (qos === 0) continue;
    for (let j = i; j < i + 10; j++) {
      // [MQTT-4.6.0-2] [MQTT-4.6.0-3] bind a client; the server keeps the same order
      expect(await publisher.next(qos === 1 ? 'puback' : 'pubrec')).toMatchObject({ packetId: j + 1 });
    }
    if (qos === 1) continue;
    for (let j = i; j < i + 10; j++) publisher.acknowledge('pubrel', j + 1);
    for (let j = i; j < i + 10; j++) {
      expect(await publisher.next('pubcomp')).toMatchObject({ packetId: j + 1 });
    }
  }
}

const numbers = Array.from({ length: COUNT }, (_, i) => `${i}`);

describe.each([0, 1, 2] as QoS[])('QoS %i', (qos) => {
  test('[MQTT-4.6.0-5] [MQTT-4.6.0-6] every subscriber sees one publisher’s messages in order', async () => {
    const publisher = await server.connect();
    const subscribers = [];
    for (const granted of [0, 1, 2] as const) {
      const subscriber = await server.connect({ version: granted === 1 ? 4 : 5 });
      await subscriber.subscribe('order', { qos: granted });
      subscribers.push(subscriber);
    }
    await pour(publisher, 'order', qos, COUNT);
    for (const subscriber of subscribers) expect(await subscriber.texts(COUNT)).toEqual(numbers);
  });

  test('[MQTT-4.6.0-5] two publishers do not disturb each other’s order', async () => {
    const subscriber = await server.connect();
    await subscriber.subscribe('order/+', { qos });
    const publishers = [await server.connect(), await server.connect()];
    await Promise.all(publishers.map((publisher, index) => pour(publisher, `order/${index}`, qos, COUNT)));
    const seen: string[][] = [[], []];
    for (let i = 0; i < 2 * COUNT; i++) {
      const message = await subscriber.next('publish');
      seen[message.topic === 'order/0' ? 0 : 1]!.push(text(message));
    }
    expect(seen).toEqual([numbers, numbers]);
  });
});

test('[MQTT-4.6.0-5] order holds while a client is slow, away, and back', async () => {
  const session: ConnectOptions = {
    clientId: freshId(),
    cleanStart: false,
    properties: { sessionExpiryInterval: 60, receiveMaximum: 3 },
  };
  const publisher = await server.connect();
  const slow = await server.connect({ ...session, acknowledge: false });
  await slow.subscribe('order', { qos: 1 });
  await pour(publisher, 'order', 1, 40);
  const seen = [];
  for (let i = 0; i < 20; i++) {
    const message = await slow.next('publish');
    seen.push(text(message));
    slow.acknowledge('puback', message.packetId!);
  }
  await slow.drop();
  await pour(publisher, 'order', 1, 40);
  const back = await server.connect(session);
  const rest: string[] = [];
  while (rest.length === 0 || rest.filter((payload) => payload === '39').length < 2) {
    const message = await back.next('publish');
    if (!message.dup || !seen.includes(text(message)) || rest.length > 3) rest.push(text(message));
  }
  await back.nothing();
  const forty = Array.from({ length: 40 }, (_, i) => `${i}`);
  expect([...seen, ...rest]).toEqual([...forty, ...forty]);
});

test('[MQTT-4.6.0-5] the retained message of a topic comes before what is published after it', async () => {
  const publisher = await server.connect();
  for (let round = 0; round < 20; round++) {
    await publisher.publish('order', 'old', { retain: true, qos: 1 });
    const subscriber = await server.connect();
    subscriber.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { filter: 'order', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
    await subscriber.next('suback');
    publisher.send(publisher.message('order', 'new', { retain: true }));
    expect(await subscriber.texts(2)).toEqual(['old', 'new']);
    await subscriber.disconnect();
  }
});
