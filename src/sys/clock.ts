// The clock of the $SYS tree: that of the system, or one that a test turns.
import type { Environment } from '../core/engine.js';

export type Clock = Pick<Environment, 'now' | 'wallClock' | 'after'>;

/** Its timers do not keep a program running that has nothing else to do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallClock: Date.now,
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Calls `run` whenever the seconds since 1970 are a multiple of `seconds` (1 to 65535), as Mosquitto does: all
 * brokers of a site tell their numbers at the same moments. Returns how to stop it.
 */
export function everyMultipleOf(clock: Clock, seconds: number, run: () => void): () => void {
  const period = seconds * 1000;
  const periodNow = (): number => Math.floor(clock.wallClock() / period);
  let last = periodNow();
  let cancel: () => void;
  const wait = (): void => {
    cancel = clock.after(period - (clock.wallClock() % period), () => {
      const current = periodNow();
      wait();
      // a timer may be a little early; a clock that was set may be anywhere
      if (current !== last) {
        last = current;
        run();
      }
    });
  };
  wait();
  return () => cancel();
}
