// What the tests of the client share: a broker on a port of its own, a server written by hand where the broker
// cannot misbehave, and waits that have a limit and say what they waited for.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import {
  type Client,
  ClientError,
  type ClientErrorCode,
  createClient,
  type NodeClientOptions,
} from '../../src/client/index.js';
import { Broker, type BrokerOptions } from '../../src/index.js';
import type { ConnectPacket, Properties, ProtocolVersion } from '../../src/protocol/index.js';
import { TestClient } from '../behaviour/client.js';

/** Milliseconds for what should happen. */
const PATIENCE = 4000;

/** Resolves when `condition` holds. */
export async function until(condition: () => boolean, what: string, limit = PATIENCE): Promise<void> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A promise that has a limit. */
export function within<T>(promise: Promise<T>, what: string, limit = PATIENCE): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limit} ms`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What a promise rejects with, which must be a ClientError with this code. */
export async function failure(promise: Promise<unknown>, code: ClientErrorCode): Promise<ClientError> {
  const error = await within(
    promise.then(
      () => new Error('it did not fail'),
      (reason: unknown) => reason,
    ),
    `a failure with code ${code}`,
  );
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({ code });
  return error as ClientError;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Reconnects so soon that tests need not wait. */
export const soon = { minDelay: 5, maxDelay: 20 } as const;

const clients = new Set<Client>();
const closers = new Set<() => Promise<void> | void>();

/** Runs when the test is over. */
export function atEnd(close: () => Promise<void> | void): void {
  closers.add(close);
}

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  const due = [...closers];
  closers.clear();
  for (const close of due) await close();
});

/** A client that is destroyed at the end of the test. Its background errors are in `errors`. */
export function newClient(options: NodeClientOptions): Client & { errors: Error[] } {
  const client = createClient({ reconnect: soon, ...options }) as Client & { errors: Error[] };
  client.errors = [];
  client.on('error', (error) => void client.errors.push(error));
  clients.add(client);
  return client;
}

export async function connected(options: NodeClientOptions): Promise<Client & { errors: Error[] }> {
  const client = newClient(options);
  await within(client.connect(), 'connecting');
  return client;
}

export class BrokerHere {
  broker!: Broker;
  port = 0;

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async start(options: BrokerOptions = {}, port = 0): Promise<void> {
    this.broker = new Broker({ closeTimeout: 0, ...options });
    this.port = (await this.broker.listen({ port, host: '127.0.0.1' })).port;
  }

  /** Stops, and is there again on the same port: with nothing that it knew, or with another set of options. */
  async restart(options: BrokerOptions = {}): Promise<void> {
    await this.broker.close();
    await this.start(options, this.port);
  }

  connect(options: NodeClientOptions = {}): Promise<Client & { errors: Error[] }> {
    return connected({ url: this.url, ...options });
  }
}

/** A fresh broker for every test of a file or a describe. */
export function useBroker(options: BrokerOptions = {}): BrokerHere {
  const here = new BrokerHere();
  beforeEach(() => here.start(options));
  afterEach(() => here.broker.close());
  return here;
}

/** One broker for all tests of a file or a describe, which may run at the same time. */
export function useSharedBroker(options: BrokerOptions = {}): BrokerHere {
  const here = new BrokerHere();
  beforeAll(() => here.start(options));
  afterAll(() => here.broker.close());
  return here;
}

/** One connection of the server that tests write by hand. */
export class Peer extends TestClient {
  readonly socket: Socket;
  connectPacket!: ConnectPacket;

  constructor(socket: Socket, version: ProtocolVersion) {
    super(socket, version, false);
    this.socket = socket;
  }

  /** Takes CONNECT and accepts it. */
  async welcome(properties: Properties = {}, sessionPresent = false): Promise<this> {
    this.connectPacket = await this.next('connect');
    this.send({ type: 'connack', sessionPresent, reason: 0, properties });
    return this;
  }
}

export class FakeServer {
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  readonly #all = new Set<Socket>();
  #taker: ((socket: Socket) => void) | undefined;
  /** How many connections came. */
  count = 0;
  /** Read everything and say nothing. */
  isMute = false;
  port = 0;

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.count++;
      this.#all.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#all.delete(socket));
      if (this.isMute) socket.resume();
      else if (this.#taker === undefined) this.#waiting.push(socket);
      else this.#taker(socket);
      this.#taker = undefined;
    });
  }

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    server.port = (server.#server.address() as { port: number }).port;
    atEnd(() => server.close());
    return server;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#all.size;
  }

  /** The next connection as a socket on which nothing was read. */
  socket(): Promise<Socket> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    return within(
      new Promise<Socket>((resolve) => {
        this.#taker = resolve;
      }),
      'a connection to the server',
    );
  }

  /** The next connection. */
  async peer(version: ProtocolVersion = 5): Promise<Peer> {
    return new Peer(await this.socket(), version);
  }

  /** A client whose connection is accepted, and the other side of it. */
  async serve(
    options: NodeClientOptions = {},
    properties: Properties = {},
  ): Promise<[Client & { errors: Error[] }, Peer]> {
    const client = newClient({ url: this.url, ...options });
    const result = client.connect();
    const peer = await (await this.peer(options.version ?? 5)).welcome(properties);
    await within(result, 'connecting');
    return [client, peer];
  }

  async close(): Promise<void> {
    for (const socket of this.#all) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
