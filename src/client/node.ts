// What the client needs of Node: sockets, TLS, WebSocket, buffers. Whatever is not needed by every program is
// loaded on use, so that a small tool starts quickly.
import { connect as connectSocket, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { onAbort } from './abort.js';
import { SocketTransport } from './node-socket.js';
import type { WebSocketOptions } from './node-websocket.js';
import type { ClientOptions, Target } from './options.js';
import type { Platform, Transport } from './transport.js';

/** A key that both sides know in advance (TLS-PSK). */
export interface PreSharedKey {
  identity: string;
  key: Uint8Array;
}

/** TLS, as `tls.connect` of Node takes it (ca, cert, key, ALPNProtocols, minVersion, rejectUnauthorized, …), and more. */
export interface TlsOptions extends ConnectionOptions {
  psk?: PreSharedKey | undefined;
  /** Hears each line of key material, for tools that decode what was recorded (NSS key log format). */
  keylog?: ((line: Buffer) => void) | undefined;
}

/** Options of the client in Node. */
export interface NodeClientOptions extends ClientOptions {
  tls?: TlsOptions | undefined;
  websocket?: WebSocketOptions | undefined;
  /** Address of this machine to connect from. */
  localAddress?: string | undefined;
  /** Send small packets at once; true by default. */
  noDelay?: boolean | undefined;
  /** Makes the stream of bytes to a server by itself, for example through a proxy. */
  dial?: ((target: Target, signal: AbortSignal) => Promise<Duplex>) | undefined;
}

/** Ciphers for a pre-shared key. Node has them in TLS 1.2 only. */
const PSK_CIPHERS =
  'PSK-AES128-GCM-SHA256:PSK-AES256-GCM-SHA384:PSK-CHACHA20-POLY1305:PSK-AES128-CBC-SHA256:PSK';

function tlsOptions({ tls = {} }: NodeClientOptions): ConnectionOptions {
  const { psk, keylog: _keylog, ...options } = tls;
  if (psk === undefined) return options;
  return {
    ciphers: PSK_CIPHERS,
    maxVersion: 'TLSv1.2',
    // the key is the proof; there is no certificate whose name could be compared
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ identity: psk.identity, psk: psk.key }),
    ...options,
  };
}

/** Resolves when a socket is connected; an abort destroys it. */
function connected<T extends Socket>(
  socket: T,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) return abort();
    const forget = onAbort(signal, abort);
    const failed = (error: Error): void => {
      forget();
      reject(error);
    };
    const closed = (): void => failed(new Error('the server closed the connection'));
    socket.once('error', failed);
    socket.once('close', closed);
    socket.once(event, () => {
      socket.off('error', failed);
      socket.off('close', closed);
      forget();
      resolve(socket);
    });
  });
}

async function dial(target: Target, options: NodeClientOptions, signal: AbortSignal): Promise<Duplex> {
  if (options.dial !== undefined) return options.dial(target, signal);
  const { localAddress, noDelay = true } = options;
  const where =
    target.protocol === 'unix'
      ? { path: target.path }
      : { host: target.host, port: target.port, localAddress };
  const socket = connectSocket({ ...where, noDelay } as NetConnectOpts);
  return connected(socket, 'connect', signal);
}

/** Encrypts a stream. */
async function secured(
  stream: Duplex,
  target: Target,
  options: NodeClientOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const [tls, { isIP }] = await Promise.all([import('node:tls'), import('node:net')]);
  const servername = isIP(target.host) === 0 ? { servername: target.host } : {};
  const socket = tls.connect({
    host: target.host,
    ...servername,
    ...tlsOptions(options),
    socket: stream,
  });
  const { keylog } = options.tls ?? {};
  if (keylog !== undefined) socket.on('keylog', keylog);
  return connected(socket, 'secureConnect', signal);
}

async function open(target: Target, options: NodeClientOptions, signal: AbortSignal): Promise<Transport> {
  const { protocol } = target;
  // before the stream is there, which may break at any time
  const web = protocol === 'ws' || protocol === 'wss' ? await import('./node-websocket.js') : undefined;
  const dialed = await dial(target, options, signal);
  dialed.on('error', () => {}); // what is on top of it hears of its end
  try {
    signal.throwIfAborted();
    if (dialed.destroyed) throw new Error('the connection ended at once');
    const isSecure = protocol === 'mqtts' || protocol === 'wss';
    const stream = isSecure ? await secured(dialed, target, options, signal) : dialed;
    if (web === undefined) return new SocketTransport(stream);
    return await web.openWebSocket(target, options.websocket ?? {}, stream, signal);
  } catch (error) {
    dialed.destroy();
    throw error;
  }
}

export function nodePlatform(options: NodeClientOptions): Platform {
  return {
    open: (target, signal) => open(target, options, signal),
    defer: setImmediate,
    encode: (text) => Buffer.from(text),
    copy: (bytes, from, to) => {
      const copy = Buffer.allocUnsafe(to - from);
      copy.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
      return copy;
    },
    randomId: () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
        .toString('base64url')
        .replace(/[-_]/g, '0'),
  };
}
