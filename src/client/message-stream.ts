// The messages of a subscription as an async iterator. What the program has not taken yet waits here; when too
// much waits, the client stops reading, so that the server is held up.
import { Fifo } from './fifo.js';
import type { Message } from './message.js';

export interface MessageStreamOptions {
  /** Messages that may wait before the server is held up; 1000 by default. */
  highWaterMark?: number | undefined;
}

interface Waiting {
  readonly message: Message;
  /** Says that the program is done with it. */
  readonly done: (() => void) | null;
}

interface Taker {
  resolve(result: IteratorResult<Message, undefined>): void;
  reject(error: unknown): void;
}

/** What a stream tells the client. */
export interface StreamOwner {
  /** Too much waits, or no longer does. */
  full(isFull: boolean): void;
  /** The program left the loop. */
  closed(): void;
}

/** While answers of the server are awaited it cannot be held up; then QoS 0 beyond this many high-water marks is dropped. */
const HARD_LIMIT = 16;

export class MessageStream implements AsyncIterableIterator<Message, undefined, undefined> {
  readonly #owner: StreamOwner;
  readonly #highWaterMark: number;
  readonly #waiting = new Fifo<Waiting>();
  #waitingQos0 = 0;
  readonly #takers = new Fifo<Taker>();
  /** The message that the program has now. */
  #current: (() => void) | null = null;
  #isFull = false;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #error: unknown = null;
  #dropped = 0;

  constructor(owner: StreamOwner, { highWaterMark = 1000 }: MessageStreamOptions = {}) {
    this.#owner = owner;
    this.#highWaterMark = Math.max(1, highWaterMark);
  }

  /** Messages of QoS 0 that were lost because the program did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** For the client: a message came. The promise says when the program is done with it. */
  push(message: Message): Promise<void> | undefined {
    if (this.#state !== 'open') return undefined;
    if (message.qos === 0) {
      this.#add({ message, done: null });
      return undefined;
    }
    return new Promise((done) => this.#add({ message, done }));
  }

  #add(entry: Waiting): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.#release();
      this.#current = entry.done;
      return taker.resolve({ done: false, value: entry.message });
    }
    const { size } = this.#waiting;
    if (entry.done === null && size >= this.#highWaterMark * HARD_LIMIT) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(entry);
    // QoS 1 and 2 are held up by what is not acknowledged: reading may go on
    if (entry.done === null) this.#waitingQos0++;
    if (
      !this.#isFull &&
      (this.#waitingQos0 >= this.#highWaterMark || size >= this.#highWaterMark * HARD_LIMIT)
    )
      this.#setFull(true);
  }

  /** So much less waits than what made it full that it will not be so again at once. */
  get #hasRoom(): boolean {
    const mark = this.#highWaterMark;
    return this.#waitingQos0 * 2 <= mark && this.#waiting.size * 2 <= mark * HARD_LIMIT;
  }

  #setFull(isFull: boolean): void {
    this.#isFull = isFull;
    this.#owner.full(isFull);
  }

  /** Asking for the next message says that the program is done with the one before. */
  next(): Promise<IteratorResult<Message, undefined>> {
    this.#release();
    const entry = this.#waiting.shift();
    if (entry !== undefined) {
      this.#current = entry.done;
      if (entry.done === null) this.#waitingQos0--;
      if (this.#isFull && this.#hasRoom) this.#setFull(false);
      return Promise.resolve({ done: false, value: entry.message });
    }
    if (this.#error !== null) {
      const error = this.#error;
      this.#error = null;
      return Promise.reject(error);
    }
    if (this.#state !== 'open') return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  #release(): void {
    const done = this.#current;
    this.#current = null;
    done?.();
  }

  /** Ends the iteration and the subscription. What was not taken counts as done with. */
  close(): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#release();
    for (let entry = this.#waiting.shift(); entry !== undefined; entry = this.#waiting.shift())
      entry.done?.();
    this.#endTakers();
    if (this.#isFull) this.#setFull(false);
    if (wasOpen) this.#owner.closed();
  }

  /** For the client: no more will come, and what waits is not wanted either; the iteration throws. */
  abort(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#release();
    for (let entry = this.#waiting.shift(); entry !== undefined; entry = this.#waiting.shift())
      entry.done?.();
    this.end(error);
  }

  /** For the client: no more will come. What waits may still be taken; then the iteration ends, or throws. */
  end(error?: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#error = error ?? null;
    if (this.#isFull) this.#setFull(false);
    this.#endTakers();
  }

  #endTakers(): void {
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
      if (this.#error === null) taker.resolve({ done: true, value: undefined });
      else {
        taker.reject(this.#error);
        this.#error = null;
      }
    }
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
