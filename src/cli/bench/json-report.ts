// A run as JSON, for programs: the document at the end, and the lines in between. Names and units do not change;
// latencies are in milliseconds.
import type { Scenario } from './config.js';
import type { Histogram } from './histogram.js';
import type { Tally } from './tally.js';
import { latencies, percentiles, perSecond, type View, violationsOf } from './view.js';

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function latencyOf(histogram: Histogram): object {
  const shown = percentiles.map(([name, share]) => [name, rounded(histogram.percentile(share) / 1000)]);
  return {
    count: histogram.count,
    min: rounded(histogram.min / 1000),
    mean: rounded(histogram.mean / 1000),
    ...Object.fromEntries(shown),
    max: rounded(histogram.max / 1000),
  };
}

function flowOf(messages: number, bytes: number, seconds: number): object {
  return {
    messages,
    bytes,
    messagesPerSecond: rounded(perSecond(messages, seconds)),
    bytesPerSecond: rounded(perSecond(bytes, seconds)),
  };
}

interface Section {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  readonly value: (tally: Tally, seconds: number, view: View) => object | undefined;
}

const sections: readonly Section[] = [
  {
    name: 'sent',
    scenarios: ['pub', 'rtt'],
    value: ({ sent, sentBytes }, seconds) => flowOf(sent, sentBytes, seconds),
  },
  {
    name: 'acknowledged',
    scenarios: ['pub', 'rtt'],
    value: ({ acknowledged }, seconds, { config }) =>
      config.qos === 0
        ? undefined
        : { messages: acknowledged, messagesPerSecond: rounded(perSecond(acknowledged, seconds)) },
  },
  {
    name: 'received',
    scenarios: ['sub', 'rtt'],
    value: ({ received, receivedBytes }, seconds) => flowOf(received, receivedBytes, seconds),
  },
  {
    name: 'schedule',
    scenarios: ['pub', 'rtt'],
    value: ({ late, unsent }) => ({ late, unsent }),
  },
];

function measured(tally: Tally, seconds: number, view: View): object {
  const shown = sections
    .filter(({ scenarios }) => scenarios.includes(view.config.scenario))
    .map(({ name, value }) => [name, value(tally, seconds, view)]);
  const times = latencies
    .filter(({ histogram }) => histogram(tally).count > 0)
    .map(({ name, histogram }) => [`${name}Ms`, latencyOf(histogram(tally))]);
  return Object.fromEntries([...shown, ...times]);
}

function connectionsOf({ tally, connectSeconds }: View): object {
  const { open, connected, failed, lost, reconnected, refusedSubscriptions } = tally;
  return {
    open,
    connected,
    failed,
    lost,
    reconnected,
    refusedSubscriptions,
    seconds: rounded(connectSeconds),
    perSecond: rounded(perSecond(connected, connectSeconds)),
  };
}

/** What happened since the line before. */
export function intervalJson(view: View): object {
  const { recent = { tally: view.tally, seconds: view.seconds } } = view;
  return {
    type: 'interval',
    stage: view.stage,
    seconds: rounded(view.seconds),
    intervalSeconds: rounded(recent.seconds),
    connections: connectionsOf(view),
    ...measured(recent.tally, recent.seconds, view),
    errors: view.tally.errors,
  };
}

/** The document at the end. */
export function reportJson(view: View, target: string): object {
  const { config, tally, seconds, flowSeconds, ending } = view;
  const { scenario, count, processes, version, qos, topic } = config;
  const { missing, duplicates, disorder } = tally;
  return {
    type: 'report',
    scenario,
    target,
    clients: count,
    processes,
    version,
    ...(scenario === 'conn' ? {} : { qos, topic }),
    ending,
    seconds: rounded(seconds),
    connections: { ...connectionsOf(view), open: undefined },
    ...measured(tally, flowSeconds, view),
    ...(scenario === 'rtt'
      ? { violations: violationsOf(view), loss: missing, duplicates, outOfOrder: disorder }
      : {}),
    errors: tally.errors,
    reasons: Object.fromEntries(tally.reasons),
  };
}
