// Streams of messages: back-pressure to the server, acknowledgements, and every way in which a loop ends.
import { describe, expect, it } from 'vitest';
import { FakeServer, failure, newClient, pause, until, useBroker, within } from './help.js';

describe('with our broker', () => {
  const here = useBroker();

  it('a loop gets the messages in order; leaving it ends the subscription', async () => {
    const client = await here.connect();
    const stream = client.messages('a/+', { qos: 1 });
    await client.subscribe('ready');
    for (let i = 0; i < 10; i++) await client.publish(`a/${i}`, `${i}`, { qos: 1 });
    const got: string[] = [];
    for await (const message of stream) {
      got.push(message.text());
      if (got.length === 10) break;
    }
    expect(got).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    await until(
      () => ![...here.broker.clients()][0]!.subscriptions.includes('a/+'),
      'the end of the subscription',
    );
    expect(client.errors).toEqual([]);
  });

  it('two loops on one filter both get everything, and one that ends leaves the other its subscription', async () => {
    const client = await here.connect();
    const [one, two] = [client.messages('a', { qos: 1 }), client.messages('a', { qos: 1 })];
    await client.subscribe('ready');
    await client.publish('a', '1', { qos: 1 });
    expect((await one.next()).value?.text()).toBe('1');
    expect((await two.next()).value?.text()).toBe('1');
    one.close();
    await client.publish('a', '2', { qos: 1 });
    expect((await within(two.next(), 'the second message')).value?.text()).toBe('2');
  });

  it('leaving a loop leaves a subscription alone that the program made itself', async () => {
    const client = await here.connect();
    const got: string[] = [];
    client.on('message', (message) => void got.push(message.text()));
    await client.subscribe('a', { qos: 1 });
    client.messages('a', { qos: 1 }).close();
    await client.publish('a', 'x', { qos: 1 });
    await until(() => got.length === 1, 'the message');
  });

  it('an abort ends the loop with its reason, and the subscription', async () => {
    const client = await here.connect();
    const controller = new AbortController();
    const stream = client.messages('a', { qos: 1, signal: controller.signal });
    await client.subscribe('ready');
    const next = stream.next();
    controller.abort(new Error('enough'));
    await expect(within(next, 'the abort')).rejects.toThrow('enough');
    await until(
      () => ![...here.broker.clients()][0]!.subscriptions.includes('a'),
      'the end of the subscription',
    );
  });

  it('a stream that is aborted leaves the next one on the same filter alone', async () => {
    const client = await here.connect();
    const controller = new AbortController();
    const first = client.messages('a', { qos: 1, signal: controller.signal });
    first.next().catch(() => {});
    controller.abort(new Error('again'));
    const second = client.messages('a', { qos: 1 });
    await client.subscribe('ready');
    await client.publish('a', 'x', { qos: 1 });
    expect((await within(second.next(), 'the message')).value?.text()).toBe('x');
  });

  it('what an aborted stream did not take does not hold up the acknowledgements of others', async () => {
    const client = await here.connect();
    const controller = new AbortController();
    const stream = client.messages('a', { qos: 1, signal: controller.signal });
    const got: string[] = [];
    await client.subscribe('b', { qos: 1 }, (message) => void got.push(message.text()));
    for (let i = 0; i < 5; i++) await client.publish('a', `${i}`, { qos: 1 });
    await stream.next();
    controller.abort();
    // nobody asks the stream again: its messages are done with
    for (let i = 0; i < 60; i++) await client.publish('b', `${i}`, { qos: 1 });
    await until(() => got.length === 60, 'the messages of the other subscription');
    await until(
      () => [...here.broker.clients()].every(({ inflight }) => inflight === 0),
      'all acknowledgements',
    );
  });

  it('a filter that is refused makes the loop throw', async () => {
    const client = await here.connect();
    const stream = client.messages('a/#/b');
    await expect(within(stream.next(), 'the failure')).rejects.toMatchObject({ code: 'invalid' });
  });

  it('disconnect ends the loop after what waits; destroy makes it throw', async () => {
    for (const how of ['disconnect', 'destroy'] as const) {
      const client = await here.connect();
      const stream = client.messages('a', { qos: 1 });
      await client.subscribe('ready');
      await client.publish('a', 'x', { qos: 1 });
      await pause(20);
      const result = client[how]();
      expect((await within(stream.next(), 'what waits')).value?.text()).toBe('x');
      if (how === 'disconnect') expect((await within(stream.next(), 'the end')).done).toBe(true);
      else await failure(stream.next(), 'ended');
      await result;
    }
  });

  it.each(['publishing', 'subscribing', 'unsubscribing'])(
    '%s inside the loop does not deadlock, however full the stream',
    async (what) => {
      const client = await here.connect();
      const stream = client.messages('flood', { highWaterMark: 10 });
      await client.subscribe('ready');
      const publisher = await here.connect();
      for (let i = 0; i < 500; i++) await publisher.publish('flood', `${i}`);
      await publisher.publish('flood', 'last', { qos: 1 });
      let count = 0;
      const loop = (async () => {
        for await (const _ of stream) {
          await pause(1);
          if (what === 'publishing') await client.publish('out', 'x', { qos: 2 });
          else if (what === 'subscribing') await client.subscribe(`other/${count}`);
          else await client.unsubscribe(`other/${count}`);
          if (++count === 20) break;
        }
      })();
      await within(loop, 'twenty turns of the loop');
    },
  );

  it('a request inside the loop does not deadlock, however full the stream', async () => {
    const server = await here.connect();
    await server.respond('question', () => 'answer');
    const client = await here.connect();
    const stream = client.messages('flood', { highWaterMark: 5 });
    await client.subscribe('ready');
    const publisher = await here.connect();
    const flood = setInterval(() => {
      for (let i = 0; i < 50; i++) void publisher.publish('flood', 'x').catch(() => {});
    }, 1);
    try {
      let count = 0;
      for await (const _ of stream) {
        await pause(5);
        await within(client.request('question', 'x', { timeout: 2000 }), 'the answer');
        if (++count === 3) break;
      }
    } finally {
      clearInterval(flood);
    }
  });
});

describe('a slow reader', () => {
  it('of QoS 0 holds the server up, and nothing is lost', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const stream = client.messages('t');
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] });
    const payload = 'x'.repeat(10_000);
    const COUNT = 3000;
    for (let i = 0; i < COUNT; i++) peer.send(peer.message('t', payload));
    await pause(200);
    // what is not read stays with the server, but for what the sockets hold
    expect(peer.unsent).toBeGreaterThan(2_000_000);
    let got = 0;
    for await (const message of stream) {
      expect(message.payload.length).toBe(10_000);
      if (++got === COUNT) break;
    }
    expect(stream.dropped).toBe(0);
  });

  it.each([1, 10, 100])(
    'loses nothing of what came at once, with a high-water mark of %i',
    async (highWaterMark) => {
      const server = await FakeServer.start();
      const [client, peer] = await server.serve();
      const stream = client.messages('t', { highWaterMark });
      peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] });
      await pause(10);
      const COUNT = 5000;
      peer.send(...Array.from({ length: COUNT }, (_, i) => peer.message('t', `${i}`)));
      await pause(50);
      let got = 0;
      let last = -1;
      const loop = (async () => {
        for await (const message of stream) {
          expect(Number(message.text())).toBeGreaterThan(last);
          last = Number(message.text());
          got++;
          if (last === COUNT - 1) break;
        }
      })();
      await within(loop, 'the last message');
      expect([got, stream.dropped]).toEqual([COUNT, 0]);
    },
  );

  it('of QoS 1 acknowledges a message when it asks for the next one', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const stream = client.messages('t', { qos: 1 });
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [1] });
    peer.send(
      peer.message('t', 'a', { qos: 1, packetId: 1 }),
      peer.message('t', 'b', { qos: 1, packetId: 2 }),
    );
    await stream.next();
    await peer.silence(20);
    await stream.next();
    expect(await peer.next('puback')).toMatchObject({ packetId: 1 });
    await peer.silence(20);
    stream.close();
    const last = [await peer.any(), await peer.any()];
    expect(last.map(({ type }) => type).sort()).toEqual(['puback', 'unsubscribe']);
    expect(last.find(({ type }) => type === 'puback')).toMatchObject({ packetId: 2 });
  });

  it('is not taken for a dead server by keep-alive', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ keepAlive: 1 });
    const lost: unknown[] = [];
    client.on('disconnect', (what) => lost.push(what));
    const stream = client.messages('t', { highWaterMark: 2 });
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] });
    for (let i = 0; i < 3; i++) peer.send(peer.message('t', 'x'));
    await pause(2500);
    expect(lost).toEqual([]);
    await stream.next();
  });
});

describe('a stream over connections', () => {
  it('goes on when the client comes back', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const stream = client.messages('t');
    peer.send(
      { type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] },
      peer.message('t', '1'),
    );
    await stream.next();
    peer.socket.destroy();
    const again = await (await server.peer()).welcome();
    const { packetId, subscriptions } = await again.next('subscribe');
    expect(subscriptions[0]!.filter).toBe('t');
    again.send({ type: 'suback', packetId, reasons: [0] }, again.message('t', '2'));
    expect((await within(stream.next(), 'the message')).value?.text()).toBe('2');
  });

  it('throws when the server refuses to renew its subscription', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const stream = client.messages('t');
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] });
    await pause(20);
    peer.socket.destroy();
    const again = await (await server.peer()).welcome();
    again.send({ type: 'suback', packetId: (await again.next('subscribe')).packetId, reasons: [0x87] });
    await until(
      () => client.errors.some(({ message }) => message.includes('renew') || message.includes('refused')),
      'the report',
    );
    await expect(within(stream.next(), 'the failure', 500)).rejects.toMatchObject({ code: 'rejected' });
  });

  it('that was full when the connection broke does not hold up the next one for ever', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const stream = client.messages('t', { highWaterMark: 2 });
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] });
    for (let i = 0; i < 2; i++) peer.send(peer.message('t', `${i}`));
    await pause(30);
    peer.socket.resetAndDestroy();
    const again = await (await server.peer()).welcome({}, false);
    for (let i = 0; i < 2; i++) expect((await within(stream.next(), 'what waited')).done).toBe(false);
    again.send(
      { type: 'suback', packetId: (await again.next('subscribe')).packetId, reasons: [0] },
      again.message('t', 'new'),
    );
    expect((await within(stream.next(), 'the new one')).value?.text()).toBe('new');
  });

  it('before the client is connected waits for it', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url });
    const stream = client.messages('t');
    const connecting = client.connect();
    const peer = await (await server.peer()).welcome();
    await connecting;
    peer.send(
      { type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] },
      peer.message('t', 'x'),
    );
    expect((await within(stream.next(), 'the message')).value?.text()).toBe('x');
  });
});
