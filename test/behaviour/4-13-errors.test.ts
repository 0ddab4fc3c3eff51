// Errors (MQTT 5 section 4.13): what ends a connection ends only that one, and what it had is treated as lost.
import { describe, expect, test } from 'vitest';
import { type Packet, ReasonCode } from '../../src/protocol/index.js';
import { type ConnectOptions, freshId } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();
const subscription = { qos: 0 as const, noLocal: false, retainAsPublished: false, retainHandling: 0 };

/** Packets that can be parsed and may not come from a client. */
const wrong: [name: string, packet: Packet, reason: number][] = [
  ['CONNACK', { type: 'connack', sessionPresent: false, reason: 0 }, ReasonCode.ProtocolError],
  ['SUBACK', { type: 'suback', packetId: 1, reasons: [0] }, ReasonCode.ProtocolError],
  ['UNSUBACK', { type: 'unsuback', packetId: 1, reasons: [0] }, ReasonCode.ProtocolError],
  ['PINGRESP', { type: 'pingresp' }, ReasonCode.ProtocolError],
  ['AUTH without a method', { type: 'auth', reason: 0x19 }, ReasonCode.ProtocolError],
];

test.each(wrong)(
  '[MQTT-4.13.1-1] [MQTT-4.13.2-1] %s from a client ends the connection with a reason',
  async (_, packet, reason) => {
    const bystander = await server.connect();
    const client = await server.connect();
    client.send(packet, { type: 'pingreq' });
    await client.disconnected(reason);
    await bystander.nothing();
  },
);

test.each(wrong.slice(0, -1))(
  '[MQTT3-4.8.0-1] %s from an MQTT 3.1.1 client ends the connection',
  async (_, packet) => {
    const client = await server.connect({ version: 4 });
    client.send(packet, { type: 'pingreq' });
    await client.closed();
  },
);

test('what came before the error in the same bytes is handled, what came after it is not', async () => {
  const observer = await server.connect();
  await observer.subscribe('#', { qos: 1 });
  const client = await server.connect();
  client.send(
    client.message('before', '1', { qos: 1 }),
    { type: 'pingresp' },
    client.message('after', '2', { qos: 1 }),
  );
  await client.next('puback');
  await client.disconnected(ReasonCode.ProtocolError);
  expect(await observer.next('publish')).toMatchObject({ topic: 'before' });
  await observer.nothing();
});

test('the session survives the error of its connection', async () => {
  const session: ConnectOptions = {
    clientId: freshId(),
    cleanStart: false,
    properties: { sessionExpiryInterval: 60 },
  };
  const first = await server.connect(session);
  await first.subscribe('a', { qos: 1 });
  first.send({ type: 'pingresp' });
  await first.disconnected(ReasonCode.ProtocolError);
  const publisher = await server.connect();
  await publisher.publish('a', 'kept', { qos: 1 });
  const second = await server.connect(session);
  expect(second.connack.sessionPresent).toBe(true);
  expect(await second.texts(1)).toEqual(['kept']);
});

describe('a reason string', () => {
  testOurs('says what was wrong', async () => {
    const client = await server.connect();
    client.send({ type: 'pingresp' });
    expect((await client.next('disconnect')).properties?.reasonString).toMatch(/\w{3}/);
  });

  testOurs('is left out where it does not fit the client', async () => {
    const client = await server.connect({ properties: { maximumPacketSize: 16 } });
    client.send({ type: 'pingresp' });
    const packet = await client.next('disconnect');
    expect(packet).toMatchObject({ reason: ReasonCode.ProtocolError, properties: {} });
  });
});

testOurs(
  '[MQTT-4.8.2-1] [MQTT-4.8.2-2] [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] a filter that is none is refused, one way or the other, and never subscribed',
  async () => {
    for (const filter of [
      'a#',
      '#/a',
      'a+',
      '+a/b',
      'a/#/b',
      '',
      '$share/g',
      '$share/+/a',
      '$share//a',
      '$share/g/',
    ]) {
      const client = await server.connect();
      client.send({ type: 'subscribe', packetId: 1, subscriptions: [{ filter, ...subscription }] });
      const answer = await client.any();
      if (answer.type === 'suback') expect(answer.reasons[0]).toBeGreaterThanOrEqual(0x80);
      else expect(answer).toMatchObject({ type: 'disconnect' });
    }
  },
);

describe('with reasonStrings off', () => {
  const terse = useServer({ reasonStrings: false });

  testOurs('there is none', async () => {
    const client = await terse.connect();
    expect((await client.request([{ filter: 'too/many/levels/'.repeat(100) }])).properties).toEqual({});
    client.send(client.message('$SYS/x', 'x', { qos: 1 }));
    expect((await client.next('puback')).properties).toEqual({});
    client.send({ type: 'pingresp' });
    expect(await client.next('disconnect')).toMatchObject({ properties: {} });
  });
});
