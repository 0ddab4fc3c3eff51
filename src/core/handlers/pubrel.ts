// PUBREL (MQTT 5 section 3.6): the client forgets a QoS 2 message, so its identifier may come again.
import { flagsAreValid, malformed, PacketType, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { readPacketId, readReason } from './acknowledgement.js';

export function pubrel(
  connection: Connection,
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
): boolean {
  if (!flagsAreValid(bytes[start]!, connection.version)) throw malformed('flags of PUBREL are wrong'); // [MQTT-3.6.1-1]
  const packetId = readPacketId(connection, bytes, body, end);
  if (end - body > 2) readReason(PacketType.PUBREL, bytes, body, end);
  // an identifier that is not known is one of a PUBREL that came before: no mistake, and Mosquitto says nothing
  connection.session!.release(packetId);
  connection.acknowledge(PacketType.PUBCOMP, packetId, ReasonCode.Success); // [MQTT-4.3.3-11]
  return true;
}
