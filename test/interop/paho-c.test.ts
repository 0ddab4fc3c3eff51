// Paho for C, the library of many embedded clients, in its synchronous and its asynchronous form. The programs
// in paho-c/ are compiled here, once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, startBroker, uniqueName } from './broker-under-test.js';
import { describeWith, needs } from './needs.js';
import { killPrograms, Program, run } from './program.js';

let broker: BrokerUnderTest;
const topicOf = (): string => `iop/${uniqueName('c')}`;

describeWith([needs.pahoC], 'Paho for C', () => {
  let folder: string;

  beforeAll(async () => {
    broker = await startBroker();
    folder = mkdtempSync(join(tmpdir(), 'pondhawk-'));
    const compile = (name: string, library: string) =>
      run('gcc', [
        ...['-Wall', '-Wextra', '-O1', '-o', join(folder, name)],
        ...[join(import.meta.dirname, 'paho-c', `${name}.c`), `-l${library}`, '-lpthread'],
      ]);
    await Promise.all([compile('sync', 'paho-mqtt3c'), compile('async', 'paho-mqtt3a')]);
  });
  afterAll(async () => {
    await killPrograms();
    rmSync(folder, { recursive: true, force: true });
    await broker.stop();
  });

  const lines = async (program: string, args: string[]): Promise<string[]> =>
    (await run(join(folder, program), args)).stdout.trimEnd().split('\n');
  const sync = (task: string, version: string, ...more: string[]) =>
    lines('sync', [task, String(broker.port), version, topicOf(), ...more]);

  // Much of the time these programs wait for each other's small packets (Nagle's algorithm).
  describe.concurrent.each(['31', '311', '5'])('MQTT %s', (version) => {
    it('sends and receives at every QoS, synchronously', async () => {
      expect(await sync('round_trip', version, '100')).toEqual([
        'QoS 0: 100 in order',
        'QoS 1: 100 in order',
        'QoS 2: 100 in order',
      ]);
    });

    it('sends and receives at every QoS, asynchronously', async () => {
      expect(await lines('async', [String(broker.port), version, topicOf(), '60'])).toEqual([
        'QoS 0: 60 arrived, 60 in order, QoS 0',
        'QoS 1: 60 arrived, 60 in order, QoS 1',
        'QoS 2: 60 arrived, 60 in order, QoS 2',
        'retained: 1 of 1',
        'connection lost: 0',
      ]);
    });

    it('gets retained messages', async () => {
      expect(await sync('retained', version)).toEqual([
        'kept: second, QoS 2, retained',
        'kept: third, QoS 1',
        'kept: , QoS 1',
      ]);
    });

    it('resumes a session', async () => {
      const present = (flag: number) => `session present: ${flag}`;
      const seen = await sync('session', version);
      const expected = [present(0), present(1), 'queue: one, QoS 2', 'queue: two, QoS 2', present(0)];
      // MQTT 3.1 has no such flag, and the library does not tell that of MQTT 5
      const comparable = (line: string) => version === '311' || !line.startsWith('session');
      expect(seen.filter(comparable)).toEqual(expected.filter(comparable));
    });

    it('has its will published when it is killed', async ({ expect }) => {
      const topic = topicOf();
      const watcher = await connectAsync({ host: broker.host, port: broker.port });
      const seen: [string, string, number][] = [];
      watcher.on('message', (topic, payload, { qos }) => seen.push([topic, payload.toString(), qos]));
      await watcher.subscribeAsync(`${topic}/#`, { qos: 2 });
      const client = new Program(join(folder, 'sync'), ['will', String(broker.port), version, topic]);
      await client.untilLines(/^connected/);
      client.kill('SIGKILL');
      await expect.poll(() => seen, { timeout: 10_000 }).toEqual([[`${topic}/will`, 'gone', 2]]);
      await watcher.publishAsync(`${topic}/will`, '', { retain: true, qos: 1 });
      await watcher.endAsync();
    });
  });
});
