import { describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.js';

describe('arrivals', () => {
  it.each<[string, number[], string]>([
    ['in order', [0, 1, 2], 'new new new'],
    ['with a gap', [0, 2, 3], 'new new new'],
    ['twice', [0, 1, 1, 0], 'new new duplicate duplicate'],
    ['late', [0, 2, 1, 3], 'new new disorder new'],
    ['late and then twice', [2, 0, 0, 1, 2], 'new disorder duplicate disorder duplicate'],
  ])('%s: %j', (_, numbers, expected) => {
    const arrivals = new Arrivals();
    expect(numbers.map((number) => arrivals.take(number)).join(' ')).toBe(expected);
  });

  it('remember a bounded number of missing messages', () => {
    const arrivals = new Arrivals();
    arrivals.take(1_000_000_000);
    expect(arrivals.take(5)).toBe('disorder');
    expect(arrivals.take(999_999_999)).toBe('disorder');
    expect(arrivals.take(999_999_999)).toBe('duplicate');
    for (let number = 1_000_000_002; number < 1_000_300_000; number += 2) arrivals.take(number);
    expect(arrivals.take(1_000_299_997)).toBe('disorder');
    expect(arrivals.take(1_000_000_001)).toBe('disorder');
  });
});
