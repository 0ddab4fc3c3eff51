// The signals of mosquitto(8), and the one of version 2.1: what they do, and that none of them ends the broker but
// SIGINT and SIGTERM. Needs the built program.
import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { host, type RunningBroker, Scene } from './scene.js';

/** SIGRTMIN on Linux. */
const RTMIN = 34;

let scene: Scene;
let port: number;

beforeAll(() => {
  scene = new Scene();
});

afterAll(() => scene.close());

beforeEach(async () => {
  port = await scene.port();
});

const open = () => `listener ${port} ${host}\nallow_anonymous true\n`;

describe.runIf(process.platform === 'linux')('a log file that was moved away', () => {
  it.each([
    ['SIGHUP', 'SIGHUP'],
    ['SIGRTMIN', RTMIN],
  ] as const)('is begun anew by %s, and no line is lost', async (name, signal) => {
    const log = scene.path(`${name}.log`);
    const moved = `${log}.1`;
    const linesOf = (path: string) => readFileSync(path, 'utf8').match(/as client-\d+ /g)?.length ?? 0;
    // the program says on standard error that it runs, too
    const broker = await scene.start(`${open()}log_dest file ${log}\nlog_dest stderr`);
    for (let i = 0; i < 5; i++) await scene.connect(port, { clientId: `client-${i}` });
    renameSync(log, moved);
    await scene.connect(port, { clientId: 'client-5' });
    broker.signal(signal);
    await expect.poll(() => readable(log)).toBe(true);
    await scene.connect(port, { clientId: 'client-6' });
    await expect.poll(() => linesOf(log)).toBe(1);
    expect(linesOf(moved)).toBe(6);
  });
});

function readable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

describe('a broker that runs', () => {
  let broker: RunningBroker;

  beforeEach(async () => {
    broker = await scene.start(open());
  });

  it('says on SIGUSR1 what it saves, and lets no debugger in', async () => {
    const client = await scene.connect(port);
    broker.signal('SIGUSR1');
    await broker.logged(/save/i);
    expect(broker.log).not.toContain('Debugger');
    expect(client.connected).toBe(true);
  });

  it('prints sessions and subscriptions on SIGUSR2, whatever clients call themselves', async () => {
    const client = await scene.connect(port, { clientId: 'kitchen\n\u001b[31mforged' });
    await client.subscribe(['home/+/temperature', 'home/kitchen/#', '$share/g/jobs']);
    await scene
      .connect(port, { clientId: 'away', cleanStart: false, sessionExpiryInterval: 60 })
      .then((away) => away.disconnect());
    await broker.logged(/Client away .*disconnected/);
    broker.signal('SIGUSR2');
    await broker.program.until('tree', ({ stdout }) => /Subscriptions:(\n.*)+jobs.*\n/.test(stdout));
    const { stdout } = broker.program;
    expect(stdout).toContain('kitchen\\x0a\\x1b[31mforged: connected from 127.0.0.1');
    expect(stdout).toMatch(/away: not connected, 0 subscriptions/);
    expect(stdout).toMatch(/home\n +\+\n +temperature \(kitchen/);
    expect(stdout).not.toContain('\u001b');
  });
});

describe('a broker whose outputs nobody reads any more', () => {
  it('goes on after SIGUSR2 and whatever it logs, and ends with 0', async () => {
    const child = scene.unread(open());
    const client = await scene.patient(port);
    child.stdout.destroy();
    child.stderr.destroy();
    for (const signal of ['SIGUSR2', 'SIGUSR1', 'SIGHUP'] as const) child.kill(signal);
    // so that the signals were seen to
    for (let i = 0; i < 20; i++) await scene.connack(port);
    expect(client.connected).toBe(true);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
