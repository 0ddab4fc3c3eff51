// Updates come at whole multiples of the interval on the clock of the wall, whatever that clock and timers do.
import { describe, expect, it } from 'vitest';
import { TurnedClock } from '../../test/sys/turned-clock.js';
import { everyMultipleOf, systemClock } from './clock.js';

/** The seconds after the clock's beginning at which it ran. */
function recorded(clock: TurnedClock, seconds: number): { times: number[]; stop: () => void } {
  const begin = clock.wallClock();
  const times: number[] = [];
  const stop = everyMultipleOf(clock, seconds, () => times.push((clock.wallClock() - begin) / 1000));
  return { times, stop };
}

describe('everyMultipleOf', () => {
  it('runs every second', () => {
    const clock = new TurnedClock();
    const { times } = recorded(clock, 1);
    clock.turn(3500);
    expect(times).toEqual([1, 2, 3]);
  });

  it('runs at multiples of the interval since 1970, and not since it was begun', () => {
    // the clock begins two seconds after a multiple of three
    const clock = new TurnedClock(250);
    const { times } = recorded(clock, 3);
    clock.turn(8000);
    expect(times).toEqual([0.75, 3.75, 6.75]);
  });

  it('does not run in the moment in which it is begun', () => {
    const clock = new TurnedClock();
    const { times } = recorded(clock, 10);
    clock.turn(9999);
    expect(times).toEqual([]);
  });

  it('runs once when a timer is a little early', () => {
    const clock = new TurnedClock();
    const hasty = {
      now: () => clock.now(),
      wallClock: () => clock.wallClock(),
      after: (ms: number, run: () => void) => clock.after(ms > 5 ? ms - 2 : ms, run),
    };
    let runs = 0;
    everyMultipleOf(hasty, 1, () => runs++);
    clock.turn(10_500);
    expect(runs).toBe(10);
  });

  it('goes on after the clock was set back', () => {
    const clock = new TurnedClock();
    let offset = 0;
    const set = {
      now: () => clock.now(),
      wallClock: () => clock.wallClock() + offset,
      after: (ms: number, run: () => void) => clock.after(ms, run),
    };
    let runs = 0;
    everyMultipleOf(set, 10, () => runs++);
    clock.turn(5000);
    offset = -86_400_000;
    clock.turn(30_000);
    expect(runs).toBe(3);
  });

  it('stops', () => {
    const clock = new TurnedClock();
    const { times, stop } = recorded(clock, 1);
    clock.turn(1000);
    stop();
    clock.turn(5000);
    expect({ times, timers: clock.timers }).toEqual({ times: [1], timers: 0 });
  });

  it('may be stopped by what it runs', () => {
    const clock = new TurnedClock();
    const stop = everyMultipleOf(clock, 1, () => stop());
    clock.turn(5000);
    expect(clock.timers).toBe(0);
  });
});

describe('the clock of the system', () => {
  it('runs what is due, and not what was cancelled', async () => {
    const ran: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => ran.push('cancelled'))();
      systemClock.after(2, () => {
        ran.push('due');
        resolve();
      });
      // its own timers keep nobody running: this one does
      setTimeout(resolve, 5000).unref();
      setTimeout(() => {}, 50);
    });
    expect(ran).toEqual(['due']);
  });

  it('tells both times', () => {
    expect(systemClock.wallClock()).toBeGreaterThan(1_700_000_000_000);
    expect(systemClock.now()).toBeGreaterThan(0);
  });
});
