// The life of a client: connections that are lost, sessions that are there or gone, goodbyes, wills, keep-alive.
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ConnectResult, Disconnection, Message, SessionStore } from '../../src/client/index.js';
import { ReasonCode } from '../../src/protocol/index.js';
import { TestClient } from '../behaviour/client.js';
import { FakeServer, failure, newClient, pause, until, useBroker, within } from './help.js';

const versions = [3, 4, 5] as const;

describe('with our broker', () => {
  const here = useBroker();

  it.each(versions)(
    'a client that was thrown out comes back, and still gets its messages (version %i)',
    async (version) => {
      const client = await here.connect({ version });
      const got: string[] = [];
      const events: string[] = [];
      client.on('disconnect', ({ willReconnect }) => void events.push(`disconnect ${willReconnect}`));
      client.on('reconnecting', (attempt) => void events.push(`reconnecting ${attempt}`));
      client.on('connect', () => void events.push('connect'));
      await client.subscribe(['a', 'b/#'], { qos: 1 }, (message) => void got.push(message.text()));
      here.broker.disconnect(client.clientId);
      await until(() => events.includes('connect'), 'the next connection');
      expect(events).toEqual(['disconnect true', 'reconnecting 1', 'connect']);
      await client.publish('a', '1', { qos: 1 });
      await client.publish('b/c', '2', { qos: 1 });
      await until(() => got.length === 2, 'the messages');
    },
  );

  it('two clients that take one session from each other wait longer each time', async () => {
    const attempts: number[] = [];
    const options = { clientId: 'same', reconnect: { minDelay: 5, maxDelay: 50 } };
    for (const client of [await here.connect(options), await here.connect(options)])
      client.on('reconnecting', (attempt) => void attempts.push(attempt));
    await until(() => Math.max(0, ...attempts) >= 4, 'the fourth attempt');
  });

  it.each([4, 5] as const)(
    'a broker that has forgotten everything is told the subscriptions again (version %i)',
    async (version) => {
      const client = await here.connect({ version, clientId: 'c', cleanStart: false });
      const got: string[] = [];
      const results: ConnectResult[] = [];
      await client.subscribe('a', { qos: 1 }, (message) => void got.push(message.text()));
      client.on('connect', (result) => void results.push(result));
      await here.restart();
      await until(() => results.length === 1, 'the next connection');
      expect(results[0]!.sessionPresent).toBe(false);
      await client.publish('a', 'x', { qos: 1 });
      await until(() => got.length === 1, 'the message');
    },
  );

  it.each([4, 5] as const)(
    'a session that is there gives what came meanwhile (version %i)',
    async (version) => {
      const session = { version, clientId: 'c', cleanStart: false };
      const first = await here.connect(session);
      await first.subscribe('a', { qos: 1 });
      await first.disconnect();
      const other = await here.connect();
      for (let i = 0; i < 5; i++) await other.publish('a', `${i}`, { qos: 1 });
      const second = newClient({ url: here.url, ...session });
      const got: string[] = [];
      second.on('message', (message) => void got.push(message.text()));
      expect((await second.connect()).sessionPresent).toBe(true);
      await until(() => got.length === 5, 'the messages');
      expect(got).toEqual(['0', '1', '2', '3', '4']);
    },
  );

  it('what is published without a connection is sent with the next one', async () => {
    const client = await here.connect();
    const other = await here.connect();
    const got: string[] = [];
    await other.subscribe('a', { qos: 2 }, (message) => void got.push(message.text()));
    here.broker.disconnect(client.clientId);
    await until(() => !client.connected, 'the end of the connection');
    const results = ([0, 1, 2] as const).map((qos) => client.publish('a', `${qos}`, { qos }));
    expect(client.queued).toBe(3);
    await within(Promise.all(results), 'the results');
    await until(() => got.length === 3, 'the messages');
    expect(got).toEqual(['0', '1', '2']);
  });

  it.each(['destroy', 'disconnect', 'disconnect with reason 4'])(
    '%s does with the will what it should',
    async (how) => {
      const watcher = await here.connect();
      const wills: Message[] = [];
      await watcher.subscribe('will', {}, (message) => void wills.push(message));
      const client = await here.connect({ will: { topic: 'will', payload: 'gone', qos: 1 } });
      if (how === 'destroy') client.destroy();
      else await client.disconnect({ reason: how === 'disconnect' ? 0 : 4 });
      await until(() => [...here.broker.clients()].length === 1, 'the end of the client');
      await watcher.publish('will', 'marker', { qos: 1 });
      await until(() => wills.at(-1)?.text() === 'marker', 'the marker');
      expect(wills.length - 1).toBe(how === 'disconnect' ? 0 : 1);
    },
  );

  it('a take-over is told with its reason', async () => {
    const lost: Disconnection[] = [];
    const client = await here.connect({ clientId: 'same', reconnect: false });
    client.on('disconnect', (what) => void lost.push(what));
    await here.connect({ clientId: 'same' });
    await until(() => lost.length === 1, 'the end of the first');
    expect(lost[0]).toMatchObject({
      willReconnect: false,
      error: { code: 'lost', reason: ReasonCode.SessionTakenOver },
    });
    expect(client.state).toBe('ended');
  });

  it('what the server says when it ends a connection comes with the event', async () => {
    const client = await here.connect({ reconnect: false });
    const ends: unknown[] = [];
    client.on('end', (error) => void ends.push(error));
    here.broker.disconnect(client.clientId, ReasonCode.ServerBusy);
    await until(() => ends.length === 1, 'the end');
    expect(ends[0]).toMatchObject({ code: 'lost', reason: ReasonCode.ServerBusy });
    await failure(client.publish('a', 'x', { qos: 1 }), 'ended');
    await failure(client.subscribe('a'), 'ended');
  });

  it('disconnect can be called again and again, and each call resolves soon, when all is over', async () => {
    const client = await here.connect();
    const ends: unknown[] = [];
    client.on('end', (error) => void ends.push(error));
    const calls = [client.disconnect(), client.disconnect()];
    await pause(0);
    calls.push(client.disconnect());
    for (const call of calls) {
      await within(call, 'disconnecting', 1000);
      expect(client.state).toBe('ended');
    }
    await client.disconnect();
    expect(ends).toEqual([undefined]);
  });

  it('disconnect waits for messages of QoS 0 that are on their way', async () => {
    const watcher = await here.connect();
    let bytes = 0;
    await watcher.subscribe('a', {}, (message) => {
      bytes += message.payload.length;
    });
    const client = await here.connect();
    for (let i = 0; i < 20; i++) void client.publish('a', new Uint8Array(50_000)).catch(() => {});
    await client.disconnect();
    await until(() => bytes === 1_000_000, 'all bytes');
  });

  it('disconnect while the connection is away waits for it, as it waits for acknowledgements', async () => {
    const watcher = await here.connect();
    const got: string[] = [];
    await watcher.subscribe('a', { qos: 1 }, (message) => void got.push(message.text()));
    const client = await here.connect();
    here.broker.disconnect(client.clientId);
    await until(() => !client.connected, 'the end of the connection');
    const result = client.publish('a', 'x', { qos: 1 });
    result.catch(() => {});
    await within(client.disconnect(), 'disconnecting');
    await within(result, 'the result');
    expect(got).toEqual(['x']);
  });

  it('a client whose store keeps its session sends after a restart what the last run did not', async () => {
    const entries = new Map<string, Uint8Array>();
    const store = (): SessionStore => ({
      open: async () => entries,
      commit: (operations) => {
        for (const one of operations) {
          if (one.type === 'put') entries.set(one.key, one.value.slice());
          else entries.delete(one.key);
        }
        return undefined;
      },
      close: async () => {},
    });
    const watcher = await here.connect();
    const got: string[] = [];
    await watcher.subscribe('a', { qos: 2 }, (message) => void got.push(message.text()));
    const options = { clientId: 'c', cleanStart: false };
    const first = newClient({
      url: 'mqtt://127.0.0.1:1',
      ...options,
      store: store(),
      retryFirstConnect: true,
    });
    first.connect().catch(() => {});
    await until(() => first.errors.length > 0, 'an attempt that fails');
    for (let i = 0; i < 3; i++) first.publish('a', `${i}`, { qos: 2 }).catch(() => {});
    first.destroy();
    await until(() => entries.size === 3, 'what the store keeps');
    const second = await here.connect({ ...options, store: store() });
    await until(() => got.length === 3 && second.inflight === 0, 'the messages');
    expect(got).toEqual(['0', '1', '2']);
    await second.disconnect();
    expect(entries.size).toBe(0);
  });

  it('with a store, a message waits for connect, so that it does not overwrite what the last run has left', async () => {
    const entries = new Map<string, Uint8Array>();
    const store: SessionStore = {
      open: async () => new Map(entries),
      commit: (operations) => {
        for (const one of operations) {
          if (one.type === 'put') entries.set(one.key, one.value.slice());
          else entries.delete(one.key);
        }
        return undefined;
      },
      close: async () => {},
    };
    const options = {
      url: 'mqtt://127.0.0.1:1',
      clientId: 'c',
      cleanStart: false,
      retryFirstConnect: true,
      store,
    };
    const first = newClient(options);
    first.connect().catch(() => {});
    await until(() => first.errors.length > 0, 'an attempt that fails');
    first.publish('a', 'old', { qos: 1 }).catch(() => {});
    first.destroy();
    await until(() => entries.size === 1, 'what the store keeps');
    const second = newClient(options);
    await failure(second.publish('a', 'new', { qos: 1 }), 'invalid');
    second.connect().catch(() => {});
    await until(() => second.errors.length > 0, 'an attempt that fails');
    void second.publish('a', 'new', { qos: 1 }).catch(() => {});
    expect(second.queued).toBe(2);
    second.destroy();
    await until(() => entries.size === 2, 'what the store keeps');
    const kept = [...entries.values()].map((value) => Buffer.from(value).toString('latin1').slice(-3));
    expect(kept.sort()).toEqual(['new', 'old']);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
  ])('a store whose commit %s ends the client with `store`', async (_, commit) => {
    const store: SessionStore = { open: async () => new Map(), commit, close: async () => {} };
    const client = await here.connect({ clientId: 'c', cleanStart: false, store });
    const ends: unknown[] = [];
    client.on('end', (error) => void ends.push(error));
    await within(
      client.publish('a', 'x', { qos: 1 }).catch(() => {}),
      'the end of the message',
    );
    await until(() => ends.length === 1, 'the end');
    expect(ends[0]).toMatchObject({ code: 'store' });
  });

  it('a store that cannot be opened makes connect fail with `store`', async () => {
    const store: SessionStore = {
      open: () => Promise.reject(new Error('locked')),
      commit: () => undefined,
      close: async () => {},
    };
    const client = newClient({ url: here.url, clientId: 'c', cleanStart: false, store });
    expect((await failure(client.connect(), 'store')).message).toContain('locked');
    expect(client.state).toBe('ended');
  });

  it('nothing leaves before the store has it', async () => {
    let safe: (() => void)[] = [];
    const store: SessionStore = {
      open: async () => new Map(),
      commit: () => new Promise<void>((resolve) => safe.push(resolve)),
      close: async () => {},
    };
    const client = await here.connect({ clientId: 'c', cleanStart: false, store });
    let isDone = false;
    const result = client.publish('a', 'x', { qos: 1 }).then(() => (isDone = true));
    await pause(40);
    expect([isDone, client.inflight]).toEqual([false, 1]);
    const timer = setInterval(() => {
      const due = safe;
      safe = [];
      for (const one of due) one();
    }, 1);
    await within(result, 'the result');
    clearInterval(timer);
  });

  it('a program that was killed in the midst of QoS 2 does not lose its first messages when it begins again', async () => {
    const watcher = await here.connect();
    const got: string[] = [];
    await watcher.subscribe('a', { qos: 2 }, (message) => void got.push(message.text()));
    const properties = { sessionExpiryInterval: 100 };
    const killed = new TestClient(connect(here.port, '127.0.0.1'), 5, false);
    await killed.handshake({ clientId: 'c', cleanStart: false, properties });
    for (const packetId of [1, 2, 3]) {
      killed.send(killed.message('a', 'before', { qos: 2, packetId }));
      await killed.next('pubrec');
    }
    killed.send({ type: 'disconnect', reason: 4 });
    await killed.closed();
    const client = await here.connect({ clientId: 'c', cleanStart: false });
    for (let i = 0; i < 5; i++) await within(client.publish('a', `after ${i}`, { qos: 2 }), 'the result');
    await until(() => got.includes('after 4'), 'the last message');
    await pause(20);
    expect(got.filter((one) => one.startsWith('after')).length).toBe(5);
  });

  it('a client is back after each of many restarts of its server, with all its messages', async () => {
    const client = await here.connect({ clientId: 'c' });
    const results = [];
    for (let i = 0; i < 6; i++) {
      results.push(client.publish('a', `${i}`, { qos: 2 }));
      await here.restart();
      results.push(client.publish('a', `${i}`, { qos: 1 }));
    }
    await within(Promise.all(results), 'the results');
    expect([client.inflight, client.queued]).toEqual([0, 0]);
  });
});

describe('a server written by hand', () => {
  it('gets cleanStart false from the second connection on, when the session is to last (MQTT 5)', async () => {
    const server = await FakeServer.start();
    const [, first] = await server.serve({ clientId: 'c', sessionExpiryInterval: 60 });
    expect(first.connectPacket.cleanStart).toBe(true);
    first.socket.destroy();
    expect((await (await server.peer()).welcome()).connectPacket.cleanStart).toBe(false);
  });

  it('that goes away is tried again with growing delays, up to maxAttempts', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({
      reconnect: { minDelay: 2, maxDelay: 8, jitter: 0, maxAttempts: 4 },
    });
    const delays: number[] = [];
    const ends: unknown[] = [];
    client.on('reconnecting', (_, delay) => void delays.push(delay));
    client.on('end', (error) => void ends.push(error));
    const closed = server.close();
    peer.socket.destroy();
    await closed;
    await until(() => ends.length === 1, 'the end');
    expect(delays).toEqual([2, 4, 8, 8]);
    expect(ends[0]).toMatchObject({ code: 'unreachable' });
  });

  it('that is dead is noticed by keep-alive', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ keepAlive: 1 });
    const lost: Disconnection[] = [];
    client.on('disconnect', (what) => void lost.push(what));
    expect(await peer.next('pingreq')).toEqual({ type: 'pingreq' });
    await until(() => lost.length === 1, 'the end of the connection');
    expect(lost[0]!.error).toMatchObject({ code: 'lost' });
    expect(lost[0]!.error.message).toContain('keep-alive');
    await (await server.peer()).welcome();
    await until(() => client.connected, 'the next connection');
  });

  it('that answers pings is kept', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ keepAlive: 1 });
    for (let i = 0; i < 2; i++) {
      await peer.next('pingreq');
      peer.send({ type: 'pingresp' });
    }
    expect(client.connected).toBe(true);
  });

  it('is not pinged with keepAlive 0', async () => {
    const server = await FakeServer.start();
    const [, peer] = await server.serve({ keepAlive: 0 });
    await peer.silence(1200);
  });

  it('that says goodbye in the midst of its messages is heard up to there', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ reconnect: false });
    const got: string[] = [];
    const ends: unknown[] = [];
    client.on('message', (message) => void got.push(message.text()));
    client.on('end', (error) => void ends.push(error));
    const properties = { reasonString: 'closing time' };
    peer.send(
      peer.message('t', '1'),
      { type: 'disconnect', reason: 0x8b, properties },
      peer.message('t', '2'),
    );
    await until(() => ends.length === 1, 'the end');
    expect(got).toEqual(['1']);
    expect(ends[0]).toMatchObject({ code: 'lost', reason: 0x8b, properties });
    expect((ends[0] as Error).message).toContain('closing time');
  });

  it('that sends messages right after CONNACK loses none: listeners of `connect` come first', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url });
    const events: string[] = [];
    client.on('connect', () => void events.push('connect'));
    client.on('message', (message) => void events.push(message.text()));
    const connecting = client.connect().then(() => void events.push('resolved'));
    const peer = await server.peer();
    await peer.next('connect');
    peer.send(
      { type: 'connack', sessionPresent: false, reason: 0, properties: {} },
      peer.message('t', 'first'),
    );
    await within(connecting, 'connecting');
    await until(() => events.length === 3, 'the events');
    expect(events.at(-1)).toBe('first');
  });

  it('that goes away while a message is worked on does not get its acknowledgement twice', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ clientId: 'c', cleanStart: false });
    let finish!: () => void;
    let count = 0;
    client.on('message', () => {
      count++;
      return new Promise<void>((resolve) => (finish = resolve));
    });
    peer.send(peer.message('t', 'x', { qos: 1, packetId: 9 }));
    await until(() => count === 1, 'the message');
    peer.socket.destroy();
    const again = await (await server.peer()).welcome({}, true);
    again.send(again.message('t', 'x', { qos: 1, packetId: 9, dup: true }));
    await again.silence(30);
    finish();
    expect(await again.next('puback')).toMatchObject({ packetId: 9 });
    await again.silence(20);
    expect(count).toBe(1);
  });

  it('that does not close after DISCONNECT does not keep the client', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    peer.socket.removeAllListeners('end');
    const done = client.disconnect();
    await peer.next('disconnect');
    await within(done, 'disconnecting');
    expect(client.state).toBe('ended');
  });

  it('shows every packet to `packet`, in both directions', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url });
    const seen: string[] = [];
    client.on('packet', (direction, packet) => void seen.push(`${direction} ${packet.type}`));
    const connecting = client.connect();
    const peer = await (await server.peer()).welcome();
    await connecting;
    const result = client.publish('t', 'x', { qos: 2 });
    const { packetId } = await peer.next('publish');
    peer.acknowledge('pubrec', packetId!);
    await peer.next('pubrel');
    peer.acknowledge('pubcomp', packetId!);
    await result;
    expect(seen).toEqual([
      'sent connect',
      'received connack',
      'sent publish',
      'received pubrec',
      'sent pubrel',
      'received pubcomp',
    ]);
  });
});
