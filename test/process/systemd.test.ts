// What systemd hears and what it hands over, with a small server in its place: messages by each of the programs that
// can send them, to sockets of both kinds, and listening sockets by their descriptors.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemdNotifier } from '../../src/cli/process/systemd.js';
import { killPrograms, Program } from '../interop/program.js';

const standIn = join(import.meta.dirname, 'broker-stand-in.mjs');
/** Debian's, as another one that comes first on the PATH may be slow to start. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
let folder: string;
let warnings: string[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'systemd-')));
  warnings = [];
});

afterEach(async () => {
  await killPrograms();
  rmSync(folder, { recursive: true });
});

interface Message {
  /** Microseconds of the clock CLOCK_MONOTONIC. */
  readonly received: number;
  readonly lines: string[];
}

/** Without what systemd-notify adds. */
class Systemd {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(address: string): Promise<Systemd> {
    const program = new Program(python, [join(import.meta.dirname, 'notify-server.py'), address]);
    await program.untilLines(/^ready$/);
    return new Systemd(program);
  }

  get messages(): Message[] {
    return this.#program
      .lines()
      .slice(1)
      .map((line) => JSON.parse(line) as Message)
      .map(({ received, lines }) => ({
        received,
        lines: lines.filter((text) => !/^(MAINPID|BARRIER)=/.test(text)),
      }))
      .filter(({ lines }) => lines.length > 0);
  }

  async until(line: string): Promise<void> {
    await this.#program.until(line, () => this.messages.some(({ lines }) => lines.includes(line)));
  }
}

function pathOf(command: string): string {
  return execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
}

/** A folder of programs that has these only. */
function onlyPrograms(...commands: string[]): string {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const command of commands) symlinkSync(pathOf(command), join(bin, command));
  return bin;
}

function notifier(address: string, env: NodeJS.ProcessEnv = {}): SystemdNotifier {
  const all = { PATH: process.env['PATH'], NOTIFY_SOCKET: address, ...env };
  return SystemdNotifier.from({ env: all, warn: (text) => warnings.push(text) })!;
}

const addresses = [
  ['in a folder', () => join(folder, 'notify')],
  ['without a path', () => `@pondhawk-${randomBytes(8).toString('hex')}`],
] as const;
const paths = [
  ['the program that there is', () => process.env['PATH']!],
  ['perl, where there is no systemd-notify', () => onlyPrograms('perl')],
] as const;

describe.each(paths)('systemd is notified by %s', (_by, path) => {
  it.each(addresses)('at a socket %s, in the order of events', async (_where, address) => {
    const at = address();
    const systemd = await Systemd.start(at);
    const broker = notifier(at, { PATH: path() });
    void broker.ready('serving\non two lines');
    void broker.reloading();
    void broker.ready();
    await broker.stopping();
    await systemd.until('STOPPING=1');
    expect(systemd.messages.map(({ lines }) => lines)).toEqual([
      ['READY=1', 'STATUS=serving on two lines'],
      ['RELOADING=1', expect.stringMatching(/^MONOTONIC_USEC=\d+$/)],
      ['READY=1'],
      ['STOPPING=1'],
    ]);
    expect(warnings).toEqual([]);
  });
});

describe('systemd', () => {
  it('gets signs of life after the start, and none after the end', async () => {
    const at = join(folder, 'notify');
    const systemd = await Systemd.start(at);
    const broker = notifier(at, { WATCHDOG_USEC: '100000', WATCHDOG_PID: String(process.pid) });
    await broker.ready();
    const signs = (): number => systemd.messages.filter(({ lines }) => lines.includes('WATCHDOG=1')).length;
    await expect.poll(signs, { timeout: 10_000 }).toBeGreaterThan(2);
    await broker.stopping();
    // these take longer than several signs would
    for (let time = 0; time < 8; time++) await broker.ready(String(time));
    await systemd.until('STATUS=7');
    const lines = systemd.messages.flatMap((message) => message.lines);
    expect(lines.slice(lines.indexOf('STOPPING=1'))).not.toContain('WATCHDOG=1');
  });

  it('gets the time of a reload by the clock that it has itself', async () => {
    const at = join(folder, 'notify');
    const systemd = await Systemd.start(at);
    const broker = notifier(at);
    await broker.ready();
    await broker.reloading();
    await systemd.until('RELOADING=1');
    const [before, after] = systemd.messages;
    const sent = Number(after!.lines[1]!.replace('MONOTONIC_USEC=', ''));
    expect(sent).toBeGreaterThan(before!.received);
    expect(sent).toBeLessThanOrEqual(after!.received);
  });

  it('that does not listen is no reason to fail: there is one warning for all messages', async () => {
    const broker = notifier(join(folder, 'nobody'), { PATH: onlyPrograms('perl') });
    await broker.ready();
    await broker.stopping();
    expect(warnings).toEqual(['systemd could not be notified: perl: No such file or directory']);
  });

  it('cannot be notified where no program can send: the warning says what to do', async () => {
    const broker = notifier(join(folder, 'nobody'), { PATH: onlyPrograms() });
    await broker.ready();
    await broker.stopping();
    expect(warnings).toEqual([expect.stringMatching(/neither systemd-notify nor perl.*install one of them/)]);
  });

  it('hears of start, reload and end of a whole process', async () => {
    const at = join(folder, 'notify');
    const systemd = await Systemd.start(at);
    const program = new Program(process.execPath, [standIn], { env: { NOTIFY_SOCKET: at } });
    await systemd.until('READY=1');
    program.kill('SIGHUP');
    await expect.poll(() => systemd.messages.length, { timeout: 10_000 }).toBe(3);
    program.kill('SIGTERM');
    expect((await program.exited).code).toBe(0);
    await systemd.until('STOPPING=1');
    expect(systemd.messages.map(({ lines }) => lines[0])).toEqual([
      'READY=1',
      'RELOADING=1',
      'READY=1',
      'STOPPING=1',
    ]);
  });
});

interface Started {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that has `handles` from descriptor 3 on, and is ended once it has said something. */
function withDescriptors(handles: readonly (number | 'pipe')[], env: string): Promise<Started> {
  const child = spawn('sh', ['-c', `${env} exec "$0" "$1"`, process.execPath, standIn], {
    stdio: ['ignore', 'pipe', 'pipe', ...handles],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', (chunk) => {
    stdout += chunk;
    child.kill('SIGTERM');
  });
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

const fdOf = (owner: Server | Socket): number => (owner as unknown as { _handle: { fd: number } })._handle.fd;

function listening(where: { port: number; host: string } | { path: string }): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(where, () => resolve(server));
  });
}

const ACTIVATED = 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=mqtt:';

describe('a process that systemd has opened sockets for', () => {
  it('listens on them, and knows their names', async () => {
    const one = await listening({ port: 0, host: '127.0.0.1' });
    const other = await listening({ path: join(folder, 'socket') });
    const { code, stdout } = await withDescriptors([fdOf(one), fdOf(other)], ACTIVATED);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      port: (one.address() as { port: number }).port,
      sockets: [
        { fd: 3, name: 'mqtt' },
        { fd: 4, name: 'unknown' },
      ],
    });
    one.close();
    other.close();
  });

  it('listens on an address of its own when they are meant for another process', async () => {
    const server = await listening({ port: 0, host: '127.0.0.1' });
    const { stdout } = await withDescriptors([fdOf(server)], 'LISTEN_PID=1 LISTEN_FDS=1');
    expect(JSON.parse(stdout).sockets).toEqual([]);
    expect(JSON.parse(stdout).port).not.toBe((server.address() as { port: number }).port);
    server.close();
  });

  it('says so when one of them is no socket that listens', async () => {
    const { code, stderr } = await withDescriptors(['pipe'], 'LISTEN_PID=$$ LISTEN_FDS=1');
    expect(code).not.toBe(0);
    expect(stderr).toContain('descriptor 3 (LISTEN_FDS=1) is a connection, not a socket that listens');
  });
});
