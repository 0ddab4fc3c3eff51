// SUBSCRIBE and SUBACK (MQTT 5 sections 3.8 and 3.9): options, replacement, and one answer for many filters.
import { describe, expect, test } from 'vitest';
import { ReasonCode, type SubscriptionRequest } from '../../src/protocol/index.js';
import { text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();
const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 };

describe('the SUBACK', () => {
  test('[MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-2.2.1-6] answers a SUBSCRIBE with its packet identifier', async () => {
    for (const version of [3, 4, 5] as const) {
      const client = await server.connect({ version });
      for (const packetId of [1, 65_535, 300, 300]) {
        client.send({ type: 'subscribe', packetId, subscriptions: [{ filter: 'a', qos: 1, ...plain }] });
        expect(await client.next('suback')).toMatchObject({ packetId, reasons: [1] });
      }
    }
  });

  test('[MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT3-3.9.3-2] has the granted QoS for each filter in order', async () => {
    for (const version of [3, 4, 5] as const) {
      const client = await server.connect({ version });
      const qos = [2, 0, 1, 1, 0, 2] as const;
      const suback = await client.request(qos.map((value, index) => ({ filter: `f/${index}`, qos: value })));
      expect(suback.reasons).toEqual(qos);
    }
  });

  test('[MQTT-3.8.4-5] many filters in one SUBSCRIBE act like one after the other', async () => {
    const publisher = await server.connect();
    const other = await server.connect();
    await other.request([
      { filter: 'a', qos: 2 },
      { filter: 'b/+', qos: 1 },
      { filter: 'a', qos: 0 }, // replaces the first
    ]);
    await publisher.publish('a', 'x', { qos: 2 });
    await publisher.publish('b/c', 'y', { qos: 2 });
    expect(await other.next('publish')).toMatchObject({ topic: 'a', qos: 0 });
    expect(await other.next('publish')).toMatchObject({ topic: 'b/c', qos: 1 });
    await other.nothing();
  });

  test('comes before the retained messages', async () => {
    const client = await server.connect();
    await client.publish('r', 'x', { retain: true });
    client.send({ type: 'subscribe', packetId: 9, subscriptions: [{ filter: 'r', qos: 0, ...plain }] });
    expect(await client.any()).toMatchObject({ type: 'suback' });
    expect(await client.any()).toMatchObject({ type: 'publish' });
  });
});

describe('subscribing again to the same filter', () => {
  test('[MQTT-3.8.4-3] replaces QoS, options and subscription identifier', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('a', { qos: 0 }, { subscriptionIdentifier: [1] });
    await client.subscribe('a', { qos: 1, retainAsPublished: true }, { subscriptionIdentifier: [2] });
    await publisher.publish('a', 'x', { qos: 2, retain: true });
    expect(await client.next('publish')).toMatchObject({
      qos: 1,
      retain: true,
      properties: { subscriptionIdentifier: [2] },
    });
    await client.nothing();
    await client.subscribe('a', { qos: 2, retainHandling: 2 });
    await publisher.publish('a', 'y', { qos: 2, retain: true });
    expect(await client.next('publish')).toMatchObject({ qos: 2, retain: false, properties: {} });
  });

  test('[MQTT-3.8.4-4] loses no message, and doubles none', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('a', { qos: 1 });
    const sent = [];
    for (let i = 0; i < 50; i++) {
      sent.push(`${i}`);
      publisher.send(publisher.message('a', `${i}`));
      const subscriptions = [{ filter: 'a', ...plain, qos: (i % 3) as 0 | 1 | 2 }];
      client.send({ type: 'subscribe', packetId: 1000 + i, subscriptions });
    }
    const got: string[] = [];
    for (let i = 0; i < 100; i++) {
      const packet = await client.any();
      if (packet.type === 'publish') got.push(text(packet));
      else expect(packet).toMatchObject({ type: 'suback' });
    }
    expect(got).toEqual(sent);
  });

  test('another filter is another subscription, even if it matches the same', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('a/b', {}, { subscriptionIdentifier: [1] });
    await client.subscribe('a/+', {}, { subscriptionIdentifier: [2] });
    await client.unsubscribe('a/b');
    await publisher.publish('a/b', 'x');
    expect(await client.next('publish')).toMatchObject({ properties: { subscriptionIdentifier: [2] } });
    await client.nothing();
  });
});

describe('No Local', () => {
  test('[MQTT-3.8.3-3] keeps a client’s own messages from it, and no others', async () => {
    const client = await server.connect();
    const other = await server.connect();
    await client.subscribe('a', { noLocal: true, qos: 1 });
    await client.publish('a', 'own', { qos: 1 });
    await client.nothing();
    await other.publish('a', 'foreign', { qos: 1 });
    expect(await client.texts(1)).toEqual(['foreign']);
  });

  test('[MQTT-3.8.3-3] does so for each subscription by itself', async () => {
    const client = await server.connect();
    await client.subscribe('a/#', { noLocal: true }, { subscriptionIdentifier: [1] });
    await client.subscribe('a/b', { noLocal: false }, { subscriptionIdentifier: [2] });
    client.send(client.message('a/b', 'own'));
    expect(await client.next('publish')).toMatchObject({ properties: { subscriptionIdentifier: [2] } });
    await client.nothing();
  });

  test('[MQTT-3.8.3-3] means the client identifier, also of a will and of an earlier connection', async () => {
    const session = { clientId: 'same', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const first = await server.connect({ ...session, will: { topic: 'a', payload: 'will', qos: 1 } });
    await first.subscribe('a', { noLocal: true, qos: 1 });
    await first.drop();
    const second = await server.connect(session);
    await second.publish('a', 'own', { qos: 1 });
    await second.nothing();
  });

  test('[MQTT-3.8.3-4] on a shared subscription ends the connection with 0x82', async () => {
    const client = await server.connect();
    const subscriptions: SubscriptionRequest[] = [{ filter: '$share/g/a', qos: 0, ...plain, noLocal: true }];
    client.send({ type: 'subscribe', packetId: 1, subscriptions });
    await client.disconnected(ReasonCode.ProtocolError);
  });
});

describe('Retain As Published', () => {
  test('[MQTT-3.3.1-12] [MQTT-3.3.1-13] belongs to each subscription by itself', async () => {
    const publisher = await server.connect();
    const keeps = await server.connect();
    const clears = await server.connect();
    await keeps.subscribe('a', { retainAsPublished: true });
    await clears.subscribe('a', { retainAsPublished: false });
    for (const retain of [true, false]) {
      await publisher.publish('a', 'x', { retain });
      expect(await keeps.next('publish')).toMatchObject({ retain });
      expect(await clears.next('publish')).toMatchObject({ retain: false });
    }
  });
});

describe('subscription identifiers', () => {
  test('are those of the subscription, from 1 to 268435455', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    for (const identifier of [1, 127, 128, 16_384, 2_097_152, 268_435_455]) {
      await client.subscribe('a', {}, { subscriptionIdentifier: [identifier] });
      await publisher.publish('a', 'x');
      expect((await client.next('publish')).properties).toEqual({ subscriptionIdentifier: [identifier] });
    }
  });

  test('hold for all filters of a SUBSCRIBE', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.request([{ filter: 'a' }, { filter: 'b' }], { subscriptionIdentifier: [7] });
    for (const topic of ['a', 'b']) {
      await publisher.publish(topic);
      expect((await client.next('publish')).properties).toEqual({ subscriptionIdentifier: [7] });
    }
  });

  test('come with retained messages too', async () => {
    const client = await server.connect();
    await client.publish('r', 'x', { retain: true });
    await client.subscribe('r', {}, { subscriptionIdentifier: [7] });
    expect(await client.next('publish')).toMatchObject({ properties: { subscriptionIdentifier: [7] } });
  });

  test('stand beside the identifiers of nobody else', async () => {
    const publisher = await server.connect();
    const [one, two] = [await server.connect(), await server.connect()];
    await one.subscribe('a', {}, { subscriptionIdentifier: [1] });
    await two.subscribe('a', {}, { subscriptionIdentifier: [2] });
    await publisher.publish('a');
    expect(await one.next('publish')).toMatchObject({ properties: { subscriptionIdentifier: [1] } });
    expect(await two.next('publish')).toMatchObject({ properties: { subscriptionIdentifier: [2] } });
  });
});

describe('what the client need not hear', () => {
  testOurs(
    '[MQTT-3.1.2-29] Request Problem Information 0 keeps reason strings out of all acknowledgements',
    async () => {
      const client = await server.connect({ properties: { requestProblemInformation: 0 } });
      expect((await client.request([{ filter: 'a' }, { filter: '$share/g/b' }])).properties).toEqual({});
      expect((await client.unsubscribe('nothing')).properties).toEqual({});
      client.send(client.message('$SYS/x', 'x', { qos: 1 }), client.message('$SYS/x', 'x', { qos: 2 }));
      expect((await client.next('puback')).properties).toEqual({});
      expect((await client.next('pubrec')).properties).toEqual({});
      client.acknowledge('pubrel', 99);
      expect((await client.next('pubcomp')).properties).toEqual({});
    },
  );

  test('[MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.11.2-1] [MQTT-3.11.2-2] acknowledgements keep within a small Maximum Packet Size', async () => {
    const maximumPacketSize = 16; // what the CONNACK needs
    const client = await server.connect({ acknowledge: false, properties: { maximumPacketSize } });
    expect(client.connack.properties).not.toHaveProperty('reasonString'); // [MQTT-3.2.2-19]
    expect(client.connack.properties).not.toHaveProperty('userProperties'); // [MQTT-3.2.2-20]
    await client.subscribe('a');
    await client.unsubscribe('a', 'nothing');
    await client.publish('$SYS/x', 'x', { qos: 1 });
    await client.publish('$SYS/x', 'x', { qos: 2 });
    await client.publish('a', 'x', { qos: 2 });
    client.acknowledge('pubrel', 999);
    await client.next('pubcomp');
    client.acknowledge('pubrec', 999);
    await client.next('pubrel');
    client.send(client.message('a/#', 'x'));
    expect(await client.next('disconnect')).toBeDefined(); // [MQTT-3.14.2-3] [MQTT-3.14.2-4]
    expect(client.largestPacket).toBeLessThanOrEqual(maximumPacketSize);
  });
});
