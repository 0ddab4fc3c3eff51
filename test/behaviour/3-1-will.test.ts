// The will (MQTT 5 section 3.1.2.5): when it is published, when it is not, and what is in it.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { bytes, connectPacket, freshId, type TestClient, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();
const will = { topic: 'will/topic', payload: 'gone' };

/** A client that sees every will of these tests. */
async function observe(): Promise<TestClient> {
  const observer = await server.connect();
  await observer.subscribe('will/#', { qos: 2, retainAsPublished: true });
  return observer;
}

describe('a will is published', () => {
  test('[MQTT-3.1.2-7] [MQTT-3.1.2-8] when the connection breaks', async () => {
    const observer = await observe();
    const client = await server.connect({ will });
    await client.drop();
    const published = await observer.next('publish');
    expect(published).toMatchObject({ topic: 'will/topic', qos: 0, retain: false, dup: false });
    expect(text(published)).toBe('gone');
  });

  test('[MQTT3-3.1.2-8] when the connection of a 3.1.1 client breaks', async () => {
    const observer = await observe();
    const client = await server.connect({ version: 4, will: { ...will, qos: 1 } });
    await client.drop();
    expect(await observer.next('publish')).toMatchObject({ topic: 'will/topic', qos: 1 });
  });

  test('[MQTT-3.1.2-8] on DISCONNECT with 0x04', async () => {
    const observer = await observe();
    const client = await server.connect({ will });
    await client.disconnect(ReasonCode.DisconnectWithWill);
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  testOurs('[MQTT-3.1.2-10] on DISCONNECT with an error code, which does not delete it', async () => {
    const observer = await observe();
    const client = await server.connect({ will });
    await client.disconnect(ReasonCode.UnspecifiedError);
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  testOurs('[MQTT-3.1.2-8] when the server closes the connection because of an error', async () => {
    const observer = await observe();
    const client = await server.connect({ will });
    client.send(connectPacket());
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  test('[MQTT-3.1.2-8] when its client is displaced by another of the same name', async () => {
    const observer = await observe();
    const clientId = freshId();
    await server.connect({ clientId, will });
    await server.connect({ clientId });
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  test('[MQTT-3.1.2-10] once: the next connection of its session does not bring it again', async () => {
    const observer = await observe();
    const session = { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    await (await server.connect({ ...session, will })).drop();
    expect(await observer.texts(1)).toEqual(['gone']);
    await (await server.connect(session)).drop();
    await observer.nothing();
  });

  test('to the session of its own client too', async () => {
    const session = { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const client = await server.connect({ ...session, will: { ...will, qos: 1 } });
    await client.subscribe('will/topic', { qos: 1 });
    await client.drop();
    const again = await server.connect(session);
    expect(await again.texts(1)).toEqual(['gone']);
  });
});

describe('a will is not published', () => {
  test('[MQTT-3.1.2-10] [MQTT-3.14.4-3] on DISCONNECT with 0x00', async () => {
    const observer = await observe();
    const client = await server.connect({ will });
    await client.disconnect();
    await observer.nothing();
  });

  test('[MQTT3-3.1.2-10] [MQTT3-3.14.4-3] on DISCONNECT of a 3.1.1 client', async () => {
    const observer = await observe();
    const client = await server.connect({ version: 4, will });
    await client.disconnect();
    await observer.nothing();
  });

  test('[MQTT3-3.1.2-12] when there is none', async () => {
    const observer = await observe();
    await (await server.connect()).drop();
    await (await server.connect({ version: 4 })).drop();
    await observer.nothing();
  });

  test('while its client is connected', async () => {
    const observer = await observe();
    const client = await server.connect({ will });
    await client.publish('will/other', 'alive');
    expect(await observer.texts(1)).toEqual(['alive']);
    await observer.nothing();
  });
});

describe('what is published', () => {
  test('has the QoS of the will', async () => {
    const observer = await observe();
    for (const qos of [0, 1, 2] as const) {
      await (await server.connect({ will: { ...will, qos } })).drop();
      expect(await observer.next('publish')).toMatchObject({ topic: 'will/topic', qos });
    }
  });

  test('[MQTT-3.1.2-14] is not retained with Will Retain 0', async () => {
    const observer = await observe();
    await (await server.connect({ will })).drop();
    expect(await observer.next('publish')).toMatchObject({ retain: false });
    const late = await server.connect();
    await late.subscribe('will/#');
    await late.nothing();
  });

  test('[MQTT-3.1.2-15] is retained with Will Retain 1', async () => {
    const observer = await observe();
    await (await server.connect({ will: { ...will, retain: true } })).drop();
    expect(await observer.next('publish')).toMatchObject({ retain: true }); // retain as published
    const late = await server.connect();
    await late.subscribe('will/#');
    const retained = await late.next('publish');
    expect(retained).toMatchObject({ topic: 'will/topic', retain: true });
    expect(text(retained)).toBe('gone');
  });

  test('[MQTT-3.1.3-10] [MQTT-3.1.2-9] has the properties of the will, user properties in their order', async () => {
    const observer = await observe();
    const properties = {
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'answers/here',
      correlationData: bytes('42'),
      userProperties: [
        ['z', '1'],
        ['a', '2'],
        ['z', '0'],
      ] as [string, string][],
    };
    await (
      await server.connect({ will: { ...will, properties: { ...properties, willDelayInterval: 0 } } })
    ).drop();
    const published = await observer.next('publish');
    expect({
      ...published.properties,
      correlationData: Buffer.from(published.properties!.correlationData!),
    }).toEqual({
      ...properties,
      correlationData: Buffer.from('42'),
    });
  });

  test('has the message expiry interval of the will', async () => {
    const observer = await observe();
    await (await server.connect({ will: { ...will, properties: { messageExpiryInterval: 100 } } })).drop();
    const { properties } = await observer.next('publish');
    expect(properties!.messageExpiryInterval).toBeGreaterThanOrEqual(99);
    expect(properties!.messageExpiryInterval).toBeLessThanOrEqual(100);
  });

  test('is empty where the will is', async () => {
    const observer = await observe();
    await (await server.connect({ will: { topic: 'will/empty' } })).drop();
    expect(await observer.texts(1)).toEqual(['']);
  });
});

describe('the will delay', () => {
  const delayed = { ...will, properties: { willDelayInterval: 1 } };
  const session = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

  testOurs('[MQTT-3.1.2-8] passes before the will is published', async () => {
    const observer = await observe();
    const client = await server.connect({ ...session, will: delayed });
    await client.drop();
    await observer.silence(600);
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  test('[MQTT-3.1.3-9] [MQTT-3.1.2-10] a reconnect in this time, displaced or not, cancels the will, and so does DISCONNECT 0x00', async () => {
    const observer = await observe();
    const [returning, displaced] = [freshId(), freshId()];
    await (await server.connect({ ...session, clientId: returning, will: delayed })).drop();
    await server.connect({ ...session, clientId: displaced, will: delayed });
    await (await server.connect({ ...session, will: delayed })).disconnect();
    await server.connect({ ...session, clientId: returning });
    await server.connect({ ...session, clientId: displaced });
    await observer.silence(1400);
  });

  testOurs('[MQTT-3.1.2-8] is cut short by the end of a session that ends with its connection', async () => {
    const observer = await observe();
    const patient = { ...will, properties: { willDelayInterval: 60 } };
    await (await server.connect({ will: patient })).drop();
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  testOurs('[MQTT-3.1.2-8] is cut short by the session expiry', async () => {
    const observer = await observe();
    const patient = { ...will, properties: { willDelayInterval: 60 } };
    const client = await server.connect({ properties: { sessionExpiryInterval: 1 }, will: patient });
    await client.drop();
    await observer.silence(600);
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  testOurs(
    '[MQTT-3.1.2-8] is cut short by a reconnect with Clean Start 1, which ends the session',
    async () => {
      const observer = await observe();
      const clientId = freshId();
      const patient = { ...will, properties: { willDelayInterval: 60 } };
      await (await server.connect({ ...session, clientId, will: patient })).drop();
      await observer.nothing();
      await server.connect({ clientId, cleanStart: true });
      expect(await observer.texts(1)).toEqual(['gone']);
    },
  );

  testOurs('[MQTT-3.1.2-8] is cut short by DISCONNECT 0x04 that also ends the session', async () => {
    const observer = await observe();
    const patient = { ...will, properties: { willDelayInterval: 60 } };
    const client = await server.connect({ ...session, will: patient });
    await client.disconnect(ReasonCode.DisconnectWithWill, { sessionExpiryInterval: 0 });
    expect(await observer.texts(1)).toEqual(['gone']);
  });

  test('each connection has a will of its own', async () => {
    const observer = await observe();
    const clientId = freshId();
    await (await server.connect({ ...session, clientId, will: delayed })).drop();
    await (await server.connect({ ...session, clientId, will: { ...will, payload: 'second' } })).drop();
    expect(await observer.texts(1)).toEqual(['second']);
    await delay(1200);
    await observer.nothing();
  });
});
