// UNSUBSCRIBE and UNSUBACK (MQTT 5 sections 3.10 and 3.11).
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { useServer } from './server.js';

const server = useServer();
const { NoSubscriptionExisted, Success } = ReasonCode;

describe('the UNSUBACK', () => {
  test('[MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-2.2.1-6] answers with the packet identifier, whether anything was deleted or not', async () => {
    for (const version of [3, 4, 5] as const) {
      const client = await server.connect({ version });
      await client.subscribe('a');
      for (const packetId of [65_535, 7, 7]) {
        client.send({ type: 'unsubscribe', packetId, filters: ['a'] });
        expect(await client.next('unsuback')).toMatchObject({ packetId });
      }
    }
  });

  test('[MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] says for each filter in order whether it was there', async () => {
    const client = await server.connect();
    await client.request([{ filter: 'a' }, { filter: 'b/#' }, { filter: '$share/g/c' }]);
    const unsuback = await client.unsubscribe('x', 'a', 'b/#', 'a', '$share/g/c', 'c', 'b/+');
    expect(unsuback.reasons).toEqual([
      NoSubscriptionExisted,
      Success,
      Success,
      NoSubscriptionExisted, // deleted by the second
      Success,
      NoSubscriptionExisted,
      NoSubscriptionExisted,
    ]);
  });
});

describe('afterwards', () => {
  test('[MQTT-3.10.4-2] no new message comes for that filter', async () => {
    const publisher = await server.connect();
    for (const version of [3, 4, 5] as const) {
      const client = await server.connect({ version });
      await client.request([
        { filter: 'a', qos: 1 },
        { filter: 'b', qos: 1 },
      ]);
      await client.unsubscribe('a');
      await publisher.publish('a', 'no', { qos: 1 });
      await publisher.publish('b', 'yes', { qos: 1 });
      expect(await client.texts(1)).toEqual(['yes']);
      await client.nothing();
    }
  });

  test('[MQTT-3.10.4-1] only the filter that is equal character by character is gone', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('a/b');
    const unsuback = await client.unsubscribe('a/+', 'a/#', '#', 'A/b', 'a/b/', '/a/b', '$share/g/a/b');
    expect(unsuback.reasons).toEqual(Array(7).fill(NoSubscriptionExisted));
    await publisher.publish('a/b', 'still');
    expect(await client.texts(1)).toEqual(['still']);
    expect((await client.unsubscribe('a/b')).reasons).toEqual([Success]);
    await publisher.publish('a/b', 'gone');
    await client.nothing();
  });

  test('[MQTT-3.10.4-1] a wildcard filter is compared as text too', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.request([{ filter: 'a/+' }, { filter: 'a/#' }]);
    expect((await client.unsubscribe('a/+')).reasons).toEqual([Success]);
    await publisher.publish('a/b', 'once');
    expect(await client.texts(1)).toEqual(['once']);
    await client.nothing();
  });

  test('the subscriptions of others stay', async () => {
    const publisher = await server.connect();
    const [leaves, stays] = [await server.connect(), await server.connect()];
    await leaves.subscribe('a');
    await stays.subscribe('a');
    await leaves.unsubscribe('a');
    await publisher.publish('a', 'x');
    expect(await stays.texts(1)).toEqual(['x']);
    await leaves.nothing();
  });

  test('[MQTT-3.10.4-3] a QoS 1 or 2 delivery that had begun is completed', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'two', { qos: 2 });
    const sent = await client.next('publish');
    await client.unsubscribe('a');
    client.acknowledge('pubrec', sent.packetId!);
    expect(await client.next('pubrel')).toMatchObject({ packetId: sent.packetId });
    client.acknowledge('pubcomp', sent.packetId!);
    await client.nothing();
  });

  test('[MQTT-3.10.4-3] also if the client reconnects meanwhile', async () => {
    const session = { clientId: 'leaver', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const publisher = await server.connect();
    const first = await server.connect({ ...session, acknowledge: false });
    await first.subscribe('a', { qos: 1 });
    await publisher.publish('a', 'one', { qos: 1 });
    const sent = await first.next('publish');
    await first.unsubscribe('a');
    await first.drop();
    const second = await server.connect(session);
    expect(await second.next('publish')).toMatchObject({ packetId: sent.packetId, dup: true });
  });

  test('subscribing anew is a new subscription', async () => {
    const client = await server.connect();
    await client.publish('a', 'kept', { retain: true });
    await client.subscribe('a', { retainHandling: 1 });
    expect(await client.texts(1)).toEqual(['kept']);
    await client.unsubscribe('a');
    await client.subscribe('a', { retainHandling: 1 });
    expect(await client.texts(1)).toEqual(['kept']);
  });
});
