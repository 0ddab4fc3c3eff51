// The messages that one subscriber gets: how many, how old they are by their stamps, and in a round trip which of
// them came twice, or after a later one.
import type { Message } from '../../client/message.js';
import { Arrivals } from './arrivals.js';
import { now } from './clock.js';
import { isStamped, stampOf } from './stamp.js';
import type { Tally } from './tally.js';

/** Counts everything. */
export function countArrivals(tally: Tally): (message: Message) => void {
  return ({ payload, retain }) => {
    const at = now();
    tally.received++;
    tally.receivedBytes += payload.length;
    tally.times.firstReceived ||= at;
    tally.times.last = at;
    // a retained message is as old as it is, which says nothing about the server
    if (!retain && isStamped(payload as Buffer))
      tally.arrivalLatency.record(at - stampOf.time(payload as Buffer));
  };
}

/** Counts what one publisher of this run has sent. `arrived` is called once for each message. */
export function checkArrivals(
  tally: Tally,
  run: number,
  index: number,
  arrived: () => void,
): (message: Message) => void {
  const arrivals = new Arrivals();
  return (message) => {
    const payload = message.payload as Buffer;
    if (!isStamped(payload) || stampOf.run(payload) !== run || stampOf.index(payload) !== index) return;
    const at = now();
    const arrival = arrivals.take(stampOf.number(payload));
    tally.received++;
    tally.receivedBytes += payload.length;
    tally.times.last = at;
    if (arrival === 'duplicate') tally.duplicates++;
    else {
      if (arrival === 'disorder') tally.disorder++;
      tally.arrivalLatency.record(at - stampOf.time(payload));
      arrived();
    }
  };
}
