// What the broker remembers of a client between connections: subscriptions, the messages on their way to it,
// those that wait, and the QoS 2 identifiers that came from it (MQTT 5 section 4.1).
import { hasWildcard, MqttError, PacketIdSet, ReasonCode, topicLevels } from '../protocol/index.js';
import type { Connection } from './connection.js';
import { Delivery, DeliveryQueue } from './delivery.js';
import type { Engine } from './engine.js';
import { Awaiting, Inflight } from './inflight.js';
import type { Message } from './message.js';
import type { RetainedCursor } from './retained.js';
import { sendPublish } from './sending.js';
import type { ShareGroup, Subscription } from './subscriptions.js';
import { Timer } from './timers.js';
import type { PendingWill } from './wills.js';

/** A session expiry interval that never ends (MQTT 5 section 3.1.2.11.2). */
export const NEVER_EXPIRES = 0xffffffff;

const NO_SUBSCRIPTIONS: Map<string, Subscription> = new Map();

/** For each subscription that a client may have, its filters with wildcards may have this many levels. */
const LEVELS_EACH = 3;

/** How many QoS 1 and 2 deliveries may be under way at once, when no option limits them: the identifiers. */
const ALL_IDENTIFIERS = 65_534;

/** The timer is that of the expiry of the session, once its client is gone. */
export class Session extends Timer {
  readonly engine: Engine;
  readonly clientId: string;
  /** null while the client is away. */
  connection: Connection | null = null;
  /** Seconds that it outlives its connection. */
  expiryInterval = 0;
  /** Texts of the filters to subscriptions. Shared and empty until there is one. */
  subscriptions: Map<string, Subscription> = NO_SUBSCRIPTIONS;
  /** Levels that its filters with wildcards have together. */
  levels = 0;
  readonly inflight = new Inflight();
  queue: DeliveryQueue | null = null;
  /** Retained messages that a new subscription is still to be sent. */
  retained: RetainedCursor | null = null;
  /** Identifiers in flight that this connection has to send again, in order. */
  resend: number[] | null = null;
  /** QoS 2 identifiers from the client that wait for their PUBREL. */
  received: PacketIdSet | null = null;
  will: PendingWill | null = null;
  /** Takes messages in the program itself, instead of a connection. */
  receiver: ((message: Message, subscription: Subscription, qos: number, retain: boolean) => void) | null =
    null;
  /** Whether it can take messages at once: its client is connected. */
  isPresent = false;
  /** Whether its state goes to the store. */
  stored = false;
  /** The next place in the order of its deliveries in the store. */
  sequence = 1;

  constructor(engine: Engine, clientId: string) {
    super();
    this.engine = engine;
    this.clientId = clientId;
  }

  /** Whether it may have one more subscription. Filters of many levels with wildcards count for several. */
  hasRoomFor(filter: string): boolean {
    const { maxSubscriptions } = this.engine.options;
    if (maxSubscriptions === 0) return true;
    if (this.subscriptions.size >= maxSubscriptions) return false;
    return !hasWildcard(filter) || this.levels + topicLevels(filter) <= maxSubscriptions * LEVELS_EACH;
  }

  addSubscription(subscription: Subscription): void {
    if (hasWildcard(subscription.node.filter)) this.levels += topicLevels(subscription.node.filter);
    if (this.subscriptions === NO_SUBSCRIPTIONS) this.subscriptions = new Map();
    this.subscriptions.set(subscription.text, subscription);
  }

  removeSubscription({ text, node }: Subscription): void {
    if (hasWildcard(node.filter)) this.levels -= topicLevels(node.filter);
    this.subscriptions.delete(text);
  }

  /** Whether it outlives its connection. */
  get isPersistent(): boolean {
    return this.expiryInterval > 0;
  }

  /** How many messages wait. */
  get queued(): number {
    return this.queue === null ? 0 : this.queue.length;
  }

  /** Expired: no connection came back in time [MQTT-3.1.2-23]. */
  override fire(): void {
    if (this.connection === null) this.engine.sessions.expire(this);
  }

  /** Whether the queue has room for one more. */
  get #mayQueue(): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.engine.options;
    const queue = this.queue;
    if (queue === null) return true;
    if (maxQueuedMessages > 0 && queue.length >= maxQueuedMessages) return false;
    return maxQueuedBytes === 0 || queue.bytes < maxQueuedBytes;
  }

  /** Whether the window to the client is open: quota left, and the connection not behind. */
  windowOpen(connection: Connection): boolean {
    // only deliveries ask: other packets go all the same [MQTT-3.3.4-10] [MQTT-4.9.0-3]
    if (!connection.isConnected) return false;
    if (this.inflight.unacknowledged >= connection.sendQuota || this.inflight.size >= ALL_IDENTIFIERS)
      return false;
    if (connection.output.pending > connection.pauseDeliveriesAt) return false;
    const limit = this.engine.options.maxInflightBytes;
    return limit === 0 || this.inflight.bytes < limit;
  }

  /** A message for one subscription. The message may be borrowed; what must wait is kept. */
  deliver(message: Message, subscription: Subscription): void {
    const { engine } = this;
    const { options } = engine;
    // the lower of the two, unless the option says otherwise [MQTT-3.8.4-8] [MQTT-4.8.2-3]
    const qos = options.upgradeOutgoingQos
      ? subscription.qos
      : message.qos < subscription.qos
        ? message.qos
        : subscription.qos;
    const connection = this.connection;
    // [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT3-3.3.1-9]
    const retain = message.retain && (subscription.retainAsPublished || (connection?.isBridge ?? false));
    if (connection === null) {
      this.#deliverOffline(message, subscription, qos, retain);
      return;
    }
    if (qos === 0) {
      if (this.#isAllowed(connection, message, 0, retain))
        connection.sendQoS0(message, retain, subscription.identifiers);
      return;
    }
    // behind what waits already, older retained messages included [MQTT-4.6.0-5] [MQTT-4.6.0-6]
    const isOpen = this.windowOpen(connection);
    if (this.hasWaiting || !isOpen) {
      this.#enqueue(message, subscription, qos, retain);
      if (isOpen) engine.turn.pump(connection);
      return;
    }
    if (!this.#isAllowed(connection, message, qos, retain)) return;
    this.sendNow(connection, message, qos, retain, subscription.identifiers, subscription.group);
  }

  /** Sends a message of QoS 1 or 2 at once; the window is open. */
  sendNow(
    connection: Connection,
    message: Message,
    qos: number,
    retain: boolean,
    identifiers: readonly number[] | null,
    group: ShareGroup | null,
  ): void {
    const { options, slab } = this.engine;
    if (this.expiryInterval > 0 || group !== null || options.maxInflightBytes > 0) {
      this.send(connection, new Delivery(message.keep(slab), qos, retain, identifiers, group));
      return;
    }
    // nobody will ask for it again: it need not be kept
    const id = this.inflight.add(qos === 1 ? Awaiting.PUBACK : Awaiting.PUBREC, null);
    if (!sendPublish(connection, message, qos, retain, false, id, identifiers)) this.inflight.remove(id);
  }

  /** Whether plugins let a message go to this client; asked when it is about to be sent. */
  #isAllowed(connection: Connection, message: Message, qos: number, retain: boolean): boolean {
    const { hooks, decisions } = this.engine;
    const asks = hooks.mayRead.length > 0 || hooks.deliver.length > 0;
    return !asks || decisions.allowsDelivery(connection, message, qos, retain);
  }

  #deliverOffline(message: Message, subscription: Subscription, qos: number, retain: boolean): void {
    if (this.receiver !== null) {
      this.receiver(message, subscription, qos, retain);
      return;
    }
    // [MQTT3-3.1.2-5]
    if (qos > 0 || this.engine.options.queueQos0Messages) this.#enqueue(message, subscription, qos, retain);
    else this.engine.metrics.droppedOffline++;
  }

  #delivery(message: Message, subscription: Subscription, qos: number, retain: boolean): Delivery {
    return new Delivery(
      message.keep(this.engine.slab),
      qos,
      retain,
      subscription.identifiers,
      subscription.group,
    );
  }

  #enqueue(message: Message, subscription: Subscription, qos: number, retain: boolean): void {
    if (this.#hasRoom()) this.enqueue(this.#delivery(message, subscription, qos, retain));
  }

  /** Whether one more may wait; if not, that is counted and said. */
  #hasRoom(): boolean {
    if (this.#mayQueue || this.#makeRoom()) return true;
    this.engine.metrics.droppedQueueFull++;
    this.engine.sessions.queueFull(this);
    return false;
  }

  /** Puts a delivery behind all others; the limits were looked at. */
  enqueue(delivery: Delivery): void {
    this.requeue(delivery);
    if (this.stored) this.engine.records?.putDelivery(this, delivery, 0, Awaiting.NOTHING);
  }

  /** A delivery that was waiting when the broker stopped. */
  requeue(delivery: Delivery): void {
    this.queue ??= new DeliveryQueue();
    this.queue.push(delivery);
    this.engine.metrics.queuedMessages++;
    this.engine.metrics.queuedBytes += delivery.message.size;
    this.#hold(delivery.message);
  }

  /** One more delivery keeps the message. */
  #hold(message: Message): void {
    if (message.holders++ > 0) return;
    this.engine.metrics.heldMessages++;
    this.engine.metrics.heldPayloadBytes += message.payloadSize;
  }

  #letGo(message: Message): void {
    if (--message.holders > 0) return;
    this.engine.metrics.heldMessages--;
    this.engine.metrics.heldPayloadBytes -= message.payloadSize;
  }

  /** Drops what has expired while it waited. */
  #makeRoom(): boolean {
    const now = this.engine.now();
    if (this.queue!.soonestExpiry > now) return false;
    const expired = this.queue!.filter((delivery) => delivery.message.expiresAt > now);
    for (const delivery of expired) this.#forgetQueued(delivery);
    this.engine.metrics.droppedExpired += expired.length;
    return this.#mayQueue;
  }

  #forgetQueued(delivery: Delivery): void {
    this.#unqueued(delivery.message);
    if (this.stored) this.engine.records?.deleteDelivery(this, delivery);
  }

  /** It has been taken out of the queue. */
  #unqueued(message: Message): void {
    this.engine.metrics.queuedMessages--;
    this.engine.metrics.queuedBytes -= message.size;
    this.#letGo(message);
  }

  /** A delivery that was in flight when the broker stopped. */
  restoreInflight(id: number, state: number, delivery: Delivery): void {
    if (this.inflight.restore(id, state, delivery)) this.#hold(delivery.message);
  }

  /** Sends a kept delivery under a new identifier; one that is too large for the client is dropped. */
  send(connection: Connection, delivery: Delivery): void {
    const { records } = this.engine;
    const state = delivery.qos === 1 ? Awaiting.PUBACK : Awaiting.PUBREC;
    const id = this.inflight.add(state, delivery);
    this.#hold(delivery.message);
    if (!this.stored || records === null) {
      this.#sendKept(connection, delivery, id);
      return;
    }
    records.putDelivery(this, delivery, id, state);
    // after a crash the identifier must still stand for this message, or the client takes another for its repeat
    if (delivery.qos === 2) records.whenSafe(() => this.#sendKept(connection, delivery, id));
    else this.#sendKept(connection, delivery, id);
  }

  #sendKept(connection: Connection, delivery: Delivery, id: number): void {
    // meanwhile it may have been sent again by another connection, or given up
    if (this.connection !== connection || this.inflight.delivery(id) !== delivery) return;
    const { message, qos, retain, identifiers } = delivery;
    // DUP is 0, whatever it was when the message came [MQTT-3.3.1-3] [MQTT-4.3.2-2] [MQTT-4.3.3-2]
    if (!sendPublish(connection, message, qos, retain, false, id, identifiers)) this.finish(id);
  }

  /** Sends what waits, as far as window and connection allow: resends, then retained messages, then the queue. */
  pump(): void {
    const connection = this.connection;
    if (connection === null || !connection.isConnected) return;
    if (this.resend !== null) this.#resend(connection);
    if (this.resend === null && this.retained !== null && this.retained.pump(connection))
      this.retained = null;
    if (this.resend === null && this.retained === null && this.queue !== null)
      this.#pumpQueue(connection, this.queue);
  }

  #pumpQueue(connection: Connection, queue: DeliveryQueue): void {
    const now = queue.length > 0 ? this.engine.now() : 0;
    for (;;) {
      const delivery = queue.peek();
      if (delivery === undefined) {
        this.queue = null;
        return;
      }
      // [MQTT-3.3.2-5]
      if (delivery.message.expiresAt <= now) {
        queue.shift();
        this.#forgetQueued(delivery);
        this.engine.metrics.droppedExpired++;
        continue;
      }
      if (!this.windowOpen(connection)) return;
      queue.shift();
      this.#unqueued(delivery.message);
      const { message, qos, retain, identifiers } = delivery;
      const isAllowed = this.#isAllowed(connection, message, qos, retain);
      if (isAllowed && qos > 0) this.send(connection, delivery);
      else {
        if (isAllowed) connection.sendQoS0(message, retain, identifiers);
        if (this.stored) this.engine.records?.deleteDelivery(this, delivery);
      }
    }
  }

  /** Sends again, in order and with DUP, what the last connection left unfinished [MQTT-4.4.0-1]. */
  #resend(connection: Connection): void {
    // [MQTT-3.3.1-1] [MQTT3-4.4.0-1]
    const list = this.resend!;
    const now = this.engine.now();
    while (list.length > 0) {
      const id = list[list.length - 1]!;
      const state = this.inflight.state(id);
      // [MQTT-4.3.3-5] [MQTT-4.3.3-6]
      if (state === Awaiting.PUBCOMP) connection.sendAcknowledgement(6, id, 0);
      else if (state !== Awaiting.NOTHING) {
        if (!this.windowOpen(connection)) return;
        this.#resendPublish(connection, id, now);
      }
      list.pop();
    }
    this.resend = null;
  }

  #resendPublish(connection: Connection, id: number, now: number): void {
    const delivery = this.inflight.delivery(id);
    // a QoS 2 message that has been sent does not expire any more [MQTT-4.3.3-7]
    if (delivery === null) {
      this.inflight.remove(id);
    } else if (delivery.message.expiresAt <= now && delivery.qos === 1) {
      this.engine.metrics.droppedExpired++;
      this.finish(id);
    } else if (
      sendPublish(connection, delivery.message, delivery.qos, delivery.retain, true, id, delivery.identifiers)
    ) {
      this.inflight.count(id);
    } else this.finish(id);
  }

  /** The client acknowledged an identifier for good: it is free again. */
  finish(id: number): void {
    const delivery = this.inflight.remove(id);
    if (delivery === null) return;
    this.#letGo(delivery.message);
    if (this.stored) this.engine.records?.deleteDelivery(this, delivery);
  }

  /** PUBREC came: from now on the client owes a PUBCOMP for the identifier, and the message is not needed. */
  confirm(id: number): void {
    const delivery = this.inflight.released(id);
    if (delivery !== null && this.stored)
      this.engine.records?.putDelivery(this, delivery, id, Awaiting.PUBCOMP);
  }

  /** Whether an acknowledgement may have opened the way for something that waits. */
  get hasWaiting(): boolean {
    return this.queue !== null || this.resend !== null || this.retained !== null;
  }

  /** Its client has come, or has gone; shared subscriptions want to know. */
  setPresent(isPresent: boolean): void {
    if (this.isPresent === isPresent) return;
    this.isPresent = isPresent;
    for (const { group } of this.subscriptions.values())
      if (group !== null) group.present += isPresent ? 1 : -1;
  }

  /** A connection takes the session over or goes on with it. */
  attach(connection: Connection): void {
    this.connection = connection;
    this.#carried = this.received?.size ?? 0;
    this.engine.timers.stop(this); // [MQTT-4.1.0-1]
    this.inflight.uncount();
    this.resend = this.inflight.size > 0 ? this.inflight.ids().reverse() : null;
  }

  /** Its connection is gone. The retained messages that SUBACK promised are sent by the next one. */
  detach(): void {
    this.setPresent(false);
    this.connection = null;
    this.resend = null;
    this.retained?.detach();
  }

  /** Everything that it still had to deliver, for others of its shared subscriptions to take over; empties it. */
  abandon(): Delivery[] {
    const left: Delivery[] = [];
    for (const id of this.inflight.ids()) {
      const delivery = this.inflight.delivery(id);
      // a QoS 2 message that was sent stays with its member [MQTT-4.8.2-5]
      if (delivery !== null && delivery.qos === 1 && this.inflight.state(id) === Awaiting.PUBACK)
        left.push(delivery);
      if (delivery !== null) this.#letGo(delivery.message);
      if (delivery !== null && this.stored) this.engine.records?.deleteDelivery(this, delivery);
    }
    const queue = this.queue;
    this.engine.metrics.droppedSessionEnded += this.inflight.size - left.length;
    this.inflight.clear();
    this.queue = null;
    if (queue !== null) {
      for (let delivery = queue.shift(); delivery !== undefined; delivery = queue.shift()) {
        this.#forgetQueued(delivery);
        left.push(delivery);
      }
    }
    return left;
  }

  /** Takes out of the queue what came by shared subscriptions that the client has left. */
  withdraw(groups: ReadonlySet<ShareGroup>): Delivery[] {
    if (this.queue === null || groups.size === 0) return [];
    const removed = this.queue.filter(({ group }) => group === null || !groups.has(group));
    for (const delivery of removed) this.#forgetQueued(delivery);
    return removed;
  }

  /** QoS 2 identifiers of earlier connections: each connection begins with its whole quota (MQTT 5 section 4.9). */
  #carried = 0;

  /** Notes a QoS 2 identifier from the client; throws when there are more than were allowed to it. */
  receive(packetId: number, limit: number): void {
    this.received ??= new PacketIdSet();
    if (this.received.size - this.#carried >= limit) {
      throw new MqttError(
        ReasonCode.ReceiveMaximumExceeded,
        `more than ${limit} QoS 2 messages without their PUBREL`,
      );
    }
    this.received.add(packetId);
    if (this.stored) this.engine.records?.putReceived(this, packetId);
  }

  restoreReceived(packetId: number): void {
    this.received ??= new PacketIdSet();
    this.received.add(packetId);
  }

  /** Takes everything of it out of the store; the session itself goes on. */
  forgetStored(): void {
    const { records } = this.engine;
    if (records === null) return;
    for (const id of this.inflight.ids()) {
      const delivery = this.inflight.delivery(id);
      if (delivery !== null) records.deleteDelivery(this, delivery);
    }
    this.queue?.forEach((delivery) => records.deleteDelivery(this, delivery));
    for (const text of this.subscriptions.keys()) records.deleteSubscription(this, text);
    records.deleteSession(this);
  }

  /** PUBREL came: the identifier is free for a new message [MQTT-4.3.3-12]. False: it was not known. */
  release(packetId: number): boolean {
    if (this.received === null || !this.received.delete(packetId)) return false;
    this.#carried = Math.min(this.#carried, this.received.size);
    if (this.stored) this.engine.records?.deleteReceived(this, packetId);
    return true;
  }
}
