// One network connection to a server: the handshake, cutting and encoding packets, keep-alive. What packets mean
// for the session is incoming.ts and outgoing.ts; when to connect again is client.ts.
import {
  type AuthPacket,
  acknowledgementNames,
  type ConnackPacket,
  type ConnectPacket,
  type DisconnectPacket,
  decodeAnswer,
  encodeRequest,
  FrameReader,
  type FrameSink,
  InboundTopicAliases,
  MqttError,
  OutboundTopicAliases,
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
  Publish,
  propertiesAsObject,
  protocolError,
  ReasonCode,
  type Request,
  readPublishWith,
  type SubackPacket,
  type UnsubackPacket,
  variableByteIntegerSize,
} from '../protocol/index.js';
import type { EnhancedAuthentication } from './enhanced-authentication.js';
import { ClientError, invalid, reasonOfReturnCode, reasonText } from './errors.js';
import { KeepAlive } from './keep-alive.js';
import { Output } from './output.js';
import { encodedProperties, type PublishContent, publishLength, writePublish } from './publish-packet.js';
import { TopicNames } from './topic-names.js';
import type { Platform, Transport } from './transport.js';

export type Direction = 'sent' | 'received';

/** Who the connection works for. */
export interface ConnectionOwner {
  /** A PUBLISH, valid during the call only. */
  published(message: Publish, topic: string): void;
  /** PUBACK, PUBREC, PUBREL or PUBCOMP. */
  acknowledged(type: number, packetId: number, reason: number, properties: Properties | undefined): void;
  answered(packet: SubackPacket | UnsubackPacket): void;
  /** Makes safe what must be before anything that was written leaves. */
  commit(): Promise<void> | undefined;
  /** The connection is over, after `open` had resolved. */
  closed(error: ClientError): void;
  /** Hears of every packet, if somebody listens. */
  trace(direction: Direction, packet: Packet): void;
  readonly isTraced: boolean;
}

/** What the server said it can do, or what holds where it said nothing (MQTT 5 section 3.2.2.3). */
export interface ServerLimits {
  receiveMaximum: number;
  maximumQoS: number;
  retainAvailable: boolean;
  maximumPacketSize: number;
  subscriptionIdentifiers: boolean;
}

const EMPTY = new Uint8Array(0);
/** Bytes of the property topic alias. */
const ALIAS_SIZE = 3;
export type AcknowledgementType = keyof typeof acknowledgementNames;

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class Connection implements FrameSink {
  readonly version: ProtocolVersion;
  readonly output: Output;
  lastReceived = performance.now();
  limits: ServerLimits = limitsOf({});
  readonly #transport: Transport;
  readonly #owner: ConnectionOwner;
  readonly #frames: FrameReader;
  readonly #publish = new Publish();
  readonly #topics = new TopicNames();
  readonly #inboundAliases: InboundTopicAliases<string>;
  #outboundAliases = new OutboundTopicAliases<string>(0);
  readonly #useAliases: boolean;
  readonly #authentication: EnhancedAuthentication | undefined;
  #keepAlive: KeepAlive | null = null;
  #state: 'new' | 'opening' | 'open' | 'closing' | 'closed' = 'new';
  #opening: Waiting<ConnackPacket> | null = null;
  /** The transport has ended while what came before waits for the program. */
  #ended: { error: Error | undefined } | null = null;
  #isHeld = false;
  #cleanStart = false;

  constructor(
    transport: Transport,
    owner: ConnectionOwner,
    platform: Platform,
    settings: {
      version: ProtocolVersion;
      maximumPacketSize: number;
      topicAliasMaximum: number;
      sendTopicAliases?: boolean | undefined;
    },
    authentication: EnhancedAuthentication | undefined,
  ) {
    this.#transport = transport;
    this.#owner = owner;
    this.version = settings.version;
    this.#frames = new FrameReader(settings.maximumPacketSize);
    this.#inboundAliases = new InboundTopicAliases(settings.topicAliasMaximum);
    this.#useAliases = settings.sendTopicAliases ?? false;
    this.#authentication = authentication;
    this.output = new Output(transport, platform, () => this.#owner.commit());
    this.#resumeLater = () => platform.defer(() => this.#resume());
  }

  readonly #resumeLater: () => void;

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get lastSent(): number {
    return this.output.lastSent;
  }

  /** Sends CONNECT and waits for CONNACK. Rejects with a ClientError when there is none, or a refusal. */
  async open(packet: ConnectPacket): Promise<ConnackPacket> {
    this.#state = 'opening';
    this.#cleanStart = packet.cleanStart;
    const opened = new Promise<ConnackPacket>((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    opened.catch(() => {}); // the connection may break before anybody waits
    this.#transport.start(this);
    try {
      if (this.#authentication !== undefined)
        packet.properties = { ...packet.properties, ...(await this.#authentication.begin()) };
      if (this.#state === 'opening') this.send(packet);
    } catch (error) {
      this.#fail(asClientError(error));
    }
    return opened;
  }

  /** Authenticates again on the live connection (MQTT 5 section 4.12.1). */
  async reauthenticate(): Promise<void> {
    if (this.#authentication === undefined)
      throw invalid('there is no authentication method to authenticate with again');
    try {
      await this.#authentication.again(this.#sendAuth);
    } catch (error) {
      throw asClientError(error);
    }
  }

  readonly #sendAuth = (packet: AuthPacket): void => {
    if (this.#state === 'opening' || this.#state === 'open') this.send(packet);
  };

  /** Sends any packet but a PUBLISH of the session. */
  send(packet: Request): void {
    this.output.packet(encodeRequest(packet, this.version));
    this.#owner.trace('sent', packet);
  }

  /** The most common acknowledgements, without an object. */
  acknowledge(type: AcknowledgementType, packetId: number, reason = 0): void {
    const { output } = this;
    if (reason !== 0 && this.version === 5)
      return this.send({ type: acknowledgementNames[type], packetId, reason });
    const at = output.reserve(4);
    const { buffer } = output;
    buffer[at] = (type << 4) | (type === PacketType.PUBREL ? 2 : 0);
    buffer[at + 1] = 2;
    buffer[at + 2] = packetId >> 8;
    buffer[at + 3] = packetId;
    if (this.#owner.isTraced)
      this.#owner.trace('sent', { type: acknowledgementNames[type], packetId, reason: 0 });
  }

  /** What the server could not take, as a reason to refuse; null when it can. */
  objection(content: PublishContent): ClientError | null {
    const { limits } = this;
    if (content.qos > limits.maximumQoS)
      return unsupported(ReasonCode.QoSNotSupported, `the server takes at most QoS ${limits.maximumQoS}`);
    if (content.retain && !limits.retainAvailable)
      return unsupported(ReasonCode.RetainNotSupported, 'the server does not retain messages');
    const size = this.#sizeOf(content);
    if (size > limits.maximumPacketSize)
      return unsupported(
        ReasonCode.PacketTooLarge,
        `the message makes a packet of ${size} bytes, the server takes at most ${limits.maximumPacketSize}`,
      );
    return null;
  }

  /** The size of a PUBLISH with its topic in full; somewhat too large where no more need be known. */
  #sizeOf(content: PublishContent): number {
    const rough = content.topic.length + content.payload.length + 10 + ALIAS_SIZE;
    // nearly always it is far from the limit
    if (content.properties === undefined && rough <= this.limits.maximumPacketSize) return rough;
    const properties = encodedProperties(content.properties, 0, this.version);
    const length = publishLength(content, content.topic.length, properties);
    const size = length + (this.#useAliases ? ALIAS_SIZE : 0);
    return 1 + variableByteIntegerSize(size) + size;
  }

  /** Sends a PUBLISH. Returns whether its payload is referenced until it has left. */
  publish(content: PublishContent, name: string, packetId: number, dup: boolean): boolean {
    let { topic } = content;
    let alias = 0;
    if (this.#useAliases && this.version === 5) {
      alias = this.#outboundAliases.known(name);
      if (alias !== 0) topic = EMPTY;
      else alias = this.#outboundAliases.assign(name);
    }
    const properties = encodedProperties(content.properties, alias, this.version);
    if (this.#owner.isTraced) this.#traceSent(content, name, packetId, dup);
    return writePublish(this.output, content, topic, properties, packetId, dup);
  }

  #traceSent(content: PublishContent, topic: string, packetId: number, dup: boolean): void {
    const { qos, retain, payload, properties } = content;
    const packet: Packet = { type: 'publish', topic, payload, qos: qos as 0, retain, dup, properties };
    if (qos > 0) packet.packetId = packetId;
    this.#owner.trace('sent', packet);
  }

  /** Stops reading, so that the server is held up; `release` goes on. */
  hold(): void {
    if (this.#isHeld || this.#state === 'closed') return;
    this.#isHeld = true;
    this.#transport.pause();
  }

  release(): void {
    if (!this.#isHeld || this.#state === 'closed') return;
    this.#isHeld = false;
    this.lastReceived = performance.now();
    this.#transport.resume();
    // what had come already
    if (this.#frames.stopped) this.#resumeLater();
  }

  received(bytes: Uint8Array): void {
    this.lastReceived = performance.now();
    this.#guard(() => this.#frames.push(bytes, bytes.length, this));
  }

  #resume(): void {
    if (this.#state === 'closed' || this.#isHeld) return;
    this.#guard(() => this.#frames.resume(this));
    if (this.#ended !== null && !this.#isHeld) this.#close(this.#ended.error);
  }

  /** What the server must not send ends the connection with the reason. */
  #guard(read: () => void): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    try {
      read();
    } catch (error) {
      if (!(error instanceof MqttError)) throw error;
      const isOpen = this.#state === 'open';
      if (isOpen && this.version === 5) this.send({ type: 'disconnect', reason: error.reason });
      this.#fail(
        new ClientError('protocol', `the server sent what MQTT does not allow: ${error.message}`, {
          reason: error.reason,
          cause: error,
        }),
      );
    }
  }

  frame(bytes: Uint8Array, start: number, body: number, end: number): boolean {
    const type = bytes[start]! >> 4;
    if (this.#state === 'open') {
      if (type === PacketType.PUBLISH) this.#readPublish(bytes, start, body, end);
      else if (
        type >= PacketType.PUBACK &&
        type <= PacketType.PUBCOMP &&
        end - body === 2 &&
        !this.#owner.isTraced
      )
        this.#owner.acknowledged(type, this.#packetId(bytes, body), 0, undefined);
      else this.#dispatch(decodeAnswer(bytes, start, body, end, this.version));
      return (this.#state as string) === 'open' && !this.#isHeld;
    }
    return this.#state === 'opening' && this.#handshake(bytes, start, body, end, type);
  }

  #packetId(bytes: Uint8Array, at: number): number {
    const id = (bytes[at]! << 8) | bytes[at + 1]!;
    if (id === 0) throw protocolError('packet identifier must not be 0');
    return id;
  }

  #readPublish(bytes: Uint8Array, start: number, body: number, end: number): void {
    const message = this.#publish;
    readPublishWith(propertiesAsObject, message, bytes, start, body, end, this.version);
    const { topicStart, topicEnd, topicAlias } = message;
    let topic: string;
    if (topicEnd > topicStart) {
      topic = this.#topics.text(bytes, topicStart, topicEnd);
      if (topicAlias !== 0) this.#inboundAliases.set(topicAlias, topic);
    } else if (topicAlias !== 0) topic = this.#inboundAliases.get(topicAlias);
    else throw protocolError('topic name is empty and there is no topic alias');
    if (this.#owner.isTraced) {
      const packet = decodeAnswer(bytes, start, body, end, this.version);
      this.#owner.trace('received', { ...packet, topic } as Packet);
    }
    this.#owner.published(message, topic);
  }

  #dispatch(packet: Packet): void {
    this.#owner.trace('received', packet);
    switch (packet.type) {
      case 'puback':
      case 'pubrec':
      case 'pubrel':
      case 'pubcomp': {
        const type = PacketType[packet.type.toUpperCase() as 'PUBACK'];
        return this.#owner.acknowledged(type, packet.packetId, packet.reason, packet.properties);
      }
      case 'suback':
      case 'unsuback':
        return this.#owner.answered(packet);
      case 'pingresp':
        return;
      case 'auth':
        return this.#authenticate(packet);
      case 'disconnect':
        if (this.version !== 5) break;
        return this.#fail(
          new ClientError(
            'lost',
            `the server disconnected: ${reasonText(packet.reason, packet.properties)}`,
            packet,
          ),
        );
    }
    throw protocolError(`${packet.type.toUpperCase()} is not for a client`);
  }

  /** Returns whether more of the handshake may follow at once. */
  #handshake(bytes: Uint8Array, start: number, body: number, end: number, type: number): boolean {
    if (type === PacketType.AUTH && this.version === 5) {
      const packet = decodeAnswer(bytes, start, body, end, 5) as AuthPacket;
      this.#owner.trace('received', packet);
      this.#authenticate(packet);
      return true;
    }
    if (type === PacketType.DISCONNECT && this.version === 5) {
      const packet = decodeAnswer(bytes, start, body, end, 5) as DisconnectPacket;
      this.#refuse(packet.reason, packet.properties);
      return false;
    }
    if (type !== PacketType.CONNACK) throw protocolError('the first packet of the server is not CONNACK');
    // an older server refuses MQTT 5 in its own format
    const version = this.version === 5 && end - body === 2 ? 4 : this.version;
    const packet = decodeAnswer(bytes, start, body, end, version) as ConnackPacket;
    this.#owner.trace('received', packet);
    const returnCode = version === 5 ? undefined : packet.reason;
    const reason = returnCode === undefined ? packet.reason : reasonOfReturnCode(returnCode);
    if (reason !== 0) this.#refuse(reason, packet.properties, returnCode);
    else this.#accepted(packet);
    return false;
  }

  #refuse(reason: number, properties: Properties | undefined, returnCode?: number): void {
    const text = `the server refused the connection: ${reasonText(reason, properties)}`;
    this.#fail(new ClientError('refused', text, { reason, properties, returnCode }));
  }

  #accepted(packet: ConnackPacket): void {
    // [MQTT-3.2.2-4]
    if (packet.sessionPresent && this.#cleanStart)
      throw protocolError('the session is there though a new one was asked for');
    if (this.#authentication === undefined) return this.#opened(packet);
    this.#authentication.accepted(packet.properties?.authenticationData).then(
      () => this.#opened(packet),
      (error: unknown) => this.#fail(asClientError(error)),
    );
  }

  #opened(packet: ConnackPacket): void {
    if (this.#state !== 'opening') return;
    const properties = packet.properties ?? {};
    this.limits = limitsOf(properties);
    this.#outboundAliases = new OutboundTopicAliases(properties.topicAliasMaximum ?? 0);
    this.#state = 'open';
    this.#opening?.resolve(packet);
    this.#opening = null;
    // what follows CONNACK waits until the program has seen that it is connected
    this.#resumeLater();
  }

  #authenticate(packet: AuthPacket): void {
    if (this.#authentication === undefined) throw protocolError('AUTH was not asked for');
    this.#authentication
      .received(packet, this.#sendAuth)
      .catch((error: unknown) => this.#fail(asClientError(error)));
  }

  /** Begins to watch the server, once the keep-alive time is known. */
  watch(keepAlive: number): void {
    this.#keepAlive = new KeepAlive(keepAlive, this);
  }

  ping(): void {
    this.send({ type: 'pingreq' });
  }

  silent(): void {
    this.#fail(new ClientError('lost', 'the server did not answer in time (keep-alive)'));
  }

  /** Sends DISCONNECT and closes. */
  disconnect(reason: number, properties: Properties | undefined): void {
    if (this.#state === 'open') {
      this.send({ type: 'disconnect', reason, properties });
      this.output.flush();
    }
    this.#state = 'closing';
    this.#keepAlive?.stop();
    this.release();
    // a store may still be at work for what was written
    void this.output.drained().then(() => this.#transport.end());
  }

  /** Closes without a word. */
  destroy(error: ClientError): void {
    this.#fail(error);
  }

  #fail(error: ClientError): void {
    if (this.#state === 'closed') return;
    this.output.flush();
    this.#close(error);
    this.#transport.end();
    this.#transport.destroy();
  }

  /** By the transport: nothing more will come or go. What came before is the program's still. */
  closed(error?: Error): void {
    if (this.#frames.stopped && this.#frames.keptBytes > 0 && this.#state === 'open') this.#ended = { error };
    else this.#close(error);
  }

  #close(error?: Error): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open' || this.#state === 'closing';
    this.#state = 'closed';
    this.#keepAlive?.stop();
    this.output.close();
    const reason = error instanceof ClientError ? error : lost(error, wasOpen);
    this.#opening?.reject(reason);
    this.#authentication?.ended(reason);
    this.#opening = null;
    if (wasOpen) this.#owner.closed(reason);
  }
}

function lost(error: Error | undefined, wasOpen: boolean): ClientError {
  const details = { cause: error };
  if (error !== undefined) return new ClientError('lost', `the connection broke: ${error.message}`, details);
  return new ClientError(
    'lost',
    wasOpen
      ? 'the server closed the connection'
      : 'the server closed the connection without an answer to CONNECT',
  );
}

function unsupported(reason: number, text: string): ClientError {
  return new ClientError('unsupported', text, { reason });
}

function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const reason = error instanceof MqttError ? error.reason : undefined;
  return new ClientError('protocol', text, { reason, cause: error });
}

function limitsOf(properties: Properties): ServerLimits {
  return {
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumQoS: properties.maximumQoS ?? 2,
    retainAvailable: properties.retainAvailable !== 0,
    maximumPacketSize: properties.maximumPacketSize ?? 268_435_460,
    subscriptionIdentifiers: properties.subscriptionIdentifierAvailable !== 0,
  };
}
