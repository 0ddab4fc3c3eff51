// "Where does the time go" as one command: runs Pondhawk under V8's sampling profiler while it takes the load of
// one row of the comparison, and prints the functions with the most time of their own, and the files.
//
//   node bench/profile.mjs ROW [--duration S] [--load N] [--top N] [--keep] [--no-build]
//
// ROW is a name from `npm run bench -- --list`; --load 1 takes a row's second load (MQTT 5); --keep keeps the
// .cpuprofile, which the developer tools of Chromium open too.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, checkout, findMqload, findPeer, generate, start } from './brokers.mjs';
import { measured, rows } from './rows.mjs';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    duration: { type: 'string', default: '5' },
    load: { type: 'string', default: '0' },
    top: { type: 'string', default: '40' },
    keep: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
const row = rows.find(({ name }) => name === positionals[0]);
const load = row?.loads({ seconds: Number(given.duration), quick: false, files: 65536 })[Number(given.load)];
if (!row || !load) {
  console.error(
    `usage: node bench/profile.mjs ROW [--load N]\nrows: ${rows.map(({ name }) => name).join(' ')}`,
  );
  process.exit(2);
}

if (!given['no-build']) build();
const folder = mkdtempSync(join(tmpdir(), 'bench-profile-'));
const options = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'];
const broker = await start(findPeer('pondhawk'), options);
const figures = await generate(load, broker, findMqload()).finally(broker.stop);
const result = measured(row, figures);
console.log(`${row.name}: ${row.title}\n  (${load.args.join(' ')})`);
if (result.error) console.log(`  ${result.error}`);
const rate = Math.round(result.rate ?? 0).toLocaleString('en-US');
console.log(`  ${rate} a second, ${result.cpu?.toFixed(2)} µs each, with the profiler running\n`);

const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'));
if (!file) {
  console.error('the broker wrote no profile: it must end by itself on SIGTERM');
  process.exit(1);
}
const profile = JSON.parse(readFileSync(join(folder, file), 'utf8'));

/**
 * Time of its own and time with what it called, by function; a function that calls itself counts once.
 * @type {Map<string, {name: string, where: string, own: number, all: number}>}
 */
const functions = new Map();
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
const parents = new Map(
  profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])),
);
const root = `${pathToFileURL(checkout)}/`;
/** @param {any} node */
function entryOf(node) {
  const { functionName, url, lineNumber } = node.callFrame;
  const where = url ? `${url.replace(root, '')}:${lineNumber + 1}` : '';
  const key = `${functionName} ${where}`;
  let entry = functions.get(key);
  if (!entry) {
    entry = { name: functionName || '(anonymous)', where, own: 0, all: 0 };
    functions.set(key, entry);
  }
  return entry;
}

let total = 0;
const ownByNode = new Map();
for (const [i, id] of profile.samples.entries()) {
  ownByNode.set(id, (ownByNode.get(id) ?? 0) + profile.timeDeltas[i]);
}
for (const [id, time] of ownByNode) {
  const entry = entryOf(nodes.get(id));
  if (entry.name === '(idle)') continue;
  total += time;
  entry.own += time;
  const counted = new Set();
  for (let at = id; at !== undefined; at = parents.get(at)) {
    const above = entryOf(nodes.get(at));
    if (!counted.has(above)) above.all += time;
    counted.add(above);
  }
}

const percent = (/** @type {number} */ time) => `${((100 * time) / total).toFixed(1).padStart(5)} %`;
const ordered = [...functions.values()]
  .filter(({ own }) => own > 0 && total > 0)
  .sort((a, b) => b.own - a.own);
console.log('    own  with callees  function');
for (const { name, where, own, all } of ordered.slice(0, Number(given.top))) {
  if (name === '(idle)') continue;
  console.log(`${percent(own)}   ${percent(all)}     ${name}  ${where}`);
}
/** @type {Map<string, number>} */
const files = new Map();
for (const { name, where, own } of ordered) {
  if (name === '(idle)') continue;
  const source = where ? where.replace(/:\d+$/, '') : name;
  files.set(source, (files.get(source) ?? 0) + own);
}
console.log('\n    own  file');
for (const [name, own] of [...files].sort((a, b) => b[1] - a[1]).slice(0, 20))
  console.log(`${percent(own)}  ${name}`);
if (given.keep) console.log(`\n${join(folder, file)}`);
else rmSync(folder, { recursive: true });
