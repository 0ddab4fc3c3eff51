// Reloads while many clients talk: nobody is dropped, no message is lost, and what changes holds for those who come
// then. 200 clients; RELOAD_CLIENTS=1000 (or any number) is the long version, with 10,000 messages a second. Needs
// the built program.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.js';
import { host, passwordLine, type RunningBroker, Scene } from './scene.js';

const given = Number(process.env['RELOAD_CLIENTS'] ?? 0);
const CLIENTS = given || 200;
/** Messages a second. */
const RATE = given > 0 ? 10_000 : 1000;
/** Clients that connect at the same time: more would only wait for one another. */
const AT_ONCE = 50;
const TICK_MS = 20;
const user = { username: 'ann', password: 'secret' };

/** Sends numbered messages to its clients in turn, and hears what each of them gets. */
class Traffic {
  readonly #senders: readonly Client[];
  readonly #receivers: readonly Client[];
  readonly sent: number[];
  readonly received: number[];
  /** What came otherwise than it should have, and who was dropped. */
  readonly troubles: string[] = [];
  readonly #acknowledged: Promise<unknown>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #next = 0;

  constructor(senders: readonly Client[], receivers: readonly Client[]) {
    this.#senders = senders;
    this.#receivers = receivers;
    this.sent = receivers.map(() => 0);
    this.received = receivers.map(() => 0);
    for (const client of [...senders, ...receivers])
      client.on('disconnect', ({ error }) => this.troubles.push(`${client.clientId}: ${error.message}`));
  }

  async subscribe(): Promise<void> {
    await Promise.all(
      this.#receivers.map((client, i) =>
        client.subscribe(`load/${i}`, { qos: 1 }, (message) => this.#came(i, message.text())),
      ),
    );
  }

  #came(i: number, text: string): void {
    const expected = String(this.received[i]);
    if (text !== expected) this.troubles.push(`receiver ${i}: ${text} instead of ${expected}`);
    this.received[i]!++;
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (let i = 0; i < (RATE * TICK_MS) / 1000; i++) this.#send();
    }, TICK_MS);
  }

  /** Each client gets all its messages from one sender and with one QoS, so that they have an order. */
  #send(): void {
    const to = this.#next++ % this.#receivers.length;
    const sender = this.#senders[to % this.#senders.length]!;
    const done = sender.publish(`load/${to}`, String(this.sent[to]!++), { qos: to % 2 === 0 ? 0 : 1 });
    this.#acknowledged.push(done.catch((error) => this.troubles.push(`not sent: ${error.message}`)));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#acknowledged);
  }
}

let scene: Scene;
let broker: RunningBroker;
let ports: readonly number[];
let traffic: Traffic;

beforeAll(async () => {
  scene = new Scene();
  ports = await scene.ports(3);
  scene.file('users', passwordLine('ann', 'secret'));
  broker = await scene.start(config(ports.slice(0, 2)), { limit: 120_000 });
  const clients: Client[] = [];
  while (clients.length < CLIENTS) {
    const some = Array.from({ length: Math.min(AT_ONCE, CLIENTS - clients.length) }, (_, i) =>
      scene.connect(ports[i % 2]!, { ...user, receiveMaximum: 65_535 }),
    );
    clients.push(...(await Promise.all(some)));
  }
  const senders = clients.slice(0, Math.ceil(CLIENTS / 20));
  traffic = new Traffic(senders, clients.slice(senders.length));
  await traffic.subscribe();
  traffic.start();
}, 60_000);

afterAll(() => scene.close());

/** The queue of a receiver that this process does not get round to is not what is tested. */
function config(listeners: readonly number[], more = ''): string {
  const opened = listeners.map((port) => `listener ${port} ${host}\n`).join('');
  return `${opened}password_file ${scene.path('users')}\nmax_queued_messages 0\nlog_type error\nlog_type warning\nlog_type information\n${more}`;
}

/** Lets messages flow: so many more have come everywhere since. */
async function flow(): Promise<void> {
  const before = traffic.received.reduce((sum, count) => sum + count, 0);
  await expect
    .poll(() => traffic.received.reduce((sum, count) => sum + count, 0), { timeout: 10_000 })
    .toBeGreaterThan(before + RATE / 4);
  expect(traffic.troubles).toEqual([]);
}

describe(`${CLIENTS} clients that talk while the configuration is read again`, () => {
  it('see new limits when they come after it', async () => {
    await flow();
    await broker.reload(config(ports.slice(0, 2), 'max_inflight_messages 12\nmax_packet_size 4000'));
    const { properties } = await scene.connack(ports[0]!, user);
    expect(properties).toMatchObject({ receiveMaximum: 12, maximumPacketSize: 4000 });
    await flow();
  });

  it('may come through a listener that was added', async () => {
    await broker.reload(config(ports));
    expect((await scene.connect(ports[2]!, user)).connected).toBe(true);
    await flow();
  });

  it('notice nothing of a file with a mistake', async () => {
    await broker.reloadInVain(config(ports, 'max_qos many'));
    await flow();
  });

  it('notice nothing of a password file with a mistake', async () => {
    scene.file('users', 'ann:$9$what$isthis\n');
    await broker.reloadInVain(config(ports));
    expect((await scene.connect(ports[2]!, user)).connected).toBe(true);
    scene.file('users', passwordLine('ann', 'secret'));
    await flow();
  });

  it('stay when their listener is closed', async () => {
    await broker.reload(config(ports.slice(1)));
    await expect(scene.connect(ports[0]!, user)).rejects.toMatchObject({ code: 'unreachable' });
    await flow();
  });

  it('were not dropped, and got every message in its order', async () => {
    for (let i = 0; i < 5; i++) await broker.reload(config(ports, `max_inflight_messages ${10 + i}`));
    await traffic.stop();
    await expect.poll(() => traffic.received, { timeout: 10_000 }).toEqual(traffic.sent);
    expect(traffic.troubles).toEqual([]);
    expect(Math.min(...traffic.received)).toBeGreaterThan(0);
  });
});
