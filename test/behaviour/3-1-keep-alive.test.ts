// Keep Alive (MQTT 5 section 3.1.2.10) and Server Keep Alive (3.2.2.3.14).
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { testOurs, useServer, useSharedServer } from './server.js';

describe.concurrent('Keep Alive', () => {
  const server = useSharedServer();

  testOurs(
    '[MQTT-3.1.2-22] [MQTT-3.2.2-22] ends a silent connection after one and a half of it, with 0x8D',
    async () => {
      const client = await server.connect({ keepAlive: 1 });
      await client.silence(1300);
      await client.disconnected(ReasonCode.KeepAliveTimeout, 1500);
    },
  );

  test('[MQTT3-3.1.2-24] ends a silent 3.1.1 connection, which is told nothing', async () => {
    const client = await server.connect({ version: 4, keepAlive: 1 });
    await client.silence(1100);
    await client.closed(2000);
  });

  test('[MQTT-3.1.2-22] that end publishes the will', async () => {
    const observer = await server.connect();
    await observer.subscribe('will');
    await server.connect({ keepAlive: 1, will: { topic: 'will', payload: 'silent' } });
    expect(await observer.texts(1)).toEqual(['silent']);
  });

  test('[MQTT-3.1.2-22] every kind of packet counts as a sign of life', async () => {
    const [pinging, publishing, quiet] = [
      await server.connect({ keepAlive: 1 }),
      await server.connect({ keepAlive: 1 }),
      await server.connect({ keepAlive: 0 }), // 0 is off
    ];
    for (let i = 0; i < 4; i++) {
      await delay(600);
      await pinging.nothing();
      publishing.send(publishing.message('sign/of/life'));
    }
    await publishing.silence(1);
    await quiet.silence(1);
  });

  test('[MQTT-3.1.2-22] bytes that never become a packet are no sign of life', async () => {
    const client = await server.connect({ keepAlive: 1 });
    client.sendBytes(Uint8Array.of(0x30, 0x7f));
    for (let i = 0; i < 6 && !client.isClosed; i++) {
      await delay(500);
      client.sendBytes(Uint8Array.of(0x00));
    }
    expect(client.isClosed).toBe(true);
  });
});

describe('Server Keep Alive', () => {
  const server = useServer({ maxKeepalive: 10 });

  test('a longer keep-alive is cut to the longest that is allowed, and the CONNACK tells', async () => {
    const client = await server.connect({ keepAlive: 60 });
    expect(client.connack.properties?.serverKeepAlive).toBe(10);
  });

  test('no keep-alive at all is longer than any', async () => {
    const client = await server.connect({ keepAlive: 0 });
    expect(client.connack.properties?.serverKeepAlive).toBe(10);
  });

  test('[MQTT-3.2.2-22] a shorter one stays, and the CONNACK says nothing', async () => {
    const client = await server.connect({ keepAlive: 5 });
    expect(client.connack.properties?.serverKeepAlive).toBeUndefined();
  });

  test('a client before MQTT 5 cannot be told, and is refused', async () => {
    await server.refused({ version: 4, keepAlive: 60 }, 2);
    await server.connect({ version: 4, keepAlive: 5 });
  });
});

describe('Server Keep Alive of a second', () => {
  const server = useServer({ maxKeepalive: 1 });

  test('holds instead of what the client asked for', async () => {
    const client = await server.connect({ keepAlive: 600 });
    expect(client.connack.properties?.serverKeepAlive).toBe(1);
    await delay(2800);
    expect(client.isClosed).toBe(true);
  });
});
