// Writes a PUBLISH straight into a connection's output: no object, no copy of a large payload.
import {
  copyBytes,
  encodeProperties,
  PacketType,
  type Properties,
  type ProtocolVersion,
  variableByteIntegerSize,
  Writer,
  writeVariableByteInteger,
} from '../protocol/index.js';
import { type Output, REFERENCED_SIZE } from './output.js';

/** What stands in a PUBLISH. */
export interface PublishContent {
  readonly topic: Uint8Array;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: Properties | undefined;
}

const NO_PROPERTIES = new Uint8Array(1);
const scratch = new Writer();

/** The properties with their length; empty before MQTT 5. Valid until the next call. */
export function encodedProperties(
  properties: Properties | undefined,
  alias: number,
  version: ProtocolVersion,
): Uint8Array {
  if (version !== 5) return NO_PROPERTIES.subarray(1);
  if (properties === undefined && alias === 0) return NO_PROPERTIES;
  const writer = scratch.reset();
  encodeProperties(
    writer,
    alias === 0 ? properties : { ...properties, topicAlias: alias },
    PacketType.PUBLISH,
  );
  return writer.bytes();
}

/** The size of a PUBLISH after its fixed header. */
export function publishLength(content: PublishContent, topicLength: number, properties: Uint8Array): number {
  return 2 + topicLength + (content.qos > 0 ? 2 : 0) + properties.length + content.payload.length;
}

/** `topic` is empty when an alias stands for it. Returns whether the payload is referenced, not copied. */
export function writePublish(
  output: Output,
  content: PublishContent,
  topic: Uint8Array,
  properties: Uint8Array,
  packetId: number,
  dup: boolean,
): boolean {
  const { payload, qos } = content;
  const length = publishLength(content, topic.length, properties);
  const isReferenced = payload.length >= REFERENCED_SIZE;
  const size = 1 + variableByteIntegerSize(length) + length - (isReferenced ? payload.length : 0);
  let at = output.reserve(size);
  const { buffer } = output;
  buffer[at++] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (content.retain ? 1 : 0);
  at = writeVariableByteInteger(buffer, at, length);
  buffer[at++] = topic.length >> 8;
  buffer[at++] = topic.length;
  at = copyBytes(topic, 0, topic.length, buffer, at);
  if (qos > 0) {
    buffer[at++] = packetId >> 8;
    buffer[at++] = packetId;
  }
  at = copyBytes(properties, 0, properties.length, buffer, at);
  if (isReferenced) output.reference(payload);
  else copyBytes(payload, 0, payload.length, buffer, at);
  return isReferenced;
}
