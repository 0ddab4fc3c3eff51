// Packets from bytes: one state machine for MQTT 3.1, 3.1.1 and 5, the version being a field.
import { Reader } from './bytes.js';
import { MqttError, malformed, protocolError } from './error.js';
import { flagsAreValid, PacketType, type ProtocolVersion, packetTypeNames } from './packet-types.js';
import type {
  AcknowledgementPacket,
  AuthPacket,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  Packet,
  PublishPacket,
  QoS,
  SubackPacket,
  SubscribePacket,
  SubscriptionRequest,
  UnsubackPacket,
  UnsubscribePacket,
  Will,
} from './packets.js';
import { decodeProperties, decodePropertyList, type Properties, WILL } from './properties.js';
import { Publish, readPublish, topicText } from './publish.js';
import { ReasonCode, reasonIsValid } from './reason-codes.js';
import { isTopicName } from './topics.js';

type Decoder = (reader: Reader, version: ProtocolVersion) => Packet;

const decoders: readonly (Decoder | undefined)[] = [
  undefined,
  decodeConnect,
  decodeConnack,
  undefined, // PUBLISH: reads its flags too
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBACK),
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBREC),
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBREL),
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBCOMP),
  decodeSubscribe,
  decodeSuback,
  decodeUnsubscribe,
  decodeUnsuback,
  () => ({ type: 'pingreq' }),
  () => ({ type: 'pingresp' }),
  decodeDisconnect,
  decodeAuth,
];

/**
 * Decodes one whole packet, bytes[start..end), whose content begins at `body` (as FrameReader gives them).
 * `version` is that of the connection; CONNECT brings its own. Throws MqttError.
 */
export function decodePacket(
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
): Packet {
  const first = bytes[start]!;
  const type = first >> 4;
  if (!flagsAreValid(first, version))
    throw malformed(`flags of the fixed header are wrong for ${packetTypeNames[type]}`);
  if (type === PacketType.PUBLISH) return decodePublish(bytes, start, body, end, version);
  if (type === PacketType.AUTH && version !== 5) throw malformed('AUTH exists only in MQTT 5');
  const reader = new Reader(bytes, body, end);
  const packet = decoders[type]!(reader, version);
  if (reader.remaining > 0) throw malformed('packet is longer than its content');
  return packet;
}

/** Decodes an array that holds exactly one packet. */
export function decodeOne(bytes: Uint8Array, version: ProtocolVersion): Packet {
  const reader = new Reader(bytes, 1, bytes.length);
  const length = reader.variableByteInteger();
  if (length !== reader.remaining) throw malformed('remaining length does not match');
  return decodePacket(bytes, 0, reader.position, bytes.length, version);
}

function propertiesOf(reader: Reader, version: ProtocolVersion, type: number): Properties | undefined {
  return version === 5 ? decodeProperties(reader, type) : undefined;
}

/** In SUBSCRIBE and UNSUBSCRIBE Mosquitto calls an identifier of 0 malformed; elsewhere it is a protocol error. */
function packetIdOf(reader: Reader, error = protocolError): number {
  const packetId = reader.uint16();
  if (packetId === 0) throw error('packet identifier must not be 0'); // [MQTT-2.2.1-3] [MQTT3-2.3.1-1]
  return packetId;
}

const protocolNames: Readonly<Record<string, readonly number[]>> = { MQIsdp: [3], MQTT: [4, 5] };

export function decodeConnect(reader: Reader): ConnectPacket {
  const name = reader.string();
  const level = reader.byte();
  const levels = Object.hasOwn(protocolNames, name) ? protocolNames[name] : undefined;
  // [MQTT3-3.1.2-1]
  if (levels === undefined) throw malformed('protocol name is neither MQTT nor MQIsdp'); // [MQTT-3.1.2-1]
  const version = level & 0x7f;
  // [MQTT3-3.1.2-2]
  if (!levels.includes(version))
    throw new MqttError(ReasonCode.UnsupportedProtocolVersion, `protocol level ${level} is not supported`); // [MQTT-3.1.2-2]
  if (level > 0x84)
    throw new MqttError(ReasonCode.UnsupportedProtocolVersion, 'bridges exist only in MQTT 3.1 and 3.1.1');
  return connectContent(reader, version as ProtocolVersion, level > 0x7f);
}

/** The payload is client id, will, user name and password, in this order [MQTT-3.1.3-1]. */
function connectContent(reader: Reader, version: ProtocolVersion, bridge: boolean): ConnectPacket {
  const flags = reader.byte();
  // 3.1 had not reserved this bit [MQTT3-3.1.2-3]
  if ((flags & 0x01) !== 0 && version !== 3) throw malformed('reserved flag of CONNECT is set'); // [MQTT-3.1.2-3]
  const hasWill = (flags & 0x04) !== 0;
  const willQos = (flags >> 3) & 3;
  if (willQos === 3) throw malformed('will QoS 3 does not exist'); // [MQTT-3.1.2-12]
  // [MQTT3-3.1.2-11]
  if (!hasWill && (flags & 0x38) !== 0 && version !== 3)
    throw malformed('will QoS or will retain without a will'); // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
  const hasUsername = (flags & 0x80) !== 0;
  const hasPassword = (flags & 0x40) !== 0;
  if (hasPassword && !hasUsername && version === 4) throw malformed('password without a user name'); // [MQTT3-3.1.2-22]
  const keepAlive = reader.uint16();
  const properties = propertiesOf(reader, version, PacketType.CONNECT);
  if (properties?.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('authentication data without an authentication method');
  }
  const packet: ConnectPacket = {
    type: 'connect',
    version,
    cleanStart: (flags & 0x02) !== 0,
    keepAlive,
    clientId: reader.string(), // [MQTT-3.1.3-3] [MQTT-3.1.3-4]
    properties,
  };
  if (bridge) packet.bridge = true;
  // [MQTT-3.1.2-9]
  if (hasWill) packet.will = decodeWill(reader, version, willQos as QoS, (flags & 0x20) !== 0);
  // in 3.1 the remaining length wins over these two flags
  // [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.3-12]
  if (hasUsername && !(version === 3 && reader.remaining === 0)) packet.username = reader.string();
  // [MQTT-3.1.2-18] [MQTT-3.1.2-19]
  if (hasPassword && !(version === 3 && reader.remaining === 0)) packet.password = reader.binary();
  return packet;
}

function decodeWill(reader: Reader, version: ProtocolVersion, qos: QoS, retain: boolean): Will {
  const properties = propertiesOf(reader, version, WILL);
  if (properties?.responseTopic !== undefined && !isTopicName(properties.responseTopic)) {
    throw protocolError('response topic must not be empty or contain wildcards');
  }
  const start = reader.position + 2;
  reader.skip(reader.uint16());
  const topic = topicText(reader.bytes, start, reader.position); // [MQTT-3.1.3-11]
  if (topic.length === 0) throw protocolError('will topic is empty');
  return { topic, payload: reader.binary(), qos, retain, properties };
}

function decodeConnack(reader: Reader, version: ProtocolVersion): ConnackPacket {
  const flags = reader.byte();
  if (flags > 1) throw malformed('reserved flags of CONNACK are set'); // [MQTT-3.2.2-1]
  const reason = reader.byte();
  if (version === 5 && !reasonIsValid(PacketType.CONNACK, reason))
    throw protocolError('reason code is not one of CONNACK');
  return {
    type: 'connack',
    sessionPresent: flags === 1,
    reason,
    properties: propertiesOf(reader, version, PacketType.CONNACK),
  };
}

function decodePublish(
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
): PublishPacket {
  const view = new Publish();
  readPublish(view, bytes, start, body, end, version);
  const packet: PublishPacket = {
    type: 'publish',
    topic: topicText(bytes, view.topicStart, view.topicEnd),
    payload: new Uint8Array(view.payload),
    qos: view.qos as QoS,
    retain: view.retain,
    dup: view.dup,
  };
  if (view.qos > 0) packet.packetId = view.packetId;
  if (version === 5) packet.properties = publishProperties(view);
  if (packet.topic.length === 0 && view.topicAlias === 0)
    throw protocolError('topic name is empty and there is no topic alias');
  return packet;
}

/** The properties of a PUBLISH as an object. */
export function publishProperties(view: Publish): Properties {
  return decodePropertyList(
    new Reader(view.bytes, view.propertiesStart, view.propertiesEnd),
    PacketType.PUBLISH,
  );
}

const acknowledgementNames = { 4: 'puback', 5: 'pubrec', 6: 'pubrel', 7: 'pubcomp' } as const;

function decodeAcknowledgement(
  reader: Reader,
  version: ProtocolVersion,
  type: 4 | 5 | 6 | 7,
): AcknowledgementPacket {
  const packet: AcknowledgementPacket = {
    type: acknowledgementNames[type],
    packetId: packetIdOf(reader),
    reason: 0,
  };
  if (version !== 5) return packet;
  if (reader.remaining > 0) {
    packet.reason = reader.byte();
    if (!reasonIsValid(type, packet.reason))
      throw protocolError(`reason code is not one of ${packetTypeNames[type]}`);
  }
  packet.properties = reader.remaining > 0 ? decodeProperties(reader, type) : {};
  return packet;
}

export function decodeSubscribe(reader: Reader, version: ProtocolVersion): SubscribePacket {
  const packetId = packetIdOf(reader, malformed);
  const properties = propertiesOf(reader, version, PacketType.SUBSCRIBE);
  const subscriptions: SubscriptionRequest[] = [];
  while (reader.remaining > 0) {
    if (subscriptions.length === MAX_FILTERS) throw tooManyFilters();
    subscriptions.push(subscriptionRequest(reader, version));
  }
  if (subscriptions.length === 0) throw protocolError('SUBSCRIBE without a topic filter'); // [MQTT-3.8.3-2]
  return { type: 'subscribe', packetId, subscriptions, properties };
}

function subscriptionRequest(reader: Reader, version: ProtocolVersion): SubscriptionRequest {
  const filter = reader.string(); // [MQTT-3.8.3-1]
  const options = reader.byte();
  const qos = options & 3;
  if (qos === 3) throw protocolError('subscription QoS 3 does not exist'); // [MQTT3-3.8.3-4]
  if (version !== 5) {
    if (options > 2) throw malformed('reserved bits of the requested QoS are set'); // [MQTT3-3.8.3-4]
    return { filter, qos: qos as QoS, noLocal: false, retainAsPublished: false, retainHandling: 0 };
  }
  if (options > 0x3f) throw malformed('reserved bits of the subscription options are set'); // [MQTT-3.8.3-5]
  const retainHandling = options >> 4;
  if (retainHandling === 3) throw protocolError('retain handling 3 does not exist');
  const noLocal = (options & 4) !== 0;
  return { filter, qos: qos as QoS, noLocal, retainAsPublished: (options & 8) !== 0, retainHandling };
}

/** How many topic filters one SUBSCRIBE or UNSUBSCRIBE may have. */
const MAX_FILTERS = 10_000;

function tooManyFilters(): MqttError {
  return new MqttError(ReasonCode.QuotaExceeded, `more than ${MAX_FILTERS} topic filters in one packet`);
}

function reasonList(reader: Reader): number[] {
  return Array.from(reader.bytes.subarray(reader.skip(reader.remaining), reader.end));
}

function decodeSuback(reader: Reader, version: ProtocolVersion): SubackPacket {
  const packetId = packetIdOf(reader);
  const properties = propertiesOf(reader, version, PacketType.SUBACK);
  return { type: 'suback', packetId, reasons: reasonList(reader), properties };
}

export function decodeUnsubscribe(reader: Reader, version: ProtocolVersion): UnsubscribePacket {
  const packetId = packetIdOf(reader, malformed);
  const properties = propertiesOf(reader, version, PacketType.UNSUBSCRIBE);
  const filters: string[] = [];
  while (reader.remaining > 0) {
    if (filters.length === MAX_FILTERS) throw tooManyFilters();
    filters.push(reader.string()); // [MQTT-3.10.3-1]
  }
  if (filters.length === 0) throw protocolError('UNSUBSCRIBE without a topic filter'); // [MQTT-3.10.3-2]
  return { type: 'unsubscribe', packetId, filters, properties };
}

function decodeUnsuback(reader: Reader, version: ProtocolVersion): UnsubackPacket {
  const packetId = packetIdOf(reader);
  const properties = propertiesOf(reader, version, PacketType.UNSUBACK);
  return { type: 'unsuback', packetId, reasons: version === 5 ? reasonList(reader) : [], properties };
}

export function decodeDisconnect(reader: Reader, version: ProtocolVersion): DisconnectPacket {
  const packet: DisconnectPacket = { type: 'disconnect', reason: 0 };
  if (version !== 5) return packet;
  if (reader.remaining > 0) {
    packet.reason = reader.byte();
    // [MQTT-3.14.2-1]
    if (!reasonIsValid(PacketType.DISCONNECT, packet.reason))
      throw protocolError('reason code is not one of DISCONNECT');
  }
  packet.properties = reader.remaining > 0 ? decodeProperties(reader, PacketType.DISCONNECT) : {};
  return packet;
}

export function decodeAuth(reader: Reader): AuthPacket {
  if (reader.remaining === 0) return { type: 'auth', reason: 0, properties: {} };
  const reason = reader.byte();
  // [MQTT-3.15.2-1]
  if (!reasonIsValid(PacketType.AUTH, reason)) throw protocolError('reason code is not one of AUTH');
  return {
    type: 'auth',
    reason,
    properties: reader.remaining > 0 ? decodeProperties(reader, PacketType.AUTH) : {},
  };
}
