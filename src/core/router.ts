// From a topic to its receivers: subscriptions go in here, and a message finds out here who gets it.
import type { Metrics } from './metrics.js';
import type { Session } from './session.js';
import {
  type FilterNode,
  ShareGroup,
  Subscription,
  SubscriptionIndex,
  type SubscriptionOptions,
} from './subscriptions.js';
import type { Topic, TopicCache } from './topic-cache.js';

/** Who gets the messages of a topic: everyone in `receivers`, and one member of each group. */
export interface Route {
  readonly receivers: Subscription[];
  readonly groups: ShareGroup[];
  /** A session stands there more than once, by subscriptions that overlap. */
  readonly overlaps: boolean;
}

export class Router {
  readonly #index = new SubscriptionIndex();
  readonly #topics: TopicCache;
  readonly #metrics: Metrics;

  /** One copy for a session whose subscriptions overlap, instead of one for each. */
  readonly #mergeOverlapping: boolean;
  /** How many levels were looked at for routes: work that somebody caused. */
  visited = 0;

  constructor(topics: TopicCache, metrics: Metrics, mergeOverlapping: boolean) {
    this.#mergeOverlapping = mergeOverlapping;
    this.#topics = topics;
    this.#metrics = metrics;
  }

  /** Adds a subscription, or changes the options of one that is there. Returns whether it was there. */
  subscribe(
    session: Session,
    text: string,
    group: string | null,
    filter: string,
    options: SubscriptionOptions,
  ): boolean {
    const existing = session.subscriptions.get(text);
    if (existing !== undefined) {
      if (existing.equals(options)) return true;
      existing.set(options);
      this.#topics.invalidate(filter);
      return true;
    }
    const node = this.#index.node(filter);
    const subscription = new Subscription(
      session,
      text,
      node,
      group === null ? null : shareGroup(node, group),
    );
    subscription.set(options);
    session.addSubscription(subscription);
    if (subscription.group === null) node.link(subscription);
    else {
      subscription.group.members.push(subscription);
      if (session.isPresent) subscription.group.present++;
      this.#metrics.sharedSubscriptionsCurrent++;
    }
    this.#metrics.subscriptionsCurrent++;
    this.#topics.invalidate(filter);
    return false;
  }

  /** Returns the subscription that was removed, or undefined if there was none. */
  unsubscribe(session: Session, text: string): Subscription | undefined {
    const subscription = session.subscriptions.get(text);
    if (subscription === undefined) return undefined;
    session.removeSubscription(subscription);
    const { node, group } = subscription;
    if (group === null) node.unlink(subscription);
    else this.#leave(group, subscription);
    this.#index.prune(node);
    this.#metrics.subscriptionsCurrent--;
    this.#topics.invalidate(node.filter);
    return subscription;
  }

  #leave(group: ShareGroup, subscription: Subscription): void {
    group.members.splice(group.members.indexOf(subscription), 1);
    if (subscription.session.isPresent) group.present--;
    this.#metrics.sharedSubscriptionsCurrent--;
    if (group.members.length > 0) return;
    const groups = group.node.groups!;
    groups.delete(group.name);
    if (groups.size === 0) group.node.groups = null;
  }

  /** A shared subscription that has members, or null. */
  group(name: string, filter: string): ShareGroup | null {
    return this.#index.find(filter)?.groups?.get(name) ?? null;
  }

  /** The receivers of a topic, worked out if they are not known. */
  route(topic: Topic): Route {
    if (topic.route !== null) return topic.route;
    const nodes = this.#index.match(topic.text);
    this.visited += 10 + this.#index.visited;
    const route = resolve(nodes, this.#mergeOverlapping);
    if (topic.cached) {
      topic.route = route;
      this.#topics.remembered(route.receivers.length + route.groups.length);
    }
    return route;
  }
}

function shareGroup(node: FilterNode, name: string): ShareGroup {
  node.groups ??= new Map();
  let group = node.groups.get(name);
  if (group === undefined) {
    group = new ShareGroup(name, node);
    node.groups.set(name, group);
  }
  return group;
}

function resolve(nodes: FilterNode[], mergeOverlapping: boolean): Route {
  const receivers: Subscription[] = [];
  const groups: ShareGroup[] = [];
  // a session stands at most once in a filter, so only several filters can overlap
  let overlaps = false;
  const bySession = nodes.length > 1 ? new Map<Session, number>() : null;
  for (const node of nodes) {
    for (const group of node.groups?.values() ?? []) groups.push(group);
    for (let subscription = node.head; subscription !== null; subscription = subscription.after) {
      const earlier = bySession?.get(subscription.session);
      if (earlier !== undefined && mergeOverlapping)
        receivers[earlier] = merge(receivers[earlier]!, subscription);
      else {
        overlaps ||= earlier !== undefined;
        bySession?.set(subscription.session, receivers.length);
        receivers.push(subscription); // [MQTT-3.3.4-5]
      }
    }
  }
  return { receivers, groups, overlaps };
}

/**
 * Overlapping subscriptions of one session: one copy, at the highest QoS, with all their identifiers
 * (MQTT 5 section 3.3.4) [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4].
 */
function merge(a: Subscription, b: Subscription): Subscription {
  const merged = new Subscription(a.session, a.text, a.node, null);
  merged.qos = Math.max(a.qos, b.qos);
  merged.retainAsPublished = a.retainAsPublished || b.retainAsPublished;
  merged.identifiers =
    a.identifiers === null
      ? b.identifiers
      : b.identifiers === null
        ? a.identifiers
        : [...a.identifiers, ...b.identifiers];
  merged.own =
    a.own === null
      ? b.own
      : b.own === null
        ? a.own
        : a.own === a && b.own === b
          ? merged
          : merge(a.own, b.own);
  return merged;
}
