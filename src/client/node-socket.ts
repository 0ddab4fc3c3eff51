// A TCP, TLS or unix socket of Node as a transport of the client.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport, TransportReceiver } from './transport.js';

/** What a socket and any other duplex stream have in common. */
export class SocketTransport implements Transport {
  readonly #socket: Duplex;
  #error: Error | undefined;

  constructor(socket: Socket | Duplex) {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#error = error;
    });
  }

  start(receiver: TransportReceiver): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Uint8Array) => receiver.received(bytes));
    // a server that closes its half has nothing more to say
    socket.on('end', () => socket.destroy());
    socket.on('close', () => receiver.closed(this.#error));
    if (socket.destroyed) queueMicrotask(() => receiver.closed(this.#error));
  }

  write(list: readonly Uint8Array[], written: () => void): void {
    const socket = this.#socket;
    const last = list.length - 1;
    if (last > 0) socket.cork();
    for (let i = 0; i < last; i++) socket.write(list[i]!);
    socket.write(list[last]!, written);
    if (last > 0) socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
