// Writes docs/configuration.md from the table of options that the parser uses: `npm run docs` after a change to it.
// With --check it only says whether the page is as it would be written.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { structures, tables } from '../dist/config/options.js';

const page = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));

const intro = `# The configuration file

\`pondhawk -c FILE\` reads a \`mosquitto.conf\`: one \`name value\` a line, \`#\` begins a comment. \`pondhawk -c FILE
--test-config\` checks one and exits with 0 or 3; \`pondhawk --help-options\` prints what stands here. SIGHUP reads it again
without ending a connection: what is marked with ↻ changes, the rest is named in the log and takes a restart. A file with
a mistake changes nothing. How it compares with Mosquitto: [coming-from-mosquitto.md](coming-from-mosquitto.md).

Without a \`listener\` the broker serves this machine only, on port 1883. These two lines open it to everybody:

    listener 1883
    allow_anonymous true

This page is made from the program's own table by \`npm run docs\`.
`;

const groups = [
  ['Lines that begin something', 'What stands below such a line belongs to it.', structures],
  ['General', 'Anywhere in the file.', tables.global],
  [
    'Authentication and access',
    'For all listeners; with `per_listener_settings true` for the listener above.',
    tables.security,
  ],
  ['Listeners', 'Below a `listener` line.', tables.listener],
  [
    'Bridges',
    'Below a `connection` line. Bridges are read and checked, and are not active in this version.',
    tables.bridge,
  ],
];

function shownDefault(value) {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? 'stderr' : String(value);
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}

function row([name, option]) {
  const { shape, help, aliases = [], inactive, notice, reload, value } = option;
  const notes = [
    aliases.length > 0 ? `Also \`${aliases.join('`, `')}\`.` : '',
    notice === undefined ? '' : 'Deprecated.',
    inactive === undefined ? '' : `**No effect:** ${inactive}.`,
  ].filter((note) => note !== '');
  const text = [`${help.charAt(0).toUpperCase()}${help.slice(1)}.`, ...notes].join(' ');
  return `| \`${name}\` | ${cell(shape)} | ${cell(shownDefault(value))} | ${reload ? '↻' : ''} | ${cell(text)} |`;
}

function group([title, text, table]) {
  const rows = Object.entries(table)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(row);
  const head = ['| option | value | default | | |', '|---|---|---|---|---|'];
  return [`## ${title}`, text, '', ...head, ...rows, ''].join('\n');
}

const text = [intro, ...groups.map(group)].join('\n');
if (process.argv.includes('--check')) {
  const isSame = readFileSync(page, 'utf8') === text;
  if (!isSame) console.error('docs/configuration.md is not what the table of options says: npm run docs');
  process.exitCode = isSame ? 0 : 1;
} else writeFileSync(page, text);
