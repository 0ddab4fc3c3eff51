// class Broker: an MQTT broker in a program. It wires the engine to listeners, plugins and store, and is the
// file to read first.
import { randomInt, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  Engine,
  type EngineEvents,
  type Environment,
  type PublishRequest,
  type Redirection,
} from './core/engine.js';
import type { Listener, ListenerLimits } from './core/listener.js';
import type { Metrics } from './core/metrics.js';
import type { Observer, PacketObserver } from './core/observer.js';
import type { EngineOptions } from './core/options.js';
import type { ClientInfo, LogLevel, Plugin, PublishedMessage } from './core/plugin.js';
import type { Arrival, Door } from './core/protection/arrival.js';
import type { BanTarget } from './core/protection/bans.js';
import type { BanState } from './core/protection/protection.js';
import { Session } from './core/session.js';
import type { Store } from './core/store.js';
import type { Transport } from './core/transport.js';
import { StreamTransport } from './listeners/stream.js';
import { type Address, TcpListener, type TcpOptions } from './listeners/tcp.js';
import { type CertificateOptions, TlsListener, type TlsOptions } from './listeners/tls.js';
import type { WebSocketListener, WebSocketOptions } from './listeners/websocket.js';
import { parseTopicFilter, type QoS, ReasonCode } from './protocol/index.js';

export interface BrokerOptions extends Partial<EngineOptions> {
  plugins?: readonly Plugin[] | undefined;
  /** Keeps sessions and retained messages; without one they live in memory as long as the broker. */
  store?: Store | undefined;
  /** Watches what happens to clients, for a log of one's own. */
  observer?: Observer | undefined;
  /** Takes log lines; without it nothing is logged. */
  log?: ((level: LogLevel, text: string) => void) | undefined;
}

/** A listener: where, and what holds for those who come in through it. */
export interface ListenOptions extends TcpOptions {
  /** For logs, plugins and `changeListener`; without one it is where it listens. */
  name?: string | undefined;
  /** What differs from the options of the broker. */
  limits?: Partial<ListenerLimits> | undefined;
  /** Makes it a TLS listener. */
  tls?: TlsOptions | undefined;
  /** Makes it a WebSocket listener; with `tls` a secure one. */
  websocket?: WebSocketOptions | undefined;
}

/** A frame may have a little more than the largest packet: the next one's beginning. */
const FRAME_SLACK = 65_536;

interface OpenListener {
  readonly socket: TcpListener | TlsListener | WebSocketListener;
  readonly entrance: Listener;
}

export interface BrokerEvents extends EngineEvents {
  listening: [address: Address];
  closed: [];
}

/** A subscription of the program itself. */
export interface LocalSubscription {
  readonly filter: string;
  unsubscribe(): void;
}

/** What a broker tells of one of its clients. */
export interface ClientState extends ClientInfo {
  readonly connected: boolean;
  readonly subscriptions: string[];
  /** Messages that wait, and those that were sent and not acknowledged. */
  readonly queued: number;
  readonly inflight: number;
}

function environment(log: (level: LogLevel, text: string) => void): Environment {
  return {
    now: () => performance.now(),
    wallClock: Date.now,
    defer: (run) => {
      setImmediate(run);
    },
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    every: (ms, run) => {
      const timer = setInterval(run, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
    randomUuid: randomUUID,
    randomInteger: () => randomInt(0x7fffffff),
    log,
  };
}

type State = 'new' | 'starting' | 'running' | 'closing' | 'closed';

export class Broker extends EventEmitter<BrokerEvents> {
  readonly #engine: Engine;
  #plugins: readonly Plugin[];
  readonly #store: Store | undefined;
  readonly #listeners: OpenListener[] = [];
  #state: State = 'new';
  #started: Promise<void> | null = null;
  #closed: Promise<void> | null = null;
  #locals = 0;
  #drain: { timer: NodeJS.Timeout; resolve: () => void } | null = null;

  /** Throws an OptionError when an option has a value that it cannot have. */
  constructor(options: BrokerOptions = {}) {
    super();
    const { plugins = [], store, observer, log = () => {}, ...engineOptions } = options;
    this.#plugins = plugins;
    this.#store = store;
    this.#engine = new Engine({
      options: engineOptions,
      plugins,
      environment: environment(log),
      store: store ?? null,
      observer,
      emit: (name, ...args) => {
        (this.emit as (name: string, ...args: unknown[]) => boolean)(name, ...args);
      },
    });
  }

  /** Everything that is counted; read it whenever you like. */
  get metrics(): Readonly<Metrics> {
    return this.#engine.metrics;
  }

  /** The options in force. */
  get options(): Readonly<EngineOptions> {
    return this.#engine.options;
  }

  /** Where it listens. */
  get addresses(): Address[] {
    return this.#listeners.flatMap(({ socket }) => socket.address ?? []);
  }

  /** Opens the store and starts the plugins; `listen` and `accept` do it by themselves. */
  start(): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed')
      return Promise.reject(new Error('the broker is closed'));
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    this.#state = 'starting';
    await this.#store?.open();
    this.#engine.start();
    for (const plugin of this.#plugins) await plugin.start?.(this);
    this.#state = 'running';
  }

  /** Listens on one more address. Rejects with the system's error (EADDRINUSE, EACCES, …). */
  async listen(options: ListenOptions): Promise<Address> {
    await this.start();
    if (this.#state !== 'running') throw new Error('the broker is closed');
    const { name = options.path ?? `${options.host ?? ''}:${options.port}`, limits = {} } = options;
    const entrance = this.#engine.addListener(name, limits);
    const accept = (transport: Transport, arrived?: Arrival): void =>
      this.#accept(transport, entrance, arrived);
    const door: Door = {
      arrive: (address) => this.#engine.arrive(address, entrance),
      depart: (arrival) => this.#engine.depart(arrival),
    };
    const failed = (error: Error): void => this.#engine.protection.notAccepted(error.message);
    try {
      const socket = await this.#newListener(options, accept, failed, door);
      const address = await socket.listen(options);
      // it may have been closed meanwhile
      if ((this.#state as State) !== 'running') {
        socket.stop();
        throw new Error('the broker is closed');
      }
      entrance.port = address.port;
      this.#listeners.push({ socket, entrance });
      this.emit('listening', address);
      return address;
    } catch (error) {
      this.#engine.listeners.delete(entrance);
      throw error;
    }
  }

  async #newListener(
    { tls, websocket }: ListenOptions,
    accept: (transport: Transport, arrived?: Arrival) => void,
    failed: (error: Error) => void,
    door: Door,
  ): Promise<OpenListener['socket']> {
    if (websocket !== undefined) {
      // loaded on use
      const { WebSocketListener } = await import('./listeners/websocket.js');
      const maxFrame = this.options.maxPacketSize + FRAME_SLACK;
      const maxBefore = this.options.maxConnectSize + FRAME_SLACK;
      return new WebSocketListener({ maxFrame, maxBefore, ...websocket }, tls, accept, failed, door);
    }
    return tls === undefined
      ? new TcpListener(accept, failed, door)
      : new TlsListener(tls, accept, failed, door);
  }

  /** New limits, and new certificates, for a listener; connections that are there stay. Throws when they cannot be. */
  changeListener(name: string, limits: Partial<ListenerLimits>, certificates?: CertificateOptions): void {
    for (const { socket, entrance } of this.#listeners) {
      if (entrance.name !== name) continue;
      if (!(socket instanceof TcpListener) && certificates !== undefined) socket.reload(certificates);
      entrance.change(limits, this.#engine.options);
    }
  }

  /** Takes no more connections on a listener; those that are there stay. */
  stopListening(name: string): void {
    for (const listener of this.#listeners.filter(({ entrance }) => entrance.name === name)) {
      listener.socket.stop();
      this.#listeners.splice(this.#listeners.indexOf(listener), 1);
      this.#engine.listeners.delete(listener.entrance);
    }
  }

  /** New values for options, for everything from now on. Throws an OptionError, and then nothing has changed. */
  reconfigure(options: Partial<EngineOptions>): void {
    this.#engine.reconfigure(options);
  }

  /**
   * Asks these plugins from now on, instead of those that were given before: those that are new are started first,
   * those that are gone are stopped. Rejects when one does not start; then nothing has changed.
   */
  async usePlugins(plugins: readonly Plugin[]): Promise<void> {
    for (const plugin of plugins) if (!this.#plugins.includes(plugin)) await plugin.start?.(this);
    const gone = this.#plugins.filter((plugin) => !plugins.includes(plugin));
    this.#plugins = plugins;
    this.#engine.usePlugins(plugins);
    for (const plugin of gone) await plugin.stop?.();
  }

  /** Has every packet watched, or none. */
  observePackets(observer: PacketObserver | null): void {
    this.#engine.packets = observer;
  }

  /** Serves a client over any stream. */
  accept(stream: Duplex): void {
    const transport = new StreamTransport(stream);
    if (this.#state === 'running') this.#accept(transport);
    else
      void this.start().then(
        () => this.#accept(transport),
        () => transport.destroy(),
      );
  }

  #accept(transport: Transport, entrance?: Listener, arrived?: Arrival): void {
    this.#engine.accept(transport, entrance, arrived);
  }

  /** Publishes a message. Returns whether anybody subscribed to it. Throws MqttError when it is not valid. */
  publish(request: PublishRequest): boolean {
    // what the store has must be known first, or it would be overwritten
    if (this.#state === 'new' && this.#store !== undefined)
      throw new Error('start() or listen() first: the store is not open');
    return this.#engine.publishRequest(request);
  }

  /** Calls `handler` for every message that matches. The payload is a Buffer of its own. */
  subscribe(
    filter: string,
    handler: (message: PublishedMessage & { payload: Buffer }) => void,
    options: { qos?: QoS } = {},
  ): LocalSubscription {
    const engine = this.#engine;
    const { group, filter: bare } = parseTopicFilter(filter, engine.options.maxTopicLevels);
    const session = new Session(engine, `$local/${++this.#locals}`);
    session.receiver = (message, _subscription, qos) => {
      const shown = engine.published(message);
      const { buffer, byteOffset, byteLength } = shown.payload;
      try {
        handler({ ...shown, qos: qos as QoS, payload: Buffer.from(buffer, byteOffset, byteLength) });
      } catch (error) {
        engine.log(
          'error',
          `a subscriber of the program failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
    };
    session.setPresent(true);
    engine.router.subscribe(session, filter, group, bare, {
      qos: options.qos ?? 2,
      noLocal: false,
      retainAsPublished: true,
      identifier: 0,
    });
    const subscription = session.subscriptions.get(filter)!;
    if (group === null)
      for (const message of engine.retained.matching(bare))
        session.receiver(message, subscription, message.qos, true);
    return {
      filter,
      unsubscribe: () => {
        engine.router.unsubscribe(session, filter);
      },
    };
  }

  /** The retained message of a topic. */
  retained(topic: string): PublishedMessage | undefined {
    const message = this.#engine.retained.get(topic);
    return message === undefined ? undefined : this.#engine.published(message);
  }

  /** The clients that have a session, connected or not. */
  *clients(): Generator<ClientState> {
    for (const session of this.#engine.sessions.values()) {
      const { connection } = session;
      yield {
        clientId: session.clientId,
        username: connection?.username,
        version: connection?.version ?? 4,
        remoteAddress: connection?.remoteAddress ?? '',
        remotePort: connection?.remotePort ?? 0,
        listener: connection?.listener ?? '',
        keepAlive: connection?.keepAlive ?? 0,
        cleanStart: connection?.cleanStart ?? false,
        connected: connection !== null,
        subscriptions: [...session.subscriptions.keys()],
        queued: session.queued,
        inflight: session.inflight.size,
      };
    }
  }

  /** Ends a client's connection. Returns whether it had one. */
  disconnect(clientId: string, reason: number = ReasonCode.AdministrativeAction): boolean {
    const connection = this.#engine.sessions.get(clientId)?.connection;
    connection?.disconnect(reason, 'disconnected by the administrator');
    return connection !== null && connection !== undefined;
  }

  /**
   * Keeps an address (of IPv6 its /64), a client id or a user name out for so many seconds (Infinity: until it is
   * undone), and ends the connections that it has. MQTT 5 clients are told 0x8A when they come again. Throws a
   * BanError when the target is none, or its address is in `neverBan`.
   */
  ban(target: BanTarget, seconds: number, why = 'by the administrator'): void {
    this.#engine.protection.ban(target, seconds, why);
  }

  /** Undoes a ban, also one that the broker made by itself. Returns whether there was one. Throws a BanError. */
  unban(target: BanTarget): boolean {
    return this.#engine.protection.unban(target);
  }

  /** Who is banned now. */
  bans(): BanState[] {
    return this.#engine.protection.bans();
  }

  /** Sends a client to another server (0x9C, or 0x9D when `permanent`). Returns whether it was connected. */
  redirect(clientId: string, to: Redirection): boolean {
    const connection = this.#engine.sessions.get(clientId)?.connection;
    if (connection === null || connection === undefined) return false;
    this.#engine.redirect(connection, to);
    return true;
  }

  /**
   * Empties the broker before maintenance: who connects is sent elsewhere (CONNACK 0x9C or 0x9D), and the
   * clients that are here too, `rate` of them a second. Resolves when the last of them has gone.
   */
  drain(to: Redirection & { rate?: number }): Promise<void> {
    const { rate = 100 } = to;
    this.undrain();
    this.#engine.redirectAll(to);
    return new Promise((resolve) => {
      let due = 0;
      const step = (): void => {
        due += rate / 10;
        for (const connection of this.#engine.connections) {
          if (!connection.isConnected) continue;
          if (due < 1) return;
          due--;
          this.#engine.redirect(connection, to);
        }
        this.#endDrain();
      };
      this.#drain = { timer: setInterval(step, 100), resolve };
      step();
    });
  }

  #endDrain(): void {
    if (this.#drain === null) return;
    clearInterval(this.#drain.timer);
    this.#drain.resolve();
    this.#drain = null;
  }

  /** Takes clients again after `drain`. */
  undrain(): void {
    this.#endDrain();
    this.#engine.redirectAll(null);
  }

  log(level: LogLevel, text: string): void {
    this.#engine.log(level, text);
  }

  /**
   * Stops: no new connections, DISCONNECT 0x8B to everyone, wills, the store brought up to date, plugins stopped.
   * Takes at most `closeTimeout` seconds.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const wasRunning = this.#state === 'running' || this.#state === 'starting';
    if (this.#state === 'starting') await this.#started?.catch(() => {});
    this.#state = 'closing';
    this.#endDrain();
    for (const { socket } of this.#listeners) socket.close();
    if (wasRunning) {
      this.#engine.shutDown();
      await this.#within(this.#finish());
      this.#engine.stop();
      await this.#store?.close();
    }
    this.#state = 'closed';
    this.emit('closed');
  }

  async #finish(): Promise<void> {
    await this.#engine.records?.settle();
    for (const plugin of [...this.#plugins].reverse()) {
      try {
        await plugin.stop?.();
      } catch (error) {
        this.#engine.log(
          'error',
          `plugin ${plugin.name} failed to stop: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }

  async #within(work: Promise<void>): Promise<void> {
    const ms = this.#engine.options.closeTimeout * 1000;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#engine.log('warning', `closing took more than ${ms} ms and was cut short`);
        resolve();
      }, ms);
    });
    await Promise.race([work, limit]);
    clearTimeout(timer);
  }
}
