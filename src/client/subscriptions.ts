// What the program has subscribed to, and who in it gets a message.
import { type Properties, type QoS, topicMatches } from '../protocol/index.js';
import type { Message } from './message.js';

/** Takes a message; a promise says when it is done with it, so that it is not acknowledged before. */
export type Receiver = (message: Message) => unknown;

/** What stands in SUBSCRIBE beside the filter. */
export interface SubscriptionOptions {
  /** The highest QoS to get messages with; 0 by default. */
  qos?: QoS | undefined;
  /** MQTT 5: do not send back what this client publishes. */
  noLocal?: boolean | undefined;
  /** MQTT 5: keep the retain flag as it was published. */
  retainAsPublished?: boolean | undefined;
  /** MQTT 5: 0 send retained messages (the default), 1 only if the subscription is new, 2 do not. */
  retainHandling?: 0 | 1 | 2 | undefined;
}

export interface Subscription {
  readonly filter: string;
  /** Without `$share/{name}/`. */
  readonly bare: string;
  readonly identifier: number;
  options: SubscriptionOptions;
  properties: Properties | undefined;
  /** The server has granted it. */
  isGranted: boolean;
  /** Stays when its last receiver goes. */
  isHeld: boolean;
  readonly receivers: Set<Receiver>;
  /** The last topic that came with its identifier. */
  lastMatch: string;
}

/** Topics whose receivers are known; beyond this all are forgotten. */
const CACHE_SIZE = 4096;

export class Subscriptions {
  readonly #byFilter = new Map<string, Subscription>();
  readonly #byIdentifier = new Map<number, Subscription>();
  readonly #known = new Map<string, readonly Receiver[]>();
  #lastIdentifier = 0;

  get(filter: string): Subscription | undefined {
    return this.#byFilter.get(filter);
  }

  all(): IterableIterator<Subscription> {
    return this.#byFilter.values();
  }

  /** The subscription to a filter, made if there is none. */
  add(filter: string, options: SubscriptionOptions & { properties?: Properties | undefined }): Subscription {
    const known = this.#byFilter.get(filter);
    if (known !== undefined) {
      known.options = options;
      known.properties = options.properties;
      return known;
    }
    const bare = filter.startsWith('$share/') ? filter.slice(filter.indexOf('/', 7) + 1) : filter;
    const identifier = ++this.#lastIdentifier;
    const subscription = {
      filter,
      bare,
      identifier,
      options,
      properties: options.properties,
      isGranted: false,
      isHeld: false,
      receivers: new Set<Receiver>(),
      lastMatch: '',
    };
    this.#byFilter.set(filter, subscription);
    this.#byIdentifier.set(identifier, subscription);
    this.#known.clear();
    return subscription;
  }

  addReceiver(subscription: Subscription, receiver: Receiver): void {
    subscription.receivers.add(receiver);
    this.#known.clear();
  }

  removeReceiver(subscription: Subscription, receiver: Receiver): void {
    subscription.receivers.delete(receiver);
    this.#known.clear();
  }

  delete(filter: string): void {
    const subscription = this.#byFilter.get(filter);
    if (subscription === undefined) return;
    this.#byFilter.delete(filter);
    this.#byIdentifier.delete(subscription.identifier);
    this.#known.clear();
  }

  /** An identifier may be one that an earlier run of the program has given to another filter. */
  #identified(topic: string, identifiers: readonly number[]): Subscription[] {
    const found: Subscription[] = [];
    for (const identifier of identifiers) {
      const subscription = this.#byIdentifier.get(identifier);
      if (subscription !== undefined && this.#matches(subscription, topic)) found.push(subscription);
    }
    return found;
  }

  /** A filter without a wildcard, or one that matched the last time too, costs a comparison. */
  #matches(subscription: Subscription, topic: string): boolean {
    if (subscription.bare === topic || subscription.lastMatch === topic) return true;
    if (!topicMatches(subscription.bare, topic)) return false;
    subscription.lastMatch = topic;
    return true;
  }

  /** Who gets a message: by the identifiers that came with it, or by its topic. */
  receivers(topic: string, identifiers: readonly number[] | undefined): readonly Receiver[] {
    const identified = identifiers === undefined ? [] : this.#identified(topic, identifiers);
    if (identified.length === 1) return [...identified[0]!.receivers];
    if (identified.length > 1) return [...new Set(identified.flatMap((one) => [...one.receivers]))];
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const found = [...this.#byFilter.values()].filter(({ bare }) => topicMatches(bare, topic));
    const receivers = [...new Set(found.flatMap((one) => [...one.receivers]))];
    if (this.#known.size >= CACHE_SIZE) this.#known.clear();
    this.#known.set(topic, receivers);
    return receivers;
  }
}
