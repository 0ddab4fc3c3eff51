// The broker that the behaviour tests talk to: ours, over streams in memory. With BEHAVIOUR_MOSQUITTO set to
// the path of a mosquitto program, a fresh one of these is started for every test instead, with the options
// of the test in its configuration file: it shows where a test, or the broker, differs from Mosquitto.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, test } from 'vitest';
import type { Broker, BrokerOptions } from '../../src/index.js';
import { memoryPair } from '../wire/memory-pair.js';
import { type ConnectOptions, TestClient } from './client.js';

const mosquitto = process.env['BEHAVIOUR_MOSQUITTO'];

/** For what only our broker has, or does as the specification says where Mosquitto does not. */
export const testOurs = test.skipIf(mosquitto !== undefined);

interface Running {
  open(): Promise<Duplex>;
  stop(): Promise<void>;
}

export class Server {
  #running: Running | undefined;
  #streams: Duplex[] = [];
  /** Only of our broker. */
  broker!: Broker;

  async start(options: BrokerOptions): Promise<void> {
    this.#running = await (mosquitto === undefined
      ? this.#ours(options)
      : startMosquitto(mosquitto, options));
  }

  async #ours(options: BrokerOptions): Promise<Running> {
    const { Broker } = await import('../../src/index.js'); // not needed, and so not loaded, with Mosquitto
    const broker = new Broker(options);
    this.broker = broker;
    return {
      open: async () => {
        const [near, far] = memoryPair();
        broker.accept(far);
        return near;
      },
      stop: () => broker.close(),
    };
  }

  async stop(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    this.#streams = [];
    await this.#running?.stop();
  }

  /** A connection on which nothing was sent yet. */
  async open(options: Pick<ConnectOptions, 'version' | 'acknowledge'> = {}): Promise<TestClient> {
    const stream = await this.#running!.open();
    this.#streams.push(stream);
    return new TestClient(stream, options.version, options.acknowledge);
  }

  /** A client whose CONNECT was accepted. */
  async connect(options: ConnectOptions = {}): Promise<TestClient> {
    const client = await this.open(options);
    await client.handshake(options);
    return client;
  }

  /** A client whose CONNECT is refused with this reason code (return code before MQTT 5), and closed. */
  async refused(options: ConnectOptions, reason: number): Promise<TestClient> {
    const client = await this.open(options);
    await client.handshake(options, reason);
    await client.closed();
    return client;
  }
}

/** A fresh broker with these options for every test of a file or a describe. */
export function useServer(options: BrokerOptions = {}): Server {
  const server = new Server();
  beforeEach(() => server.start(options));
  afterEach(() => server.stop());
  return server;
}

/** One broker for all tests of a file or a describe, which may run at the same time: for those that wait. */
export function useSharedServer(options: BrokerOptions = {}): Server {
  const server = new Server();
  beforeAll(() => server.start(options));
  afterAll(() => server.stop());
  return server;
}

async function startMosquitto(program: string, options: BrokerOptions): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'behaviour-'));
  const port = await freePort();
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'log_dest none'];
  for (const [name, value] of Object.entries(options)) {
    lines.push(`${name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)} ${value}`);
  }
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(program, ['-c', file], { stdio: 'ignore' });
  try {
    (await dial(port)).destroy();
  } catch (error) {
    child.kill();
    throw error;
  }
  return { open: () => dial(port), stop: () => stopMosquitto(child, folder) };
}

async function stopMosquitto(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Connects, and tries again for two seconds while nobody listens yet. */
async function dial(port: number): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(20);
    }
  }
}
