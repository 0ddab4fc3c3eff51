// A SOCKS5 proxy (RFC 1928, RFC 1929) of just what the tools need. It writes down what it was asked for; whatever
// host that names, the connection goes to the broker, by the port that is usual for each kind of connection.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type State = 'greeting' | 'user' | 'request' | 'connected';

export class SocksProxy {
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #user: readonly [string, string] | undefined;
  readonly #portOf: (port: number) => number;
  readonly #sockets = new Set<Socket>();

  constructor(portOf: (port: number) => number, user?: readonly [string, string]) {
    this.#user = user;
    this.#portOf = portOf;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get quiet(): boolean {
    return this.#sockets.size === 0;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
  }

  #serve(socket: Socket): void {
    this.#keep(socket);
    let state: State = 'greeting';
    socket.on('data', (chunk) => {
      if (state === 'greeting') state = this.#greet(socket, chunk);
      else if (state === 'user') state = this.#login(socket, chunk);
      else if (state === 'request') state = this.#connect(socket, chunk);
    });
  }

  #greet(socket: Socket, chunk: Buffer): State {
    const methods = [...chunk.subarray(2, 2 + chunk[1]!)];
    const wanted = this.#user === undefined ? 0 : 2;
    this.asked.push(`methods ${methods.join(' ')}`);
    socket.write(Buffer.from([5, methods.includes(wanted) ? wanted : 0xff]));
    if (!methods.includes(wanted)) socket.end();
    return wanted === 0 ? 'request' : 'user';
  }

  #login(socket: Socket, chunk: Buffer): State {
    const nameEnd = 2 + chunk[1]!;
    const name = chunk.subarray(2, nameEnd).toString();
    const password = chunk.subarray(nameEnd + 1, nameEnd + 1 + chunk[nameEnd]!).toString();
    const right = name === this.#user?.[0] && password === this.#user?.[1];
    this.asked.push(`user ${name} password ${password}`);
    socket.write(Buffer.from([1, right ? 0 : 1]));
    if (!right) socket.end();
    return 'request';
  }

  #connect(socket: Socket, chunk: Buffer): State {
    const length = { 1: 4, 3: 1 + chunk[4]!, 4: 16 }[chunk[3]!]!;
    const address = chunk.subarray(4, 4 + length);
    const host = chunk[3] === 3 ? address.subarray(1).toString() : [...address].join('.');
    const port = chunk.readUInt16BE(4 + length);
    const target = this.#portOf(port);
    this.asked.push(`connect ${host}:${port}`);
    const reply = (code: number): boolean => socket.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
    const onward = connect({ port: target, host: '127.0.0.1', noDelay: true });
    this.#keep(onward);
    onward.on('error', () => {
      reply(5);
      socket.end();
    });
    onward.on('connect', () => {
      reply(0);
      socket.pipe(onward).pipe(socket);
    });
    return 'connected';
  }
}
