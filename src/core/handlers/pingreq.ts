// PINGREQ (MQTT 5 section 3.12): answered at once [MQTT-3.12.4-1].
import { malformed } from '../../protocol/index.js';
import type { Connection } from '../connection.js';

export function pingreq(
  connection: Connection,
  _bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  if (body !== end) throw malformed('PINGREQ has no content');
  connection.send({ type: 'pingresp' });
  return true;
}
