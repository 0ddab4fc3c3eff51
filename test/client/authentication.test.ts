// Enhanced authentication, with our broker's SCRAM and with servers that cheat.
import { describe, expect, it } from 'vitest';
import { type Authenticator, type ScramClientOptions, scram } from '../../src/client/index.js';
import { type ScramMechanism, scramCredentials, scram as scramPlugin } from '../../src/index.js';
import { ReasonCode } from '../../src/protocol/index.js';
import { FakeServer, failure, newClient, until, useBroker, within } from './help.js';

const here = useBroker({
  plugins: [
    scramPlugin({
      find: async (username, mechanism: ScramMechanism) =>
        username === 'nobody' ? undefined : scramCredentials('pencil', { mechanism }),
    }),
    { name: 'nobody else', authenticate: () => false },
  ],
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const user = (options: Partial<ScramClientOptions> = {}): Authenticator =>
  scram({ username: 'user', password: 'pencil', ...options });

describe('SCRAM with our broker', () => {
  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    '%s: the right password is let in',
    async (mechanism) => {
      for (const username of ['user', 'a=b,c', 'ünïcode']) {
        const client = await here.connect({ authentication: user({ mechanism, username }) });
        await client.publish('a', 'x', { qos: 1 });
        expect([...here.broker.clients()].some((one) => one.username === username)).toBe(true);
        await client.disconnect();
      }
    },
  );

  it.each([{ password: 'pen' }, { username: 'nobody' }])('%j is refused', async (wrong) => {
    const client = newClient({ url: here.url, authentication: user(wrong) });
    expect((await failure(client.connect(), 'refused')).reason).toBe(ReasonCode.NotAuthorized);
  });

  it('a method that the broker does not have is refused', async () => {
    const authentication: Authenticator = {
      method: 'OTHER',
      start: () => ({ first: () => undefined, next: () => undefined, finish: () => {} }),
    };
    const client = newClient({ url: here.url, authentication });
    expect((await failure(client.connect(), 'refused')).reason).toBe(ReasonCode.BadAuthenticationMethod);
  });

  it('a live connection authenticates again, as often as the program wants', async () => {
    const client = await here.connect({ authentication: user() });
    for (let i = 0; i < 3; i++) await within(client.reauthenticate(), 'authenticating again');
    await client.publish('a', 'x', { qos: 1 });
    expect(client.errors).toEqual([]);
  });

  it('authenticates again each time it connects', async () => {
    const client = await here.connect({ authentication: user() });
    here.broker.disconnect(client.clientId);
    await until(() => !client.connected, 'the end of the connection');
    await until(() => client.connected, 'the next connection');
  });

  it('two at a time, without a method, or without a connection, is refused', async () => {
    const client = await here.connect({ authentication: user() });
    const first = client.reauthenticate();
    await failure(client.reauthenticate(), 'invalid');
    await within(first, 'the first');
    await client.disconnect();
    await failure(client.reauthenticate(), 'lost');
    const server = await FakeServer.start();
    const [other] = await server.serve();
    await failure(other.reauthenticate(), 'invalid');
  });
});

describe('a server that cheats', () => {
  it('by accepting without a proof is left', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url, authentication: user() });
    const failed = failure(client.connect(), 'protocol');
    await (await server.peer()).welcome();
    await failed;
  });

  it('by a wrong proof is left', async () => {
    const server = await FakeServer.start();
    const client = newClient({ url: server.url, authentication: user() });
    const failed = failure(client.connect(), 'protocol');
    const peer = await server.peer();
    const { properties } = await peer.next('connect');
    const nonce = /r=(.*)$/.exec(Buffer.from(properties!.authenticationData!).toString())![1];
    const challenge = bytes(`r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
    const authenticationMethod = 'SCRAM-SHA-256';
    peer.send({
      type: 'auth',
      reason: 0x18,
      properties: { authenticationMethod, authenticationData: challenge },
    });
    await peer.next('auth');
    const proof = { authenticationMethod, authenticationData: bytes('v=AAAA') };
    peer.send({ type: 'connack', sessionPresent: false, reason: 0, properties: proof });
    await failed;
  });

  it.each(['r=other,s=AAAA,i=4096', 'nonsense', '', 'i=999999999'])(
    'by the challenge %j is left',
    async (challenge) => {
      const server = await FakeServer.start();
      const client = newClient({ url: server.url, authentication: user() });
      const failed = failure(client.connect(), 'protocol');
      const peer = await server.peer();
      await peer.next('connect');
      const properties = { authenticationMethod: 'SCRAM-SHA-256', authenticationData: bytes(challenge) };
      peer.send({ type: 'auth', reason: 0x18, properties });
      await failed;
    },
  );

  it('by AUTH that nobody asked for is left', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ reconnect: false });
    const ended = new Promise((resolve) => client.on('end', resolve));
    peer.send({ type: 'auth', reason: 0x18, properties: { authenticationMethod: 'X' } });
    expect(await within(ended, 'the end')).toMatchObject({ code: 'protocol' });
  });
});

describe('an authenticator of the program', () => {
  const throwing = (where: 'start' | 'first' | 'next' | 'finish', isLate: boolean): Authenticator => {
    const fail = (name: string) => () => {
      if (name !== where) return bytes(name) as never;
      if (isLate) return Promise.reject(new Error(`in ${name}`)) as never;
      throw new Error(`in ${name}`);
    };
    return {
      method: 'OWN',
      start: () => {
        if (where === 'start') throw new Error('in start');
        return { first: fail('first'), next: fail('next'), finish: fail('finish') };
      },
    };
  };

  it.each([
    ['start', false],
    ['first', false],
    ['first', true],
    ['next', false],
    ['next', true],
    ['finish', false],
    ['finish', true],
  ] as const)(
    'that throws in %s (late: %s) makes connect fail, and no connection stays open',
    async (where, isLate) => {
      const server = await FakeServer.start();
      const client = newClient({ url: server.url, authentication: throwing(where, isLate) });
      const failed = within(client.connect(), 'the failure').catch((error: unknown) => error);
      const peer = await server.peer();
      if (where === 'next' || where === 'finish') {
        await peer.next('connect');
        const properties = { authenticationMethod: 'OWN', authenticationData: bytes('x') };
        if (where === 'next') peer.send({ type: 'auth', reason: 0x18, properties });
        else peer.send({ type: 'connack', sessionPresent: false, reason: 0, properties });
      }
      expect(await failed).toMatchObject({
        name: 'ClientError',
        message: expect.stringContaining(`in ${where}`),
      });
      await until(() => server.open === 0, 'the connection to be closed', 500);
    },
  );

  it('that takes its time when the server goes away makes connect fail, nothing else', async () => {
    const server = await FakeServer.start();
    const authentication: Authenticator = {
      method: 'SLOW',
      start: () => ({
        first: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 60)),
        next: () => undefined,
        finish: () => {},
      }),
    };
    const client = newClient({ url: server.url, authentication });
    const failed = client.connect().catch((error: unknown) => error);
    const socket = await server.socket();
    socket.resume();
    socket.end();
    expect(await within(failed, 'the failure')).toMatchObject({ name: 'ClientError' });
  });

  it('that fails when authenticating again can be asked once more', async () => {
    const server = await FakeServer.start();
    let count = 0;
    const authentication: Authenticator = {
      method: 'OWN',
      start: () => ({
        first: () => {
          if (++count === 2) throw new Error('not now');
          return undefined;
        },
        next: () => undefined,
        finish: () => {},
      }),
    };
    const [client, peer] = await server.serve({ authentication });
    await expect(client.reauthenticate()).rejects.toThrow('not now');
    const again = client.reauthenticate();
    await peer.next('auth');
    peer.send({ type: 'auth', reason: 0, properties: { authenticationMethod: 'OWN' } });
    await within(again, 'authenticating again');
  });
});
