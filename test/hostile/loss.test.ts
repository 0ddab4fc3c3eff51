// Every pattern of the loss runs once, with few messages: nothing of QoS 1 and 2 is lost, nothing of QoS 2 comes
// twice, and the order holds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOSSLESS, playPattern, startStoredBroker } from '../../fuzz/hostile/loss.mjs';
import { patterns } from '../../fuzz/hostile/patterns.mjs';
import { type Address, Broker, MemoryStore } from '../../src/index.js';

const broker = new Broker({ ...LOSSLESS, closeTimeout: 1 });
let address: Address;

beforeAll(async () => {
  address = await broker.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => broker.close());

describe('QoS 1 and 2 keep their promises', () => {
  for (const pattern of patterns) {
    if (pattern.needsStore === true) continue;
    it.concurrent(`${pattern.name}: ${pattern.what}`, async () => {
      const { problems, messages } = await playPattern(pattern, address, { seed: 1, messages: 400 });
      expect(problems).toEqual([]);
      expect(messages).toBeGreaterThanOrEqual(100);
    });
  }

  it.concurrent('the broker dies and comes back with a store that is slow and fails at times', async () => {
    const stored = await startStoredBroker({ Broker, MemoryStore });
    const pattern = patterns.find(({ name }) => name === 'crashing')!;
    const { problems, messages } = await playPattern(pattern, stored, { seed: 1, messages: 400 });
    await stored.stop();
    expect(problems).toEqual([]);
    expect(messages).toBe(400);
  });
});
