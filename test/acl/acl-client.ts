// A client on a socket that keeps what comes, and waits for the answers to what it sends.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  type PublishPacket,
  type QoS,
  type Will,
} from '../../src/protocol/index.js';
import type { Subject } from './acl-case.js';

const answerLimit = 5000;

/** How a session is begun: anew, or kept (again) by the broker when the client leaves. */
export type SessionStart = 'clean' | 'kept';

export class AclClient {
  /** Topics of the messages that came, in order. */
  readonly received: string[] = [];
  readonly #socket: Socket;
  readonly #version: 3 | 4 | 5;
  readonly #reader = new FrameReader();
  readonly #inbox: Packet[] = [];
  #wake = (): void => {};
  #lastId = 0;

  private constructor(socket: Socket, version: 3 | 4 | 5) {
    this.#socket = socket;
    this.#version = version;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('close', () => this.#wake());
  }

  /** Resolves once the broker has let it in; throws when it does not. */
  static async connect(
    port: number,
    { id, user, version = 5 }: Subject,
    options: { will?: Will; session?: SessionStart } = {},
  ): Promise<AclClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const client = new AclClient(socket, version);
    const keeps = options.session === 'kept';
    client.#send({
      type: 'connect',
      version,
      cleanStart: !keeps,
      keepAlive: 0,
      clientId: id,
      username: user,
      will: options.will,
      properties: keeps ? { sessionExpiryInterval: 100 } : {},
    });
    const connack = await client.#next('connack');
    if (connack.reason !== 0) throw new Error(`${id} was refused: ${connack.reason}`);
    return client;
  }

  #send(packet: Packet): void {
    // what came late is not answered any more
    if (this.#socket.writable) this.#socket.write(encodePacket(packet, this.#version));
  }

  #read(bytes: Uint8Array): void {
    const frame = (data: Uint8Array, start: number, body: number, end: number): boolean => {
      this.#take(decodePacket(data.slice(0, end), start, body, end, this.#version));
      return true;
    };
    this.#reader.push(bytes, bytes.length, { frame });
    this.#wake();
  }

  #take(packet: Packet): void {
    if (packet.type === 'publish') this.#acknowledge(packet);
    else if (packet.type === 'pubrel') this.#send({ ...packet, type: 'pubcomp', reason: 0 });
    else this.#inbox.push(packet);
  }

  #acknowledge({ topic, qos, packetId = 0 }: PublishPacket): void {
    this.received.push(topic);
    if (qos > 0) this.#send({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reason: 0 });
  }

  async #next<Type extends Packet['type']>(type: Type): Promise<Packet & { type: Type }> {
    const deadline = Date.now() + answerLimit;
    for (;;) {
      const at = this.#inbox.findIndex((packet) => packet.type === type);
      if (at !== -1) return this.#inbox.splice(at, 1)[0] as Packet & { type: Type };
      const left = deadline - Date.now();
      if (left <= 0 || this.#socket.destroyed) throw new Error(`no ${type} came`);
      await this.#something(left);
    }
  }

  #something(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Whatever the broker sent before is here when this resolves. */
  async ping(): Promise<void> {
    this.#send({ type: 'pingreq' });
    await this.#next('pingresp');
  }

  /** Publishes, to the end of the exchange. Returns what the broker answered. */
  publish(topic: string, qos: QoS, { retain = false, text = 'x' } = {}): Promise<string> {
    const packetId = qos === 0 ? undefined : ++this.#lastId;
    this.#send({ type: 'publish', topic, payload: Buffer.from(text), qos, retain, dup: false, packetId });
    return this.#answer(qos);
  }

  async #answer(qos: QoS): Promise<string> {
    if (qos === 0) {
      await this.ping();
      return 'no answer';
    }
    const type = qos === 1 ? 'puback' : 'pubrec';
    const { packetId, reason } = await this.#next(type);
    if (qos === 2 && reason < 0x80) {
      this.#send({ type: 'pubrel', packetId, reason: 0 });
      await this.#next('pubcomp');
    }
    return `${type.toUpperCase()} 0x${reason.toString(16).padStart(2, '0')}`;
  }

  /** Returns the code in the SUBACK. */
  async subscribe(filter: string, qos: QoS): Promise<string> {
    const request = { filter, qos, noLocal: false, retainAsPublished: true, retainHandling: 0 };
    this.#send({ type: 'subscribe', packetId: ++this.#lastId, subscriptions: [request] });
    const { reasons } = await this.#next('suback');
    return `SUBACK 0x${reasons[0]!.toString(16).padStart(2, '0')}`;
  }

  async unsubscribe(filter: string): Promise<void> {
    this.#send({ type: 'unsubscribe', packetId: ++this.#lastId, filters: [filter] });
    await this.#next('unsuback');
  }

  /** Ends the connection without a DISCONNECT, and waits until the broker has noticed. */
  async leave(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.end();
    await closed;
  }
}
