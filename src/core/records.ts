// What MQTT's state looks like in a store, and when it gets there: changes of a turn are gathered, committed
// together, and only then acknowledged. A change that is undone before its commit never reaches the store.
import { PacketType, Reader, readPublish, Writer } from '../protocol/index.js';
import type { Connection } from './connection.js';
import { Delivery } from './delivery.js';
import type { Engine } from './engine.js';
import { Awaiting } from './inflight.js';
import { Message } from './message.js';
import type { Session } from './session.js';
import type { Store, StoreOperation } from './store.js';
import type { Subscription } from './subscriptions.js';

/**
 * Keys: a letter for the kind, then what it belongs to. U+0000 ends a client id or a topic, which cannot
 * contain it, so that a prefix is never that of another.
 *   s{client}            session: expiry interval, time it was left
 *   u{client}\0{filter}  subscription
 *   d{client}\0{order}   delivery: identifier, state, message key
 *   i{client}\0{id}      QoS 2 identifier received
 *   m{number}            message: expiry time, publisher, packet
 *   r{topic}             retained message
 */
const PREFIXES = {
  session: 's',
  subscription: 'u',
  delivery: 'd',
  received: 'i',
  message: 'm',
  retained: 'r',
} as const;
const NOTHING = new Uint8Array(0);

function ordered(value: number): string {
  return value.toString(36).padStart(11, '0');
}

/** The first key after all that begin with a letter. */
function following(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1);
}

function partitionOf(text: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return (hash >>> 0) % partitions;
}

interface HeldAcknowledgement {
  readonly connection: Connection;
  readonly type: number;
  readonly packetId: number;
  readonly reason: number;
}

/** Changes that are committed together, and what follows when they are safe. */
class Group {
  readonly operations = new Map<string, StoreOperation>();
  /** Keys whose first record is among these operations: the store has never seen them. */
  readonly fresh = new Set<string>();
  held: HeldAcknowledgement[] = [];
  waiting: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.operations.size === 0 && this.held.length === 0 && this.waiting.length === 0;
  }
}

const RETRY_MS = 1000;

export class Records {
  readonly #engine: Engine;
  readonly #store: Store;
  #gathering = new Group();
  #committing: Group | null = null;
  #nextMessage = 1;
  /** A commit failed, and the time to try again has not come. */
  #isResting = false;
  #cancelRetry: (() => void) | null = null;
  #isStopped = false;

  constructor(engine: Engine, store: Store) {
    this.#engine = engine;
    this.#store = store;
  }

  // ---- group commit ----

  /** Whether something was changed that the store does not have yet. */
  get isUnsafe(): boolean {
    return !this.#gathering.isEmpty || this.#committing !== null;
  }

  /** Sends an acknowledgement when everything up to now is safe. */
  hold(connection: Connection, type: number, packetId: number, reason: number): void {
    this.#gathering.held.push({ connection, type, packetId, reason });
  }

  /** Runs when everything up to now is safe. */
  whenSafe(run: () => void): void {
    if (this.isUnsafe) {
      this.#gathering.waiting.push(run);
      this.#engine.turn.request();
    } else run();
  }

  /** At the end of a turn: commits what was gathered, unless a commit is under way; then it goes with the next. */
  flush(): void {
    if (this.#isStopped || this.#committing !== null || this.#gathering.isEmpty) return;
    if (this.#isResting) return;
    const group = this.#gathering;
    this.#gathering = new Group();
    this.#committing = group;
    if (group.operations.size === 0) return this.#safe(group);
    this.#engine.metrics.storeCommits++;
    let promise: Promise<void> | undefined;
    try {
      promise = this.#store.commit([...group.operations.values()]);
    } catch (error) {
      return this.#failed(group, error);
    }
    if (promise === undefined) return this.#safe(group);
    promise.then(
      () => this.#safe(group),
      (error) => this.#failed(group, error),
    );
  }

  #safe(group: Group): void {
    this.#committing = null;
    for (const { connection, type, packetId, reason } of group.held) {
      connection.release(type, packetId, reason);
    }
    for (const run of group.waiting) this.#run(run);
    if (!this.#gathering.isEmpty) this.#engine.turn.request();
  }

  /** One that fails does not take the others along. */
  #run(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#engine.log(
        'error',
        `internal error after a commit: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
  }

  /** Nothing is acknowledged; the changes are tried again, since memory has them. */
  #failed(group: Group, error: unknown): void {
    const engine = this.#engine;
    this.#committing = null;
    engine.metrics.storeFailures++;
    engine.log(
      'error',
      `the store failed, nothing is acknowledged until it works: ${error instanceof Error ? error.message : String(error)}`,
    );
    for (const [key, operation] of group.operations) {
      if (!this.#gathering.operations.has(key)) this.#gathering.operations.set(key, operation);
      if (group.fresh.has(key)) this.#gathering.fresh.add(key);
    }
    this.#gathering.held = group.held.concat(this.#gathering.held);
    this.#gathering.waiting = group.waiting.concat(this.#gathering.waiting);
    if (this.#isStopped) return;
    this.#isResting = true;
    this.#cancelRetry = engine.after(RETRY_MS, () => {
      this.#isResting = false;
      engine.turn.request();
    });
  }

  /** The store is about to be closed: nothing more goes there. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
  }

  /** Resolves when everything is in the store. */
  async settle(): Promise<void> {
    this.flush();
    if (this.isUnsafe) await new Promise<void>((resolve) => this.#gathering.waiting.push(resolve));
  }

  #put(partition: number, key: string, value: Uint8Array | null, isNew = false): void {
    const { operations, fresh } = this.#gathering;
    const at = `${partition}/${key}`;
    if (isNew) fresh.add(at);
    operations.set(at, { partition, key, value });
    this.#engine.turn.request();
  }

  /** Removes a record. One whose first put is still being gathered needs no delete. */
  #remove(partition: number, key: string): void {
    const { fresh, operations } = this.#gathering;
    const at = `${partition}/${key}`;
    if (fresh.delete(at)) operations.delete(at);
    else this.#put(partition, key, null);
  }

  // ---- what is recorded ----

  #partition(text: string): number {
    return partitionOf(text, this.#store.partitions);
  }

  putSession(session: Session): void {
    const value = new Writer(16);
    value.uint32(session.expiryInterval);
    writeTime(value, session.connection === null ? this.#engine.wallClock() : 0);
    this.#put(this.#partition(session.clientId), PREFIXES.session + session.clientId, value.bytes());
  }

  deleteSession(session: Session): void {
    const partition = this.#partition(session.clientId);
    this.#put(partition, PREFIXES.session + session.clientId, null);
    for (const packetId of session.received ?? []) this.deleteReceived(session, packetId);
  }

  putSubscription(subscription: Subscription): void {
    const { session, text } = subscription;
    const value = new Writer(8);
    value.byte(subscription.qos | (subscription.noLocal ? 4 : 0) | (subscription.retainAsPublished ? 8 : 0));
    value.uint32(subscription.identifiers?.[0] ?? 0);
    this.#put(
      this.#partition(session.clientId),
      `${PREFIXES.subscription}${session.clientId}\0${text}`,
      value.bytes(),
    );
  }

  deleteSubscription(session: Session, text: string): void {
    this.#put(
      this.#partition(session.clientId),
      `${PREFIXES.subscription}${session.clientId}\0${text}`,
      null,
    );
  }

  /** `id` and `state`: what is awaited for it, or 0 and nothing while it is queued. */
  putDelivery(session: Session, delivery: Delivery, id: number, state: number): void {
    const partition = this.#partition(session.clientId);
    const isNew = delivery.sequence === 0;
    if (isNew) delivery.sequence = session.sequence++;
    const value = new Writer(32);
    value.uint16(id);
    value.byte(state);
    value.byte(delivery.qos | (delivery.retain ? 4 : 0));
    value.string(this.#place(delivery.message, partition, isNew));
    value.string(delivery.group === null ? '' : delivery.group.name);
    value.string(delivery.group === null ? '' : delivery.group.node.filter);
    value.uint16(delivery.identifiers?.length ?? 0);
    for (const identifier of delivery.identifiers ?? []) value.uint32(identifier);
    this.#put(
      partition,
      `${PREFIXES.delivery}${session.clientId}\0${ordered(delivery.sequence)}`,
      value.bytes(),
      isNew,
    );
  }

  deleteDelivery(session: Session, delivery: Delivery): void {
    if (delivery.sequence === 0) return;
    const partition = this.#partition(session.clientId);
    this.#remove(partition, `${PREFIXES.delivery}${session.clientId}\0${ordered(delivery.sequence)}`);
    delivery.sequence = 0;
    const place = delivery.message.places?.find((candidate) => candidate.partition === partition);
    if (place === undefined || --place.references > 0) return;
    delivery.message.places = delivery.message.places!.filter((candidate) => candidate !== place);
    this.#remove(partition, place.key);
  }

  /** The key of a message's record in a partition, written when the first delivery needs it. */
  #place(message: Message, partition: number, isNew: boolean): string {
    message.places ??= [];
    let place = message.places.find((candidate) => candidate.partition === partition);
    if (place === undefined) {
      place = { partition, key: PREFIXES.message + ordered(this.#nextMessage++), references: 0 };
      message.places.push(place);
      this.#put(partition, place.key, this.#encode(message), true);
    }
    if (isNew) place.references++;
    return place.key;
  }

  /** Times are stored on the clock of the wall: a later process has another clock of its own. */
  #encode(message: Message): Uint8Array {
    const expires = message.expiresAt !== Number.POSITIVE_INFINITY;
    return encodeMessage(
      message,
      expires ? message.expiresAt - this.#engine.now() + this.#engine.wallClock() : 0,
    );
  }

  putReceived(session: Session, packetId: number): void {
    this.#put(
      this.#partition(session.clientId),
      `${PREFIXES.received}${session.clientId}\0${ordered(packetId)}`,
      NOTHING,
    );
  }

  deleteReceived(session: Session, packetId: number): void {
    this.#put(
      this.#partition(session.clientId),
      `${PREFIXES.received}${session.clientId}\0${ordered(packetId)}`,
      null,
    );
  }

  putRetained(message: Message): void {
    const topic = message.topic.text;
    this.#put(this.#partition(topic), PREFIXES.retained + topic, this.#encode(message));
  }

  deleteRetained(topic: string): void {
    this.#put(this.#partition(topic), PREFIXES.retained + topic, null);
  }

  // ---- at the start ----

  /** Brings back what the store has. */
  restore(): void {
    for (let partition = 0; partition < this.#store.partitions; partition++) {
      this.#restoreRetained(partition);
      this.#restoreSessions(partition);
    }
  }

  /** Visits all records of a kind. One that cannot be read is passed over: it must not keep the broker from starting. */
  #each(partition: number, letter: string, visit: (key: string, value: Uint8Array) => void): void {
    for (const { key, value } of this.#store.range(partition, letter, following(letter))) {
      try {
        visit(key, value);
      } catch (error) {
        this.#engine.metrics.storeUnreadable++;
        const text = error instanceof Error ? error.message : String(error);
        this.#engine.log(
          'error',
          `record ${JSON.stringify(key)} of the store cannot be read and is left out: ${text}`,
        );
      }
    }
  }

  #restoreRetained(partition: number): void {
    const now = this.#engine.now();
    this.#each(partition, PREFIXES.retained, (key, value) => {
      const message = this.#decodeMessage(value);
      if (message.expiresAt > now) this.#engine.retained.restore(message);
      else this.deleteRetained(key.slice(1));
    });
  }

  #restoreSessions(partition: number): void {
    const messages = new Map<string, Message>();
    this.#each(partition, PREFIXES.message, (key, value) => {
      const number = Number.parseInt(key.slice(1), 36);
      this.#nextMessage = Math.max(this.#nextMessage, number + 1);
      const message = this.#decodeMessage(value);
      message.places = [{ partition, key, references: 0 }];
      messages.set(key, message);
    });
    this.#each(partition, PREFIXES.session, (key, value) => {
      const reader = new Reader(value, 0, value.length);
      this.#engine.sessions.restore(key.slice(1), reader.uint32(), readTime(reader));
    });
    this.#each(partition, PREFIXES.subscription, (key, value) => {
      const end = key.indexOf('\0');
      const reader = new Reader(value, 0, value.length);
      const flags = reader.byte();
      const identifier = reader.uint32();
      const options = {
        qos: flags & 3,
        noLocal: (flags & 4) !== 0,
        retainAsPublished: (flags & 8) !== 0,
        identifier,
      };
      this.#engine.sessions.restoreSubscription(key.slice(1, end), key.slice(end + 1), options);
    });
    this.#each(partition, PREFIXES.received, (key) => {
      const end = key.indexOf('\0');
      this.#engine.sessions.restoreReceived(key.slice(1, end), Number.parseInt(key.slice(end + 1), 36));
    });
    this.#each(partition, PREFIXES.delivery, (key, value) => this.#restoreDelivery(key, value, messages));
    for (const [key, message] of messages)
      if (message.places![0]!.references === 0) this.#put(partition, key, null);
  }

  #restoreDelivery(key: string, value: Uint8Array, messages: Map<string, Message>): void {
    const end = key.indexOf('\0');
    const reader = new Reader(value, 0, value.length);
    const id = reader.uint16();
    const state = reader.byte();
    const flags = reader.byte();
    const message = messages.get(reader.string());
    const session = this.#engine.sessions.get(key.slice(1, end));
    if (message === undefined || session === undefined) return;
    const groupName = reader.string();
    const group = this.#engine.sessions.findGroup(groupName, reader.string());
    const identifiers = Array.from({ length: reader.uint16() }, () => reader.uint32());
    const delivery = new Delivery(
      message,
      flags & 3,
      (flags & 4) !== 0,
      identifiers.length > 0 ? identifiers : null,
      group,
    );
    delivery.sequence = Number.parseInt(key.slice(end + 1), 36);
    session.sequence = Math.max(session.sequence, delivery.sequence + 1);
    message.places![0]!.references++;
    if (state === Awaiting.NOTHING) session.requeue(delivery);
    else session.restoreInflight(id, state, delivery);
  }

  #decodeMessage(value: Uint8Array): Message {
    const reader = new Reader(value, 0, value.length);
    const expiresAt = readTime(reader);
    const publisherId = reader.string();
    const version = reader.byte() as 3 | 4 | 5;
    const start = reader.position;
    reader.byte();
    reader.variableByteInteger();
    const message = new Message();
    readPublish(message, value, start, reader.position, value.length, version);
    message.topic = this.#engine.topics.of(reader.string());
    if (expiresAt !== 0) message.expiresAt = expiresAt - this.#engine.wallClock() + this.#engine.now();
    message.publisherId = publisherId;
    return message.asKept();
  }
}

/** The packet is stored as one that carries its topic, whatever it was received as. */
function encodeMessage(message: Message, expiresAt: number): Uint8Array {
  const packet = message.encodedFor(message.version, message.qos);
  const value = new Writer(64 + packet.size);
  writeTime(value, expiresAt);
  value.string(message.publisherId);
  value.byte(packet.version);
  const at = value.length;
  value.raw(packet.bytes.subarray(packet.start, packet.end));
  const bytes = value.bytes();
  bytes[at] = (PacketType.PUBLISH << 4) | (message.qos << 1) | (message.retain ? 1 : 0);
  return bytes;
}

function writeTime(writer: Writer, ms: number): void {
  writer.uint32(Math.floor(ms / 0x100000000));
  writer.uint32(ms % 0x100000000);
}

function readTime(reader: Reader): number {
  return reader.uint32() * 0x100000000 + reader.uint32();
}
