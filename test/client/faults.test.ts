// Clients on a bad network: what MQTT promises holds through a proxy that cuts, delays, splits, stalls and swallows.
//
// Promised at QoS 1 and 2, with sessions on both sides that outlive a connection, and with a server that keeps them:
// what a publisher was told is acknowledged arrives at every subscriber; at QoS 2 exactly once; for one publisher
// and topic in order (QoS 1: the first time that each comes; what comes again does so because it might be lost).
//
// Corruption is a run of its own with less promised. MQTT over TCP has no checksum: a flipped bit in a payload or a
// topic is a valid message, one in a packet identifier acknowledges another message, one in a client identifier makes
// another session. So: payloads have a checksum here, and what fails it is counted, not judged. Promised is that no
// client crashes, hangs or sees another's payload under its own topics with a right checksum, and that all publishes
// settle and traffic is whole again once the network is.
//
// FAULTS_SECONDS=60 is the long run. MOSQUITTO_BIN (a program) or FAULTS_PORT (a server that runs) also test another
// server. FAULTS_SEED repeats a run, as far as a network repeats anything.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, ClientError } from '../../src/client/index.js';
import { Broker } from '../../src/index.js';
import type { ProtocolVersion } from '../../src/protocol/index.js';
import { type Faults, FaultyProxy } from './faulty-proxy.js';
import { newClient, pause, until, within } from './help.js';

const SECONDS = Number(process.env['FAULTS_SECONDS'] ?? 2.5);
const SEED = Number(process.env['FAULTS_SEED'] ?? 1);
/** Milliseconds for everything to arrive once the network is whole. */
const RECOVERY = 20_000;
const network: Faults = { cut: 0.01, delay: 0.2, split: 0.1, stall: 0.004, swallow: 0.002 };
let runs = 0;

interface UnderTest {
  readonly name: string;
  start(): Promise<number>;
  stop(): Promise<void>;
}

function ours(): UnderTest {
  const broker = new Broker({ maxQueuedMessages: 0, closeTimeout: 0 });
  return {
    name: 'our broker',
    start: async () => (await broker.listen({ port: 0, host: '127.0.0.1' })).port,
    stop: () => broker.close(),
  };
}

function mosquitto(program: string): UnderTest {
  let child: ChildProcess;
  let folder: string;
  return {
    name: 'Mosquitto',
    start: async () => {
      const probe = createServer();
      await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
      const { port } = probe.address() as { port: number };
      await new Promise((resolve) => probe.close(resolve));
      folder = mkdtempSync(join(tmpdir(), 'faults-'));
      const lines = [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous true',
        'max_queued_messages 0',
        'log_dest none',
      ];
      writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
      child = spawn(program, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
      await pause(500);
      return port;
    },
    stop: async () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const servers = [ours()];
const program = process.env['MOSQUITTO_BIN'];
if (program !== undefined) servers.push(mosquitto(program));
const running = process.env['FAULTS_PORT'];
if (running !== undefined)
  servers.push({ name: `port ${running}`, start: async () => Number(running), stop: async () => {} });

function checksum(text: string): string {
  return createHash('sha1').update(text).digest('hex').slice(0, 12);
}

/** What one subscriber saw of one topic. */
class Seen {
  readonly numbers: number[] = [];

  get firsts(): number[] {
    return [...new Set(this.numbers)];
  }
}

class Run {
  readonly #base = `run${process.pid}x${++runs}`;
  readonly #qos: 1 | 2;
  readonly #proxy: FaultyProxy;
  readonly #version: ProtocolVersion;
  readonly subscribers: { client: Client; topics: Map<string, Seen> }[] = [];
  readonly publishers: Client[] = [];
  /** Numbers that the server has acknowledged, by topic. */
  readonly acknowledged = new Map<string, number[]>();
  readonly problems: string[] = [];
  corrupted = 0;
  /** Why connections ended last, for the report of a run that hangs. */
  readonly lastErrors: string[] = [];
  #open = 0;
  #isOver = false;

  constructor(proxy: FaultyProxy, qos: 1 | 2, version: ProtocolVersion) {
    this.#proxy = proxy;
    this.#qos = qos;
    this.#version = version;
  }

  #client(name: string): Client {
    const client = newClient({
      url: `mqtt://127.0.0.1:${this.#proxy.port}`,
      version: this.#version,
      clientId: `${this.#base}${name}`,
      // MQTT 3 cannot say how much the server takes at once: Mosquitto 2.0 loses QoS 2 messages beyond its 20
      maxInflight: this.#version === 5 ? 1000 : 20,
      cleanStart: false,
      keepAlive: 1,
      connectTimeout: 500,
      retryFirstConnect: true,
      reconnect: { minDelay: 5, maxDelay: 50 },
    });
    client.on('disconnect', ({ error }) => {
      this.lastErrors.push(`${name}: ${error.message}`);
      this.lastErrors.splice(0, this.lastErrors.length - 8);
    });
    client.on('error', (error) => {
      if (!(error instanceof ClientError)) this.problems.push(`${name}: ${error.stack}`);
    });
    client.on('end', (error) => {
      if (error?.code !== 'ended') this.problems.push(`${name} ended: ${error?.message}`);
    });
    void client.connect().catch(() => {});
    return client;
  }

  async subscribe(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const client = this.#client(`s${i}`);
      const topics = new Map<string, Seen>();
      this.subscribers.push({ client, topics });
      let came = 0;
      const listener = (message: { topic: string; text(): string }): unknown => {
        const [topic, number, sum] = message.text().split(' ');
        if (sum !== checksum(`${topic} ${number}`)) this.corrupted++;
        else if (topic !== message.topic) {
          // with a right checksum: the topic was changed on the way, or the client mixed something up
          if (this.#proxy.counts.corrupt === 0) this.problems.push(`${topic} came as ${message.topic}`);
          else this.corrupted++;
        } else {
          const seen = topics.get(topic) ?? new Seen();
          topics.set(topic, seen);
          seen.numbers.push(Number(number));
        }
        // some take their time
        return ++came % 7 === 0 ? pause(came % 5) : undefined;
      };
      await within(
        client.subscribe(`${this.#base}/#`, { qos: this.#qos }, listener),
        'a subscription',
        20_000,
      );
    }
  }

  /** Publishes to two topics until `stop`, with some messages in flight. */
  publish(count: number): void {
    for (let i = 0; i < count; i++) {
      const client = this.#client(`p${i}`);
      this.publishers.push(client);
      void this.#pour(client, `${this.#base}/${i}`);
    }
  }

  async #pour(client: Client, base: string): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      for (const topic of [`${base}/a`, `${base}/b`]) this.#one(client, topic, number);
      while (client.inflight + client.queued > 30 && !this.#isOver) await pause(1);
      if (number % 10 === 0) await pause(1);
    }
  }

  #one(client: Client, topic: string, number: number): void {
    const text = `${topic} ${number}`;
    const list = this.acknowledged.get(topic) ?? [];
    this.acknowledged.set(topic, list);
    this.#open++;
    client.publish(topic, `${text} ${checksum(text)}`, { qos: this.#qos }).then(
      () => {
        this.#open--;
        list.push(number);
      },
      (error: Error) => {
        this.#open--;
        if (this.#proxy.counts.corrupt === 0) this.problems.push(`${text}: ${error.message}`);
      },
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#proxy.calm();
    await until(() => this.#open === 0, 'all publishes to settle', RECOVERY).catch((error: Error) => {
      const states = this.publishers.map(
        (one) => `${one.state}, ${one.inflight} in flight, ${one.queued} queued`,
      );
      throw new Error(`${error.message}: ${states.join('; ')}; ${this.lastErrors.join('; ')}`);
    });
  }

  /** Waits until every subscriber has everything, then says what is wrong. */
  async judge(): Promise<void> {
    const missing = (): string[] => {
      const list: string[] = [];
      for (const [name, { topics }] of this.subscribers.entries()) {
        for (const [topic, numbers] of this.acknowledged) {
          const seen = new Set(topics.get(topic)?.numbers);
          const lost = numbers.filter((number) => !seen.has(number));
          if (lost.length > 0)
            list.push(`s${name}: ${lost.length} of ${topic} are lost, as ${lost.slice(0, 10).join()}`);
        }
      }
      return list;
    };
    // the subscribers are slower than the publishers: what came meanwhile waits at the server
    const came = (): number =>
      this.subscribers.reduce((sum, { topics }) => {
        for (const { numbers } of topics.values()) sum += numbers.length;
        return sum;
      }, 0);
    let last = came();
    for (let end = performance.now() + RECOVERY; missing().length > 0 && performance.now() < end; ) {
      await pause(200);
      if (came() === last) continue;
      last = came();
      end = performance.now() + RECOVERY;
    }
    this.problems.push(...missing());
    await pause(100);
    for (const [name, { topics }] of this.subscribers.entries()) {
      for (const [topic, seen] of topics) {
        const { firsts, numbers } = seen;
        const at = firsts.findIndex((number, i) => i > 0 && number < firsts[i - 1]!);
        if (at !== -1) this.problems.push(`s${name}: ${topic} ${firsts[at]} came after ${firsts[at - 1]}`);
        if (this.#qos === 2 && firsts.length !== numbers.length)
          this.problems.push(`s${name}: ${numbers.length - firsts.length} messages of ${topic} came twice`);
      }
    }
  }

  get count(): number {
    return [...this.acknowledged.values()].reduce((sum, list) => sum + list.length, 0);
  }
}

describe.each(servers)('$name on a bad network', (server) => {
  let port: number;
  beforeAll(async () => {
    port = await server.start();
  });
  afterAll(() => server.stop());

  async function play(qos: 1 | 2, version: ProtocolVersion, faults: Faults): Promise<[Run, FaultyProxy]> {
    const proxy = new FaultyProxy(port, faults, SEED + qos * 10 + version);
    await proxy.listen();
    const run = new Run(proxy, qos, version);
    await run.subscribe(2);
    run.publish(2);
    await pause(SECONDS * 1000);
    await run.stop();
    return [run, proxy];
  }

  const limit = SECONDS * 4000 + 60_000;

  it(
    'loses nothing that was acknowledged, doubles nothing at QoS 2, and keeps the order',
    async () => {
      const games = [
        [1, 5],
        [2, 5],
        [2, 4],
      ] as const;
      const results = await Promise.all(
        games.map(async ([qos, version]) => {
          const [run, proxy] = await play(qos, version, network);
          await run.judge();
          const { count, problems } = run;
          if (process.env['FAULTS_SECONDS'] !== undefined)
            console.log(server.name, {
              qos,
              version,
              count,
              connections: proxy.connections,
              ...proxy.counts,
            });
          await proxy.close();
          return { qos, version, problems, isMuch: count > 100 && proxy.connections > 8 };
        }),
      );
      expect(results).toEqual(games.map(([qos, version]) => ({ qos, version, problems: [], isMuch: true })));
    },
    limit,
  );

  it(
    'that flips bits crashes nobody, hangs nobody, and traffic goes on afterwards',
    async () => {
      const [run, proxy] = await play(2, 5, { ...network, corrupt: 0.01 });
      expect(proxy.counts.corrupt).toBeGreaterThan(3);
      expect(run.problems).toEqual([]);
      // the same clients, on a network that is whole again
      for (const [i, client] of run.publishers.entries()) {
        await until(() => client.connected, 'a publisher to be back', RECOVERY);
        const topic = [...run.acknowledged.keys()][i * 2]!;
        const number = 1_000_000;
        const text = `${topic} ${number}`;
        await within(
          client.publish(topic, `${text} ${checksum(text)}`, { qos: 2 }),
          'a message afterwards',
          RECOVERY,
        );
        for (const { topics } of run.subscribers)
          await until(
            () => topics.get(topic)?.numbers.includes(number) === true,
            `${topic} at its subscriber`,
            RECOVERY,
          );
      }
      await proxy.close();
    },
    limit,
  );
});
