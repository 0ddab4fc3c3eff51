// A message is the bytes of its PUBLISH packet and positions in them. While it is being routed it borrows the
// bytes that were read; `keep` copies them for whoever must hold on to it: a queue, a resend, retained.
import {
  type ProtocolVersion,
  Publish,
  type PublishVariant,
  publishVariantSize,
  writePublishHead,
} from '../protocol/index.js';
import type { Session } from './session.js';
import type { Topic } from './topic-cache.js';

/** Payloads of smaller packets are always copied, those of larger ones never more than once. */
const REFERENCE_SIZE = 16_384;
const COPY_SIZE = 131_072;

/** Small, since a piece stays as long as the last message in it. */
const SLAB_SIZE = 4096;
/** Messages above this size get memory of their own. */
const SLAB_SHARE = SLAB_SIZE / 4;

/** Hands out memory for kept messages from larger pieces, so that keeping a small message makes one object. */
export class Slab {
  bytes = new Uint8Array(0);
  #used = 0;

  /** Returns the position of `size` bytes in `bytes`. */
  take(size: number): number {
    if (size > SLAB_SHARE) {
      this.bytes = new Uint8Array(size);
      this.#used = size;
      return 0;
    }
    if (this.#used + size > this.bytes.length) {
      this.bytes = new Uint8Array(SLAB_SIZE);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += size;
    return at;
  }
}

/** A message's record in one partition of the store, and how many deliveries point to it. */
export interface StoredPlace {
  readonly partition: number;
  readonly key: string;
  references: number;
}

const NEVER = Number.POSITIVE_INFINITY;

export class Message extends Publish {
  topic!: Topic;
  /** Who sent it; null for the program, wills of sessions that are gone, and what came from a store. */
  publisher: Session | null = null;
  publisherId = '';
  /** When it expires, on the engine's clock in milliseconds. */
  expiresAt = NEVER;
  /** Nobody will write to the bytes again. */
  owned = false;
  /** It is the retained message of its topic now. */
  isRetained = false;
  /** How many subscriptions it goes to, while it is being routed. */
  receivers = 0;
  /** The copy that outlives the routing, when one was made. */
  #kept: Message | null = null;
  /** Encodings for other receivers: index (version 5 ? 2 : 0) + (QoS above 0 ? 1 : 0). */
  #variants: (Message | null)[] | null = null;
  /** How many deliveries keep it for their sessions. */
  holders = 0;
  /** Where it stands in the store, a place a partition; null when nowhere. */
  places: StoredPlace[] | null = null;

  /** Bytes of its packet. */
  get size(): number {
    return this.end - this.start;
  }

  get payloadSize(): number {
    return this.end - this.payloadStart;
  }

  get isKept(): boolean {
    return this.#kept === this;
  }

  /** Must be called when the object is used for another packet. */
  reuse(owned: boolean): void {
    this.owned = owned;
    this.#kept = null;
    this.#variants = null;
    this.expiresAt = NEVER;
  }

  /** Declares a message that was made for keeping: its bytes are its own. */
  asKept(): this {
    this.owned = true;
    this.#kept = this;
    return this;
  }

  /** The same message, safe to hold on to. All who call it share one copy. */
  keep(slab: Slab): Message {
    if (this.#kept !== null) return this.#kept;
    const copy = new Message();
    copy.#become(this);
    if (!this.owned) {
      const at = slab.take(this.end - this.start);
      copy.#moveTo(slab.bytes, at);
    }
    copy.#settle();
    this.#kept = copy;
    return copy;
  }

  /** A copy of its own in other memory than that of queues: for what may be held for ever. */
  keepIn(slab: Slab): Message {
    const copy = new Message();
    copy.#become(this);
    const at = slab.take(this.end - this.start);
    copy.#moveTo(slab.bytes, at);
    copy.#settle();
    return copy;
  }

  #settle(): void {
    // who sent it matters while it is routed; held for longer it would keep a session that is gone
    this.publisher = null;
    this.asKept();
  }

  #become(other: Message): void {
    this.bytes = other.bytes;
    this.start = other.start;
    this.end = other.end;
    this.version = other.version;
    this.qos = other.qos;
    this.retain = other.retain;
    this.dup = other.dup;
    this.topicStart = other.topicStart;
    this.topicEnd = other.topicEnd;
    this.packetId = other.packetId;
    this.packetIdAt = other.packetIdAt;
    this.propertiesStart = other.propertiesStart;
    this.propertiesEnd = other.propertiesEnd;
    this.topicAlias = other.topicAlias;
    this.topicAliasAt = other.topicAliasAt;
    this.expiryAt = other.expiryAt;
    this.payloadFormat = other.payloadFormat;
    this.payloadStart = other.payloadStart;
    this.shortest = other.shortest;
    this.topic = other.topic;
    this.publisher = other.publisher;
    this.publisherId = other.publisherId;
    this.expiresAt = other.expiresAt;
  }

  #moveTo(bytes: Uint8Array, at: number): void {
    const offset = at - this.start;
    bytes.set(this.bytes.subarray(this.start, this.end), at);
    this.bytes = bytes;
    this.start += offset;
    this.end += offset;
    this.topicStart += offset;
    this.topicEnd += offset;
    if (this.packetIdAt !== 0) this.packetIdAt += offset;
    this.propertiesStart += offset;
    this.propertiesEnd += offset;
    if (this.topicAlias !== 0) this.topicAliasAt += offset;
    if (this.expiryAt !== 0) this.expiryAt += offset;
    this.payloadStart += offset;
  }

  /**
   * Whether a connection should refer to the payload instead of copying it: when it is large, and its bytes stay
   * as they are, or so many want them that one copy to keep is cheaper.
   */
  get isReferenced(): boolean {
    return (
      this.end - this.start >= REFERENCE_SIZE &&
      (this.owned || this.receivers > 2 || this.end - this.start > COPY_SIZE)
    );
  }

  /** Whether its own bytes will do for a receiver, with packet identifier, flags and expiry patched. */
  fits(isVersion5: boolean, qos: number): boolean {
    if ((this.version === 5) !== isVersion5 || this.qos > 0 !== qos > 0) return false;
    if (this.topicAlias !== 0 || !this.shortest || this.hasSubscriptionIdentifier) return false;
    // the message expiry interval comes last in what we send, as in what Mosquitto sends
    return this.expiryAt === 0 || this.expiryAt + 4 === this.propertiesEnd;
  }

  /** The message as a packet for receivers of a version, with or without packet identifier: encoded once. */
  encodedFor(version: ProtocolVersion, qos: number): Message {
    const isVersion5 = version === 5;
    if (this.fits(isVersion5, qos)) return this;
    const index = (isVersion5 ? 2 : 0) + (qos > 0 ? 1 : 0);
    this.#variants ??= [null, null, null, null];
    this.#variants[index] ??= this.#encode(version, qos);
    return this.#variants[index];
  }

  #encode(version: ProtocolVersion, qos: number): Message {
    const variant: PublishVariant = {
      version,
      qos: qos > 0 ? 1 : 0,
      retain: false,
      topicAlias: 0,
      aliasOnly: false,
      subscriptionIdentifiers: null,
    };
    const topic = this.topic.bytes;
    const size = publishVariantSize(this, topic.length, variant);
    const bytes = new Uint8Array(size);
    const head = writePublishHead(bytes, 0, this, topic, variant, 1, 0);
    bytes.set(this.bytes.subarray(this.payloadStart, this.end), head);
    const encoded = new Message();
    encoded.#become(this);
    encoded.bytes = bytes;
    encoded.start = 0;
    encoded.end = size;
    encoded.version = version;
    encoded.qos = variant.qos;
    encoded.topicAlias = 0;
    encoded.shortest = true;
    encoded.payloadStart = head;
    let topicAt = 1;
    while (bytes[topicAt]! >= 0x80) topicAt++;
    const afterTopic = topicAt + 3 + topic.length;
    encoded.topicStart = topicAt + 3;
    encoded.topicEnd = afterTopic;
    encoded.packetIdAt = qos > 0 ? afterTopic : 0;
    encoded.propertiesEnd = head;
    encoded.propertiesStart = head;
    if (version !== 5) encoded.expiryAt = 0;
    else {
      const aliasSize = this.topicAlias !== 0 ? 3 : 0;
      encoded.propertiesStart = head - (this.propertiesEnd - this.propertiesStart - aliasSize);
      if (this.expiryAt !== 0) encoded.expiryAt = head - 4;
    }
    return encoded.asKept();
  }

  /** Seconds that are left, at least 0 (MQTT 5 section 3.3.2.3.3); meaningless when it does not expire. */
  remainingExpiry(nowMs: number): number {
    return Math.max(0, Math.ceil((this.expiresAt - nowMs) / 1000)); // [MQTT-3.3.2-6]
  }
}
