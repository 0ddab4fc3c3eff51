// Counts of what happened lately.
import { describe, expect, it } from 'vitest';
import { RecentCounts } from './recent-counts.js';

describe('recent counts', () => {
  it('count from the first of a time on, and begin anew when it is over', () => {
    const counts = new RecentCounts(10);
    expect([0, 400, 999].map((now) => counts.add('a', now, 1000))).toEqual([1, 2, 3]);
    expect(counts.add('a', 1000, 1000)).toBe(1);
    expect(counts.add('b', 1000, 1000)).toBe(1);
  });

  it('forget the one that began first when there are too many keys', () => {
    const counts = new RecentCounts(2);
    for (const key of ['a', 'b', 'a', 'c']) counts.add(key, 0, 1000);
    expect(counts.size).toBe(2);
    expect(counts.add('b', 1, 1000)).toBe(2);
    expect(counts.add('a', 1, 1000)).toBe(1);
  });

  it('stay as many as they may be, whatever comes', () => {
    const counts = new RecentCounts(100);
    for (let i = 0; i < 100_000; i++) counts.add(`key ${i % 1000}`, i, 50);
    expect(counts.size).toBe(100);
  });

  it('can be forgotten', () => {
    const counts = new RecentCounts(2);
    counts.add('a', 0, 1000);
    counts.forget('a');
    expect(counts.size).toBe(0);
    expect(counts.add('a', 0, 1000)).toBe(1);
  });
});
