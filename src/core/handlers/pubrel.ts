// PUBREL (MQTT 5 section 3.6): the client forgets a QoS 2 message, so its identifier may come again.
import { PacketType, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { readPacketId, readReason } from './acknowledgement.js';

export function pubrel(connection: Connection, bytes: Uint8Array, _start: number, body: number, end: number): boolean {
  const packetId = readPacketId(connection, bytes, body, end);
  if (end - body > 2) readReason(PacketType.PUBREL, bytes, body, end);
  const known = connection.session!.release(packetId);
  const reason = known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
  connection.acknowledge(PacketType.PUBCOMP, packetId, reason);
  return true;
}
