// PUBCOMP (MQTT 5 section 3.7): a QoS 2 message is done.
import { PacketType } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { complete } from './acknowledgement.js';

export function pubcomp(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  complete(PacketType.PUBCOMP, connection, bytes, body, end);
  return true;
}
