// The store in memory keeps the contract of all stores, and is safe at once.
import { describe, expect, it } from 'vitest';
import { MemoryStore } from './memory.js';
import { storeContract } from './store.contract.js';

storeContract(
  'MemoryStore',
  (partitions) => new MemoryStore({ partitions }),
  // closing it changes nothing: a broker within the same program may go on with it
  (closed) => closed,
);

describe('MemoryStore', () => {
  it('has one partition unless told otherwise', () => {
    expect(new MemoryStore().partitions).toBe(1);
  });

  it('is safe at once, so that nobody has to wait', () => {
    const store = new MemoryStore();
    expect(store.commit([{ partition: 0, key: 'a', value: new Uint8Array(1) }])).toBeUndefined();
    expect(store.get(0, 'a')).toHaveLength(1);
  });
});
