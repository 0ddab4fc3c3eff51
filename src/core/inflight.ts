// The QoS 1 and 2 messages that were sent to a client and are not finished: packet identifier → state, in a
// ring, so that a message that need not be kept for a resend costs no object.
import { nextPacketId } from '../protocol/index.js';
import type { Delivery } from './delivery.js';

/** What the client owes for a packet identifier. */
export const Awaiting = { NOTHING: 0, PUBACK: 1, PUBREC: 2, PUBCOMP: 3 } as const;

/** Two words a slot: identifier, state and flag; the place in the order of sending. */
const WORDS = 2;
const STATE_SHIFT = 16;
const COUNTED = 1 << 20;
const FIRST_CAPACITY = 16;
const NO_SLOTS = new Int32Array(0);

export class Inflight {
  /** How many identifiers are in use. */
  size = 0;
  /** How many PUBLISHes of this network connection wait for their last acknowledgement: the used send quota. */
  unacknowledged = 0;
  /** Bytes of those, as far as they were kept. */
  bytes = 0;
  #slots = NO_SLOTS;
  #mask = -1;
  #deliveries: (Delivery | null)[] | null = null;
  #last = 0;
  #order = 0;

  /** Takes the next free identifier. The caller keeps `size` below 65535. */
  add(state: number, delivery: Delivery | null): number {
    if (this.size * 2 > this.#mask) this.#grow();
    let id = nextPacketId(this.#last);
    // [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1]
    while (this.#slots[(id & this.#mask) * WORDS] !== 0) id = nextPacketId(id);
    this.#last = id;
    this.#put(id, state, delivery, true);
    return id;
  }

  /** Puts back what a store had under its identifier. False: it is in use already, and stays as it is. */
  restore(id: number, state: number, delivery: Delivery | null): boolean {
    if (this.#word(id) !== 0) return false;
    while (this.#mask < 0 || this.#slots[(id & this.#mask) * WORDS] !== 0) this.#grow();
    this.#put(id, state, delivery, false);
    this.#last = id;
    return true;
  }

  #put(id: number, state: number, delivery: Delivery | null, counted: boolean): void {
    const slot = id & this.#mask;
    this.#slots[slot * WORDS] = id | (state << STATE_SHIFT) | (counted ? COUNTED : 0);
    this.#slots[slot * WORDS + 1] = this.#order++ | 0;
    if (delivery !== null) {
      this.#deliveries ??= new Array(this.#mask + 1).fill(null);
      this.#deliveries[slot] = delivery;
    }
    this.size++;
    if (!counted) return;
    this.unacknowledged++;
    if (delivery !== null) this.bytes += delivery.message.size;
  }

  #grow(): void {
    const old = this.#slots;
    const oldDeliveries = this.#deliveries;
    const capacity = this.#mask < 0 ? FIRST_CAPACITY : (this.#mask + 1) * 2;
    this.#slots = new Int32Array(capacity * WORDS);
    this.#mask = capacity - 1;
    this.#deliveries = oldDeliveries === null ? null : new Array(capacity).fill(null);
    for (let i = 0; i < old.length; i += WORDS) {
      const word = old[i]!;
      if (word === 0) continue;
      const slot = word & 0xffff & this.#mask;
      this.#slots[slot * WORDS] = word;
      this.#slots[slot * WORDS + 1] = old[i + 1]!;
      if (oldDeliveries !== null) this.#deliveries![slot] = oldDeliveries[i / WORDS]!;
    }
  }

  /** What is awaited for an identifier; Awaiting.NOTHING when it is not in use. */
  state(id: number): number {
    const word = this.#word(id);
    return (word >> STATE_SHIFT) & 3;
  }

  #word(id: number): number {
    if (this.#mask < 0) return 0;
    const word = this.#slots[(id & this.#mask) * WORDS]!;
    return (word & 0xffff) === id ? word : 0;
  }

  delivery(id: number): Delivery | null {
    return this.#word(id) === 0 || this.#deliveries === null ? null : this.#deliveries[id & this.#mask]!;
  }

  /** PUBREC came: the message itself is no longer needed, only the identifier [MQTT-4.3.3-4]. */
  released(id: number): Delivery | null {
    const slot = id & this.#mask;
    this.#slots[slot * WORDS] =
      (this.#slots[slot * WORDS]! & ~(3 << STATE_SHIFT)) | (Awaiting.PUBCOMP << STATE_SHIFT);
    return this.delivery(id);
  }

  /** The identifier is free again. Returns what was kept for it. */
  remove(id: number): Delivery | null {
    const slot = id & this.#mask;
    const word = this.#slots[slot * WORDS]!;
    this.#slots[slot * WORDS] = 0;
    this.size--;
    const isCounted = (word & COUNTED) !== 0;
    if (isCounted) this.unacknowledged--;
    if (this.#deliveries === null) return null;
    const delivery = this.#deliveries[slot]!;
    this.#deliveries[slot] = null;
    if (isCounted && delivery !== null) this.bytes -= delivery.message.size;
    return delivery;
  }

  /** Counts an identifier against the quota of this network connection: its PUBLISH was sent again. */
  count(id: number): void {
    const at = (id & this.#mask) * WORDS;
    if ((this.#slots[at]! & COUNTED) !== 0) return;
    this.#slots[at]! |= COUNTED;
    this.unacknowledged++;
    this.bytes += this.delivery(id)?.message.size ?? 0;
  }

  /** A new network connection: nothing counts against its quota yet. */
  uncount(): void {
    for (let i = 0; i < this.#slots.length; i += WORDS) this.#slots[i]! &= ~COUNTED;
    this.unacknowledged = 0;
    this.bytes = 0;
  }

  /** Identifiers in use, in the order in which they were sent [MQTT3-4.6.0-1]. */
  ids(): number[] {
    const found: { id: number; order: number }[] = [];
    for (let i = 0; i < this.#slots.length; i += WORDS) {
      const word = this.#slots[i]!;
      if (word !== 0) found.push({ id: word & 0xffff, order: this.#slots[i + 1]! });
    }
    return found.sort((a, b) => (a.order - b.order) | 0).map((entry) => entry.id);
  }

  clear(): void {
    this.#slots = NO_SLOTS;
    this.#mask = -1;
    this.#deliveries = null;
    this.size = 0;
    this.unacknowledged = 0;
    this.bytes = 0;
  }
}
