// Redelivery (MQTT 5 section 4.4): what a resumed session sends again, how, and that nothing else is resent.
import { describe, expect, test } from 'vitest';
import { type Packet, ReasonCode } from '../../src/protocol/index.js';
import { type ConnectOptions, freshId, type TestClient, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

const versions: [string, ConnectOptions][] = [
  ['MQTT 5', { version: 5, properties: { sessionExpiryInterval: 60 } }],
  ['MQTT 3.1.1', { version: 4 }],
  ['MQTT 3.1', { version: 3 }],
];

/** A short form of what came: 'publish a dup', 'pubrel 2'. */
function brief(packet: Packet): string {
  if (packet.type === 'publish')
    return `publish ${text(packet)} ${packet.packetId} ${packet.dup ? 'dup' : 'new'}`;
  return packet.type === 'pubrel' ? `pubrel ${packet.packetId}` : packet.type;
}

async function briefly(client: TestClient, count: number): Promise<string[]> {
  const seen = [];
  while (seen.length < count) seen.push(brief(await client.any()));
  return seen;
}

describe.each(versions)('%s', (_, options) => {
  const session = (): ConnectOptions => ({ ...options, clientId: freshId(), cleanStart: false });

  test('[MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT3-4.4.0-1] [MQTT3-4.6.0-1] unacknowledged PUBLISH packets are resent in order, with their identifiers and DUP 1', async () => {
    const resumed = session();
    const publisher = await server.connect();
    const first = await server.connect({ ...resumed, acknowledge: false });
    await first.subscribe('a', { qos: 2 });
    for (const [payload, qos] of [
      ['a', 1],
      ['b', 2],
      ['c', 1],
      ['d', 2],
      ['e', 1],
    ] as const) {
      await publisher.publish('a', payload, { qos });
    }
    const sent = [];
    for (let i = 0; i < 5; i++) sent.push(await first.next('publish'));
    first.acknowledge('puback', sent[2]!.packetId!); // c
    await first.nothing();
    await first.drop();
    await publisher.publish('a', 'late', { qos: 1 });

    for (let reconnect = 0; reconnect < 2; reconnect++) {
      const again = await server.connect({ ...resumed, acknowledge: false });
      const [a, b, , d, e] = sent.map((message) => message.packetId);
      const expected = [
        `publish a ${a} dup`,
        `publish b ${b} dup`,
        `publish d ${d} dup`,
        `publish e ${e} dup`,
      ];
      expect(await briefly(again, 4)).toEqual(expected);
      const late = await again.next('publish');
      expect(text(late)).toBe('late');
      expect(late.dup).toBe(reconnect > 0);
      await again.nothing();
      await again.drop();
    }
  });

  test('[MQTT-4.3.3-5] [MQTT-4.3.3-6] after PUBREC the PUBREL is resent, not the PUBLISH', async () => {
    const resumed = session();
    const publisher = await server.connect();
    const first = await server.connect({ ...resumed, acknowledge: false });
    await first.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'x', { qos: 2 });
    await publisher.publish('a', 'y', { qos: 2 });
    const [x, y] = [await first.next('publish'), await first.next('publish')];
    first.acknowledge('pubrec', x.packetId!);
    await first.next('pubrel');
    await first.drop();
    const second = await server.connect({ ...resumed, acknowledge: false });
    const seen = await briefly(second, 2);
    expect(seen.sort()).toEqual([`publish y ${y.packetId} dup`, `pubrel ${x.packetId}`].sort());
    second.acknowledge('pubcomp', x.packetId!);
    second.acknowledge('pubrec', y.packetId!);
    expect(await briefly(second, 1)).toEqual([`pubrel ${y.packetId}`]);
    second.acknowledge('pubcomp', y.packetId!);
    await second.nothing();
    await second.drop();
    await (await server.connect(resumed)).nothing();
  });

  test('[MQTT-4.3.2-3] [MQTT-4.3.3-3] PUBREC lost, then PUBLISH with DUP and a whole exchange', async () => {
    const resumed = session();
    const publisher = await server.connect();
    const first = await server.connect({ ...resumed, acknowledge: false });
    await first.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'x', { qos: 2 });
    await first.next('publish');
    await first.drop();
    const second = await server.connect(resumed);
    expect(await second.next('publish')).toMatchObject({ dup: true, qos: 2 });
    await second.nothing();
    await second.drop();
    await (await server.connect(resumed)).nothing();
  });

  test('[MQTT-4.4.0-1] nothing is resent while the connection lasts', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ ...session(), acknowledge: false });
    await client.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'x', { qos: 1 });
    await publisher.publish('a', 'y', { qos: 2 });
    await client.texts(2);
    await client.silence(400);
  });

  test('[MQTT-3.1.2-4] Clean Start 1 resends nothing', async () => {
    const resumed = session();
    const publisher = await server.connect();
    const first = await server.connect({ ...resumed, acknowledge: false });
    await first.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'x', { qos: 2 });
    await first.next('publish');
    await first.drop();
    await (await server.connect({ ...resumed, cleanStart: true })).nothing();
  });
});

test('[MQTT-4.4.0-2] what was refused with 0x80 or above is not resent', async () => {
  const session: ConnectOptions = {
    clientId: freshId(),
    cleanStart: false,
    properties: { sessionExpiryInterval: 60 },
  };
  const publisher = await server.connect();
  const first = await server.connect({ ...session, acknowledge: false });
  await first.subscribe('a', { qos: 2 });
  await publisher.publish('a', '1', { qos: 1 });
  await publisher.publish('a', '2', { qos: 2 });
  const [one, two] = [await first.next('publish'), await first.next('publish')];
  first.acknowledge('puback', one.packetId!, ReasonCode.UnspecifiedError);
  first.acknowledge('pubrec', two.packetId!, ReasonCode.UnspecifiedError);
  await first.nothing();
  await first.drop();
  await (await server.connect(session)).nothing();
});

testOurs('[MQTT-3.3.4-9] resending keeps within a smaller Receive Maximum', async () => {
  const session: ConnectOptions = { clientId: freshId(), cleanStart: false, acknowledge: false };
  const publisher = await server.connect();
  const first = await server.connect({ ...session, properties: { sessionExpiryInterval: 60 } });
  await first.subscribe('a', { qos: 1 });
  for (let i = 0; i < 5; i++) await publisher.publish('a', `${i}`, { qos: 1 });
  await first.texts(5);
  await first.drop();
  const second = await server.connect({
    ...session,
    properties: { sessionExpiryInterval: 60, receiveMaximum: 2 },
  });
  const unacknowledged = [await second.next('publish'), await second.next('publish')];
  await second.nothing();
  for (const payload of ['0', '1', '2', '3', '4']) {
    const message = unacknowledged.shift()!;
    expect(text(message)).toBe(payload);
    expect(message.dup).toBe(true);
    second.acknowledge('puback', message.packetId!);
    if (payload < '3') unacknowledged.push(await second.next('publish'));
  }
  await second.nothing();
});
