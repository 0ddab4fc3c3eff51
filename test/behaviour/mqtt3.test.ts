// What MQTT 3.1.1 and 3.1 say differently from MQTT 5, and is in no other file of this folder.
import { describe, expect, test } from 'vitest';
import { connectPacket, freshId } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

describe.each([3, 4] as const)('protocol level %i', (version) => {
  test('[MQTT3-3.1.0-1] the first packet must be CONNECT', async () => {
    const client = await server.open({ version });
    client.send({ type: 'pingreq' });
    await client.closed();
  });

  test('[MQTT3-3.1.0-2] a second CONNECT ends the connection', async () => {
    const client = await server.connect({ version });
    client.send(connectPacket({ version }));
    await client.closed();
  });

  test('[MQTT3-3.1.4-4] [MQTT3-3.2.0-1] [MQTT3-3.2.2-1] CONNACK 0 comes first', async () => {
    const client = await server.open({ version });
    client.send(connectPacket({ version }), { type: 'pingreq' });
    expect(await client.any()).toEqual({ type: 'connack', sessionPresent: false, reason: 0 });
    expect(await client.any()).toEqual({ type: 'pingresp' });
  });

  test('[MQTT3-3.1.4-2] a newcomer of the same name displaces the old connection', async () => {
    const clientId = freshId();
    const first = await server.connect({ version, clientId });
    const second = await server.connect({ version, clientId });
    await first.closed();
    await second.nothing();
  });

  test('a newcomer of another version does so too', async () => {
    const clientId = freshId();
    const old = await server.connect({ version, clientId });
    const young = await server.connect({ version: 5, clientId });
    await old.closed();
    const oldAgain = await server.connect({ version, clientId });
    await young.disconnected(0x8e);
    await oldAgain.nothing();
  });

  test('[MQTT3-3.1.3-8] [MQTT3-3.2.2-4] [MQTT3-3.2.2-5] an empty client identifier with Clean Session 0 gets return code 2', async () => {
    await server.refused({ version, clientId: '', cleanStart: false }, 2);
  });

  test('client identifiers of more than 23 bytes are accepted', async () => {
    await (await server.connect({ version, clientId: 'x'.repeat(100) })).nothing();
  });

  test('a publication of every QoS goes both ways', async () => {
    const client = await server.connect({ version });
    const other = await server.connect({ version: 5 });
    await client.subscribe('a', { qos: 2 });
    await other.subscribe('b', { qos: 2 });
    for (const qos of [0, 1, 2] as const) {
      await other.publish('a', `to ${qos}`, { qos });
      expect(await client.next('publish')).toMatchObject({ topic: 'a', qos, dup: false, retain: false });
      await client.publish('b', `from ${qos}`, { qos });
      expect(await other.next('publish')).toMatchObject({ topic: 'b', qos });
    }
  });
});

test('[MQTT3-3.1.3-6] an empty client identifier with Clean Session 1 is replaced by a unique one', async () => {
  const clients = [
    await server.connect({ version: 4, clientId: '' }),
    await server.connect({ version: 4, clientId: '' }),
  ];
  for (const client of clients) await client.nothing();
});

test('MQTT 3.1 requires a client identifier', async () => {
  await server.refused({ version: 3, clientId: '', cleanStart: true }, 2);
});

describe('a refusal', () => {
  const guarded = useServer({
    plugins: [
      {
        name: 'guard',
        authenticate: (_, { username }) => username === 'good',
        authorize: (_, { topic }) => !topic.startsWith('secret'),
      },
    ],
  });

  testOurs(
    '[MQTT3-3.2.2-4] [MQTT3-3.2.2-5] [MQTT3-3.1.4-5] of CONNECT has a return code, then the connection closes',
    async () => {
      for (const version of [3, 4] as const) {
        const observer = await guarded.connect({ username: 'good' });
        await observer.subscribe('#');
        const client = await guarded.open({ version });
        client.send(connectPacket({ version, username: 'bad' }), client.message('a', 'x'));
        const connack = await client.next('connack');
        expect([4, 5]).toContain(connack.reason);
        expect(connack.sessionPresent).toBe(false);
        await client.closed();
        await observer.nothing();
      }
    },
  );

  testOurs('[MQTT3-3.8.4-5] [MQTT3-3.9.3-2] of SUBSCRIBE is 0x80', async () => {
    const client = await guarded.connect({ version: 4, username: 'good' });
    const suback = await client.request([{ filter: 'open', qos: 1 }, { filter: 'secret/#' }]);
    expect(suback.reasons).toEqual([1, 0x80]);
  });

  testOurs('[MQTT3-3.3.5-2] of PUBLISH cannot be told: it is acknowledged and goes nowhere', async () => {
    const observer = await guarded.connect({ username: 'good' });
    await observer.subscribe('#');
    for (const version of [3, 4] as const) {
      const client = await guarded.connect({ version, username: 'good' });
      for (const qos of [0, 1, 2] as const) expect(await client.publish('secret/x', 'x', { qos })).toBe(0);
    }
    await observer.nothing();
  });
});

describe('a bridge, by bit 7 of the protocol level', () => {
  test('gets messages with their retain flag, and its own not back', async () => {
    const bridge = await server.open({ version: 4 });
    bridge.send({ ...connectPacket({ version: 4 }), bridge: true });
    expect(await bridge.next('connack')).toMatchObject({ reason: 0 });
    await bridge.subscribe('a', { qos: 1 });
    const publisher = await server.connect();
    await publisher.publish('a', 'x', { retain: true });
    expect(await bridge.next('publish')).toMatchObject({ retain: true });
    await bridge.publish('a', 'own', { qos: 1 });
    await bridge.nothing();
  });
});
