// CONNACK (MQTT 5 section 3.2): the limits it tells, and that they hold.
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { connectPacket } from './client.js';
import { testOurs, useServer } from './server.js';

describe('without options', () => {
  const server = useServer();

  test('the CONNACK tells the limits that are not the specification’s own', async () => {
    const { connack } = await server.connect();
    expect(connack).toEqual({
      type: 'connack',
      sessionPresent: false,
      reason: 0,
      properties: { topicAliasMaximum: 10, maximumPacketSize: 2_000_000, receiveMaximum: 20 },
    });
  });

  test('[MQTT-3.1.2-28] there is no Response Information unless it was asked for', async () => {
    const { connack } = await server.connect({ properties: { requestResponseInformation: 0 } });
    expect(connack.properties).not.toHaveProperty('responseInformation');
  });

  test('[MQTT-4.12.0-6] there is no authentication method where the client named none', async () => {
    const { connack } = await server.connect({ username: 'someone', password: 'x' });
    expect(connack.properties).not.toHaveProperty('authenticationMethod');
    expect(connack.properties).not.toHaveProperty('authenticationData');
  });

  test('[MQTT-4.12.0-1] an unknown authentication method is refused with 0x8C', async () => {
    const properties = { authenticationMethod: 'TELEPATHY' };
    await server.refused({ properties }, ReasonCode.BadAuthenticationMethod);
  });

  testOurs('[MQTT-3.1.2-24] a client that cannot take the CONNACK gets nothing', async () => {
    const { connack } = await server.connect({ properties: { maximumPacketSize: 16 } });
    expect(connack.properties).toMatchObject({ receiveMaximum: 20 });
    const client = await server.open();
    await expect(client.handshake({ properties: { maximumPacketSize: 15 } })).rejects.toThrow('closed');
  });

  test('an MQTT 3 CONNACK has no properties', async () => {
    for (const version of [3, 4] as const) {
      const { connack } = await server.connect({ version });
      expect(connack).toEqual({ type: 'connack', sessionPresent: false, reason: 0 });
    }
  });
});

describe('with QoS 1 as the highest', () => {
  const server = useServer({ maxQos: 1 });

  test('[MQTT-3.2.2-9] the CONNACK says so', async () => {
    expect((await server.connect()).connack.properties).toMatchObject({ maximumQoS: 1 });
  });

  test('[MQTT-3.2.2-10] [MQTT-3.8.4-7] subscriptions of any QoS are accepted, and granted up to it', async () => {
    const client = await server.connect();
    const suback = await client.request([
      { filter: 'a', qos: 0 },
      { filter: 'b', qos: 1 },
      { filter: 'c', qos: 2 },
    ]);
    expect(suback.reasons).toEqual([0, 1, 1]);
  });

  test('[MQTT-3.2.2-12] [MQTT-3.2.2-11] a will of QoS 2 is refused with 0x9B, a publication ends the connection with it', async () => {
    await server.refused({ will: { topic: 'w', qos: 2 } }, ReasonCode.QoSNotSupported);
    const client = await server.connect();
    client.send(client.message('a', 'x', { qos: 2 }));
    await client.disconnected(ReasonCode.QoSNotSupported);
  });
});

describe('with QoS 0 only', () => {
  const server = useServer({ maxQos: 0 });

  test('[MQTT-3.2.2-9] [MQTT-3.2.2-10] [MQTT-3.2.2-12] the same holds', async () => {
    const client = await server.connect();
    expect(client.connack.properties).toMatchObject({ maximumQoS: 0 });
    expect((await client.request([{ filter: 'c', qos: 2 }])).reasons).toEqual([0]);
    await server.refused({ will: { topic: 'w', qos: 1 } }, ReasonCode.QoSNotSupported);
  });
});

describe('without retained messages', () => {
  const server = useServer({ retainAvailable: false });

  test('the CONNACK says so', async () => {
    expect((await server.connect()).connack.properties).toMatchObject({ retainAvailable: 0 });
  });

  test('[MQTT-3.2.2-13] a retained will is refused with 0x9A', async () => {
    await server.refused({ will: { topic: 'w', retain: true } }, ReasonCode.RetainNotSupported);
  });

  test('[MQTT-3.2.2-14] a retained publication ends the connection with 0x9A', async () => {
    const client = await server.connect();
    client.send(client.message('a', 'x', { retain: true }));
    await client.disconnected(ReasonCode.RetainNotSupported);
  });
});

describe('with other limits', () => {
  const server = useServer({ maxInflightMessages: 5, maxPacketSize: 1000, maxTopicAlias: 3 });

  test('the CONNACK tells them', async () => {
    const { connack } = await server.connect();
    expect(connack.properties).toEqual({ topicAliasMaximum: 3, maximumPacketSize: 1000, receiveMaximum: 5 });
  });

  testOurs('[MQTT-3.2.2-15] a larger packet ends the connection with 0x95', async () => {
    const client = await server.connect();
    const size = 1000 - 'a'.length - 6; // fixed header 3, topic length 2, property length 1
    await client.publish('a', new Uint8Array(size));
    client.send(client.message('a', new Uint8Array(size + 1)));
    await client.disconnected(ReasonCode.PacketTooLarge);
  });

  test('a CONNECT that is larger is closed without a word: nothing says yet which version it has', async () => {
    const client = await server.open();
    client.send(connectPacket({ clientId: 'x'.repeat(1200) }));
    await client.closed();
  });
});

describe('without limits', () => {
  const server = useServer({ maxInflightMessages: 0, maxTopicAlias: 0 });

  test('the CONNACK says nothing of them', async () => {
    const { connack } = await server.connect();
    expect(connack.properties).not.toHaveProperty('receiveMaximum');
    expect(connack.properties).not.toHaveProperty('topicAliasMaximum');
  });
});
