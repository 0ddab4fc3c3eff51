// Consecutive QoS 0 messages of one publisher to one topic, as they lie in the bytes that were read: receivers
// that want them as they are get all of them with one copy. This is what makes a flood cheap.
import { type ProtocolVersion, readPublish, variableByteIntegerSize } from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { Engine } from './engine.js';
import type { Message } from './message.js';
import type { Route } from './router.js';
import type { Session } from './session.js';
import type { Subscription } from './subscriptions.js';
import type { Topic } from './topic-cache.js';

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class Run {
  active = false;
  readonly #engine: Engine;
  #bytes = NO_BYTES;
  #start = 0;
  #end = 0;
  #count = 0;
  /** Bytes of the first payload, which is counted already. */
  #firstPayload = 0;
  /** Size of the largest packet. */
  #largest = 0;
  #version: ProtocolVersion = 4;
  #topic: Topic | null = null;
  #route: Route | null = null;
  #publisher: Session | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Begins with a message that was checked, if it is one that receivers can get as it is. */
  begin(message: Message, route: Route, publisher: Session): boolean {
    if (message.propertiesStart !== message.propertiesEnd || message.topicAlias !== 0 || !message.shortest)
      return false;
    // who gets several copies gets those of one message before those of the next
    if (route.groups.length > 0 || route.overlaps) return false;
    this.active = true;
    this.#bytes = message.bytes;
    this.#start = message.start;
    this.#end = message.end;
    this.#count = 1;
    this.#firstPayload = message.end - message.payloadStart;
    this.#largest = message.size;
    this.#version = message.version;
    this.#topic = message.topic;
    this.#route = route;
    this.#publisher = publisher;
    return true;
  }

  /** Adds the packet that follows if it belongs to the run; its first byte says QoS 0, not retained. */
  continues(bytes: Uint8Array, start: number, body: number, end: number): boolean {
    if (bytes !== this.#bytes || start !== this.#end) return false;
    const topicStart = body + 2;
    const topicEnd = topicStart + ((bytes[body]! << 8) | bytes[body + 1]!);
    if (topicEnd > end || !this.#topic!.equals(bytes, topicStart, topicEnd)) return false;
    if (this.#version === 5 && (topicEnd === end || bytes[topicEnd] !== 0)) return false;
    if (body - start !== 1 + variableByteIntegerSize(end - body)) return false;
    const size = end - start;
    if (size > this.#largest) this.#largest = size;
    this.#end = end;
    this.#count++;
    return true;
  }

  /** Delivers. */
  end(): void {
    if (!this.active) return;
    this.active = false;
    const { metrics } = this.#engine;
    const count = this.#count;
    const head = 2 + this.#topic!.bytes.length + (this.#version === 5 ? 1 : 0);
    // an estimate of the fixed headers would do; this counts them exactly for packets of one size
    const payload = this.#end - this.#start - count * (head + 1 + variableByteIntegerSize(this.#largest));
    metrics.packetsReceived[3]! += count - 1;
    metrics.publishBytesReceived += Math.max(0, payload - this.#firstPayload);
    for (const receiver of this.#route!.receivers) {
      const subscription = receiver.session === this.#publisher ? receiver.own : receiver;
      if (subscription !== null) this.#deliver(subscription, payload);
      this.#engine.turn.work++;
    }
    this.#engine.turn.work += this.#engine.router.visited;
    this.#engine.router.visited = 0;
    this.#bytes = NO_BYTES;
    this.#route = null;
    this.#publisher = null;
  }

  #deliver(subscription: Subscription, payload: number): void {
    const connection = subscription.session.connection;
    const { hooks, decisions, metrics } = this.#engine;
    // one answer for all of them
    if (
      connection !== null &&
      hooks.mayRead.length > 0 &&
      !decisions.mayRead(connection, this.#topic!.text)
    ) {
      metrics.droppedByPlugin += this.#count;
      return;
    }
    if (connection !== null && subscription.identifiers === null && this.#fits(connection)) {
      this.#copyTo(connection, payload);
      return;
    }
    const message = this.#engine.incoming;
    for (let at = this.#start; at < this.#end; ) {
      let body = at + 1;
      let remaining = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = this.#bytes[body++]!;
        remaining |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
      message.reuse(false);
      readPublish(message, this.#bytes, at, body, body + remaining, this.#version);
      message.topic = this.#topic!;
      message.publisher = this.#publisher;
      message.publisherId = this.#publisher!.clientId;
      subscription.session.deliver(message, subscription);
      at = message.end;
    }
  }

  #fits(connection: Connection): boolean {
    return (
      (connection.version === 5) === (this.#version === 5) &&
      connection.isConnected &&
      connection.aliasesOut === null &&
      this.#largest <= connection.clientMaxPacketSize &&
      this.#engine.hooks.deliver.length === 0 &&
      !this.#engine.options.upgradeOutgoingQos
    );
  }

  #copyTo(connection: Connection, payload: number): void {
    const { engine, output } = connection;
    const { metrics } = engine;
    if (connection.isBehind) {
      metrics.droppedSlowSubscriber += this.#count;
      return;
    }
    const size = this.#end - this.#start;
    const at = output.reserve(size);
    output.buffer.set(this.#bytes.subarray(this.#start, this.#end), at);
    output.packets += this.#count - 1;
    engine.turn.work += size >> 7; // copying much is work too
    metrics.packetsSent[3]! += this.#count;
    metrics.bytesSent += size;
    metrics.publishBytesSent += payload;
    if (!connection.dirty) connection.touch();
  }
}
