// Takes out of an output what cannot be equal in two runs, and nothing else.
import type { Blur } from './case.js';

export interface Particulars {
  /** Paths and ports of this run, and the placeholder that stands for each. */
  readonly texts: readonly (readonly [text: string, placeholder: string])[];
  readonly pids: readonly number[];
  readonly blur: readonly Blur[];
}

const always: [RegExp, string][] = [
  // client ids that the tool or the broker makes up
  [/\bmosq-[A-Za-z0-9]{18}\b/g, 'mosq-{random}'],
  [/\bauto-[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b/g, '{assigned}'],
  [
    /\bversion \d+\.\d+\.\d+ running on libmosquitto \d+\.\d+\.\d+/g,
    'version {version} running on libmosquitto {version}',
  ],
  // where a name is not that of a link
  [/\bpondhawk (pub|sub|rr)\b/g, 'mosquitto_$1'],
];

const blurs: Record<Exclude<Blur, 'pid'>, [RegExp, string][]> = {
  time: [
    [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d{4})/g, '{date with microseconds}$1'],
    [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d{4})/g, '{date}$1'],
    [/\b\d{4}-\d\d-\d\d\b/g, '{day}'],
    [/\b\d\d:\d\d:\d\d\b/g, '{time}'],
    [/\b\d{10}\.\d{9}\b/g, '{seconds and nanoseconds}'],
    [/\b\d{10}\b/g, '{seconds}'],
    [/\b\d{9}\b/g, '{nanoseconds}'],
  ],
  rate: [[/(\d+ msgs\/s\n)+/g, '{counts}\n']],
  latency: [[/\d+\.\d{6}(?=(m|µ|n)?s)/g, '{latency}']],
};

export function normalised(text: string, { texts, pids, blur }: Particulars): string {
  let result = text;
  for (const [from, to] of texts) result = result.replaceAll(from, to);
  if (blur.includes('pid')) for (const pid of pids) result = result.replaceAll(String(pid), '{pid}');
  for (const [pattern, to] of always) result = result.replace(pattern, to);
  for (const name of blur)
    if (name !== 'pid') for (const [pattern, to] of blurs[name]) result = result.replace(pattern, to);
  return result;
}
