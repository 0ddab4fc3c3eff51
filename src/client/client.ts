// class Client: what a program does with MQTT. It connects, connects again when a connection is lost, and puts the
// parts together: connection.ts speaks to the server, outgoing.ts and incoming.ts keep what QoS promises,
// subscriptions.ts knows who gets what.
import {
  type ConnackPacket,
  type ConnectPacket,
  encodeProperties,
  encodeRequest,
  encodeUtf8,
  hasControlCharacter,
  isTopicName,
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
  type Publish,
  type QoS,
  ReasonCode,
  Writer,
} from '../protocol/index.js';
import { unlessAborted } from './abort.js';
import { connectPacket } from './connect-packet.js';
import { Connection, type ConnectionOwner, type Direction } from './connection.js';
import { Emitter } from './emitter.js';
import type { EnhancedAuthentication } from './enhanced-authentication.js';
import { asInvalid, ClientError, invalid } from './errors.js';
import { IncomingMessages } from './incoming.js';
import { Message } from './message.js';
import type { MessageStream, MessageStreamOptions } from './message-stream.js';
import {
  type ClientOptions,
  checkQos,
  type MessageOptions,
  type Settings,
  settingsOf,
  type Target,
} from './options.js';
import { OutgoingMessages, type PublishResult } from './outgoing.js';
import { PacketIdPool } from './packet-id-pool.js';
import { reconnectDelay } from './reconnect-delay.js';
import type { RequestOptions, Requests, Responder } from './requests.js';
import type { SessionRecords } from './session-records.js';
import {
  type FilterResult,
  type SubscribeOptions,
  type SubscribeResult,
  Subscribing,
  type SubscribingHost,
} from './subscribing.js';
import type { Receiver } from './subscriptions.js';
import type { Platform, Transport } from './transport.js';

/** What the server said to CONNECT. */
export interface ConnectResult {
  readonly sessionPresent: boolean;
  readonly version: ProtocolVersion;
  readonly clientId: string;
  /** Seconds, as agreed. */
  readonly keepAlive: number;
  readonly properties: Properties;
}

export interface PublishOptions extends MessageOptions {
  signal?: AbortSignal | undefined;
}

export interface DisconnectOptions {
  /** 0 by default; 4 has the server send the will (MQTT 5). */
  reason?: number | undefined;
  properties?: Properties | undefined;
  /** Milliseconds to wait until everything that was published is acknowledged; 10,000 by default, 0 is not at all. */
  timeout?: number | undefined;
}

export interface Disconnection {
  readonly error: ClientError;
  readonly willReconnect: boolean;
}

export interface ClientEvents {
  connect: [result: ConnectResult];
  /** A connection was lost. */
  disconnect: [disconnection: Disconnection];
  /** The next attempt comes in `delay` milliseconds. */
  reconnecting: [attempt: number, delay: number];
  /** Every message, also those that have a receiver of their own. A promise delays the acknowledgement. */
  message: [message: Message];
  /** What went wrong in the background: a failed attempt to connect, a listener that threw. */
  error: [error: Error];
  /** Every packet; for debugging. Its arrays are valid during the call only. */
  packet: [direction: Direction, packet: Packet];
  /** The client is done: nothing more will happen. */
  end: [error: ClientError | undefined];
}

export type ClientState = 'new' | 'connecting' | 'connected' | 'waiting' | 'disconnecting' | 'ended';

const DISCONNECT_PATIENCE = 2000;
/** Milliseconds after which a connection counts as one that lasted. */
const STABLE = 5000;
const noProperties: Properties = Object.freeze({});
/** Properties are encoded into it to see whether they can be. */
const scratch = new Writer();

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

export class Client extends Emitter<ClientEvents> {
  readonly #platform: Platform;
  readonly #settings: Settings;
  #records: SessionRecords | null = null;
  readonly #outgoing: OutgoingMessages;
  readonly #incoming: IncomingMessages;
  readonly #subscribing: Subscribing;
  #requests: Promise<Requests> | null = null;
  readonly #topics = new Map<string, Uint8Array>();
  #state: ClientState = 'new';
  #connection: Connection | null = null;
  #version: ProtocolVersion;
  #clientId: string;
  #responseInformation: string | undefined;
  /** There was a connection, so that there is a session to come back to. */
  #hasSession = false;
  /** Attempts that failed since there was a connection. */
  #failures = 0;
  /** Connections in a row that broke at once. */
  #shortLived = 0;
  #openedAt = 0;
  #target = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cancel: ((error: unknown) => void) | null = null;
  #goodbye: (() => void) | null = null;
  #disconnecting: Promise<void> | null = null;
  /** The store has what was recorded. */
  #closed: Promise<void> = Promise.resolve();
  #first: { resolve(result: ConnectResult): void; reject(error: unknown): void } | null = null;
  /** What the program waits for beside acknowledgements: responses, re-authentication. */
  #awaited = 0;

  /** Throws a ClientError when an option cannot be meant. `connect` begins. */
  constructor(options: ClientOptions, platform: Platform) {
    super();
    this.#platform = platform;
    this.#settings = settingsOf(options, () => platform.randomId());
    this.#version = this.#settings.version;
    this.#clientId = this.#settings.clientId;
    const { cleanStart, store } = this.#settings;
    // without a store an earlier run of the program may have left identifiers with the server that are in use there
    const isBlind = !cleanStart && store === undefined;
    const ids = new PacketIdPool(isBlind ? 1 + Math.floor(Math.random() * 65_000) : 1);
    this.#outgoing = new OutgoingMessages(this.#settings, ids);
    this.#incoming = new IncomingMessages(
      (message, topic) => this.#deliver(message, topic),
      this.#settings.version === 5 ? this.#settings.receiveMaximum : undefined,
    );
    this.#subscribing = new Subscribing(this.#host(), ids);
  }

  get state(): ClientState {
    return this.#state;
  }

  get connected(): boolean {
    return this.#state === 'connected';
  }

  get clientId(): string {
    return this.#clientId;
  }

  /** Of the connection, or of the next one. */
  get version(): ProtocolVersion {
    return this.#version;
  }

  /** What the server wants response topics to begin with, if it was asked for that and said so (MQTT 5). */
  get responseInformation(): string | undefined {
    return this.#responseInformation;
  }

  /** Messages that wait to be sent. */
  get queued(): number {
    return this.#outgoing.queued;
  }

  /** Messages of QoS 1 and 2 that were sent and not acknowledged. */
  get inflight(): number {
    return this.#outgoing.inflight;
  }

  // --- connecting

  /**
   * Connects. Rejects when the first attempt fails (unless `retryFirstConnect`); from then on the client connects
   * again by itself.
   */
  async connect(): Promise<ConnectResult> {
    if (this.#state !== 'new') throw invalid(`connect was called before (state ${this.#state})`);
    const { signal } = this.#settings;
    if (signal?.aborted === true) {
      this.#end(undefined);
      throw signal.reason;
    }
    // what cannot be sent is found out before anybody is asked
    try {
      encodeRequest(this.#connectPacket(), this.#version);
    } catch (error) {
      throw asInvalid(error);
    }
    this.#state = 'connecting';
    signal?.addEventListener('abort', this.#aborted);
    try {
      await this.#restore();
    } catch (error) {
      this.#end(undefined);
      const text = `the session store cannot be opened: ${asError(error).message}`;
      throw new ClientError('store', text, { cause: error });
    }
    signal?.throwIfAborted();
    if ((this.#state as ClientState) !== 'connecting')
      throw new ClientError('ended', 'the client was disconnected');
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      void this.#attempt();
    });
  }

  readonly #aborted = (): void => {
    const cause = this.#settings.signal?.reason;
    this.#end(new ClientError('ended', 'aborted', { cause }));
  };

  /** Takes over what an earlier run of the program has left in the store. */
  async #restore(): Promise<void> {
    const { store } = this.#settings;
    if (store === undefined) return;
    const { SessionRecords } = await import('./session-records.js');
    // what is recorded without a connection, or without anything to send, becomes safe at the end of the turn
    const records = new SessionRecords(store, () => this.#platform.defer(() => void this.#commit()));
    const kept = await records.open(this.#clientId);
    this.#records = records;
    this.#outgoing.records = records;
    this.#incoming.records = records;
    this.#outgoing.restore(kept.messages, (topic) => this.#topicBytes(topic));
    this.#incoming.restore(kept.received);
  }

  async #attempt(): Promise<void> {
    this.#state = 'connecting';
    try {
      const { connection, connack } = await this.#open();
      this.#opened(connection, connack);
    } catch (error) {
      this.#failed(asError(error));
    }
  }

  async #open(): Promise<{ connection: Connection; connack: ConnackPacket }> {
    const { targets, connectTimeout } = this.#settings;
    const target = targets[this.#target++ % targets.length]!;
    const controller = new AbortController();
    let connection: Connection | undefined;
    const cancel = (error: unknown): void => {
      controller.abort(error);
      connection?.destroy(
        error instanceof ClientError ? error : new ClientError('ended', 'aborted', { cause: error }),
      );
    };
    this.#cancel = cancel;
    const timer = setTimeout(
      () => cancel(new ClientError('timeout', `no connection to the server in ${connectTimeout} ms`)),
      connectTimeout,
    );
    try {
      const authentication = await this.#authentication();
      const transport = await this.#dial(target, controller.signal);
      connection = new Connection(
        transport,
        this.#owner(() => connection),
        this.#platform,
        { ...this.#settings, version: this.#version },
        authentication,
      );
      return { connection, connack: await connection.open(this.#connectPacket()) };
    } finally {
      clearTimeout(timer);
      this.#cancel = null;
    }
  }

  async #authentication(): Promise<EnhancedAuthentication | undefined> {
    const { authentication } = this.#settings;
    if (authentication === undefined) return undefined;
    const { EnhancedAuthentication } = await import('./enhanced-authentication.js');
    return new EnhancedAuthentication(authentication);
  }

  /** A stream to the server. One that comes after an abort is closed. */
  async #dial(target: Target, signal: AbortSignal): Promise<Transport> {
    const opening = this.#platform.open(target, signal);
    try {
      return await unlessAborted(opening, signal);
    } catch (error) {
      opening.then(
        (late) => late.destroy(),
        () => {},
      );
      if (error instanceof ClientError || signal.aborted) throw error;
      throw new ClientError('unreachable', `cannot connect: ${asError(error).message}`, { cause: error });
    }
  }

  /** What a connection asks for; one that is no longer ours is not listened to. */
  #owner(self: () => Connection | undefined): ConnectionOwner {
    const client = this;
    return {
      published: (message, topic) => this.#incoming.published(message, topic),
      acknowledged: (type, packetId, reason, properties) => {
        if (type === PacketType.PUBREL) this.#incoming.released(packetId);
        else this.#outgoing.acknowledged(type, packetId, reason, properties);
        this.#balance();
      },
      answered: (packet) => {
        this.#subscribing.answered(packet);
        this.#balance();
      },
      commit: () => this.#commit(),
      closed: (error) => {
        if (self() === this.#connection) this.#lost(error);
      },
      trace: (direction, packet) => this.#tell('packet', direction, packet),
      get isTraced() {
        return client.listenerCount('packet') > 0;
      },
    };
  }

  #commit(): Promise<void> | undefined {
    return this.#records?.commit()?.catch((error: unknown) => {
      const text = `the session store failed: ${asError(error).message}`;
      this.#end(new ClientError('store', text, { cause: error }));
    });
  }

  #connectPacket(): ConnectPacket {
    return connectPacket(this.#settings, this.#version, this.#clientId, this.#hasSession, (content) =>
      this.#payload(content),
    );
  }

  #opened(connection: Connection, connack: ConnackPacket): void {
    const { sessionPresent, properties = noProperties } = connack;
    if ((this.#state as ClientState) === 'ended') return connection.disconnect(0, undefined);
    this.#connection = connection;
    this.#state = 'connected';
    this.#openedAt = performance.now();
    this.#hasSession = true;
    this.#clientId = properties.assignedClientIdentifier ?? this.#clientId;
    this.#responseInformation = properties.responseInformation;
    const keepAlive = properties.serverKeepAlive ?? this.#settings.keepAlive;
    connection.watch(keepAlive);
    const result = {
      sessionPresent,
      version: this.#version,
      clientId: this.#clientId,
      keepAlive,
      properties,
    };
    this.#first?.resolve(result);
    this.#first = null;
    // MQTT 3.1 does not say whether the session is there
    const isKept = sessionPresent || (this.#version === 3 && !this.#settings.cleanStart);
    this.#subscribing.opened(connection, sessionPresent);
    this.#incoming.opened(connection, isKept);
    this.#outgoing.opened(connection, isKept);
    this.#balance();
    this.#tell('connect', result);
  }

  /** An attempt has failed. */
  #failed(error: Error): void {
    if (this.#state === 'ended' || this.#state === 'disconnecting') return;
    const { mayFallBack, retryFirstConnect, reconnect } = this.#settings;
    const reason = error instanceof ClientError ? error.reason : undefined;
    if (mayFallBack && this.#version === 5 && reason === ReasonCode.UnsupportedProtocolVersion) {
      this.#version = 4;
      this.#target--;
      void this.#attempt();
      return;
    }
    const failure = error instanceof ClientError ? error : new ClientError('unreachable', error.message);
    const goesOn = typeof retryFirstConnect === 'function' ? retryFirstConnect(failure) : retryFirstConnect;
    if (this.#first !== null && goesOn !== true) return this.#end(failure);
    this.#tell('error', failure);
    if (reconnect === false || this.#failures + this.#firstAttempt >= reconnect.maxAttempts)
      this.#end(failure);
    else this.#wait(reconnect);
  }

  /** The first attempt of all, which had no delay before it, counts too. */
  get #firstAttempt(): number {
    return this.#hasSession ? 0 : 1;
  }

  #wait(reconnect: Exclude<Settings['reconnect'], false>): void {
    if ((this.#state as ClientState) === 'ended') return;
    this.#state = 'waiting';
    const attempt = ++this.#failures + this.#firstAttempt;
    const delay = reconnectDelay(reconnect, attempt, Math.random());
    this.#timer = setTimeout(() => void this.#attempt(), delay);
    this.#tell('reconnecting', attempt, delay);
  }

  #lost(error: ClientError): void {
    this.#connection = null;
    this.#outgoing.lost();
    this.#incoming.lost();
    this.#subscribing.lost();
    this.#goodbye?.();
    if (this.#state !== 'connected') return;
    const { reconnect } = this.#settings;
    // one that breaks at once, as when two clients take the session from each other, is not a success
    this.#shortLived = performance.now() - this.#openedAt >= STABLE ? 0 : this.#shortLived + 1;
    this.#failures = Math.max(0, this.#shortLived - 1);
    this.#state = 'waiting';
    this.#tell('disconnect', { error, willReconnect: reconnect !== false });
    if (reconnect === false) this.#end(error);
    else this.#wait(reconnect);
  }

  /**
   * Disconnects for good, after what was published has been acknowledged or `timeout` has passed, over another
   * connection if this one is lost. What is not acknowledged then is rejected; with a session store it is sent by the
   * next run of the program.
   */
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    this.#disconnecting ??= this.#disconnect(options);
    return this.#disconnecting;
  }

  async #disconnect({ reason = 0, properties, timeout = 10_000 }: DisconnectOptions): Promise<void> {
    if (this.#state === 'ended') return;
    if (this.#hasSession && timeout > 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeout);
      });
      await Promise.race([this.#outgoing.idle(), late]);
      clearTimeout(timer);
      if ((this.#state as ClientState) === 'ended') return;
    }
    const connection = this.#connection;
    this.#state = 'disconnecting';
    clearTimeout(this.#timer);
    this.#cancel?.(new ClientError('ended', 'the client was disconnected'));
    if (connection !== null) await this.#sayGoodbye(connection, reason, properties);
    this.#end(undefined);
    await this.#closed;
  }

  #sayGoodbye(connection: Connection, reason: number, properties: Properties | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, DISCONNECT_PATIENCE);
      this.#goodbye = () => {
        clearTimeout(timer);
        resolve();
      };
      connection.disconnect(reason, properties);
    });
  }

  /** Closes the connection without a word, as when the power fails: the server sends the will. */
  destroy(): void {
    this.#end(new ClientError('ended', 'the client was destroyed'));
  }

  #end(error: ClientError | undefined): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearTimeout(this.#timer);
    this.#settings.signal?.removeEventListener('abort', this.#aborted);
    const why = error ?? new ClientError('ended', 'the client was disconnected');
    this.#cancel?.(why);
    this.#connection?.destroy(why);
    this.#connection = null;
    this.#first?.reject(error?.code === 'ended' && error.cause !== undefined ? error.cause : why);
    this.#first = null;
    this.#outgoing.end(why);
    this.#subscribing.end(why, error);
    this.#closed = this.#closeStore();
    this.#tell('end', error);
  }

  async #closeStore(): Promise<void> {
    try {
      await this.#records?.close();
    } catch (error) {
      this.#report(error);
    }
  }

  /** Calls the listeners of an event; one that throws is reported and harms nobody else. */
  #tell<Name extends keyof ClientEvents>(name: Name, ...args: ClientEvents[Name]): void {
    for (const listener of this.listenersOf(name)) {
      try {
        listener(...args);
      } catch (error) {
        if (name !== 'error') this.#report(error);
      }
    }
  }

  #report(error: unknown): void {
    this.#tell('error', asError(error));
  }

  /** Authenticates again on the live connection (MQTT 5). */
  async reauthenticate(): Promise<void> {
    if (this.#connection === null) throw new ClientError('lost', 'not connected');
    return this.#whileReading(this.#connection.reauthenticate());
  }

  // --- publishing

  /**
   * Publishes a message. QoS 0: resolves when it is on its way. QoS 1 and 2: when the server has it, however many
   * connections that takes; do not change the payload before that. Rejects when the server refuses it.
   */
  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<PublishResult> {
    const { qos = 0, retain = false, properties, signal } = options ?? {};
    try {
      this.#checkOpen();
      checkQos(qos);
      this.#checkStore(qos);
      signal?.throwIfAborted();
      const bytes = this.#topicBytes(topic);
      const content = this.#payload(payload);
      if (properties !== undefined) encodeProperties(scratch.reset(), properties, PacketType.PUBLISH);
      const result = this.#outgoing.publish(topic, bytes, content, qos, retain, properties, signal);
      if (qos > 0) this.#balance();
      return result;
    } catch (error) {
      return Promise.reject(asInvalid(error));
    }
  }

  #checkOpen(): void {
    if (this.#state === 'ended' || this.#state === 'disconnecting')
      throw new ClientError('ended', 'the client was disconnected');
  }

  /** What the store has must be known first, or it would be overwritten. */
  #checkStore(qos: QoS): void {
    if (qos > 0 && this.#records === null && this.#settings.store !== undefined)
      throw invalid('call connect and wait for its store first: the session is not known yet');
  }

  #payload(payload: string | Uint8Array): Uint8Array {
    if (typeof payload === 'string') return this.#platform.encode(payload);
    if (payload instanceof Uint8Array) return payload;
    throw invalid('a payload is a string or a Uint8Array');
  }

  /** The bytes of a topic, checked once. */
  #topicBytes(topic: string): Uint8Array {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    if (typeof topic !== 'string' || !isTopicName(topic) || hasControlCharacter(topic)) {
      const text = `${JSON.stringify(topic)} is no topic to publish to: empty, with a wildcard or a control character`;
      throw invalid(text);
    }
    const bytes = encodeUtf8(topic);
    if (bytes.length > 65_535) throw invalid('a topic has at most 65535 bytes');
    if (this.#topics.size >= 1000) this.#topics.clear();
    this.#topics.set(topic, bytes);
    return bytes;
  }

  /** Asks a question and waits for the answer (MQTT 5). Rejects when none comes in time, or nobody is there. */
  request(topic: string, payload: string | Uint8Array, options: RequestOptions = {}): Promise<Message> {
    return this.#whileReading(this.#loadRequests().then((requests) => requests.ask(topic, payload, options)));
  }

  /** Answers requests: what `responder` returns is published to the request's response topic. */
  respond(
    filter: string,
    responder: Responder,
    options: SubscribeOptions = { qos: 1 },
  ): Promise<SubscribeResult> {
    return this.subscribe(filter, options, async (message) =>
      (await this.#loadRequests()).answer(message, responder),
    );
  }

  /** The server cannot be held up while an answer of it is waited for. */
  async #whileReading<T>(work: Promise<T>): Promise<T> {
    this.#awaited++;
    this.#balance();
    try {
      return await work;
    } finally {
      this.#awaited--;
      this.#balance();
    }
  }

  #loadRequests(): Promise<Requests> {
    this.#requests ??= import('./requests.js').then(({ Requests }) => new Requests(this));
    return this.#requests;
  }

  // --- subscribing

  /**
   * Subscribes to filters. Messages go to `listener`, if there is one, and to the listeners of `message`. Resolves
   * with what the server granted; rejects when it refused every filter.
   */
  subscribe(
    filter: string | readonly string[],
    options: SubscribeOptions = {},
    listener?: Receiver,
  ): Promise<SubscribeResult> {
    return this.#subscribing.subscribe(filter, options, listener);
  }

  /**
   * Subscribes, and gives the messages as an async iterator. A reader that is slow slows the server down. Leaving the
   * loop ends the subscription. The iteration throws when the server refuses the subscription, or when the client
   * ends with an error.
   */
  messages(
    filter: string | readonly string[],
    options: SubscribeOptions & MessageStreamOptions = {},
  ): MessageStream {
    return this.#subscribing.messages(filter, options);
  }

  /** Ends subscriptions. Resolves with what the server said to each; MQTT 3 says nothing, which counts as 0. */
  unsubscribe(
    filter: string | readonly string[],
    options: { properties?: Properties; signal?: AbortSignal } = {},
  ): Promise<FilterResult[]> {
    return this.#subscribing.unsubscribe(filter, options);
  }

  /** What subscribing needs to know of the client. */
  #host(): SubscribingHost {
    const client = this;
    return {
      get isVersion5() {
        return client.#version === 5;
      },
      get usesIdentifiers() {
        if (client.#version !== 5 || client.#settings.subscriptionIdentifiers === false) return false;
        // without a connection it is not known: Operations leaves them out if the server has none
        return client.#connection?.limits.subscriptionIdentifiers ?? true;
      },
      get isOver() {
        return client.#state === 'ended' || client.#state === 'disconnecting';
      },
      checkOpen: () => this.#checkOpen(),
      balance: () => this.#balance(),
      report: (error) => this.#report(error),
    };
  }

  // --- receiving

  #deliver(publish: Publish, topic: string): Promise<unknown> | undefined {
    const properties = publish.properties ?? noProperties;
    const receivers = this.#subscribing.receivers(topic, properties.subscriptionIdentifier);
    const listeners = this.listenersOf('message');
    if (receivers.length === 0 && listeners.length === 0) return undefined;
    const payload = this.#platform.copy(publish.bytes, publish.payloadStart, publish.end);
    const message = new Message(publish, topic, payload, properties);
    let work: Promise<unknown>[] | null = null;
    for (const receiver of receivers) work = this.#hand(receiver, message, work);
    for (const listener of listeners) work = this.#hand(listener, message, work);
    if (work === null) return undefined;
    return work.length === 1 ? work[0] : Promise.all(work);
  }

  /** Gives a message to one receiver, whose failure is reported and changes nothing else. */
  #hand(receiver: Receiver, message: Message, work: Promise<unknown>[] | null): Promise<unknown>[] | null {
    try {
      const result = receiver(message);
      if (!(result instanceof Promise)) return work;
      const done = result.catch((error: unknown) => this.#report(error));
      if (work === null) return [done];
      work.push(done);
    } catch (error) {
      this.#report(error);
    }
    return work;
  }

  /** Readers that are behind hold the server up, unless the program waits for an answer of it. */
  #balance(): void {
    const connection = this.#connection;
    if (connection === null) return;
    const waits =
      this.#outgoing.inflight + this.#outgoing.queued + this.#subscribing.unanswered + this.#awaited > 0;
    if (this.#subscribing.hasFullStream && !waits) connection.hold();
    else if (connection.isHeld) connection.release();
  }
}
