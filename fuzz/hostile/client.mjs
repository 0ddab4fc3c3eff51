// A client on a bare socket: it does as little by itself as possible, so that a test decides when it reads,
// answers, lies or goes away.
import { connect as open } from 'node:net';
import { acknowledgement, Cutter, connect, disconnect, readPublish, subscribe, Type } from './wire.mjs';

/** Milliseconds to wait for an answer that must come. */
const PATIENCE = 60_000;

let names = 0;

export function newName(prefix = 'hostile') {
  return `${prefix}-${process.pid}-${++names}`;
}

/** Resolves after some milliseconds. */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when `condition` holds; returns false when it does not in time. */
export async function until(condition, ms = PATIENCE, every = 10) {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) return false;
    await pause(every);
  }
  return true;
}

/** Resolves when a number has stood still for so many milliseconds. */
export async function settled(read, ms = 400) {
  for (let last = read(), since = performance.now(); performance.now() - since < ms; await pause(20)) {
    if (read() === last) continue;
    last = read();
    since = performance.now();
  }
}

/** Runs `work` for each of 0..count-1, so many at a time. */
export async function inParallel(count, width, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** A connected TCP socket, or null when the broker (or the system) does not let us in. */
export function openSocket({ host = '127.0.0.1', port }, localAddress) {
  return new Promise((resolve) => {
    const socket = open({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
    socket.setNoDelay(true);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', () => resolve(null));
  });
}

export class Client {
  socket;
  version;
  clientId;
  /** What to do with a PUBLISH, after readPublish. */
  onPublish = () => {};
  /** Sees every packet before anything else is done with it; true keeps the client from dealing with it. */
  onPacket = () => false;
  /** Whether it answers QoS 1 and 2 messages by itself. */
  acknowledges = true;
  isClosed = false;
  /** The reason code of a DISCONNECT or of a refusing CONNACK. */
  reason = null;
  sessionPresent = false;
  #cutter = new Cutter();
  #waiting = new Map();
  #nextId = 0;
  #aliases = new Map();
  #onClose = [];

  constructor(socket, version, clientId) {
    this.socket = socket;
    this.version = version;
    this.clientId = clientId;
    socket.on('data', (chunk) =>
      this.#cutter.push(chunk, (first, bytes, start, end) => this.#take(first, bytes, start, end)),
    );
    socket.on('error', () => {});
    socket.once('close', () => this.#closed());
  }

  /**
   * Connects; throws when it is refused. Options are those of wire.connect. A target with a method `open` gives
   * the stream itself.
   */
  static async open(target, options = {}) {
    const { version = 5, clientId = newName(), localAddress } = options;
    const socket = await (target.open === undefined ? openSocket(target, localAddress) : target.open());
    if (socket === null) throw new Error('no connection');
    const client = new Client(socket, version, clientId);
    Object.assign(client, options.set ?? {});
    const answer = client.#wait(Type.CONNACK, 0);
    client.send(connect({ ...options, version, clientId }));
    const connack = await answer;
    if (connack === null) throw new Error(`closed instead of CONNACK (${clientId})`);
    client.sessionPresent = connack[0] === 1;
    if (connack[1] !== 0) {
      client.reason = connack[1];
      throw new Error(`CONNACK with 0x${connack[1].toString(16)}`);
    }
    return client;
  }

  send(bytes) {
    return this.socket.write(bytes);
  }

  /** Sends, and waits while the broker takes nothing; false when the connection ended. */
  async sendAll(bytes) {
    if (this.isClosed) return false;
    if (!this.socket.write(bytes)) {
      await new Promise((resolve) => {
        const done = () => {
          this.socket.off('drain', done);
          this.socket.off('close', done);
          resolve();
        };
        this.socket.once('drain', done);
        this.socket.once('close', done);
      });
    }
    return !this.isClosed;
  }

  nextId() {
    this.#nextId = (this.#nextId % 65_535) + 1;
    return this.#nextId;
  }

  /** Resolves with the content of SUBACK after its identifier, or null. */
  subscribe(filters, qos = 0, more = {}) {
    const id = this.nextId();
    const answer = this.#wait(Type.SUBACK, id);
    this.send(subscribe({ id, filters: [].concat(filters), qos, version: this.version, ...more }));
    return answer;
  }

  /** Sends a request and resolves with the content of the answer after its identifier; null when closed. */
  request(bytes, type, id) {
    const answer = this.#wait(type, id);
    this.send(bytes);
    return answer;
  }

  #wait(type, id, ms = PATIENCE) {
    if (this.isClosed) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const key = type * 65_536 + id;
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new Error(`no packet of type ${type} for ${id} in ${ms} ms (${this.clientId})`));
      }, ms);
      this.#waiting.set(key, { resolve, timer });
    });
  }

  #answer(type, id, content) {
    const key = type * 65_536 + id;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    clearTimeout(waiting.timer);
    waiting.resolve(content === null ? null : Buffer.from(content));
  }

  #take(first, bytes, start, end) {
    if (this.onPacket(first, bytes, start, end)) return;
    const type = first >> 4;
    if (type === Type.PUBLISH) this.#message(readPublish(first, bytes, start, end, this.version));
    else if (type === Type.CONNACK) this.#answer(type, 0, bytes.subarray(start, end));
    else if (type === Type.PUBREL) this.send(acknowledgement(Type.PUBCOMP, bytes.readUInt16BE(start)));
    else if (type === Type.DISCONNECT) this.reason = end > start ? bytes[start] : 0;
    else if (type !== Type.PINGRESP)
      this.#answer(type, bytes.readUInt16BE(start), bytes.subarray(start + 2, end));
  }

  #message(message) {
    if (message.alias !== 0) {
      if (message.topic === '') message.topic = this.#aliases.get(message.alias);
      else this.#aliases.set(message.alias, message.topic);
    }
    this.onPublish(message, this);
    if (!this.acknowledges || message.qos === 0) return;
    this.send(acknowledgement(message.qos === 1 ? Type.PUBACK : Type.PUBREC, message.id));
  }

  /** Calls `run` when the connection has ended. */
  whenClosed(run) {
    if (this.isClosed) run();
    else this.#onClose.push(run);
  }

  #closed() {
    this.isClosed = true;
    for (const { resolve, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      resolve(null);
    }
    this.#waiting.clear();
    for (const run of this.#onClose) run();
  }

  /** DISCONNECT and the end of the connection. */
  end(reason = 0) {
    if (this.isClosed) return;
    this.socket.end(disconnect(reason, this.version));
    this.socket.resume();
  }

  /** Gone without a word. */
  kill() {
    this.socket.destroy();
  }
}
