// How much one client may send: what is above its rate is paid for by not being read. Both limits are buckets that hold
// a second's worth; one read may take more than is in them, and then the client waits until that is made up for.
import { Timer } from '../timers.js';

/** Who has sent, in one go, more than is allowed in so many seconds does not listen to being slowed down. */
export const FAR_BEYOND_SECONDS = 60;

class Bucket {
  readonly #perSecond: number;
  #level: number;

  /** 0: no limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#level = perSecond;
  }

  fill(seconds: number): void {
    this.#level = Math.min(this.#perSecond, this.#level + seconds * this.#perSecond);
  }

  take(amount: number): void {
    this.#level -= amount;
  }

  /** Seconds until it is made up for what was taken. */
  get debt(): number {
    return this.#perSecond === 0 || this.#level >= 0 ? 0 : -this.#level / this.#perSecond;
  }
}

/** What happens when the wait is over. */
export class ClientRate extends Timer {
  readonly #messages: Bucket;
  readonly #bytes: Bucket;
  readonly #goOn: () => void;
  #filledAt: number;

  constructor(messagesPerSecond: number, bytesPerSecond: number, now: number, goOn: () => void) {
    super();
    this.#messages = new Bucket(messagesPerSecond);
    this.#bytes = new Bucket(bytesPerSecond);
    this.#goOn = goOn;
    this.#filledAt = now;
  }

  /** Whether the client waits. */
  get isHolding(): boolean {
    return this.due !== 0;
  }

  /** Counts what was read; returns the seconds for which the client must not be read. */
  spend(messages: number, bytes: number, now: number): number {
    const seconds = (now - this.#filledAt) / 1000;
    this.#filledAt = now;
    for (const bucket of [this.#messages, this.#bytes]) bucket.fill(seconds);
    this.#messages.take(messages);
    this.#bytes.take(bytes);
    return Math.max(this.#messages.debt, this.#bytes.debt);
  }

  override fire(): void {
    this.#goOn();
  }
}
