// Who of a shared subscription gets a message (MQTT 5 section 4.8.2).
import type { Message } from './message.js';
import type { ShareGroup, Subscription } from './subscriptions.js';

/** How well a member can take a message now: 0 not at all, 1 it must wait for its client, 2 in its queue, 3 at once. */
function readiness(member: Subscription, qos: number): number {
  const { session } = member;
  const { connection } = session;
  if (connection === null) return session.receiver !== null ? 3 : qos > 0 && session.isPersistent ? 1 : 0;
  // before its CONNACK a client can only have what waits for it
  if (!connection.isConnected) return qos > 0 ? 1 : 0;
  if (qos === 0) return connection.output.pending > connection.pauseDeliveriesAt ? 2 : 3;
  return session.hasWaiting || !session.windowOpen(connection) ? 2 : 3;
}

/** A good member is good enough when this many were asked. */
const PROBES = 64;

/** The best member from the next in turn on; null when nobody can take it. */
export function chooseMember(group: ShareGroup, message: Message, sticky: boolean): Subscription | null {
  const { members } = group;
  const count = members.length;
  const first = sticky ? hash(message.publisherId) % count : group.next;
  // with nobody there one that is away is as good as any other
  const enough = group.present === 0 ? 1 : 2;
  let best: Subscription | null = null;
  let bestReadiness = 0;
  for (let i = 0; i < count; i++) {
    if (i >= PROBES && (bestReadiness >= enough || group.present === 0)) break;
    const at = (first + i) % count;
    const member = members[at]!;
    const ready = readiness(member, Math.min(message.qos, member.qos));
    if (ready > bestReadiness) {
      best = member;
      bestReadiness = ready;
      if (!sticky) group.next = (at + 1) % count;
      // a publisher stays with its member as long as that one is connected
      if (ready === 3 || (sticky && ready === 2) || (group.present === 0 && ready === 1)) break;
    }
  }
  return best;
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0;
  return value >>> 0;
}
