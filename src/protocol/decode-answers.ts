// Packets that a server sends, from bytes: what a client needs. decode.ts adds those that only clients send.
import { Reader } from './bytes.js';
import { malformed, protocolError } from './error.js';
import { flagsAreValid, PacketType, type ProtocolVersion, packetTypeNames } from './packet-types.js';
import type {
  AcknowledgementPacket,
  AuthPacket,
  ConnackPacket,
  DisconnectPacket,
  Packet,
  PublishPacket,
  QoS,
  SubackPacket,
  UnsubackPacket,
} from './packets.js';
import { decodeProperties, type Properties } from './properties.js';
import { Publish, propertiesAsObject, readPublishWith, topicText } from './publish.js';
import { reasonIsValid } from './reason-codes.js';

export type Decoder = (reader: Reader, version: ProtocolVersion) => Packet;

/** By packet type. PUBLISH is not among them: it reads its flags too. */
export const answerDecoders: readonly (Decoder | undefined)[] = [
  undefined,
  undefined,
  decodeConnack,
  undefined,
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBACK),
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBREC),
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBREL),
  (reader, version) => decodeAcknowledgement(reader, version, PacketType.PUBCOMP),
  undefined,
  decodeSuback,
  undefined,
  decodeUnsuback,
  undefined,
  () => ({ type: 'pingresp' }),
  decodeDisconnect,
  decodeAuth,
];

/** Decodes one whole packet of a server; as `decodePacket`, but packets that only clients send are errors. */
export function decodeAnswer(
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
): Packet {
  return decodeWith(answerDecoders, bytes, start, body, end, version);
}

/** Decodes an array that holds exactly one packet of a server. */
export function decodeOneAnswer(bytes: Uint8Array, version: ProtocolVersion): Packet {
  return decodeOneWith(answerDecoders, bytes, version);
}

export function decodeOneWith(
  decoders: readonly (Decoder | undefined)[],
  bytes: Uint8Array,
  version: ProtocolVersion,
): Packet {
  const reader = new Reader(bytes, 1, bytes.length);
  const length = reader.variableByteInteger();
  if (length !== reader.remaining) throw malformed('remaining length does not match');
  return decodeWith(decoders, bytes, 0, reader.position, bytes.length, version);
}

/** Decodes one whole packet with a table of decoders. Throws MqttError. */
export function decodeWith(
  decoders: readonly (Decoder | undefined)[],
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
  const decode = decoders[type];
  if (decode === undefined) throw protocolError(`${packetTypeNames[type]} is not for this side`);
  const reader = new Reader(bytes, body, end);
  const packet = decode(reader, version);
  if (reader.remaining > 0) throw malformed('packet is longer than its content');
  return packet;
}

export function propertiesOf(reader: Reader, version: ProtocolVersion, type: number): Properties | undefined {
  return version === 5 ? decodeProperties(reader, type) : undefined;
}

/** In SUBSCRIBE and UNSUBSCRIBE Mosquitto calls an identifier of 0 malformed; elsewhere it is a protocol error. */
export function packetIdOf(reader: Reader, error = protocolError): number {
  const packetId = reader.uint16();
  if (packetId === 0) throw error('packet identifier must not be 0'); // [MQTT-2.2.1-3] [MQTT3-2.3.1-1]
  return packetId;
}

function decodeConnack(reader: Reader, version: ProtocolVersion): ConnackPacket {
  const flags = reader.byte();
  if (flags > 1) throw malformed('reserved flags of CONNACK are set'); // [MQTT-3.2.2-1]
  const reason = version === 5 ? reasonOf(reader, PacketType.CONNACK) : reader.byte();
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
  readPublishWith(propertiesAsObject, view, bytes, start, body, end, version);
  const packet: PublishPacket = {
    type: 'publish',
    topic: topicText(bytes, view.topicStart, view.topicEnd),
    payload: new Uint8Array(view.payload),
    qos: view.qos as QoS,
    retain: view.retain,
    dup: view.dup,
  };
  if (view.qos > 0) packet.packetId = view.packetId;
  if (version === 5) packet.properties = view.properties ?? {};
  if (packet.topic.length === 0 && view.topicAlias === 0)
    throw protocolError('topic name is empty and there is no topic alias');
  return packet;
}

/** Of the packets that acknowledge a PUBLISH, by packet type. */
export const acknowledgementNames = { 4: 'puback', 5: 'pubrec', 6: 'pubrel', 7: 'pubcomp' } as const;

function decodeAcknowledgement(
  reader: Reader,
  version: ProtocolVersion,
  type: 4 | 5 | 6 | 7,
): AcknowledgementPacket {
  return {
    type: acknowledgementNames[type],
    packetId: packetIdOf(reader),
    ...reasonAndProperties(reader, version, type),
  };
}

function reasonOf(reader: Reader, type: number): number {
  const reason = reader.byte();
  // [MQTT-3.14.2-1] [MQTT-3.15.2-1]
  if (!reasonIsValid(type, reason)) throw protocolError(`reason code is not one of ${packetTypeNames[type]}`);
  return reason;
}

/** The end of a packet that may leave out its properties, and then its reason code too (MQTT 5 section 3.4.2.1). */
function reasonAndProperties(
  reader: Reader,
  version: ProtocolVersion,
  type: number,
): { reason: number; properties?: Properties } {
  if (version !== 5) return { reason: 0 };
  return {
    reason: reader.remaining > 0 ? reasonOf(reader, type) : 0,
    properties: reader.remaining > 0 ? decodeProperties(reader, type) : {},
  };
}

function reasonList(reader: Reader): number[] {
  return Array.from(reader.bytes.subarray(reader.skip(reader.remaining), reader.end));
}

function decodeSuback(reader: Reader, version: ProtocolVersion): SubackPacket {
  const packetId = packetIdOf(reader);
  const properties = propertiesOf(reader, version, PacketType.SUBACK);
  return { type: 'suback', packetId, reasons: reasonList(reader), properties };
}

function decodeUnsuback(reader: Reader, version: ProtocolVersion): UnsubackPacket {
  const packetId = packetIdOf(reader);
  const properties = propertiesOf(reader, version, PacketType.UNSUBACK);
  return { type: 'unsuback', packetId, reasons: version === 5 ? reasonList(reader) : [], properties };
}

export function decodeDisconnect(reader: Reader, version: ProtocolVersion): DisconnectPacket {
  return { type: 'disconnect', ...reasonAndProperties(reader, version, PacketType.DISCONNECT) };
}

export function decodeAuth(reader: Reader): AuthPacket {
  return { type: 'auth', ...reasonAndProperties(reader, 5, PacketType.AUTH) };
}
