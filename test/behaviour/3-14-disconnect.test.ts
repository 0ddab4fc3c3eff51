// DISCONNECT (MQTT 5 section 3.14): from the client, and from the server.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { connectPacket, freshId } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

describe('from the client', () => {
  test('[MQTT-3.14.4-2] the server closes the connection and sends nothing', async () => {
    for (const version of [3, 4, 5] as const) {
      const client = await server.connect({ version });
      await client.disconnect();
    }
    const explained = await server.connect();
    await explained.disconnect(ReasonCode.UnspecifiedError, {
      reasonString: 'enough',
      userProperties: [['a', 'b']],
    });
  });

  test('[MQTT-3.14.4-1] what follows it on the connection is ignored', async () => {
    const observer = await server.connect();
    await observer.subscribe('#');
    const client = await server.connect();
    client.send({ type: 'disconnect', reason: 0 }, client.message('late', 'x', { qos: 1 }), {
      type: 'pingreq',
    });
    await client.closed();
    await delay(30);
    await observer.nothing();
  });

  test('what came before it is handled', async () => {
    const observer = await server.connect();
    await observer.subscribe('#');
    const client = await server.connect();
    client.send(client.message('early', 'x'), { type: 'disconnect', reason: 0 });
    expect(await observer.texts(1)).toEqual(['x']);
  });

  test('its session expiry interval replaces that of the CONNECT', async () => {
    const clientId = freshId();
    const first = await server.connect({ clientId, properties: { sessionExpiryInterval: 60 } });
    await first.disconnect(0, { sessionExpiryInterval: 0 });
    const second = await server.connect({
      clientId,
      cleanStart: false,
      properties: { sessionExpiryInterval: 1 },
    });
    expect(second.connack.sessionPresent).toBe(false);
    await second.disconnect(0, { sessionExpiryInterval: 60 });
    const third = await server.connect({ clientId, cleanStart: false });
    expect(third.connack.sessionPresent).toBe(true);
  });

  test('[MQTT-4.13.1-1] raising the session expiry interval from 0 is a protocol error', async () => {
    const clientId = freshId();
    const client = await server.connect({ clientId });
    client.send({ type: 'disconnect', reason: 0, properties: { sessionExpiryInterval: 60 } });
    await client.disconnected(ReasonCode.ProtocolError);
    const again = await server.connect({ clientId, cleanStart: false });
    expect(again.connack.sessionPresent).toBe(false);
  });
});

describe('from the server', () => {
  testOurs(
    '[MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-4.13.1-1] it names the reason, is the last packet, and the connection closes',
    async () => {
      const client = await server.connect({ properties: { sessionExpiryInterval: 60 } });
      client.send(client.message('', 'no topic'), { type: 'pingreq' }, { type: 'pingreq' });
      const packet = await client.next('disconnect');
      expect([ReasonCode.ProtocolError, ReasonCode.MalformedPacket]).toContain(packet.reason);
      expect(packet.properties).not.toHaveProperty('sessionExpiryInterval');
      await client.closed();
    },
  );

  test('[MQTT3-4.8.0-1] an MQTT 3.1.1 client is only disconnected', async () => {
    const client = await server.connect({ version: 4 });
    client.send(connectPacket({ version: 4 }));
    await client.closed();
  });

  testOurs('a broker that shuts down says so with 0x8B', async () => {
    const client = await server.connect();
    const old = await server.connect({ version: 4 });
    const silent = await server.open();
    await server.broker.close();
    await client.disconnected(ReasonCode.ServerShuttingDown);
    await old.closed();
    await silent.closed();
  });
});
