// PUBACK (MQTT 5 section 3.4): a QoS 1 message has arrived.
import { PacketType } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { complete } from './acknowledgement.js';

export function puback(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  complete(PacketType.PUBACK, connection, bytes, body, end);
  return true;
}
