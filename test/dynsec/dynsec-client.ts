// A client on a socket that logs in with a password, tells what each of its packets was answered with, and sees how its
// connection ended.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decodePacket, encodePacket, FrameReader, type Packet, type Will } from '../../src/protocol/index.js';

const answerLimit = 5000;

export interface Login {
  readonly id: string;
  readonly user?: string;
  readonly password?: string;
  readonly will?: Will;
}

function code(reason: number): string {
  return `0x${reason.toString(16).padStart(2, '0')}`;
}

export class DynsecClient {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #inbox: Packet[] = [];
  /** How the broker ended the connection. */
  #end = 'closed';
  #wake = (): void => {};
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('close', () => this.#wake());
  }

  /** A client, or the code with which it was refused. */
  static async connect(port: number, { id, user, password, will }: Login): Promise<DynsecClient | string> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const client = new DynsecClient(socket);
    client.#send({
      type: 'connect',
      version: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId: id,
      username: user,
      password: password === undefined ? undefined : Buffer.from(password),
      will,
      properties: {},
    });
    const connack = await client.#next('connack');
    return connack?.reason === 0 ? client : `CONNACK ${code(connack?.reason ?? -1)}`;
  }

  #send(packet: Packet): void {
    if (this.#socket.writable) this.#socket.write(encodePacket(packet, 5));
  }

  #read(bytes: Uint8Array): void {
    const frame = (data: Uint8Array, start: number, body: number, end: number): boolean => {
      this.#take(decodePacket(data.slice(0, end), start, body, end, 5));
      return true;
    };
    this.#reader.push(bytes, bytes.length, { frame });
    this.#wake();
  }

  #take(packet: Packet): void {
    if (packet.type === 'disconnect') this.#end = `DISCONNECT ${code(packet.reason)}`;
    this.#inbox.push(packet);
  }

  /** undefined: the connection has ended. */
  async #next<Type extends Packet['type']>(type: Type): Promise<(Packet & { type: Type }) | undefined> {
    const deadline = Date.now() + answerLimit;
    for (;;) {
      const at = this.#inbox.findIndex((packet) => packet.type === type);
      if (at !== -1) return this.#inbox.splice(at, 1)[0] as Packet & { type: Type };
      if (this.#socket.destroyed) return undefined;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${type} came`);
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

  /** Whether the broker still answers, or how it ended the connection. */
  async state(): Promise<string> {
    for (let i = 0; i < 2; i++) {
      this.#send({ type: 'pingreq' });
      if ((await this.#next('pingresp')) === undefined) return this.#end;
    }
    return 'here';
  }

  async publish(topic: string, text = 'x'): Promise<string> {
    const packetId = ++this.#lastId;
    this.#send({
      type: 'publish',
      topic,
      payload: Buffer.from(text),
      qos: 1,
      retain: false,
      dup: false,
      packetId,
    });
    return code((await this.#next('puback'))?.reason ?? -1);
  }

  async subscribe(filter: string): Promise<string> {
    const request = { filter, qos: 0, noLocal: false, retainAsPublished: true, retainHandling: 0 } as const;
    this.#send({ type: 'subscribe', packetId: ++this.#lastId, subscriptions: [request] });
    return code((await this.#next('suback'))?.reasons[0] ?? -1);
  }

  async unsubscribe(filter: string): Promise<string> {
    this.#send({ type: 'unsubscribe', packetId: ++this.#lastId, filters: [filter] });
    return code((await this.#next('unsuback'))?.reasons[0] ?? -1);
  }

  /** The text of the next message. */
  async message(): Promise<string> {
    const packet = await this.#next('publish');
    return Buffer.from(packet?.payload ?? []).toString();
  }

  /** Topics of the messages that came until now. */
  async topics(): Promise<string[]> {
    await this.state();
    return this.#inbox.splice(0).flatMap((packet) => (packet.type === 'publish' ? [packet.topic] : []));
  }

  async leave(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.end();
    await closed;
  }
}
