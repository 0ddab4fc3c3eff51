// What is remembered, for how long and how much of it.
import { expect, it } from 'vitest';
import { DecisionCache } from './decision-cache.js';

it('an answer holds for its time and no longer', () => {
  const cache = new DecisionCache({ timeToLiveMs: 100, size: 10 });
  cache.remember('a', false, 1000);
  expect([cache.find('a', 1099), cache.find('a', 1100), cache.size]).toEqual([false, undefined, 0]);
});

it('the oldest answers make room when there are too many', () => {
  const cache = new DecisionCache({ timeToLiveMs: 100, size: 3 });
  for (let n = 0; n < 1000; n++) cache.remember(`k${n}`, true, 0);
  expect([cache.size, cache.find('k999', 0), cache.find('k0', 0)]).toEqual([3, true, undefined]);
});

it('an answer that is given again takes the place of the one before', () => {
  const cache = new DecisionCache({ timeToLiveMs: 100, size: 2 });
  cache.remember('a', true, 0);
  cache.remember('b', true, 0);
  cache.remember('a', false, 50);
  expect([cache.find('a', 140), cache.find('b', 50)]).toEqual([false, true]);
});

it('nothing is remembered without time or room', () => {
  for (const options of [
    { timeToLiveMs: 0, size: 5 },
    { timeToLiveMs: 5, size: 0 },
  ]) {
    const cache = new DecisionCache(options);
    cache.remember('a', true, 0);
    expect(cache.size).toBe(0);
  }
});

it('questions with other parts have other keys, which say nothing of them', () => {
  const cache = new DecisionCache({ timeToLiveMs: 1, size: 1 });
  expect(cache.key(['a', 'b'])).toBe(cache.key(['a', 'b']));
  expect(cache.key(['a', 'b'])).not.toBe(cache.key(['ab']));
  expect(cache.key(['a", "b'])).not.toBe(cache.key(['a', 'b']));
  expect(cache.key(['x'.repeat(100_000)]).length).toBe(44);
});
