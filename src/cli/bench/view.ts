// A run as it is shown: what has been counted, and in what time. The display, the lines of progress and both kinds of
// report are made from it.
import type { BenchConfig } from './config.js';
import type { Histogram } from './histogram.js';
import type { Tally } from './tally.js';

export type Stage = 'connecting' | 'running' | 'ending' | 'ended';

/** Why a run came to its end. */
export type Ending = 'duration' | 'limit' | 'interrupted' | 'lost' | 'child';

export interface View {
  readonly config: BenchConfig;
  readonly stage: Stage;
  readonly tally: Tally;
  /** Seconds since the clients are connected. */
  readonly seconds: number;
  /** Seconds in which messages went: of subscribers, from the first message to the last. */
  readonly flowSeconds: number;
  /** Seconds that connecting took. */
  readonly connectSeconds: number;
  /** The last while, of a run that goes on. */
  readonly recent?: { readonly tally: Tally; readonly seconds: number } | undefined;
  readonly ending?: Ending | undefined;
}

export interface Latency {
  readonly label: string;
  /** Its name in JSON. */
  readonly name: string;
  readonly histogram: (tally: Tally) => Histogram;
}

/** The latencies that a run may have measured, and the percentiles that are shown of each. */
export const latencies: readonly Latency[] = [
  { label: 'connect', name: 'connectLatency', histogram: (tally) => tally.connectLatency },
  { label: 'publish', name: 'publishLatency', histogram: (tally) => tally.publishLatency },
  { label: 'end to end', name: 'latency', histogram: (tally) => tally.arrivalLatency },
];

export const percentiles: readonly (readonly [label: string, share: number])[] = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
];

/** What of a round trip must not happen: QoS 1 may deliver twice, nothing may be lost or out of order. */
export function violationsOf({ config, tally }: View): number {
  if (config.scenario !== 'rtt') return 0;
  return tally.missing + tally.disorder + (config.qos === 1 ? 0 : tally.duplicates);
}

export function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}
