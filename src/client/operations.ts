// SUBSCRIBE and UNSUBSCRIBE that wait for their answer: what the server has not answered is asked again on the
// next connection.
import type {
  Properties,
  SubackPacket,
  SubscribePacket,
  UnsubackPacket,
  UnsubscribePacket,
} from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { ClientError } from './errors.js';
import type { PacketIdPool } from './packet-id-pool.js';

export type Answer = SubackPacket | UnsubackPacket;

interface Operation {
  readonly packet: SubscribePacket | UnsubscribePacket;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

type Request =
  | Omit<SubscribePacket, 'packetId'>
  | (Omit<UnsubscribePacket, 'packetId'> & { properties?: Properties | undefined });

export class Operations {
  readonly #ids: PacketIdPool;
  /** By packet identifier; 0 stands for no identifier yet, so those wait apart. */
  readonly #asked = new Map<number, Operation>();
  #waiting: Operation[] = [];
  #connection: Connection | null = null;

  constructor(ids: PacketIdPool) {
    this.#ids = ids;
  }

  get size(): number {
    return this.#asked.size + this.#waiting.length;
  }

  /** Asks the server, at once or when there is a connection. An abort stops waiting for the answer. */
  ask(request: Request, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const operation: Operation = {
        packet: { ...request, packetId: 0 } as Operation['packet'],
        resolve,
        reject,
      };
      if (signal !== undefined) {
        if (signal.aborted) return reject(signal.reason);
        signal.addEventListener('abort', () => this.#abort(operation, signal.reason), { once: true });
      }
      if (this.#connection === null) this.#waiting.push(operation);
      else this.#send(this.#connection, operation);
    });
  }

  #abort(operation: Operation, reason: unknown): void {
    this.#waiting = this.#waiting.filter((one) => one !== operation);
    operation.reject(reason);
  }

  #send(connection: Connection, operation: Operation): void {
    const { packet } = operation;
    packet.packetId = this.#ids.take();
    this.#asked.set(packet.packetId, operation);
    connection.send(packet);
  }

  opened(connection: Connection): void {
    this.#connection = connection;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const operation of waiting) this.#send(connection, operation);
  }

  lost(): void {
    this.#connection = null;
    for (const [id, operation] of this.#asked) {
      this.#ids.free(id);
      this.#waiting.push(operation);
    }
    this.#asked.clear();
  }

  answered(answer: Answer): void {
    const operation = this.#asked.get(answer.packetId);
    const wanted = answer.type === 'suback' ? 'subscribe' : 'unsubscribe';
    if (operation?.packet.type !== wanted) return;
    this.#asked.delete(answer.packetId);
    this.#ids.free(answer.packetId);
    operation.resolve(answer);
  }

  end(error: ClientError): void {
    for (const operation of [...this.#asked.values(), ...this.#waiting]) operation.reject(error);
    this.#asked.clear();
    this.#waiting = [];
  }
}
