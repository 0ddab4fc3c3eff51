// PUBREC (MQTT 5 section 3.5): a QoS 2 message has arrived; what is left is to release its identifier.
import { PacketType, protocolError, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { Awaiting } from '../inflight.js';
import { readPacketId, readReason } from './acknowledgement.js';

export function pubrec(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  const packetId = readPacketId(connection, bytes, body, end);
  const reason = end - body > 2 ? readReason(PacketType.PUBREC, bytes, body, end) : 0;
  const { session, engine } = connection;
  const state = session!.inflight.state(packetId);
  if (state === Awaiting.PUBACK) throw protocolError('PUBREC for a QoS 1 message');
  if (state === Awaiting.NOTHING) {
    engine.observer?.unknownPubrec(connection, packetId);
    if (reason < 0x80) connection.sendAcknowledgement(PacketType.PUBREL, packetId, ReasonCode.Success);
    return true;
  }
  if (reason >= 0x80) {
    // the client refused it: that is the end of it [MQTT-4.9.0-2] [MQTT-4.4.0-2] [MQTT-4.8.2-6]
    session!.finish(packetId);
    if (session!.hasWaiting) engine.turn.pump(connection);
    return true;
  }
  session!.confirm(packetId); // [MQTT-4.3.3-3]
  connection.acknowledge(PacketType.PUBREL, packetId, ReasonCode.Success);
  return true;
}
