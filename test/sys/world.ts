// The two brokers that the session is played against: Mosquitto, whose $SYS tree follows the clock of the
// machine, and ours, whose clock the test turns. Both begin with an update behind them and no client ever seen.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Broker } from '../../src/index.js';
import { sysTopicsPlugin } from '../../src/sys/sys-topics.js';
import { memoryPair } from '../wire/memory-pair.js';
import { TurnedClock } from './turned-clock.js';

export interface World {
  open(): Promise<Duplex>;
  /** Waits until the tree has been updated once more; updates are a second apart. */
  update(): Promise<void>;
  /** Three updates, in which a session ends that outlives its client for a second. */
  expiry(): Promise<void>;
  stop(): Promise<void>;
}

/** So few that a test can fill a queue. */
const MAX_QUEUED_MESSAGES = 100;

export async function startOurs(): Promise<World> {
  const clock = new TurnedClock();
  const broker = new Broker({
    maxQueuedMessages: MAX_QUEUED_MESSAGES,
    plugins: [
      sysTopicsPlugin({
        metrics: () => broker.metrics,
        version: 'mosquitto version 2.1.2',
        interval: 1,
        clock,
        memory: () => 800_000,
      }),
    ],
  });
  await broker.start();
  const world: World = {
    open: async () => {
      const [near, far] = memoryPair();
      broker.accept(far);
      return near;
    },
    update: async () => {
      await pause(30); // who has gone must be seen to have gone
      clock.turn(1000);
    },
    expiry: async () => {
      clock.turn(1000);
      while (broker.metrics.sessionsExpired === 0) await pause(20);
      clock.turn(2000);
    },
    stop: () => broker.close(),
  };
  await world.update();
  return world;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits for the moments at which Mosquitto updates its tree: whole seconds. */
class Seconds {
  #current = 0;

  /** Until a little after the next one. What was done since the last one must have been done within its second. */
  async next(): Promise<void> {
    const now = Date.now();
    if (this.#current !== 0 && Math.floor(now / 1000) !== this.#current)
      throw new Error('a step took more than a second: the machine is too busy to record');
    await pause(1000 - (now % 1000) + 150);
    this.#current = Math.floor(Date.now() / 1000);
  }
}

/** `programs`: the folder of Mosquitto's programs. */
export async function startMosquitto(programs: string): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'sys-'));
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'sys_interval 1',
    'set_tcp_nodelay true',
    `max_queued_messages ${MAX_QUEUED_MESSAGES}`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const seconds = new Seconds();
  await seconds.next();
  const child = spawn(join(programs, 'mosquitto'), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  // looking whether it listens would be a connection that it counts
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false }))
    if (String(chunk).includes(' running')) break;
  child.stderr.resume();
  await seconds.next();
  return {
    open: async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    },
    update: () => seconds.next(),
    expiry: async () => {
      for (let i = 0; i < 3; i++) await seconds.next();
    },
    stop: async () => {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
