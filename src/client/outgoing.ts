// Messages to the server: those that wait, those in flight, and what becomes of them (MQTT 5 sections 4.3, 4.4,
// 4.9). What was promised is sent until the server has acknowledged it, over as many connections as that takes.
import { PacketType, type Properties, ReasonCode } from '../protocol/index.js';
import { unlessAborted, whileWaiting } from './abort.js';
import type { Connection } from './connection.js';
import { ClientError, reasonText } from './errors.js';
import { Fifo } from './fifo.js';
import type { Settings } from './options.js';
import type { PacketIdPool } from './packet-id-pool.js';
import type { PublishContent } from './publish-packet.js';
import type { KeptMessage, Progress, SessionRecords } from './session-records.js';

/** What became of a message. */
export interface PublishResult {
  /** 0 with QoS 0. */
  readonly packetId: number;
  /** 0, or 0x10: the server has it, and nobody is subscribed to it (MQTT 5). */
  readonly reason: number;
  readonly properties: Properties;
}

const noProperties: Properties = Object.freeze({});
const sentResult: PublishResult = Object.freeze({ packetId: 0, reason: 0, properties: noProperties });
/** A message of QoS 0 that is on its way costs no promise of its own. */
const sent = Promise.resolve(sentResult);

class Outgoing implements PublishContent {
  progress: Progress = 'queued';
  packetId = 0;
  /** What PUBREC said; PUBCOMP has no reason that says what became of the message. */
  received = 0;
  /** It counts against what the server takes at once, on this connection. */
  isCounted = false;
  resolve: ((result: PublishResult) => void) | null = null;
  reject: ((error: unknown) => void) | null = null;

  constructor(
    readonly name: string,
    readonly topic: Uint8Array,
    readonly payload: Uint8Array,
    readonly qos: number,
    readonly retain: boolean,
    readonly properties: Properties | undefined,
    readonly sequence: number,
  ) {}

  get size(): number {
    return this.topic.length + this.payload.length;
  }
}

export class OutgoingMessages {
  readonly #settings: Settings;
  readonly #ids: PacketIdPool;
  /** Set when the session is kept in a store. */
  records: SessionRecords | null = null;
  #connection: Connection | null = null;
  readonly #queue = new Fifo<Outgoing>();
  #queuedBytes = 0;
  #queuedQos0 = 0;
  /** By packet identifier, in the order in which they were sent first. */
  readonly #inflight = new Map<number, Outgoing>();
  /** Of those, what has to be sent again on this connection. */
  #resend: Outgoing[] = [];
  /** How many count against the server's receive maximum. */
  #counted = 0;
  #sequence = 0;
  #idle: (() => void)[] = [];

  constructor(settings: Settings, ids: PacketIdPool) {
    this.#settings = settings;
    this.#ids = ids;
  }

  /** Messages that wait for a connection, or for room in flight. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Messages that were sent and not acknowledged. */
  get inflight(): number {
    return this.#inflight.size;
  }

  /** Takes over what an earlier run of the program has left. */
  restore(kept: readonly KeptMessage[], encode: (topic: string) => Uint8Array): void {
    for (const { sequence, progress, packetId, packet } of kept) {
      const { topic, payload, qos, retain, properties } = packet;
      const message = new Outgoing(topic, encode(topic), payload, qos, retain, properties, sequence);
      this.#sequence = sequence;
      if (progress === 'queued') this.#enqueue(message);
      else {
        message.progress = progress;
        message.packetId = packetId;
        this.#ids.reserve(packetId);
        this.#inflight.set(packetId, message);
      }
    }
  }

  /** QoS 0: resolves when it is on its way. QoS 1 and 2: when the server has taken responsibility. */
  publish(
    name: string,
    topic: Uint8Array,
    payload: Uint8Array,
    qos: number,
    retain: boolean,
    properties: Properties | undefined,
    signal: AbortSignal | undefined,
  ): Promise<PublishResult> {
    const message = new Outgoing(name, topic, payload, qos, retain, properties, ++this.#sequence);
    const connection = this.#connection;
    const objection = connection?.objection(message) ?? null;
    if (objection !== null) return Promise.reject(objection);
    if (connection !== null && qos === 0) return this.#sendAtOnce(connection, message, signal);
    if (qos === 0 && !this.#settings.queue.qos0)
      return Promise.reject(new ClientError('lost', 'not connected, and messages of QoS 0 do not wait'));
    const goesAtOnce = connection !== null && this.queued === 0 && this.#hasRoom(connection);
    if (!goesAtOnce && this.#isFull(message.size)) return Promise.reject(this.#full());
    return new Promise((resolve, reject) => {
      message.resolve = resolve;
      message.reject = reject;
      if (qos > 0) this.records?.message(message.sequence, name, message);
      if (signal !== undefined) this.#watch(message, signal);
      if (connection !== null && this.queued === 0 && this.#hasRoom(connection))
        this.#send(connection, message);
      else this.#enqueue(message);
    });
  }

  #sendAtOnce(
    connection: Connection,
    message: Outgoing,
    signal: AbortSignal | undefined,
  ): Promise<PublishResult> {
    const { output } = connection;
    if (output.pending + message.size > this.#settings.queue.maxBytes) return Promise.reject(this.#full());
    const isReferenced = connection.publish(message, message.name, 0, false);
    if (!isReferenced && !output.isBusy) return sent;
    const left = output.drained().then(() => sentResult);
    return signal === undefined ? left : unlessAborted(left, signal);
  }

  #full(): ClientError {
    const { maxMessages, maxBytes } = this.#settings.queue;
    return new ClientError(
      'queue-full',
      `more waits to be sent than the limits allow (queue.maxMessages ${maxMessages}, queue.maxBytes ${maxBytes})`,
    );
  }

  #isFull(size: number): boolean {
    const { maxMessages, maxBytes } = this.#settings.queue;
    return this.queued >= maxMessages || this.#queuedBytes + size > maxBytes;
  }

  /** An abort takes back what has not been sent; what has been goes on, unheard. */
  #watch(message: Outgoing, signal: AbortSignal): void {
    const abort = (): void => {
      message.reject?.(signal.reason);
      message.resolve = null;
      message.reject = null;
      if (message.progress !== 'queued') return;
      if (!this.#queue.remove(message)) return;
      this.#unqueued(message);
      if (message.qos > 0) this.records?.done(message.sequence);
      this.#noteIdle();
    };
    if (signal.aborted) return queueMicrotask(abort);
    whileWaiting(message, signal, abort);
  }

  #enqueue(message: Outgoing): void {
    this.#queue.push(message);
    this.#queuedBytes += message.size;
    if (message.qos === 0) this.#queuedQos0++;
  }

  /** A message has left the queue. */
  #unqueued(message: Outgoing): void {
    this.#queuedBytes -= message.size;
    if (message.qos === 0) this.#queuedQos0--;
  }

  #hasRoom(connection: Connection): boolean {
    const window = Math.min(this.#settings.maxInflight, connection.limits.receiveMaximum);
    return this.#counted < window && this.#resend.length === 0 && !this.#ids.isExhausted;
  }

  #send(connection: Connection, message: Outgoing): void {
    message.packetId = this.#ids.take();
    message.progress = 'sent';
    this.#inflight.set(message.packetId, message);
    this.records?.progress(message.sequence, 'sent', message.packetId);
    this.#count(message);
    connection.publish(message, message.name, message.packetId, false);
  }

  #count(message: Outgoing): void {
    message.isCounted = true;
    this.#counted++;
  }

  /** A connection is there: what was in flight is sent again in its order (MQTT 5 section 4.4), then what waits. */
  opened(connection: Connection, sessionPresent: boolean): void {
    this.#connection = connection;
    this.#counted = 0;
    if (!sessionPresent) this.#startOver();
    this.#resend = [...this.#inflight.values()];
    for (const message of this.#resend) message.isCounted = false;
    this.#pump();
  }

  /** The server has forgotten the session: what it does not have yet is sent as new. */
  #startOver(): void {
    const again: Outgoing[] = [];
    for (const message of [...this.#inflight.values()]) {
      if (message.progress === 'released') {
        this.#finish(message, 0, undefined);
        continue;
      }
      this.#ids.free(message.packetId);
      this.#inflight.delete(message.packetId);
      message.progress = 'queued';
      message.packetId = 0;
      this.#queuedBytes += message.size;
      this.records?.progress(message.sequence, 'queued', 0);
      again.push(message);
    }
    this.#queue.unshift(again);
  }

  lost(): void {
    this.#connection = null;
  }

  /** Sends as much as there is room for. */
  #pump(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#sendAgain(connection);
    for (let next = this.#queue.first; next !== undefined; next = this.#queue.first) {
      if (next.qos > 0 && !this.#hasRoom(connection)) {
        this.#sendQos0(connection);
        break;
      }
      this.#queue.shift();
      this.#sendQueued(connection, next);
    }
    this.#noteIdle();
  }

  #sendQueued(connection: Connection, message: Outgoing): void {
    this.#unqueued(message);
    const objection = connection.objection(message);
    if (objection !== null) this.#drop(message, objection);
    else if (message.qos > 0) this.#send(connection, message);
    else {
      connection.publish(message, message.name, 0, false);
      message.resolve?.(sentResult);
    }
  }

  /** What is in flight holds no message of QoS 0 up, or later ones would overtake it. */
  #sendQos0(connection: Connection): void {
    if (this.#queuedQos0 === 0) return;
    const all = this.#queue.toArray();
    this.#queue.clear();
    this.#queue.unshift(all.filter(({ qos }) => qos > 0));
    for (const message of all) if (message.qos === 0) this.#sendQueued(connection, message);
  }

  #noteIdle(): void {
    if (this.queued === 0 && this.#inflight.size === 0) this.#becameIdle();
  }

  #sendAgain(connection: Connection): void {
    const window = Math.min(this.#settings.maxInflight, connection.limits.receiveMaximum);
    let at = 0;
    for (; at < this.#resend.length; at++) {
      const message = this.#resend[at]!;
      if (this.#inflight.get(message.packetId) !== message) continue;
      if (message.progress === 'released') connection.acknowledge(PacketType.PUBREL, message.packetId);
      else if (this.#counted >= window) break;
      else {
        this.#count(message);
        connection.publish(message, message.name, message.packetId, true);
      }
    }
    this.#resend = this.#resend.slice(at);
  }

  #drop(message: Outgoing, error: ClientError): void {
    if (message.qos > 0) this.records?.done(message.sequence);
    message.reject?.(error);
  }

  /** PUBACK, PUBREC or PUBCOMP. */
  acknowledged(type: number, packetId: number, reason: number, properties: Properties | undefined): void {
    const message = this.#inflight.get(packetId);
    if (type === PacketType.PUBREC) return this.#received(message, packetId, reason, properties);
    const qos = type === PacketType.PUBACK ? 1 : 2;
    if (message === undefined || message.qos !== qos) return;
    this.#finish(message, type === PacketType.PUBCOMP ? message.received : reason, properties);
    this.#pump();
  }

  #received(
    message: Outgoing | undefined,
    packetId: number,
    reason: number,
    properties: Properties | undefined,
  ): void {
    if (message !== undefined && message.qos === 2 && reason >= 0x80) {
      this.#finish(message, reason, properties);
      return this.#pump();
    }
    if (reason >= 0x80) return;
    const isKnown = message !== undefined && message.qos === 2;
    if (isKnown && message.progress === 'sent') {
      message.progress = 'released';
      message.received = reason;
      this.records?.progress(message.sequence, 'released', packetId);
    }
    this.#connection?.acknowledge(
      PacketType.PUBREL,
      packetId,
      isKnown ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound,
    );
  }

  #finish(message: Outgoing, reason: number, properties: Properties | undefined): void {
    this.#inflight.delete(message.packetId);
    this.#ids.free(message.packetId);
    if (message.isCounted) this.#counted--;
    this.records?.done(message.sequence);
    if (reason < 0x80)
      message.resolve?.({ packetId: message.packetId, reason, properties: properties ?? noProperties });
    else {
      const text = `the server refused a message to ${message.name}: ${reasonText(reason, properties)}`;
      message.reject?.(new ClientError('rejected', text, { reason, properties, packetId: message.packetId }));
    }
  }

  #becameIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when everything that was published has been sent and acknowledged. */
  idle(): Promise<void> {
    if (this.queued === 0 && this.#inflight.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Nothing will be sent any more. With a store, what was not acknowledged stays there. */
  end(error: ClientError): void {
    const left = [...this.#inflight.values(), ...this.#queue.toArray()];
    this.#inflight.clear();
    this.#queue.clear();
    this.#queuedBytes = 0;
    this.#queuedQos0 = 0;
    for (const message of left) message.reject?.(error);
    this.#becameIdle();
  }
}
