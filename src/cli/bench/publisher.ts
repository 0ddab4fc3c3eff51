// The messages of one client. It owes what the schedule says and sends as soon as there is room: in the socket with
// QoS 0, in flight with QoS 1 and 2. Latency counts from when a message was due, so that a server that stops for a
// second is not asked less in that second.
import type { Client, PublishOptions } from '../../client/client.js';
import { REFERENCED_SIZE } from '../../client/output.js';
import { now } from './clock.js';
import { failureReason } from './failure-reason.js';
import type { Payloads } from './payload.js';
import type { Tally } from './tally.js';
import type { Who } from './topic-template.js';

/** What all publishers of a process have in common. */
export interface PublishPlan {
  readonly payloads: Payloads;
  readonly options: PublishOptions;
  readonly tally: Tally;
  /** Messages that may wait for an acknowledgement. */
  readonly window: number;
  /** Messages that may be on their way to the subscriber: of a round trip that is not paced. */
  readonly travelWindow: number;
}

/** What a publisher wants to know, and to tell. */
export interface PublisherOwner {
  /** When a message of the publisher with this ordinal was due; undefined if as soon as possible. */
  dueAt(ordinal: number, number: number): number | undefined;
  /** Calls `pump` once what else is due in this turn of the event loop has been done. */
  nextTurn(publisher: Publisher): void;
  done(): void;
}

/** Microseconds that a timer may be late: a message that leaves within them counts from when it left. */
const GRANULARITY = 2000;
/** Bytes that one client writes before the others have a turn. With small payloads it is busy long before. */
const BURST = 1_048_576;
/** What a message weighs beside its payload. */
const OVERHEAD = 32;
/** Milliseconds until the next attempt after a message was refused. */
const PAUSE = 100;

/** A message that waits for its acknowledgement; used again, so that a message costs no closure. */
class Slot {
  since = 0;
  readonly settled: () => void;
  readonly failed: (error: unknown) => void;

  constructor(owner: { settled(slot: Slot): void; failed(slot: Slot, error: unknown): void }) {
    this.settled = () => owner.settled(this);
    this.failed = (error) => owner.failed(this, error);
  }
}

export class Publisher {
  readonly who: Who;
  /** Its turn among the publishers of the process. */
  ordinal = 0;
  readonly #client: Client;
  readonly #topics: (number: number) => string;
  readonly #plan: PublishPlan;
  readonly #owner: PublisherOwner;
  readonly #isAcknowledged: boolean;
  #quota = Number.POSITIVE_INFINITY;
  #owed = 0;
  #sent = 0;
  #inflight = 0;
  #travelling = 0;
  /** Something has arrived since `giveUp` was called last. */
  #hasArrived = false;
  /** The promises of the client that say when there is room again. */
  #holds = 0;
  #lastPromise: unknown = null;
  /** The promise that the client gives for every message while there is room. */
  #roomPromise: unknown = null;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #state: 'open' | 'done' = 'open';
  readonly #slots: Slot[] = [];

  constructor(
    client: Client,
    who: Who,
    topics: (number: number) => string,
    plan: PublishPlan,
    owner: PublisherOwner,
  ) {
    this.#client = client;
    this.who = who;
    this.#topics = topics;
    this.#plan = plan;
    this.#owner = owner;
    this.#isAcknowledged = (plan.options.qos ?? 0) > 0;
  }

  /** How many messages it sends at most. */
  limit(quota: number): void {
    this.#quota = quota;
    this.#look();
  }

  /** Whether everything that was sent has left, or was acknowledged. */
  get isIdle(): boolean {
    return this.#state === 'done' || (this.#inflight === 0 && this.#holds === 0);
  }

  /** `count` more messages are due. */
  owe(count: number): void {
    this.#owed = Math.min(this.#owed + count, this.#quota - this.#sent);
    if (this.#holds === 0) this.pump();
  }

  /** No more messages. Returns how many were due. */
  halt(): number {
    const owed = this.#owed;
    this.#owed = 0;
    this.#quota = this.#sent;
    clearTimeout(this.#pause);
    return owed;
  }

  /** The client has ended: nothing more will happen. */
  end(): void {
    clearTimeout(this.#pause);
    this.#finish();
  }

  /** A message of ours has come to its subscriber. */
  arrived(): void {
    this.#hasArrived = true;
    if (this.#travelling > 0) this.#travelling--;
    if (this.#owed > 0 && this.#holds === 0) this.pump();
  }

  /** Called once in a while: when nothing has arrived since, what is on its way will not come. */
  giveUp(): void {
    if (!this.#hasArrived) this.#travelling = 0;
    this.#hasArrived = false;
    if (this.#holds === 0) this.pump();
  }

  /** Sends what is due, as much as there is room for. */
  pump(): void {
    if (this.#owed <= 0 || this.#pause !== undefined || !this.#client.connected) return;
    const { payloads, options, tally, window, travelWindow } = this.#plan;
    let budget = BURST;
    let leaving = 0;
    while (this.#owed > 0 && budget > 0 && this.#inflight < window && this.#travelling < travelWindow) {
      const number = this.#sent++;
      this.#owed--;
      leaving = now();
      const due = this.#owner.dueAt(this.ordinal, number) ?? leaving;
      const isLate = leaving - due > GRANULARITY;
      if (isLate) tally.late++;
      const since = isLate ? due : leaving;
      const topic = this.#topics(number);
      const payload = payloads(this.who, number, topic, since);
      const promise = this.#client.publish(topic, payload, options);
      tally.sent++;
      tally.sentBytes += payload.length;
      budget -= payload.length + OVERHEAD;
      if (travelWindow < Number.POSITIVE_INFINITY) this.#travelling++;
      if (this.#isAcknowledged) this.#await(promise, since);
      else if (promise !== this.#roomPromise) {
        this.#hold(promise);
        // a large payload makes a promise each time, and there may be room for more
        if (this.#holds > 0 && payload.length < REFERENCED_SIZE) break;
      }
    }
    if (leaving === 0) return;
    tally.times.last = leaving;
    if (budget <= 0 && this.#holds === 0) this.#owner.nextTurn(this);
    this.#look();
  }

  /** Only a promise that the client gives twice in a row is not worth waiting for. */
  #hold(promise: Promise<unknown>): void {
    if (promise === this.#lastPromise) {
      this.#roomPromise = promise;
      return;
    }
    this.#lastPromise = promise;
    this.#holds++;
    promise.then(this.#freed, this.#refused);
  }

  readonly #freed = (): void => {
    if (--this.#holds > 0) return;
    this.#look();
    if (this.#owed > 0) this.#owner.nextTurn(this);
  };

  readonly #refused = (error: unknown): void => {
    this.#holds--;
    this.#fail(error);
  };

  #await(promise: Promise<unknown>, since: number): void {
    const slot = this.#slots.pop() ?? new Slot(this);
    slot.since = since;
    this.#inflight++;
    promise.then(slot.settled, slot.failed);
  }

  settled(slot: Slot): void {
    const { tally } = this.#plan;
    const at = now();
    this.#inflight--;
    this.#slots.push(slot);
    tally.acknowledged++;
    tally.publishLatency.record(at - slot.since);
    tally.times.last = at;
    this.#look();
    this.pump();
  }

  failed(slot: Slot, error: unknown): void {
    this.#inflight--;
    this.#slots.push(slot);
    this.#fail(error);
  }

  /** A message was refused: the next one tries later, so that a refusal of all of them is no endless loop. */
  #fail(error: unknown): void {
    const { tally } = this.#plan;
    tally.publishErrors++;
    tally.note(`publish: ${failureReason(error)}`);
    if (this.#travelling > 0) this.#travelling--;
    this.#look();
    if (this.#state === 'done' || this.#owed <= 0) return;
    this.#pause ??= setTimeout(() => {
      this.#pause = undefined;
      this.pump();
    }, PAUSE);
  }

  #look(): void {
    if (this.#sent >= this.#quota && this.#inflight === 0 && this.#holds === 0) this.#finish();
  }

  #finish(): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#owner.done();
  }
}
