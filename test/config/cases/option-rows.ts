// Makes the same cases for each option: good values and bad ones, no value, blanks for a value, the option twice, and
// the option where it does not belong.
import { aBridge, aListener, type ConfigCase, configCase } from '../config-case.js';

/** general: before any listener; listener: after one; bridge: after a complete one. */
export type Place = 'general' | 'listener' | 'bridge';

/** The option, its values (what makes sense and what does not), and a second value for the option twice. */
export type OptionRow = readonly [option: string, values: readonly string[], second?: string];

export const truth = ['true', 'false', 'yes', 'TRUE'] as const;
export const number = [
  'abc',
  '7x',
  '1.5',
  '-1',
  '0',
  '1',
  '2147483647',
  '2147483648',
  '-2147483649',
] as const;

const around: Readonly<Record<Place, (lines: readonly string[]) => readonly string[]>> = {
  general: (lines) => [...lines, aListener],
  listener: (lines) => [aListener, ...lines],
  bridge: (lines) => [aListener, ...aBridge, ...lines],
};

const elsewhere: Readonly<Record<Place, Readonly<Record<string, (line: string) => readonly string[]>>>> = {
  general: {
    'after a listener': (line) => [aListener, line],
    'in a bridge': (line) => [aListener, ...aBridge, line],
  },
  listener: {
    'without a listener': (line) => [line],
    'in a bridge': (line) => [aListener, ...aBridge, line],
  },
  bridge: {
    'without a bridge': (line) => [line],
    'in a listener': (line) => [aListener, line],
    'before the bridge': (line) => [line, aListener, ...aBridge],
  },
};

/** Only tested: the default listener, which such an option makes, listens at 1883 on all addresses. */
function beforeListener(option: string, value: string): ConfigCase {
  return configCase(`${option}: (before the listener)`, [`${option} ${value}`, aListener], {
    only: 'tested',
  });
}

/** A long value, by its first letter and its length. */
function inBrief(value: string): string {
  return value.length > 60 ? `${value[0]} … (${value.length} letters)` : value;
}

function casesOf(place: Place, [option, values, second = values[0]!]: OptionRow): ConfigCase[] {
  const made = (what: string, ...lines: string[]): ConfigCase =>
    configCase(`${option}: ${what}`, around[place](lines));
  return [
    ...values.map((value) => made(inBrief(value), `${option} ${value}`)),
    made('(no value)', option),
    made('(blanks)', `${option}   `),
    made('(twice)', `${option} ${values[0]}`, `${option} ${second}`),
    ...Object.entries(elsewhere[place]).map(([where, lines]) =>
      configCase(`${option}: (${where})`, lines(`${option} ${values[0]}`)),
    ),
    ...(place === 'listener' ? [beforeListener(option, values[0]!)] : []),
  ];
}

export function optionCases(place: Place, rows: readonly OptionRow[]): ConfigCase[] {
  return rows.flatMap((row) => casesOf(place, row));
}
