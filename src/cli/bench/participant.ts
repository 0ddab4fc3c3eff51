// One client of a run: it connects, subscribes if that is its role, and what happens to its connection is counted.
import type { Client } from '../../client/client.js';
import { createClient, type NodeClientOptions } from '../../client/index.js';
import type { Message } from '../../client/message.js';
import { now } from './clock.js';
import type { BenchConfig, Role } from './config.js';
import { failureReason } from './failure-reason.js';
import type { Tally } from './tally.js';
import { fillFor, type Who } from './topic-template.js';

const suffixes: Readonly<Record<Role, string>> = { idle: '', publisher: '-pub', subscriber: '-sub' };

/** Names of the client with this index; the two of a pair differ by their role. */
export function whoIs({ prefix, username, scenario }: BenchConfig, index: number, role: Role): Who {
  const clientId = `${prefix}${index}${scenario === 'rtt' ? suffixes[role] : ''}`;
  const nobody = { index, clientId, username: '' };
  return { ...nobody, username: username === undefined ? '' : fillFor(username, nobody) };
}

function optionsOf(config: BenchConfig, who: Who): NodeClientOptions {
  const { target, tls, localAddresses, password } = config;
  return {
    ...target,
    version: config.version,
    clientId: who.clientId,
    cleanStart: config.cleanStart,
    sessionExpiryInterval: config.sessionExpiryInterval,
    keepAlive: config.keepAlive,
    username: config.username === undefined ? undefined : who.username,
    password: password === undefined ? undefined : fillFor(password, who),
    reconnect: config.reconnect ? {} : false,
    maxInflight: config.maxInflight,
    // publisher.ts waits by itself
    queue: { qos0: false },
    subscriptionIdentifiers: false,
    localAddress: localAddresses[who.index % localAddresses.length],
    tls: {
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(config.host === target.host ? {} : { servername: config.host }),
      rejectUnauthorized: !tls.insecure,
    },
  };
}

export class Participant {
  readonly who: Who;
  readonly client: Client;
  readonly #tally: Tally;
  /** Called when a connection was lost for good. */
  ended: () => void = () => {};
  /** Called when a lost connection is there again. */
  returned: () => void = () => {};
  /** Messages of QoS 1 and 2 that the server takes at once. */
  receiveMaximum = 65_535;
  #state: 'joining' | 'in' | 'away' | 'leaving' = 'joining';

  constructor(config: BenchConfig, who: Who, tally: Tally) {
    this.who = who;
    this.#tally = tally;
    this.client = createClient(optionsOf(config, who));
    this.client
      .on('disconnect', ({ error }) => this.#lost(error))
      .on('connect', () => this.#back())
      .on('error', (error) => this.#failed(error))
      .on('end', () => {
        if (this.#state !== 'joining' && this.#state !== 'leaving') this.ended();
      });
  }

  /** Connects. Rejects with what the client says. */
  async connect(): Promise<void> {
    const tally = this.#tally;
    const start = now();
    tally.times.firstConnect ||= start;
    try {
      const { properties } = await this.client.connect();
      tally.times.lastConnect = now();
      tally.connectLatency.record(tally.times.lastConnect - start);
      this.receiveMaximum = properties.receiveMaximum ?? this.receiveMaximum;
    } catch (error) {
      if ((this.#state as string) === 'leaving') throw error;
      tally.failed++;
      tally.note(`connect: ${failureReason(error)}`);
      throw error;
    }
    tally.connected++;
    // it may be gone again already
    if (this.#state === 'joining') {
      this.#state = 'in';
      tally.open++;
    }
  }

  async subscribe(filter: string, qos: 0 | 1 | 2, receive: (message: Message) => void): Promise<void> {
    this.client.on('message', receive);
    try {
      await this.client.subscribe(filter, { qos });
    } catch (error) {
      this.#tally.refusedSubscriptions++;
      this.#tally.note(`subscribe: ${failureReason(error)}`);
      throw error;
    }
  }

  #lost(error: Error): void {
    if (this.#state === 'leaving') return;
    if (this.#state === 'in') this.#tally.open--;
    this.#state = 'away';
    this.#tally.lost++;
    this.#tally.note(`connection: ${failureReason(error)}`);
  }

  #back(): void {
    if (this.#state !== 'away') return;
    this.#state = 'in';
    this.#tally.open++;
    this.#tally.reconnected++;
    this.returned();
  }

  #failed(error: Error): void {
    if (this.#state === 'in' || this.#state === 'away')
      this.#tally.note(`reconnect: ${failureReason(error)}`);
  }

  /** Disconnects, and is no longer listened to. */
  leave(): Promise<void> {
    if (this.#state === 'in') this.#tally.open--;
    this.#state = 'leaving';
    if (this.client.connected) return this.client.disconnect({ timeout: 0 });
    this.client.destroy();
    return Promise.resolve();
  }
}
