// UNSUBSCRIBE (MQTT 5 section 3.10).
import { decodeUnsubscribe, parseTopicFilter, Reader, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';

export function unsubscribe(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  const { engine } = connection;
  const session = connection.session!;
  const packet = decodeUnsubscribe(new Reader(bytes, body, end), connection.version);
  for (const filter of packet.filters) parseTopicFilter(filter, Number.POSITIVE_INFINITY);
  const reasons = packet.filters.map((filter) => {
    const subscription = session.subscriptions.get(filter);
    if (subscription === undefined) return ReasonCode.NoSubscriptionExisted;
    engine.sessions.unsubscribe(subscription);
    engine.hooks.tell('unsubscribe', connection, filter);
    return ReasonCode.Success;
  });
  engine.whenSafe(() => connection.send({ type: 'unsuback', packetId: packet.packetId, reasons }));
  return true;
}
