// Somebody who means harm, over sockets: any number of connections, all from one address.
import { connect, type Socket } from 'node:net';
import { type ConnectPacket, encodePacket } from '../../src/protocol/index.js';

/** Fewer than a listener lets wait to be accepted, or the system makes the others wait for a second. */
const AT_ONCE = 500;

export class Attacker {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.#port = port;
  }

  /** A connection that is there, or was refused by now. */
  open(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    this.#sockets.add(socket);
    socket.on('error', () => {});
    return new Promise((resolve) => {
      socket.on('connect', () => resolve(socket));
      socket.on('close', () => {
        this.#sockets.delete(socket);
        resolve(socket);
      });
    });
  }

  /** Opens so many, some at a time; what they are sent is thrown away. */
  async openMany(count: number, visit: (socket: Socket, i: number) => void = () => {}): Promise<void> {
    for (let i = 0; i < count; i += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - i) }, async (_, j) => {
        const socket = await this.open();
        socket.resume();
        visit(socket, i + j);
      });
      await Promise.all(some);
    }
  }

  /** How many of its connections are open. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Sends CONNECT over a new connection, and gives the first of the answer. */
  login(packet: Partial<ConnectPacket>): Promise<Buffer> {
    return this.say(connectBytes(packet));
  }

  /** Sends bytes over a new connection, and gives the first of the answer; nothing when it is closed without one. */
  async say(bytes: Uint8Array): Promise<Buffer> {
    const socket = await this.open();
    return new Promise((resolve) => {
      socket.on('data', (answer: Buffer) => {
        resolve(answer);
        socket.destroy();
      });
      socket.on('close', () => resolve(Buffer.alloc(0)));
      if (socket.destroyed) resolve(Buffer.alloc(0));
      else socket.write(bytes);
    });
  }

  /** Ends what is still there. */
  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

export function connectBytes(packet: Partial<ConnectPacket>): Uint8Array {
  const { version = 5 } = packet;
  const usual = { cleanStart: true, keepAlive: 60, clientId: '' };
  return encodePacket({ ...usual, ...packet, type: 'connect', version }, version);
}

/** The reason code of a CONNACK of MQTT 5; undefined without one. */
export function reasonOf(answer: Buffer): number | undefined {
  return answer[0] === 0x20 ? answer[3] : undefined;
}
