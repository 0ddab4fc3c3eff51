// One timer wheel for everything that waits: keep-alive, time limits, wills, expiry. Starting and stopping a
// timer is a few assignments, so that a connection costs no timer of the runtime.

/** How often the wheel turns, and so how exact timers are: they fire up to this much late. */
export const TICK_MS = 100;
const SLOTS = 1024;

/** Something that waits in the wheel. Extend it and say what happens when it is due. */
export abstract class Timer {
  /** In ticks; 0 when it is not waiting. */
  due = 0;
  before: Timer | null = null;
  after: Timer | null = null;

  abstract fire(): void;
}

export class TimerWheel {
  readonly #slots: (Timer | null)[] = new Array(SLOTS).fill(null);
  readonly #clock: () => number;
  readonly #origin: number;
  /** The tick that was looked at last. */
  #now = 0;
  #waiting = 0;

  /** `clock`: the time in milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#origin = clock();
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Starts (or starts again) a timer that fires `ms` from now: later by up to a tick, but never earlier. */
  start(timer: Timer, ms: number): void {
    if (timer.due !== 0) this.stop(timer);
    timer.due = Math.max(this.#now + 1, Math.ceil((this.#clock() - this.#origin + ms) / TICK_MS));
    const slot = timer.due % SLOTS;
    const head = this.#slots[slot]!;
    timer.after = head;
    if (head !== null) head.before = timer;
    this.#slots[slot] = timer;
    this.#waiting++;
  }

  stop(timer: Timer): void {
    if (timer.due === 0) return;
    if (timer.before === null) this.#slots[timer.due % SLOTS] = timer.after;
    else timer.before.after = timer.after;
    if (timer.after !== null) timer.after.before = timer.before;
    timer.before = null;
    timer.after = null;
    timer.due = 0;
    this.#waiting--;
  }

  /** Fires what is due. */
  advance(): void {
    const target = Math.floor((this.#clock() - this.#origin) / TICK_MS);
    // after a long stop of the process each slot need be looked at only once
    if (target - this.#now > SLOTS) this.#now = target - SLOTS;
    while (this.#now < target) {
      this.#now++;
      this.#fireSlot(this.#now % SLOTS);
    }
  }

  #fireSlot(slot: number): void {
    const due: Timer[] = [];
    for (let timer = this.#slots[slot]!; timer !== null; timer = timer.after!) {
      if (timer.due <= this.#now) due.push(timer);
    }
    for (const timer of due) {
      if (timer.due === 0 || timer.due > this.#now) continue; // one that fired before changed this one
      this.stop(timer);
      timer.fire();
    }
  }
}
