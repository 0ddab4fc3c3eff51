// The table of what the $SYS tree says in whole numbers: topics, where each number comes from, and Mosquitto's
// rule of when it is told. The order is Mosquitto's, and so is what each of them counts.
import type { Metrics } from '../core/metrics.js';
import { PacketType } from '../protocol/index.js';

/** What the numbers are read from. */
export interface Source {
  readonly metrics: Readonly<Metrics>;
  /** Bytes of memory in use at the update. */
  readonly memory: number;
}

/**
 * 'backlog': read before an update tells anything, since what it tells is for a moment on its way itself.
 * 'gauge': a state, read when the uptime is told. 'maximum': the highest that such a state was at an update.
 * 'counter': read when its turn comes, so that it counts what this very update sent before.
 */
export type Kind = 'backlog' | 'gauge' | 'maximum' | 'counter';

export interface CounterTopic {
  /** Below $SYS/broker/; all of them say the same. */
  readonly topics: readonly string[];
  readonly kind: Kind;
  readonly read: (source: Source) => number;
}

type Read = (metrics: Readonly<Metrics>) => number;

function number(kind: Kind, topics: string | string[], read: Read): CounterTopic {
  return { topics: [topics].flat(), kind, read: ({ metrics }) => read(metrics) };
}

const gauge = (topics: string | string[], read: Read): CounterTopic => number('gauge', topics, read);
const counter = (topics: string | string[], read: Read): CounterTopic => number('counter', topics, read);

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** What was lost to a limit of queues and windows, and not to expiry, size or the end of a session. */
const publishDropped: Read = (metrics) => metrics.droppedSlowSubscriber + metrics.droppedQueueFull;
/** Retained messages are kept beside those that wait for sessions. */
const stored: Read = (metrics) => metrics.retainedCurrent + metrics.heldMessages;
const storedBytes: Read = (metrics) => metrics.retainedPayloadBytes + metrics.heldPayloadBytes;
/** Sessions, and connections that have none yet: those are more than all sessions when nobody is away. */
const disconnected: Read = (metrics) => Math.max(0, metrics.sessionsCurrent - metrics.connectionsCurrent);

/** One packet type in one direction, under the name that mosquitto(8) has for it. */
function packets(
  name: string,
  direction: 'received' | 'sent',
  type: number,
  alias: string[] = [],
): CounterTopic {
  const field = direction === 'received' ? 'packetsReceived' : 'packetsSent';
  return counter([...alias, `mqtt/${name}/${direction}`], (metrics) => metrics[field][type]!);
}

export const counterTopics: readonly CounterTopic[] = [
  gauge('clients/total', (metrics) => metrics.sessionsCurrent),
  number('maximum', 'clients/maximum', (metrics) => metrics.sessionsCurrent),
  gauge(['clients/disconnected', 'clients/inactive'], disconnected),
  gauge(['clients/connected', 'clients/active'], (metrics) => metrics.connectionsCurrent),
  counter('clients/expired', (metrics) => metrics.sessionsExpired),
  gauge(['messages/stored', 'store/messages/count'], stored),
  gauge('store/messages/bytes', storedBytes),
  gauge(
    'subscriptions/count',
    (metrics) => metrics.subscriptionsCurrent - metrics.sharedSubscriptionsCurrent,
  ),
  gauge('shared_subscriptions/count', (metrics) => metrics.sharedSubscriptionsCurrent),
  gauge('retained messages/count', (metrics) => metrics.retainedCurrent),
  { topics: ['heap/current'], kind: 'gauge', read: ({ memory }) => memory },
  { topics: ['heap/maximum'], kind: 'maximum', read: ({ memory }) => memory },
  counter('messages/received', ({ packetsReceived }) => sum(packetsReceived)),
  counter('messages/sent', ({ packetsSent }) => sum(packetsSent)),
  counter('bytes/received', (metrics) => metrics.bytesReceived),
  counter('bytes/sent', (metrics) => metrics.bytesSent),
  counter('publish/bytes/received', (metrics) => metrics.publishBytesReceived),
  counter('publish/bytes/sent', (metrics) => metrics.publishBytesSent),
  number('backlog', 'packet/out/count', (metrics) => metrics.outputPackets),
  number('backlog', 'packet/out/bytes', (metrics) => metrics.outputBytes),
  counter('connections/socket/count', (metrics) => metrics.connectionsOpened),
  packets('connect', 'received', PacketType.CONNECT),
  packets('connack', 'sent', PacketType.CONNACK),
  counter(['publish/messages/dropped', 'mqtt/publish/dropped'], publishDropped),
  packets('publish', 'received', PacketType.PUBLISH, ['publish/messages/received']),
  packets('publish', 'sent', PacketType.PUBLISH, ['publish/messages/sent']),
  packets('puback', 'received', PacketType.PUBACK),
  packets('puback', 'sent', PacketType.PUBACK),
  packets('pubrec', 'received', PacketType.PUBREC),
  packets('pubrec', 'sent', PacketType.PUBREC),
  packets('pubrel', 'received', PacketType.PUBREL),
  packets('pubrel', 'sent', PacketType.PUBREL),
  packets('pubcomp', 'received', PacketType.PUBCOMP),
  packets('pubcomp', 'sent', PacketType.PUBCOMP),
  packets('subscribe', 'received', PacketType.SUBSCRIBE),
  packets('suback', 'sent', PacketType.SUBACK),
  packets('unsubscribe', 'received', PacketType.UNSUBSCRIBE),
  packets('unsuback', 'sent', PacketType.UNSUBACK),
  packets('pingreq', 'received', PacketType.PINGREQ),
  packets('pingresp', 'sent', PacketType.PINGRESP),
  packets('disconnect', 'received', PacketType.DISCONNECT),
  packets('disconnect', 'sent', PacketType.DISCONNECT),
  packets('auth', 'received', PacketType.AUTH),
  packets('auth', 'sent', PacketType.AUTH),
];
