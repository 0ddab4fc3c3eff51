// Numbers as people read them.

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function number(value: number): string {
  return grouped.format(value);
}

/** A rate: with a decimal where it is small. */
export function rate(value: number): string {
  return `${value > 0 && value < 100 ? value.toFixed(1) : number(value)}/s`;
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(value: number): string {
  let unit = 0;
  let shown = value;
  for (; shown >= 999.5 && unit < byteUnits.length - 1; unit++) shown /= 1000;
  return `${unit === 0 || shown >= 100 ? Math.round(shown) : shown.toFixed(1)} ${byteUnits[unit]}`;
}

/** [from how many microseconds, microseconds of one, unit] */
const timeUnits: readonly (readonly [number, number, string])[] = [
  [999_500, 1e6, 's'],
  [999.5, 1e3, 'ms'],
  [0, 1, 'µs'],
];

/** Microseconds. */
export function latency(value: number): string {
  const [, size, unit] = timeUnits.find(([from]) => value >= from) ?? timeUnits[2]!;
  const shown = value / size;
  return `${size === 1 || shown >= 100 ? Math.round(shown) : shown.toPrecision(3)} ${unit}`;
}

export function seconds(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} s`;
}
