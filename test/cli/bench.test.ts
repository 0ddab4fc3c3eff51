// `pondhawk bench` as a user meets it: the executable in a process of its own, against a broker in this one. What it
// reports is compared with what the broker has seen. Needs the built program (`npm test` builds it).
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Broker, type Plugin } from '../../src/index.js';
import { type Exit, killPrograms, Program } from '../interop/program.js';

const executable = join(import.meta.dirname, '../../bin/pondhawk');
const brokers: Broker[] = [];

interface Report {
  ending: string;
  connections: Record<string, number>;
  sent: { messages: number; bytes: number };
  acknowledged?: { messages: number };
  received: { messages: number };
  latencyMs: { count: number };
  violations: number;
  loss: number;
  duplicates: number;
  outOfOrder: number;
  errors: number;
  reasons: Record<string, number>;
}

async function brokerWith(plugin: Partial<Plugin> = {}): Promise<{ broker: Broker; port: number }> {
  const broker = new Broker({ plugins: [{ name: 'test', ...plugin }] });
  brokers.push(broker);
  const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
  return { broker, port };
}

function bench(line: string, port?: number): Program {
  const where = port === undefined ? [] : ['-h', '127.0.0.1', '-p', String(port)];
  const [scenario, ...rest] = line.split(' ');
  return new Program(executable, ['bench', scenario!, ...where, ...rest]);
}

/** The report of a run with --json, and its exit code. */
async function reportOf(line: string, port: number): Promise<Report & { code: number | null }> {
  const { stdout, stderr, code } = await bench(`${line} --json`, port).exited;
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Report), code };
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});
afterAll(killPrograms);

describe('bench conn', () => {
  it('opens connections, holds them, and says goodbye', async () => {
    const reasons: number[] = [];
    const ids = new Set<string>();
    const { port } = await brokerWith({
      connected: ({ clientId }) => void ids.add(clientId),
      disconnected: (_client, reason) => void reasons.push(reason),
    });
    const report = await reportOf('conn -c 60 -n 5 -i 1 --duration 0.2 --prefix x --processes 2', port);
    expect(report).toMatchObject({ code: 0, ending: 'duration', errors: 0 });
    expect(report.connections).toMatchObject({ connected: 60, failed: 0, lost: 0 });
    expect(ids).toEqual(new Set(Array.from({ length: 60 }, (_, i) => `x${i + 5}`)));
    await expect.poll(() => reasons).toEqual(Array(60).fill(0));
  });

  it('counts those that are refused by reason', async () => {
    const { port } = await brokerWith({ authenticate: ({ clientId }) => !clientId.endsWith('3') });
    const report = await reportOf('conn -c 20 -i 0 --duration 0', port);
    expect(report.connections).toMatchObject({ connected: 18, failed: 2 });
    expect(Object.values(report.reasons)).toEqual([2]);
    expect(Object.keys(report.reasons)[0]).toMatch(/^connect: refused by the server: /);
  });
});

describe('bench pub', () => {
  it.each([0, 1, 2])('sends what it says with QoS %d', async (qos) => {
    const topics = new Map<string, number>();
    const sizes = new Set<number>();
    const { port } = await brokerWith({
      publish: (_client, { topic, payload, qos: seen }) => {
        topics.set(topic, (topics.get(topic) ?? 0) + 1);
        sizes.add(payload.length);
        return seen === qos ? undefined : 0x80;
      },
    });
    const report = await reportOf(`pub -c 3 -i 0 -I 0 -q ${qos} -t a/%i -s 40 -L 1000 -V 4`, port);
    expect(report).toMatchObject({ code: 0, ending: 'limit', errors: 0 });
    expect(report.sent).toMatchObject({ messages: 1000, bytes: 40_000 });
    expect(report.acknowledged?.messages).toBe(qos === 0 ? undefined : 1000);
    await expect.poll(() => Object.fromEntries(topics)).toEqual({ 'a/0': 334, 'a/1': 333, 'a/2': 333 });
    expect([...sizes]).toEqual([40]);
  });

  it('sends by schedule, from several processes, what a template says', async () => {
    const seen: string[] = [];
    const { port } = await brokerWith({
      publish: (_client, { topic, payload }) => {
        seen.push(`${topic} ${Buffer.from(payload).toString()}`);
        return undefined;
      },
    });
    const report = await reportOf(
      'pub -c 4 -i 0 --rate 200 --messages 3 -q 1 -t %i/%n -m {{i}}.{{n}} --processes 2',
      port,
    );
    expect(report).toMatchObject({ code: 0, sent: { messages: 12 } });
    const all = [0, 1, 2, 3].flatMap((i) => [0, 1, 2].map((n) => `${i}/${n} ${i}.${n}`));
    expect(seen.sort()).toEqual(all);
  });

  it('counts what the broker refuses, and reports it', async () => {
    const { port } = await brokerWith({
      publish: (_client, { topic }) => (topic === 'a/1' ? 0x97 : undefined),
    });
    const report = await reportOf('pub -c 2 -i 0 -I 0 -q 1 -t a/%i --messages 1', port);
    expect(report).toMatchObject({
      code: 0,
      errors: 1,
      reasons: { 'publish: refused by the server: quota exceeded': 1 },
    });
  });
});

describe('bench sub', () => {
  it('counts what comes, and reads how old it is', async () => {
    const { broker, port } = await brokerWith();
    const subscriber = bench('sub -c 2 -i 0 -t bench/# -q 1 -L 100 --json', port);
    const shared = bench('sub -c 3 -i 0 -t $share/g/bench/+ -L 50 --json --processes 2', port);
    await expect.poll(() => broker.metrics.subscriptionsCurrent, { timeout: 10_000 }).toBe(5);
    await reportOf('pub -c 5 -i 0 -I 0 -q 1 -L 50', port);
    const [one, other] = (await Promise.all([subscriber.exited, shared.exited])).map(
      ({ stdout }) => JSON.parse(stdout) as Report,
    );
    expect(one).toMatchObject({ ending: 'limit', received: { messages: 100 }, latencyMs: { count: 100 } });
    expect(other).toMatchObject({ ending: 'limit', received: { messages: 50 }, latencyMs: { count: 50 } });
  });
});

describe('bench rtt', () => {
  it.each([0, 1, 2])('has every message back once and in order with QoS %d', async (qos) => {
    const { port } = await brokerWith();
    const report = await reportOf(`rtt -c 3 -i 0 -I 0 -F 10 -q ${qos} -L 900`, port);
    expect(report).toMatchObject({ code: 0, violations: 0, loss: 0, duplicates: 0, outOfOrder: 0 });
    expect([report.sent.messages, report.received.messages, report.latencyMs.count]).toEqual([900, 900, 900]);
  });

  it('finds what is lost, and ends with 3', async () => {
    let count = 0;
    const { port } = await brokerWith({ deliver: () => ++count % 10 !== 0 });
    const report = await reportOf('rtt -c 2 -i 0 --rate 500 -L 100 -q 1 --processes 2', port);
    expect(report).toMatchObject({ code: 3, violations: 10, loss: 10, duplicates: 0, outOfOrder: 0 });
  });

  it('is not held up for ever by what is lost', async () => {
    let count = 0;
    const { port } = await brokerWith({ deliver: () => ++count !== 1 });
    const report = await reportOf('rtt -c 1 -I 0 -F 1 -L 20', port);
    expect(report).toMatchObject({ code: 3, sent: { messages: 20 }, loss: 1 });
  });
});

describe('a run', () => {
  it('without a broker ends with 2, and one line that says so', async () => {
    const port = await closedPort();
    for (const line of ['conn', 'rtt --processes 2']) {
      const { code, stderr } = await bench(`${line} --quiet`, port).exited;
      expect(code).toBe(2);
      expect(stderr).toBe(`pondhawk bench: cannot connect to mqtt://127.0.0.1:${port}: connection refused\n`);
    }
  });

  it('in which nobody may connect ends with 2, and says why', async () => {
    const { port } = await brokerWith({ authenticate: () => false });
    const { code, stderr } = await bench('pub -c 3 -i 0 --quiet', port).exited;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^pondhawk bench: cannot connect to \S+: refused by the server: .*\n$/);
  });

  it('whose broker goes away ends with 2, and the report so far', async () => {
    const { broker, port } = await brokerWith();
    const program = bench('pub -c 3 -i 0 -I 10 -q 1', port);
    await program.untilLines(/running/);
    await broker.close();
    const { code, stdout, stderr } = await program.exited;
    expect(code).toBe(2);
    expect(stderr).toBe('pondhawk bench: all connections were lost\n');
    expect(stdout).toMatch(/all connections were lost after .*\n.*3 connected, .*3 lost\n/);
  });

  it('connects again if asked', async () => {
    const { broker, port } = await brokerWith();
    const program = bench('pub -c 2 -i 0 -I 10 -q 1 --reconnect --prefix x --messages 200', port);
    await program.untilLines(/running/);
    broker.disconnect('x0');
    const { code, stdout } = await program.exited;
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 lost, 1 connected again/);
    expect(stdout).toMatch(/acknowledged .* 400 in total/);
  });

  it.each<[string, string]>([
    ['in one process', ''],
    ['in several', ' --processes 2'],
  ])('%s ends with 130 at Ctrl-C, with the report so far', async (_, flags) => {
    const { port } = await brokerWith();
    const program = bench(`rtt -c 4 -i 0 --rate 100${flags}`, port);
    await program.untilLines(/running/);
    program.kill('SIGINT');
    const { code, stdout, stderr } = await program.exited;
    expect([code, stderr]).toEqual([130, '']);
    expect(stdout).toMatch(/interrupted after .*\n.*8 connected/);
    expect(stdout).toMatch(/ 0 lost, 0 twice, 0 out of order\n$/);
  });

  it('ends at once at a second Ctrl-C', async () => {
    // acknowledgements never come, so that the first one would wait for them
    const { port } = await brokerWith({ publish: () => new Promise(() => {}) });
    const program = bench('pub -c 2 -i 0 -I 0 -q 1', port);
    await program.untilLines(/running/);
    program.kill('SIGINT');
    await program.untilLines(/running|ending/, 2);
    program.kill('SIGINT');
    const { code, stdout } = await program.exited;
    expect(code).toBe(130);
    expect(stdout).not.toContain('in total\n  errors');
  });

  it('has lines of JSON in between if asked', async () => {
    const { port } = await brokerWith();
    const { stdout } = await bench('pub -c 2 -i 0 -I 50 --duration 1 --json --interval 0.4', port).exited;
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.map(({ type }) => type)).toEqual([...lines.slice(1).map(() => 'interval'), 'report']);
  });

  it.each<[string, Partial<Exit>, RegExp]>([
    ['pub --help', { code: 0, stderr: '' }, /pondhawk bench pub -c/],
    ['--help', { code: 0, stderr: '' }, /Exit codes/],
    ['pub --qos 3', { code: 1, stdout: '' }, /^pondhawk bench: .*--qos <qos>.* from 0 to 2/],
    ['nothing', { code: 1, stdout: '' }, /unknown command 'nothing'/],
  ])('%s answers and does nothing', async (line, expected, text) => {
    const exit = await bench(line).exited;
    expect(exit).toMatchObject(expected);
    expect(exit.stdout + exit.stderr).toMatch(text);
  });
});
