// A message on its last step: as a PUBLISH into the output of one connection.
import {
  copyBytes,
  PacketType,
  type PublishVariant,
  publishVariantSize,
  variableByteIntegerSize,
  writePublishHead,
  writeUint32,
} from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { Message } from './message.js';
import type { Output } from './output.js';

/** Smaller packets are copied without a further look. */
const REFERENCE_SIZE = 16_384;

/** The variant that is being written: used by one call at a time. */
const variant: PublishVariant = {
  version: 5,
  qos: 0,
  retain: false,
  topicAlias: 0,
  aliasOnly: false,
  subscriptionIdentifiers: null,
};

/** Sends a message to a client. Returns false when its packet is larger than the client takes [MQTT-3.1.2-25]. */
export function sendPublish(
  connection: Connection,
  message: Message,
  qos: number,
  retain: boolean,
  dup: boolean,
  packetId: number,
  identifiers: readonly number[] | null,
): boolean {
  const { packets } = connection.engine;
  if (packets !== null) packets.sentPublish(connection, message, qos, retain, dup, packetId);
  if ((connection.aliasesOut !== null && qos < 2) || identifiers !== null)
    return sendOwnVariant(connection, message, qos, retain, dup, packetId, identifiers);
  const encoded = message.encodedFor(connection.version, qos);
  const { bytes, start, end } = encoded;
  const size = end - start;
  if (size > connection.clientMaxPacketSize) return tooLarge(connection, size); // [MQTT-3.1.2-24]
  const { output, engine } = connection;
  let at: number;
  const isReferenced = size >= REFERENCE_SIZE && message.isReferenced;
  if (isReferenced) at = appendHead(output, encoded);
  else {
    at = output.reserve(size);
    copyBytes(bytes, start, end, output.buffer, at);
  }
  const buffer = output.buffer;
  buffer[at] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  if (qos > 0) {
    const idAt = at + encoded.packetIdAt - start;
    buffer[idAt] = packetId >> 8;
    buffer[idAt + 1] = packetId;
  }
  if (encoded.expiryAt !== 0)
    writeUint32(buffer, at + encoded.expiryAt - start, message.remainingExpiry(engine.now()));
  if (isReferenced) referencePayload(connection, message);
  sent(connection, size, message.end - message.payloadStart);
  return true;
}

/** The head goes into the buffer; returns where. The payload is referenced after the head was patched. */
function appendHead(output: Output, encoded: Message): number {
  const head = encoded.payloadStart - encoded.start;
  const at = output.reserve(head);
  copyBytes(encoded.bytes, encoded.start, encoded.payloadStart, output.buffer, at);
  return at;
}

function referencePayload({ engine, output }: Connection, message: Message): void {
  const kept = message.keep(engine.slab);
  output.reference(kept.bytes.subarray(kept.payloadStart, kept.end));
}

/** With a topic alias or subscription identifiers: encoded for this receiver alone. */
function sendOwnVariant(
  connection: Connection,
  message: Message,
  qos: number,
  retain: boolean,
  dup: boolean,
  packetId: number,
  identifiers: readonly number[] | null,
): boolean {
  variant.version = connection.version;
  variant.qos = qos;
  variant.retain = retain;
  variant.subscriptionIdentifiers = connection.version === 5 ? identifiers : null;
  variant.topicAlias = 0;
  variant.aliasOnly = false;
  // MQTT.js 5 loses the topic of a QoS 2 message that has only an alias
  const aliases = qos < 2 ? connection.aliasesOut : null;
  const known = aliases === null ? 0 : aliases.known(message.topic.text);
  if (known !== 0) {
    variant.topicAlias = known;
    variant.aliasOnly = true;
  }
  const topic = message.topic.bytes;
  let size = publishVariantSize(message, topic.length, variant);
  if (size > connection.clientMaxPacketSize) return tooLarge(connection, size); // [MQTT-3.1.2-24]
  if (known === 0 && aliases !== null && size + 3 < connection.clientMaxPacketSize) {
    variant.topicAlias = aliases.assign(message.topic.text);
    size = publishVariantSize(message, topic.length, variant);
  }
  const { output, engine } = connection;
  const payload = message.end - message.payloadStart;
  const isReferenced = size >= REFERENCE_SIZE && message.isReferenced;
  const at = output.reserve(isReferenced ? size - payload : size);
  const expiry = message.expiryAt === 0 ? 0 : message.remainingExpiry(engine.now());
  const head = writePublishHead(output.buffer, at, message, topic, variant, packetId, expiry);
  if (dup) output.buffer[at]! |= 8;
  if (isReferenced) referencePayload(connection, message);
  else copyBytes(message.bytes, message.payloadStart, message.end, output.buffer, head);
  sent(connection, size, payload);
  return true;
}

function sent(connection: Connection, size: number, payload: number): void {
  const { metrics } = connection.engine;
  metrics.packetsSent[PacketType.PUBLISH]!++;
  metrics.bytesSent += size;
  metrics.publishBytesSent += payload;
  if (!connection.dirty) connection.touch();
}

function tooLarge(connection: Connection, size: number): boolean {
  const { metrics, observer } = connection.engine;
  metrics.droppedTooLarge++;
  observer?.tooLarge(connection, size - 1 - variableByteIntegerSize(size - 2));
  return false;
}
