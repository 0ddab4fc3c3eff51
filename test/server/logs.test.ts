// The log of the program, as an operator has it: where it goes, how its lines look, and that no stranger can do harm
// with it. Needs the built program.
import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { host, messagesOf, Scene } from './scene.js';

let scene: Scene;
let port: number;

beforeAll(() => {
  scene = new Scene();
});

afterAll(() => scene.close());

beforeEach(async () => {
  port = await scene.port();
});

const open = (more = '') => `listener ${port} ${host}\nallow_anonymous true\n${more}\n`;
const file = (name: string) => readFileSync(scene.path(name), 'utf8');

describe('log_dest', () => {
  it('may be a file, which only the owner reads, and both outputs as well', async () => {
    const log = scene.path('all.log');
    const broker = await scene.start(open(`log_dest file ${log}\nlog_dest stdout\nlog_dest stderr`));
    await scene.connect(port, { clientId: 'everywhere' });
    const line = /New client connected from 127\.0\.0\.1:\d+ as everywhere \(p5, c1, k60\)\.\n/;
    await broker.logged(line);
    expect(broker.program.stdout).toMatch(line);
    expect(file('all.log')).toMatch(line);
    expect(statSync(log).mode & 0o777).toBe(0o600);
    await broker.stop();
    expect(file('all.log')).toMatch(/terminating\n$/);
  });

  it('may be topics, by the kind of line', async () => {
    const broker = await scene.start(open('log_dest topic\nlog_dest stderr\nlog_type all'));
    const reader = await scene.connect(port, { clientId: 'reader' });
    const seen = await messagesOf(reader, '$SYS/broker/log/#');
    const said = (topic: string) => seen.filter(([name]) => name === `$SYS/broker/log/${topic}`).join('\n');
    const other = await scene.connect(port, { clientId: 'other' });
    await other.subscribe('some/topic', { qos: 1 });
    await expect.poll(() => said('N')).toMatch(/^[^\n]*\d+: New client connected from .* as other/m);
    await expect.poll(() => said('M/subscribe')).toContain('other 1 some/topic');
    scene.config('no_such_option 1');
    broker.signal('SIGHUP');
    await expect.poll(() => said('E')).toContain('Unknown configuration variable');
    scene.config(open('log_dest topic\nlog_dest stderr\nallow_duplicate_messages false'));
    broker.signal('SIGHUP');
    await expect.poll(() => said('W')).toContain("The 'allow_duplicate_messages' option has changed");
  });

  it('may be none: then the broker serves and says nothing', async () => {
    const program = scene.run(open('log_dest none'));
    expect((await scene.patient(port)).connected).toBe(true);
    program.kill('SIGTERM');
    const exit = await program.exited;
    expect(exit).toMatchObject({ code: 0, stdout: '' });
    expect(exit.stderr).not.toContain('connected');
  });
});

describe('lines', () => {
  it('begin with the time as log_timestamp_format writes it', async () => {
    const broker = await scene.start(open('log_timestamp_format %Y-%m-%dT%H:%M:%S'));
    await scene.connect(port);
    await broker.logged(/New client/);
    for (const line of broker.log.trimEnd().split('\n'))
      expect(line).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d: ./);
  });

  it('begin with themselves without log_timestamp', async () => {
    const broker = await scene.start(open('log_timestamp false'));
    await broker.logged(/^pondhawk version \S+ running$/m);
  });

  it('are JSON objects, one a line, with log_format json', async () => {
    const broker = await scene.start(open('log_format json\nlog_type all'));
    const client = await scene.connect(port, { clientId: 'quoted " and \n broken', username: 'ünï' });
    await client.subscribe('a/b');
    await client.disconnect();
    await broker.logged(/disconnected\./);
    const lines = broker.log.trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as Record<string, string>);
    for (const entry of entries) {
      expect(Object.keys(entry)).toEqual(['time', 'level', 'message']);
      expect(Date.parse(entry['time']!)).not.toBeNaN();
    }
    expect(entries.find(({ message }) => message!.startsWith('New client'))).toMatchObject({
      level: 'notice',
      message: expect.stringContaining("as quoted \" and \n broken (p5, c1, k60, u'ünï')."),
    });
    expect(lines.length).toBeGreaterThan(10);
  });

  it('cannot be forged by clients, nor steer a terminal', async () => {
    const broker = await scene.start(open('log_type all'));
    const clientId = 'evil\n    at x\n1: New client connected from 10.0.0.1:1 as admin\r\u001b[2J\u009b';
    const client = await scene.connect(port, { clientId, username: 'a\nb' });
    await client.disconnect();
    await broker.logged(/Client evil.* disconnected/);
    expect(broker.log).not.toMatch(/^1: /m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(broker.log).not.toMatch(/[\r\u001b\u009b]/);
    expect(broker.log).toContain(
      "as evil\\x0a    at x\\x0a1: New client connected from 10.0.0.1:1 as admin\\x0d\\x1b[2J\\x9b (p5, c1, k60, u'a\\x0ab').",
    );
  });
});

describe('a storm of connections', () => {
  it('leaves a bounded log, which says how many lines are missing', async () => {
    const broker = await scene.start(open('log_rate_limit 2'));
    const count = 100;
    for (let i = 0; i < count; i += 10)
      await Promise.all(Array.from({ length: 10 }, async () => (await scene.connect(port)).disconnect()));
    await broker.logged(/Warning: \d+ log lines were left out/);
    await broker.stop();
    const lines = broker.log.split('\n').filter((line) => /127\.0\.0\.1:\d/.test(line));
    const told = [...broker.log.matchAll(/Warning: (\d+) log lines were left out/g)];
    const leftOut = told.reduce((sum, [, number]) => sum + Number(number), 0);
    // twenty seconds' worth at once, and what came in the meantime
    expect(lines.length).toBeLessThan(100);
    // connected, said who it is, and left
    expect(lines.length + leftOut).toBeGreaterThanOrEqual(count * 3);
    expect(told.length).toBeLessThan(20);
  });
});
