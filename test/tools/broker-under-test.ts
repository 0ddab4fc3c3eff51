// The brokers that the table is played against: ours, in this process, and Mosquitto, from the folder with its
// programs. Both know the same users, at a port of their own: `both` may do everything, `reader` only subscribe
// and `writer` only publish; nobody else gets in.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Broker, type Plugin } from '../../src/index.js';
import type { Way } from './case.js';

export interface BrokerUnderTest {
  /** Ports, and the path of the socket. */
  readonly ways: Readonly<Partial<Record<Way, number | string>> & { tcp: number }>;
  stop(): Promise<void>;
}

const users: Readonly<Record<string, { password: string; rights: readonly string[] }>> = {
  both: { password: 'both-secret', rights: ['subscribe', 'publish'] },
  reader: { password: 'reader-secret', rights: ['subscribe'] },
  writer: { password: 'writer-secret', rights: ['publish'] },
};

function allows(username: string, right: string): boolean {
  return users[username]?.rights.includes(right) === true;
}

const usersPlugin: Plugin = {
  name: 'users',
  authenticate: ({ username = '' }, { password = Buffer.alloc(0) }) =>
    users[username]?.password === Buffer.from(password).toString(),
  // as with Mosquitto's file of rights, everybody may subscribe, and who may not read gets nothing
  authorize: ({ username = '' }, { type }) => type !== 'publish' || allows(username, 'publish'),
  deliver: ({ username = '' }) => allows(username, 'subscribe'),
};

export async function startOurBroker(): Promise<BrokerUnderTest> {
  const open = new Broker();
  const guarded = new Broker({ plugins: [usersPlugin] });
  const [tcp, auth] = await Promise.all(
    [open, guarded].map((broker) => broker.listen({ port: 0, host: '127.0.0.1' })),
  );
  return {
    ways: { tcp: tcp!.port, auth: auth!.port },
    stop: async () => {
      await Promise.all([open.close(), guarded.close()]);
    },
  };
}

export async function startMosquitto(programs: string, certificates: string): Promise<BrokerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const [tcp, ws, tls, mtls, psk, wss, auth] = (await freePorts(7)) as [
    number,
    ...[number, number, number, number, number, number],
  ];
  const unix = join(folder, 'socket');
  const server = ['cafile ca.crt', 'certfile server.crt', 'keyfile server.key'].map((line) =>
    line.replace(' ', ` ${certificates}/`),
  );
  writeFileSync(join(folder, 'psk'), 'somebody:0123456789abcdef\n');
  // without Nagle's algorithm each message may wait 40 ms for an acknowledgement
  const common = ['user root', 'log_dest none', 'set_tcp_nodelay true'];
  const open = [
    ...common,
    'allow_anonymous true',
    `listener ${tcp} 127.0.0.1`,
    `listener 0 ${unix}`,
    ...[`listener ${ws} 127.0.0.1`, 'protocol websockets'],
    ...[`listener ${tls} 127.0.0.1`, ...server],
    ...[`listener ${mtls} 127.0.0.1`, ...server, 'require_certificate true'],
    ...[`listener ${psk} 127.0.0.1`, `psk_file ${folder}/psk`, 'psk_hint hint'],
    ...[`listener ${wss} 127.0.0.1`, 'protocol websockets', ...server],
  ];
  const rights = { 'subscribe,publish': 'readwrite', subscribe: 'read', publish: 'write' };
  const acl = Object.entries(users).map(
    ([name, user]) => `user ${name}\ntopic ${rights[user.rights.join() as keyof typeof rights]} #\n`,
  );
  writeFileSync(join(folder, 'acl'), acl.join('\n'));
  Object.entries(users).forEach(([name, { password }], at) => {
    const args = ['-b', ...(at === 0 ? ['-c'] : []), join(folder, 'users'), name, password];
    execFileSync(join(programs, 'mosquitto_passwd'), args, { stdio: 'ignore' });
  });
  const guarded = [
    ...common,
    'allow_anonymous false',
    `password_file ${folder}/users`,
    `acl_file ${folder}/acl`,
    `listener ${auth} 127.0.0.1`,
  ];
  for (const file of ['acl', 'users', 'psk']) chmodSync(join(folder, file), 0o700);
  const stops = await Promise.all(
    [open, guarded].map((lines, at) => {
      const file = join(folder, `${at}.conf`);
      writeFileSync(file, `${lines.join('\n')}\n`);
      return startProgram(join(programs, 'mosquitto'), ['-c', file], at === 0 ? tcp : auth);
    }),
  );
  return {
    ways: { tcp, unix, ws, tls, mtls, psk, wss, auth },
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startProgram(command: string, args: string[], port: number): Promise<() => Promise<void>> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-10_000);
  });
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 100 || child.exitCode !== null)
      throw new Error(`${command} does not listen on ${port}: ${said}`);
    await pause(50);
  }
  return async () => {
    child.kill('SIGTERM');
    await exited;
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
