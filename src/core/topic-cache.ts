// Topics that messages were sent to lately, found by their bytes, each with the receivers that were worked
// out for it. A subscribe makes only the topics that its filter matches forget their receivers.
import {
  encodeUtf8,
  MqttError,
  protocolError,
  ReasonCode,
  topicLevels,
  topicText,
} from '../protocol/index.js';
import type { Route } from './router.js';
import { TopicTree } from './topic-tree.js';

export class Topic {
  /** Who gets it; null when that must be worked out again. */
  route: Route | null = null;
  /** The next topic in the same bucket. */
  next: Topic | null = null;
  /** Whether the cache will tell it of subscriptions; if not, its receivers must not be remembered. */
  cached = false;

  constructor(
    readonly text: string,
    readonly bytes: Uint8Array,
    readonly hash: number,
  ) {}

  /** $SYS and $share are not for clients to publish to. */
  get isReserved(): boolean {
    return this.bytes[0] === 0x24 && (this.text.startsWith('$SYS/') || this.text.startsWith('$share/'));
  }

  /** What clients send there is for the broker's plugins, and not passed on. */
  get isControl(): boolean {
    return this.bytes[0] === 0x24 && this.text.startsWith('$CONTROL/');
  }

  /** Not simply routed when a client publishes to it. */
  get isSpecial(): boolean {
    return this.bytes[0] === 0x24 && (this.isReserved || this.isControl);
  }

  equals(bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.bytes;
    const length = own.length;
    if (end - start !== length) return false;
    for (let i = length - 1; i >= 0; i--) if (own[i] !== bytes[start + i]) return false;
    return true;
  }
}

const BUCKETS = 8192;
/** A topic whose bucket is this full is not cached: nobody can make us walk a long chain. */
const LONGEST_CHAIN = 16;
/** Half of what may be cached, in bytes as estimated by `cost`. */
const GENERATION_COST = 16 * 1024 * 1024;
const LEVEL_COST = 200;
/** Nodes that subscriptions may visit in a tick to find the topics that they change: about a millisecond. */
const WALK_BUDGET = 20_000;
/** Receivers that the routes of all topics may have together: 8 bytes each. */
const MAX_RECEIVERS = 4_000_000;

class Generation {
  readonly buckets: (Topic | null)[] = new Array(BUCKETS).fill(null);
  readonly tree = new TopicTree<Topic>();
  cost = 0;

  find(hash: number, bytes: Uint8Array, start: number, end: number): Topic | null {
    let topic = this.buckets[hash & (BUCKETS - 1)] ?? null;
    while (topic !== null && !(topic.hash === hash && topic.equals(bytes, start, end))) topic = topic.next;
    return topic;
  }

  /** Returns whether there was room for it. */
  add(topic: Topic): boolean {
    const bucket = topic.hash & (BUCKETS - 1);
    let length = 0;
    const head = this.buckets[bucket] ?? null;
    for (let other = head; other !== null; other = other.next) length++;
    if (length >= LONGEST_CHAIN) return false;
    topic.cached = true;
    topic.next = head;
    this.buckets[bucket] = topic;
    this.tree.set(topic.text, topic);
    this.cost += LEVEL_COST * topicLevels(topic.text) + 4 * topic.bytes.length;
    return true;
  }

  /** Its topics may still be known to connections: they must ask again. */
  drop(): void {
    for (const head of this.buckets) {
      for (let topic = head; topic !== null; ) {
        const { next } = topic;
        topic.cached = false;
        topic.route = null;
        topic.next = null; // who still holds this one must not hold the others
        topic = next;
      }
    }
  }
}

export class TopicCache {
  #young = new Generation();
  #old = new Generation();
  /** How many more nodes subscriptions may visit before the next tick. */
  #walk = WALK_BUDGET;
  /** How many receivers all routes together have. */
  #receivers = 0;
  readonly #maxLevels: number;
  readonly #seed: number;

  /** `seed`: any number that outsiders do not know. */
  constructor(maxLevels: number, seed: number) {
    this.#maxLevels = maxLevels;
    this.#seed = seed | 0;
  }

  /** The topic of a text that is known to be a valid topic name. */
  of(text: string): Topic {
    const bytes = encodeUtf8(text);
    return this.intern(bytes, 0, bytes.length);
  }

  /** The topic that stands in bytes[start..end). Throws when it is not a valid topic name. */
  intern(bytes: Uint8Array, start: number, end: number): Topic {
    let hash = this.#seed;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash ^= hash >>> 15;
    return this.#young.find(hash, bytes, start, end) ?? this.#promote(hash, bytes, start, end);
  }

  #promote(hash: number, bytes: Uint8Array, start: number, end: number): Topic {
    const topic = this.#old.find(hash, bytes, start, end) ?? this.#create(hash, bytes, start, end);
    if (this.#young.cost > GENERATION_COST) {
      this.#old.drop();
      this.#old = this.#young;
      this.#young = new Generation();
    }
    // a topic of the old generation is copied, so that each chain and tree has its own
    const fresh = new Topic(topic.text, topic.bytes, hash);
    if (this.#young.add(fresh)) fresh.route = topic.route;
    return fresh;
  }

  #create(hash: number, bytes: Uint8Array, start: number, end: number): Topic {
    const text = topicText(bytes, start, end);
    if (text.length === 0) throw protocolError('topic name is empty and there is no topic alias');
    if (topicLevels(text) > this.#maxLevels) {
      throw new MqttError(ReasonCode.TopicNameInvalid, `topic name has more than ${this.#maxLevels} levels`);
    }
    return new Topic(text, new Uint8Array(bytes.subarray(start, end)), hash);
  }

  /** The receivers of everything that a filter (without $share) matches may have changed. */
  invalidate(filter: string): void {
    this.#walk = this.#old.tree.match(filter, forget, this.#young.tree.match(filter, forget, this.#walk));
    // so many subscriptions change so many topics that knowing none is cheaper than finding them
    if (this.#walk < 0) this.#forgetAll();
  }

  /** Receivers were worked out for a topic; so many of them are remembered that memory must be looked at. */
  remembered(receivers: number): void {
    this.#receivers += receivers;
    if (this.#receivers > MAX_RECEIVERS) this.#forgetAll();
  }

  /** A tick has passed: subscriptions may look at topics again. */
  refill(): void {
    this.#walk = WALK_BUDGET;
  }

  #forgetAll(): void {
    this.#walk = Math.max(0, this.#walk);
    if (this.#young.cost === 0 && this.#old.cost === 0) return;
    this.#young.drop();
    this.#old.drop();
    this.#young = new Generation();
    this.#old = new Generation();
    this.#receivers = 0;
  }
}

function forget(topic: Topic): void {
  topic.route = null;
}
