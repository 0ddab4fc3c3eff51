// The MQTT 5 properties as one table (MQTT 5 section 2.2.2, table 2-4): it drives decoding, encoding and
// checking. Bounds: every length is checked before it is used, and a packet has at most MAX_PROPERTIES.
import { Reader, Writer } from './bytes.js';
import { MqttError, malformed, protocolError } from './error.js';
import { PacketType } from './packet-types.js';
import { ReasonCode } from './reason-codes.js';

const { CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;
const { SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH } = PacketType;

/** The will properties of CONNECT have rules of their own; they use the packet type number 0. */
export const WILL = 0;

/** How many properties one packet may have, user properties included. */
export const MAX_PROPERTIES = 1000;

/** The properties of one packet, by name. A key that is absent or undefined was not sent. */
export interface Properties {
  /** 0 is unspecified bytes, 1 is UTF-8. */
  payloadFormatIndicator?: number | undefined;
  /** Seconds. */
  messageExpiryInterval?: number | undefined;
  contentType?: string | undefined;
  responseTopic?: string | undefined;
  correlationData?: Uint8Array | undefined;
  /** 1 to 268435455; a PUBLISH may carry several. */
  subscriptionIdentifier?: number[] | undefined;
  /** Seconds; 0xffffffff is never. */
  sessionExpiryInterval?: number | undefined;
  assignedClientIdentifier?: string | undefined;
  /** Seconds. */
  serverKeepAlive?: number | undefined;
  authenticationMethod?: string | undefined;
  authenticationData?: Uint8Array | undefined;
  requestProblemInformation?: number | undefined;
  /** Seconds. */
  willDelayInterval?: number | undefined;
  requestResponseInformation?: number | undefined;
  responseInformation?: string | undefined;
  serverReference?: string | undefined;
  reasonString?: string | undefined;
  receiveMaximum?: number | undefined;
  topicAliasMaximum?: number | undefined;
  topicAlias?: number | undefined;
  maximumQoS?: number | undefined;
  retainAvailable?: number | undefined;
  userProperties?: [name: string, value: string][] | undefined;
  /** Bytes. */
  maximumPacketSize?: number | undefined;
  wildcardSubscriptionAvailable?: number | undefined;
  subscriptionIdentifierAvailable?: number | undefined;
  sharedSubscriptionAvailable?: number | undefined;
}

export type PropertyName = keyof Properties;
/** Named as what reads and writes it. */
export type PropertyType =
  | 'byte'
  | 'uint16'
  | 'uint32'
  | 'variableByteInteger'
  | 'string'
  | 'binary'
  | 'pair';

/** What values are allowed beyond the type: 0 or 1, or not 0. */
type Range = 'any' | 'boolean' | 'nonzero';

export interface PropertyRule {
  readonly id: number;
  readonly name: PropertyName;
  readonly type: PropertyType;
  /** A bit for each packet type that may carry it; bit 0 is the will. */
  readonly packets: number;
  /** A bit for each packet type in which it may stand more than once. */
  readonly repeatable: number;
  readonly range: Range;
}

function bits(...types: number[]): number {
  return types.reduce((mask, type) => mask | (1 << type), 0);
}

const everywhere = bits(
  WILL,
  CONNECT,
  CONNACK,
  PUBLISH,
  PUBACK,
  PUBREC,
  PUBREL,
  PUBCOMP,
  SUBSCRIBE,
  SUBACK,
  UNSUBSCRIBE,
  UNSUBACK,
  DISCONNECT,
  AUTH,
);
const withReason = bits(CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH);

function rule(
  id: number,
  name: PropertyName,
  type: PropertyType,
  packets: number,
  range: Range = 'any',
  repeatable = 0,
): PropertyRule {
  return { id, name, type, packets, repeatable, range };
}

export const propertyRules: readonly PropertyRule[] = [
  rule(0x01, 'payloadFormatIndicator', 'byte', bits(PUBLISH, WILL), 'boolean'),
  rule(0x02, 'messageExpiryInterval', 'uint32', bits(PUBLISH, WILL)),
  rule(0x03, 'contentType', 'string', bits(PUBLISH, WILL)),
  rule(0x08, 'responseTopic', 'string', bits(PUBLISH, WILL)),
  rule(0x09, 'correlationData', 'binary', bits(PUBLISH, WILL)),
  rule(
    0x0b,
    'subscriptionIdentifier',
    'variableByteInteger',
    bits(PUBLISH, SUBSCRIBE),
    'nonzero',
    bits(PUBLISH),
  ),
  rule(0x11, 'sessionExpiryInterval', 'uint32', bits(CONNECT, CONNACK, DISCONNECT)),
  rule(0x12, 'assignedClientIdentifier', 'string', bits(CONNACK)),
  rule(0x13, 'serverKeepAlive', 'uint16', bits(CONNACK)),
  rule(0x15, 'authenticationMethod', 'string', bits(CONNECT, CONNACK, AUTH)),
  rule(0x16, 'authenticationData', 'binary', bits(CONNECT, CONNACK, AUTH)),
  rule(0x17, 'requestProblemInformation', 'byte', bits(CONNECT), 'boolean'),
  rule(0x18, 'willDelayInterval', 'uint32', bits(WILL)),
  rule(0x19, 'requestResponseInformation', 'byte', bits(CONNECT), 'boolean'),
  rule(0x1a, 'responseInformation', 'string', bits(CONNACK)),
  rule(0x1c, 'serverReference', 'string', bits(CONNACK, DISCONNECT)),
  rule(0x1f, 'reasonString', 'string', withReason),
  rule(0x21, 'receiveMaximum', 'uint16', bits(CONNECT, CONNACK), 'nonzero'),
  rule(0x22, 'topicAliasMaximum', 'uint16', bits(CONNECT, CONNACK)),
  rule(0x23, 'topicAlias', 'uint16', bits(PUBLISH)),
  rule(0x24, 'maximumQoS', 'byte', bits(CONNACK), 'boolean'),
  rule(0x25, 'retainAvailable', 'byte', bits(CONNACK), 'boolean'),
  rule(0x26, 'userProperties', 'pair', everywhere, 'any', everywhere),
  rule(0x27, 'maximumPacketSize', 'uint32', bits(CONNECT, CONNACK), 'nonzero'),
  rule(0x28, 'wildcardSubscriptionAvailable', 'byte', bits(CONNACK), 'boolean'),
  rule(0x29, 'subscriptionIdentifierAvailable', 'byte', bits(CONNACK), 'boolean'),
  rule(0x2a, 'sharedSubscriptionAvailable', 'byte', bits(CONNACK), 'boolean'),
];

const byId: (PropertyRule | undefined)[] = new Array(128).fill(undefined);
for (const entry of propertyRules) byId[entry.id] = entry;
const byName = new Map<string, PropertyRule>(propertyRules.map((entry) => [entry.name, entry]));

/** The rule for an identifier in a packet type; an identifier that may not stand there is malformed (2.2.2.2). */
export function propertyRule(id: number, packet: number): PropertyRule {
  const entry = byId[id];
  if (entry === undefined) throw malformed(`unknown property 0x${id.toString(16).padStart(2, '0')}`);
  if ((entry.packets & (1 << packet)) === 0) {
    throw malformed(`property ${entry.name} is not allowed in this packet`);
  }
  return entry;
}

/** Refuses a value that the type allows and the specification does not. */
export function checkPropertyRange(entry: PropertyRule, value: number): void {
  if (entry.range === 'boolean' && value > 1) throw protocolError(`property ${entry.name} must be 0 or 1`);
  if (entry.range === 'nonzero' && value === 0) throw protocolError(`property ${entry.name} must not be 0`);
}

/** Refuses more properties in one packet than anybody needs, before they are collected. */
export function tooManyProperties(): MqttError {
  return new MqttError(ReasonCode.QuotaExceeded, `more than ${MAX_PROPERTIES} properties in one packet`);
}

/** Reads the property length and the properties of a packet. */
export function decodeProperties(reader: Reader, packet: number): Properties {
  const length = reader.variableByteInteger();
  if (length === 0) return {};
  const start = reader.skip(length);
  return decodePropertyList(new Reader(reader.bytes, start, start + length), packet);
}

/** Reads properties up to the end of the reader. */
export function decodePropertyList(list: Reader, packet: number): Properties {
  const properties: Record<string, unknown> = {};
  let count = 0;
  while (list.remaining > 0) {
    if (++count > MAX_PROPERTIES) throw tooManyProperties();
    const entry = propertyRule(list.variableByteInteger(), packet);
    const value = list[entry.type]();
    if (typeof value === 'number') checkPropertyRange(entry, value);
    const isList = entry.type === 'pair' || entry.name === 'subscriptionIdentifier';
    const earlier = properties[entry.name];
    if (earlier === undefined) properties[entry.name] = isList ? [value] : value;
    else if ((entry.repeatable & (1 << packet)) === 0)
      throw protocolError(`property ${entry.name} is repeated`);
    else (earlier as unknown[]).push(value);
  }
  return properties;
}

function writeValue(entry: PropertyRule, value: unknown, writer: Writer): void {
  writer.byte(entry.id);
  writer[entry.type](value as never);
}

/** Encoding is done with it before the next begins. */
const scratch = new Writer();

/** Writes the property length and the properties, in the order of the object's keys. */
export function encodeProperties(writer: Writer, properties: Properties | undefined, packet: number): void {
  if (properties === undefined) {
    writer.byte(0); // [MQTT-2.2.2-1]
    return;
  }
  const body = scratch.reset();
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const entry = byName.get(name);
    if (entry === undefined) throw new TypeError(`there is no MQTT property named ${name}`);
    if ((entry.packets & (1 << packet)) === 0)
      throw protocolError(`property ${name} is not allowed in this packet`);
    if (Array.isArray(value)) for (const item of value) writeValue(entry, item, body);
    else writeValue(entry, value, body);
  }
  writer.variableByteInteger(body.length);
  writer.raw(body.bytes());
}
