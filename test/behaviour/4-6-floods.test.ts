// Many messages in one piece, as a fast publisher sends them: what is done at once for all of them must come
// out as if each had been handled alone.
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Packet, PublishPacket, QoS } from '../../src/protocol/index.js';
import { bytes, type ConnectOptions, freshId, TestClient, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer({ maxQueuedMessages: 0 });

/** A payload of some size that no other message has. */
function payloadOf(index: number, size: number): Uint8Array {
  const payload = new Uint8Array(Math.max(size, 4));
  for (let i = 0; i < payload.length; i++) payload[i] = (index * 31 + i * 7 + (i >> 8)) & 0xff;
  payload.set(bytes(`${index}`.padStart(4, '0')));
  return payload;
}

async function receive(client: TestClient, count: number): Promise<PublishPacket[]> {
  const messages = [];
  while (messages.length < count) messages.push(await client.next('publish'));
  await client.nothing();
  return messages;
}

function checkPayloads(messages: PublishPacket[], sizes: number[]): void {
  for (const [index, message] of messages.entries()) {
    const expected = payloadOf(index, sizes[index]!);
    expect(Buffer.compare(message.payload, expected), `payload ${index}`).toBe(0);
  }
}

const sizes = Array.from({ length: 200 }, (_, index) => [4, 10, 60, 127, 128, 300, 5000][index % 7]!);
const flood = (client: TestClient, qos: QoS, topic = 'flood'): Packet[] =>
  sizes.map((size, index) => client.message(topic, payloadOf(index, size), { qos, packetId: index + 1 }));

describe.each([3, 4, 5] as const)('from protocol level %i', (version) => {
  test('QoS 0 messages come to every kind of subscriber whole and in order', async () => {
    const publisher = await server.connect({ version });
    const kinds: [ConnectOptions, number | undefined][] = [
      [{ version: 5 }, undefined],
      [{ version: 4 }, undefined],
      [{ version: 3 }, undefined],
      [{ version: 5 }, 77],
      [{ version: 5, properties: { topicAliasMaximum: 1 } }, undefined],
      [{ version: 5, properties: { topicAliasMaximum: 3 } }, 1],
    ];
    const subscribers = [];
    for (const [options, identifier] of kinds) {
      const subscriber = await server.connect(options);
      const properties = identifier === undefined ? undefined : { subscriptionIdentifier: [identifier] };
      await subscriber.subscribe('flood', { qos: (subscribers.length % 3) as QoS }, properties);
      subscribers.push(subscriber);
    }
    const none = await server.connect();
    await none.subscribe('other');
    await publisher.subscribe('flood', { qos: 0, noLocal: true });
    publisher.send(...flood(publisher, 0));
    for (const [index, subscriber] of subscribers.entries()) {
      const messages = await receive(subscriber, sizes.length);
      checkPayloads(messages, sizes);
      const identifier = kinds[index]![1];
      if (identifier !== undefined) {
        for (const message of messages) {
          expect(message.properties!.subscriptionIdentifier).toEqual([identifier]);
        }
      }
    }
    await none.nothing();
  });
});

test('a client with a small Maximum Packet Size gets those that fit', async () => {
  const publisher = await server.connect();
  const small = await server.connect({ properties: { maximumPacketSize: 100 } });
  await small.subscribe('flood');
  publisher.send(...flood(publisher, 0));
  const fitting = sizes.filter((size) => size < 90).length;
  expect(await receive(small, fitting)).toHaveLength(fitting);
  expect(small.largestPacket).toBeLessThanOrEqual(100);
});

test('other topics, QoS and packets in between keep their place', async () => {
  const publisher = await server.connect();
  const subscriber = await server.connect();
  await subscriber.subscribe('+', { qos: 2 });
  const packets: Packet[] = [];
  const expected: string[] = [];
  for (let i = 0; i < 15; i++) {
    for (const [topic, qos] of [
      ['a', 0],
      ['a', 0],
      ['b', 0],
      ['a', 1],
      ['a', 0],
    ] as const) {
      expected.push(`${topic}${expected.length}`);
      packets.push(publisher.message(topic, expected.at(-1)!, { qos, packetId: expected.length }));
    }
    packets.push({ type: 'pingreq' });
  }
  publisher.send(...packets);
  const received = await receive(subscriber, expected.length);
  // of one topic, those of one QoS are in order; here the window never fills, so all are
  expect(received.map(text)).toEqual(expected);
});

test('a subscription that changes in the middle holds from there on', async () => {
  const client = await server.connect();
  const options = { qos: 0 as const, noLocal: false, retainAsPublished: false, retainHandling: 0 };
  client.send(
    client.message('a', '1'),
    { type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a', ...options }] },
    client.message('a', '2'),
    client.message('a', '3'),
    { type: 'unsubscribe', packetId: 2, filters: ['a'] },
    client.message('a', '4'),
    { type: 'subscribe', packetId: 3, subscriptions: [{ filter: '#', ...options }] },
    client.message('a', '5'),
    { type: 'pingreq' },
  );
  const seen = [];
  for (let packet = await client.any(); packet.type !== 'pingresp'; packet = await client.any()) {
    seen.push(packet.type === 'publish' ? text(packet) : packet.type);
  }
  expect(seen.filter((item) => /^\d$/.test(item))).toEqual(['2', '3', '5']);
});

describe('large messages', () => {
  const large = [16_383, 16_384, 20_000, 65_535, 65_536, 200_000];

  test.each([0, 1, 2] as const)(
    'of QoS %i reach every kind of subscriber at once, each with its own packet',
    async (qos) => {
      const publisher = await server.connect();
      const subscribers = [
        await server.connect(),
        await server.connect({ version: 4 }),
        await server.connect({ properties: { topicAliasMaximum: 2 } }),
        await server.connect(),
      ];
      for (const [index, subscriber] of subscribers.entries()) {
        const identifier = index === 3 ? { subscriptionIdentifier: [9] } : undefined;
        await subscriber.subscribe('large', { qos: index === 1 ? 1 : 2 }, identifier);
      }
      // the identifiers of the subscribers are not the same
      await subscribers[0]!.subscribe('offset', { qos: 1 });
      for (let i = 0; i < 3; i++) await publisher.publish('offset', 'x', { qos: 1 });
      await subscribers[0]!.texts(3);
      const messages = large.map((size, index) =>
        publisher.message('large', payloadOf(index, size), { qos, packetId: 500 + index }),
      );
      publisher.send(...messages);
      if (qos === 2) for (const { packetId } of messages) publisher.acknowledge('pubrel', packetId!);
      for (const subscriber of subscribers) checkPayloads(await receive(subscriber, large.length), large);
    },
  );

  test('are retained whole', async () => {
    const publisher = await server.connect();
    for (const [index, size] of large.entries()) {
      await publisher.publish(`large/${index}`, payloadOf(index, size), { retain: true });
    }
    for (const version of [4, 5] as const) {
      const subscriber = await server.connect({ version });
      for (const index of large.keys())
        await subscriber.subscribe(`large/${index}`, { qos: 1 }).then(async () => {
          expect(
            Buffer.compare((await subscriber.next('publish')).payload, payloadOf(index, large[index]!)),
          ).toBe(0);
        });
    }
  });
});

describe('what is kept', () => {
  const session = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

  test('queued messages are whole after many others came the same way', async () => {
    const clientId = freshId();
    const publisher = await server.connect();
    const first = await server.connect({ ...session, clientId });
    await first.subscribe('kept', { qos: 1 });
    await first.disconnect();
    for (let i = 0; i < 10; i++) {
      publisher.send(...flood(publisher, 1, 'kept').slice(i * 20, i * 20 + 20));
      for (let j = 0; j < 20; j++) await publisher.next('puback');
      publisher.send(...flood(publisher, 0, 'noise'));
    }
    await publisher.nothing();
    const second = await server.connect({ ...session, clientId });
    checkPayloads(await receive(second, sizes.length), sizes);
  });

  testOurs('the same over TCP, retained messages included', async () => {
    const { host, port } = await server.broker.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    const publisher = new TestClient(socket);
    await publisher.handshake({});
    const clientId = freshId();
    const first = await server.connect({ ...session, clientId });
    await first.subscribe('kept', { qos: 1 });
    await first.disconnect();
    const live = await server.connect();
    await live.subscribe('noise');
    for (let i = 0; i < 10; i++) {
      const kept = flood(publisher, 1, 'kept').slice(i * 20, i * 20 + 20);
      const retained = kept.map((_, j) => {
        const index = i * 20 + j;
        return publisher.message(`retained/${index}`, payloadOf(index, sizes[index]!), { retain: true });
      });
      publisher.send(...kept, ...retained, ...flood(publisher, 0, 'noise'));
      for (let j = 0; j < 20; j++) await publisher.next('puback');
      const messages = [];
      while (messages.length < sizes.length) messages.push(await live.next('publish'));
      checkPayloads(messages, sizes);
    }
    const second = await server.connect({ ...session, clientId });
    checkPayloads(await receive(second, sizes.length), sizes);
    const late = await server.connect();
    await late.subscribe('retained/#');
    const found = await receive(late, sizes.length);
    found.sort((a, b) => Number(a.topic.slice(9)) - Number(b.topic.slice(9)));
    checkPayloads(found, sizes);
    await publisher.disconnect();
  });
});

testOurs(
  'a client in memory that answers in the very moment in which it is written to disturbs nothing',
  async () => {
    const [publisher, echo, witness] = [
      await server.connect(),
      await server.connect(),
      await server.connect(),
    ];
    await echo.subscribe('call');
    await witness.subscribe('#', { qos: 0 });
    echo.onPublish = (message) => echo.send(echo.message('echo', text(message).slice(0, 4)));
    const count = 600;
    const numbers = Array.from({ length: count }, (_, index) => `${index}`.padStart(4, '0'));
    // so much that the broker writes before it has handled all of it
    publisher.send(
      ...numbers.map((number, index) =>
        publisher.message('call', number.padEnd(900, '.'), { qos: 1, packetId: index + 1 }),
      ),
    );
    const seen: Record<string, string[]> = { call: [], echo: [] };
    for (let i = 0; i < 2 * count; i++) {
      const message = await witness.next('publish');
      seen[message.topic]!.push(text(message).slice(0, 4));
    }
    expect(seen['call']).toEqual(numbers);
    expect(seen['echo']).toEqual(numbers);
  },
);
