// Shared subscriptions (MQTT 5 section 4.8.2): each message goes to one member of the group.
import { describe, expect, test } from 'vitest';
import { type QoS, ReasonCode } from '../../src/protocol/index.js';
import { type ConnectOptions, freshId, type TestClient, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

async function member(
  filter = '$share/group/a',
  options: ConnectOptions & { qos?: QoS } = {},
): Promise<TestClient> {
  const client = await server.connect(options);
  await client.subscribe(filter, { qos: options.qos ?? 1 });
  return client;
}

/** Everything that came to a client so far. */
async function drain(client: TestClient): Promise<string[]> {
  const got = [];
  client.send({ type: 'pingreq' });
  for (let packet = await client.any(); packet.type !== 'pingresp'; packet = await client.any()) {
    if (packet.type === 'publish') got.push(text(packet));
  }
  return got;
}

function persistent(): ConnectOptions {
  return { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
}

describe('a message', () => {
  test('[MQTT-4.8.2-1] goes to one member of the group, and every member gets its share', async () => {
    const publisher = await server.connect();
    const members = [await member(), await member('$share/group/a', { version: 4 }), await member()];
    const sent = Array.from({ length: 30 }, (_, i) => `${i}`);
    for (const [index, payload] of sent.entries()) {
      await publisher.publish('a', payload, { qos: (index % 3) as QoS });
    }
    const got = [];
    for (const client of members) got.push(await drain(client));
    expect(got.flat().sort()).toEqual([...sent].sort());
    expect(got.map((share) => share.length)).toEqual([10, 10, 10]); // in turn
  });

  test('goes to one member of each group, and to every ordinary subscriber', async () => {
    const publisher = await server.connect();
    const one = [await member('$share/one/a'), await member('$share/one/a')];
    const two = [await member('$share/two/a'), await member('$share/two/a')];
    const plain = await member('a');
    for (let i = 0; i < 10; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    const all = Array.from({ length: 10 }, (_, i) => `${i}`);
    expect(await drain(plain)).toEqual(all);
    for (const group of [one, two]) {
      const got = [];
      for (const client of group) got.push(...(await drain(client)));
      expect(got.sort()).toEqual(all);
    }
  });

  test('goes to groups of other filters by themselves', async () => {
    const publisher = await server.connect();
    const wild = await member('$share/group/#');
    const exact = await member('$share/group/a/b');
    await publisher.publish('a/b', 'x', { qos: 1 });
    await publisher.publish('c', 'y', { qos: 1 });
    expect(await drain(wild)).toEqual(['x', 'y']);
    expect(await drain(exact)).toEqual(['x']);
  });

  test('[MQTT-4.7.2-1] a wildcard in a shared filter does not match $ topics', async () => {
    const publisher = await server.connect();
    const wild = await member('$share/group/#');
    await publisher.publish('$a/b', 'x', { qos: 1 });
    expect(await drain(wild)).toEqual([]);
  });

  test('[MQTT-4.8.2-3] has at most the QoS that its member was granted', async () => {
    const publisher = await server.connect();
    const members = [
      await member('$share/group/a', { qos: 0 }),
      await member('$share/group/a', { qos: 1 }),
      await member('$share/group/a', { qos: 2 }),
    ];
    for (let i = 0; i < 6; i++) await publisher.publish('a', `${i}`, { qos: 2 });
    for (const [granted, client] of members.entries()) {
      expect(await client.next('publish')).toMatchObject({ qos: granted });
      expect(await client.next('publish')).toMatchObject({ qos: granted });
      await client.nothing();
    }
  });

  test('has the subscription identifier of its member', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('$share/group/a', {}, { subscriptionIdentifier: [3] });
    await publisher.publish('a', 'x');
    expect(await client.next('publish')).toMatchObject({ properties: { subscriptionIdentifier: [3] } });
  });

  test('that is retained is not sent because of a shared subscription', async () => {
    const publisher = await server.connect();
    await publisher.publish('a', 'old', { retain: true });
    for (const retainHandling of [0, 1, 2]) {
      const client = await server.connect();
      await client.subscribe('$share/group/a', { retainHandling });
      await client.nothing();
    }
  });

  test('may go to its publisher', async () => {
    const client = await member();
    await client.send(client.message('a', 'x'));
    expect(await client.texts(1)).toEqual(['x']);
  });
});

describe('members that come and go', () => {
  test('a member that unsubscribes gets nothing more', async () => {
    const publisher = await server.connect();
    const [stays, leaves] = [await member(), await member()];
    expect((await leaves.unsubscribe('$share/group/a')).reasons).toEqual([0]);
    for (let i = 0; i < 4; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    expect(await drain(stays)).toEqual(['0', '1', '2', '3']);
    expect(await drain(leaves)).toEqual([]);
    expect((await stays.unsubscribe('$share/group/a')).reasons).toEqual([0]);
    expect(await publisher.publish('a', 'x', { qos: 1 })).toBe(ReasonCode.NoMatchingSubscribers);
  });

  test('a member whose session ended gets nothing more', async () => {
    const publisher = await server.connect();
    const [stays, goes] = [await member(), await member()];
    await goes.drop();
    for (let i = 0; i < 4; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    expect(await drain(stays)).toEqual(['0', '1', '2', '3']);
  });

  testOurs('members that are connected come before one that is away', async () => {
    const publisher = await server.connect();
    const options = persistent();
    const away = await member('$share/group/a', options);
    const here = await member();
    await away.drop();
    for (let i = 0; i < 4; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    expect(await drain(here)).toEqual(['0', '1', '2', '3']);
    expect(await drain(await server.connect(options))).toEqual([]);
  });

  test('if all are away, one of them gets it when it is back', async () => {
    const publisher = await server.connect();
    const options = [persistent(), persistent()];
    for (const session of options) await (await member('$share/group/a', session)).drop();
    for (let i = 0; i < 4; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    const got = [];
    for (const session of options) got.push(...(await drain(await server.connect(session))));
    expect(got.sort()).toEqual(['0', '1', '2', '3']);
  });

  testOurs(
    'what a member had not acknowledged, or not been sent, goes to another when its session ends',
    async () => {
      const publisher = await server.connect();
      const slow = await member('$share/group/a', { acknowledge: false, properties: { receiveMaximum: 2 } });
      for (let i = 0; i < 5; i++) await publisher.publish('a', `${i}`, { qos: 1 });
      await slow.texts(2);
      const other = await member();
      await slow.drop();
      expect((await other.texts(5)).sort()).toEqual(['0', '1', '2', '3', '4']);
      await other.nothing();
    },
  );

  testOurs('[MQTT-4.8.2-4] QoS 2 in flight waits for its member', async () => {
    const publisher = await server.connect();
    const options = persistent();
    const first = await member('$share/group/a', { ...options, acknowledge: false, qos: 2 });
    await publisher.publish('a', 'x', { qos: 2 });
    const sent = await first.next('publish');
    const other = await member('$share/group/a', { qos: 2 });
    await first.drop();
    await other.nothing();
    const again = await server.connect(options);
    expect(await again.next('publish')).toMatchObject({ dup: true, packetId: sent.packetId });
    await again.nothing();
    await other.nothing();
  });

  test('[MQTT-4.8.2-5] QoS 2 in flight goes to nobody else when the session ends', async () => {
    const publisher = await server.connect();
    const first = await member('$share/group/a', { acknowledge: false, qos: 2 });
    await publisher.publish('a', 'x', { qos: 2 });
    await first.next('publish');
    const other = await member('$share/group/a', { qos: 2 });
    await first.drop();
    await other.nothing();
  });

  test('[MQTT-4.8.2-6] what a member refused goes to nobody else', async () => {
    const publisher = await server.connect();
    for (const qos of [1, 2] as const) {
      const refuses = await member('$share/group/a', { acknowledge: false, qos: 2 });
      await publisher.publish('a', 'x', { qos });
      const { packetId } = await refuses.next('publish');
      const other = await member('$share/group/a', { qos: 2 });
      refuses.acknowledge(qos === 1 ? 'puback' : 'pubrec', packetId!, ReasonCode.QuotaExceeded);
      await refuses.nothing();
      await refuses.disconnect();
      await other.nothing();
      await other.disconnect();
    }
  });
});

describe('switched off', () => {
  const without = useServer({
    sharedSubscriptions: false,
    wildcardSubscriptions: false,
    subscriptionIdentifiers: false,
  });

  testOurs(
    'shared subscriptions, wildcards and identifiers are refused, and the CONNACK says so',
    async () => {
      const client = await without.connect();
      expect(client.connack.properties).toMatchObject({
        sharedSubscriptionAvailable: 0,
        wildcardSubscriptionAvailable: 0,
        subscriptionIdentifierAvailable: 0,
      });
      const suback = await client.request([
        { filter: '$share/g/a' },
        { filter: 'a/#' },
        { filter: 'a', qos: 1 },
      ]);
      expect(suback.reasons).toEqual([
        ReasonCode.SharedSubscriptionsNotSupported,
        ReasonCode.WildcardSubscriptionsNotSupported,
        1,
      ]);
      const refused = await client.request([{ filter: 'b' }], { subscriptionIdentifier: [1] });
      expect(refused.reasons).toEqual([ReasonCode.SubscriptionIdentifiersNotSupported]);
    },
  );
});

describe('sticky', () => {
  const sticky = useServer({ sharedSubscriptionStrategy: 'sticky' });

  testOurs('messages of one publisher go to one member', async () => {
    const members = [await sticky.connect(), await sticky.connect(), await sticky.connect()];
    for (const client of members) await client.subscribe('$share/g/a', { qos: 1 });
    const publisher = await sticky.connect();
    for (let i = 0; i < 9; i++) await publisher.publish('a', `${i}`, { qos: 1 });
    const shares = [];
    for (const client of members) shares.push((await drain(client)).length);
    expect(shares.sort()).toEqual([0, 0, 9]);
  });
});
