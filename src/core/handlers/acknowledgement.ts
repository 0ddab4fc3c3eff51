// What PUBACK, PUBREC, PUBREL and PUBCOMP have in common: an identifier, and in MQTT 5 a reason and properties.
import {
  decodeProperties,
  malformed,
  PacketType,
  protocolError,
  Reader,
  ReasonCode,
  reasonIsValid,
} from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { Awaiting } from '../inflight.js';

/** The packet identifier; checks that the rest of the packet is as it must be. */
export function readPacketId(connection: Connection, bytes: Uint8Array, body: number, end: number): number {
  if (end - body !== 2 && (end - body < 2 || connection.version !== 5))
    throw malformed('acknowledgement has a wrong length');
  const packetId = (bytes[body]! << 8) | bytes[body + 1]!;
  if (packetId === 0) throw protocolError('packet identifier must not be 0');
  return packetId;
}

/** The reason code that follows the identifier, 0 if there is none; checks the properties. */
export function readReason(type: number, bytes: Uint8Array, body: number, end: number): number {
  if (end - body === 2) return ReasonCode.Success;
  const reason = bytes[body + 2]!;
  // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
  if (!reasonIsValid(type, reason)) throw protocolError('reason code is not one of this packet');
  if (end - body === 3) return reason;
  const reader = new Reader(bytes, body + 3, end);
  decodeProperties(reader, type);
  if (reader.remaining > 0) throw malformed('packet is longer than its content');
  return reason;
}

/** PUBACK or PUBCOMP: the last word on a message that was sent; the window moves on. */
export function complete(
  type: 4 | 7,
  connection: Connection,
  bytes: Uint8Array,
  body: number,
  end: number,
): void {
  const packetId = readPacketId(connection, bytes, body, end);
  if (end - body > 2) readReason(type, bytes, body, end);
  const session = connection.session!;
  const state = session.inflight.state(packetId);
  const awaited = type === PacketType.PUBACK ? Awaiting.PUBACK : Awaiting.PUBCOMP;
  if (state === awaited) {
    session.finish(packetId); // [MQTT-4.3.2-3]
    if (session.hasWaiting) connection.engine.turn.pump(connection);
  } else if (state !== Awaiting.NOTHING) throw protocolError('acknowledgement of another kind than is due');
}
