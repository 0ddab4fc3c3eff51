// A well-behaved client in a thread of its own, while others do their worst: it pings, publishes to itself with
// QoS 1 and subscribes anew all the time, and measures how long the broker takes to answer.
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { Packet } from '../src/protocol/index.js';
import type { Codec } from './examine.js';

export interface SentinelOptions {
  /** The address of the codec's module. */
  codecUrl: string;
  host: string;
  port: number;
  clientId: string;
}

export interface SentinelReport {
  rounds: number;
  /** Milliseconds. */
  worstPing: number;
  worstDelivery: number;
  worstSubscribe: number;
  failure: string | undefined;
}

const PATIENCE = 15_000;
const PAUSE = 5;

type Wanted = (packet: Packet) => boolean;

class Sentinel {
  readonly report: SentinelReport = {
    rounds: 0,
    worstPing: 0,
    worstDelivery: 0,
    worstSubscribe: 0,
    failure: undefined,
  };
  readonly #socket: Socket;
  readonly #received: Packet[] = [];
  #wake: () => void = () => {};
  #closed = false;

  constructor(
    readonly codec: Codec,
    readonly options: SentinelOptions,
  ) {
    const reader = new codec.FrameReader();
    const frame = (bytes: Uint8Array, start: number, body: number, end: number): boolean => {
      const packet = codec.decodePacket(bytes, start, body, end, 4);
      // every message, also one that comes twice because two subscriptions match it
      if (packet.type === 'publish' && packet.qos === 1) {
        this.#send({ type: 'puback', packetId: packet.packetId!, reason: 0 });
      }
      this.#received.push(packet);
      return true;
    };
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true });
    this.#socket.on('data', (chunk) => {
      reader.push(chunk, chunk.length, { frame });
      this.#wake();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  #send(packet: Packet): void {
    this.#socket.write(this.codec.encodePacket(packet, 4));
  }

  /** Waits for one packet of each kind, in any order; what else comes is dropped. */
  async #expect(name: string, wanted: readonly Wanted[]): Promise<number> {
    const began = performance.now();
    const open = [...wanted];
    while (open.length > 0) {
      const left = PATIENCE - (performance.now() - began);
      if (this.#closed)
        throw new Error(`the broker closed the connection of the sentinel, which waited for ${name}`);
      if (left <= 0) throw new Error(`no ${name} for the sentinel in ${PATIENCE} ms`);
      const packet = this.#received.shift();
      if (packet === undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          this.#wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        continue;
      }
      const index = open.findIndex((each) => each(packet));
      if (index !== -1) open.splice(index, 1);
    }
    return performance.now() - began;
  }

  async #round(number: number): Promise<void> {
    const { clientId } = this.options;
    const packetId = 1 + (number % 65_535);
    const filter = `${clientId}/${number % 100 === 0 ? '+' : 'self'}`;
    const request = { filter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    this.#send({ type: 'subscribe', packetId, subscriptions: [request] });
    const subscribed = await this.#expect('SUBACK', [(packet) => packet.type === 'suback']);
    this.report.worstSubscribe = Math.max(this.report.worstSubscribe, subscribed);
    const payload = new TextEncoder().encode(`round ${number}`);
    const isMine: Wanted = (packet) =>
      packet.type === 'publish' && Buffer.compare(packet.payload, payload) === 0;
    this.#send({
      type: 'publish',
      topic: `${clientId}/self`,
      payload,
      qos: 1,
      retain: false,
      dup: false,
      packetId,
    });
    const isAcknowledged: Wanted = (packet) => packet.type === 'puback' && packet.packetId === packetId;
    const delivered = await this.#expect('PUBACK and its own message', [isAcknowledged, isMine]);
    this.report.worstDelivery = Math.max(this.report.worstDelivery, delivered);
    this.#send({ type: 'pingreq' });
    const answered = await this.#expect('PINGRESP', [(packet) => packet.type === 'pingresp']);
    this.report.worstPing = Math.max(this.report.worstPing, answered);
  }

  /** Goes on until `isOver`, then says goodbye. */
  async run(isOver: () => boolean): Promise<void> {
    try {
      const { clientId } = this.options;
      this.#send({ type: 'connect', version: 4, cleanStart: true, keepAlive: 60, clientId });
      await this.#expect('CONNACK', [(packet) => packet.type === 'connack' && packet.reason === 0]);
      do {
        await this.#round(this.report.rounds);
        this.report.rounds++;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      } while (!isOver());
      this.#send({ type: 'disconnect', reason: 0 });
    } catch (error) {
      this.report.failure = (error as Error).message;
    }
    this.#socket.end();
  }
}

if (parentPort !== null) {
  const options = workerData as SentinelOptions;
  const sentinel = new Sentinel((await import(options.codecUrl)) as Codec, options);
  let isOver = false;
  parentPort.once('message', () => {
    isOver = true;
  });
  await sentinel.run(() => isOver);
  parentPort.postMessage(sentinel.report);
}
