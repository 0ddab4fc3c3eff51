// TCP: listens, and hands each connection to the broker as a transport.
import { createServer, type Server } from 'node:net';
import type { Transport } from '../core/transport.js';
import { HandleTransport, handlesAvailable, type TcpHandle } from './handle.js';
import { StreamTransport } from './stream.js';

export interface TcpOptions {
  /** 0: any free port. */
  port: number;
  /** Address or name; without one, all addresses of IPv6 and IPv4. */
  host?: string | undefined;
  /** Connections that may wait to be accepted. */
  backlog?: number | undefined;
  /** Do not listen on IPv4 when the address is `::`. */
  ipv6Only?: boolean | undefined;
  /** Send small packets at once; true unless told otherwise. */
  noDelay?: boolean | undefined;
}

/** Where a listener listens. */
export interface Address {
  host: string;
  port: number;
}

/** The runtime's handle of a listening server. */
interface ServerHandle {
  onconnection: (this: ServerHandle, status: number, client: TcpHandle | undefined) => void;
}

export class TcpListener {
  readonly #server: Server;
  readonly #accept: (transport: Transport) => void;
  readonly #failed: (error: Error) => void;
  #address: Address | null = null;

  /** `failed` hears of connections that the system could not accept; the listener goes on. */
  constructor(accept: (transport: Transport) => void, failed: (error: Error) => void = () => {}) {
    this.#accept = accept;
    this.#failed = failed;
    this.#server = createServer();
  }

  /** Rejects with the system's error: EADDRINUSE, EACCES, … */
  listen(options: TcpOptions): Promise<Address> {
    const { port, host, backlog = 1024, ipv6Only = false, noDelay = true } = options;
    const server = this.#server;
    server.on('connection', (socket) => {
      if (noDelay) socket.setNoDelay(true);
      this.#accept(new StreamTransport(socket));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, backlog, ipv6Only }, () => {
        server.off('error', reject);
        server.on('error', this.#failed);
        const address = server.address();
        if (address === null || typeof address === 'string') return reject(new Error('no address'));
        this.#takeHandles(noDelay);
        this.#address = { host: address.address, port: address.port };
        resolve(this.#address);
      });
    });
  }

  /** Takes the handles of new connections before the server makes sockets of them, where that is possible. */
  #takeHandles(noDelay: boolean): void {
    const { _handle: handle } = this.#server as unknown as { _handle?: ServerHandle };
    if (handle === undefined || typeof handle.onconnection !== 'function') return;
    const makeSocket = handle.onconnection;
    const accept = this.#accept;
    handle.onconnection = function onconnection(this: ServerHandle, status, client): void {
      if (status !== 0 || client === undefined || !handlesAvailable(client)) {
        makeSocket.call(this, status, client);
        return;
      }
      if (noDelay) client.setNoDelay(true);
      accept(new HandleTransport(client));
    };
  }

  get address(): Address | null {
    return this.#address;
  }

  /** Takes no more connections; those that are open stay. */
  stop(): void {
    this.#server.close();
  }
}
