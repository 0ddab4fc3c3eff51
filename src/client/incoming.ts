// Messages from the server: each is acknowledged once the program is done with it, in the order in which they
// came [MQTT-4.6.0-2], and one of QoS 2 is handed on once (MQTT 5 section 4.3.3).
import { MqttError, PacketIdSet, PacketType, type Publish, ReasonCode } from '../protocol/index.js';
import type { Connection } from './connection.js';
import { Fifo } from './fifo.js';
import type { SessionRecords } from './session-records.js';

/** Hands a message on; a promise when the program is not done with it at once. Does not throw or reject. */
export type Deliver = (message: Publish, topic: string) => Promise<unknown> | undefined;

/** A message that the program has and is not done with, or whose acknowledgement waits for one before it. */
interface Pending {
  readonly packetId: number;
  readonly qos: number;
  isDone: boolean;
  /** The connection on which it came last. */
  connection: Connection | null;
}

export class IncomingMessages {
  readonly #deliver: Deliver;
  /** Set when the session is kept in a store. */
  records: SessionRecords | null = null;
  #connection: Connection | null = null;
  /** By packet identifier; over connections, since the server sends again what it has no acknowledgement for. */
  readonly #pending = new Map<number, Pending>();
  /** Those that came on this connection, in their order. */
  readonly #order = new Fifo<Pending>();
  /** QoS 2: handed on, PUBREL has not come. */
  readonly #received = new PacketIdSet();

  /** How many may be unacknowledged on a connection, and how many are [MQTT-3.3.4-9]. */
  readonly #receiveMaximum: number;
  #unacknowledged = 0;

  constructor(deliver: Deliver, receiveMaximum = 65_535) {
    this.#receiveMaximum = receiveMaximum;
    this.#deliver = deliver;
  }

  restore(received: readonly number[]): void {
    for (const id of received) this.#received.add(id);
  }

  opened(connection: Connection, sessionPresent: boolean): void {
    this.#connection = connection;
    this.#unacknowledged = 0;
    if (sessionPresent) return;
    this.#pending.clear();
    for (const id of this.#received) this.records?.released(id);
    this.#received.clear();
  }

  lost(): void {
    this.#connection = null;
    this.#order.clear();
  }

  published(message: Publish, topic: string): void {
    const { qos, packetId } = message;
    if (qos === 0) {
      this.#deliver(message, topic);
      return;
    }
    if (++this.#unacknowledged > this.#receiveMaximum)
      throw new MqttError(
        ReasonCode.ReceiveMaximumExceeded,
        `more than ${this.#receiveMaximum} messages without an acknowledgement`,
      );
    if (qos === 2 && this.#received.has(packetId)) return this.#acknowledge(packetId, 2);
    const earlier = this.#pending.get(packetId);
    // sent again, because the acknowledgement was not there when the last connection broke
    if (earlier !== undefined && message.dup) return this.#await(earlier);
    this.#pending.delete(packetId);
    const handling = this.#deliver(message, topic);
    if (handling === undefined && this.#order.size === 0) return this.#done(packetId, qos);
    const pending: Pending = { packetId, qos, isDone: handling === undefined, connection: null };
    this.#pending.set(packetId, pending);
    void handling?.then(() => {
      pending.isDone = true;
      if (this.#pending.get(packetId) !== pending) return;
      if (qos === 2 && pending.connection !== this.#connection) {
        // its connection is gone: it will be known when it comes again
        this.#pending.delete(packetId);
        this.#received.add(packetId);
        this.records?.received(packetId);
      } else this.#advance();
    });
    this.#await(pending);
  }

  #await(pending: Pending): void {
    if (pending.connection !== this.#connection) {
      pending.connection = this.#connection;
      this.#order.push(pending);
    }
    this.#advance();
  }

  /** Acknowledges what is done and has nothing before it that is not. */
  #advance(): void {
    for (let next = this.#order.first; next?.isDone === true; next = this.#order.first) {
      this.#order.shift();
      this.#pending.delete(next.packetId);
      this.#done(next.packetId, next.qos);
    }
  }

  #done(packetId: number, qos: number): void {
    if (qos === 2) {
      this.#received.add(packetId);
      this.records?.received(packetId);
    }
    this.#acknowledge(packetId, qos);
  }

  #acknowledge(packetId: number, qos: number): void {
    if (qos === 1) this.#unacknowledged--;
    this.#connection?.acknowledge(qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId);
  }

  /** PUBREL: the server will not send this one again. */
  released(packetId: number): void {
    if (this.#unacknowledged > 0) this.#unacknowledged--;
    const wasThere = this.#received.delete(packetId);
    if (wasThere) this.records?.released(packetId);
    const reason = wasThere ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
    this.#connection?.acknowledge(PacketType.PUBCOMP, packetId, reason);
  }
}
