// PUBACK (MQTT 5 section 3.4): a QoS 1 message has arrived; the window moves on.
import { PacketType, protocolError } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { Awaiting } from '../inflight.js';
import { readPacketId, readReason } from './acknowledgement.js';

export function puback(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  const packetId = readPacketId(connection, bytes, body, end);
  if (end - body > 2) readReason(PacketType.PUBACK, bytes, body, end);
  const session = connection.session!;
  const state = session.inflight.state(packetId);
  if (state === Awaiting.PUBACK) {
    session.finish(packetId);
    if (session.hasWaiting) connection.engine.turn.pump(connection);
  } else if (state !== Awaiting.NOTHING) throw protocolError('PUBACK for a QoS 2 message');
  return true;
}
