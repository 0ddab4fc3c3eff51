// Packets that a client sends, to bytes. encode.ts adds those that only servers send.
import { variableByteIntegerSize, Writer, writeVariableByteInteger } from './bytes.js';
import { firstByte, PacketType, type PacketTypeName, type ProtocolVersion } from './packet-types.js';
import type { ConnectPacket, Packet, PublishPacket, SubscriptionRequest, Will } from './packets.js';
import { encodeProperties, type Properties, WILL } from './properties.js';

/** A packet's content while it is written: no memory a packet but that of the result. */
export const scratch = new Writer();

export type Request = Exclude<Packet, { type: 'connack' | 'suback' | 'unsuback' }>;

/**
 * Encodes a packet for a connection of the given version. CONNECT uses its own version. Numbers are the
 * caller's responsibility (they are not checked against their ranges); text that MQTT cannot carry throws.
 */
export function encodeRequest(packet: Request, version: ProtocolVersion): Uint8Array {
  const body = scratch.reset();
  const type = PacketType[packet.type.toUpperCase() as PacketTypeName];
  writeContent(body, packet, type, version);
  return frame(packet.type === 'publish' ? publishFirstByte(packet) : firstByte(type), body);
}

function writeContent(body: Writer, packet: Request, type: number, version: ProtocolVersion): void {
  switch (packet.type) {
    case 'connect':
      return connect(body, packet);
    case 'publish':
      return publish(body, packet, version);
    case 'pingreq':
    case 'pingresp':
      return;
    case 'auth':
      // here the property length may only be left out together with the reason code (section 3.15.2.1)
      if (packet.reason === 0 && isEmpty(packet.properties)) return;
      body.byte(packet.reason);
      return encodeProperties(body, packet.properties, type);
    case 'subscribe':
      body.uint16(packet.packetId);
      properties(body, packet.properties, type, version);
      for (const request of packet.subscriptions) {
        body.string(request.filter);
        body.byte(subscriptionOptions(request, version));
      }
      return;
    case 'unsubscribe':
      body.uint16(packet.packetId);
      properties(body, packet.properties, type, version);
      for (const filter of packet.filters) body.string(filter);
      return;
    case 'disconnect':
      break;
    default:
      body.uint16(packet.packetId);
  }
  if (version === 5) reasonAndProperties(body, type, packet.reason, packet.properties);
}

function publishFirstByte(packet: PublishPacket): number {
  return 0x30 | (packet.dup ? 8 : 0) | (packet.qos << 1) | (packet.retain ? 1 : 0);
}

export function frame(first: number, body: Writer): Uint8Array {
  const content = body.bytes();
  const packet = new Uint8Array(1 + variableByteIntegerSize(content.length) + content.length);
  packet[0] = first;
  packet.set(content, writeVariableByteInteger(packet, 1, content.length));
  return packet;
}

export function properties(
  body: Writer,
  values: Properties | undefined,
  type: number,
  version: ProtocolVersion,
): void {
  if (version === 5) encodeProperties(body, values, type);
}

function isEmpty(values: Properties | undefined): boolean {
  return values === undefined || Object.values(values).every((value) => value === undefined);
}

/** A reason code 0 and properties may be left out when nothing follows (MQTT 5 sections 3.4.2.1, 3.14.2.1). */
function reasonAndProperties(
  body: Writer,
  type: number,
  reason: number,
  values: Properties | undefined,
): void {
  const bare = isEmpty(values);
  if (reason === 0 && bare) return;
  body.byte(reason);
  if (!bare) encodeProperties(body, values, type);
}

function connect(body: Writer, packet: ConnectPacket): void {
  body.string(packet.version === 3 ? 'MQIsdp' : 'MQTT');
  body.byte(packet.version | (packet.bridge ? 0x80 : 0));
  const will = packet.will;
  let flags = packet.cleanStart ? 0x02 : 0;
  if (will !== undefined) flags |= 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0);
  if (packet.username !== undefined) flags |= 0x80;
  if (packet.password !== undefined) flags |= 0x40;
  body.byte(flags);
  body.uint16(packet.keepAlive);
  properties(body, packet.properties, PacketType.CONNECT, packet.version);
  body.string(packet.clientId);
  if (will !== undefined) writeWill(body, will, packet.version);
  if (packet.username !== undefined) body.string(packet.username);
  if (packet.password !== undefined) body.binary(packet.password);
}

function writeWill(body: Writer, will: Will, version: ProtocolVersion): void {
  properties(body, will.properties, WILL, version);
  body.string(will.topic);
  body.binary(will.payload);
}

function publish(body: Writer, packet: PublishPacket, version: ProtocolVersion): void {
  body.string(packet.topic);
  if (packet.qos > 0) body.uint16(packet.packetId ?? 0); // [MQTT-2.2.1-2]
  properties(body, packet.properties, PacketType.PUBLISH, version);
  body.raw(packet.payload);
}

function subscriptionOptions(request: SubscriptionRequest, version: ProtocolVersion): number {
  if (version !== 5) return request.qos;
  return (
    request.qos |
    (request.noLocal ? 4 : 0) |
    (request.retainAsPublished ? 8 : 0) |
    (request.retainHandling << 4)
  );
}
