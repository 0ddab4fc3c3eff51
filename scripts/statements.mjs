#!/usr/bin/env node
// Lists the normative statements of MQTT that no test, or no line of src, names: node scripts/statements.mjs
// [--strict] [--json]. The lists are test/statements/*.tsv. In code and tests a tag [MQTT-4.3.2-2] is a
// statement of MQTT 5, and [MQTT3-4.3.2-1] one of 3.1.1: the two versions number differently. A 3.1.1
// statement whose rule MQTT 5 has as well is covered by a test of either.
// Exits 1 where a tag is in no list; with --strict also where a statement that binds us has no test.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tagPattern = /\[MQTT(3?)-(\d[^\]\s]*)\]/g;

/** What stands under test/statements/ names every statement, and so proves nothing. */
const testFolders = ['test', 'fuzz'];
const ignored = new Set(['node_modules', 'dist', 'statements']);
const readable = /\.(ts|mts|js|mjs|json|tsv|txt|py|c|conf|md)$/;
const isTestBesideCode = /\.(test|contract)\.ts$/;

/** The rows of a list: { id, tag, binds, summary, uncounted, same }; an empty column is a dash. */
function readList(file, tagPrefix) {
  const [, ...lines] = readFileSync(join(root, 'test/statements', file), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [id, binds, summary, uncounted, same = '-'] = line.split('\t');
    return { id, tag: id.replace('MQTT', tagPrefix), binds, summary, uncounted, same };
  });
}

function* filesUnder(folder) {
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return; // a folder that is not there yet
  }
  for (const entry of entries) {
    if (ignored.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (readable.test(entry.name)) yield path;
  }
}

/** tag -> ["file:line", ...] */
function findTags(files) {
  const places = new Map();
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n');
    lines.forEach((line, index) => {
      for (const [, three, number] of line.matchAll(tagPattern)) {
        const tag = `MQTT${three}-${number}`;
        const place = `${relative(root, file)}:${index + 1}`;
        if (!places.has(tag)) places.set(tag, []);
        places.get(tag).push(place);
      }
    });
  }
  return places;
}

function examine() {
  const source = [...filesUnder(join(root, 'src'))];
  const inTests = findTags([
    ...source.filter((file) => isTestBesideCode.test(file)),
    ...testFolders.flatMap((folder) => [...filesUnder(join(root, folder))]),
  ]);
  const inSource = findTags(source.filter((file) => !isTestBesideCode.test(file)));
  const versions = [
    { name: 'MQTT 5', statements: readList('mqtt5.tsv', 'MQTT') },
    { name: 'MQTT 3.1.1', statements: readList('mqtt311.tsv', 'MQTT3') },
  ].map(({ name, statements }) => {
    const counted = statements.filter((statement) => statement.uncounted === '-');
    const lacks = (places) => (statement) => !places.has(statement.tag) && !places.has(statement.same);
    return {
      name,
      statements,
      counted,
      untested: counted.filter(lacks(inTests)),
      unenforced: counted.filter(lacks(inSource)),
    };
  });
  const known = new Set(versions.flatMap((version) => version.statements.map((statement) => statement.tag)));
  const unknown = [...inTests, ...inSource].filter(([tag]) => !known.has(tag));
  return { versions, unknown: unknown.map(([tag, places]) => ({ tag, places })) };
}

function printTable(title, statements) {
  console.log(`\n${title}: ${statements.length}`);
  for (const { tag, binds, summary } of statements) {
    console.log(`  ${tag.padEnd(16)} ${binds.padEnd(7)} ${summary}`);
  }
}

function print({ versions, unknown }) {
  for (const { name, untested, unenforced } of versions) {
    printTable(`${name}, statements that bind a server and have no test`, untested);
    printTable(`${name}, statements that no line of src names`, unenforced);
  }
  console.log(`\nTags that are in no list: ${unknown.length}`);
  for (const { tag, places } of unknown) console.log(`  ${tag.padEnd(16)} ${places.join(', ')}`);
  console.log();
  for (const { name, statements, counted, untested, unenforced } of versions) {
    console.log(
      `${name}: ${statements.length} statements, ${counted.length} count for a server, ` +
        `${counted.length - untested.length} with a test, ${counted.length - unenforced.length} named in src`,
    );
  }
}

const result = examine();
if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
else print(result);
const untested = result.versions.some((version) => version.untested.length > 0);
if (result.unknown.length > 0 || (process.argv.includes('--strict') && untested)) process.exitCode = 1;
