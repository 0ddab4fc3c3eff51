// The message expiry interval (MQTT 5 section 3.3.2.3.3): counts down while a message waits, then drops it.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freshId } from './client.js';
import { testOurs, useSharedServer } from './server.js';

const server = useSharedServer();
const session = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test.concurrent('[MQTT-3.3.2-6] a message that did not wait has the interval it came with', async () => {
  const publisher = await server.connect();
  const subscriber = await server.connect();
  await subscriber.subscribe('e1', { qos: 1 });
  await publisher.publish('e1', 'x', { qos: 1, properties: { messageExpiryInterval: 60 } });
  const { properties } = await subscriber.next('publish');
  expect(properties!.messageExpiryInterval).toBeGreaterThanOrEqual(59);
  expect(properties!.messageExpiryInterval).toBeLessThanOrEqual(60);
});

testOurs.concurrent('[MQTT-3.3.2-6] the longest interval is one like any other', async () => {
  const client = await server.connect();
  await client.subscribe('e2');
  client.send(client.message('e2', 'x', { properties: { messageExpiryInterval: 0xffff_ffff } }));
  const { properties } = await client.next('publish');
  expect(properties!.messageExpiryInterval).toBeGreaterThanOrEqual(0xffff_fffe);
  await client.publish('e2/r', 'x', { retain: true, properties: { messageExpiryInterval: 0xffff_ffff } });
  await delay(600);
  await client.subscribe('e2/r');
  expect(await client.next('publish')).toMatchObject({ retain: true });
});

testOurs.concurrent('[MQTT-3.3.2-5] an interval of 0 is over at once for who is not there', async () => {
  const clientId = freshId();
  const publisher = await server.connect();
  await (await server.connect({ ...session, clientId })).subscribe('e3', { qos: 1 });
  await (await server.connect({ ...session, clientId })).disconnect();
  await publisher.publish('e3', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 0 } });
  await (await server.connect({ ...session, clientId })).nothing();
  const late = await server.connect();
  await late.subscribe('e3');
  await late.nothing();
});

test.concurrent('[MQTT-3.3.2-6] [MQTT-3.3.2-5] a message that waited in a queue or retained has less, or is gone', async () => {
  const clientId = freshId();
  const publisher = await server.connect();
  const first = await server.connect({ ...session, clientId });
  await first.subscribe('e4/#', { qos: 1 });
  await first.disconnect();
  for (const [topic, messageExpiryInterval] of [
    ['e4/short', 1],
    ['e4/long', 100],
  ] as const) {
    await publisher.publish(topic, 'x', { qos: 1, retain: true, properties: { messageExpiryInterval } });
  }
  await publisher.publish('e4/ever', 'x', { qos: 1, retain: true });
  await delay(2100);

  const second = await server.connect({ ...session, clientId });
  const queued = [await second.next('publish'), await second.next('publish')];
  expect(queued.map((message) => message.topic)).toEqual(['e4/long', 'e4/ever']);
  expect(queued[0]!.properties!.messageExpiryInterval).toBeGreaterThanOrEqual(97);
  expect(queued[0]!.properties!.messageExpiryInterval).toBeLessThanOrEqual(98);
  expect(queued[1]!.properties).toEqual({});
  await second.nothing();

  const late = await server.connect();
  await late.subscribe('e4/#', { qos: 1 });
  const retained = [await late.next('publish'), await late.next('publish')];
  const byTopic = new Map(retained.map((message) => [message.topic, message.properties!]));
  expect([...byTopic.keys()].sort()).toEqual(['e4/ever', 'e4/long']);
  expect(byTopic.get('e4/long')!.messageExpiryInterval).toBeLessThanOrEqual(98);
  await late.nothing();
});

testOurs.concurrent('[MQTT-3.3.2-5] a message that waits for a slow client is dropped too', async () => {
  const publisher = await server.connect();
  const slow = await server.connect({ acknowledge: false, properties: { receiveMaximum: 1 } });
  await slow.subscribe('e5', { qos: 1 });
  await publisher.publish('e5', 'first', { qos: 1 });
  await publisher.publish('e5', 'expires', { qos: 1, properties: { messageExpiryInterval: 1 } });
  await publisher.publish('e5', 'stays', { qos: 1 });
  const held = await slow.next('publish');
  await delay(1300);
  slow.acknowledge('puback', held.packetId!);
  expect(await slow.texts(1)).toEqual(['stays']);
});

test.concurrent('[MQTT-4.3.3-7] a message that was sent does not expire any more', async () => {
  const clientId = freshId();
  const publisher = await server.connect();
  const first = await server.connect({ ...session, clientId, acknowledge: false });
  await first.subscribe('e6', { qos: 2 });
  await publisher.publish('e6', 'x', { qos: 2, properties: { messageExpiryInterval: 1 } });
  const sent = await first.next('publish');
  await delay(1300);
  first.acknowledge('pubrec', sent.packetId!);
  expect(await first.next('pubrel')).toMatchObject({ packetId: sent.packetId!, reason: 0 });
});

test.concurrent('[MQTT-4.3.3-13] an expired message keeps its QoS 2 exchange', async () => {
  const publisher = await server.connect();
  publisher.send(
    publisher.message('e7', 'x', { qos: 2, packetId: 5, properties: { messageExpiryInterval: 1 } }),
  );
  expect(await publisher.next('pubrec')).toMatchObject({ packetId: 5 });
  await delay(1300);
  publisher.acknowledge('pubrel', 5);
  expect(await publisher.next('pubcomp')).toMatchObject({ packetId: 5, reason: 0 });
});

test.concurrent('to an MQTT 3.1.1 client the interval is only a reason to drop', async () => {
  const clientId = freshId();
  const publisher = await server.connect();
  const first = await server.connect({ version: 4, clientId, cleanStart: false });
  await first.subscribe('e8', { qos: 1 });
  await first.disconnect();
  await publisher.publish('e8', 'gone', { qos: 1, properties: { messageExpiryInterval: 1 } });
  await publisher.publish('e8', 'here', { qos: 1, properties: { messageExpiryInterval: 100 } });
  await delay(2100);
  const second = await server.connect({ version: 4, clientId, cleanStart: false });
  expect(await second.texts(1)).toEqual(['here']);
  await second.nothing();
});
