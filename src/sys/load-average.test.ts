// The numbers are those that Mosquitto 2.1.2 published for the same counts.
import { describe, expect, it } from 'vitest';
import { LoadAverage } from './load-average.js';

const averages = (): LoadAverage[] => [1, 5, 15].map((minutes) => new LoadAverage(minutes));

describe('a load average', () => {
  it('begins at 0', () => {
    expect(new LoadAverage(1).text).toBe('0.00');
  });

  it('says of one minute, five and fifteen what Mosquitto says', () => {
    const all = averages();
    for (const one of all) one.add(112, 1);
    expect(all.map(({ text }) => text)).toEqual(['111.07', '22.36', '7.46']);
    for (const one of all) one.add(78, 1);
    expect(all.map(({ text }) => text)).toEqual(['186.59', '37.86', '12.65']);
  });

  it('counts by the seconds in which something happened', () => {
    const all = averages();
    for (const one of all) one.add(316, 2);
    expect(all.map(({ text }) => text)).toEqual(['310.79', '62.99', '21.04']);
    for (const one of all) one.add(78, 3);
    expect(all.map(({ text }) => text)).toEqual(['371.72', '77.89', '26.16']);
  });

  it('is news when it changes by a hundredth or more', () => {
    const one = averages();
    expect(one.map((average) => average.add(1, 1))).toEqual([true, true, true]);
    expect(one.map((average) => average.add(0, 1))).toEqual([true, false, false]);
  });

  it('is no news while nothing happens', () => {
    expect(averages().map((average) => average.add(0, 10))).toEqual([false, false, false]);
  });

  it('measures a change against what it was before, told or not', () => {
    // a decay in small steps is never told: so does Mosquitto
    const average = new LoadAverage(15);
    average.add(1, 1);
    const told = Array.from({ length: 2000 }, () => average.add(0, 1));
    expect(told).not.toContain(true);
    expect(average.text).toBe('0.01');
  });
});
