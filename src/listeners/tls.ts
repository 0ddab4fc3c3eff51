// TLS over TCP: with a certificate, or with pre-shared keys. Certificates can be changed while it listens.
import { constants } from 'node:crypto';
import {
  createSecureContext,
  createServer,
  type TlsOptions as NodeTlsOptions,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { Arrival, Door } from '../core/protection/arrival.js';
import type { Peer, Transport } from '../core/transport.js';
import { Arrivals } from './arrivals.js';
import { StreamTransport } from './stream.js';
import { type Address, listenOn, type TcpOptions } from './tcp.js';

/** What can be changed while the listener is open: Node's names, the files' contents. */
export type CertificateOptions = Pick<
  SecureContextOptions,
  'ca' | 'cert' | 'key' | 'crl' | 'ciphers' | 'minVersion' | 'maxVersion'
>;

export interface TlsOptions extends CertificateOptions {
  /** Ask clients for a certificate, and refuse those without a valid one. */
  requireCertificate?: boolean | undefined;
  /** Pre-shared keys instead of a certificate: the hint for clients, and the key of an identity. */
  psk?: { hint: string; keyOf(identity: string): Uint8Array | null } | undefined;
  alpnProtocols?: string[] | undefined;
  /** Hears the keys of connections, a line each, for debugging. */
  keylog?: ((line: Buffer) => void) | undefined;
}

/** Node has these off unless they are named. */
const PSK_CIPHERS = 'PSK:!kRSAPSK:!eNULL';

/** Milliseconds for the handshake. */
const HANDSHAKE_TIMEOUT = 30_000;

export class TlsListener {
  readonly #server: Server;
  readonly #accept: (transport: Transport, arrived?: Arrival) => void;
  readonly #arrivals: Arrivals;
  readonly #failed: (error: Error) => void;
  readonly #options: TlsOptions;
  #address: Address | null = null;

  /** Throws what OpenSSL says of the certificate and the key. */
  constructor(
    options: TlsOptions,
    accept: (transport: Transport, arrived?: Arrival) => void,
    failed: (error: Error) => void,
    door?: Door,
  ) {
    this.#arrivals = new Arrivals(door);
    this.#options = options;
    this.#accept = accept;
    this.#failed = failed;
    this.#server = createServer(secureServerOptions(options));
  }

  async listen(options: TcpOptions): Promise<Address> {
    const server = this.#server;
    const { noDelay = true } = options;
    server.on('connection', (socket) => this.#arrivals.announce(socket));
    server.on('secureConnection', (socket) => {
      if (noDelay) socket.setNoDelay(true);
      this.#accept(new StreamTransport(socket, { peer: peerOf(socket) }), this.#arrivals.take(socket));
    });
    const { keylog } = this.#options;
    if (keylog !== undefined) server.on('keylog', keylog);
    server.on('tlsClientError', (error, socket) => this.#handshakeFailed(error, socket));
    this.#address = await listenOn(server, options, this.#failed);
    return this.#address;
  }

  /** Who looks after a client wants to know why it does not get in; one that just hung up says nothing. */
  #handshakeFailed(error: Error & { code?: string; reason?: string }, socket: TLSSocket): void {
    if (error.code === 'ECONNRESET') return;
    const { remoteAddress = 'a client', remotePort = 0 } = socket;
    const text = error.reason ?? error.message;
    this.#failed(new Error(`${remoteAddress}:${remotePort}: TLS handshake failed: ${text}`));
  }

  get address(): Address | null {
    return this.#address;
  }

  /** For new connections. Throws what OpenSSL says, and then the old ones stay. */
  reload(options: CertificateOptions): void {
    changeContext(this.#server, { ...this.#options, ...options });
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

/** Of clients with a pre-shared key. */
const identities = new WeakMap<object, string>();

/** Characters that RFC 2253 escapes in a value. */
const SPECIAL = /[,+"\\<>;]|^[ #]| $/g;

/** As RFC 2253 writes it: the last part first. */
function subjectText(subject: Record<string, string | string[]>): string {
  return Object.entries(subject)
    .flatMap(([name, value]) => [value].flat().map((one) => `${name}=${one.replace(SPECIAL, '\\$&')}`))
    .reverse()
    .join(',');
}

/** Who a client has proved to be; undefined when it has not. */
export function peerOf(socket: TLSSocket): Peer | undefined {
  const identity = identities.get(socket);
  if (identity !== undefined) return { identity, subject: undefined };
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined) return undefined;
  const names = subject as unknown as Record<string, string | string[]>;
  return { identity: [names['CN'] ?? []].flat()[0], subject: subjectText(names) };
}

/** What Node's servers with TLS are told. */
export function secureServerOptions(options: TlsOptions): NodeTlsOptions {
  const { requireCertificate = false, psk, alpnProtocols } = options;
  return {
    ...contextOf(options),
    requestCert: requireCertificate,
    rejectUnauthorized: requireCertificate,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    ...(alpnProtocols && { ALPNProtocols: alpnProtocols }),
    ...(psk && {
      pskIdentityHint: psk.hint,
      pskCallback: (socket: TLSSocket, identity: string) => {
        const key = psk.keyOf(identity);
        if (key !== null) identities.set(socket, identity);
        return key;
      },
    }),
  };
}

/** Throws what OpenSSL says, and then the server is as it was. */
export function changeContext(server: Server, options: TlsOptions): void {
  const context = contextOf(options);
  createSecureContext(context);
  server.setSecureContext(context);
}

function contextOf(options: TlsOptions): SecureContextOptions {
  const { ca, cert, key, crl, ciphers, minVersion = 'TLSv1.2', maxVersion, psk } = options;
  // TLS 1.3 has pre-shared keys of another kind, which Node does not have
  const highest = psk === undefined ? maxVersion : 'TLSv1.2';
  const allowed = ciphers ?? (psk === undefined ? undefined : PSK_CIPHERS);
  return {
    ca,
    cert,
    key,
    crl,
    minVersion,
    ...(highest && { maxVersion: highest }),
    ...(allowed && { ciphers: allowed }),
    // a ticket would let a client in whose key is gone, and without its identity
    ...(psk && { secureOptions: constants.SSL_OP_NO_TICKET }),
  };
}
