// How long to wait before the next attempt to connect: longer each time, and never the same for a whole fleet.
import type { Settings } from './options.js';

/** Milliseconds before attempt 1, 2, …; `chance` is a random number from 0 to 1. */
export function reconnectDelay(
  { minDelay, maxDelay, jitter }: Exclude<Settings['reconnect'], false>,
  attempt: number,
  chance: number,
): number {
  const full = Math.min(maxDelay, minDelay * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (1 - jitter * chance));
}
