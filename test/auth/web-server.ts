// A web server for the tests of authentication: it answers as the test says, well or badly, and keeps what was asked.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (asked: Asked, response: ServerResponse) => void;

export const answering =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

export class WebServer {
  /** What it does from now on. */
  answer: Answer = answering(200);
  readonly asked: Asked[] = [];
  /** How many connections were ever made, and how many there are. */
  connections = 0;
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.sockets.add(socket.on('close', () => this.sockets.delete(socket)));
    });
  }

  static async start(): Promise<WebServer> {
    const server = new WebServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    const asked = { method: request.method!, url: request.url!, headers: request.headers, body };
    this.asked.push(asked);
    this.answer(asked, response);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}
