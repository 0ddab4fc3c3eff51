// The engine: connections, sessions, router, retained messages and plugins of one broker, tied together. It
// knows no socket, file or clock; what it needs of the world is the Environment.
import {
  type ConnackPacket,
  encodePacket,
  isTopicName,
  MqttError,
  type Properties,
  type PublishPacket,
  publishProperties,
  type QoS,
  Reader,
  ReasonCode,
  readPublish,
  reasonName,
  type Will,
} from '../protocol/index.js';
import { Connection } from './connection.js';
import { State } from './connection-state.js';
import { Decisions } from './decisions.js';
import { establish } from './handlers/connect.js';
import { Listener, type ListenerLimits } from './listener.js';
import { Message, Slab } from './message.js';
import { Metrics } from './metrics.js';
import type { Observer, PacketObserver } from './observer.js';
import { completeOptions, type EngineOptions } from './options.js';
import { BufferPool } from './output.js';
import {
  type Action,
  type AuthenticationStep,
  type ClientInfo,
  Hooks,
  type LogLevel,
  type Plugin,
  type PublishedMessage,
} from './plugin.js';
import type { Arrival } from './protection/arrival.js';
import { Protection } from './protection/protection.js';
import { Records } from './records.js';
import { Retained } from './retained.js';
import { Router } from './router.js';
import { Run } from './run.js';
import type { Session } from './session.js';
import { Sessions } from './sessions.js';
import { chooseMember } from './sharing.js';
import type { Store } from './store.js';
import type { ShareGroup } from './subscriptions.js';
import { TICK_MS, TimerWheel } from './timers.js';
import { TopicCache } from './topic-cache.js';
import type { Transport } from './transport.js';
import { Turn } from './turn.js';
import { PendingWill } from './wills.js';

/** What the engine needs of the world. */
export interface Environment {
  /** Milliseconds, on a clock that nobody sets. */
  now(): number;
  /** Milliseconds since 1970: for what is stored. */
  wallClock(): number;
  /** Runs when the events at hand have been dealt with. */
  defer(run: () => void): void;
  /** Runs once, after some milliseconds; returns how to prevent it. */
  after(ms: number, run: () => void): () => void;
  /** Runs again and again; returns how to stop it. */
  every(ms: number, run: () => void): () => void;
  randomUuid(): string;
  randomInteger(): number;
  log(level: LogLevel, text: string): void;
}

/** What happens, for whoever listens. */
export interface EngineEvents {
  connected: [client: ClientInfo];
  disconnected: [client: ClientInfo, reason: number, text: string];
  subscribed: [clientId: string, filter: string, qos: number];
  unsubscribed: [clientId: string, filter: string];
  sessionEnded: [clientId: string];
  queueFull: [clientId: string];
}

export type Emit = <Name extends keyof EngineEvents>(name: Name, ...args: EngineEvents[Name]) => void;

export interface EngineParts {
  readonly options: Partial<EngineOptions>;
  readonly plugins: readonly Plugin[];
  readonly environment: Environment;
  readonly store: Store | null;
  readonly emit: Emit;
  readonly observer?: Observer | undefined;
}

/** Where clients are sent instead of here (MQTT 5 section 4.11). */
export interface Redirection {
  /** The Server Reference. */
  readonly serverReference?: string | undefined;
  /** 0x9D, server moved, instead of 0x9C, use another server. */
  readonly permanent?: boolean | undefined;
}

/** What the program publishes. */
export interface PublishRequest {
  topic: string;
  payload?: Uint8Array | string | undefined;
  qos?: QoS | undefined;
  retain?: boolean | undefined;
  properties?: Properties | undefined;
}

const textEncoder = new TextEncoder();
/** Connections above the limit get an answer, but not more of them at once than this. */
const OVER_LIMIT = 100;
/** Whoever is refused anyway has this long to hear it. */
const REFUSAL_SECONDS = 5;

/** Whether there are so many that one more does not even get an answer; 0: any number. */
function isOver(most: number, count: number): boolean {
  return most > 0 && count >= most + OVER_LIMIT;
}

export class Engine {
  readonly options: EngineOptions;
  readonly metrics = new Metrics();
  readonly timers: TimerWheel;
  readonly topics: TopicCache;
  readonly router: Router;
  readonly retained: Retained;
  /** Of the plugins as they are now. */
  hooks: Hooks;
  readonly decisions: Decisions;
  readonly records: Records | null;
  readonly pool = new BufferPool(this.metrics);
  readonly slab = new Slab();
  readonly sessions: Sessions;
  readonly connections = new Set<Connection>();
  readonly listeners = new Set<Listener>();
  /** Of connections that the program handed over. */
  readonly unlisted: Listener;
  readonly protection: Protection;
  /** The PUBLISH that is being looked at. */
  readonly incoming = new Message();
  readonly run: Run;
  readonly turn: Turn;
  /** The clock as of the last tick, in milliseconds: exact enough for time-outs. */
  time: number;
  readonly #environment: Environment;
  /** Tells the program's listeners; what they throw is logged. */
  readonly emit: Emit;
  readonly observer: Observer | null;
  /** Set while somebody watches every packet. */
  packets: PacketObserver | null = null;
  #stopTicking: (() => void) | null = null;
  #redirection: Redirection | null = null;
  #closing = false;
  /** Network connections that are here, those included that have not done their TLS handshake. */
  #arrived = 0;
  /** New connections in the current second. */
  #recent = 0;
  #recentSecond = 0;

  constructor(parts: EngineParts) {
    this.options = completeOptions(parts.options);
    this.unlisted = new Listener('', {}, this.options);
    this.#environment = parts.environment;
    this.observer = parts.observer ?? null;
    this.emit = (name, ...args) => {
      try {
        parts.emit(name, ...args);
      } catch (error) {
        this.log(
          'error',
          `a listener of '${name}' failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
    };
    this.time = parts.environment.now();
    this.timers = new TimerWheel(() => parts.environment.now());
    this.topics = new TopicCache(this.options.maxTopicLevels, parts.environment.randomInteger());
    this.router = new Router(this.topics, this.metrics, !this.options.allowDuplicateMessages);
    this.retained = new Retained(this);
    this.sessions = new Sessions(this);
    this.run = new Run(this);
    this.turn = new Turn({
      now: () => this.now(),
      defer: (run) => parts.environment.defer(run),
      commit: () => this.records?.flush(),
    });
    this.records = parts.store === null ? null : new Records(this, parts.store);
    this.hooks = this.#gather(parts.plugins);
    this.decisions = new Decisions(this);
    this.protection = new Protection(this);
  }

  #gather(plugins: readonly Plugin[]): Hooks {
    return new Hooks(plugins, {
      timeoutMs: this.options.hookTimeout * 1000,
      after: (ms, run) => this.after(ms, run),
      failed: (plugin, hook, error) => this.hookFailed(plugin, hook, error),
    });
  }

  /** Asks other plugins from now on. */
  usePlugins(plugins: readonly Plugin[]): void {
    this.hooks = this.#gather(plugins);
  }

  addListener(name: string, limits: Partial<ListenerLimits>): Listener {
    const listener = new Listener(name, limits, this.options);
    this.listeners.add(listener);
    return listener;
  }

  /**
   * New values for options. What a client was told when it connected holds as long as its connection; the cache of
   * topics and its rules (`maxTopicLevels`, `allowDuplicateMessages`) stay as they were.
   */
  reconfigure(given: Partial<EngineOptions>): void {
    const { maxTopicLevels, allowDuplicateMessages } = this.options;
    const fixed = { maxTopicLevels, allowDuplicateMessages };
    Object.assign(this.options, completeOptions({ ...this.options, ...given, ...fixed }));
    for (const listener of [this.unlisted, ...this.listeners]) listener.optionsChanged(this.options);
  }

  start(): void {
    this.records?.restore();
    this.#stopTicking = this.#environment.every(TICK_MS, () => {
      this.time = this.now();
      this.timers.advance();
      this.topics.refill();
    });
  }

  // ---- the world ----

  now(): number {
    return this.#environment.now();
  }

  wallClock(): number {
    return this.#environment.wallClock();
  }

  after(ms: number, run: () => void): () => void {
    return this.#environment.after(ms, run);
  }

  /** What strangers chose (names, topics) may be part of the text: it cannot start a line or steer a terminal. */
  log(level: LogLevel, text: string): void {
    this.#environment.log(level, printable(text));
  }

  /** A random UUID behind a prefix, as Mosquitto makes them. */
  newClientId(prefix: string): string {
    return prefix + this.#environment.randomUuid().toUpperCase();
  }

  get packetSizeLimit(): number {
    return this.options.maxPacketSize;
  }

  /** A plugin did not do as it should: counted and logged. */
  hookFailed(plugin: string, hook: string, error: unknown): void {
    this.metrics.hookFailures++;
    this.log(
      'error',
      `plugin ${plugin}: hook ${hook} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  // ---- connections ----

  /** A new connection over any transport. */
  accept(transport: Transport, listener = this.unlisted, arrived?: Arrival): Connection | undefined {
    this.metrics.connectionsOpened++;
    const arrival = arrived ?? this.#arrive(transport.remoteAddress, listener);
    if (this.#closing || arrival === null) {
      if (arrival !== null) this.depart(arrival);
      this.metrics.connectionsRefused++;
      transport.destroy();
      return undefined;
    }
    const connection = new Connection(this, transport, listener, arrival);
    this.connections.add(connection);
    this.metrics.connectionsCurrent++;
    const { connectTimeout } = this.options;
    const patience = arrival.refusal === null ? connectTimeout : Math.min(connectTimeout, REFUSAL_SECONDS);
    this.timers.start(connection, patience * 1000);
    this.observer?.accepted(connection);
    transport.start(connection);
    return connection;
  }

  /**
   * A network connection that will take a while until it is `accept`ed: it counts from now on. Null when it is one
   * too many. Until it is accepted, its end has to be told to `depart`. Without an address it is counted for none.
   */
  arrive(address: string | undefined, listener: Listener): Arrival | null {
    const arrival = this.#arrive(address ?? '', listener);
    if (arrival === null) {
      this.metrics.connectionsOpened++;
      this.metrics.connectionsRefused++;
    }
    return arrival;
  }

  #arrive(address: string, listener: Listener): Arrival | null {
    const isFull = isOver(this.options.maxConnections, this.#arrived);
    if (this.#closing || isFull || isOver(listener.limits.maxConnections, listener.connections)) return null;
    const arrival = this.protection.arrive(address, listener);
    // who is refused takes nobody's place
    if (arrival !== null && arrival.refusal === null) {
      this.#arrived++;
      listener.connections++;
    }
    return arrival;
  }

  /** What arrived is gone. */
  depart(arrival: Arrival): void {
    if (!arrival.isCounted) return;
    arrival.isCounted = false;
    this.protection.depart(arrival);
    if (arrival.refusal !== null) return;
    this.#arrived--;
    arrival.listener.connections--;
  }

  /** Whether the broker takes one more client now; throws the reason why not. False: it was sent elsewhere. */
  judgeConnection(connection: Connection): boolean {
    const { maxConnections, maxConnectionRate, maxSessions } = this.options;
    if (this.#closing) throw new MqttError(ReasonCode.ServerUnavailable, 'server is shutting down');
    if (this.#redirection !== null) {
      connection.disconnect(...redirectArguments(this.#redirection));
      return false;
    }
    this.protection.judge(connection);
    if (maxConnections > 0 && this.#arrived > maxConnections)
      throw new MqttError(ReasonCode.QuotaExceeded, `more than ${maxConnections} connections`);
    const { entrance } = connection;
    const most = entrance.limits.maxConnections;
    if (most > 0 && entrance.connections > most)
      throw new MqttError(
        ReasonCode.QuotaExceeded,
        `more than ${most} connections on listener ${entrance.name}`,
      );
    if (maxConnectionRate > 0) {
      const second = Math.floor(this.time / 1000);
      if (second !== this.#recentSecond) {
        this.#recentSecond = second;
        this.#recent = 0;
      }
      if (++this.#recent > maxConnectionRate) {
        throw new MqttError(
          ReasonCode.ConnectionRateExceeded,
          `more than ${maxConnectionRate} connections a second`,
        );
      }
    }
    if (maxSessions > 0 && this.sessions.size >= maxSessions && !this.sessions.has(connection.clientId)) {
      throw new MqttError(ReasonCode.QuotaExceeded, `more than ${maxSessions} sessions`);
    }
    return true;
  }

  /** CONNACK and everything that follows from it. */
  connected(connection: Connection, connack: ConnackPacket): void {
    const { metrics } = this;
    if (this.protection.flaps(connection)) {
      connection.disconnect(ReasonCode.Banned, reasonName(ReasonCode.Banned));
      return;
    }
    this.observer?.connected(connection);
    // [MQTT-3.2.0-1] [MQTT3-3.2.0-1]
    if (!connection.send(connack)) {
      connection.close(ReasonCode.PacketTooLarge, 'its maximum packet size is too small for CONNACK', false);
      return;
    }
    connection.state = State.CONNECTED;
    connection.connectedAt = this.now();
    connection.session!.setPresent(true);
    connection.reader.maxPacketSize = this.packetSizeLimit;
    connection.transport.admitted?.();
    this.timers.stop(connection);
    connection.watch();
    metrics.clientsConnected++;
    if (metrics.clientsConnected > metrics.clientsMaximum) metrics.clientsMaximum = metrics.clientsConnected;
    this.hooks.tell('connected', connection);
    this.emit('connected', connection);
    if (connection.session!.hasWaiting) connection.session!.pump();
  }

  /** For the connection: it has ended. What is left are its will and its session. */
  connectionEnded(
    connection: Connection,
    wasConnected: boolean,
    reason: number,
    text: string,
    sendWill: boolean,
  ): void {
    this.observer?.ended(connection, wasConnected, reason, text);
    this.connections.delete(connection);
    this.depart(connection.arrival);
    if (!wasConnected) this.protection.notConnected(connection, reason);
    this.metrics.connectionsCurrent--;
    this.metrics.connectionsClosed++;
    const { session } = connection;
    if (session !== null && session.connection === connection) {
      session.detach();
      this.#leaveWill(connection, session, wasConnected && sendWill); // [MQTT-3.1.2-8] [MQTT3-3.1.2-8]
      this.sessions.left(session);
    }
    if (wasConnected) {
      this.metrics.clientsConnected--;
      this.hooks.tell('disconnected', connection, reason);
      this.emit('disconnected', connection, reason, text);
    } else if (this.observer === null) this.log('information', `${connection.name}: not connected: ${text}`);
  }

  #leaveWill(connection: Connection, session: Session, send: boolean): void {
    const { will } = connection;
    if (will === null || !send) return;
    const delay = this.#closing ? 0 : Math.min(will.delay, session.expiryInterval);
    if (delay === 0) {
      this.sendWill(will.message, connection);
      return;
    }
    session.will = new PendingWill(this, session, will.message, connection);
    this.timers.start(session.will, delay * 1000);
  }

  // ---- safety ----

  /** Runs when what was changed up to now is safe: at once without a store. */
  whenSafe(run: () => void): void {
    if (this.records === null) run();
    else this.records.whenSafe(run);
  }

  /** The same as a promise, or undefined when it is safe now. */
  safety(): Promise<void> | undefined {
    if (!this.records?.isUnsafe) return undefined;
    return new Promise((resolve) => this.records!.whenSafe(resolve));
  }

  // ---- messages ----

  /** Routes a message to everyone it is for. Returns whether there was anyone. */
  publish(message: Message): boolean {
    const route = this.router.route(message.topic);
    // publishers are refused before; a will is delivered all the same
    if (message.retain && this.options.retainAvailable && this.retained.hasRoomFor(message))
      this.retained.set(message); // [MQTT-3.3.1-8]
    const { publisher } = message;
    const { receivers, groups } = route;
    message.receivers = receivers.length;
    this.turn.work += 1 + receivers.length + groups.length + this.router.visited;
    this.router.visited = 0;
    // [MQTT-4.5.0-1]
    for (let i = 0; i < receivers.length; i++) {
      const receiver = receivers[i]!;
      const subscription = receiver.session === publisher ? receiver.own : receiver;
      if (subscription !== null) subscription.session.deliver(message, subscription);
    }
    for (let i = 0; i < groups.length; i++) this.deliverToGroup(message, groups[i]!);
    return receivers.length > 0 || groups.length > 0;
  }

  /** Delivers to one member of a shared subscription. Returns false when nobody can take it. */
  deliverToGroup(message: Message, group: ShareGroup): boolean {
    const sticky = this.options.sharedSubscriptionStrategy === 'sticky';
    const member = chooseMember(group, message, sticky);
    this.turn.work += 1 + Math.floor(group.members.length / 10);
    if (member === null) return false;
    member.session.deliver(message, member);
    return true;
  }

  /** A kept message from what the program or a client's will says. */
  makeMessage(request: PublishRequest, publisherId: string): Message {
    const { topic, payload = '', qos = 0, retain = false } = request;
    if (!isTopicName(topic))
      throw new MqttError(ReasonCode.TopicNameInvalid, `${JSON.stringify(topic)} is not a topic name`);
    const properties = { ...request.properties };
    delete properties.topicAlias;
    const content = typeof payload === 'string' ? textEncoder.encode(payload) : payload;
    const packet: PublishPacket = {
      type: 'publish',
      topic,
      payload: content,
      qos,
      retain,
      dup: false,
      packetId: 1,
      properties,
    };
    const bytes = encodePacket(packet, 5);
    const reader = new Reader(bytes, 1, bytes.length);
    reader.variableByteInteger();
    const message = new Message();
    readPublish(message, bytes, 0, reader.position, bytes.length, 5);
    message.topic = this.topics.of(topic);
    message.publisherId = publisherId;
    return message.asKept();
  }

  /** From now on the message's expiry interval counts. */
  startMessageExpiry(message: Message): void {
    const seconds = message.messageExpiryInterval;
    if (seconds !== undefined) message.expiresAt = this.now() + seconds * 1000;
  }

  /** For the program: publishes without a connection. */
  publishRequest(request: PublishRequest): boolean {
    const message = this.makeMessage(request, '');
    this.startMessageExpiry(message);
    if (message.retain && !this.retained.hasRoomFor(message)) {
      throw new MqttError(ReasonCode.QuotaExceeded, 'no room for more retained messages');
    }
    return this.publish(message);
  }

  makeWill(connection: Connection, will: Will): Message {
    const properties = { ...will.properties };
    delete properties.willDelayInterval;
    // [MQTT-3.1.2-14] [MQTT-3.1.2-15] [MQTT-3.1.3-10]
    return this.makeMessage({ ...will, properties }, connection.clientId);
  }

  /** Publishes a will, if its client may. */
  sendWill(message: Message, client: ClientInfo): void {
    if (message.topic.isReserved) return;
    const action: Action = {
      type: 'will',
      topic: message.topic.text,
      qos: message.qos as QoS,
      retain: message.retain,
    };
    const send = (reason: number): void => {
      if (reason !== 0) return;
      this.metrics.willsSent++;
      this.startMessageExpiry(message);
      // the client may be back by now, with no local [MQTT-3.8.3-3]
      message.publisher = this.sessions.get(message.publisherId) ?? null;
      this.publish(message);
      message.publisher = null;
    };
    const refusal = this.decisions.refusal(client, action);
    if (refusal instanceof Promise) void refusal.then(send);
    else send(refusal);
  }

  /** For plugins and the program. */
  published(message: Message): PublishedMessage {
    return {
      topic: message.topic.text,
      payload: new Uint8Array(message.payload),
      qos: message.qos as QoS,
      retain: message.retain,
      properties: message.version === 5 ? publishProperties(message) : {},
      publisherId: message.publisherId,
    };
  }

  /** The exchange of a CONNECT is over. */
  finishAuthentication(connection: Connection, step: AuthenticationStep): boolean {
    const packet = connection.pendingConnect!;
    connection.pendingConnect = null;
    this.#noteProvedName(connection, step.username);
    this.protection.judgeUser(connection);
    const { authenticationMethod } = connection;
    return establish(connection, packet, { authenticationMethod, authenticationData: step.data });
  }

  /** Where names count for more than a user name, the name that was given must be the one that was proved. */
  #noteProvedName(connection: Connection, username: string | undefined): void {
    const { usernameAsClientid, usernameFrom } = connection.entrance.limits;
    const isBound = usernameAsClientid || usernameFrom !== null;
    if (isBound && username !== connection.username)
      throw new MqttError(ReasonCode.NotAuthorized, 'the user name is not the one that was proved');
    if (username !== undefined) connection.username = username;
  }

  // ---- going away ----

  /** Sends one client elsewhere. */
  redirect(connection: Connection, to: Redirection): void {
    connection.disconnect(...redirectArguments(to));
  }

  /** Refuses everyone who comes from now on and sends them elsewhere; null: takes clients again. */
  redirectAll(to: Redirection | null): void {
    this.#redirection = to;
  }

  /** Says goodbye to every client; wills and sessions are dealt with as their connections end. */
  shutDown(): void {
    this.#closing = true;
    // the delays of wills end with the broker
    for (const { will } of this.sessions.values()) will?.fireNow();
    for (const connection of [...this.connections]) {
      if (connection.isConnected)
        connection.disconnect(ReasonCode.ServerShuttingDown, reasonName(ReasonCode.ServerShuttingDown));
      else connection.close(ReasonCode.ServerShuttingDown, 'server is shutting down', false);
    }
    this.turn.end();
  }

  /** After the last connection has gone. */
  stop(): void {
    this.#stopTicking?.();
    this.#stopTicking = null;
    this.records?.stop();
  }
}

/** Control characters other than the line breaks of our own stack traces, written out. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) =>
    character === '\n' && text.includes('\n    at ') ? character : escaped(character),
  );
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function redirectArguments(to: Redirection): [reason: number, text: string, properties: Properties] {
  const reason = to.permanent ? ReasonCode.ServerMoved : ReasonCode.UseAnotherServer;
  return [reason, reasonName(reason), { serverReference: to.serverReference }];
}
