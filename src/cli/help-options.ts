// `pondhawk --help-options`: every option of a configuration file, from the table that the parser uses.
import { structures, tables } from '../config/options.js';

interface Shown {
  readonly shape: string;
  readonly help: string;
  readonly aliases?: readonly string[];
  readonly notice?: string;
  readonly inactive?: string;
  readonly reload: boolean;
  readonly value?: unknown;
}

const groups: readonly (readonly [title: string, table: Readonly<Record<string, Shown>>])[] = [
  ['Lines that begin something', structures],
  ['General', tables.global],
  ['Authentication and access', tables.security],
  ['Listeners: below a listener line', tables.listener],
  ['Bridges: below a connection line', tables.bridge],
];

function shownDefault(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return ` Default: ${value.join(', ')}.`;
  return typeof value === 'object' ? ' Default: stderr.' : ` Default: ${String(value)}.`;
}

function describe(name: string, option: Shown): string {
  const { shape, help, aliases = [], inactive, notice, reload, value } = option;
  const notes = [
    aliases.length > 0 ? ` Also ${aliases.join(', ')}.` : '',
    notice === undefined ? '' : ' Deprecated.',
    inactive === undefined ? '' : ` Has no effect: ${inactive}.`,
    reload ? '' : ' Not changed by a reload.',
  ];
  const sentence = `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
  return `${name} ${shape}\n    ${sentence}${shownDefault(value)}${notes.join('')}`;
}

export function helpOptions(): string {
  const parts = groups.map(([title, table]) => {
    const options = Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
    return `${title}\n\n${options.map(([name, option]) => describe(name, option)).join('\n')}\n`;
  });
  return parts.join('\n');
}
