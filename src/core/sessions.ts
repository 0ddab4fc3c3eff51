// All sessions by client id: how they begin, go on with another connection, expire and end, and their
// subscriptions (MQTT 5 section 4.1).
import { ReasonCode, reasonName } from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { Engine } from './engine.js';
import { NEVER_EXPIRES, Session } from './session.js';
import type { ShareGroup, Subscription, SubscriptionOptions } from './subscriptions.js';

const QUEUE_FULL_EVERY_MS = 60_000;

export class Sessions extends Map<string, Session> {
  readonly #engine: Engine;
  readonly #queueFullAt = new WeakMap<Session, number>();

  constructor(engine: Engine) {
    super();
    this.#engine = engine;
  }

  /** Ends the connection that a client id has now, and the session if the new one starts clean [MQTT-3.1.4-3]. */
  takeOver(clientId: string, cleanStart: boolean): void {
    const session = this.get(clientId);
    if (session === undefined) return;
    if (session.connection !== null) {
      this.#engine.metrics.sessionsTakenOver++;
      // [MQTT3-3.1.4-2]
      session.connection.disconnect(ReasonCode.SessionTakenOver, reasonName(ReasonCode.SessionTakenOver));
    }
    // [MQTT-3.1.4-4] [MQTT3-3.1.2-6] [MQTT3-3.1.4-3]
    if (cleanStart && this.get(clientId) === session) this.end(session); // [MQTT-3.1.2-4]
  }

  create(clientId: string): Session {
    const session = new Session(this.#engine, clientId);
    this.set(clientId, session);
    this.#engine.metrics.sessionsCurrent++;
    return session;
  }

  attach(session: Session, connection: Connection, expiryInterval: number): void {
    session.attach(connection);
    connection.session = session;
    if (session.will !== null) {
      // back before the will was due [MQTT-3.1.3-9]
      this.#engine.timers.stop(session.will);
      session.will = null;
    }
    this.setExpiry(session, expiryInterval);
  }

  /** `seconds` as the client wants it; the options may limit it. */
  setExpiry(session: Session, seconds: number): void {
    const { maxSessionExpiry } = this.#engine.options;
    session.expiryInterval = maxSessionExpiry > 0 ? Math.min(seconds, maxSessionExpiry) : seconds;
    if (this.#engine.records === null) return;
    if (session.isPersistent) {
      session.stored = true;
      this.#engine.records.putSession(session);
    } else if (session.stored) this.#unstore(session);
  }

  /** It will not outlive its connection any more: nothing of it need be in the store. */
  #unstore(session: Session): void {
    session.forgetStored();
    session.stored = false;
  }

  /** Its connection has gone: it expires in time, or at once. */
  left(session: Session): void {
    // [MQTT-4.1.0-2] [MQTT3-3.1.2-6]
    if (!session.isPersistent) {
      this.end(session);
      return;
    }
    if (session.stored) this.#engine.records?.putSession(session);
    if (session.expiryInterval !== NEVER_EXPIRES)
      this.#engine.timers.start(session, session.expiryInterval * 1000);
  }

  /** For the session's timer. */
  expire(session: Session): void {
    this.#engine.metrics.sessionsExpired++;
    this.#engine.observer?.sessionExpired(session.clientId);
    this.end(session); // [MQTT-4.1.0-2]
  }

  /** Forgets a session; what it still had from shared subscriptions goes to other members. */
  end(session: Session): void {
    this.#engine.timers.stop(session);
    if (session.will !== null) {
      const will = session.will;
      this.#engine.timers.stop(will);
      session.will = null;
      this.#engine.sendWill(will.message, will.client); // [MQTT-3.1.3-9]
    }
    this.delete(session.clientId);
    this.#engine.metrics.sessionsCurrent--;
    for (const text of [...session.subscriptions.keys()]) this.#removeSubscription(session, text);
    const left = session.abandon();
    if (session.stored) this.#engine.records?.deleteSession(session);
    for (const delivery of left) {
      if (delivery.group === null || !this.#engine.deliverToGroup(delivery.message, delivery.group))
        this.#engine.metrics.droppedSessionEnded++;
    }
    this.#engine.emit('sessionEnded', session.clientId);
  }

  /** For the session: its queue was full. Says so at most once a minute for each session. */
  queueFull(session: Session): void {
    const last = this.#queueFullAt.get(session) ?? Number.NEGATIVE_INFINITY;
    if (this.#engine.time - last < QUEUE_FULL_EVERY_MS) return;
    this.#queueFullAt.set(session, this.#engine.time);
    const { observer } = this.#engine;
    if (observer !== null) observer.queueFull(session.clientId);
    else
      this.#engine.log(
        'warning',
        `queue of ${session.clientId} is full (${session.queued} messages): messages for it are dropped`,
      );
    this.#engine.emit('queueFull', session.clientId);
  }

  // ---- from a store ----

  restore(clientId: string, expiryInterval: number, leftAt: number): void {
    const session = this.create(clientId);
    session.expiryInterval = expiryInterval;
    session.stored = true;
    if (expiryInterval === NEVER_EXPIRES) return;
    // one that was connected when the broker stopped has its whole interval from now on
    const since = leftAt === 0 ? 0 : Math.max(0, this.#engine.wallClock() - leftAt);
    this.#engine.timers.start(session, Math.max(0, expiryInterval * 1000 - since));
  }

  restoreSubscription(clientId: string, text: string, options: SubscriptionOptions): void {
    const session = this.get(clientId);
    const parsed = /^\$share\/([^/]+)\/(.*)$/s.exec(text);
    if (session !== undefined)
      this.#engine.router.subscribe(session, text, parsed?.[1] ?? null, parsed?.[2] ?? text, options);
  }

  restoreReceived(clientId: string, packetId: number): void {
    this.get(clientId)?.restoreReceived(packetId);
  }

  findGroup(name: string, filter: string): ShareGroup | null {
    return name === '' ? null : this.#engine.router.group(name, filter);
  }

  // ---- subscriptions ----

  subscribe(
    session: Session,
    text: string,
    group: string | null,
    filter: string,
    options: SubscriptionOptions,
  ): void {
    this.#engine.router.subscribe(session, text, group, filter, options);
    this.#engine.turn.work += 10;
    if (session.stored) this.#engine.records?.putSubscription(session.subscriptions.get(text)!);
    this.#engine.emit('subscribed', session.clientId, text, options.qos);
  }

  unsubscribe(session: Session, subscriptions: readonly Subscription[]): void {
    const groups = new Set<ShareGroup>();
    for (const { text, group } of subscriptions) {
      this.#removeSubscription(session, text);
      if (group !== null) groups.add(group);
      this.#engine.emit('unsubscribed', session.clientId, text);
    }
    for (const { message, group } of session.withdraw(groups)) {
      if (!this.#engine.deliverToGroup(message, group!)) this.#engine.metrics.droppedSessionEnded++;
    }
  }

  #removeSubscription(session: Session, text: string): void {
    this.#engine.router.unsubscribe(session, text);
    if (session.stored) this.#engine.records?.deleteSubscription(session, text);
  }
}
