// SUBSCRIBE and UNSUBSCRIBE that wait for their answer: what the server has not answered is asked again on the
// next connection.
import {
  encodeRequest,
  type Properties,
  type SubackPacket,
  type SubscribePacket,
  type UnsubackPacket,
  type UnsubscribePacket,
} from '../protocol/index.js';
import { whileWaiting } from './abort.js';
import type { Connection } from './connection.js';
import type { ClientError } from './errors.js';
import { Fifo } from './fifo.js';
import type { PacketIdPool } from './packet-id-pool.js';

export type Answer = SubackPacket | UnsubackPacket;

interface Operation {
  readonly packet: SubscribePacket | UnsubscribePacket;
  /** Nobody waits for the answer any more. */
  isAborted: boolean;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

type Request =
  | Omit<SubscribePacket, 'packetId'>
  | (Omit<UnsubscribePacket, 'packetId'> & { properties?: Properties | undefined });

/** Operations that may be unanswered at a time. */
const MAX_ASKED = 100;

export class Operations {
  readonly #ids: PacketIdPool;
  /** By packet identifier. */
  readonly #asked = new Map<number, Operation>();
  readonly #waiting = new Fifo<Operation>();
  #connection: Connection | null = null;

  constructor(ids: PacketIdPool) {
    this.#ids = ids;
  }

  get size(): number {
    return this.#asked.size + this.#waiting.size;
  }

  /**
   * Asks the server, at once or when there is a connection. An abort stops waiting for the answer. Rejects with the
   * codec's error what could not be sent.
   */
  ask(request: Request, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      encodeRequest({ ...request, packetId: 1 } as Operation['packet'], 5);
      const packet = { ...request, packetId: 0 } as Operation['packet'];
      const operation: Operation = { packet, isAborted: false, resolve, reject };
      if (signal !== undefined) this.#watch(operation, signal);
      this.#waiting.push(operation);
      this.#pump();
    });
  }

  #watch(operation: Operation, signal: AbortSignal): void {
    whileWaiting(operation, signal, () => {
      operation.isAborted = true;
      this.#waiting.remove(operation);
      operation.reject(signal.reason);
    });
  }

  #pump(): void {
    const connection = this.#connection;
    if (connection === null) return;
    while (this.#waiting.size > 0 && this.#asked.size < MAX_ASKED && !this.#ids.isExhausted)
      this.#send(connection, this.#waiting.shift()!);
  }

  #send(connection: Connection, operation: Operation): void {
    const { packet } = operation;
    packet.packetId = this.#ids.take();
    this.#asked.set(packet.packetId, operation);
    // whether the server has identifiers was not known when this was asked
    if (!connection.limits.subscriptionIdentifiers && packet.properties?.subscriptionIdentifier !== undefined)
      packet.properties = { ...packet.properties, subscriptionIdentifier: undefined };
    connection.send(packet);
  }

  opened(connection: Connection): void {
    this.#connection = connection;
    this.#pump();
  }

  lost(): void {
    this.#connection = null;
    const again = [...this.#asked.values()].filter(({ isAborted }) => !isAborted);
    for (const id of this.#asked.keys()) this.#ids.free(id);
    this.#asked.clear();
    this.#waiting.unshift(again);
  }

  answered(answer: Answer): void {
    const operation = this.#asked.get(answer.packetId);
    const wanted = answer.type === 'suback' ? 'subscribe' : 'unsubscribe';
    if (operation?.packet.type !== wanted) return;
    this.#asked.delete(answer.packetId);
    this.#ids.free(answer.packetId);
    operation.resolve(answer);
    this.#pump();
  }

  end(error: ClientError): void {
    for (const operation of [...this.#asked.values(), ...this.#waiting.toArray()]) operation.reject(error);
    this.#asked.clear();
    this.#waiting.clear();
  }
}
