// CONNECT (MQTT 5 section 3.1): who gets in, under which client identifier, into which session.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { connectPacket, freshId, text } from './client.js';
import { testOurs, useServer } from './server.js';

describe('the first packet', () => {
  const server = useServer();

  test('[MQTT-3.1.0-1] [MQTT-3.14.0-1] a connection that begins with another packet is closed without a word', async () => {
    const client = await server.open();
    client.send({ type: 'pingreq' });
    await client.closed();
  });

  test('[MQTT-3.1.0-1] a connection that begins with DISCONNECT is closed without a word', async () => {
    const client = await server.open();
    client.send({ type: 'disconnect', reason: 0 });
    await client.closed();
  });

  testOurs('[MQTT-3.1.0-2] [MQTT-4.13.1-1] a second CONNECT ends the connection with 0x82', async () => {
    const client = await server.connect({ clientId: 'twice' });
    client.send(connectPacket({ clientId: 'twice' }));
    await client.disconnected(ReasonCode.ProtocolError);
  });

  testOurs('[MQTT-3.1.0-2] a second CONNECT ends the connection even under another name', async () => {
    const other = await server.connect({ clientId: 'victim' });
    const client = await server.connect({ clientId: 'thief' });
    client.send(connectPacket({ clientId: 'victim' }));
    await client.disconnected(ReasonCode.ProtocolError);
    await other.nothing();
  });

  test('[MQTT-3.2.0-1] [MQTT-3.1.4-5] packets sent along with CONNECT are handled after the CONNACK', async () => {
    const client = await server.open();
    client.send(
      connectPacket(),
      {
        type: 'subscribe',
        packetId: 1,
        subscriptions: [
          { filter: 'eager', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        ],
      },
      client.message('eager', 'bird'),
    );
    expect(await client.next('connack')).toMatchObject({ reason: 0, sessionPresent: false });
    expect(await client.next('suback')).toMatchObject({ packetId: 1, reasons: [0] });
    expect(text(await client.next('publish'))).toBe('bird');
  });

  test('[MQTT-3.2.0-1] the CONNACK comes before the messages that waited for the session', async () => {
    const session = { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const first = await server.connect(session);
    await first.subscribe('waiting', { qos: 1 });
    await first.disconnect();
    const publisher = await server.connect();
    await publisher.publish('waiting', 'a', { qos: 1 });
    const second = await server.open();
    second.send(connectPacket(session));
    expect(await second.any()).toMatchObject({ type: 'connack', reason: 0, sessionPresent: true });
    expect(text(await second.next('publish'))).toBe('a');
    await second.nothing(); // [MQTT-3.2.0-2] no second CONNACK
  });
});

describe('the connect timeout', () => {
  const server = useServer({ connectTimeout: 0.3 });

  testOurs('a connection without a CONNECT is closed when the time for it is over', async () => {
    const client = await server.open();
    await client.silence(150);
    await client.closed();
  });

  testOurs('half a CONNECT does not stop that clock', async () => {
    const client = await server.open();
    client.sendBytes(Uint8Array.of(0x10, 0x40, 0x00, 0x04));
    await client.closed();
  });

  testOurs('a client that is connected is not affected by it', async () => {
    const client = await server.connect();
    await client.silence(600);
  });
});

describe('Clean Start', () => {
  const server = useServer();
  const properties = { sessionExpiryInterval: 60 };

  test('[MQTT-3.1.2-6] [MQTT-3.2.2-3] Clean Start 0 without a session begins a new one', async () => {
    const client = await server.connect({ cleanStart: false, properties });
    expect(client.connack.sessionPresent).toBe(false);
  });

  test('[MQTT-3.1.2-5] [MQTT-3.1.3-2] [MQTT-3.2.2-3] Clean Start 0 goes on with the session of that name', async () => {
    const clientId = freshId();
    const first = await server.connect({ clientId, properties });
    await first.subscribe('kept/#', { qos: 1 });
    await first.drop();
    const second = await server.connect({ clientId, cleanStart: false, properties });
    expect(second.connack.sessionPresent).toBe(true);
    const publisher = await server.connect();
    await publisher.publish('kept/alive', 'yes', { qos: 1 });
    expect(await second.texts(1)).toEqual(['yes']);
    const stranger = await server.connect({ clientId: freshId(), cleanStart: false, properties });
    expect(stranger.connack.sessionPresent).toBe(false);
  });

  test('[MQTT-3.1.2-4] [MQTT-3.1.4-4] [MQTT-3.2.2-2] Clean Start 1 drops the session of that name', async () => {
    const clientId = freshId();
    const publisher = await server.connect();
    const first = await server.connect({ clientId, properties });
    await first.subscribe('forgotten/#', { qos: 1 });
    await first.disconnect();
    await publisher.publish('forgotten/1', 'queued', { qos: 1 });
    const second = await server.connect({ clientId, cleanStart: true, properties });
    expect(second.connack.sessionPresent).toBe(false);
    await publisher.publish('forgotten/2', 'live', { qos: 1 });
    await second.nothing();
  });

  test('[MQTT-3.1.2-4] Clean Start 1 drops the session of a client that is still connected', async () => {
    const clientId = freshId();
    const first = await server.connect({ clientId, properties });
    await first.subscribe('forgotten/#', { qos: 1 });
    const second = await server.connect({ clientId, cleanStart: true, properties });
    expect(second.connack.sessionPresent).toBe(false);
    await first.disconnected(ReasonCode.SessionTakenOver);
    const publisher = await server.connect();
    await publisher.publish('forgotten/2', 'live', { qos: 1 });
    await second.nothing();
  });
});

describe('takeover', () => {
  const server = useServer();

  test('[MQTT-3.1.4-3] a newcomer of the same name displaces the old connection, which gets 0x8E', async () => {
    const clientId = freshId();
    const first = await server.connect({ clientId });
    const second = await server.connect({ clientId });
    await first.disconnected(ReasonCode.SessionTakenOver);
    await second.nothing();
  });

  test('[MQTT-3.1.4-3] with Clean Start 0 the newcomer goes on with the session', async () => {
    const clientId = freshId();
    const properties = { sessionExpiryInterval: 60 };
    const first = await server.connect({ clientId, properties });
    await first.subscribe('moved', { qos: 1 });
    const second = await server.connect({ clientId, cleanStart: false, properties });
    expect(second.connack.sessionPresent).toBe(true);
    await first.disconnected(ReasonCode.SessionTakenOver);
    const publisher = await server.connect();
    await publisher.publish('moved', 'here', { qos: 1 });
    expect(await second.texts(1)).toEqual(['here']);
    await second.nothing();
  });

  test('[MQTT-3.1.4-3] a chain of newcomers leaves one connection', async () => {
    const clientId = freshId();
    const clients = [];
    for (let i = 0; i < 5; i++) clients.push(await server.connect({ clientId }));
    const last = clients.pop()!;
    for (const client of clients) await client.disconnected(ReasonCode.SessionTakenOver);
    await last.nothing();
  });
});

describe('the client identifier', () => {
  const server = useServer();

  test('[MQTT-3.1.3-5] one to 23 letters and digits are accepted', async () => {
    for (const clientId of ['a', '0123456789ABCDEFGHIJKLM', 'nopqrstuvwxyzNOPQRSTUVW', 'abcdefghijklmXYZ']) {
      const client = await server.connect({ clientId });
      expect(client.connack.properties?.assignedClientIdentifier).toBeUndefined();
      await client.disconnect();
    }
  });

  test('longer ones with other characters are accepted too', async () => {
    const clientId = `${'x'.repeat(300)} ä/+#€`;
    const client = await server.connect({ clientId });
    await client.nothing();
  });

  test('[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] an empty one is replaced by a unique one, which the CONNACK tells', async () => {
    const first = await server.connect({ clientId: '' });
    const second = await server.connect({ clientId: '' });
    const names = [first, second].map((client) => client.connack.properties?.assignedClientIdentifier);
    expect(names[0]).toMatch(/./);
    expect(names[1]).toMatch(/./);
    expect(names[0]).not.toBe(names[1]);
    await first.nothing();
    await second.nothing();
  });

  test('[MQTT-3.1.3-7] the assigned one names the session as if the client had sent it', async () => {
    const properties = { sessionExpiryInterval: 60 };
    const first = await server.connect({ clientId: '', properties });
    const clientId = first.connack.properties!.assignedClientIdentifier!;
    await first.subscribe('assigned', { qos: 1 });
    await first.disconnect();
    const second = await server.connect({ clientId, cleanStart: false, properties });
    expect(second.connack.sessionPresent).toBe(true);
  });

  test('[MQTT-3.2.2-16] one that is only alike belongs to another session', async () => {
    const upper = await server.connect({ clientId: 'CASE' });
    const lower = await server.connect({ clientId: 'case' });
    await upper.nothing();
    await lower.nothing();
  });
});

describe('a refused CONNECT', () => {
  const server = useServer({
    plugins: [
      {
        name: 'test',
        authenticate: ({ username }) => (username === 'good' ? true : ReasonCode.BadUserNameOrPassword),
      },
    ],
  });

  testOurs(
    '[MQTT-3.1.4-2] [MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT-3.2.2-8] [MQTT-4.13.2-1] is answered with the reason and closed',
    async () => {
      const client = await server.refused(
        { username: 'bad', password: 'x' },
        ReasonCode.BadUserNameOrPassword,
      );
      expect(client.isClosed).toBe(true);
    },
  );

  testOurs('[MQTT-3.1.4-2] an accepted one is not', async () => {
    await (await server.connect({ username: 'good', password: 'x' })).nothing();
  });

  testOurs('[MQTT-3.1.4-6] nothing that follows it is processed', async () => {
    const observer = await server.connect({ username: 'good' });
    await observer.subscribe('#');
    const client = await server.open();
    client.send(
      connectPacket({ username: 'bad', will: { topic: 'bad/will' } }),
      client.message('bad/news', 'x'),
    );
    expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.BadUserNameOrPassword });
    await client.closed();
    await delay(30);
    await observer.nothing();
  });

  testOurs('[MQTT-3.1.4-3] does not displace the client of that name', async () => {
    const clientId = freshId();
    const holder = await server.connect({ clientId, username: 'good' });
    await server.refused({ clientId, username: 'bad' }, ReasonCode.BadUserNameOrPassword);
    await holder.nothing();
  });

  testOurs('[MQTT-3.1.2-4] does not drop the session of that name', async () => {
    const session = { clientId: freshId(), properties: { sessionExpiryInterval: 60 } };
    await (await server.connect({ ...session, username: 'good' })).disconnect();
    await server.refused({ ...session, username: 'bad' }, ReasonCode.BadUserNameOrPassword);
    const again = await server.connect({ ...session, username: 'good', cleanStart: false });
    expect(again.connack.sessionPresent).toBe(true);
  });
});
