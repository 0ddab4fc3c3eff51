// MQTT over WebSocket (MQTT 5 section 6), plain or with TLS: the upgrade, and a transport over each connection. Frames
// are of no meaning: packets may be split over several, and several may share one [MQTT-6.0.0-2].
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import type { Arrival, Door } from '../core/protection/arrival.js';
import type { Peer, Transport, TransportReceiver } from '../core/transport.js';
import { Arrivals } from './arrivals.js';
import { type Address, listenOn, type TcpOptions } from './tcp.js';
import {
  type CertificateOptions,
  changeContext,
  peerOf,
  secureServerOptions,
  type TlsOptions,
} from './tls.js';

export interface WebSocketOptions {
  /** Origins that browsers may come from; any without them. */
  origins?: readonly string[] | undefined;
  /** Bytes of the headers of the request. */
  maxHeaderSize?: number | undefined;
  /** Bytes of a frame, which is kept until it is whole. */
  maxFrame?: number | undefined;
  /** Bytes of all frames of one who was not let in yet; any number when not given. */
  maxBefore?: number | undefined;
}

/** Subprotocols, the preferred one first [MQTT-6.0.0-3] [MQTT-6.0.0-4]; `mqttv3.1` is what old clients ask for. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'];
const HEADERS = 16_384;
/** Milliseconds for the headers of the request. */
const HEADERS_TIMEOUT = 20_000;
const MAX_FRAME = 4_194_304;
/** After `end` the other side has this long to close. */
const LINGER_MS = 2000;
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;

export class WebSocketTransport implements Transport {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly peer: Peer | undefined;
  readonly #socket: WebSocket;
  #receiver: TransportReceiver | null = null;
  #failure: Error | undefined;
  /** Frames whose callback has not come. */
  #outstanding = 0;
  /** A write returned false, so the receiver waits for `drained`. */
  #owesDrained = false;
  #isEnding = false;
  readonly #stream: Socket;
  readonly #count: (bytes: Buffer) => void;

  /** `maxBefore`: bytes that may come before it is admitted. */
  constructor(socket: WebSocket, { socket: stream }: IncomingMessage, maxBefore: number) {
    this.#socket = socket;
    this.#stream = stream;
    let left = maxBefore;
    this.#count = ({ length }) => {
      left -= length;
      if (left < 0) socket.terminate();
    };
    stream.on('data', this.#count);
    this.remoteAddress = stream.remoteAddress ?? 'websocket';
    this.remotePort = stream.remotePort ?? 0;
    this.peer = stream instanceof TLSSocket ? peerOf(stream) : undefined;
    socket.on('error', (error) => {
      this.#failure = error;
    });
    socket.on('close', () => this.#receiver?.closed(this.#failure));
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    this.#socket.on('message', (data: Buffer, isBinary) => {
      // [MQTT-6.0.0-1]
      if (!isBinary) return this.#socket.close(UNSUPPORTED_DATA);
      if (!this.#isEnding) receiver.received(data, data.length);
    });
  }

  admitted(): void {
    this.#stream.off('data', this.#count);
  }

  readonly #written = (): void => {
    this.#outstanding--;
    if (this.#outstanding > 0 || !this.#owesDrained) return;
    this.#owesDrained = false;
    this.#receiver?.drained();
  };

  #send(bytes: Uint8Array): void {
    this.#outstanding++;
    this.#socket.send(bytes, { binary: true }, this.#written);
  }

  /** What the system has taken at once may be used again. */
  #hasLeft(): boolean {
    if (this.#socket.bufferedAmount === 0) return true;
    this.#owesDrained = true;
    return false;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return true;
    this.#send(bytes);
    return this.#hasLeft();
  }

  writeAll(list: Uint8Array[]): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return true;
    for (const bytes of list) this.#send(bytes);
    return this.#hasLeft();
  }

  pause(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.resume();
  }

  end(): void {
    this.#isEnding = true;
    // closing takes the other side's answer, and that is not read while paused
    this.resume();
    this.#socket.close(GOING_AWAY);
    const timer = setTimeout(() => this.#socket.terminate(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.#socket.terminate();
  }
}

/** The answer to a request that is not for us. Nobody waits for the other side to close. */
function refuse(stream: Duplex, status: string): void {
  stream.once('finish', () => stream.destroy());
  const timer = setTimeout(() => stream.destroy(), LINGER_MS);
  stream.once('close', () => clearTimeout(timer));
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

export class WebSocketListener {
  readonly #server: Server;
  readonly #upgrades: WebSocketServer;
  readonly #tls: TlsOptions | undefined;
  readonly #failed: (error: Error) => void;
  readonly #origins: ReadonlySet<string>;
  readonly #arrivals: Arrivals;
  readonly #maxBefore: number;
  #address: Address | null = null;

  /** Throws what OpenSSL says of the certificate and the key. */
  constructor(
    options: WebSocketOptions,
    tls: TlsOptions | undefined,
    accept: (transport: Transport, arrived?: Arrival) => void,
    failed: (error: Error) => void,
    door?: Door,
  ) {
    this.#arrivals = new Arrivals(door);
    const {
      origins = [],
      maxHeaderSize = HEADERS,
      maxFrame = MAX_FRAME,
      maxBefore = Number.POSITIVE_INFINITY,
    } = options;
    this.#maxBefore = maxBefore;
    const http = { maxHeaderSize, headersTimeout: HEADERS_TIMEOUT, requestTimeout: HEADERS_TIMEOUT };
    this.#tls = tls;
    this.#failed = failed;
    this.#origins = new Set(origins);
    this.#server =
      tls === undefined ? createServer(http) : createTlsServer({ ...http, ...secureServerOptions(tls) });
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxFrame,
      skipUTF8Validation: true,
      handleProtocols: (offered) => SUBPROTOCOLS.find((one) => offered.has(one)) ?? false,
    });
    this.#server.on('request', (_request, response) => {
      response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' }).end();
    });
    this.#server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#upgrade(request, stream, head, accept),
    );
    // one client's failure is nobody else's business
    this.#server.on('clientError', (_error, stream) => stream.destroy());
    this.#server.on('tlsClientError', () => {});
  }

  #upgrade(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    accept: (transport: Transport, arrived?: Arrival) => void,
  ): void {
    stream.on('error', () => {});
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
    if (!SUBPROTOCOLS.some((one) => offered.includes(one))) return refuse(stream, '400 Bad Request');
    const { origin } = request.headers;
    if (this.#origins.size > 0 && !this.#origins.has(origin ?? '')) return refuse(stream, '403 Forbidden');
    this.#upgrades.handleUpgrade(request, stream, head, (socket) =>
      accept(new WebSocketTransport(socket, request, this.#maxBefore), this.#arrivals.take(request.socket)),
    );
  }

  async listen(options: TcpOptions): Promise<Address> {
    const server = this.#server;
    const { noDelay = true } = options;
    server.on('connection', (socket) => {
      if (!this.#arrivals.announce(socket)) return;
      if (noDelay) socket.setNoDelay(true);
    });
    this.#address = await listenOn(server, options, this.#failed);
    return this.#address;
  }

  get address(): Address | null {
    return this.#address;
  }

  /** For new connections. Throws what OpenSSL says, and then the old ones stay. */
  reload(options: CertificateOptions): void {
    if (this.#tls !== undefined && this.#server instanceof TlsServer)
      changeContext(this.#server, { ...this.#tls, ...options });
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
