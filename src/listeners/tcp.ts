// TCP: listens, and hands each connection to the broker as a transport.
import { createServer, type Server, type Socket } from 'node:net';
import type { Door } from '../core/protection/arrival.js';
import type { Transport } from '../core/transport.js';
import { Arrivals } from './arrivals.js';
import { HandleTransport, handlesAvailable, type TcpHandle } from './handle.js';
import { ProxyProtocolError, readProxyHeader } from './proxy-protocol.js';
import { StreamTransport } from './stream.js';

/** What a load balancer in front tells, and must tell. */
export interface ProxyOptions {
  readonly version: 1 | 2;
  /** Refuse clients that did not reach the balancer with TLS (version 2). */
  readonly requireTls?: boolean | undefined;
  /** Refuse clients whose certificate the balancer did not verify (version 2). */
  readonly requireCertificate?: boolean | undefined;
}

export interface TcpOptions {
  /** 0: any free port. */
  port: number;
  /** The path of a unix socket, instead of a port. */
  path?: string | undefined;
  /** A socket that somebody else has opened, systemd for example: its file descriptor. */
  fd?: number | undefined;
  /** Address or name; without one, all addresses of IPv6 and IPv4. */
  host?: string | undefined;
  /** Connections that may wait to be accepted. */
  backlog?: number | undefined;
  /** Do not listen on IPv4 when the address is `::`. */
  ipv6Only?: boolean | undefined;
  /** Each connection begins with a header of the PROXY protocol. */
  proxy?: ProxyOptions | undefined;
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

/** What Node's server is told. */
function whereToListen(options: TcpOptions): object {
  const { port, host, path, fd, backlog = 1024, ipv6Only = false } = options;
  if (fd !== undefined) return { fd };
  return path === undefined ? { port, host, backlog, ipv6Only } : { path, backlog };
}

/** Where a server listens: a unix socket has its path for a host, and port 0. */
function addressOf(server: Server): Address {
  const address = server.address();
  if (address === null) throw new Error('the server does not listen');
  return typeof address === 'string'
    ? { host: address, port: 0 }
    : { host: address.address, port: address.port };
}

/** Resolves when the server listens, with where; rejects with the system's error. `failed` hears of later ones. */
export function listenOn(
  server: Server,
  options: TcpOptions,
  failed: (error: Error) => void,
): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(whereToListen(options), () => {
      server.off('error', reject);
      server.on('error', failed);
      resolve(addressOf(server));
    });
  });
}

export class TcpListener {
  readonly #server: Server;
  readonly #accept: (transport: Transport) => void;
  readonly #failed: (error: Error) => void;
  readonly #arrivals: Arrivals;
  #address: Address | null = null;

  /** `failed` hears of connections that the system could not accept; the listener goes on. */
  constructor(
    accept: (transport: Transport) => void,
    failed: (error: Error) => void = () => {},
    door?: Door,
  ) {
    this.#arrivals = new Arrivals(door);
    this.#accept = accept;
    this.#failed = failed;
    this.#server = createServer();
  }

  /** Rejects with the system's error: EADDRINUSE, EACCES, … */
  async listen(options: TcpOptions): Promise<Address> {
    const { noDelay = true } = options;
    this.#server.on('connection', (socket) => {
      if (noDelay) socket.setNoDelay(true);
      if (options.proxy !== undefined) void this.#acceptProxied(socket, options.proxy);
      else this.#accept(new StreamTransport(socket, { name: options.path }));
    });
    this.#address = await listenOn(this.#server, options, this.#failed);
    // a unix socket has another kind of handle, and a header has to be read first
    if (this.#address.port > 0 && options.proxy === undefined) this.#takeHandles(noDelay);
    return this.#address;
  }

  async #acceptProxied(
    socket: Socket,
    { version, requireTls, requireCertificate }: ProxyOptions,
  ): Promise<void> {
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('error', () => {});
    // all have the balancer's address until it has said whose they are
    if (!this.#arrivals.announce(socket, '')) return;
    try {
      const client = await readProxyHeader(socket, version);
      if (requireTls === true && client?.isSecure !== true)
        throw new ProxyProtocolError('client did not connect using TLS');
      if (requireCertificate === true && client?.peer === undefined)
        throw new ProxyProtocolError('client did not provide a certificate');
      this.#arrivals.forget(socket);
      this.#accept(new StreamTransport(socket, client));
    } catch (error) {
      socket.destroy();
      this.#failed(new Error(`Connection from ${from} rejected, ${(error as Error).message}.`));
    }
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

  /** The same, and ends those that are not somebody's yet. */
  close(): void {
    this.stop();
    this.#arrivals.end();
  }
}
