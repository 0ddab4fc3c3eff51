// Subscribing from the program's side: what is asked of the server, asked again when it has forgotten, and the streams
// and listeners that come and go with it.
import {
  type Properties,
  parseTopicFilter,
  type QoS,
  ReasonCode,
  type SubackPacket,
  type SubscriptionRequest,
  type UnsubackPacket,
} from '../protocol/index.js';
import type { Connection } from './connection.js';
import { asInvalid, ClientError, invalid, reasonText } from './errors.js';
import { MessageStream, type MessageStreamOptions } from './message-stream.js';
import { Operations } from './operations.js';
import { checkQos } from './options.js';
import type { PacketIdPool } from './packet-id-pool.js';
import {
  type Receiver,
  type Subscription,
  type SubscriptionOptions,
  Subscriptions,
} from './subscriptions.js';

/** What the server said to one filter of a SUBSCRIBE or UNSUBSCRIBE. */
export interface FilterResult {
  readonly filter: string;
  /** Of SUBSCRIBE: the granted QoS, or 0x80 and above for a refusal. */
  readonly reason: number;
}

export interface SubscribeResult {
  readonly filters: readonly FilterResult[];
  readonly properties: Properties;
}

export interface SubscribeOptions extends SubscriptionOptions {
  properties?: Properties | undefined;
  signal?: AbortSignal | undefined;
}

/** The client, as it is needed here. */
export interface SubscribingHost {
  readonly isVersion5: boolean;
  /** Each subscription is to have an identifier. */
  readonly usesIdentifiers: boolean;
  /** The client has ended, or is about to. */
  readonly isOver: boolean;
  /** Throws when it is over. */
  checkOpen(): void;
  /** Something is waited for, or no longer; or a stream became full, or no longer is. */
  balance(): void;
  report(error: unknown): void;
}

const noProperties: Properties = Object.freeze({});

export class Subscribing {
  readonly #host: SubscribingHost;
  readonly #operations: Operations;
  readonly #subscriptions = new Subscriptions();
  readonly #streams = new Map<Receiver, MessageStream>();
  /** Streams whose reader is behind. */
  #fullStreams = 0;

  constructor(host: SubscribingHost, ids: PacketIdPool) {
    this.#host = host;
    this.#operations = new Operations(ids);
  }

  /** Questions that the server has not answered. */
  get unanswered(): number {
    return this.#operations.size;
  }

  get hasFullStream(): boolean {
    return this.#fullStreams > 0;
  }

  opened(connection: Connection, sessionPresent: boolean): void {
    this.#operations.opened(connection);
    if (!sessionPresent) this.#again();
  }

  lost(): void {
    this.#operations.lost();
  }

  answered(packet: SubackPacket | UnsubackPacket): void {
    this.#operations.answered(packet);
  }

  /** Who gets a message. */
  receivers(topic: string, identifiers: readonly number[] | undefined): readonly Receiver[] {
    return this.#subscriptions.receivers(topic, identifiers);
  }

  /** Streams end with `error`, or without one; who waits for an answer hears `why`. */
  end(why: ClientError, error: ClientError | undefined): void {
    this.#operations.end(why);
    for (const stream of this.#streams.values()) stream.end(error);
    this.#streams.clear();
  }

  /**
   * Subscribes to filters. Messages go to `listener`, if there is one, and to the listeners of `message`. Resolves
   * with what the server granted; rejects when it refused every filter.
   */
  async subscribe(
    filter: string | readonly string[],
    options: SubscribeOptions = {},
    listener?: Receiver,
  ): Promise<SubscribeResult> {
    this.#host.checkOpen();
    checkQos(options.qos);
    const filters = filtersOf(filter);
    checkSubscription(filters, options);
    const subscriptions = filters.map((one) => this.#add(one, options, listener));
    if (listener === undefined) for (const one of subscriptions) one.isHeld = true;
    try {
      return await this.#subscribe(subscriptions, options);
    } catch (error) {
      // its listener goes in any case; a subscription that others have too stays
      if (listener !== undefined)
        for (const one of subscriptions) this.#subscriptions.removeReceiver(one, listener);
      throw error;
    } finally {
      for (const one of subscriptions) if (!one.isGranted) this.#drop(one, listener);
    }
  }

  #add(filter: string, options: SubscriptionOptions, receiver: Receiver | undefined): Subscription {
    const subscription = this.#subscriptions.add(filter, options);
    if (receiver !== undefined) this.#subscriptions.addReceiver(subscription, receiver);
    return subscription;
  }

  #drop(subscription: Subscription, receiver: Receiver | undefined): void {
    if (receiver !== undefined) this.#subscriptions.removeReceiver(subscription, receiver);
    // another subscription may have the filter by now
    if (subscription.receivers.size === 0 && this.#subscriptions.get(subscription.filter) === subscription)
      this.#subscriptions.delete(subscription.filter);
  }

  async #subscribe(
    subscriptions: readonly Subscription[],
    options: SubscribeOptions,
  ): Promise<SubscribeResult> {
    const filters: FilterResult[] = [];
    let properties: Properties = noProperties;
    const asked = this.#packets(subscriptions, options.properties).map(async ({ packet, group }) => {
      const answer = await this.#operations.ask(packet, options.signal);
      properties = answer.properties ?? properties;
      group.forEach((one, i) => {
        const reason = answer.reasons[i] ?? ReasonCode.UnspecifiedError;
        one.isGranted = reason < 0x80;
        filters.push({ filter: one.filter, reason });
      });
    });
    this.#host.balance();
    try {
      await Promise.all(asked);
    } catch (error) {
      throw asInvalid(error);
    }
    if (filters.every(({ reason }) => reason >= 0x80)) {
      const { filter, reason } = filters[0]!;
      const text = `the server refused the subscription to ${filter}: ${reasonText(reason, properties)}`;
      throw new ClientError('rejected', text, { reason, properties });
    }
    return { filters, properties };
  }

  /** The SUBSCRIBE packets for subscriptions: one each where they have identifiers, else one for a hundred. */
  #packets(subscriptions: readonly Subscription[], properties: Properties | undefined) {
    const useIdentifiers = this.#host.usesIdentifiers && properties?.subscriptionIdentifier === undefined;
    const size = useIdentifiers ? 1 : 100;
    const packets = [];
    for (let at = 0; at < subscriptions.length; at += size) {
      const group = subscriptions.slice(at, at + size);
      const identifier = useIdentifiers ? { subscriptionIdentifier: [group[0]!.identifier] } : {};
      const packet = {
        type: 'subscribe' as const,
        subscriptions: group.map(requestOf),
        properties: this.#host.isVersion5 ? { ...identifier, ...properties } : undefined,
      };
      packets.push({ packet, group });
    }
    return packets;
  }

  /** The server has forgotten the session: it is told again what we want. */
  #again(): void {
    for (const one of [...this.#subscriptions.all()].filter(({ isGranted }) => isGranted))
      this.#subscribe([one], { properties: one.properties }).catch((error: unknown) =>
        this.#renewalFailed(one, error),
      );
  }

  #renewalFailed(subscription: Subscription, error: unknown): void {
    if (this.#host.isOver) return;
    this.#host.report(error);
    if (subscription.isGranted) return;
    this.#subscriptions.delete(subscription.filter);
    for (const receiver of subscription.receivers) this.#streams.get(receiver)?.end(error);
  }

  /**
   * Subscribes, and gives the messages as an async iterator. A reader that is slow slows the server down. Leaving the
   * loop ends the subscription. The iteration throws when the server refuses the subscription, or when the client
   * ends with an error.
   */
  messages(
    filter: string | readonly string[],
    options: SubscribeOptions & MessageStreamOptions = {},
  ): MessageStream {
    const filters = listOf(filter);
    const receiver: Receiver = (message) => stream.push(message);
    const stream: MessageStream = new MessageStream(
      {
        full: (isFull) => {
          this.#fullStreams += isFull ? 1 : -1;
          this.#host.balance();
        },
        closed: () => this.#leave(filters, receiver),
      },
      options,
    );
    this.#streams.set(receiver, stream);
    options.signal?.addEventListener('abort', () => {
      stream.abort(options.signal?.reason);
      this.#leave(filters, receiver);
    });
    this.subscribe(filters, options, receiver).catch((error: unknown) => {
      this.#streams.delete(receiver);
      stream.end(error);
    });
    return stream;
  }

  /** A receiver goes; subscriptions that nobody else wants end. */
  #leave(filters: readonly string[], receiver: Receiver): void {
    this.#streams.delete(receiver);
    const unwanted: string[] = [];
    for (const filter of filters) {
      const subscription = this.#subscriptions.get(filter);
      if (subscription === undefined) continue;
      this.#subscriptions.removeReceiver(subscription, receiver);
      if (subscription.receivers.size === 0 && !subscription.isHeld) unwanted.push(filter);
    }
    if (unwanted.length === 0 || this.#host.isOver) return;
    this.unsubscribe(unwanted).catch((error: unknown) => {
      if (!this.#host.isOver) this.#host.report(error);
    });
  }

  /** Ends subscriptions. Resolves with what the server said to each; MQTT 3 says nothing, which counts as 0. */
  async unsubscribe(
    filter: string | readonly string[],
    { properties, signal }: { properties?: Properties; signal?: AbortSignal } = {},
  ): Promise<FilterResult[]> {
    this.#host.checkOpen();
    const filters = filtersOf(filter);
    const receivers = filters.flatMap((one) => [...(this.#subscriptions.get(one)?.receivers ?? [])]);
    for (const one of filters) this.#subscriptions.delete(one);
    for (const receiver of receivers) this.#endStream(receiver);
    const asked = this.#operations.ask({ type: 'unsubscribe', filters, properties }, signal);
    this.#host.balance();
    const answer = await asked.catch((error: unknown) => {
      throw asInvalid(error);
    });
    return filters.map((one, i) => ({ filter: one, reason: answer.reasons[i] ?? 0 }));
  }

  /** A stream ends with the last of its subscriptions. */
  #endStream(receiver: Receiver): void {
    const stream = this.#streams.get(receiver);
    if (stream === undefined || [...this.#subscriptions.all()].some((one) => one.receivers.has(receiver)))
      return;
    this.#streams.delete(receiver);
    stream.end();
  }
}

/** One filter or several, checked. */
function filtersOf(given: string | readonly string[]): string[] {
  const filters = listOf(given);
  if (filters.length === 0) throw invalid('there is no topic filter');
  try {
    for (const filter of filters) parseTopicFilter(filter, Number.POSITIVE_INFINITY);
  } catch (error) {
    throw asInvalid(error);
  }
  return filters;
}

function listOf(given: string | readonly string[]): string[] {
  return typeof given === 'string' ? [given] : [...given];
}

/** What a server would answer with the end of the connection. */
function checkSubscription(filters: readonly string[], { noLocal, retainHandling }: SubscribeOptions): void {
  if (retainHandling !== undefined && ![0, 1, 2].includes(retainHandling))
    throw invalid(`retainHandling must be 0, 1 or 2, not ${String(retainHandling)}`);
  if (noLocal === true && filters.some((filter) => filter.startsWith('$share/')))
    throw invalid('a shared subscription cannot have noLocal'); // [MQTT-3.8.3-4]
}

function requestOf({ filter, options }: Subscription): SubscriptionRequest {
  return {
    filter,
    qos: (options.qos ?? 0) as QoS,
    noLocal: options.noLocal ?? false,
    retainAsPublished: options.retainAsPublished ?? false,
    retainHandling: options.retainHandling ?? 0,
  };
}
