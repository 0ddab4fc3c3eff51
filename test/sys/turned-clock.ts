// A clock that stands still until a test turns it. It begins at a whole second.
import type { Clock } from '../../src/sys/clock.js';

const START = 1_700_000_000_000;

export class TurnedClock implements Clock {
  #time: number;
  #timers: { at: number; run: () => void }[] = [];

  /** `offset`: milliseconds after the whole second at which it begins. */
  constructor(offset = 0) {
    this.#time = START + offset;
  }

  /** Not that of the wall: nobody may take the one for the other. */
  now(): number {
    return this.#time - START + 7_000_000;
  }

  wallClock(): number {
    return this.#time;
  }

  get timers(): number {
    return this.#timers.length;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#time + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Lets milliseconds pass, and what is due in them happen at its time. */
  turn(ms: number): void {
    const end = this.#time + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#time = Math.max(this.#time, next.at);
      next.run();
    }
    this.#time = end;
  }
}
