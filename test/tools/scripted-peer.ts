// A broker that does what a case says: refuses, answers what no real broker would, says nothing, hangs up.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { PeerScript } from './case.js';
import { described, identifierOf, type Packet, PacketReader } from './packets.js';

/** The names of the answers that a command may wait for. */
const answered: Readonly<Record<string, string>> = {
  CONNECT: 'CONNACK',
  SUBSCRIBE: 'SUBACK',
  UNSUBSCRIBE: 'UNSUBACK',
};

export class ScriptedPeer {
  readonly wire: string[] = [];
  readonly #script: PeerScript;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #seen: string[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(script: PeerScript) {
    this.#script = script;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many packets of this name have passed, either way. */
  seen(name: string): number {
    return this.#seen.filter((seen) => seen === name).length;
  }

  /** Calls this after every packet. */
  watch(look: () => void): void {
    this.#watchers.add(look);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    let version = 4;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    const reader = new PacketReader((packet) => {
      this.wire.push(described(packet));
      if (packet.name === 'CONNECT')
        version = packet.bytes[packet.body + 2 + packet.bytes.readUInt16BE(packet.body)]!;
      const answer = this.#script[packet.name] ?? usualAnswer(packet, version);
      const hex = answer.replace('close', '').replaceAll('id', () => identifierOf(packet));
      socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
      if (answer.endsWith('close')) socket.end();
      this.#seen.push(packet.name, ...(hex === '' ? [] : [answered[packet.name] ?? '']));
      for (const look of this.#watchers) look();
    });
    socket.on('data', (chunk) => reader.read(chunk));
  }
}

function usualAnswer({ name, bytes }: Packet, version: number): string {
  const five = version === 5;
  const qos = (bytes[0]! >> 1) & 3;
  switch (name) {
    case 'CONNECT':
      return five ? '20 03 00 00 00' : '20 02 00 00';
    case 'SUBSCRIBE':
      return five ? '90 04 id 00 00' : '90 03 id 00';
    case 'UNSUBSCRIBE':
      return five ? 'b0 04 id 00 00' : 'b0 02 id';
    case 'PUBLISH':
      return ['', '40 02 id', '50 02 id', ''][qos]!;
    case 'PUBREL':
      return '70 02 id';
    case 'PUBREC':
      return '62 02 id';
    case 'PINGREQ':
      return 'd0 00';
    default:
      return '';
  }
}
