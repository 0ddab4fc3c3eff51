// One message on its way to one session, and the queue in which it waits.
import type { Message } from './message.js';
import type { ShareGroup } from './subscriptions.js';

export class Delivery {
  /** Its place in the session's order in the store; 0 when it is not there. */
  sequence = 0;

  constructor(
    readonly message: Message,
    readonly qos: number,
    readonly retain: boolean,
    /** Subscription identifiers that go with it (MQTT 5). */
    readonly identifiers: readonly number[] | null,
    /** The shared subscription it came by: if this session ends, another member gets it. */
    readonly group: ShareGroup | null,
  ) {}
}

/** First in, first out, without moving what is in it. */
export class DeliveryQueue {
  #items: (Delivery | undefined)[] = [];
  #head = 0;
  /** Sum of the packets' sizes. */
  bytes = 0;
  /** No message in it expires before this; on the engine's clock. */
  soonestExpiry = Number.POSITIVE_INFINITY;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(delivery: Delivery): void {
    this.#items.push(delivery);
    this.#note(delivery);
    this.bytes += delivery.message.size;
  }

  #note({ message }: Delivery): void {
    if (message.expiresAt < this.soonestExpiry) this.soonestExpiry = message.expiresAt;
  }

  peek(): Delivery | undefined {
    return this.#items[this.#head];
  }

  shift(): Delivery | undefined {
    const delivery = this.#items[this.#head];
    if (delivery === undefined) return undefined;
    this.#items[this.#head++] = undefined;
    this.bytes -= delivery.message.size;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return delivery;
  }

  forEach(visit: (delivery: Delivery) => void): void {
    for (let i = this.#head; i < this.#items.length; i++) visit(this.#items[i]!);
  }

  /** Takes out all that `keep` refuses, and returns them. */
  filter(keep: (delivery: Delivery) => boolean): Delivery[] {
    const removed: Delivery[] = [];
    const kept: Delivery[] = [];
    this.soonestExpiry = Number.POSITIVE_INFINITY;
    for (let i = this.#head; i < this.#items.length; i++) {
      const delivery = this.#items[i]!;
      if (keep(delivery)) {
        kept.push(delivery);
        this.#note(delivery);
      } else {
        removed.push(delivery);
        this.bytes -= delivery.message.size;
      }
    }
    this.#items = kept;
    this.#head = 0;
    return removed;
  }
}
