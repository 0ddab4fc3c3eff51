// Connecting: what `connect` resolves and rejects with, and what it leaves behind when it fails.
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClientError, connect, createClient } from '../../src/client/index.js';
import { ReasonCode } from '../../src/protocol/index.js';
import { atEnd, FakeServer, failure, newClient, pause, soon, until, useBroker, within } from './help.js';

const versions = [3, 4, 5] as const;

describe('with our broker', () => {
  const here = useBroker();

  it.each(versions)('connect resolves with what the server said (version %i)', async (version) => {
    const client = newClient({ url: here.url, version, clientId: 'me', keepAlive: 30 });
    expect([client.state, client.connected]).toEqual(['new', false]);
    const result = await within(client.connect(), 'connecting');
    expect(result).toMatchObject({ sessionPresent: false, version, clientId: 'me', keepAlive: 30 });
    expect([client.state, client.connected, client.version, client.clientId]).toEqual([
      'connected',
      true,
      version,
      'me',
    ]);
  });

  it('an event says that it is connected, with the same result', async () => {
    const client = newClient({ url: here.url });
    const events: unknown[] = [];
    client.on('connect', (result) => events.push(result));
    const result = await client.connect();
    await until(() => events.length === 1, 'the event');
    expect(events).toEqual([result]);
  });

  it('takes the client identifier that the server gives', async () => {
    const client = newClient({ url: here.url, clientId: '' });
    const { clientId } = await client.connect();
    expect(clientId).toMatch(/^auto-/);
    expect(client.clientId).toBe(clientId);
  });

  it('`connect` of the module connects, with a URL or with options', async () => {
    const one = await connect(here.url);
    const two = await connect({ host: '127.0.0.1', port: here.port });
    expect([one.connected, two.connected]).toEqual([true, true]);
    await Promise.all([one.disconnect(), two.disconnect()]);
  });

  it.each([4, 5] as const)(
    '[MQTT-3.2.2-2] says whether the session was there (version %i)',
    async (version) => {
      const options = { version, clientId: 'p', cleanStart: false };
      const first = await here.connect(options);
      await first.disconnect();
      const second = newClient({ url: here.url, ...options });
      expect((await second.connect()).sessionPresent).toBe(true);
    },
  );

  it('refuses to connect twice', async () => {
    const client = await here.connect();
    await failure(client.connect(), 'invalid');
    await client.disconnect();
    await failure(client.connect(), 'invalid');
  });

  it('an abort before connect rejects with its reason, and nothing is connected', async () => {
    const reason = new Error('changed my mind');
    const client = newClient({ url: here.url, signal: AbortSignal.abort(reason) });
    await expect(client.connect()).rejects.toBe(reason);
    expect([client.state, [...here.broker.clients()]]).toEqual(['ended', []]);
  });

  it.each(['destroy', 'disconnect', 'abort'])(
    '%s right after connect is the end: nothing connects behind it',
    async (how) => {
      const controller = new AbortController();
      const client = newClient({ url: here.url, signal: controller.signal });
      const connecting = client.connect();
      if (how === 'destroy') client.destroy();
      else if (how === 'disconnect') void client.disconnect();
      else controller.abort();
      await expect(within(connecting, 'connecting to fail')).rejects.toThrow();
      await pause(50);
      expect([client.state, [...here.broker.clients()].length]).toEqual(['ended', 0]);
    },
  );

  it('an abort while connected ends the client', async () => {
    const controller = new AbortController();
    const client = await here.connect({ signal: controller.signal });
    const ends: unknown[] = [];
    client.on('end', (error) => ends.push(error));
    controller.abort(new Error('enough'));
    expect([client.state, ends.length]).toEqual(['ended', 1]);
    expect(ends[0]).toMatchObject({ code: 'ended' });
    await failure(client.publish('t', 'x'), 'ended');
  });

  it('leaves no listener at a signal that outlives the client', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    const client = await here.connect({ signal });
    await client.disconnect();
    expect(listeners).toBe(0);
  });
});

describe('a refusal', () => {
  const here = useBroker({
    plugins: [
      {
        name: 'gate',
        authenticate: (_, { username, password }) =>
          username === 'good' && Buffer.from(password ?? []).toString() === 'pass'
            ? true
            : ReasonCode.BadUserNameOrPassword,
      },
    ],
  });

  it.each(versions)('rejects as `refused` with the reason (version %i)', async (version) => {
    const client = newClient({ url: here.url, version, username: 'bad', password: 'x' });
    const error = await failure(client.connect(), 'refused');
    expect(error.reason).toBe(ReasonCode.BadUserNameOrPassword);
    expect(error.message).toContain('bad user name');
    expect(client.state).toBe('ended');
  });

  it.each(versions)(
    'does not come with the right password, as text or as bytes (version %i)',
    async (version) => {
      await here.connect({ version, username: 'good', password: 'pass' });
      await here.connect({ version, username: 'good', password: Buffer.from('pass') });
      const url = here.url.replace('//', '//good:pass@');
      await here.connect({ version, url });
    },
  );

  it('is tried again with retryFirstConnect until maxAttempts, each reported as an error', async () => {
    const client = newClient({
      url: here.url,
      retryFirstConnect: true,
      reconnect: { ...soon, maxAttempts: 3 },
    });
    const attempts: number[] = [];
    client.on('reconnecting', (attempt) => attempts.push(attempt));
    const error = await failure(client.connect(), 'refused');
    expect(error.reason).toBe(ReasonCode.BadUserNameOrPassword);
    expect([attempts, client.errors.length]).toEqual([[2, 3], 3]);
  });
});

describe('a server that is not there', () => {
  it('rejects as `unreachable`, with the error of the system', async () => {
    const server = await FakeServer.start();
    const { url } = server;
    await server.close();
    const client = newClient({ url });
    const error = await failure(client.connect(), 'unreachable');
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is waited for with retryFirstConnect', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const client = newClient({ host: '127.0.0.1', port, retryFirstConnect: true });
    const connecting = client.connect();
    await until(() => client.errors.length >= 2, 'attempts that fail');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(Uint8Array.of(0x20, 3, 0, 0, 0)));
    });
    server.listen(port, '127.0.0.1');
    await within(connecting, 'connecting');
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives way to the next URL', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: ['mqtt://127.0.0.1:1', server.url], retryFirstConnect: true });
    const connecting = client.connect();
    await (await server.peer()).welcome();
    await within(connecting, 'connecting');
  });
});

describe('a server written by hand', () => {
  it('that says nothing makes `timeout`, and its connection is closed', async () => {
    const server = await FakeServer.start();
    server.isMute = true;
    const client = newClient({ url: server.url, connectTimeout: 60 });
    await failure(client.connect(), 'timeout');
    await until(() => server.count === 1 && server.open === 0, 'the connection to be closed');
  });

  it('that closes at once makes an error that says so', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url });
    const connecting = client.connect();
    (await server.socket()).destroy();
    const error = await within(
      connecting.catch((reason: unknown) => reason),
      'the failure',
    );
    expect(error).toBeInstanceOf(ClientError);
    expect(client.state).toBe('ended');
  });

  it('that sends something else than CONNACK makes `protocol`', async () => {
    for (const bytes of [
      [0xd0, 0],
      [0x20, 2, 9, 9],
      [0x30, 3, 0, 1, 65],
      [0xff, 0xff],
      [0x20, 3, 0, 0x10, 0],
      [0x10, 0],
    ]) {
      const server = await FakeServer.start();
      const client = newClient({ url: server.url });
      const connecting = client.connect();
      const failed = failure(connecting, 'protocol');
      const socket = await server.socket();
      socket.resume();
      socket.write(Uint8Array.from(bytes));
      await failed;
      await until(() => server.open === 0, 'the connection to be closed');
    }
  });

  it.each([
    ['the answer of 3.1.1', Uint8Array.of(0x20, 2, 0, 1)],
    ['the answer of 5', Uint8Array.of(0x20, 3, 0, 0x84, 0)],
  ])('that does not know MQTT 5 (%s) is asked again with 3.1.1, and stays with it', async (_, refusal) => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url });
    const connecting = client.connect();
    const first = await server.peer();
    expect((await first.next('connect')).version).toBe(5);
    first.sendBytes(refusal);
    const second = await server.peer(4);
    await second.welcome();
    expect(second.connectPacket.version).toBe(4);
    expect((await within(connecting, 'connecting')).version).toBe(4);
    second.socket.destroy();
    expect((await (await server.peer(4)).welcome()).connectPacket.version).toBe(4);
  });

  it('that does not know MQTT 5 is asked again itself, not the next of several', async () => {
    const [old, other] = [await FakeServer.start(), await FakeServer.start()];
    const client = newClient({ url: [old.url, other.url] });
    const connecting = client.connect();
    const first = await old.peer();
    await first.next('connect');
    first.sendBytes(Uint8Array.of(0x20, 2, 0, 1));
    await until(() => old.count + other.count === 2, 'the second attempt');
    expect([old.count, other.count]).toEqual([2, 0]);
    await (await old.peer(4)).welcome();
    await within(connecting, 'connecting');
  });

  it('is not asked with another version than the one that was wanted', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url, version: 5 });
    const failed = failure(client.connect(), 'refused');
    const peer = await server.peer();
    await peer.next('connect');
    peer.sendBytes(Uint8Array.of(0x20, 2, 0, 1));
    expect((await failed).reason).toBe(ReasonCode.UnsupportedProtocolVersion);
    expect(server.count).toBe(1);
  });

  it('gets what the options say, and nothing that they do not', async () => {
    const server = await FakeServer.start();
    const [, peer] = await server.serve({
      clientId: 'me',
      username: 'u',
      password: 'p',
      keepAlive: 7,
      receiveMaximum: 5,
      maximumPacketSize: 1000,
      topicAliasMaximum: 3,
      sessionExpiryInterval: 9,
      properties: { userProperties: [['a', 'b']], requestResponseInformation: 1 },
      will: { topic: 'w', payload: 'bye', qos: 1, retain: true, properties: { willDelayInterval: 4 } },
    });
    expect(peer.connectPacket).toEqual({
      type: 'connect',
      version: 5,
      cleanStart: true,
      keepAlive: 7,
      clientId: 'me',
      username: 'u',
      password: Uint8Array.from(Buffer.from('p')),
      will: {
        topic: 'w',
        payload: Uint8Array.from(Buffer.from('bye')),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: 4 },
      },
      properties: {
        receiveMaximum: 5,
        maximumPacketSize: 1000,
        topicAliasMaximum: 3,
        sessionExpiryInterval: 9,
        userProperties: [['a', 'b']],
        requestResponseInformation: 1,
      },
    });
  });

  it('[MQTT3-3.1.2-22] gets a user name with a password, though there was none (3.1.1)', async () => {
    const server = await FakeServer.start();
    const [, peer] = await server.serve({ version: 4, password: 'p' });
    expect(peer.connectPacket.username).toBe('');
  });

  it('[MQTT-3.2.2-21] decides the keep-alive time', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url, keepAlive: 60 });
    const connecting = client.connect();
    await (await server.peer()).welcome({ serverKeepAlive: 5, responseInformation: 'answers' });
    expect((await within(connecting, 'connecting')).keepAlive).toBe(5);
    expect(client.responseInformation).toBe('answers');
  });

  it('that refuses in MQTT 5 gives its reason string and properties', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url });
    const failed = failure(client.connect(), 'refused');
    const peer = await server.peer();
    await peer.next('connect');
    const properties = { reasonString: 'full today', serverReference: 'elsewhere' };
    peer.send({ type: 'connack', sessionPresent: false, reason: ReasonCode.UseAnotherServer, properties });
    const error = await failed;
    expect(error).toMatchObject({ reason: 0x9c, properties: { serverReference: 'elsewhere' } });
    expect(error.message).toContain('full today');
  });

  it.each([
    { will: { topic: 'a', payload: 5 as unknown as string } },
    { will: { topic: 'a', payload: new Uint8Array(65_536) } },
    { will: { topic: 'a\0' } },
    { will: { topic: 'a', properties: { topicAlias: 1 } } },
    { clientId: 'a\0b' },
    { clientId: 'x'.repeat(65_536) },
    { username: '\ud800' },
    { password: new Uint8Array(65_536) },
    { properties: { contentType: 'x' } },
  ])(
    'is not bothered with what CONNECT cannot carry: `invalid`, and no connection stays open (%#)',
    async (options) => {
      const server = await FakeServer.start();
      server.isMute = true;
      let error: unknown;
      try {
        const client = createClient({ url: server.url, ...options });
        atEnd(() => client.destroy());
        await within(client.connect(), 'connecting to fail');
      } catch (reason) {
        error = reason;
      }
      // whatever was opened must be gone by now, or soon
      await pause(20);
      expect(server.open).toBe(0);
      expect(error).toBeInstanceOf(ClientError);
      expect(error).toMatchObject({ code: 'invalid' });
    },
  );

  it('[MQTT-3.2.2-4] may not know a session when we wanted a new one', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url });
    const failed = failure(client.connect(), 'protocol');
    await (await server.peer()).welcome({}, true);
    await failed;
  });
});
