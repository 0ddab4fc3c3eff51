// DISCONNECT from a client (MQTT 5 section 3.14): the will is forgotten, unless it asks for it.
import { decodeDisconnect, malformed, protocolError, Reader, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { Ending, State } from '../connection-state.js';

export function disconnect(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  const reader = new Reader(bytes, body, end);
  const packet = decodeDisconnect(reader, connection.version);
  if (reader.remaining > 0) throw malformed('packet is longer than its content');
  const { session } = connection;
  const expiry = packet.properties?.sessionExpiryInterval;
  if (expiry !== undefined && session !== null) {
    // it may not be raised from 0: the session was not kept for that [MQTT-3.14.2-2]
    if (session.expiryInterval === 0 && expiry > 0)
      throw protocolError('session expiry interval was 0 and cannot be raised');
    connection.engine.sessions.setExpiry(session, expiry);
  }
  if (connection.state !== State.CONNECTED) {
    connection.close(packet.reason, 'client gave up before CONNACK', false);
    return false;
  }
  // [MQTT-3.1.2-10] [MQTT3-3.1.2-10] [MQTT3-3.14.4-3]
  const sendWill = packet.reason !== ReasonCode.Success; // [MQTT-3.14.4-3]
  connection.close(packet.reason, Ending.GOODBYE, sendWill);
  return false;
}
