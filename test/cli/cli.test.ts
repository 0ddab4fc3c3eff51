// The command line as a user meets it: the executable itself in a process of its own, with what it prints, what
// it exits with and what its clients see. Needs the built program (`npm run build`; `npm test` does that).
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, connect as connectSocket, createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Exit, killPrograms, Program } from '../interop/program.js';

const root = join(import.meta.dirname, '../..');
const executable = join(root, 'bin/pondhawk');
const clients: MqttClient[] = [];

const pondhawk = (...args: string[]): Program => new Program(executable, args);

/** Starts the broker on `ports` and waits until it says that it runs. */
async function started(...args: string[]): Promise<Program> {
  const program = pondhawk(...args);
  await program.until('line that says it runs', ({ stderr }) => /running\n/.test(stderr));
  return program;
}

function listening(host = '127.0.0.1', port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

async function freePort(): Promise<number> {
  const server = await listening();
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function reachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host, port });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

async function client(port: number, options: IClientOptions = {}): Promise<MqttClient> {
  const one = await connectAsync({ host: '127.0.0.1', port, reconnectPeriod: 0, ...options });
  clients.push(one);
  return one;
}

/** Lines on standard error that are not of the log, which starts each with the time. */
function complaints({ stderr }: Exit): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^\d+: /.test(line));
}

function stackTraces({ stderr }: Exit): string[] {
  return stderr.split('\n').filter((line) => /^\s+at /.test(line));
}

/** What is wrong with the command line is said in one line; exit code 3, as Mosquitto's. */
async function expectRefusal(args: string[], complaint: RegExp): Promise<void> {
  const exit = await pondhawk(...args).exited;
  expect(complaints(exit)).toEqual([expect.stringMatching(complaint)]);
  expect(stackTraces(exit)).toEqual([]);
  expect(exit.stdout).toBe('');
  expect(exit.code).toBe(3);
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.endAsync(true)));
  await killPrograms();
});

describe('pondhawk, starting', () => {
  it('prints where it listens, and is ready then', async () => {
    const port = await freePort();
    const program = await started('-p', String(port));
    expect(program.stderr).toContain(`Opening ipv4 listen socket on port ${port}.`);
    expect(program.stdout).toBe('');
    expect((await client(port)).connected).toBe(true);
  });

  it('listens on this machine only, unless told otherwise', async () => {
    const port = await freePort();
    await started('-p', String(port));
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    expect(await reachable('127.0.0.1', port)).toBe(true);
    for (const { address } of others) expect(await reachable(address, port)).toBe(false);
  });

  it('listens on every port that is given', async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const program = await started(...ports.flatMap((port) => ['-p', String(port)]));
    const [first, ...others] = await Promise.all(ports.map((port) => client(port)));
    const seen: string[] = [];
    first?.on('message', (_, payload) => seen.push(payload.toString()));
    await first?.subscribeAsync('across/ports', { qos: 1 });
    for (const other of others) await other.publishAsync('across/ports', 'hello', { qos: 1 });
    await expect.poll(() => seen).toEqual(['hello', 'hello']);
    for (const port of ports) expect(program.stderr).toContain(`listen socket on port ${port}.`);
  });

  it('says with --hints, as npm start has it, how to try it', async () => {
    const port = await freePort();
    const program = pondhawk('-p', String(port), '--hints');
    await program.until('its hints', ({ stdout }) => /pondhawk pub .*\n/.test(stdout));
    expect(program.stdout).toContain(`127.0.0.1:${port}`);
    expect(program.stdout).toMatch(new RegExp(`pondhawk sub .*-p ${port}`));
    expect(program.stdout).toMatch(new RegExp(`pondhawk pub .*-p ${port}`));
  });

  it('runs from any folder and through a link, as npm installs it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pondhawk-'));
    try {
      symlinkSync(executable, join(folder, 'pondhawk'));
      const program = new Program('sh', ['-c', `cd '${folder}' && exec ./pondhawk --version`]);
      expect((await program.exited).code).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('holds its clients to the limits that it was given', async () => {
    const port = await freePort();
    await started('-p', String(port), '--max-packet-size', '1000');
    const one = await client(port, { protocolVersion: 5 });
    const told = new Promise((resolve) => one.once('disconnect', ({ reasonCode }) => resolve(reasonCode)));
    one.on('error', () => {});
    one.publish('large', 'x'.repeat(2000));
    expect(await told).toBe(0x95);
  });
});

describe('pondhawk, refusing to start', () => {
  it('says that the port is in use, even with -q, and exits with 1', async () => {
    const server = await listening();
    const { port } = server.address() as AddressInfo;
    try {
      for (const flags of [[], ['-q']]) {
        const exit = await pondhawk(...flags, '-p', String(port)).exited;
        expect(exit.stderr).toContain('Error: Address already in use');
        expect(exit.stderr).toContain(`127.0.0.1:${port} is in use by another program`);
        expect(stackTraces(exit)).toEqual([]);
        expect(exit.code).toBe(1);
      }
    } finally {
      server.close();
    }
  });

  it('stops listening on the other ports when one is in use', async () => {
    const server = await listening();
    const { port } = server.address() as AddressInfo;
    const other = await freePort();
    try {
      const exit = await pondhawk('-p', String(other), '-p', String(port)).exited;
      expect(exit.code).toBe(1);
      expect(exit.stderr).toContain(`127.0.0.1:${port} is in use by another program`);
      expect(await reachable('127.0.0.1', other)).toBe(false);
    } finally {
      server.close();
    }
  });

  it.each<[string[], RegExp]>([
    [['--no-such-option'], /^Error: .*--no-such-option/],
    [['--prot', '1883'], /^Error: .*--prot.*--port/],
    [['-x'], /^Error: .*-x/],
    [['-p'], /^Error: .*(-p|--port)/],
    [['-p', '99999'], /^Error: .*(-p|--port).*99999/],
    [['-p', 'mqtt'], /^Error: .*(-p|--port).*mqtt/],
    [['-p', '-1'], /^Error: .*(-p|--port).*-1/],
    [['--max-packet-size', 'x'], /^Error: .*--max-packet-size.*x/],
    [['--max-packet-size', '-5'], /^Error: .*--max-packet-size/],
    [['--max-packet-size', '1.5'], /^Error: .*--max-packet-size.*1\.5/],
    [['--max-inflight-messages', '70000'], /^Error: .*--max-inflight-messages.*70000/],
    [['--test-config'], /^Error: .*configuration file to test/],
    [['start'], /^Error: /],
  ])('with %j, in one line that says what is wrong', expectRefusal);
});

describe('pondhawk, asked about itself', () => {
  it.each(['--help', '-h'])('explains every option with %s', async (flag) => {
    const exit = await pondhawk(flag).exited;
    expect(exit).toMatchObject({ code: 0, stderr: '' });
    const options = [
      '-c, --config-file',
      '-d, --daemon',
      '-p, --port',
      '-v, --verbose',
      '-q, --quiet',
      '--test-config',
    ];
    for (const option of [
      ...options,
      '--max-inflight-messages',
      '--max-queued-messages',
      '--max-packet-size',
    ]) {
      expect(exit.stdout).toContain(option);
    }
  });

  it('prints its version with --version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const exit = await pondhawk('--version').exited;
    expect(exit).toMatchObject({ code: 0, stderr: '' });
    expect(exit.stdout).toMatch(new RegExp(`^(pondhawk (version )?)?${version.replaceAll('.', '\\.')}\n$`));
  });
});

describe('pondhawk, running', () => {
  it('-v tells who connects, subscribes and leaves', async () => {
    const port = await freePort();
    const program = await started('-v', '-p', String(port));
    const one = await client(port, { clientId: 'kitchen-sensor', username: 'cook', password: 'secret' });
    await one.subscribeAsync('kitchen/+/temperature');
    await one.endAsync();
    await program.until('line about the end', ({ stderr }) =>
      /kitchen-sensor \[.*\] disconnected/.test(stderr),
    );
    const lines = program.stderr.split('\n').filter((line) => line.includes('kitchen-sensor'));
    expect(lines.some((line) => /connected from 127\.0\.0\.1:\d+/.test(line))).toBe(true);
    expect(lines.some((line) => line.includes('kitchen/+/temperature'))).toBe(true);
    expect(program.stderr).not.toContain('secret');
  });

  it('-q says nothing when nothing is wrong', async () => {
    const port = await freePort();
    const program = pondhawk('-q', '-p', String(port));
    await expect.poll(() => reachable('127.0.0.1', port), { timeout: 10_000 }).toBe(true);
    const one = await client(port);
    await one.publishAsync('quiet', 'message', { qos: 1 });
    await one.endAsync();
    program.kill('SIGTERM');
    expect(await program.exited).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it: clients are told, and it exits with 0',
    async (signal) => {
      const port = await freePort();
      const program = await started('-p', String(port));
      const five = await client(port, { protocolVersion: 5 });
      const older = await client(port, { protocolVersion: 4 });
      await five.subscribeAsync('will/#', { qos: 1 });
      const told = new Promise((resolve) => five.once('disconnect', ({ reasonCode }) => resolve(reasonCode)));
      const closed = Promise.all(
        [five, older].map((one) => new Promise<void>((resolve) => one.once('close', resolve))),
      );
      program.kill(signal);
      expect(await told).toBe(0x8b);
      await closed;
      expect((await program.exited).code).toBe(0);
      expect(await reachable('127.0.0.1', port)).toBe(false);
    },
  );

  it('does not wait for a client that reads nothing', async () => {
    const port = await freePort();
    const program = await started('-p', String(port));
    const deaf = connectSocket({ host: '127.0.0.1', port });
    deaf.on('error', () => {});
    // CONNECT and SUBSCRIBE "#", in MQTT 3.1.1; then it never reads
    deaf.write(Buffer.from('100c00044d515454040200000000', 'hex'));
    deaf.write(Buffer.from('8206000100012300', 'hex'));
    deaf.pause();
    const talker = await client(port);
    await talker.publishAsync('flood', Buffer.alloc(900_000), { qos: 1 });
    for (let index = 0; index < 20; index++) talker.publish('flood', Buffer.alloc(900_000));
    await talker.publishAsync('flood', 'last', { qos: 1 });
    program.kill('SIGTERM');
    const exit = await program.exited;
    deaf.destroy();
    expect(exit.code).toBe(0);
  });
});

afterAll(killPrograms);
