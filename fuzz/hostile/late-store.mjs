// A store for the loss runs: commits finish late and sometimes fail, and a crash is the moment from which on
// nothing is committed any more. What was committed is there for the next broker.
import { pause } from './client.mjs';
import { Random } from './random.mjs';

const NEVER = new Promise(() => {});
let stores = 0;

/** `kept`: the store in memory that holds what was committed. */
export class LateStore {
  partitions = 1;
  #kept;
  #random = new Random(++stores);
  #hasCrashed = false;

  constructor(kept) {
    this.#kept = kept;
  }

  async open() {}

  async close() {}

  async commit(operations) {
    if (this.#hasCrashed) return NEVER;
    await pause(this.#random.between(0, 3));
    // a crash comes before the commit was written, or after, when nobody has been told of it yet
    if (this.#hasCrashed && this.#random.chance(0.5)) return NEVER;
    if (!this.#hasCrashed && this.#random.chance(0.005))
      throw new Error('the store of the loss run fails at times');
    this.#kept.commit(operations);
    return this.#hasCrashed ? NEVER : undefined;
  }

  range(...args) {
    return this.#kept.range(...args);
  }

  /** From now on nothing is committed; returns the store as the next process finds it. */
  async crash() {
    this.#hasCrashed = true;
    await pause(10);
    return new LateStore(this.#kept);
  }
}
