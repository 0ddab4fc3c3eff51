// The client of the behaviour tests: sends any packet at any time, keeps what comes in order, and does nothing
// by itself but acknowledge (unless told not to). Every wait has a limit and says what came instead.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  type AcknowledgementPacket,
  type ConnackPacket,
  type ConnectPacket,
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  type PingPacket,
  type Properties,
  type ProtocolVersion,
  type PublishPacket,
  type QoS,
  type SubackPacket,
  type SubscriptionRequest,
  type UnsubackPacket,
  type Will,
} from '../../src/protocol/index.js';

type PacketName = Packet['type'];
export type PacketOf<Name extends PacketName> = Name extends AcknowledgementPacket['type']
  ? AcknowledgementPacket
  : Name extends PingPacket['type']
    ? PingPacket
    : Extract<Packet, { type: Name }>;

export interface WillOptions {
  topic: string;
  payload?: string;
  qos?: QoS;
  retain?: boolean;
  properties?: Properties;
}

export interface ConnectOptions {
  version?: ProtocolVersion;
  clientId?: string;
  cleanStart?: boolean;
  /** Seconds; 0, the default, is off. */
  keepAlive?: number;
  will?: WillOptions;
  username?: string;
  password?: string;
  properties?: Properties;
  /** Whether what arrives with QoS 1 and 2 is acknowledged at once, as it is by default. */
  acknowledge?: boolean;
}

export interface PublishOptions {
  qos?: QoS;
  retain?: boolean;
  dup?: boolean;
  packetId?: number;
  properties?: Properties;
}

/** Milliseconds to wait for a packet that should come. */
const PATIENCE = 3000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A payload as text. */
export function text(packet: PublishPacket): string {
  return decoder.decode(packet.payload);
}

export function bytes(content: string): Uint8Array {
  return encoder.encode(content);
}

let clients = 0;

/** A client identifier that no other test uses. */
export function freshId(): string {
  clients++;
  return `client${clients}`;
}

export function connectPacket(options: ConnectOptions = {}): ConnectPacket {
  const version = options.version ?? 5;
  const packet: ConnectPacket = {
    type: 'connect',
    version,
    cleanStart: options.cleanStart ?? true,
    keepAlive: options.keepAlive ?? 0,
    clientId: options.clientId ?? freshId(),
  };
  if (options.will !== undefined) packet.will = willOf(options.will);
  if (options.username !== undefined) packet.username = options.username;
  if (options.password !== undefined) packet.password = bytes(options.password);
  if (options.properties !== undefined) packet.properties = options.properties;
  return packet;
}

function willOf({ topic, payload = '', qos = 0, retain = false, properties }: WillOptions): Will {
  return { topic, payload: bytes(payload), qos, retain, properties };
}

export class TestClient {
  readonly version: ProtocolVersion;
  readonly #stream: Duplex;
  readonly #acknowledge: boolean;
  readonly #reader = new FrameReader();
  /** What came; packets before #read were taken. */
  #inbox: Packet[] = [];
  #read = 0;
  readonly #watchers = new Set<() => void>();
  #closed = false;
  /** What the server sent and the codec could not read. */
  #failure: Error | undefined;
  #lastPacketId = 0;
  /** Bytes of the largest packet that came. */
  largestPacket = 0;
  /** What the server answered to CONNECT; only after `handshake`. */
  connack!: ConnackPacket;

  constructor(stream: Duplex, version: ProtocolVersion = 5, acknowledge = true) {
    this.version = version;
    this.#stream = stream;
    this.#acknowledge = acknowledge;
    stream.on('data', (chunk: Uint8Array) => this.#received(chunk));
    stream.on('end', () => stream.end());
    stream.on('error', () => {}); // a reset connection is a closed one
    for (const event of ['end', 'close']) {
      stream.once(event, () => {
        this.#closed = true;
        this.#wake();
      });
    }
  }

  #received(chunk: Uint8Array): void {
    const frame = (data: Uint8Array, start: number, body: number, end: number): boolean => {
      this.largestPacket = Math.max(this.largestPacket, end - start);
      this.#take(decodePacket(data, start, body, end, this.version));
      return true;
    };
    try {
      this.#reader.push(chunk, chunk.length, { frame });
    } catch (error) {
      this.#failure ??= error as Error;
    }
    this.#wake();
  }

  #take(packet: Packet): void {
    if (packet.type === 'publish') this.onPublish?.(packet);
    if (this.#acknowledge && packet.type === 'pubrel') {
      this.acknowledge('pubcomp', packet.packetId);
      return;
    }
    if (this.#acknowledge && packet.type === 'publish' && packet.qos > 0) {
      this.acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId!);
    }
    this.#inbox.push(packet);
  }

  #wake(): void {
    for (const wake of this.#watchers) wake();
  }

  /** Waits until `done` is true, at most `limit` milliseconds; returns whether it is. */
  async #until(done: () => boolean, limit = PATIENCE): Promise<boolean> {
    if (done()) return true;
    return new Promise((resolve) => {
      const finish = (result: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve(result);
      };
      const check = () => {
        if (done()) finish(true);
      };
      const timer = setTimeout(() => finish(false), limit);
      this.#watchers.add(check);
    });
  }

  /** How many packets came and were not taken. */
  get #waiting(): number {
    return this.#inbox.length - this.#read;
  }

  #shift(): Packet {
    const packet = this.#inbox[this.#read]!;
    this.#read++;
    if (this.#read === this.#inbox.length) {
      this.#inbox = [];
      this.#read = 0;
    }
    return packet;
  }

  /** Runs for every PUBLISH in the moment in which it comes, before this client does anything with it. */
  onPublish: ((message: PublishPacket) => void) | undefined;

  /** Bytes that were sent and not taken by the other side yet. */
  get unsent(): number {
    return this.#stream.writableLength;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  sendBytes(data: Uint8Array): void {
    this.#stream.write(data);
  }

  send(...packets: Packet[]): void {
    const encoded = packets.map((packet) => encodePacket(packet, this.version));
    this.sendBytes(Buffer.concat(encoded));
  }

  acknowledge(type: AcknowledgementPacket['type'], packetId: number, reason = 0): void {
    this.send({ type, packetId, reason });
  }

  /** The next packet, whatever it is. */
  async any(limit = PATIENCE): Promise<Packet> {
    await this.#until(() => this.#waiting > 0 || this.#closed || this.#failure !== undefined, limit);
    if (this.#waiting > 0) return this.#shift();
    if (this.#failure !== undefined)
      throw new Error('the server sent what is not MQTT', { cause: this.#failure });
    throw new Error(this.#closed ? 'the connection is closed' : `no packet came within ${limit} ms`);
  }

  /** The next packet, which must be of this type. */
  async next<Name extends PacketName>(type: Name, limit = PATIENCE): Promise<PacketOf<Name>> {
    const packet = await this.any(limit).catch((error: Error) => {
      throw new Error(`waiting for ${type}: ${error.message}`);
    });
    if (packet.type !== type) expect(packet).toMatchObject({ type });
    return packet as PacketOf<Name>;
  }

  /** The payloads of the next `count` PUBLISH packets. */
  async texts(count: number): Promise<string[]> {
    const payloads: string[] = [];
    while (payloads.length < count) payloads.push(text(await this.next('publish')));
    return payloads;
  }

  /** Nothing waits to be read: a PINGREQ is answered before anything else comes. */
  async nothing(): Promise<void> {
    this.send({ type: 'pingreq' });
    expect(await this.any()).toEqual({ type: 'pingresp' });
  }

  /** Nothing comes for some time. */
  async silence(milliseconds: number): Promise<void> {
    await this.#until(() => this.#waiting > 0 || this.#closed, milliseconds);
    expect({ came: this.#inbox.slice(this.#read), closed: this.#closed }).toEqual({
      came: [],
      closed: false,
    });
  }

  /** The server closes the connection, and sends nothing more before it does. */
  async closed(limit = PATIENCE): Promise<void> {
    await this.#until(() => this.#closed, limit);
    expect({ came: this.#inbox.slice(this.#read), closed: this.#closed }).toEqual({ came: [], closed: true });
  }

  /** The server sends DISCONNECT with this reason (in MQTT 5) and closes the connection. */
  async disconnected(reason: number, limit = PATIENCE): Promise<void> {
    if (this.version === 5) expect(await this.next('disconnect', limit)).toMatchObject({ reason });
    await this.closed(limit);
  }

  /** Sends CONNECT and takes the CONNACK, which must say `reason`. */
  async handshake(options: ConnectOptions, reason = 0): Promise<ConnackPacket> {
    this.send(connectPacket({ ...options, version: this.version }));
    this.connack = await this.next('connack');
    expect(this.connack).toMatchObject({ reason });
    return this.connack;
  }

  packetId(): number {
    this.#lastPacketId++;
    return this.#lastPacketId;
  }

  /** Subscribes to one filter; fails unless it is granted with the QoS that was asked for. */
  async subscribe(
    filter: string,
    options: Partial<SubscriptionRequest> = {},
    properties?: Properties,
  ): Promise<SubackPacket> {
    const suback = await this.request([{ filter, ...options }], properties);
    expect(suback.reasons).toEqual([options.qos ?? 0]);
    return suback;
  }

  /** Sends a SUBSCRIBE of many filters and returns the SUBACK. */
  async request(
    requests: (Partial<SubscriptionRequest> & { filter: string })[],
    properties?: Properties,
  ): Promise<SubackPacket> {
    const packetId = this.packetId();
    const defaults = { qos: 0 as QoS, noLocal: false, retainAsPublished: false, retainHandling: 0 };
    const subscriptions = requests.map((wanted) => ({ ...defaults, ...wanted }));
    this.send({ type: 'subscribe', packetId, subscriptions, properties });
    const suback = await this.next('suback');
    expect(suback.packetId).toBe(packetId);
    return suback;
  }

  async unsubscribe(...filters: string[]): Promise<UnsubackPacket> {
    const packetId = this.packetId();
    this.send({ type: 'unsubscribe', packetId, filters });
    const unsuback = await this.next('unsuback');
    expect(unsuback.packetId).toBe(packetId);
    return unsuback;
  }

  /** A PUBLISH ready to be sent, with a fresh packet identifier where it needs one. */
  message(topic: string, payload: string | Uint8Array = '', options: PublishOptions = {}): PublishPacket {
    const { qos = 0, retain = false, dup = false, properties } = options;
    const content = typeof payload === 'string' ? bytes(payload) : payload;
    const packet: PublishPacket = { type: 'publish', topic, payload: content, qos, retain, dup, properties };
    if (qos > 0) packet.packetId = options.packetId ?? this.packetId();
    return packet;
  }

  /** Publishes and takes the whole exchange; returns the reason of PUBACK or PUBREC (0 for QoS 0). */
  async publish(topic: string, payload?: string | Uint8Array, options: PublishOptions = {}): Promise<number> {
    const message = this.message(topic, payload, options);
    this.send(message);
    if (message.qos === 0) {
      await this.nothing(); // what was published is with its receivers once this returns
      return 0;
    }
    const answer = await this.next(message.qos === 1 ? 'puback' : 'pubrec');
    expect(answer.packetId).toBe(message.packetId);
    if (message.qos === 2 && answer.reason < 0x80) {
      this.acknowledge('pubrel', answer.packetId);
      expect(await this.next('pubcomp')).toMatchObject({ packetId: answer.packetId, reason: 0 });
    }
    return answer.reason;
  }

  /** Sends DISCONNECT and waits for the end of the connection. */
  async disconnect(reason = 0, properties?: Properties): Promise<void> {
    this.send({ type: 'disconnect', reason, properties });
    await this.closed();
  }

  /** Goes away without a DISCONNECT, and gives the server the time to notice. */
  async drop(): Promise<void> {
    this.#stream.destroy();
    if (!this.#stream.closed) await once(this.#stream, 'close');
    await delay(20);
  }

  /** Stops reading, as a client does that hangs; `resume` goes on. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
