// The limits that options set: each holds, and says so with the reason code that is meant for it.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { freshId } from './client.js';
import { testOurs, useServer } from './server.js';

describe('maxConnections', () => {
  const server = useServer({ maxConnections: 2 });

  testOurs('one more is closed, or told 0x97 or 0x89; when one goes there is room again', async () => {
    const first = await server.connect();
    const second = await server.connect();
    const third = await server.open();
    const refused = await third.handshake({}, 0).catch(() => 'refused');
    expect(refused).toBe('refused');
    await first.disconnect();
    await second.nothing();
    await (await server.connect()).nothing();
  });
});

describe('maxConnectionRate', () => {
  const server = useServer({ maxConnectionRate: 5 });

  testOurs('more new connections in a second are refused; later ones are not', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await server.open();
        return client.handshake({}).then(
          () => 'in',
          () => 'out',
        );
      }),
    );
    const accepted = results.filter((result) => result === 'in').length;
    expect(accepted).toBeGreaterThanOrEqual(5);
    expect(accepted).toBeLessThan(15);
    await delay(1100);
    await (await server.connect()).nothing();
  });
});

describe('maxConnectTime', () => {
  const server = useServer({ maxConnectTime: 1 });

  testOurs('ends a connection with 0xA0', async () => {
    const client = await server.connect();
    await client.silence(700);
    await client.disconnected(ReasonCode.MaximumConnectTime);
  });
});

describe('maxConnectSize', () => {
  const server = useServer({ maxConnectSize: 100 });

  testOurs('holds for CONNECT and not for what follows', async () => {
    const client = await server.open();
    await client.handshake({ clientId: 'x'.repeat(200) }, ReasonCode.PacketTooLarge).catch(() => {});
    expect(client.isClosed).toBe(true);
    const other = await server.connect();
    await other.publish('a', 'x'.repeat(5000), { qos: 1 });
  });
});

describe('allowZeroLengthClientid', () => {
  const server = useServer({ allowZeroLengthClientid: false });

  testOurs(
    '[MQTT-3.1.3-8] [MQTT3-3.1.3-9] refuses an empty client identifier with 0x85, before MQTT 5 with 2',
    async () => {
      await server.refused({ clientId: '' }, ReasonCode.ClientIdentifierNotValid);
      await server.refused({ version: 4, clientId: '' }, 2);
      await (await server.connect({ clientId: 'named' })).nothing();
    },
  );
});

describe('autoIdPrefix', () => {
  const server = useServer({ autoIdPrefix: 'made-up-' });

  test('begins the client identifiers that are assigned', async () => {
    const { connack } = await server.connect({ clientId: '' });
    expect(connack.properties!.assignedClientIdentifier).toMatch(/^made-up-.{10}/);
  });
});

describe('maxSubscriptions', () => {
  const server = useServer({ maxSubscriptions: 2 });

  testOurs('one more is refused with 0x97; replacing one is not', async () => {
    for (const version of [4, 5] as const) {
      const client = await server.connect({ version });
      const suback = await client.request([
        { filter: 'a' },
        { filter: 'b' },
        { filter: 'c' },
        { filter: 'a', qos: 1 },
      ]);
      expect(suback.reasons).toEqual([0, 0, version === 5 ? ReasonCode.QuotaExceeded : 0x80, 1]);
      await client.unsubscribe('a');
      await client.subscribe('c');
    }
  });
});

describe('maxSessions', () => {
  const server = useServer({ maxSessions: 2 });

  testOurs('one more client is refused with 0x97, one that has a session is not', async () => {
    const session = { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    await (await server.connect(session)).disconnect();
    await server.connect();
    await server.refused({}, ReasonCode.QuotaExceeded);
    await (await server.connect(session)).nothing();
  });
});

describe('maxRetainedMessages', () => {
  const server = useServer({ maxRetainedMessages: 2 });

  testOurs('one more is refused with 0x97; replacing and clearing are not', async () => {
    const client = await server.connect();
    const retained = (topic: string, payload: string) =>
      client.publish(topic, payload, { retain: true, qos: 1 });
    await retained('a', '1');
    await retained('b', '2');
    expect(await retained('c', '3')).toBe(ReasonCode.QuotaExceeded);
    expect(await retained('a', '4')).toBeLessThan(0x80);
    expect(await retained('b', '')).toBeLessThan(0x80);
    expect(await retained('c', '3')).toBeLessThan(0x80);
  });
});

describe('maxRetainedBytes', () => {
  const server = useServer({ maxRetainedBytes: 1000 });

  testOurs('one that goes beyond is refused with 0x97', async () => {
    const client = await server.connect();
    const retained = (topic: string, size: number) =>
      client.publish(topic, 'x'.repeat(size), { retain: true, qos: 1 });
    expect(await retained('a', 600)).toBeLessThan(0x80);
    expect(await retained('b', 600)).toBe(ReasonCode.QuotaExceeded);
    expect(await retained('a', 900)).toBeLessThan(0x80);
    expect(await retained('a', 1100)).toBe(ReasonCode.QuotaExceeded);
  });
});

describe('maxInflightMessages', () => {
  const server = useServer({ maxInflightMessages: 3 });

  test('[MQTT-4.9.0-1] holds to the client where its Receive Maximum is larger', async () => {
    const publisher = await server.connect();
    for (const version of [4, 5] as const) {
      const client = await server.connect({ version, acknowledge: false });
      await client.subscribe('a', { qos: 1 });
      for (let i = 0; i < 5; i++) await publisher.publish('a', `${i}`, { qos: 1 });
      const sent = [await client.next('publish'), await client.next('publish'), await client.next('publish')];
      await client.nothing();
      client.acknowledge('puback', sent[1]!.packetId!);
      expect(await client.texts(1)).toEqual(['3']);
      await client.nothing();
    }
  });
});

describe('maxInflightBytes', () => {
  const server = useServer({ maxInflightBytes: 500 });

  testOurs('holds to the client, but lets one message through', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 1 });
    for (let i = 0; i < 4; i++) await publisher.publish('a', `${i}`.padStart(300, '0'), { qos: 1 });
    const sent = [await client.next('publish'), await client.next('publish')];
    await client.nothing();
    for (const message of sent) client.acknowledge('puback', message.packetId!);
    await client.texts(2);
  });
});

describe('maxPacketSize', () => {
  const server = useServer({ maxPacketSize: 1000 });

  test('[MQTT3-4.8.0-1] an MQTT 3.1.1 client that sends more is disconnected', async () => {
    const client = await server.connect({ version: 4 });
    client.send(client.message('a', 'x'.repeat(1200)));
    await client.closed();
  });

  test('an announced size is enough for that, before the bytes came', async () => {
    const client = await server.connect();
    client.sendBytes(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f));
    await client.disconnected(ReasonCode.PacketTooLarge);
  });
});

describe('upgradeOutgoingQos', () => {
  const server = useServer({ upgradeOutgoingQos: true });

  test('delivers with the QoS of the subscription', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'x', { qos: 0 });
    expect(await client.next('publish')).toMatchObject({ qos: 2 });
  });
});

describe('allowDuplicateMessages', () => {
  const server = useServer({ allowDuplicateMessages: false });

  testOurs(
    'off: one copy for overlapping subscriptions, with the highest QoS and all identifiers',
    async () => {
      const publisher = await server.connect();
      const client = await server.connect();
      await client.subscribe('a/#', { qos: 1 }, { subscriptionIdentifier: [1] });
      await client.subscribe('a/b', { qos: 2 }, { subscriptionIdentifier: [2] });
      await client.subscribe('+/b', { qos: 0, retainAsPublished: true });
      await publisher.publish('a/b', 'x', { qos: 2, retain: true });
      const message = await client.next('publish');
      expect(message).toMatchObject({ qos: 2, retain: true });
      expect([...message.properties!.subscriptionIdentifier!].sort()).toEqual([1, 2]);
      await client.nothing();
    },
  );
});

describe('allowDuplicateMessages, the default', () => {
  const server = useServer();

  test('[MQTT-3.3.4-5] one copy for each overlapping subscription, each with its own QoS, flag and identifier', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('a/#', { qos: 1 }, { subscriptionIdentifier: [1] });
    await client.subscribe('a/b', { qos: 2 }, { subscriptionIdentifier: [2] });
    await client.subscribe('+/b', { qos: 0, retainAsPublished: true });
    await publisher.publish('a/b', 'x', { qos: 2, retain: true });
    const copies = [await client.next('publish'), await client.next('publish'), await client.next('publish')];
    const brief = copies.map(({ qos, retain, properties }) => [
      qos,
      retain,
      properties!.subscriptionIdentifier,
    ]);
    expect(brief.sort()).toEqual([
      [0, true, undefined],
      [1, false, [1]],
      [2, false, [2]],
    ]);
    await client.nothing();
  });
});

describe('validatePayloadFormat', () => {
  const server = useServer({ validatePayloadFormat: true });

  testOurs('refuses a payload that is not the UTF-8 it says it is, with 0x99', async () => {
    const client = await server.connect();
    const bad = Uint8Array.of(0xc3, 0x28);
    const properties = { payloadFormatIndicator: 1 };
    expect(await client.publish('a', bad, { qos: 1, properties })).toBe(ReasonCode.PayloadFormatInvalid);
    expect(await client.publish('a', bad, { qos: 2, properties })).toBe(ReasonCode.PayloadFormatInvalid);
    expect(await client.publish('a', bad, { qos: 1 })).toBeLessThan(0x80);
    expect(await client.publish('a', 'gut', { qos: 1, properties })).toBeLessThan(0x80);
  });
});

describe('maxQueuedMessages and the connected', () => {
  const server = useServer({ maxQueuedMessages: 4, maxInflightMessages: 2 });

  testOurs('a client that does not acknowledge has so many waiting, and misses the rest', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 1 });
    for (let i = 0; i < 10; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    for (let i = 0; i < 6; i++) {
      const message = await client.next('publish');
      expect(message.payload).toEqual(Uint8Array.of(0x30 + i));
      client.acknowledge('puback', message.packetId!);
    }
    await client.nothing();
  });
});
