// What a run has counted so far. Each process counts for itself; tallies are sent to the parent and added up.
import { Histogram, type HistogramData } from './histogram.js';

/** Everything that is counted. Plain fields, since some change a million times a second. */
export const counterNames = [
  'open', // connections, now
  'connected',
  'failed', // connects
  'lost', // connections
  'reconnected',
  'refusedSubscriptions',
  'sent',
  'sentBytes',
  'acknowledged',
  'publishErrors',
  'late', // messages that left later than the schedule says
  'unsent', // messages that were due and did not leave
  'received',
  'receivedBytes',
  'duplicates',
  'disorder', // messages that came after a later one
] as const;
export type CounterName = (typeof counterNames)[number];

export type LatencyName = 'connectLatency' | 'publishLatency' | 'arrivalLatency';
export const latencyNames: readonly LatencyName[] = ['connectLatency', 'publishLatency', 'arrivalLatency'];

/** A tally as it goes from one process to another. */
export interface TallyData {
  counters: readonly number[];
  latencies: readonly HistogramData[];
  reasons: ReadonlyMap<string, number>;
  times: Times;
}

/** Moments in microseconds of the clock: 0 if they have not come. */
export interface Times {
  /** The first attempt to connect, and the last that succeeded. */
  firstConnect: number;
  lastConnect: number;
  firstReceived: number;
  /** When a message was sent, acknowledged or received last. */
  last: number;
}

/** Different reasons that are kept; more are counted together. */
const MOST_REASONS = 50;

export class Tally implements Record<CounterName, number> {
  open = 0;
  connected = 0;
  failed = 0;
  lost = 0;
  reconnected = 0;
  refusedSubscriptions = 0;
  sent = 0;
  sentBytes = 0;
  acknowledged = 0;
  publishErrors = 0;
  late = 0;
  unsent = 0;
  received = 0;
  receivedBytes = 0;
  duplicates = 0;
  disorder = 0;
  connectLatency = new Histogram();
  publishLatency = new Histogram();
  arrivalLatency = new Histogram();
  /** What went wrong, and how often. */
  readonly reasons = new Map<string, number>();
  readonly times: Times = { firstConnect: 0, lastConnect: 0, firstReceived: 0, last: 0 };

  note(reason: string, count = 1): void {
    const known = this.reasons.has(reason) || this.reasons.size < MOST_REASONS ? reason : 'other reasons';
    this.reasons.set(known, (this.reasons.get(known) ?? 0) + count);
  }

  data(): TallyData {
    return {
      counters: counterNames.map((name) => this[name]),
      latencies: latencyNames.map((name) => this[name].data()),
      reasons: new Map(this.reasons),
      times: { ...this.times },
    };
  }

  static from({ counters, latencies, reasons, times }: TallyData): Tally {
    const tally = new Tally();
    counterNames.forEach((name, i) => {
      tally[name] = counters[i]!;
    });
    latencyNames.forEach((name, i) => {
      tally[name] = Histogram.from(latencies[i]!);
    });
    for (const [reason, count] of reasons) tally.note(reason, count);
    Object.assign(tally.times, times);
    return tally;
  }

  static sum(tallies: Iterable<Tally>): Tally {
    const sum = new Tally();
    for (const one of tallies) {
      for (const name of counterNames) sum[name] += one[name];
      for (const name of latencyNames) sum[name].add(one[name]);
      for (const [reason, count] of one.reasons) sum.note(reason, count);
      sum.#addTimes(one.times);
    }
    return sum;
  }

  #addTimes(other: Times): void {
    const { times } = this;
    for (const name of ['firstConnect', 'firstReceived'] as const)
      times[name] = Math.min(times[name] || other[name], other[name] || times[name]);
    for (const name of ['lastConnect', 'last'] as const) times[name] = Math.max(times[name], other[name]);
  }

  /** What has been counted since an earlier state. */
  since(earlier: Tally): Tally {
    const difference = new Tally();
    for (const name of counterNames) difference[name] = this[name] - earlier[name];
    for (const name of latencyNames) difference[name] = this[name].since(earlier[name]);
    return difference;
  }

  get errors(): number {
    return this.failed + this.lost + this.refusedSubscriptions + this.publishErrors;
  }

  /** Messages of a round trip that came, each counted once. */
  get arrived(): number {
    return this.received - this.duplicates;
  }

  /** Messages of a round trip that left and did not come; those whose publish failed are errors instead. */
  get missing(): number {
    return Math.max(0, this.sent - this.publishErrors - this.arrived);
  }
}
