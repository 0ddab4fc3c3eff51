import { describe, expect, it } from 'vitest';
import { reconnectDelay } from './reconnect-delay.js';

const options = { minDelay: 200, maxDelay: 30_000, jitter: 0.5, maxAttempts: Number.POSITIVE_INFINITY };

describe('the delay before the next attempt', () => {
  it('begins with minDelay and doubles until maxDelay', () => {
    const delays = [1, 2, 3, 4, 8, 9, 100, 10_000].map((attempt) => reconnectDelay(options, attempt, 0));
    expect(delays).toEqual([200, 400, 800, 1600, 25_600, 30_000, 30_000, 30_000]);
  });

  it('is shorter by at most the part that is left to chance', () => {
    expect(reconnectDelay(options, 1, 1)).toBe(100);
    expect(reconnectDelay(options, 1, 0.5)).toBe(150);
    expect(reconnectDelay({ ...options, jitter: 0 }, 3, 1)).toBe(800);
    expect(reconnectDelay({ ...options, jitter: 1 }, 3, 1)).toBe(0);
  });

  it('never exceeds maxDelay, not even when minDelay does', () => {
    expect(reconnectDelay({ ...options, minDelay: 60_000 }, 1, 0)).toBe(30_000);
  });
});
