// SUBSCRIBE (MQTT 5 section 3.8): each filter is judged by itself; the SUBACK has a code for each, in order.
import {
  decodeSubscribe,
  hasWildcard,
  MqttError,
  PacketType,
  parseTopicFilter,
  protocolError,
  Reader,
  ReasonCode,
  reasonIsValid,
  type SubscribePacket,
  type SubscriptionRequest,
} from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import type { MaybePromise } from '../plugin.js';
import { RetainedCursor } from '../retained.js';
import type { Subscription } from '../subscriptions.js';

/** One filter of the packet, and what became of it. */
interface Request {
  readonly asked: SubscriptionRequest;
  readonly group: string | null;
  readonly filter: string;
  /** A reason code of 0x80 or above refuses it. */
  reason: number;
}

export function subscribe(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  const packet = decodeSubscribe(new Reader(bytes, body, end), connection.version);
  const requests = packet.subscriptions.map((asked) =>
    judge(connection, asked, packet.properties?.subscriptionIdentifier?.[0] ?? 0),
  );
  const authorized = authorizeAll(connection, requests);
  if (authorized instanceof Promise) {
    connection.later(authorized, () => finish(connection, packet, requests));
    return false;
  }
  finish(connection, packet, requests);
  return true;
}

/** What can be said of a filter without asking anybody. Filters that are no filters end the connection. */
function judge(connection: Connection, asked: SubscriptionRequest, identifier: number): Request {
  const { options } = connection.engine;
  let parsed: { group: string | null; filter: string };
  try {
    parsed = parseTopicFilter(asked.filter, options.maxTopicLevels);
  } catch (error) {
    // too many levels is our limit, not the client's mistake
    if (!(error instanceof MqttError) || error.reason !== ReasonCode.TopicFilterInvalid) throw error;
    return { asked, group: null, filter: asked.filter, reason: error.reason };
  }
  if (parsed.group !== null && asked.noLocal) throw protocolError('no local on a shared subscription'); // [MQTT-3.8.3-4]
  let reason = Math.min(asked.qos, connection.maxQos); // [MQTT-3.2.2-10]
  if (parsed.group !== null && !options.sharedSubscriptions)
    reason = ReasonCode.SharedSubscriptionsNotSupported;
  else if (identifier > 0 && !options.subscriptionIdentifiers)
    reason = ReasonCode.SubscriptionIdentifiersNotSupported;
  else if (!options.wildcardSubscriptions && hasWildcard(parsed.filter))
    reason = ReasonCode.WildcardSubscriptionsNotSupported;
  return { asked, ...parsed, reason };
}

function authorizeAll(connection: Connection, requests: Request[], from = 0): MaybePromise<void> {
  const { engine } = connection;
  if (engine.hooks.authorize.length === 0) return;
  for (let i = from; i < requests.length; i++) {
    const request = requests[i]!;
    if (request.reason >= 0x80) continue;
    const action = {
      type: 'subscribe',
      topic: request.asked.filter,
      qos: request.asked.qos,
      retain: false,
    } as const;
    const refusal = engine.decisions.refusal(connection, action);
    if (refusal instanceof Promise) {
      return refusal.then((reason) => {
        if (reason !== 0) request.reason = subackReason(reason);
        return authorizeAll(connection, requests, i + 1);
      });
    }
    if (refusal !== 0) request.reason = subackReason(refusal);
  }
}

/** A plugin may answer with a code that SUBACK does not have [MQTT-3.9.3-2]. */
function subackReason(reason: number): number {
  return reasonIsValid(PacketType.SUBACK, reason) ? reason : ReasonCode.NotAuthorized;
}

function finish(connection: Connection, packet: SubscribePacket, requests: Request[]): void {
  const { engine } = connection;
  const session = connection.session!;
  const identifier = packet.properties?.subscriptionIdentifier?.[0] ?? 0;
  const fetch: Subscription[] = [];
  // [MQTT-3.8.4-5]
  for (const request of requests) {
    if (request.reason >= 0x80) continue;
    const { asked, group, filter } = request;
    const isNew = !session.subscriptions.has(asked.filter);
    if (isNew && !session.hasRoomFor(filter)) {
      request.reason = ReasonCode.QuotaExceeded;
      continue;
    }
    const noLocal = asked.noLocal || (connection.isBridge && group === null);
    const { retainAsPublished } = asked;
    engine.sessions.subscribe(session, asked.filter, group, filter, {
      qos: request.reason,
      noLocal,
      retainAsPublished,
      identifier,
    });
    engine.hooks.tell('subscribe', connection, asked.filter, request.reason as 0 | 1 | 2);
    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.8.4-4] [MQTT3-3.8.4-3]
    const wantsRetained = asked.retainHandling === 0 || (asked.retainHandling === 1 && isNew);
    if (group === null && wantsRetained) fetch.push(session.subscriptions.get(asked.filter)!);
  }
  if (engine.packets !== null)
    for (const { asked, reason } of requests) engine.packets.subscribed(connection, asked.filter, reason);
  engine.whenSafe(() => answer(connection, packet.packetId, requests, fetch));
}

/** SUBACK first, then the retained messages, as fast as the connection takes them. */
function answer(connection: Connection, packetId: number, requests: Request[], fetch: Subscription[]): void {
  const { engine, session, version } = connection;
  if (session === null || session.connection !== connection) return;
  // [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1]
  const reasons = requests.map((request) => subackCode(request, version));
  const reasonString = requests.some(({ reason }) => reason >= 0x80)
    ? refusalText(connection, requests)
    : undefined;
  // [MQTT-2.2.1-6] [MQTT-3.8.4-1] [MQTT-3.8.4-2]
  connection.send({ type: 'suback', packetId, reasons, properties: { reasonString } });
  if (fetch.length > 0 && engine.retained.size > 0) {
    session.retained ??= new RetainedCursor(engine);
    session.retained.add(fetch);
  }
  if (session.retained !== null) session.pump();
}

/** MQTT 3.1.1 has one code for failure; 3.1 has none, so that its clients are told what they want to hear. */
function subackCode({ reason, asked }: Request, version: number): number {
  if (version === 5 || reason < 0x80) return reason;
  return version === 4 ? 0x80 : asked.qos; // [MQTT3-3.9.3-2]
}

function refusalText(connection: Connection, requests: Request[]): string | undefined {
  if (connection.version !== 5 || !connection.engine.options.reasonStrings) return undefined;
  const refused = requests.filter(({ reason }) => reason >= 0x80).map(({ asked }) => asked.filter);
  return `refused: ${refused.join(', ').slice(0, 256)}`;
}
