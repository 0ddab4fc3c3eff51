// UNSUBSCRIBE (MQTT 5 section 3.10).
import { decodeUnsubscribe, parseTopicFilter, Reader, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import type { Subscription } from '../subscriptions.js';

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
  // [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2]
  const left = new Set<Subscription>();
  const asks = engine.hooks.mayUnsubscribe.length > 0;
  const reasons = packet.filters.map((filter) => {
    if (asks && !engine.decisions.mayUnsubscribe(connection, filter)) return ReasonCode.NotAuthorized;
    const subscription = session.subscriptions.get(filter); // [MQTT-3.10.4-1]
    if (subscription === undefined || left.has(subscription)) return ReasonCode.NoSubscriptionExisted;
    left.add(subscription);
    return ReasonCode.Success;
  });
  engine.sessions.unsubscribe(session, [...left]); // [MQTT-3.10.4-2]
  for (const { text } of left) engine.hooks.tell('unsubscribe', connection, text);
  if (engine.packets !== null)
    for (const filter of packet.filters) engine.packets.unsubscribed(connection, filter);
  // [MQTT-2.2.1-6] [MQTT-3.10.4-4] [MQTT-3.10.4-5]
  engine.whenSafe(() => connection.send({ type: 'unsuback', packetId: packet.packetId, reasons }));
  return true;
}
