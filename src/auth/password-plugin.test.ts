// Logging in by a password file, over the wire: the answers are those that Mosquitto 2.1.2 was seen to give. And
// what its administrator does: a file that is changed, broken or gone.
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClientInfo, PluginBroker } from '../core/plugin.js';
import { Broker } from '../index.js';
import { encodePacket, type ProtocolVersion, ReasonCode } from '../protocol/index.js';
import { PasswordFileError } from './password-file.js';
import { hashPassword } from './password-hash.js';
import { type PasswordFileOptions, type PasswordFilePlugin, passwordFilePlugin } from './password-plugin.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const line = async (name: string, password: string): Promise<string> =>
  `${name}:${await hashPassword('sha512-pbkdf2', bytes(password), 10)}\n`;

let folder: string;
let file: string;
let users: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'password-plugin-'));
  file = join(folder, 'pw');
  users = (await line('u', 'p')) + (await line('e', '')) + (await line('ü', 'sécret'));
});

beforeEach(() => writeFileSync(file, users, { mode: 0o600 }));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const brokers: Broker[] = [];

async function start(
  options: Partial<PasswordFileOptions> = {},
): Promise<{ plugin: PasswordFilePlugin; port: number }> {
  const plugin = passwordFilePlugin({ file, ...options });
  const broker = new Broker({ plugins: [plugin] });
  brokers.push(broker);
  const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
  return { plugin, port: port! };
}

afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});

interface Login {
  readonly username?: string;
  readonly password?: string;
}

async function login(port: number, version: ProtocolVersion, { username, password }: Login): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const clientId = `c${version}${username ?? ''}`;
  socket.write(
    encodePacket(
      {
        type: 'connect',
        version,
        clientId,
        cleanStart: true,
        keepAlive: 60,
        username,
        password: password === undefined ? undefined : bytes(password),
      },
      version,
    ),
  );
  return socket;
}

/** The code of the CONNACK, or `closed` when the connection ends without one. */
async function answer(socket: Socket): Promise<number | 'closed'> {
  for await (const chunk of socket) return (chunk as Buffer)[3]!;
  return 'closed';
}

/** The same, of a client that comes and goes. */
async function code(port: number, version: ProtocolVersion, credentials: Login): Promise<number | 'closed'> {
  return answer(await login(port, version, credentials));
}

/** Who comes, and what Mosquitto answers: in MQTT 3.1.1 and 5, without and with allow_anonymous. */
const table: readonly (readonly [string, Login, [number | 'closed', number], [number | 'closed', number]])[] =
  [
    ['the right password', { username: 'u', password: 'p' }, [0, 0], [0, 0]],
    ['the right password, not ASCII', { username: 'ü', password: 'sécret' }, [0, 0], [0, 0]],
    ['a wrong password', { username: 'u', password: 'x' }, [5, 0x87], [5, 0x87]],
    ['an unknown user', { username: 'n', password: 'p' }, [5, 0x87], [5, 0x87]],
    ['a user in other letters', { username: 'U', password: 'p' }, [5, 0x87], [5, 0x87]],
    ['a user without a password', { username: 'u' }, [5, 0x87], [5, 0x87]],
    ['an unknown user without a password', { username: 'n' }, [5, 0x87], [5, 0x87]],
    ['an empty password', { username: 'u', password: '' }, [5, 0x87], [5, 0x87]],
    ['an empty password that is right', { username: 'e', password: '' }, [5, 0x87], [5, 0x87]],
    ['neither', {}, [5, 0x87], [0, 0]],
    ['an empty user name', { username: '' }, [5, 0x87], [0, 0]],
    ['an empty user name and a password', { username: '', password: 'p' }, [5, 0x87], [0, 0]],
  ];

describe.each([false, true])('a password file, with allowAnonymous %s', (allowAnonymous) => {
  it.each(table)('answers %s as Mosquitto does', async (_what, credentials, refused, allowed) => {
    const { port } = await start({ allowAnonymous });
    const answers = [await code(port, 4, credentials), await code(port, 5, credentials)];
    expect(answers).toEqual(allowAnonymous ? allowed : refused);
    expect(await code(port, 3, credentials)).toBe(answers[0]);
  });

  it('answers a password without a user name as Mosquitto does, which MQTT 5 alone allows', async () => {
    const { port } = await start({ allowAnonymous });
    expect(await code(port, 5, { password: 'p' })).toBe(allowAnonymous ? 0 : 0x87);
  });
});

describe('a password file', () => {
  it('takes all of a password, also what follows a NUL', async () => {
    const { port } = await start();
    expect(await code(port, 5, { username: 'u', password: 'p\0x' })).toBe(0x87);
  });

  it('without users lets nobody in', async () => {
    writeFileSync(file, '# nobody\n');
    const { port } = await start();
    expect(await code(port, 5, { username: 'u', password: 'p' })).toBe(0x87);
  });

  it('lets many in at the same time', async () => {
    const { port } = await start({ concurrency: 1 });
    const logins = Array.from({ length: 20 }, (_, i) =>
      code(port, 4, { username: 'u', password: i % 2 ? 'x' : 'p' }),
    );
    // they all have one client id, so that only the code of the CONNACK counts
    expect(await Promise.all(logins)).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 ? 5 : 0)));
  });

  it.each([
    [4, 3],
    [5, 0x89],
  ] as const)(
    'says in version %d that it is busy when too many passwords are to be checked',
    async (version, busy) => {
      const slow = `s:${await hashPassword('sha512-pbkdf2', bytes('p'), 100_000)}\n`;
      writeFileSync(file, slow);
      const { port } = await start({ concurrency: 1, maxWaiting: 0 });
      const logins = [1, 2, 3].map(() => code(port, version, { username: 's', password: 'p' }));
      const codes = await Promise.all(logins);
      expect(codes).toContain(0);
      expect(codes).toContain(busy);
    },
  );

  it('checks the password of an unknown user against the hash of some user, so that it takes as long', async () => {
    const slow = `s:${await hashPassword('sha512-pbkdf2', bytes('p'), 100_000)}\n`;
    writeFileSync(file, slow);
    const { port } = await start({ concurrency: 1, maxWaiting: 0 });
    const logins = ['n', 'm', 'o'].map((username) => code(port, 5, { username, password: 'p' }));
    expect(await Promise.all(logins)).toContain(0x89);
  });

  it('leaves anonymous clients to the plugins after it', async () => {
    const broker = new Broker({
      plugins: [passwordFilePlugin({ file }), { name: 'guests', authenticate: ({ username }) => !username }],
    });
    brokers.push(broker);
    const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
    expect(await code(port!, 5, {})).toBe(0);
    expect(await code(port!, 5, { username: 'n', password: 'p' })).toBe(0x87);
  });
});

describe('a broker', () => {
  it.each([
    ['broken', () => writeFileSync(file, 'u:plain\n'), 'Line 1: the password is not hashed'],
    ['missing', () => unlinkSync(file), 'Unable to open pwfile'],
    [
      'a link',
      () => {
        unlinkSync(file);
        symlinkSync('elsewhere', file);
      },
      'MOSQUITTO_UNSAFE_ALLOW_SYMLINKS',
    ],
  ])('does not start when the file is %s', async (_what, spoil, words) => {
    spoil();
    await expect(start()).rejects.toThrow(words);
    rmSync(file, { force: true });
  });
});

describe('reload', () => {
  /** Sends a PINGREQ, and reads what comes up to its answer, or until the connection ends. */
  async function ping(socket: Socket): Promise<number[]> {
    socket.on('error', () => {}); // it may be closed already
    socket.write(new Uint8Array([0xc0, 0]));
    const came: number[] = [];
    for await (const chunk of socket) {
      came.push(...(chunk as Buffer));
      if (came.at(-2) === 0xd0) break;
    }
    return came;
  }

  /** Connects and stays. */
  async function stay(port: number, version: ProtocolVersion, credentials: Login): Promise<Socket> {
    const socket = await login(port, version, credentials);
    const [connack] = (await once(socket, 'data')) as [Buffer];
    expect(connack[3]).toBe(0);
    socket.pause();
    return socket;
  }

  it('brings new users and passwords', async () => {
    const { port, plugin } = await start();
    writeFileSync(file, (await line('u', 'q')) + (await line('n', 'p')));
    await plugin.reload();
    expect(await code(port, 5, { username: 'u', password: 'p' })).toBe(0x87);
    expect(await code(port, 5, { username: 'u', password: 'q' })).toBe(0);
    expect(await code(port, 5, { username: 'n', password: 'p' })).toBe(0);
  });

  it.each([
    ['broken', () => writeFileSync(file, `${users}x:plain\n`), 4],
    ['gone', () => unlinkSync(file), undefined],
  ])('of a file that is %s throws, and keeps the users', async (_what, spoil, lineNumber) => {
    const { port, plugin } = await start();
    spoil();
    const error = await plugin.reload().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PasswordFileError);
    expect((error as PasswordFileError).line).toBe(lineNumber);
    expect(await code(port, 5, { username: 'u', password: 'p' })).toBe(0);
    writeFileSync(file, await line('n', 'p'));
    await plugin.reload();
    expect(await code(port, 5, { username: 'u', password: 'p' })).toBe(0x87);
  });

  it('disconnects those whose user has changed or is gone, and nobody else', async () => {
    const { port, plugin } = await start({ allowAnonymous: true });
    const stays = await stay(port, 5, { username: 'u', password: 'p' });
    const anonymous = await stay(port, 4, {});
    const changed = await stay(port, 5, { username: 'ü', password: 'sécret' });
    const removed = await stay(port, 4, { username: 'ü', password: 'sécret' });
    const [first] = users.split('\n');
    writeFileSync(file, `${first}\n`);
    await plugin.reload();
    expect(await ping(changed).then(([type, , reason]) => [type, reason])).toEqual([0xe0, 0x87]);
    expect(await ping(removed)).toEqual([]);
    expect(await Promise.all([stays, anonymous].map(ping))).toEqual([
      [0xd0, 0],
      [0xd0, 0],
    ]);
  });

  it('twice at the same time ends with what the file has then', async () => {
    const { port, plugin } = await start();
    const first = plugin.reload();
    writeFileSync(file, await line('n', 'p'));
    await Promise.all([first, plugin.reload()]);
    expect(await code(port, 5, { username: 'n', password: 'p' })).toBe(0);
  });
});

describe('the plugin by itself', () => {
  const client = { clientId: 'c' } as ClientInfo;

  function standIn(): { broker: PluginBroker; log: string[]; disconnected: unknown[] } {
    const log: string[] = [];
    const disconnected: unknown[] = [];
    const broker: PluginBroker = {
      publish: () => {},
      disconnect: (...args) => disconnected.push(args) > 0,
      log: (level, text) => void log.push(`${level}: ${text}`),
    };
    return { broker, log, disconnected };
  }

  it('logs what is wrong with the permissions of the file', async () => {
    chmodSync(file, 0o604);
    const { broker, log } = standIn();
    await passwordFilePlugin({ file }).start!(broker);
    chmodSync(file, 0o600);
    expect(log).toEqual([
      expect.stringMatching(/^warning: Warning: File \S+ has world readable permissions\./),
      expect.stringMatching(/^warning: To fix this, use `chmod/),
    ]);
  });

  it('does not admit who was found with a password that has changed meanwhile', async () => {
    const slow = `s:${await hashPassword('sha512-pbkdf2', bytes('p'), 200_000)}\n`;
    writeFileSync(file, slow);
    const { broker } = standIn();
    const plugin = passwordFilePlugin({ file });
    await plugin.start!(broker);
    const verdict = plugin.authenticate!(client, { username: 's', password: bytes('p') });
    writeFileSync(file, users);
    await plugin.reload();
    expect(await verdict).toBe(false);
  });

  it('disconnects with the reason that the client is not authorized', async () => {
    const { broker, disconnected } = standIn();
    const plugin = passwordFilePlugin({ file });
    await plugin.start!(broker);
    expect(await plugin.authenticate!(client, { username: 'u', password: bytes('p') })).toBe(true);
    plugin.connected!(client);
    writeFileSync(file, '');
    await plugin.reload();
    expect(disconnected).toEqual([['c', ReasonCode.NotAuthorized]]);
    plugin.disconnected!(client, 0);
    await plugin.reload();
    expect(disconnected).toHaveLength(1);
  });
});
