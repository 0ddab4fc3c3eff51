// What the client needs of a browser: WebSocket, a way to run after the work at hand, text encoding.
import { onAbort } from './abort.js';
import { ClientError, invalid } from './errors.js';
import type { ClientOptions, Target } from './options.js';
import type { Platform, Transport, TransportReceiver } from './transport.js';

/** Options of the client in a browser. */
export interface WebClientOptions extends ClientOptions {
  websocket?: { protocols?: string | string[] | undefined } | undefined;
}

/** What is used of the browser's WebSocket. */
interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number): void;
}

declare const MessageChannel: new () => {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(value: null): void };
};
declare const WebSocket: new (url: string, protocols: string | string[]) => WebSocketLike;

/** Milliseconds between looks at how much the browser has not sent yet. */
const LOOK_AGAIN = 5;
const OPEN = 1;

class WebTransport implements Transport {
  readonly #socket: WebSocketLike;
  #receiver: TransportReceiver | null = null;
  #written: (() => void)[] = [];
  #isPaused = false;
  /** What came while reading was paused: a browser cannot be told to stop. */
  #held: Uint8Array[] = [];
  #isClosed = false;
  #isTold = false;
  #error: Error | undefined;

  constructor(socket: WebSocketLike) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#message(data);
    socket.onclose = ({ code }) =>
      this.#closed(code === 1000 ? undefined : new Error(`WebSocket closed with code ${code}`));
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    queueMicrotask(() => this.#deliver());
  }

  #message(data: unknown): void {
    if (typeof data === 'string') {
      // [MQTT-6.0.0-1]
      this.#held = [];
      this.#closed(new ClientError('protocol', 'the server sent a text frame'));
      this.#socket.close();
      return;
    }
    this.#held.push(new Uint8Array(data as ArrayBuffer));
    this.#deliver();
  }

  #deliver(): void {
    while (this.#receiver !== null && !this.#isPaused && this.#held.length > 0)
      this.#receiver.received(this.#held.shift()!);
    this.#tellEnd();
  }

  #closed(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#tellEnd();
  }

  /** The end is told after what came before it. */
  #tellEnd(): void {
    if (!this.#isClosed || this.#isTold || this.#receiver === null || this.#held.length > 0) return;
    this.#isTold = true;
    this.#receiver.closed(this.#error);
  }

  write(list: readonly Uint8Array[], written: () => void): void {
    if (this.#socket.readyState !== OPEN) return;
    // the browser copies what it is given
    for (const bytes of list) this.#socket.send(bytes);
    this.#written.push(written);
    if (this.#written.length === 1) this.#look();
  }

  #look(): void {
    if (this.#isClosed) return;
    if (this.#socket.bufferedAmount > 0) {
      setTimeout(() => this.#look(), LOOK_AGAIN);
      return;
    }
    const written = this.#written;
    this.#written = [];
    for (const done of written) done();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    queueMicrotask(() => this.#deliver());
  }

  end(): void {
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#socket.close();
    // the closing handshake may take as long as a dead link lets it
    this.#held = [];
    queueMicrotask(() => this.#closed());
  }
}

function open(target: Target, options: WebClientOptions, signal: AbortSignal): Promise<Transport> {
  const { protocol, host, port, path } = target;
  if (protocol !== 'ws' && protocol !== 'wss')
    throw invalid(`a browser reaches servers by ws: and wss: only, not by ${protocol}:`);
  const name = host.includes(':') ? `[${host}]` : host;
  const socket = new WebSocket(
    `${protocol}://${name}:${port}${path}`,
    options.websocket?.protocols ?? 'mqtt',
  );
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => {
      socket.close();
      reject(signal.reason);
    });
    // browsers do not tell why
    socket.onclose = ({ code }) => reject(new Error(`no WebSocket to ${host}:${port} (code ${code})`));
    socket.onopen = () => {
      forget();
      resolve(new WebTransport(socket));
    };
  });
}

/** Runs callbacks in a task of their own, without the 4 ms that browsers add to timers. */
function deferrer(): (run: () => void) => void {
  const channel = new MessageChannel();
  let waiting: (() => void)[] = [];
  channel.port1.onmessage = () => {
    const due = waiting;
    waiting = [];
    for (const run of due) run();
  };
  return (run) => {
    waiting.push(run);
    if (waiting.length === 1) channel.port2.postMessage(null);
  };
}

const encoder = new TextEncoder();
let defer: ((run: () => void) => void) | undefined;

export function webPlatform(options: WebClientOptions): Platform {
  defer ??= deferrer();
  return {
    open: async (target, signal) => open(target, options, signal),
    defer,
    encode: (text) => encoder.encode(text),
    copy: (bytes, from, to) => bytes.slice(from, to),
    randomId: () =>
      btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))).replace(/[+/=]/g, '0'),
  };
}
