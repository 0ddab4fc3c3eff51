// Server redirection (MQTT 5 section 4.11): clients are sent to another server, one by one or all of them.
import { describe, expect } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { connectPacket, freshId } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();
const { UseAnotherServer, ServerMoved } = ReasonCode;

describe('a client that is redirected', () => {
  testOurs(
    'gets a DISCONNECT with the reason and the server reference, and its will is published',
    async () => {
      const observer = await server.connect();
      await observer.subscribe('will');
      const clientId = freshId();
      const client = await server.connect({ clientId, will: { topic: 'will', payload: 'moved' } });
      expect(server.broker.redirect(clientId, { serverReference: 'other.example:1883' })).toBe(true);
      expect(await client.next('disconnect')).toMatchObject({
        reason: UseAnotherServer,
        properties: { serverReference: 'other.example:1883' },
      });
      await client.closed();
      expect(await observer.texts(1)).toEqual(['moved']);
    },
  );

  testOurs('may be sent for good', async () => {
    const clientId = freshId();
    const client = await server.connect({ clientId });
    server.broker.redirect(clientId, { serverReference: 'a b', permanent: true });
    expect(await client.next('disconnect')).toMatchObject({ reason: ServerMoved });
  });

  testOurs('is only disconnected before MQTT 5', async () => {
    const clientId = freshId();
    const client = await server.connect({ version: 4, clientId });
    server.broker.redirect(clientId, { serverReference: 'other.example' });
    await client.closed();
  });

  testOurs('must be there', () => {
    expect(server.broker.redirect('nobody', {})).toBe(false);
  });
});

describe('drain', () => {
  testOurs('sends all clients away, and then resolves', async () => {
    const clients = [];
    for (let i = 0; i < 5; i++) clients.push(await server.connect());
    await server.broker.drain({ serverReference: 'other.example', rate: 1000 });
    for (const client of clients) {
      expect(await client.next('disconnect')).toMatchObject({
        reason: UseAnotherServer,
        properties: { serverReference: 'other.example' },
      });
      await client.closed();
    }
  });

  testOurs('does not send them all at once', async () => {
    const clients = [];
    for (let i = 0; i < 6; i++) clients.push(await server.connect());
    const drained = server.broker.drain({ rate: 20 });
    const still = clients.filter((client) => !client.isClosed).length;
    expect(still).toBeGreaterThan(0);
    await drained;
    for (const client of clients) await client.next('disconnect');
  });

  testOurs('refuses who comes with a CONNACK, and leaves sessions alone', async () => {
    const session = { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    await (await server.connect(session)).disconnect();
    await server.broker.drain({ serverReference: 'other.example', permanent: true });
    const client = await server.open();
    client.send(
      connectPacket({ ...session, cleanStart: true, will: { topic: 'will' } }),
      client.message('a', 'x'),
    );
    expect(await client.next('connack')).toMatchObject({
      reason: ServerMoved,
      sessionPresent: false,
      properties: { serverReference: 'other.example' },
    });
    await client.closed();
    expect([...server.broker.clients()].map(({ clientId, connected }) => [clientId, connected])).toEqual([
      [session.clientId, false],
    ]);
  });

  testOurs('refuses clients before MQTT 5 with return code 3', async () => {
    await server.broker.drain({ serverReference: 'other.example' });
    await server.refused({ version: 4 }, 3);
    expect([...server.broker.clients()]).toEqual([]);
  });
});
