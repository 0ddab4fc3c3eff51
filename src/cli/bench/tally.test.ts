import { describe, expect, it } from 'vitest';
import { counterNames, Tally } from './tally.js';

function filled(factor: number): Tally {
  const tally = new Tally();
  counterNames.forEach((name, i) => {
    tally[name] = (i + 1) * factor;
  });
  tally.connectLatency.record(10 * factor);
  tally.note('no', factor);
  Object.assign(tally.times, { firstConnect: factor, lastConnect: factor, last: factor });
  return tally;
}

describe('a tally', () => {
  it('is the same after it went to another process', () => {
    const tally = filled(3);
    expect(Tally.from(structuredClone(tally.data())).data()).toEqual(tally.data());
  });

  it('adds up over processes: counts, latencies, reasons, the first and the last moment', () => {
    const sum = Tally.sum([filled(1), filled(2), new Tally()]);
    expect(sum.sent).toBe(filled(3).sent);
    expect(sum.connectLatency.count).toBe(2);
    expect(sum.reasons.get('no')).toBe(3);
    expect(sum.times).toEqual({ firstConnect: 1, lastConnect: 2, firstReceived: 0, last: 2 });
  });

  it('gives what was counted since an earlier state', () => {
    const since = filled(5).since(filled(2));
    expect(counterNames.map((name) => since[name])).toEqual(counterNames.map((name) => filled(3)[name]));
  });

  it('keeps fifty reasons, and counts others together', () => {
    const tally = new Tally();
    for (let i = 0; i < 60; i++) tally.note(`reason ${i}`);
    tally.note('reason 3');
    expect(tally.reasons.size).toBe(51);
    expect(tally.reasons.get('other reasons')).toBe(10);
    expect(tally.reasons.get('reason 3')).toBe(2);
  });

  it('counts as missing what left, was not refused, and did not come', () => {
    const tally = Object.assign(new Tally(), { sent: 10, publishErrors: 1, received: 8, duplicates: 2 });
    expect([tally.arrived, tally.missing]).toEqual([6, 3]);
  });
});
