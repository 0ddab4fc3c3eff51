// Retained messages: the last one of each topic (MQTT 5 section 3.3.1.3), and the slow reading of them by a new
// subscription, which takes no more at once than the subscriber's connection can carry.
import type { Connection } from './connection.js';
import type { Engine } from './engine.js';
import { type Message, Slab } from './message.js';
import type { Subscription } from './subscriptions.js';
import { Timer } from './timers.js';
import { TopicTree } from './topic-tree.js';

/** One retained message; the timer is that of its expiry. */
class Entry extends Timer {
  constructor(
    readonly message: Message,
    readonly retained: Retained,
  ) {
    super();
  }

  override fire(): void {
    this.retained.expire(this);
  }
}

export class Retained {
  readonly #tree = new TopicTree<Entry>();
  /** Retained messages share memory with each other only: what passes by would be held as long as they are. */
  readonly #slab = new Slab();
  /** How many nodes were looked at for filters so far. */
  visited = 0;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get size(): number {
    return this.#tree.size;
  }

  get(topic: string): Message | undefined {
    return this.#tree.get(topic)?.message;
  }

  /** Whether a message may be retained under the limits; one that replaces another of its topic always may. */
  hasRoomFor(message: Message): boolean {
    const { maxRetainedMessages, maxRetainedBytes } = this.#engine.options;
    const { retainedBytes } = this.#engine.metrics;
    if (maxRetainedMessages === 0 && maxRetainedBytes === 0) return true;
    if (message.end === message.payloadStart) return true;
    const before = this.#tree.get(message.topic.text)?.message.size;
    if (maxRetainedBytes > 0 && retainedBytes - (before ?? 0) + message.size > maxRetainedBytes) return false;
    return maxRetainedMessages === 0 || before !== undefined || this.#tree.size < maxRetainedMessages;
  }

  /** Keeps a message as that of its topic; one without payload clears it [MQTT-3.3.1-5] [MQTT-3.3.1-6]. */
  set(message: Message): void {
    const topic = message.topic.text;
    // [MQTT-3.3.1-7]
    if (message.end === message.payloadStart) {
      this.#forget(this.#tree.delete(topic));
      this.#engine.records?.deleteRetained(topic);
      return;
    }
    // a large packet that is its own already is not copied again
    const kept =
      message.owned && !message.isKept ? message.keep(this.#engine.slab) : message.keepIn(this.#slab);
    this.restore(kept);
    // what the broker says about itself is not true after its end
    if (!message.topic.isReserved) this.#engine.records?.putRetained(kept);
  }

  /** The same for a message that comes from the store. */
  restore(message: Message): void {
    const { metrics, timers } = this.#engine;
    message.isRetained = true;
    const entry = new Entry(message, this);
    this.#forget(this.#tree.set(message.topic.text, entry));
    metrics.retainedBytes += message.size;
    metrics.retainedPayloadBytes += message.payloadSize;
    metrics.retainedCurrent = this.#tree.size;
    if (message.expiresAt !== Number.POSITIVE_INFINITY)
      timers.start(entry, message.expiresAt - this.#engine.now());
  }

  #forget(entry: Entry | undefined): void {
    if (entry === undefined) return;
    entry.message.isRetained = false;
    const { metrics, timers } = this.#engine;
    timers.stop(entry);
    metrics.retainedBytes -= entry.message.size;
    metrics.retainedPayloadBytes -= entry.message.payloadSize;
    metrics.retainedCurrent = this.#tree.size;
  }

  /** For the timer of an entry. */
  expire(entry: Entry): void {
    const now = this.#engine.now();
    if (entry.message.expiresAt > now) {
      this.#engine.timers.start(entry, entry.message.expiresAt - now);
      return;
    }
    this.#forget(this.#tree.delete(entry.message.topic.text));
    this.#engine.records?.deleteRetained(entry.message.topic.text);
  }

  /** All that a filter matches, as they are now [MQTT3-3.3.1-6]. */
  matching(filter: string): Message[] {
    const found: Message[] = [];
    const left = this.#tree.match(filter, (entry) => found.push(entry.message), Number.MAX_SAFE_INTEGER);
    this.visited += 1 + Number.MAX_SAFE_INTEGER - left;
    return found;
  }

  /** Whether a message is still that of its topic. */
  isCurrent(message: Message): boolean {
    return message.isRetained;
  }
}

/** Nodes that are looked at for one connection before others have their turn. */
const VISITS_EACH = 20_000;

/** The retained messages that one subscription is to be sent; looked up when its turn comes. */
interface Part {
  readonly subscription: Subscription;
  messages: Message[] | null;
  next: number;
  /** The topic of the last one that was sent by an earlier connection. */
  sentUpTo: string | null;
}

/** Retained messages on their way to a session, for the subscriptions that asked for them. */
export class RetainedCursor {
  readonly #engine: Engine;
  readonly #parts = new Map<Subscription, Part>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A subscription that waits already waits from now on behind the others. */
  add(subscriptions: readonly Subscription[]): void {
    for (const subscription of subscriptions) {
      this.#parts.delete(subscription);
      this.#parts.set(subscription, { subscription, messages: null, next: 0, sentUpTo: null });
    }
  }

  /** Sends as many as the connection, and the others who wait, can bear now. Returns whether that was all. */
  pump(connection: Connection): boolean {
    const { retained, turn } = this.#engine;
    const visited = retained.visited;
    for (const part of this.#parts.values()) {
      if (retained.visited - visited > VISITS_EACH) {
        turn.pump(connection);
        return false;
      }
      if (!this.#pumpPart(connection, part)) return false;
      this.#parts.delete(part.subscription);
    }
    return true;
  }

  #messages(part: Part): Message[] {
    const { session, text, node } = part.subscription;
    // it may have unsubscribed meanwhile
    if (session.subscriptions.get(text) !== part.subscription) return [];
    if (part.messages === null) {
      part.messages = this.#engine.retained.matching(node.filter);
      part.next = part.messages.findIndex((message) => message.topic.text === part.sentUpTo) + 1;
    }
    return part.messages;
  }

  /** The client has gone: the list is made again for the next connection, and goes on behind what was sent. */
  detach(): void {
    const [part] = this.#parts.values();
    if (part === undefined || part.messages === null) return;
    part.sentUpTo = part.messages[part.next - 1]?.topic.text ?? null;
    part.messages = null;
  }

  #pumpPart(connection: Connection, part: Part): boolean {
    const now = this.#engine.now();
    const messages = this.#messages(part);
    for (; part.next < messages.length; part.next++) {
      const message = messages[part.next]!;
      // the one that replaced it was delivered as it came
      if (message.expiresAt <= now || !this.#engine.retained.isCurrent(message)) continue;
      if (!this.#send(connection, message, part.subscription)) return false;
    }
    return true;
  }

  /** Returns false when the connection cannot take it now. */
  #send(connection: Connection, message: Message, subscription: Subscription): boolean {
    const { session, identifiers } = subscription;
    const qos = Math.min(message.qos, subscription.qos);
    if (connection.output.pending > connection.pauseDeliveriesAt) return false;
    if (qos > 0 && !session.windowOpen(connection)) return false;
    const { hooks, decisions } = this.#engine;
    const asks = hooks.mayRead.length > 0 || hooks.deliver.length > 0;
    if (asks && !decisions.allowsDelivery(connection, message, qos, true)) return true;
    // [MQTT3-3.3.1-8]
    if (qos === 0) connection.sendQoS0(message, true, identifiers);
    else session.sendNow(connection, message, qos, true, identifiers, null);
    return true;
  }
}
