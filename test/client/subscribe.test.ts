// Subscribing: results and refusals, who gets what, and when it is acknowledged.
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/client/index.js';
import { ReasonCode } from '../../src/protocol/index.js';
import { FakeServer, failure, newClient, pause, until, useBroker, within } from './help.js';

const versions = [3, 4, 5] as const;

describe('with our broker', () => {
  const here = useBroker();

  it.each(versions)('says what was granted to each filter (version %i)', async (version) => {
    const client = await here.connect({ version });
    expect((await client.subscribe('a', { qos: 1 })).filters).toEqual([{ filter: 'a', reason: 1 }]);
    const { filters } = await client.subscribe(['b', 'c/#', '+/d'], { qos: 2 });
    expect(filters).toEqual([
      { filter: 'b', reason: 2 },
      { filter: 'c/#', reason: 2 },
      { filter: '+/d', reason: 2 },
    ]);
    const answer = await client.unsubscribe(['a', 'unknown']);
    expect(answer).toEqual([
      { filter: 'a', reason: 0 },
      { filter: 'unknown', reason: version === 5 ? ReasonCode.NoSubscriptionExisted : 0 },
    ]);
  });

  it.each([
    '',
    'a/#/b',
    'a+',
    '#a',
    '$share/g',
    '$share//a',
    '$share/g/',
    'a\0',
    'x'.repeat(65_536),
    'a\ud800',
    'a\u0001',
  ])('refuses the filter %j as `invalid`, and harms nothing else', async (filter) => {
    const client = await here.connect();
    const lost: unknown[] = [];
    client.on('disconnect', (what) => lost.push(what));
    await failure(client.subscribe(['ok', filter]), 'invalid');
    await failure(client.unsubscribe(filter), 'invalid');
    await client.subscribe('ok');
    expect([client.errors, lost]).toEqual([[], []]);
  });

  it('refuses no filter, a wrong QoS, and what no server takes', async () => {
    const client = await here.connect();
    await failure(client.subscribe([]), 'invalid');
    await failure(client.unsubscribe([]), 'invalid');
    await failure(client.subscribe('a', { qos: 3 as 2 }), 'invalid');
    await failure(client.subscribe('a', { retainHandling: 3 as 2 }), 'invalid');
    await failure(client.subscribe('a', { properties: { contentType: 'x' } }), 'invalid');
    // [MQTT-3.8.3-4]
    await failure(client.subscribe('$share/g/a', { noLocal: true }), 'invalid');
    expect(client.connected).toBe(true);
    await client.subscribe('a');
  });

  it('what cannot be sent does not poison the first connection', async () => {
    const client = newClient({ url: here.url });
    const bad = failure(client.subscribe('a', { properties: { contentType: 'x' } }), 'invalid');
    const good = client.subscribe('b');
    await within(client.connect(), 'connecting');
    await within(good, 'the subscription behind it');
    await bad;
    expect([client.errors, client.connected]).toEqual([[], true]);
  });

  it('waits for the first connection', async () => {
    const client = newClient({ url: here.url });
    const got: string[] = [];
    const granted = client.subscribe('a', { qos: 1 }, (message) => void got.push(message.text()));
    await client.connect();
    await within(granted, 'the answer');
    await client.publish('a', 'x', { qos: 1 });
    await until(() => got.length === 1, 'the message');
  });

  it.each(versions)(
    'gives a message to the listeners whose filter matches, and to `message` (version %i)',
    async (version) => {
      const client = await here.connect({ version });
      const got: string[] = [];
      client.on('message', ({ topic }) => void got.push(`all ${topic}`));
      await client.subscribe('a/+', {}, ({ topic }) => void got.push(`one ${topic}`));
      await client.subscribe('b/#', {}, ({ topic }) => void got.push(`two ${topic}`));
      for (const topic of ['a/1', 'b/1', 'c']) await client.publish(topic, 'x', { qos: 1 });
      await until(() => got.length === 4, 'the messages');
      expect(got).toEqual(['one a/1', 'all a/1', 'two b/1', 'all b/1']);
    },
  );

  it('a message that matches several subscriptions reaches each once (MQTT 5)', async () => {
    const client = await here.connect();
    const got: string[] = [];
    for (const filter of ['o/a', 'o/+', 'o/#'])
      await client.subscribe(filter, { qos: 1 }, () => void got.push(filter));
    for (let i = 0; i < 3; i++) await client.publish('o/a', 'x', { qos: 1 });
    await until(() => got.length >= 9, 'the messages');
    await pause(30);
    expect(got.sort()).toEqual(['o/#', 'o/#', 'o/#', 'o/+', 'o/+', 'o/+', 'o/a', 'o/a', 'o/a']);
  });

  it('and also when some of them were made before there was a connection', async () => {
    const client = newClient({ url: here.url });
    const got: string[] = [];
    const early = client.subscribe('o/a', { qos: 1 }, () => void got.push('o/a'));
    await client.connect();
    await early;
    await client.subscribe('o/+', { qos: 1 }, () => void got.push('o/+'));
    await client.publish('o/a', 'x', { qos: 1 });
    await until(() => got.length >= 2, 'the messages');
    await pause(30);
    expect(got.sort()).toEqual(['o/+', 'o/a']);
  });

  it('and also when the program brings an identifier of its own', async () => {
    const client = await here.connect();
    const got: string[] = [];
    await client.subscribe('a', {}, () => void got.push('a'));
    await client.subscribe('b', { properties: { subscriptionIdentifier: [1] } }, () => void got.push('b'));
    await client.publish('b', 'x', { qos: 1 });
    await until(() => got.length >= 1, 'the message');
    expect(got).toEqual(['b']);
  });

  it('a session that an earlier run has left does not send messages to the wrong listener', async () => {
    const session = { clientId: 'kept', cleanStart: false };
    const first = await here.connect(session);
    await first.subscribe('alarm', { qos: 1 }, () => {});
    await first.subscribe('news', { qos: 1 }, () => {});
    await first.disconnect();
    await (await here.connect()).publish('alarm', 'fire', { qos: 1 });
    const second = newClient({ url: here.url, ...session });
    const got: string[] = [];
    const granted = [
      second.subscribe('news', { qos: 1 }, ({ topic }) => void got.push(`news: ${topic}`)),
      second.subscribe('alarm', { qos: 1 }, ({ topic }) => void got.push(`alarm: ${topic}`)),
    ];
    await second.connect();
    await within(Promise.all(granted), 'the answers');
    await until(() => got.length >= 1, 'the message that waited');
    await pause(30);
    expect(got).toEqual(['alarm: alarm']);
  });

  it('two listeners of one filter both get the message', async () => {
    const client = await here.connect();
    const got: string[] = [];
    await client.subscribe('a', { qos: 1 }, () => void got.push('one'));
    await client.subscribe('a', { qos: 1 }, () => void got.push('two'));
    await client.publish('a', 'x', { qos: 1 });
    await until(() => got.length === 2, 'the messages');
    await pause(20);
    expect(got).toEqual(['one', 'two']);
  });

  it('$share gives each message to one of the group', async () => {
    const clients = [await here.connect(), await here.connect()];
    const got: string[][] = [[], []];
    for (const [i, client] of clients.entries())
      await client.subscribe('$share/g/job/+', { qos: 1 }, (message) => void got[i]!.push(message.text()));
    const publisher = await here.connect();
    for (let i = 0; i < 20; i++) await publisher.publish('job/x', `${i}`, { qos: 1 });
    await until(() => got[0]!.length + got[1]!.length === 20, 'the messages');
    expect([...got[0]!, ...got[1]!].map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
    expect(got[0]!.length).toBeGreaterThan(0);
    expect(got[1]!.length).toBeGreaterThan(0);
  });

  it('options of MQTT 5 do what they say', async () => {
    const client = await here.connect();
    await client.publish('r', 'kept', { qos: 1, retain: true });
    const got: string[] = [];
    await client.subscribe('r', { retainHandling: 2, noLocal: true, qos: 1 }, (m) => void got.push(m.text()));
    await client.publish('r', 'own', { qos: 1 });
    await (await here.connect()).publish('r', 'other', { qos: 1, retain: true });
    await until(() => got.length === 1, 'the message');
    expect(got).toEqual(['other']);
    const kept: Message[] = [];
    await client.subscribe('k', { retainAsPublished: true, qos: 1 }, (m) => void kept.push(m));
    await client.publish('k', 'x', { qos: 1, retain: true });
    await until(() => kept.length === 1, 'the message');
    expect(kept[0]!.retain).toBe(true);
  });

  it('unsubscribed is unsubscribed', async () => {
    const client = await here.connect();
    const got: string[] = [];
    await client.subscribe(['a', 'b'], { qos: 1 }, ({ topic }) => void got.push(topic));
    await client.unsubscribe('a');
    await client.publish('a', 'x', { qos: 1 });
    await client.publish('b', 'x', { qos: 1 });
    await until(() => got.length === 1, 'the message');
    expect(got).toEqual(['b']);
  });

  it('a listener that throws, or whose promise rejects, is reported, and harms nobody', async () => {
    const client = await here.connect();
    const got: string[] = [];
    await client.subscribe('a', { qos: 1 }, () => {
      throw new Error('thrown');
    });
    await client.subscribe('a', { qos: 1 }, async () => {
      throw new Error('rejected');
    });
    await client.subscribe('a', { qos: 1 }, (message) => void got.push(message.text()));
    client.on('message', () => {
      throw new Error('general');
    });
    for (let i = 0; i < 3; i++) await client.publish('a', `${i}`, { qos: 1 });
    await until(() => got.length === 3 && client.errors.length === 9, 'the messages and the errors');
    expect(new Set(client.errors.map(({ message }) => message))).toEqual(
      new Set(['thrown', 'rejected', 'general']),
    );
    expect(client.connected).toBe(true);
  });

  it('a listener of any event that throws harms nobody', async () => {
    const client = newClient({ url: here.url });
    for (const event of ['connect', 'disconnect', 'reconnecting', 'packet', 'end', 'error'] as const)
      client.on(event, () => {
        throw new Error(`in ${event}`);
      });
    await within(client.connect(), 'connecting');
    await within(client.publish('a', 'x', { qos: 1 }), 'publishing');
    await within(client.disconnect(), 'disconnecting');
    expect(client.state).toBe('ended');
  });
});

describe('a broker with limits', () => {
  const here = useBroker({
    sharedSubscriptions: false,
    wildcardSubscriptions: false,
    plugins: [
      {
        name: 'guard',
        authorize: (_, { type, topic }) =>
          type === 'subscribe' && topic.startsWith('no') ? ReasonCode.NotAuthorized : true,
      },
    ],
  });

  it.each([4, 5] as const)(
    'that refuses all filters rejects with the reason (version %i)',
    async (version) => {
      const client = await here.connect({ version });
      const error = await failure(client.subscribe(['no/1', 'no/2']), 'rejected');
      expect(error.reason).toBe(version === 5 ? ReasonCode.NotAuthorized : 0x80);
      expect(error.message).toContain('no/1');
    },
  );

  it('that refuses some says which', async () => {
    const client = await here.connect();
    const got: string[] = [];
    const { filters } = await client.subscribe(['yes', 'no'], {}, ({ topic }) => void got.push(topic));
    expect(filters).toEqual([
      { filter: 'yes', reason: 0 },
      { filter: 'no', reason: ReasonCode.NotAuthorized },
    ]);
    await client.publish('yes', 'x', { qos: 1 });
    await until(() => got.length === 1, 'the message');
  });

  it('that has no wildcards or shared subscriptions refuses them with the reason', async () => {
    const client = await here.connect();
    for (const filter of ['a/#', '$share/g/a']) {
      const error = await client.subscribe(filter).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ reason: filter.startsWith('$') ? 0x9e : 0xa2 });
    }
    expect(client.connected).toBe(true);
  });

  it('leaves no identifiers when it has none', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({}, { subscriptionIdentifierAvailable: 0 });
    void client.subscribe('a').catch(() => {});
    expect((await peer.next('subscribe')).properties).not.toHaveProperty('subscriptionIdentifier');
  });
});

describe('acknowledgements', () => {
  it.each([4, 5] as const)(
    '[MQTT-4.6.0-2] go out when the listeners are done, in the order of the messages (version %i)',
    async (version) => {
      const server = await FakeServer.start();
      const [client, peer] = await server.serve({ version });
      const done: Record<string, () => void> = {};
      client.on('message', (message) => new Promise<void>((resolve) => (done[message.text()] = resolve)));
      peer.send(
        peer.message('t', 'a', { qos: 1, packetId: 1 }),
        peer.message('t', 'b', { qos: 2, packetId: 2 }),
        peer.message('t', 'c', { qos: 1, packetId: 3 }),
      );
      await until(() => Object.keys(done).length === 3, 'the messages');
      done['c']!();
      done['b']!();
      await pause(20);
      await peer.silence(20);
      done['a']!();
      expect([await peer.any(), await peer.any(), await peer.any()]).toMatchObject([
        { type: 'puback', packetId: 1 },
        { type: 'pubrec', packetId: 2 },
        { type: 'puback', packetId: 3 },
      ]);
    },
  );

  it('wait for all listeners of a message, also for those that fail', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    let finish!: () => void;
    client.on('message', async () => {
      throw new Error('broken');
    });
    client.on('message', () => new Promise<void>((resolve) => (finish = resolve)));
    peer.send(peer.message('t', 'a', { qos: 1, packetId: 1 }));
    await until(() => client.errors.length === 1, 'the error');
    await peer.silence(20);
    finish();
    expect(await peer.next('puback')).toMatchObject({ packetId: 1, reason: 0 });
  });

  it('[MQTT-4.3.3-12] a QoS 2 message that comes twice is handed on once, over connections too', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ clientId: 'c', cleanStart: false });
    const got: string[] = [];
    client.on('message', (message) => void got.push(message.text()));
    peer.send(
      peer.message('t', 'a', { qos: 2, packetId: 5 }),
      peer.message('t', 'a', { qos: 2, packetId: 5, dup: true }),
    );
    await peer.next('pubrec');
    await peer.next('pubrec');
    peer.socket.destroy();
    const again = await (await server.peer()).welcome({}, true);
    again.send(again.message('t', 'a', { qos: 2, packetId: 5, dup: true }));
    await again.next('pubrec');
    again.acknowledge('pubrel', 5);
    expect(await again.next('pubcomp')).toMatchObject({ packetId: 5, reason: 0 });
    expect(got).toEqual(['a']);
  });
});

describe('an abort', () => {
  it('of a subscribe that waits rejects with its reason; no listener stays', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const controller = new AbortController();
    const got: string[] = [];
    const waits = client.subscribe('a', { signal: controller.signal }, () => void got.push('aborted'));
    const { packetId } = await peer.next('subscribe');
    controller.abort(new Error('no longer'));
    await expect(within(waits, 'the abort')).rejects.toThrow('no longer');
    peer.send({ type: 'suback', packetId, reasons: [0] }, peer.message('a', 'x'), peer.message('b', 'y'));
    const seen: string[] = [];
    client.on('message', ({ topic }) => void seen.push(topic));
    await until(() => seen.length === 2, 'the messages');
    expect(got).toEqual([]);
  });

  it('of a second subscription to a filter takes away its listener, and not the first one', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const got: string[] = [];
    const first = client.subscribe('a', {}, () => void got.push('first'));
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] });
    await within(first, 'the first');
    const controller = new AbortController();
    const second = client.subscribe('a', { signal: controller.signal }, () => void got.push('second'));
    await peer.next('subscribe');
    controller.abort(new Error('no longer'));
    await expect(within(second, 'the abort')).rejects.toThrow('no longer');
    peer.send(peer.message('a', 'x'));
    await until(() => got.length > 0, 'the message');
    expect(got).toEqual(['first']);
  });

  it('is not forgotten by the next connection: what was aborted is not asked again', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const controller = new AbortController();
    const waits = client.subscribe('aborted', { signal: controller.signal }, () => {});
    await peer.next('subscribe');
    controller.abort(new Error('no longer'));
    await expect(waits).rejects.toThrow('no longer');
    peer.socket.destroy();
    const again = await (await server.peer()).welcome();
    void client.subscribe('wanted').catch(() => {});
    expect((await again.next('subscribe')).subscriptions[0]!.filter).toBe('wanted');
  });

  it('of an unsubscribe that waits rejects with its reason', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const controller = new AbortController();
    const waits = client.unsubscribe('a', { signal: controller.signal });
    await peer.next('unsubscribe');
    controller.abort(new Error('no longer'));
    await expect(within(waits, 'the abort')).rejects.toThrow('no longer');
  });

  it('before the call refuses at once', async () => {
    const server = await FakeServer.start();
    const [client] = await server.serve();
    const signal = AbortSignal.abort(new Error('no'));
    await expect(within(client.subscribe('a', { signal }), 'the refusal')).rejects.toThrow('no');
    await expect(within(client.unsubscribe('a', { signal }), 'the refusal')).rejects.toThrow('no');
  });
});
