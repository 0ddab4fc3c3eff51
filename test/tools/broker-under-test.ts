// The brokers that the table is played against: ours, in this process, and Mosquitto, from the folder with its
// programs. Both know the same users, at a port of their own: `both` may do everything, `reader` only subscribe
// and `writer` only publish; nobody else gets in.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Broker, type ListenOptions, type Plugin, type TlsOptions } from '../../src/index.js';
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

/** The key of `somebody`. */
const PSK = '0123456789abcdef';

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

const psk = { hint: 'hint', keyOf: (name: string) => (name === 'somebody' ? Buffer.from(PSK, 'hex') : null) };

/** The listeners of our broker, as Mosquitto is given them below. */
function ourListeners(certificates: string, socket: string): Record<Exclude<Way, 'auth'>, ListenOptions> {
  const read = (file: string): Buffer => readFileSync(join(certificates, file));
  const certificateOf = (name: string): TlsOptions => ({
    ca: read('ca.crt'),
    cert: read(`${name}.crt`),
    key: read(`${name}.key`),
  });
  const tls = certificateOf('server');
  const tcp = { port: 0, host: '127.0.0.1' };
  return {
    tcp,
    unix: { port: 0, path: socket },
    ws: { ...tcp, websocket: {} },
    tls: { ...tcp, tls },
    mtls: { ...tcp, tls: { ...tls, requireCertificate: true } },
    stranger: { ...tcp, tls: certificateOf('stranger') },
    psk: { ...tcp, tls: { psk } },
    wss: { ...tcp, tls, websocket: {} },
  };
}

export async function startOurBroker(certificates: string): Promise<BrokerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-'));
  const unix = join(folder, 'socket');
  const open = new Broker();
  const guarded = new Broker({ plugins: [usersPlugin] });
  const { port: auth } = await guarded.listen({ port: 0, host: '127.0.0.1' });
  const ports: Partial<Record<Way, number>> = {};
  for (const [way, options] of Object.entries(ourListeners(certificates, unix)))
    ports[way as Way] = (await open.listen({ ...options, name: way })).port;
  return {
    ways: { ...ports, tcp: ports.tcp!, unix, auth },
    stop: async () => {
      await Promise.all([open.close(), guarded.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startMosquitto(programs: string, certificates: string): Promise<BrokerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const [tcp, ws, tls, mtls, stranger, psk, wss, auth] = (await freePorts(8)) as [
    number,
    ...[number, number, number, number, number, number, number],
  ];
  const unix = join(folder, 'socket');
  const certificateOf = (name: string): string[] =>
    ['cafile ca.crt', `certfile ${name}.crt`, `keyfile ${name}.key`].map((line) =>
      line.replace(' ', ` ${certificates}/`),
    );
  const server = certificateOf('server');
  writeFileSync(join(folder, 'psk'), `somebody:${PSK}\n`);
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
    ...[`listener ${stranger} 127.0.0.1`, ...certificateOf('stranger')],
    ...[`listener ${wss} 127.0.0.1`, 'protocol websockets', ...server],
  ];
  // by itself: where one listener has shared keys, Mosquitto takes TLS 1.3 from all of them
  const keyed = [
    ...common,
    'allow_anonymous true',
    ...[`listener ${psk} 127.0.0.1`, `psk_file ${folder}/psk`, 'psk_hint hint'],
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
    [open, guarded, keyed].map((lines, at) => {
      const file = join(folder, `${at}.conf`);
      writeFileSync(file, `${lines.join('\n')}\n`);
      return startProgram(join(programs, 'mosquitto'), ['-c', file], [tcp, auth, psk][at]!);
    }),
  );
  return {
    ways: { tcp, unix, ws, tls, mtls, stranger, psk, wss, auth },
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
