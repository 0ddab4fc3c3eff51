// mosquitto_pub, mosquitto_sub and mosquitto_rr against the broker: what people's scripts do with them, in
// every version of the protocol that they speak.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, startBroker, uniqueName } from './broker-under-test.js';
import { describeWith, needs } from './needs.js';
import { type Exit, killPrograms, Program, type ProgramOptions, run } from './program.js';

const versions = ['31', '311', '5'] as const;
const qualities = [0, 1, 2] as const;

interface Received {
  readonly topic: string;
  readonly payload?: string;
  readonly qos: number;
  readonly retain: number | boolean;
  readonly properties?: Record<string, unknown>;
}

let broker: BrokerUnderTest;
const at = (): string[] => ['-h', broker.host, '-p', String(broker.port)];

function pub(version: string, args: readonly string[], options?: ProgramOptions): Promise<Exit> {
  return run('mosquitto_pub', [...at(), '-V', version, ...args], options);
}

/** Starts mosquitto_sub and waits until its subscriptions are acknowledged. Needs its output line by line. */
async function sub(version: string, args: readonly string[]): Promise<Program> {
  const program = startSub(version, args);
  await program.untilLines(/^Subscribed \(mid: /);
  return program;
}

function startSub(version: string, args: readonly string[]): Program {
  return new Program('stdbuf', ['-oL', 'mosquitto_sub', ...at(), '-V', version, '-d', '-F', 'M %j', ...args]);
}

function received(output: { readonly stdout: string }): Received[] {
  return output.stdout
    .split('\n')
    .filter((line) => line.startsWith('M '))
    .map((line) => JSON.parse(line.slice(2)) as Received);
}

const payloads = (output: { readonly stdout: string }): (string | undefined)[] =>
  received(output).map((message) => message.payload);

/** User properties are an object in the JSON of mosquitto_sub 2.0 and a list of objects in that of 2.1. */
function userProperties(message: Received | undefined): unknown {
  const value = message?.properties?.['user-properties'];
  return Array.isArray(value) ? Object.assign({}, ...value) : value;
}

describeWith(
  [needs.mosquittoPub, needs.mosquittoSub, needs.stdbuf],
  'mosquitto_pub and mosquitto_sub',
  () => {
    let folder: string;

    beforeAll(async () => {
      broker = await startBroker();
      folder = mkdtempSync(join(tmpdir(), 'pondhawk-'));
    });
    afterAll(async () => {
      await killPrograms();
      rmSync(folder, { recursive: true, force: true });
      await broker.stop();
    });

    describe.each(versions)('-V %s', (version) => {
      const topicOf = (): string => `iop/${uniqueName(version)}`;
      const idOf = (): string => uniqueName(`m${version}`);

      it.each(qualities)(
        'delivers what is published at QoS 0, 1 and 2 to a subscriber at QoS %i',
        async (granted) => {
          const topic = topicOf();
          const subscriber = await sub(version, ['-q', String(granted), '-t', `${topic}/#`, '-C', '3']);
          for (const qos of qualities)
            await pub(version, ['-q', String(qos), '-t', `${topic}/${qos}`, '-m', `at ${qos}`]);
          const exit = await subscriber.exited;
          expect(exit.code).toBe(0);
          expect(received(exit).map(({ topic, payload, qos }) => ({ topic, payload, qos }))).toEqual(
            qualities.map((qos) => ({
              topic: `${topic}/${qos}`,
              payload: `at ${qos}`,
              qos: Math.min(qos, granted),
            })),
          );
        },
      );

      it.each(qualities)('keeps the order of 500 lines at QoS %i', async (qos) => {
        const topic = topicOf();
        const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
        const subscriber = await sub(version, ['-q', String(qos), '-t', topic, '-C', '500']);
        await pub(version, ['-q', String(qos), '-t', topic, '-l'], { input: `${lines.join('\n')}\n` });
        expect(payloads(await subscriber.exited)).toEqual(lines);
      });

      it('keeps a retained message for later subscribers, replaces it and clears it', async () => {
        const topic = topicOf();
        await pub(version, ['-q', '1', '-r', '-t', topic, '-m', 'first']);
        await pub(version, ['-q', '1', '-r', '-t', topic, '-m', 'second']);
        const late = await sub(version, ['-q', '1', '-t', topic, '-C', '2']);
        await late.untilLines(/^M /);
        await pub(version, ['-q', '1', '-r', '-t', topic, '-m', 'third']);
        expect(received(await late.exited).map(({ payload, retain }) => [payload, Number(retain)])).toEqual([
          ['second', 1],
          ['third', 0],
        ]);
        await pub(version, ['-r', '-n', '-t', topic]);
        const later = await sub(version, ['-t', topic, '-C', '1']);
        await pub(version, ['-t', topic, '-m', 'fresh']);
        expect(received(await later.exited).map(({ payload, retain }) => [payload, Number(retain)])).toEqual([
          ['fresh', 0],
        ]);
      });

      it('sends retained messages under a wildcard, once each, and lets --remove-retained clear them', async () => {
        const topic = topicOf();
        for (const name of ['a', 'b/c', 'b/d'])
          await pub(version, ['-q', '1', '-r', '-t', `${topic}/${name}`, '-m', name]);
        const sweep = await sub(version, ['-t', `${topic}/#`, '--remove-retained']);
        await sweep.untilLines(/received PUBACK/, 3);
        const swept = received(sweep).filter(({ retain }) => Number(retain) === 1);
        expect(swept.map(({ payload }) => payload).sort()).toEqual(['a', 'b/c', 'b/d']);
        const later = await sub(version, ['-t', `${topic}/#`, '-C', '1']);
        await pub(version, ['-t', `${topic}/end`, '-m', 'nothing was left']);
        expect(payloads(await later.exited)).toEqual(['nothing was left']);
      });

      it('publishes the will of a killed client, and not that of one which says goodbye', async () => {
        const topic = topicOf();
        const watcher = await sub(version, ['-q', '2', '-t', `${topic}/#`, '-C', '2']);
        const will = (name: string) => ['--will-topic', `${topic}/${name}`, '--will-payload', `${name} died`];
        await pub(version, [...will('polite'), '-t', 'x', '-m', 'goodbye']);
        const killed = await sub(version, [...will('killed'), '--will-qos', '2', '--will-retain', '-t', 'x']);
        killed.kill('SIGKILL');
        await watcher.untilLines(/^M /);
        await pub(version, ['-q', '2', '-t', `${topic}/end`, '-m', 'end']);
        expect(received(await watcher.exited).map(({ payload, qos }) => [payload, qos])).toEqual([
          ['killed died', 2],
          ['end', 2],
        ]);
        const late = await startSub(version, ['-t', `${topic}/killed`, '-C', '1']).exited;
        expect(received(late).map(({ payload, retain }) => [payload, Number(retain)])).toEqual([
          ['killed died', 1],
        ]);
        await pub(version, ['-r', '-n', '-t', `${topic}/killed`]);
      });

      it.each([1, 2])(
        'queues at QoS %i for a persistent session (-c) while it is away, in order',
        async (qos) => {
          const topic = topicOf();
          const session = ['-i', idOf(), '-c', '-q', '2', '-t', topic];
          const first = await startSub(version, [...session, '-E']).exited;
          expect(first.code).toBe(0);
          const lines = Array.from({ length: 60 }, (_, index) => `queued ${index}`);
          await pub(version, ['-q', '0', '-t', topic, '-m', 'perhaps dropped']);
          await pub(version, ['-q', String(qos), '-t', topic, '-l'], { input: `${lines.join('\n')}\n` });
          await pub(version, ['-q', String(qos), '-t', topic, '-m', 'end']);
          const again = startSub(version, session);
          await again.untilLines(/^M .*"end"/);
          const messages = received(again).filter((message) => message.qos > 0);
          expect(messages.map(({ payload }) => payload)).toEqual([...lines, 'end']);
          expect(new Set(messages.map((message) => message.qos))).toEqual(new Set([qos]));
        },
      );

      it('forgets a session that comes back without -c', async () => {
        const topic = topicOf();
        const id = idOf();
        await startSub(version, ['-i', id, '-c', '-q', '1', '-t', topic, '-E']).exited;
        await pub(version, ['-q', '1', '-t', topic, '-m', 'lost with the session']);
        const clean = await sub(version, ['-i', id, '-q', '1', '-t', topic, '-C', '1']);
        await pub(version, ['-q', '1', '-t', topic, '-m', 'new']);
        expect(payloads(await clean.exited)).toEqual(['new']);
      });

      it('hands the connection to the newest client of the same identifier', async () => {
        const topic = topicOf();
        const id = idOf();
        const older = await sub(version, ['-i', id, '-t', topic, '-W', '5']);
        const newer = await sub(version, ['-i', `${id}`, '-t', topic, '-C', '1']);
        older.kill('SIGKILL'); // it would come back and take over in turn
        await pub(version, ['-t', topic, '-m', 'to one of them']);
        expect(payloads(await newer.exited)).toEqual(['to one of them']);
        expect(payloads(await older.exited)).toEqual([]);
      });

      it('unsubscribes (-U)', async () => {
        const topic = topicOf();
        const session = ['-i', idOf(), '-c', '-q', '1'];
        await startSub(version, [...session, '-t', `${topic}/a`, '-t', `${topic}/b`, '-E']).exited;
        await startSub(version, [...session, '-U', `${topic}/a`, '-t', `${topic}/b`, '-E']).exited;
        for (const name of ['a', 'b']) await pub(version, ['-q', '1', '-t', `${topic}/${name}`, '-m', name]);
        const last = await startSub(version, [...session, '-t', `${topic}/b`, '-C', '1']).exited;
        expect(payloads(last)).toEqual(['b']);
      });

      it('carries a payload of 1 MB unchanged at every QoS', async () => {
        const topic = topicOf();
        const file = join(folder, 'large');
        const content = randomBytes(1_000_000);
        writeFileSync(file, content);
        for (const qos of qualities) {
          const subscriber = new Program('mosquitto_sub', [
            ...[...at(), '-V', version, '-q', String(qos), '-t', `${topic}/${qos}`, '-C', '1', '-N'],
          ]);
          // retained, so that it does not matter which of the two comes first
          await pub(version, ['-q', String(qos), '-r', '-t', `${topic}/${qos}`, '-f', file]);
          const { bytes } = await subscriber.exited;
          expect(createHash('sha256').update(bytes).digest('hex')).toBe(
            createHash('sha256').update(content).digest('hex'),
          );
          await pub(version, ['-r', '-n', '-t', `${topic}/${qos}`]);
        }
      });

      it('carries an empty payload', async () => {
        const topic = topicOf();
        const subscriber = await sub(version, ['-q', '1', '-t', topic, '-C', '1']);
        await pub(version, ['-q', '1', '-t', topic, '-n']);
        const [message] = received(await subscriber.exited);
        expect(message).toMatchObject({ topic, qos: 1 });
        expect(message?.payload ?? '').toBe('');
      });

      it('carries topics and payloads in Chinese and in emoji', async () => {
        const topic = `${topicOf()}/传感器/温度 🌡`;
        const subscriber = await sub(version, ['-q', '1', '-t', topic.replace('温度 🌡', '+'), '-C', '1']);
        await pub(version, ['-q', '1', '-t', topic, '-m', '二十三度,晴 ☀️']);
        expect(received(await subscriber.exited)).toMatchObject([{ topic, payload: '二十三度,晴 ☀️' }]);
      });

      it('matches + and # as the specification says', async () => {
        const topic = topicOf();
        const filters = [`${topic}/+/c`, `${topic}/a/#`].flatMap((filter) => ['-t', filter]);
        const subscriber = await sub(version, [...filters, '-C', '4']);
        for (const name of ['a', 'x/c', 'x/c/d', 'x', 'a/', '/c', 'end']) {
          await pub(version, ['-t', `${topic}/${name}`, '-m', name]);
        }
        expect(payloads(await subscriber.exited)).toEqual(['a', 'x/c', 'a/', '/c']);
      });

      it('accepts any user name and password', async () => {
        const topic = topicOf();
        const user = ['-u', '用户', '-P', 'pass:word with spaces'];
        const subscriber = await sub(version, [...user, '-t', topic, '-C', '1']);
        await pub(version, [...user, '-t', topic, '-m', 'let in']);
        expect(payloads(await subscriber.exited)).toEqual(['let in']);
      });
    });

    describe.each(['311', '5'])('shared subscriptions, -V %s', (version) => {
      it.each(qualities)('divide 60 messages at QoS %i among the members, each to one', async (qos) => {
        const topic = `iop/${uniqueName('shared')}`;
        const share = ['-q', String(qos), '-t', `$share/group/${topic}`];
        const members = await Promise.all([1, 2, 3].map(() => sub(version, share)));
        const everyone = await sub(version, ['-q', String(qos), '-t', topic, '-C', '60']);
        const lines = Array.from({ length: 60 }, (_, index) => String(index));
        await pub(version, ['-q', String(qos), '-t', topic, '-l'], { input: `${lines.join('\n')}\n` });
        expect(payloads(await everyone.exited)).toEqual(lines);
        const shares = () => members.map((member) => payloads(member));
        for (const member of members) await member.until('its share', () => shares().flat().length >= 60);
        expect(
          shares()
            .flat()
            .map(Number)
            .sort((a, b) => a - b),
        ).toEqual(lines.map(Number));
        for (const share of shares()) expect(share.length).toBeGreaterThan(0);
      });
    });

    describe('MQTT 5', () => {
      const topicOf = (): string => `iop/${uniqueName('v5')}`;

      it('passes on every property of a message, at every QoS', async () => {
        const topic = topicOf();
        const subscriber = await sub('5', ['-q', '2', '-t', topic, '-C', '3']);
        const properties = [
          ['user-property', 'room', '厨房'],
          ['user-property', 'floor', '2'],
          ['response-topic', `${topic}/answer`],
          ['correlation-data', 'request 17'],
          ['content-type', 'text/plain; charset=utf-8'],
          ['payload-format-indicator', '1'],
          ['message-expiry-interval', '3600'],
        ].flatMap((property) => ['-D', 'publish', ...property]);
        for (const qos of qualities)
          await pub('5', ['-q', String(qos), '-t', topic, '-m', '早上好', ...properties]);
        const messages = received(await subscriber.exited);
        expect(messages.map(({ qos }) => qos)).toEqual([0, 1, 2]);
        for (const message of messages) {
          expect(message.payload).toBe('早上好');
          expect(userProperties(message)).toEqual({ room: '厨房', floor: '2' });
          expect(message.properties).toMatchObject({
            'response-topic': `${topic}/answer`,
            'correlation-data': 'request 17',
            'content-type': 'text/plain; charset=utf-8',
            'payload-format-indicator': 1,
          });
          expect(message.properties?.['message-expiry-interval']).toBeGreaterThan(3590);
          expect(message.properties?.['message-expiry-interval']).toBeLessThanOrEqual(3600);
        }
      });

      it('keeps the properties of a retained message', async () => {
        const topic = topicOf();
        await pub('5', [
          '-q',
          '1',
          '-r',
          '-t',
          topic,
          '-m',
          'kept',
          '-D',
          'publish',
          'user-property',
          'k',
          'v',
        ]);
        const [message] = received(await startSub('5', ['-t', topic, '-C', '1']).exited);
        expect(message).toMatchObject({ payload: 'kept' });
        expect(userProperties(message)).toEqual({ k: 'v' });
        await pub('5', ['-r', '-n', '-t', topic]);
      });

      it('gives MQTT 3.1.1 subscribers the message without its properties', async () => {
        const topic = topicOf();
        const subscriber = await sub('311', ['-q', '1', '-t', topic, '-C', '1']);
        await pub('5', [
          '-q',
          '1',
          '-t',
          topic,
          '-m',
          'plain',
          '-D',
          'publish',
          'content-type',
          'text/plain',
        ]);
        const [message] = received(await subscriber.exited);
        expect(message).toMatchObject({ payload: 'plain', qos: 1 });
        expect(message?.properties).toBeUndefined();
      });

      it('marks messages with the identifier of the subscription', async () => {
        const topic = topicOf();
        const subscriber = await sub('5', [
          ...['-t', `${topic}/#`, '-C', '2', '-D', 'subscribe', 'subscription-identifier', '268435455'],
        ]);
        await pub('5', ['-t', `${topic}/a`, '-m', 'a']);
        await pub('311', ['-t', `${topic}/b`, '-m', 'b']);
        expect(received(await subscriber.exited).map(({ properties }) => properties)).toEqual([
          { 'subscription-identifier': 268435455 },
          { 'subscription-identifier': 268435455 },
        ]);
      });

      it('leaves the retain flag as published where the subscription asks for it', async () => {
        const topic = topicOf();
        const asPublished = await sub('5', ['-t', topic, '-C', '1', '--retain-as-published']);
        const normal = await sub('5', ['-t', topic, '-C', '1']);
        await pub('5', ['-r', '-t', topic, '-m', 'now']);
        const flags = [asPublished, normal].map(async (one) => Number(received(await one.exited)[0]?.retain));
        expect(await Promise.all(flags)).toEqual([1, 0]);
        await pub('5', ['-r', '-n', '-t', topic]);
      });

      it('takes a topic alias from the publisher', async () => {
        const topic = topicOf();
        const lines = Array.from({ length: 20 }, (_, index) => `aliased ${index}`);
        const subscriber = await sub('5', ['-q', '1', '-t', topic, '-C', '20']);
        await pub('5', ['-q', '1', '-t', topic, '-l', '-D', 'publish', 'topic-alias', '3'], {
          input: `${lines.join('\n')}\n`,
        });
        expect(received(await subscriber.exited).map(({ topic, payload }) => [topic, payload])).toEqual(
          lines.map((line) => [topic, line]),
        );
      });

      // Mosquitto 2.0.11 itself sends too many here, and the subscriber gives up.
      it.each([1, 2])('respects the receive maximum of a subscriber at QoS %i', async (qos) => {
        const topic = topicOf();
        const limit = ['-D', 'connect', 'receive-maximum', '2'];
        const subscriber = await sub('5', ['-q', String(qos), '-t', topic, '-C', '100', ...limit]);
        const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
        await pub('5', ['-q', String(qos), '-t', topic, '-l'], { input: `${lines.join('\n')}\n` });
        expect(payloads(await subscriber.exited)).toEqual(lines);
      });

      it('leaves out what is larger than the maximum packet size of a subscriber', async () => {
        const topic = topicOf();
        const limit = ['-D', 'connect', 'maximum-packet-size', '200'];
        const subscriber = await sub('5', ['-q', '2', '-t', topic, '-C', '3', ...limit]);
        for (const qos of qualities) {
          await pub('5', ['-q', String(qos), '-t', topic, '-m', 'x'.repeat(500)]);
          await pub('5', ['-q', String(qos), '-t', topic, '-m', `short ${qos}`]);
        }
        expect(payloads(await subscriber.exited)).toEqual(['short 0', 'short 1', 'short 2']);
      });

      it('tells a publisher at QoS 1 and 2 that there is no subscriber, as a success', async () => {
        for (const qos of ['1', '2']) {
          const exit = await pub('5', ['-d', '-q', qos, '-t', topicOf(), '-m', 'to no one']);
          expect(exit.stdout).toMatch(
            qos === '1' ? /received PUBACK .*RC:16/ : /received PUBREC .*|received PUBCOMP/,
          );
        }
      });
    });

    describe.concurrent('what takes its time', () => {
      const topicOf = (): string => `iop/${uniqueName('slow')}`;

      it.each(versions)('keeps a quiet connection alive, -V %s', async (version) => {
        const topic = topicOf();
        // 5 seconds is the shortest that mosquitto_sub takes
        const subscriber = await sub(version, ['-k', '5', '-t', topic, '-C', '1']);
        await subscriber.untilLines(/received PINGRESP/, 1, 12_000);
        await pub(version, ['-t', topic, '-m', 'still there']);
        expect(payloads(await subscriber.exited)).toEqual(['still there']);
      });

      it('drops a queued message whose expiry interval has passed, and counts down that of the others', async () => {
        const topic = topicOf();
        const session = ['-i', uniqueName('expiry'), '-c', '-q', '1', '-t', topic];
        await startSub('5', [...session, '-E']).exited;
        const expiry = (seconds: number) => ['-D', 'publish', 'message-expiry-interval', String(seconds)];
        await pub('5', ['-q', '1', '-t', topic, '-m', 'stale', ...expiry(1)]);
        await pub('5', ['-q', '1', '-t', topic, '-m', 'lasting', ...expiry(100)]);
        await sleep(2200);
        const [first] = received(await startSub('5', [...session, '-C', '1']).exited);
        expect(first?.payload).toBe('lasting');
        expect(first?.properties?.['message-expiry-interval']).toBeLessThan(100);
        expect(first?.properties?.['message-expiry-interval']).toBeGreaterThan(90);
      });

      it('ends a session when its expiry interval (-x) has passed', async () => {
        const topic = topicOf();
        const session = ['-i', uniqueName('session'), '-c', '-x', '1', '-q', '1', '-t', topic];
        await startSub('5', [...session, '-E']).exited;
        await pub('5', ['-q', '1', '-t', topic, '-m', 'within']);
        expect(payloads(await startSub('5', [...session, '-C', '1']).exited)).toEqual(['within']);
        await pub('5', ['-q', '1', '-t', topic, '-m', 'never seen']);
        await sleep(2500);
        const later = await sub('5', [...session, '-C', '1']);
        await pub('5', ['-q', '1', '-t', topic, '-m', 'a new session']);
        expect(payloads(await later.exited)).toEqual(['a new session']);
      });

      it('delays the will, and drops it when the client is back in time', async () => {
        const topic = topicOf();
        const watcher = await sub('5', ['-q', '1', '-t', `${topic}/#`, '-C', '2']);
        const willOf = (name: string, delay: string) => [
          ...['-i', uniqueName(name), '-c', '-x', '60', '-t', `${topic}/x`],
          ...['--will-topic', `${topic}/${name}`, '--will-payload', `${name} died`, '--will-qos', '1'],
          ...['-D', 'will', 'will-delay-interval', delay],
          ...['-D', 'will', 'user-property', 'cause', 'unknown'],
        ];
        const returning = willOf('returning', '2');
        const gone = willOf('gone', '1');
        const both = await Promise.all([sub('5', returning), sub('5', gone)]);
        for (const one of both) one.kill('SIGKILL');
        await sub('5', returning);
        await sleep(2500);
        await pub('5', ['-q', '1', '-t', `${topic}/end`, '-m', 'end']);
        const messages = received(await watcher.exited);
        expect(messages.map(({ payload }) => payload)).toEqual(['gone died', 'end']);
        expect(userProperties(messages[0])).toEqual({ cause: 'unknown' });
      });
    });

    it('forwards between versions', async () => {
      const topic = `iop/${uniqueName('mixed')}`;
      const subscribers = await Promise.all(
        versions.map((version) => sub(version, ['-q', '2', '-t', topic, '-C', '3'])),
      );
      for (const version of versions) await pub(version, ['-q', '2', '-t', topic, '-m', `from ${version}`]);
      for (const subscriber of subscribers) {
        expect(received(await subscriber.exited).map(({ payload, qos }) => [payload, qos])).toEqual(
          versions.map((version) => [`from ${version}`, 2]),
        );
      }
    });
  },
);

describeWith(
  [needs.mosquittoRr, needs.mosquittoPub, needs.mosquittoSub, needs.stdbuf],
  'mosquitto_rr',
  () => {
    beforeAll(async () => {
      broker = await startBroker();
    });
    afterAll(async () => {
      await killPrograms();
      await broker.stop();
    });

    const request = (version: string, topic: string, args: string[] = []) =>
      new Program('stdbuf', [
        ...['-oL', 'mosquitto_rr', ...at(), '-V', version, '-q', '1', '-W', '10'],
        ...['-t', `${topic}/request`, '-e', `${topic}/response`, '-m', 'how warm is it?', ...args],
      ]);

    it('asks with a response topic and gets its answer, in MQTT 5', async () => {
      const topic = `iop/${uniqueName('rr')}`;
      const service = await sub('5', ['-q', '1', '-t', `${topic}/request`, '-C', '1']);
      const asking = request('5', topic, ['-D', 'publish', 'correlation-data', 'question 1']);
      const [question] = received(await service.exited);
      expect(question).toMatchObject({
        payload: 'how warm is it?',
        properties: { 'response-topic': `${topic}/response`, 'correlation-data': 'question 1' },
      });
      await pub('5', [
        '-q',
        '1',
        '-t',
        `${topic}/response`,
        '-m',
        '23 °C',
        '-D',
        'publish',
        'correlation-data',
        'question 1',
      ]);
      const answer = await asking.exited;
      expect(answer.code).toBe(0);
      expect(answer.stdout).toBe('23 °C\n');
    });

    it('works without properties, in MQTT 3.1.1', async () => {
      const topic = `iop/${uniqueName('rr')}`;
      const service = await sub('311', ['-q', '1', '-t', `${topic}/request`, '-C', '1']);
      const asking = request('311', topic);
      expect(payloads(await service.exited)).toEqual(['how warm is it?']);
      await pub('311', ['-q', '1', '-t', `${topic}/response`, '-m', '23 °C']);
      expect((await asking.exited).stdout).toBe('23 °C\n');
    });
  },
);
