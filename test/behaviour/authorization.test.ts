// Plugins that decide (authenticate, authorize, publish, deliver), as a client sees it: MQTT 5 section 3.1.4
// asks for such checks and leaves them to the server.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { text } from './client.js';
import { testOurs, useServer } from './server.js';

const { NotAuthorized, QuotaExceeded } = ReasonCode;

describe.each([false, true])('authorize, with a promise: %s', (later) => {
  const server = useServer({
    plugins: [
      {
        name: 'guard',
        authorize: (_, { topic }) => {
          const verdict = topic.startsWith('full') ? QuotaExceeded : !topic.startsWith('secret');
          return later ? delay(5).then(() => verdict) : verdict;
        },
      },
    ],
  });

  testOurs('a publication that is not allowed goes nowhere, and the acknowledgement says why', async () => {
    const observer = await server.connect();
    await observer.subscribe('#');
    const client = await server.connect();
    for (const [topic, reason] of [
      ['secret', NotAuthorized],
      ['full', QuotaExceeded],
    ] as const) {
      expect(await client.publish(topic, 'x', { qos: 1 })).toBe(reason);
      expect(await client.publish(topic, 'x', { qos: 2 })).toBe(reason);
      client.send(client.message(topic, 'x', { retain: true }));
      await client.nothing();
    }
    await observer.nothing();
    await observer.subscribe('#'); // nothing was retained
    await observer.nothing();
  });

  testOurs('[MQTT-3.9.3-1] a subscription that is not allowed is refused by itself', async () => {
    const client = await server.connect();
    const filters = ['a', 'secret/#', 'b', 'full', '$share/g/a'];
    const suback = await client.request(filters.map((filter) => ({ filter, qos: 1 })));
    expect(suback.reasons).toEqual([1, NotAuthorized, 1, QuotaExceeded, 1]);
    const publisher = await server.connect();
    await publisher.publish('b', 'x');
    expect(await client.texts(1)).toEqual(['x']);
  });

  testOurs('a will that is not allowed is not published', async () => {
    const observer = await server.connect();
    await observer.subscribe('#');
    await (await server.connect({ will: { topic: 'secret/will', retain: true } })).drop();
    await (await server.connect({ will: { topic: 'open/will', payload: 'x' } })).drop();
    expect(await observer.next('publish')).toMatchObject({ topic: 'open/will' });
    await observer.nothing();
  });

  testOurs('[MQTT-4.6.0-5] allowed messages keep their order, with those of other QoS too', async () => {
    const observer = await server.connect();
    await observer.subscribe('a', { qos: 2 });
    const client = await server.connect();
    const messages = Array.from({ length: 12 }, (_, i) =>
      client.message('a', `${i}`, { qos: (i % 3) as 0 | 1 | 2, packetId: i + 1 }),
    );
    client.send(...messages);
    expect(await observer.texts(12)).toEqual(messages.map(text));
    for (let i = 0; i < 12; i++) {
      if (i % 3 > 0)
        expect(await client.next(i % 3 === 1 ? 'puback' : 'pubrec')).toMatchObject({ packetId: i + 1 });
    }
  });
});

describe('a hook that takes its time', () => {
  const server = useServer({
    hookTimeout: 0.3,
    plugins: [
      {
        name: 'slow',
        authenticate: ({ username }) => (username === 'slow' ? delay(100).then(() => true) : true),
        publish: ({ username }, { topic }) => {
          if (topic === 'never') return new Promise(() => {});
          return username === 'slow' ? delay(100).then(() => undefined) : undefined;
        },
      },
    ],
  });

  testOurs('delays its client and nobody else', async () => {
    const observer = await server.connect();
    await observer.subscribe('a');
    const [slow, quick] = [await server.connect({ username: 'slow' }), await server.connect()];
    slow.send(slow.message('a', 'slow'));
    await quick.publish('a', 'quick');
    expect(await observer.texts(2)).toEqual(['quick', 'slow']);
  });

  testOurs('has a time limit, after which the answer is no', async () => {
    const client = await server.connect();
    client.send(
      client.message('never', 'x', { qos: 1, packetId: 1 }),
      client.message('a', 'x', { qos: 1, packetId: 2 }),
    );
    const refused = await client.next('puback');
    expect(refused.packetId).toBe(1);
    expect(refused.reason).toBeGreaterThanOrEqual(0x80);
    expect(await client.next('puback')).toMatchObject({ packetId: 2 });
  });

  testOurs('does no harm if its client goes away meanwhile', async () => {
    const client = await server.connect({ username: 'slow' });
    client.send(client.message('a', 'x', { qos: 1 }));
    await client.drop();
    const never = await server.open();
    never.send({
      type: 'connect',
      version: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId: 'gone',
      username: 'slow',
    });
    await never.drop();
    await delay(150);
    expect([...server.broker.clients()]).toEqual([]);
  });
});

describe('publish and deliver', () => {
  const server = useServer({
    plugins: [
      {
        name: 'editor',
        publish: (_, { topic, payload }) => {
          if (topic === 'refused') return QuotaExceeded;
          if (topic !== 'edit') return undefined;
          return {
            topic: 'edited',
            payload: Buffer.concat([payload, Buffer.from('!')]),
            retain: true,
            qos: 1,
          };
        },
        deliver: ({ username }, { topic }) => !(username === 'blind' && topic === 'edited'),
      },
    ],
  });

  testOurs('a message can be changed, refused, or kept from a subscriber', async () => {
    const seeing = await server.connect();
    const blind = await server.connect({ username: 'blind' });
    await seeing.subscribe('#', { qos: 1 });
    await blind.subscribe('#', { qos: 1 });
    const client = await server.connect();
    expect(await client.publish('refused', 'x', { qos: 1 })).toBe(QuotaExceeded);
    expect(await client.publish('edit', 'x', { qos: 2 })).toBe(0);
    await client.publish('plain', 'y');
    const edited = await seeing.next('publish');
    expect(edited).toMatchObject({ topic: 'edited', qos: 1 });
    expect(text(edited)).toBe('x!');
    expect(await seeing.next('publish')).toMatchObject({ topic: 'plain' });
    expect(await blind.next('publish')).toMatchObject({ topic: 'plain' });
    await blind.nothing();
    const late = await server.connect();
    await late.subscribe('edited');
    expect(await late.texts(1)).toEqual(['x!']);
    const lateAndBlind = await server.connect({ username: 'blind' });
    await lateAndBlind.subscribe('edited');
    await lateAndBlind.nothing();
  });
});
