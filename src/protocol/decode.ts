// Packets from bytes: one state machine for MQTT 3.1, 3.1.1 and 5, the version being a field.
import type { Reader } from './bytes.js';
import {
  answerDecoders,
  type Decoder,
  decodeOneWith,
  decodeWith,
  packetIdOf,
  propertiesOf,
} from './decode-answers.js';
import { MqttError, malformed, protocolError } from './error.js';
import { PacketType, type ProtocolVersion } from './packet-types.js';
import type {
  ConnectPacket,
  Packet,
  QoS,
  SubscribePacket,
  SubscriptionRequest,
  UnsubscribePacket,
  Will,
} from './packets.js';
import { WILL } from './properties.js';
import { topicText } from './publish.js';
import { ReasonCode } from './reason-codes.js';
import { isTopicName } from './topics.js';

/** The table of answers, and what only clients send. */
const decoders: readonly (Decoder | undefined)[] = /* @__PURE__ */ answerDecoders.map((decoder, type) => {
  switch (type) {
    case PacketType.CONNECT:
      return decodeConnect;
    case PacketType.SUBSCRIBE:
      return decodeSubscribe;
    case PacketType.UNSUBSCRIBE:
      return decodeUnsubscribe;
    case PacketType.PINGREQ:
      return () => ({ type: 'pingreq' });
    default:
      return decoder;
  }
});

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
  return decodeWith(decoders, bytes, start, body, end, version);
}

/** Decodes an array that holds exactly one packet. */
export function decodeOne(bytes: Uint8Array, version: ProtocolVersion): Packet {
  return decodeOneWith(decoders, bytes, version);
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
