// MQTT over WebSocket in Node (MQTT 5 section 6), on the library ws. Loaded only when a program uses it.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { onAbort } from './abort.js';
import { ClientError } from './errors.js';
import type { Target } from './options.js';
import type { Transport, TransportReceiver } from './transport.js';

export interface WebSocketOptions {
  /** Headers of the request, for example an authorization. */
  headers?: Record<string, string> | undefined;
  /** Subprotocols to offer; `mqtt` by default. */
  protocols?: string | string[] | undefined;
}

/** A frame may have several packets; one packet has at most 256 MiB. */
const MAX_FRAME = 2 * 268_435_460;

class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  #error: Error | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    socket.on('error', (error) => {
      this.#error = error;
    });
  }

  start(receiver: TransportReceiver): void {
    const socket = this.#socket;
    socket.on('message', (data, isBinary) => {
      if (isBinary) return receiver.received(data as Buffer);
      // [MQTT-6.0.0-1]
      this.#error = new ClientError('protocol', 'the server sent a text frame');
      socket.terminate();
    });
    socket.on('close', () => receiver.closed(this.#error));
    if (socket.readyState === WebSocket.CLOSED) queueMicrotask(() => receiver.closed(this.#error));
    else socket.resume();
  }

  write(list: readonly Uint8Array[], written: () => void): void {
    const last = list.length - 1;
    for (let i = 0; i < last; i++) this.#socket.send(list[i]!, { binary: true });
    this.#socket.send(list[last]!, { binary: true }, () => written());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#socket.terminate();
  }
}

/** Opens a WebSocket over a stream to the server, which is encrypted already where it should be. */
export function openWebSocket(
  target: Target,
  options: WebSocketOptions,
  stream: Duplex,
  signal: AbortSignal,
): Promise<Transport> {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const socket = new WebSocket(`ws://${host}:${target.port}${target.path}`, options.protocols ?? 'mqtt', {
    headers: options.headers,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    skipUTF8Validation: true,
    createConnection: () => stream as Socket,
  });
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => socket.terminate());
    const failed = (error: Error): void => reject(signal.aborted ? signal.reason : error);
    socket.once('error', failed);
    socket.once('open', () => {
      socket.off('error', failed);
      forget();
      socket.pause();
      resolve(new WebSocketTransport(socket));
    });
  });
}
