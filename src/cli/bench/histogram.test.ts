import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.js';

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

const shares = [0, 0.001, 0.5, 0.9, 0.99, 0.999, 1];

describe('a histogram', () => {
  it('has every percentile right within one per cent, from a microsecond to an hour', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => Math.floor(1.0011 ** i)).filter(
      (v) => v < 2 ** 32,
    );
    const histogram = of(values);
    for (const share of shares) {
      const exact = values[Math.max(0, Math.ceil(share * values.length) - 1)]!;
      expect(histogram.percentile(share)).toBeGreaterThanOrEqual(exact);
      expect(histogram.percentile(share)).toBeLessThanOrEqual(exact * 1.01);
    }
  });

  it('knows how many there were, and their extremes and mean exactly', () => {
    const histogram = of([1.5, 1000.25, 123_456.75]);
    expect(histogram).toMatchObject({ count: 3, min: 1.5, max: 123_456.75, mean: 124_458.5 / 3 });
  });

  it('is 0 throughout when it is empty', () => {
    const empty = new Histogram();
    expect([empty.min, empty.max, empty.mean, empty.percentile(0.5)]).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [-5, 0],
    [2 ** 40, 2 ** 32 - 1],
    [Number.NaN, 0],
  ])('takes %d as %d', (value, taken) => expect(of([value]).max).toBe(taken));

  it('adds up with another one, as if all values were recorded in one', () => {
    const [one, other] = [
      [1, 5, 300, 70_000],
      [2, 5, 9_000_000],
    ];
    const sum = of(one!);
    sum.add(of(other!));
    expect(sum.data()).toEqual(of([...one!, ...other!]).data());
  });

  it('is the same after it went to another process', () => {
    const histogram = of([3, 400, 50_000]);
    const copy = Histogram.from(structuredClone(histogram.data()));
    expect(copy.data()).toEqual(histogram.data());
    histogram.record(1);
    expect(copy.count).toBe(3);
  });

  it('gives what has come since an earlier state', () => {
    const histogram = of([1, 2, 3]);
    const earlier = Histogram.from(histogram.data());
    for (const value of [10, 20, 30_000]) histogram.record(value);
    const since = histogram.since(earlier);
    expect(since.count).toBe(3);
    expect(since.percentile(0.5)).toBe(20);
    expect(since.max).toBe(30_000);
    expect(histogram.since(histogram).count).toBe(0);
  });
});
