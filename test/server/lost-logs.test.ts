// A log that cannot be written, because the disk is full or nobody reads it, neither stops the broker nor holds it up.
// Needs the built program.
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
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

describe('a log that cannot be written', () => {
  it.runIf(existsSync('/dev/full'))('because the disk is full does not stop the broker', async () => {
    const program = scene.run(open('log_dest file /dev/full\nlog_type all'));
    const client = await scene.patient(port);
    await client.publish('a', 'b', { qos: 1 });
    scene.config(open(`log_dest file ${scene.path('better.log')}`));
    program.kill('SIGHUP');
    await expect
      .poll(() => existsSync(scene.path('better.log')) && file('better.log'))
      .toContain('Reloaded config.');
    expect(client.connected).toBe(true);
    program.kill('SIGTERM');
    expect((await program.exited).code).toBe(0);
  });

  it('because nobody reads it does not hold the broker up', async () => {
    const child = scene.unread(open('log_type all'));
    const client = await scene.patient(port);
    const topic = `long/${'x'.repeat(700)}`;
    const seen = await messagesOf(client, 'long/#', 0);
    // some megabytes of lines: more than a pipe takes
    for (let i = 0; i < 4000; i++) await client.publish(topic, String(i));
    await client.publish(topic, 'last', { qos: 1 });
    await expect.poll(() => seen.at(-1)?.[1], { timeout: 10_000 }).toBe('last');
    expect(seen.length).toBe(4001);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('is told how many lines it lacks, once somebody reads again', async () => {
    const child = scene.unread(open('log_type all'));
    const client = await scene.patient(port);
    const topic = `long/${'x'.repeat(700)}`;
    for (let i = 0; i < 6000; i++) await client.publish(topic, String(i));
    await client.publish(topic, 'last', { qos: 1 });
    let log = '';
    child.stderr.on('data', (chunk) => {
      log += String(chunk);
    });
    const isTold = async (): Promise<boolean> => {
      await client.publish('after', '', { qos: 1 });
      return /^\(\d+ log lines could not be written here\)$/m.test(log);
    };
    await expect.poll(isTold, { timeout: 10_000 }).toBe(true);
  });

  it('because its folder is missing leaves errors to standard error', async () => {
    const program = scene.run(open(`log_dest file ${scene.path('missing/log')}`));
    await scene.patient(port);
    expect(program.stderr).toMatch(/Error: Unable to open log file .*missing\/log for writing/);
  });
});
