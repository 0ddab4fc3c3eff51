// The rows that a run is shown with, live and in the report at the end. A row that has nothing to say is left out.
import type { Scenario } from './config.js';
import { bytes, latency, number, rate, seconds } from './figures.js';
import type { CounterName, Tally } from './tally.js';
import { type Latency, latencies, percentiles, perSecond, type View } from './view.js';

interface Row {
  readonly label: string;
  readonly scenarios: readonly Scenario[];
  readonly text: (view: View) => string | undefined;
}

/** Counts that are worth a word only if they are not 0. */
function remarks(tally: Tally, list: readonly (readonly [CounterName, string])[]): string[] {
  return list.filter(([name]) => tally[name] > 0).map(([name, text]) => `${number(tally[name])} ${text}`);
}

function connections({ tally, stage, connectSeconds }: View): string {
  const shown = stage === 'ended' ? `${number(tally.connected)} connected` : `${number(tally.open)} open`;
  const speed = tally.connected > 1 ? [`${rate(perSecond(tally.connected, connectSeconds))} connected`] : [];
  return [
    shown,
    ...speed,
    ...remarks(tally, [
      ['failed', 'failed'],
      ['lost', 'lost'],
      ['reconnected', 'connected again'],
      ['refusedSubscriptions', 'not subscribed'],
    ]),
  ].join(', ');
}

/** Now, on average and in total; at the end there is no now. */
function flow(count: CounterName, size?: CounterName) {
  return ({ tally, flowSeconds: total, recent }: View): string => {
    const now =
      recent === undefined ? [] : [`${rate(perSecond(recent.tally[count], recent.seconds))} now`.padEnd(14)];
    const mean = `${rate(perSecond(tally[count], total))}${recent === undefined ? '' : ' mean'}`;
    const speed = size === undefined ? [] : [`${bytes(perSecond(tally[size], total))}/s`];
    return [...now, mean, ...speed, `${number(tally[count])} in total`].join('  ');
  };
}

function latencyRow({ label, histogram }: Latency): Row {
  return {
    label,
    scenarios: ['conn', 'pub', 'sub', 'rtt'],
    text: ({ tally, config }) => {
      const all = histogram(tally);
      if (all.count === 0 || (label === 'connect' && config.scenario !== 'conn')) return undefined;
      const shown = percentiles.map(([name, share]) => `${name} ${latency(all.percentile(share))}`);
      return [...shown, `max ${latency(all.max)}`].join('  ');
    },
  };
}

function schedule({ tally }: View): string | undefined {
  const late = perSecond(tally.late * 100, tally.sent);
  const texts = [
    ...(tally.late === 0 ? [] : [`${late < 0.1 ? '<0.1' : late.toFixed(1)}% left late`]),
    ...remarks(tally, [['unsent', 'were due and did not leave']]),
  ];
  return texts.length === 0 ? undefined : texts.join(', ');
}

function checked({ tally, stage }: View): string {
  const what = stage === 'ended' ? 'lost' : 'on their way';
  return `${number(tally.missing)} ${what}, ${number(tally.duplicates)} twice, ${number(tally.disorder)} out of order`;
}

const table: readonly Row[] = [
  { label: 'connections', scenarios: ['conn', 'pub', 'sub', 'rtt'], text: connections },
  { label: 'sent', scenarios: ['pub', 'rtt'], text: flow('sent', 'sentBytes') },
  {
    label: 'acknowledged',
    scenarios: ['pub', 'rtt'],
    text: (view) => (view.config.qos === 0 ? undefined : flow('acknowledged')(view)),
  },
  { label: 'received', scenarios: ['sub', 'rtt'], text: flow('received', 'receivedBytes') },
  ...latencies.map(latencyRow),
  { label: 'schedule', scenarios: ['pub', 'rtt'], text: schedule },
  { label: 'messages', scenarios: ['rtt'], text: checked },
];

/** The errors, most frequent first. */
function errorRows({ reasons }: Tally, most: number): string[] {
  const sorted = [...reasons].sort(([, one], [, other]) => other - one);
  const lines = sorted.slice(0, most).map(([reason, count]) => `${number(count)}× ${reason}`);
  if (sorted.length > most) lines.push(`and ${sorted.length - most} other reasons`);
  return lines;
}

const LABEL = 14;

function line(label: string, text: string): string {
  return `  ${label.padEnd(LABEL)}${text}`;
}

/** The rows as lines of text. */
export function rowsOf(view: View, mostErrors = 20): string[] {
  const rows = table.flatMap(({ label, scenarios, text }) => {
    const shown = scenarios.includes(view.config.scenario) ? text(view) : undefined;
    return shown === undefined ? [] : [line(label, shown)];
  });
  const errors = errorRows(view.tally, mostErrors).map((text, i) => line(i === 0 ? 'errors' : '', text));
  return [...rows, ...errors];
}

const counted: Readonly<Record<Scenario, readonly (readonly [CounterName, string])[]>> = {
  conn: [],
  pub: [['sent', 'sent']],
  sub: [['received', 'received']],
  rtt: [
    ['sent', 'sent'],
    ['received', 'received'],
  ],
};

/** One line of progress, of what was since the line before. */
export function progressLine({ config, stage, tally, seconds: total, connectSeconds, recent }: View): string {
  const time = seconds(stage === 'connecting' ? connectSeconds : total);
  const flows = stage === 'connecting' || recent === undefined ? [] : counted[config.scenario];
  const measured = recent === undefined ? [] : latencies.map(({ histogram }) => histogram(recent.tally));
  const shown = measured.findLast(({ count }) => count > 0);
  const parts = [
    `${time} ${stage}`,
    `${number(tally.open)} connections`,
    ...flows.map(
      ([name, what]) =>
        `${what} ${number(tally[name])}, ${rate(perSecond(recent!.tally[name], recent!.seconds))}`,
    ),
  ];
  if (shown !== undefined)
    parts.push(
      `p50 ${latency(shown.percentile(0.5))}, p99 ${latency(shown.percentile(0.99))}, max ${latency(shown.max)}`,
    );
  if (tally.errors > 0) parts.push(`${number(tally.errors)} errors`);
  return parts.join('   ');
}
