// A wire between a tool and a broker that can be watched: it knows when a subscription is acknowledged and when
// the broker has seen a connection end, keeps the packets that the tool sent, and can be cut.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { described, type Packet, PacketReader } from './packets.js';

export class Relay {
  /** The packets that the tool sent, described. */
  readonly wire: string[] = [];
  readonly #server: Server;
  readonly #seen = new Map<string, number>();
  readonly #open = new Set<Socket>();
  readonly #watchers = new Set<() => void>();

  constructor(target: number | string) {
    // a tool that closes its side must still get what the broker has to say
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const onward = typeof target === 'string' ? { path: target } : { port: target, host: '127.0.0.1' };
      this.#join(client, connect({ ...onward, noDelay: true, allowHalfOpen: true }));
    });
  }

  /** Listens on a free port of loopback, or at this path. */
  async listen(path?: string): Promise<number | string> {
    path === undefined ? this.#server.listen(0, '127.0.0.1') : this.#server.listen(path);
    await once(this.#server, 'listening');
    return path ?? (this.#server.address() as AddressInfo).port;
  }

  /** How many packets of this name have passed, either way. */
  seen(name: string): number {
    return this.#seen.get(name) ?? 0;
  }

  /** Calls this after everything that happens. */
  watch(look: () => void): void {
    this.#watchers.add(look);
  }

  /** Whether the broker has seen every connection end. */
  get quiet(): boolean {
    return this.#open.size === 0;
  }

  /** Ends all connections as when the network fails. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(client: Socket, broker: Socket): void {
    if (client.remoteAddress !== undefined && client.remoteAddress !== '127.0.0.1')
      this.wire.push(`connected from ${client.remoteAddress}`);
    const passed = ({ name }: Packet): unknown => this.#seen.set(name, this.seen(name) + 1);
    const answered = new PacketReader(passed);
    const sent = new PacketReader((packet) => {
      this.wire.push(described(packet));
      passed(packet);
    });
    client.on('data', (chunk) => {
      sent.read(chunk);
      broker.write(chunk);
      this.#changed();
    });
    broker.on('data', (chunk) => {
      client.write(chunk);
      answered.read(chunk);
      this.#changed();
    });
    client.on('end', () => broker.end());
    broker.on('end', () => client.end());
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#open.add(socket);
      socket.on('error', () => other.end());
      socket.on('close', () => {
        this.#open.delete(socket);
        other.end();
        this.#changed();
      });
    }
  }

  #changed(): void {
    for (const look of this.#watchers) look();
  }
}
