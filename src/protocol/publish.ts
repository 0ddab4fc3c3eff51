// PUBLISH read in place and written from where it was read: no object a field, no copy that is not needed.
// The broker's hot path and the client stand on this; decode.ts makes a plain object of it for everyone else.
import {
  Reader,
  readUint32,
  variableByteIntegerSize,
  writeUint32,
  writeVariableByteInteger,
} from './bytes.js';
import { MqttError, malformed, protocolError } from './error.js';
import { PacketType, type ProtocolVersion } from './packet-types.js';
import {
  checkPropertyRange,
  decodeProperties,
  decodePropertyList,
  MAX_PROPERTIES,
  type Properties,
  propertyRule,
  tooManyProperties,
} from './properties.js';
import { ReasonCode } from './reason-codes.js';
import { isTopicName } from './topics.js';
import { decodeUtf8, hasControlCharacter, invalidString, isValidUtf8 } from './utf8.js';

const EMPTY = new Uint8Array(0);

/** A PUBLISH as positions in the bytes of its packet. Reused from packet to packet. */
export class Publish {
  bytes: Uint8Array = EMPTY;
  /** The whole packet, fixed header included. */
  start = 0;
  end = 0;
  /** 3 and 4 have no properties. */
  version: ProtocolVersion = 4;
  qos = 0;
  retain = false;
  dup = false;
  topicStart = 0;
  topicEnd = 0;
  /** 0 with QoS 0. */
  packetId = 0;
  packetIdAt = 0;
  /** The properties without their length; equal when there are none. */
  propertiesStart = 0;
  propertiesEnd = 0;
  /** Only for those who read them with `propertiesAsObject`. */
  properties: Properties | undefined;
  /** 0 when there was none; its property (three bytes) starts at topicAliasAt. */
  topicAlias = 0;
  topicAliasAt = 0;
  /** Where the four bytes of the message expiry interval are, or 0. */
  expiryAt = 0;
  payloadFormat = 0;
  hasSubscriptionIdentifier = false;
  payloadStart = 0;
  /** The remaining length was written in its shortest form, so that the packet may be forwarded as it is. */
  shortest = true;

  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadStart, this.end);
  }

  /** Seconds, or undefined when the message does not expire. */
  get messageExpiryInterval(): number | undefined {
    return this.expiryAt === 0 ? undefined : readUint32(this.bytes, this.expiryAt);
  }
}

/**
 * Reads a PUBLISH whose fixed header ends at `body` into `view`. Everything is checked except the text of
 * the topic: a receiver that knows these topic bytes already need not check them again (see `topicText`).
 */
export function readPublish(
  view: Publish,
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
): void {
  readPublishWith(readPublishProperties, view, bytes, start, body, end, version);
}

/** As `readPublish`, with another way to read the properties: it is told where they are, and returns their end. */
export function readPublishWith(
  readProperties: (view: Publish, at: number, end: number) => number,
  view: Publish,
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
): void {
  const first = bytes[start]!;
  const qos = (first >> 1) & 3;
  if (end - body < 2) throw malformed('PUBLISH ends before its topic');
  const topicStart = body + 2;
  const topicEnd = topicStart + ((bytes[body]! << 8) | bytes[body + 1]!);
  let at = topicEnd;
  view.bytes = bytes;
  view.start = start;
  view.end = end;
  view.version = version;
  view.qos = qos;
  view.retain = (first & 1) !== 0;
  view.dup = (first & 8) !== 0;
  view.topicStart = topicStart;
  view.topicEnd = topicEnd;
  view.properties = undefined;
  view.topicAlias = 0;
  view.expiryAt = 0;
  view.payloadFormat = 0;
  view.hasSubscriptionIdentifier = false;
  view.shortest = body - start === 1 + variableByteIntegerSize(end - body);
  if (qos === 0) {
    if (view.dup) throw malformed('DUP must be 0 with QoS 0'); // [MQTT-3.3.1-2]
    view.packetId = 0;
    view.packetIdAt = 0;
  } else {
    if (qos === 3) throw malformed('QoS 3 does not exist'); // [MQTT-3.3.1-4]
    if (at + 2 > end) throw malformed('PUBLISH ends before its packet identifier');
    const packetId = (bytes[at]! << 8) | bytes[at + 1]!;
    // [MQTT3-2.3.1-1]
    if (packetId === 0) throw protocolError('packet identifier must not be 0'); // [MQTT-2.2.1-3]
    view.packetId = packetId;
    view.packetIdAt = at;
    at += 2;
  }
  if (at > end) throw malformed('topic runs past the end of the packet');
  if (version === 5) {
    if (at === end) throw malformed('PUBLISH ends before its properties');
    if (bytes[at] === 0) {
      at++;
      view.propertiesStart = at;
      view.propertiesEnd = at;
    } else at = readProperties(view, at, end);
  } else {
    view.propertiesStart = at;
    view.propertiesEnd = at;
  }
  view.payloadStart = at;
}

/** Checks the properties without making objects of them, and notes what routing needs. */
function readPublishProperties(view: Publish, at: number, end: number): number {
  const outer = new Reader(view.bytes, at, end);
  const length = outer.variableByteInteger();
  if (length > outer.remaining) throw malformed('property length is beyond the end of the packet');
  const stop = outer.position + length;
  const reader = new Reader(view.bytes, outer.position, stop);
  view.propertiesStart = outer.position;
  view.propertiesEnd = stop;
  let seen = 0;
  let count = 0;
  while (reader.remaining > 0) {
    if (++count > MAX_PROPERTIES) throw tooManyProperties();
    const where = reader.position;
    const id = reader.variableByteInteger();
    const rule = propertyRule(id, PacketType.PUBLISH);
    if (rule.repeatable === 0 || (rule.repeatable & (1 << PacketType.PUBLISH)) === 0) {
      if (id === 0x23 ? view.topicAlias !== 0 : (seen & (1 << id)) !== 0) {
        throw protocolError(`property ${rule.name} is repeated`);
      }
      if (id < 31) seen |= 1 << id;
    }
    readPublishProperty(view, id, where, reader);
  }
  return stop;
}

function readPublishProperty(view: Publish, id: number, where: number, reader: Reader): void {
  const rule = propertyRule(id, PacketType.PUBLISH);
  switch (rule.type) {
    case 'byte': {
      const value = reader.byte();
      checkPropertyRange(rule, value);
      view.payloadFormat = value; // the only byte that a PUBLISH has
      return;
    }
    case 'uint16':
      view.topicAliasAt = where;
      view.topicAlias = reader.uint16();
      if (view.topicAlias === 0) throw aliasIsZero();
      return;
    case 'uint32':
      view.expiryAt = reader.skip(4);
      return;
    case 'variableByteInteger':
      checkPropertyRange(rule, reader.variableByteInteger());
      view.hasSubscriptionIdentifier = true;
      return;
    case 'binary':
      reader.skip(reader.uint16());
      return;
    case 'pair':
      // [MQTT-1.5.7-1]
      skipString(reader);
      skipString(reader);
      return;
    case 'string': {
      const start = reader.position + 2;
      skipString(reader); // [MQTT-3.3.2-13] [MQTT-3.3.2-19]
      if (rule.name === 'responseTopic') checkResponseTopic(view.bytes, start, reader.position);
    }
  }
}

/** [MQTT-3.3.2-8] */
function aliasIsZero(): MqttError {
  return new MqttError(ReasonCode.TopicAliasInvalid, 'topic alias must not be 0');
}

/** The properties of a PUBLISH that was read, as an object. */
export function publishProperties(view: Publish): Properties {
  const reader = new Reader(view.bytes, view.propertiesStart, view.propertiesEnd);
  return decodePropertyList(reader, PacketType.PUBLISH);
}

/** For `readPublishWith`: makes an object of the properties, in one pass. */
export function propertiesAsObject(view: Publish, at: number, end: number): number {
  const reader = new Reader(view.bytes, at, end);
  const properties = decodeProperties(reader, PacketType.PUBLISH);
  const { topicAlias, responseTopic } = properties;
  if (topicAlias === 0) throw aliasIsZero();
  if (responseTopic !== undefined && !isTopicName(responseTopic))
    throw protocolError('response topic is empty or has a wildcard');
  view.topicAlias = topicAlias ?? 0;
  view.properties = properties;
  return reader.position;
}

function skipString(reader: Reader): void {
  const length = reader.uint16();
  const start = reader.skip(length);
  if (!isValidUtf8(reader.bytes, start, start + length)) throw invalidString();
}

/** A response topic is a topic name: not empty, no wildcard [MQTT-3.3.2-14] [MQTT-4.7.3-1]. */
function checkResponseTopic(bytes: Uint8Array, start: number, end: number): void {
  if (start === end) throw protocolError('response topic must not be empty');
  for (let at = start; at < end; at++) {
    if (bytes[at] === 0x2b || bytes[at] === 0x23)
      throw protocolError('response topic must not contain wildcards');
  }
}

/** The topic as text, checked: valid UTF-8, printable, no wildcard [MQTT-3.3.2-1] [MQTT-3.3.2-2]; may be empty. */
export function topicText(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeUtf8(bytes, start, end);
  if (text.includes('+') || text.includes('#')) {
    throw malformed('topic name must not contain wildcards');
  }
  if (hasControlCharacter(text)) throw malformed('topic name contains a control character');
  return text;
}

/** How one receiver's copy differs from the message as it came. */
export interface PublishVariant {
  version: ProtocolVersion;
  qos: number;
  retain: boolean;
  /** 0: full topic and no alias. With `aliasOnly` the topic is left empty. */
  topicAlias: number;
  aliasOnly: boolean;
  /** Sent before the properties that came with the message. */
  subscriptionIdentifiers: readonly number[] | null;
}

/** Bytes of the property topic alias, and of message expiry interval. */
const ALIAS_SIZE = 3;
const EXPIRY_SIZE = 5;

function variantPropertiesSize(message: Publish, variant: PublishVariant): number {
  let size = message.propertiesEnd - message.propertiesStart;
  if (message.topicAlias !== 0) size -= ALIAS_SIZE;
  if (variant.topicAlias !== 0) size += ALIAS_SIZE;
  if (variant.subscriptionIdentifiers !== null) {
    for (const id of variant.subscriptionIdentifiers) size += 1 + variableByteIntegerSize(id);
  }
  return size;
}

function variantRemainingLength(message: Publish, topicLength: number, variant: PublishVariant): number {
  let size = 2 + (variant.aliasOnly ? 0 : topicLength) + (message.end - message.payloadStart);
  if (variant.qos > 0) size += 2;
  if (variant.version === 5) {
    const properties = variantPropertiesSize(message, variant);
    size += variableByteIntegerSize(properties) + properties;
  }
  return size;
}

/** The size in bytes of a variant, fixed header included. */
export function publishVariantSize(message: Publish, topicLength: number, variant: PublishVariant): number {
  const remaining = variantRemainingLength(message, topicLength, variant);
  return 1 + variableByteIntegerSize(remaining) + remaining;
}

/**
 * Writes a variant up to the payload, which the caller copies or references. Returns the position after it.
 * `expiry` replaces the message expiry interval if the message has one.
 */
export function writePublishHead(
  target: Uint8Array,
  position: number,
  message: Publish,
  topic: Uint8Array,
  variant: PublishVariant,
  packetId: number,
  expiry: number,
): number {
  let at = position;
  target[at++] = 0x30 | (variant.qos << 1) | (variant.retain ? 1 : 0);
  at = writeVariableByteInteger(target, at, variantRemainingLength(message, topic.length, variant));
  const topicLength = variant.aliasOnly ? 0 : topic.length;
  target[at++] = topicLength >> 8;
  target[at++] = topicLength;
  if (topicLength > 0) at = copyBytes(topic, 0, topicLength, target, at);
  // [MQTT-2.2.1-2]
  if (variant.qos > 0) {
    target[at++] = packetId >> 8;
    target[at++] = packetId;
  }
  return variant.version === 5 ? writeVariantProperties(target, at, message, variant, expiry) : at;
}

/**
 * Writes the properties: what the publisher sent in its order [MQTT-3.3.2-18], then message expiry interval,
 * topic alias and subscription identifiers (the order that Mosquitto uses).
 */
function writeVariantProperties(
  target: Uint8Array,
  position: number,
  message: Publish,
  variant: PublishVariant,
  expiry: number,
): number {
  let at = writeVariableByteInteger(target, position, variantPropertiesSize(message, variant));
  at = copyForwarded(target, at, message);
  if (message.expiryAt !== 0) {
    target[at] = 0x02;
    writeUint32(target, at + 1, expiry);
    at += EXPIRY_SIZE;
  }
  if (variant.topicAlias !== 0) {
    target[at++] = 0x23;
    target[at++] = variant.topicAlias >> 8;
    target[at++] = variant.topicAlias;
  }
  if (variant.subscriptionIdentifiers !== null) {
    for (const id of variant.subscriptionIdentifiers) {
      target[at++] = 0x0b;
      at = writeVariableByteInteger(target, at, id);
    }
  }
  return at;
}

/**
 * Copies the properties, as they are, without topic alias and message expiry interval
 * [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-20].
 */
function copyForwarded(target: Uint8Array, position: number, message: Publish): number {
  const { bytes, propertiesStart: from, propertiesEnd: to } = message;
  const alias = message.topicAlias === 0 ? to : message.topicAliasAt;
  const expiry = message.expiryAt === 0 ? to : message.expiryAt - 1;
  const first = Math.min(alias, expiry);
  const second = Math.max(alias, expiry);
  let at = copyBytes(bytes, from, first, target, position);
  if (first < to)
    at = copyBytes(bytes, first + (first === alias ? ALIAS_SIZE : EXPIRY_SIZE), second, target, at);
  if (second < to)
    at = copyBytes(bytes, second + (second === alias ? ALIAS_SIZE : EXPIRY_SIZE), to, target, at);
  return at;
}

/** Below this a loop is faster than the call of a native copy. */
const SMALL_COPY = 48;

/** Copies bytes[from..to) to target at a position; returns the position after them. */
export function copyBytes(
  bytes: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  position: number,
): number {
  const length = to - from;
  if (length <= SMALL_COPY) {
    for (let i = 0; i < length; i++) target[position + i] = bytes[from + i]!;
  } else target.set(bytes.subarray(from, to), position);
  return position + length;
}
