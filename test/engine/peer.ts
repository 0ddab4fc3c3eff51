// A client of the engine without any network: it sends packets, and keeps what comes until the test takes it.
import {
  type ConnectPacket,
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  type Properties,
  type ProtocolVersion,
  type PublishPacket,
  type QoS,
  type SubscriptionRequest,
} from '../../src/protocol/index.js';
import { Line } from './line.js';
import type { World } from './world.js';

export interface ConnectOptions extends Partial<Omit<ConnectPacket, 'type'>> {
  /** Session expiry interval in seconds (MQTT 5); sets clean start to false. */
  expiry?: number;
}

export interface PublishOptions {
  qos?: QoS;
  retain?: boolean;
  dup?: boolean;
  packetId?: number;
  properties?: Properties;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let clients = 0;

export function text(packet: { payload: Uint8Array }): string {
  return decoder.decode(packet.payload);
}

export class Peer {
  readonly line: Line;
  readonly version: ProtocolVersion;
  clientId = '';
  readonly #world: World;
  readonly #reader = new FrameReader();
  #inbox: Packet[] = [];
  #lastPacketId = 0;

  constructor(world: World, version: ProtocolVersion = 5) {
    this.#world = world;
    this.version = version;
    this.line = new Line((bytes) => this.#received(bytes));
    world.engine.accept(this.line);
  }

  #received(bytes: Uint8Array): void {
    const frame = (data: Uint8Array, start: number, body: number, end: number): boolean => {
      this.#inbox.push(decodePacket(data.slice(), start, body, end, this.version));
      return true;
    };
    this.#reader.push(bytes, bytes.length, { frame });
  }

  /** Sends bytes as one piece. They are written over afterwards: nobody may hold on to them. */
  sendBytes(bytes: Uint8Array): void {
    const buffer = new Uint8Array(bytes);
    this.line.receiver.received(buffer, buffer.length);
    buffer.fill(0xee);
  }

  /** Sends packets as one piece, without ending the turn. */
  write(...packets: Packet[]): void {
    this.sendBytes(Buffer.concat(packets.map((packet) => encodePacket(packet, this.version))));
  }

  /** Sends packets and ends the turn. */
  send(...packets: Packet[]): this {
    this.write(...packets);
    this.#world.turn();
    return this;
  }

  connect({ expiry, properties, ...options }: ConnectOptions = {}): this {
    clients++;
    const packet: ConnectPacket = {
      type: 'connect',
      cleanStart: expiry === undefined,
      keepAlive: 0,
      clientId: `client${clients}`,
      properties: expiry === undefined ? properties : { sessionExpiryInterval: expiry, ...properties },
      ...options,
      version: this.version,
    };
    this.clientId = packet.clientId;
    return this.send(packet);
  }

  /** Takes the CONNACK, which must be the only packet, and must accept the client. */
  accepted(): this {
    const [connack, ...more] = this.take();
    if (connack?.type !== 'connack' || connack.reason !== 0 || more.length > 0)
      throw new Error(`not accepted: ${JSON.stringify([connack, ...more])}`);
    return this;
  }

  nextPacketId(): number {
    this.#lastPacketId++;
    return this.#lastPacketId;
  }

  /** Subscribes to one filter and takes the SUBACK, which must come before anything else. */
  subscribe(filter: string, options: Partial<SubscriptionRequest> = {}, properties?: Properties): this {
    const request = { filter, qos: 2 as QoS, noLocal: false, retainAsPublished: false, retainHandling: 0 };
    this.send({
      type: 'subscribe',
      packetId: this.nextPacketId(),
      subscriptions: [{ ...request, ...options }],
      properties,
    });
    const suback = this.#inbox.shift();
    if (suback?.type !== 'suback' || suback.reasons[0]! > 2)
      throw new Error(`not subscribed: ${JSON.stringify(suback)}`);
    return this;
  }

  unsubscribe(...filters: string[]): this {
    return this.send({ type: 'unsubscribe', packetId: this.nextPacketId(), filters });
  }

  message(topic: string, payload: string | Uint8Array = '', options: PublishOptions = {}): PublishPacket {
    const { qos = 0, retain = false, dup = false, properties } = options;
    const content = typeof payload === 'string' ? encoder.encode(payload) : payload;
    const packet: PublishPacket = { type: 'publish', topic, payload: content, qos, retain, dup, properties };
    if (qos > 0) packet.packetId = options.packetId ?? this.nextPacketId();
    return packet;
  }

  publish(topic: string, payload?: string | Uint8Array, options?: PublishOptions): this {
    return this.send(this.message(topic, payload, options));
  }

  acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number, reason = 0): this {
    return this.send({ type, packetId, reason });
  }

  /** Takes everything that came. */
  take(): Packet[] {
    const taken = this.#inbox;
    this.#inbox = [];
    return taken;
  }

  /** Gives back what was taken too early. */
  putBack(packets: Packet[]): void {
    this.#inbox.unshift(...packets);
  }

  /** Takes everything that came, which must be PUBLISHes. */
  messages(): PublishPacket[] {
    return this.take().map((packet) => {
      if (packet.type !== 'publish') throw new Error(`not a PUBLISH: ${JSON.stringify(packet)}`);
      return packet;
    });
  }

  /** Takes everything that came: the payloads of PUBLISHes as text, other packets by their names. */
  texts(): string[] {
    return this.take().map((packet) => (packet.type === 'publish' ? text(packet) : `(${packet.type})`));
  }

  /** The connection is gone without a word. */
  drop(): void {
    this.line.receiver.closed();
    this.#world.turn();
  }

  /** Sends DISCONNECT. */
  leave(reason = 0, properties?: Properties): void {
    this.send({ type: 'disconnect', reason, properties });
  }

  get isClosed(): boolean {
    return this.line.ended || this.line.destroyed;
  }
}
