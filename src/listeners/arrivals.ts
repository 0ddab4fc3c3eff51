// Sockets that have arrived and have a handshake before them (TLS, the request of a WebSocket, a PROXY header): they
// are counted at once, so that nobody can hold any number of them.
import type { Socket } from 'node:net';
import type { Arrival, Door } from '../core/protection/arrival.js';

/** TLS makes another object of a socket: both ends say that both are one. A unix socket has only itself. */
function keyOf(socket: Socket): unknown {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  return remoteAddress === undefined ? socket : `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}

interface Waiting {
  readonly socket: Socket;
  readonly arrival: Arrival;
}

export class Arrivals {
  readonly #door: Door | undefined;
  readonly #waiting = new Map<unknown, Waiting>();

  /** Without a door nothing is counted. */
  constructor(door: Door | undefined) {
    this.#door = door;
  }

  /** Announces a socket; destroys it, and returns false, when it is one too many. */
  announce(socket: Socket, address = socket.remoteAddress): boolean {
    if (this.#door === undefined) return true;
    const key = keyOf(socket);
    const arrival = this.#door.arrive(address);
    if (arrival === null) {
      socket.destroy();
      return false;
    }
    const waiting = { socket, arrival };
    this.#waiting.set(key, waiting);
    socket.once('close', () => this.#gone(key, waiting));
    return true;
  }

  #gone(key: unknown, waiting: Waiting): void {
    if (this.#waiting.get(key) !== waiting) return;
    this.#waiting.delete(key);
    this.#door!.depart(waiting.arrival);
  }

  /** The handshake is done: what the socket was counted for goes on to be counted by whoever takes this. */
  take(socket: Socket): Arrival | undefined {
    const key = keyOf(socket);
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting?.arrival;
  }

  /** The handshake is done, and it has told who it is really: it is to be counted anew. */
  forget(socket: Socket): void {
    const arrival = this.take(socket);
    if (arrival !== undefined) this.#door!.depart(arrival);
  }

  /** Ends all that have not come to the end of their handshake. */
  end(): void {
    for (const { socket } of [...this.#waiting.values()]) socket.destroy();
  }
}
