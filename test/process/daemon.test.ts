// The flag -d and what goes with it, in processes of their own: what the first process prints and ends with, and in
// what state the one in the background is. Needs the built program (`npm run build`; `npm test` does that).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { killPrograms, Program } from '../interop/program.js';

const standIn = join(import.meta.dirname, 'broker-stand-in.mjs');
let folder: string;
let pidFile: string;

function listening(port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function freePort(): Promise<number> {
  const server = await listening();
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What the stand-in says to a connection: its folder. */
function answer(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect({ port, host: '127.0.0.1' })
      .on('data', (chunk) => {
        text += chunk;
      })
      .on('error', reject)
      .on('end', () => resolve(text));
  });
}

const start = (...args: string[]): Program => new Program(process.execPath, [standIn, '-d', ...args]);
const backgroundPid = (): number => Number(readFileSync(pidFile, 'utf8'));

/** Of /proc/PID/stat, from its state on: the name before may have blanks. */
function stat(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function isGone(pid: number): boolean {
  try {
    return stat(pid)[0] === 'Z';
  } catch {
    return true;
  }
}

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'daemon-')));
  pidFile = join(folder, 'broker.pid');
});

afterEach(async () => {
  await killPrograms();
  if (existsSync(pidFile)) process.kill(backgroundPid(), 'SIGKILL');
  rmSync(folder, { recursive: true });
});

describe('a broker in the background', () => {
  it('serves when the first process ends, which ends with 0', async () => {
    const port = await freePort();
    const exit = await start('--port', String(port), '--pid-file', pidFile).exited;
    expect(exit).toMatchObject({ code: 0, stdout: '' });
    expect(exit.stderr).toMatch(
      /^Info: running mosquitto as user: .+\.\n(Warning: .* root\/administrator\.\n)?$/,
    );
    expect(await answer(port)).toBe(`${process.cwd()}\n`);
  });

  it('is the leader of a session of its own, without a terminal and with /dev/null as its streams', async () => {
    await start('--pid-file', pidFile).exited;
    const pid = backgroundPid();
    const [, , group, session, terminal] = stat(pid);
    expect([group, session, terminal]).toEqual([String(pid), String(pid), '0']);
    const streams = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(streams).toEqual(['/dev/null', '/dev/null', '/dev/null']);
  });

  it('stays in the folder where it was started', async () => {
    await start('--pid-file', pidFile).exited;
    expect(readlinkSync(`/proc/${backgroundPid()}/cwd`)).toBe(process.cwd());
  });

  it('is found by its name, which the first process never has', async () => {
    await start('--pid-file', pidFile).exited;
    expect(readFileSync(`/proc/${backgroundPid()}/comm`, 'utf8')).toBe('pondhawk\n');
    expect(readFileSync(`/proc/${backgroundPid()}/cmdline`, 'utf8')).toMatch(/^pondhawk\0+$/);
  });

  it('ends as one in the foreground does, and removes its pid file', async () => {
    await start('--pid-file', pidFile).exited;
    const pid = backgroundPid();
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => isGone(pid)).toBe(true);
    expect(existsSync(pidFile)).toBe(false);
  });
});

describe('a broker that cannot serve in the background', () => {
  it('has its reason printed by the first process, which ends with its exit code', async () => {
    const exit = await start('--pid-file', join(folder, 'missing/broker.pid')).exited;
    expect(exit.stderr).toMatch(
      /Error: .*missing\/broker\.pid: No such file or directory\.\nError: Unable to write pid file\.\n$/,
    );
    expect(exit.code).toBe(14);
  });

  it('says that the port is in use, and leaves no process and no pid file', async () => {
    const server = await listening();
    const exit = await start('--port', String(portOf(server)), '--pid-file', pidFile).exited;
    server.close();
    expect(exit.stderr).toMatch(/Error: EADDRINUSE\n$/);
    expect(exit.code).toBe(1);
    expect(existsSync(pidFile)).toBe(false);
  });

  it('shows the stack trace of a crash, which its own standard error would lose', async () => {
    const exit = await start('--crash').exited;
    expect(exit.stderr).toMatch(/Error: TypeError: a mistake in the program\n {4}at /);
    expect(exit.code).toBe(1);
  });

  it('ends when the first process is told to, and the signal is named', async () => {
    const program = start('--hang', '--pid-file', pidFile);
    await expect.poll(() => existsSync(pidFile) && backgroundPid(), { timeout: 10_000 }).toBeGreaterThan(0);
    const pid = backgroundPid();
    program.kill('SIGINT');
    const exit = await program.exited;
    expect(exit.stderr).toMatch(/Error: the broker ended before it was ready \(SIGINT\)\.\n$/);
    expect(exit.code).toBe(1);
    expect(isGone(pid)).toBe(true);
    rmSync(pidFile);
  });

  it('goes on when the first process was killed while it waited', async () => {
    const port = await freePort();
    const first = spawn(process.execPath, [standIn, '-d', '--port', String(port), '--pid-file', pidFile], {
      stdio: 'ignore',
    });
    await expect.poll(() => existsSync(pidFile) && backgroundPid(), { timeout: 10_000 }).toBeGreaterThan(0);
    first.kill('SIGKILL');
    await expect.poll(() => answer(port).catch(() => ''), { timeout: 10_000 }).toBe(`${process.cwd()}\n`);
  });
});
