// PUBCOMP (MQTT 5 section 3.7): a QoS 2 message is done; the window moves on.
import { PacketType, protocolError } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { Awaiting } from '../inflight.js';
import { readPacketId, readReason } from './acknowledgement.js';

export function pubcomp(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  const packetId = readPacketId(connection, bytes, body, end);
  if (end - body > 2) readReason(PacketType.PUBCOMP, bytes, body, end);
  const session = connection.session!;
  const state = session.inflight.state(packetId);
  if (state === Awaiting.PUBCOMP) {
    session.finish(packetId);
    if (session.hasWaiting) connection.engine.turn.pump(connection);
  } else if (state !== Awaiting.NOTHING) throw protocolError('PUBCOMP before PUBREC');
  return true;
}
