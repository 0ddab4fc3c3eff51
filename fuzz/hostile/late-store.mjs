// A store for the loss runs: commits finish late and sometimes fail, and what was committed is in memory.
import { MemoryStore } from '../../dist/index.js';
import { pause } from './client.mjs';
import { Random } from './random.mjs';

export class LateStore extends MemoryStore {
  #random = new Random(7);

  async commit(operations) {
    await pause(this.#random.between(0, 3));
    if (this.#random.chance(0.002)) throw new Error('the store of the loss run fails at times');
    super.commit(operations);
  }
}
