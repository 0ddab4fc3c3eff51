// Network connections (MQTT 5 section 4.2): over TCP, however the bytes are cut.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { encodePacket } from '../../src/protocol/index.js';
import { connectPacket, TestClient, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

async function dial(): Promise<Socket> {
  const { host, port } = await server.broker.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

describe('over TCP', () => {
  testOurs('[MQTT-4.2.0-1] a client connects, publishes and receives', async () => {
    const client = new TestClient(await dial());
    await client.handshake({});
    await client.subscribe('a', { qos: 2 });
    for (const qos of [0, 1, 2] as const) {
      client.send(client.message('a', `tcp${qos}`, { qos }));
    }
    const seen: string[] = [];
    for (let packet = await client.any(); packet.type !== 'pubcomp'; packet = await client.any()) {
      if (packet.type === 'publish') seen.push(text(packet));
      if (packet.type === 'pubrec') client.acknowledge('pubrel', packet.packetId);
    }
    expect(seen.sort()).toEqual(['tcp0', 'tcp1', 'tcp2']);
    await client.disconnect();
  });

  testOurs('a connection that is reset is a lost one: its will is published', async () => {
    const observer = await server.connect();
    await observer.subscribe('will');
    const socket = await dial();
    const client = new TestClient(socket);
    await client.handshake({ will: { topic: 'will', payload: 'reset' } });
    socket.resetAndDestroy();
    expect(await observer.texts(1)).toEqual(['reset']);
  });

  testOurs('a connection that is half closed is a lost one too', async () => {
    const observer = await server.connect();
    await observer.subscribe('will');
    const socket = await dial();
    const client = new TestClient(socket);
    await client.handshake({ will: { topic: 'will', payload: 'half' } });
    socket.end();
    expect(await observer.texts(1)).toEqual(['half']);
    await client.closed();
  });
});

test.each([1, 2, 7, 64, 100_000])('packets may come in pieces of %i bytes', async (size) => {
  const receiver = await server.connect();
  await receiver.subscribe('a');
  const client = await server.open();
  const payload = 'x'.repeat(300);
  const packets = [
    connectPacket(),
    client.message('a', 'short'),
    client.message('a', payload, { qos: 1, packetId: 1 }),
    client.message('a', '', { qos: 1, packetId: 2 }),
    { type: 'pingreq' } as const,
  ];
  const stream = Buffer.concat(packets.map((packet) => encodePacket(packet, 5)));
  for (let at = 0; at < stream.length; at += size) {
    client.sendBytes(stream.subarray(at, at + size));
    await setImmediate();
  }
  for (const type of ['connack', 'puback', 'puback', 'pingresp'] as const) await client.next(type);
  expect(await receiver.texts(3)).toEqual(['short', payload, '']);
});
