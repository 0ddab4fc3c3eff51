// One network connection: its state, its packets in and out, and how it ends. What a packet means is in
// handlers/; what outlives the connection is in session.ts.
import {
  type ConnectPacket,
  connackReturnCode,
  encodePacket,
  FrameReader,
  type FrameSink,
  type InboundTopicAliases,
  MqttError,
  type OutboundTopicAliases,
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
  protocolError,
  ReasonCode,
  reasonIsValid,
} from '../protocol/index.js';
import { Ending, MAX_PACKET_SIZE, State } from './connection-state.js';
import type { Engine } from './engine.js';
import { handlers } from './handlers/index.js';
import type { Listener } from './listener.js';
import type { Message } from './message.js';
import { Output } from './output.js';
import type { AuthenticationExchange, ClientInfo } from './plugin.js';
import type { Arrival } from './protection/arrival.js';
import { ClientRate, FAR_BEYOND_SECONDS } from './protection/client-rate.js';
import { sendPublish } from './sending.js';
import type { Session } from './session.js';
import { Timer } from './timers.js';
import type { Topic } from './topic-cache.js';
import type { Transport, TransportReceiver } from './transport.js';
import type { WillMessage } from './wills.js';

/** What one connection may read, and what work it may cause, before the others have their turn. */
const TURN_BYTES = 524_288;
const TURN_WORK = 50_000;

/** Acknowledgements of one connection that may wait for the store before it is not read any more. */
const MAX_HELD = 10_000;

/** A connection may always have this much waiting, however much waits for others. */
const FAIR_SHARE = 65_536;

/** The first byte of a client that speaks TLS; no packet of MQTT begins so. */
const TLS_HANDSHAKE = 0x16;

/** See `pauseDeliveriesAt`. */
const PAUSE_DELIVERIES = 262_144;

/** The timer is the time limit for CONNECT, then the keep-alive. */
export class Connection extends Timer implements TransportReceiver, FrameSink, ClientInfo {
  readonly engine: Engine;
  readonly transport: Transport;
  /** Through which it came in. */
  readonly entrance: Listener;
  /** What it was counted for when it came. */
  readonly arrival: Arrival;
  readonly output: Output;
  readonly reader: FrameReader;
  state: number = State.NEW;
  /** Whether it is in the engine's list of those with something to send. */
  dirty = false;
  /** Whether it is in the engine's list of those whose session has something to send. */
  isPumping = false;
  version: ProtocolVersion = 4;
  clientId = '';
  username: string | undefined = undefined;
  cleanStart = true;
  keepAlive = 0;
  /** What the client asked for. */
  askedKeepAlive = 0;
  /** What it was told in CONNACK, and what holds as long as it is here: largest QoS, retained messages. */
  maxQos = 2;
  mayRetain = true;
  isBridge = false;
  session: Session | null = null;
  will: WillMessage | null = null;
  /** QoS 1 and 2 messages that the client takes at once. */
  sendQuota = 65_535;
  /** QoS 2 messages that it may send without their PUBREL. */
  receiveLimit = 65_535;
  /** Bytes that the client takes in one packet. */
  clientMaxPacketSize = MAX_PACKET_SIZE;
  /** Whether the client wants reason strings and user properties (MQTT 5 section 3.1.2.11.7). */
  wantsProblemInformation = true;
  aliasesIn: InboundTopicAliases<Topic> | null = null;
  aliasesOut: OutboundTopicAliases<string> | null = null;
  /** The topic of the last message: the next one often has the same. */
  lastTopic: Topic | null = null;
  authenticationMethod: string | undefined = undefined;
  exchange: AuthenticationExchange | null = null;
  /** The CONNECT that waits for the end of the exchange. */
  pendingConnect: ConnectPacket | null = null;
  /** On the engine's clock, in milliseconds. */
  heardAt: number;
  connectedAt = 0;
  /** Deliveries of QoS 1 and 2, and retained messages, wait while more bytes than this are on their way out. */
  readonly pauseDeliveriesAt: number;
  /** Acknowledgements that wait for the store. */
  #held = 0;
  /** A whole packet came: half of one is no sign of life [MQTT-3.1.2-22]. */
  #heard = false;
  /** Bytes that it read in this turn. */
  #turnBytes = 0;
  #turn = 0;
  #readingPaused = false;
  /** How much it may send, as long as it is here; null: as much as it likes. */
  readonly #rate: ClientRate | null;
  /** Asynchronous work for a packet is under way; the packets behind it wait. */
  #waiting = false;

  constructor(engine: Engine, transport: Transport, entrance: Listener, arrival: Arrival) {
    super();
    this.engine = engine;
    this.transport = transport;
    this.entrance = entrance;
    this.arrival = arrival;
    this.pauseDeliveriesAt = Math.min(PAUSE_DELIVERIES, engine.options.maxOutputBytes / 2);
    this.output = new Output(transport, engine.pool);
    this.reader = new FrameReader(Math.min(engine.options.maxConnectSize, engine.packetSizeLimit));
    this.heardAt = engine.now();
    const { messageRateLimit, byteRateLimit } = engine.options;
    this.#rate =
      messageRateLimit === 0 && byteRateLimit === 0
        ? null
        : new ClientRate(messageRateLimit, byteRateLimit, this.heardAt, () => this.turn());
  }

  get remoteAddress(): string {
    return this.transport.remoteAddress;
  }

  get remotePort(): number {
    return this.transport.remotePort;
  }

  get listener(): string {
    return this.entrance.name;
  }

  get isConnected(): boolean {
    return this.state === State.CONNECTED;
  }

  /** For logs: who this is, as far as is known. */
  get name(): string {
    const address = `${this.remoteAddress}:${this.remotePort}`;
    return this.clientId === '' ? address : `${this.clientId} (${address})`;
  }

  // ---- what the transport says ----

  received(bytes: Uint8Array, length: number): void {
    if (this.#rate === null) this.#read(bytes, length);
    else this.#limited(this.#rate, length, () => this.#read(bytes, length));
  }

  /** Reads within the client's rate: what it sends above that is made up for by a pause. */
  #limited(rate: ClientRate, length: number, read: () => void): void {
    const { engine } = this;
    const before = engine.metrics.publishReceived;
    read();
    if (this.state === State.CLOSED) return;
    const wait = rate.spend(engine.metrics.publishReceived - before, length, engine.now());
    if (wait > FAR_BEYOND_SECONDS) {
      engine.metrics.clientsTooFast++;
      this.disconnect(
        ReasonCode.MessageRateTooHigh,
        'far more messages or bytes than it may send in a second',
      );
    } else if (wait > 0) {
      engine.metrics.clientsSlowedDown++;
      this.#pauseReading();
      engine.timers.start(rate, wait * 1000);
    }
  }

  #read(bytes: Uint8Array, length: number): void {
    if (this.state === State.CLOSED) return; // [MQTT-3.1.4-6] [MQTT3-3.1.4-5]
    if (this.state === State.NEW && bytes[0] === TLS_HANDSHAKE && this.reader.keptBytes === 0)
      return this.#end(ReasonCode.ProtocolError, Ending.TLS, false);
    this.engine.metrics.bytesReceived += length;
    this.#heard = false;
    const { turn } = this.engine;
    const now = turn.beginRead();
    try {
      this.reader.push(bytes, length, this);
      this.engine.run.end();
    } catch (error) {
      this.engine.run.end();
      this.fail(error);
    }
    if (this.#heard) this.heardAt = now;
    if (this.#turn !== turn.number) {
      this.#turn = turn.number;
      this.#turnBytes = 0;
    }
    this.#turnBytes += length;
    // what a run has cost is known only now
    if (this.#turnBytes > TURN_BYTES || turn.work > TURN_WORK) this.#waitForTurn();
    turn.endRead();
    if (this.output.pending > this.engine.options.maxOutputBytes) this.#pauseReading();
  }

  /** It has sent, or caused, a lot in one turn: the others come first, and what it sent goes out. */
  #waitForTurn(): void {
    this.#pauseReading();
    this.engine.turn.wait(this);
  }

  /** A new turn: it may read again, unless something else speaks against it. */
  turn(): void {
    if (this.state === State.CLOSED || this.#waiting || this.#rate?.isHolding) return;
    if (this.reader.stopped) this.#goOn(() => {});
    else this.#resumeReading();
  }

  drained(): void {
    this.output.drained();
    if (this.state === State.CLOSED) return;
    this.output.flush();
    if (this.output.pending <= this.pauseDeliveriesAt) this.#caughtUp();
  }

  closed(error?: Error): void {
    if (this.state === State.CLOSED) return;
    const text = error === undefined ? Ending.CLOSED : `connection lost: ${error.message}`;
    this.#end(ReasonCode.UnspecifiedError, text, true);
  }

  /** One packet. */
  frame(bytes: Uint8Array, start: number, body: number, end: number, owned: boolean): boolean {
    const { run } = this.engine;
    const first = bytes[start]!;
    if (run.active) {
      if (first === 0x30 && run.continues(bytes, start, body, end)) return true;
      run.end();
    }
    this.#heard = true;
    const type = first >> 4;
    this.engine.metrics.packetsReceived[type]!++;
    const { packets } = this.engine;
    if (packets !== null && type !== PacketType.PUBLISH) packets.received(this, type, bytes, body, end);
    if (this.state !== State.CONNECTED && !this.#mayReceive(type)) return false;
    const goOn = handlers[type]!(this, bytes, start, body, end, owned);
    if (!goOn || this.state === State.CLOSED) return false;
    if (this.engine.turn.work < TURN_WORK) return true;
    this.#waitForTurn();
    return false;
  }

  #mayReceive(type: number): boolean {
    if (this.state === State.CLOSED) return false;
    if (this.state === State.NEW && type === PacketType.CONNECT) return true;
    if (this.state === State.CONNECTING && (type === PacketType.AUTH || type === PacketType.DISCONNECT))
      return true;
    throw protocolError(
      this.state === State.NEW ? 'the first packet must be CONNECT' : 'packet before CONNACK',
    ); // [MQTT-3.1.0-1]
  }

  // ---- waiting ----

  /**
   * Goes on with the result of a promise; no packet of this client is looked at before. The handler that calls
   * this returns false.
   */
  later<T>(promise: Promise<T>, next: (value: T) => void): void {
    this.#waiting = true;
    this.#pauseReading();
    promise.then(
      (value) => this.#goOn(() => next(value)),
      (error) => this.#goOn(() => this.fail(error)),
    );
  }

  #goOn(work: () => void): void {
    if (this.state === State.CLOSED) return;
    this.#waiting = false;
    this.engine.turn.work = 0;
    try {
      work();
      if (!this.#waiting && !this.#rate?.isHolding && (this.state as number) !== State.CLOSED)
        this.#readKept();
    } catch (error) {
      this.engine.run.end();
      this.fail(error);
    }
    if (!this.#waiting && !this.reader.stopped) this.#resumeReading();
  }

  /** What came before it was stopped. */
  #readKept(): void {
    const read = (): void => {
      this.reader.resume(this);
      this.engine.run.end();
    };
    if (this.#rate === null) read();
    else this.#limited(this.#rate, 0, read);
  }

  #pauseReading(): void {
    if (this.#readingPaused || this.state === State.CLOSED) return;
    this.#readingPaused = true;
    this.transport.pause();
  }

  #resumeReading(): void {
    if (!this.#readingPaused || this.state === State.CLOSED || this.#rate?.isHolding) return;
    if (this.output.pending > this.engine.options.maxOutputBytes || this.#held >= MAX_HELD) return;
    this.#readingPaused = false;
    this.heardAt = this.engine.now();
    this.transport.resume();
  }

  // ---- sending ----

  /** Has something to send: it goes out at the end of the turn. */
  touch(): void {
    if (!this.dirty) {
      this.dirty = true;
      this.engine.turn.touched(this);
    }
  }

  flush(): void {
    this.dirty = false;
    const { output } = this;
    output.flush();
    output.settle();
    if (output.pending <= this.pauseDeliveriesAt) this.#caughtUp();
  }

  /** What was written has left, at once or by and by: whoever waited for that goes on. */
  #caughtUp(): void {
    if (this.session?.hasWaiting) this.engine.turn.pump(this);
    if (this.#readingPaused && !this.#waiting) this.#resumeReading();
  }

  #append(packet: Uint8Array): void {
    const at = this.output.reserve(packet.length);
    this.output.buffer.set(packet, at);
    this.engine.metrics.bytesSent += packet.length;
    this.touch();
  }

  /**
   * Sends any packet but PUBLISH. Reason string and user properties are left out when they may not be sent.
   * Returns false when the packet is larger than the client takes.
   */
  send(packet: Exclude<Packet, { type: 'publish' }>): boolean {
    if (this.state === State.CLOSED) return false;
    const bytes = this.#encodeWithin(packet);
    if (bytes === undefined) return false;
    this.engine.metrics.packetsSent[bytes[0]! >> 4]!++;
    this.engine.packets?.sent(this, packet);
    this.#append(bytes);
    return true;
  }

  #encodeWithin(packet: Packet): Uint8Array | undefined {
    const properties = 'properties' in packet ? packet.properties : undefined;
    const hasExtras = properties?.reasonString !== undefined || properties?.userProperties !== undefined;
    const isProblem = packet.type !== 'connack' && packet.type !== 'disconnect';
    if (hasExtras && isProblem && !this.wantsProblemInformation) return this.#encodeWithoutExtras(packet); // [MQTT-3.1.2-29]
    const bytes = encodePacket(packet, this.version);
    if (bytes.length <= this.clientMaxPacketSize) return bytes; // [MQTT-3.1.2-24]
    return hasExtras ? this.#encodeWithoutExtras(packet) : undefined; // [MQTT-3.1.2-25]
  }

  /**
   * Without reason string and user properties, whatever the packet: CONNACK [MQTT-3.2.2-19] [MQTT-3.2.2-20],
   * PUBACK [MQTT-3.4.2-2] [MQTT-3.4.2-3], PUBREC [MQTT-3.5.2-2] [MQTT-3.5.2-3],
   * PUBREL [MQTT-3.6.2-2] [MQTT-3.6.2-3], PUBCOMP [MQTT-3.7.2-2] [MQTT-3.7.2-3],
   * SUBACK [MQTT-3.9.2-1] [MQTT-3.9.2-2], UNSUBACK [MQTT-3.11.2-1] [MQTT-3.11.2-2],
   * DISCONNECT [MQTT-3.14.2-3] [MQTT-3.14.2-4], AUTH [MQTT-3.15.2-2] [MQTT-3.15.2-3].
   */
  #encodeWithoutExtras(packet: Packet): Uint8Array | undefined {
    const properties: Properties = { ...('properties' in packet ? packet.properties : undefined) };
    delete properties.reasonString;
    delete properties.userProperties;
    const bytes = encodePacket({ ...packet, properties } as Packet, this.version);
    return bytes.length <= this.clientMaxPacketSize ? bytes : undefined;
  }

  /** PUBACK, PUBREC, PUBREL or PUBCOMP. */
  sendAcknowledgement(type: number, packetId: number, reason: number): void {
    const { output, engine } = this;
    const withReason = reason !== 0 && this.version === 5;
    const size = withReason ? 5 : 4;
    const at = output.reserve(size);
    const buffer = output.buffer;
    buffer[at] = type === PacketType.PUBREL ? 0x62 : type << 4;
    buffer[at + 1] = size - 2;
    buffer[at + 2] = packetId >> 8; // [MQTT-2.2.1-5]
    buffer[at + 3] = packetId;
    if (withReason) buffer[at + 4] = reason;
    engine.metrics.packetsSent[type]!++;
    engine.metrics.bytesSent += size;
    if (engine.packets !== null) engine.packets.sentAcknowledgement(this, type, packetId, reason);
    if (!this.dirty) this.touch();
  }

  /** Acknowledges what the client sent, once what that promises is safe. */
  acknowledge(type: number, packetId: number, reason: number): void {
    const { records } = this.engine;
    if (!records?.isUnsafe) return this.sendAcknowledgement(type, packetId, reason);
    records.hold(this, type, packetId, reason);
    // while the store does not answer, what it would have to take does not pile up
    if (++this.#held >= MAX_HELD) this.#pauseReading();
  }

  /** An acknowledgement that was held may go. */
  release(type: number, packetId: number, reason: number): void {
    this.#held--;
    if (this.state !== State.CONNECTED) return;
    this.sendAcknowledgement(type, packetId, reason);
    if (this.#held === 0 && this.#readingPaused && !this.#waiting) this.#resumeReading();
  }

  /** Refuses a PUBLISH with a reason; clients before MQTT 5 are told that it was taken [MQTT3-3.3.5-2]. */
  refusePublish(type: number, packetId: number, reason: number, text: string): void {
    const isBare = this.version !== 5 || !this.engine.options.reasonStrings || !this.wantsProblemInformation;
    // in order: behind those that wait for the store [MQTT-4.6.0-2]
    if (isBare || this.engine.records?.isUnsafe) {
      this.acknowledge(type, packetId, reason);
      return;
    }
    this.send({
      type: type === PacketType.PUBACK ? 'puback' : 'pubrec',
      packetId,
      reason,
      properties: { reasonString: text },
    });
  }

  /** A QoS 0 message; lost when the connection is too far behind. */
  sendQoS0(message: Message, retain: boolean, identifiers: readonly number[] | null): void {
    // before CONNACK it is not here yet
    if (this.state !== State.CONNECTED) {
      this.engine.metrics.droppedOffline++;
      return;
    }
    if (this.isBehind) {
      this.engine.metrics.droppedSlowSubscriber++;
      return;
    }
    sendPublish(this, message, 0, retain, false, 0, identifiers); // [MQTT-4.3.1-1]
  }

  /** Whether so much waits for it, or for all connections together, that QoS 0 messages are not for it. */
  get isBehind(): boolean {
    const { pending } = this.output;
    if (pending <= FAIR_SHARE) return false;
    const { maxOutputBytes, maxOutputTotalBytes } = this.engine.options;
    return pending > maxOutputBytes || this.engine.pool.waiting > maxOutputTotalBytes;
  }

  // ---- the end ----

  /** A packet could not be handled: tells the client why as far as it can be told, and closes. */
  fail(error: unknown): void {
    if (this.state === State.CLOSED) return;
    if (error instanceof MqttError) {
      this.engine.metrics.protocolErrors++;
      this.disconnect(error.reason, error.message); // [MQTT-4.13.1-1] [MQTT3-4.8.0-1]
      return;
    }
    this.engine.log(
      'error',
      `internal error with client ${this.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    this.disconnect(ReasonCode.UnspecifiedError, 'internal error');
  }

  /** Ends the connection from our side, with CONNACK or DISCONNECT where the client can be told. */
  disconnect(reason: number, text: string, properties: Properties = {}): void {
    if (this.state === State.CLOSED) return;
    const extras: Properties = { ...properties };
    if (
      this.engine.options.reasonStrings &&
      text !== '' &&
      reason >= 0x80 &&
      extras.reasonString === undefined
    )
      extras.reasonString = text;
    // [MQTT-3.2.0-2] [MQTT-3.14.0-1]
    if (this.state === State.CONNECTED) this.#sendDisconnect(reason, extras);
    else if (this.state === State.CONNECTING || this.#refusedVersion(reason))
      this.#sendRefusal(reason, extras);
    // [MQTT-3.2.2-7] [MQTT-3.14.4-2] [MQTT-4.13.2-1] [MQTT3-3.2.2-5]
    this.#end(reason, text, true);
  }

  #sendDisconnect(reason: number, properties: Properties): void {
    if (this.version !== 5) return;
    // [MQTT-3.14.2-1]
    const code = reasonIsValid(PacketType.DISCONNECT, reason) ? reason : ReasonCode.UnspecifiedError;
    // nobody said before CONNACK that these may be sent: the client's wish counts here too [MQTT-3.1.2-29]
    if (!this.wantsProblemInformation) delete properties.reasonString;
    this.send({ type: 'disconnect', reason: code, properties });
  }

  /** Nothing was negotiated yet, but a wrong version has an answer in every version [MQTT-3.1.2-2]. */
  #refusedVersion(reason: number): boolean {
    return this.state === State.NEW && reason === ReasonCode.UnsupportedProtocolVersion;
  }

  #sendRefusal(reason: number, properties: Properties): void {
    this.engine.metrics.connectionsRefused++;
    if (this.version === 5) {
      // [MQTT-3.2.2-8]
      const code = reasonIsValid(PacketType.CONNACK, reason) ? reason : ReasonCode.UnspecifiedError;
      this.send({ type: 'connack', sessionPresent: false, reason: code, properties }); // [MQTT-3.2.2-6]
      return;
    }
    const code = connackReturnCode(reason);
    // [MQTT3-3.1.4-1] [MQTT3-3.2.2-4] [MQTT3-3.2.2-6]
    if (code !== undefined) this.send({ type: 'connack', sessionPresent: false, reason: code });
  }

  /** The client said goodbye, or its connection is gone: closes without a word. */
  close(reason: number, text: string, sendWill: boolean): void {
    if (this.state !== State.CLOSED) this.#end(reason, text, sendWill);
  }

  #end(reason: number, text: string, sendWill: boolean): void {
    const wasConnected = this.state === State.CONNECTED;
    this.state = State.CLOSED; // [MQTT-3.14.4-1]
    this.engine.timers.stop(this);
    if (this.#rate !== null) this.engine.timers.stop(this.#rate);
    this.exchange = null;
    this.output.flush();
    // who said goodbye does not wait for an answer
    if (reason < 0x80 && this.output.pending === 0) this.transport.destroy();
    else this.transport.end();
    this.output.clear();
    this.reader.clear();
    this.engine.connectionEnded(this, wasConnected, reason, text, sendWill);
  }

  /** For the timer: CONNECT did not come in time, or the client was silent for too long. */
  override fire(): void {
    const now = this.engine.now();
    if (this.state === State.NEW || this.state === State.CONNECTING) {
      this.engine.metrics.connectionsRefused++;
      this.close(ReasonCode.UnspecifiedError, Ending.NO_CONNECT, false);
      return;
    }
    const { maxConnectTime } = this.engine.options;
    if (maxConnectTime > 0 && now - this.connectedAt >= maxConnectTime * 1000) {
      this.disconnect(ReasonCode.MaximumConnectTime, `connected for more than ${maxConnectTime} seconds`);
    } else if (this.#readingPaused) {
      // it is we who do not listen
      this.heardAt = now;
      this.watch();
    } else if (this.keepAlive > 0 && now - this.heardAt >= this.keepAlive * 1500) {
      this.engine.metrics.keepAliveTimeouts++;
      this.disconnect(
        ReasonCode.KeepAliveTimeout,
        'nothing was received for one and a half times the keep alive',
      ); // [MQTT-3.1.2-22]
    } else this.watch();
  }

  /** Starts the timer for whichever comes first: keep-alive or the longest time to be connected. */
  watch(): void {
    const now = this.engine.now();
    const { maxConnectTime } = this.engine.options;
    let wait = Number.POSITIVE_INFINITY;
    if (this.keepAlive > 0) wait = this.heardAt + this.keepAlive * 1500 - now;
    if (maxConnectTime > 0) wait = Math.min(wait, this.connectedAt + maxConnectTime * 1000 - now);
    if (wait !== Number.POSITIVE_INFINITY) this.engine.timers.start(this, wait);
  }
}
