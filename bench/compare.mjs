// Compares Pondhawk with Mosquitto and Aedes on this machine, as ratios, in one command. Absolute figures say
// little from one machine to the next, and machines have noisy minutes; so for each row the brokers run one after
// another, started afresh, and the ratio is taken run by run. Ends with the project's targets, met or missed.
//
//   npm run bench -- [--quick] [--only qos0,qos1] [--brokers pondhawk,mosquitto,aedes] [--repeat N]
//                    [--duration S] [--json FILE] [--quiet S] [--no-build] [--list]
//
// --quiet S waits before each run, S seconds at most, until the rest of the machine has been idle for a second, and
// repeats a run that was disturbed.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { build, findMqload, findPeer, generate, start } from './brokers.mjs';
import { measured, rows } from './rows.mjs';

/**
 * @typedef {import('./rows.mjs').Measured} Measured
 * @typedef {import('./rows.mjs').Row} Row
 * @typedef {import('./brokers.mjs').Peer} Peer
 * @typedef {Map<string, Measured[][]>} Results broker's name -> by load -> by repetition
 */

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    brokers: { type: 'string', default: 'pondhawk,mosquitto,aedes' },
    repeat: { type: 'string', default: '1' },
    duration: { type: 'string' },
    json: { type: 'string' },
    quiet: { type: 'string', default: '0' },
    'no-build': { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

if (given.list) {
  for (const row of rows) console.log(`${row.name.padEnd(12)} ${row.title}`);
  process.exit(0);
}

/** @param {string} why @returns {never} */
function stop(why) {
  console.error(`bench: ${why}`);
  process.exit(1);
}

/** % of a core that the rest of the machine may use before it spoils a run. */
const BUSY = 25;

const only = given.only?.split(',');
const unknown = only?.filter((name) => !rows.some((row) => row.name === name)) ?? [];
if (unknown.length > 0) stop(`no row ${unknown.join(', ')}; --list names them`);
const chosen = rows.filter((row) => !only || only.includes(row.name));
const repeat = Number(given.repeat);
const scale = {
  seconds: Number(given.duration ?? (given.quick ? 2 : 5)),
  quick: given.quick,
  files: Number(
    readFileSync('/proc/self/limits', 'latin1').match(/Max open files\s+\d+\s+(\d+)/)?.[1] ?? 1024,
  ),
};

/** @type {Peer[]} */
const peers = [];
for (const name of given.brokers.split(',')) {
  try {
    if (name === 'pondhawk' && !given['no-build']) build();
    peers.push(findPeer(name));
  } catch (error) {
    if (name === 'pondhawk') stop(error.message);
    console.log(`left out: ${name}: ${error.message}`);
  }
}
if (peers.length === 0) stop('no broker to run');
/** The broker that the others are compared with. */
const subject = peers[0].name;
const mqload = findMqload();
if (!mqload) {
  console.log('mqload is missing (set MQLOAD to its path): bench/mqtt5-load.mjs, slower, drives the floods;');
  console.log('the rows that need mqload are left out.');
}

console.log(`${cpus().length} × ${cpus()[0].model}, load average ${loadavg()[0].toFixed(2)}`);
for (const peer of peers) console.log(`${peer.name} ${peer.version}`);
console.log(`ratio: the figure of ${subject} divided by that of the broker of the line`);

// ---------------------------------------------------------------- running

/**
 * @param {Row} row @returns {Promise<Results>}
 */
async function run(row) {
  const loads = row.loads(scale);
  /** @type {Results} */
  const results = new Map(peers.map((peer) => [peer.name, loads.map(() => [])]));
  for (let i = 0; i < repeat; i++) {
    // Every other time the other way round, so that none always comes first.
    for (const peer of i % 2 ? [...peers].reverse() : peers) {
      for (const [at, load] of loads.entries()) {
        if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${row.name} ${load.label} ${peer.name} ...`);
        results.get(peer.name)?.[at].push(await runUndisturbed(row, peer, load));
      }
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return results;
}

/** CPU seconds that the machine has used: user, nice, system, interrupts. */
function machineCpu() {
  const fields = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].trim().split(/\s+/).map(Number);
  return (fields[1] + fields[2] + fields[3] + fields[6] + fields[7]) / 100;
}

async function untilQuiet() {
  for (const deadline = Date.now() + 1000 * Number(given.quiet); Date.now() < deadline; ) {
    const before = machineCpu();
    await new Promise((done) => setTimeout(done, 1000));
    if (machineCpu() - before < 0.15) return;
  }
}

/**
 * @param {Row} row @param {Peer} peer @param {import('./rows.mjs').Load} load @returns {Promise<Measured>}
 */
async function runOnce(row, peer, load) {
  try {
    const broker = await start(peer);
    try {
      return measured(row, await generate(load, broker, mqload));
    } finally {
      await broker.stop();
    }
  } catch (error) {
    return { error: error.message, lost: 0, duplicates: 0, order: 0 };
  }
}

/**
 * With --quiet: waits for a quiet machine, and when the run was disturbed all the same, tries again, twice at most;
 * the least disturbed counts.
 * @param {Row} row @param {Peer} peer @param {import('./rows.mjs').Load} load @returns {Promise<Measured>}
 */
async function runUndisturbed(row, peer, load) {
  /** @type {Measured | undefined} */
  let best;
  for (let tries = Number(given.quiet) > 0 ? 3 : 1; tries > 0; tries--) {
    await untilQuiet();
    const m = await runOnce(row, peer, load);
    if (!best || (m.other ?? 0) < (best.other ?? 0)) best = m;
    if ((best.other ?? 0) <= BUSY) break;
  }
  return best;
}

// ---------------------------------------------------------------- reading off

/** @param {(number | undefined | null)[]} numbers @returns {number | undefined} */
function median(numbers) {
  const sorted = numbers.filter((n) => Number.isFinite(n)).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {Results} results @param {string} peer @param {number} load @param {keyof Measured} figure
 */
const value = (results, peer, load, figure) =>
  median((results.get(peer)?.[load] ?? []).map((m) => m[figure]));

/**
 * The median of the ratios of the runs that were side by side.
 * @param {Measured[] | undefined} above @param {Measured[] | undefined} below @param {keyof Measured} figure
 */
function ratio(above, below, figure) {
  if (!above || !below) return undefined;
  return median(above.map((m, i) => (below[i]?.[figure] ? m[figure] / below[i][figure] : undefined)));
}

/** @param {Row} row @param {Measured} m who could not go faster */
function limit(row, m) {
  if (m.rate === 0) return 'nothing';
  const broker = (m.broker ?? 0) >= 90;
  const generator = (m.generator ?? 0) >= 90;
  if (row.kind === 'paced') return m.rate < 0.98 * m.asked ? 'behind' : 'paced';
  if (broker) return generator ? 'both' : 'broker';
  if (generator) return 'generator';
  return (m.other ?? 0) > BUSY ? 'machine' : 'neither';
}

// ---------------------------------------------------------------- printing

/** @param {number | undefined} n @param {number} [digits] */
const fixed = (n, digits = 0) =>
  n === undefined || Number.isNaN(n)
    ? '-'
    : n.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
/** @param {number | undefined} n three digits that matter */
const short = (n) => fixed(n, n === undefined || n >= 100 ? 0 : n >= 10 ? 1 : 2);
/** @param {number | undefined} us */
const ms = (us) => (us === undefined ? '-' : short(us / 1000));
/** @param {number | undefined} n */
const times = (n) => (n === undefined ? '-' : `${short(n)}x`);
/** @param {number | undefined} bytes */
const size = (bytes) =>
  bytes === undefined ? '-' : bytes < 1e5 ? `${fixed(bytes)} B` : `${fixed(bytes / 1048576)} MiB`;

const columns = [16, 7, 11, 7, 7, 7, 8, 8, 9, 8, 5, 7, 10];
/** @param {string[]} cells */
function line(cells) {
  console.log(
    `  ${cells.map((cell, i) => (i < 2 ? cell.padEnd(columns[i]) : cell.padStart(columns[i] ?? 0))).join(' ')}`,
  );
}

const HEAD = 'ratio,CPU µs,ratio,p50 ms,p99 ms,memory,broker%,gen%,other%,limit, faults'.split(',');

/** @param {Row} row @param {Results} results */
function printRow(row, results) {
  const loads = row.loads(scale);
  const unit = { conns: 'conns/s', retained: 'fetched/s' }[row.kind] ?? 'msgs/s';
  console.log(`\n${row.name}: ${row.title}`);
  console.log(`  (${loads.map((load) => load.args.join(' ')).join('  |  ')})`);
  line(['', '', unit, ...HEAD]);
  for (const peer of peers) {
    for (const [at, load] of loads.entries()) {
      const runs = results.get(peer.name)?.[at] ?? [];
      const failed = runs.find((m) => m.error);
      if (failed) console.log(`  ${peer.name} ${load.label}: ${failed.error}`);
      const good = runs.filter((m) => m.rate !== undefined);
      if (good.length === 0) continue;
      const of = (/** @type {keyof Measured} */ figure) => value(results, peer.name, at, figure);
      const mine = results.get(subject)?.[at];
      const self = peer.name === subject;
      line([
        peer.name.slice(-columns[0]),
        load.label,
        fixed(of('rate')),
        self ? '' : times(ratio(mine, runs, 'rate')),
        short(of('cpu')),
        self ? '' : times(ratio(mine, runs, 'cpu')),
        ms(of('p50')),
        ms(of('p99')),
        size(of('memory')),
        fixed(of('broker')),
        fixed(of('generator')),
        fixed(of('other')),
        limit(row, { ...good[0], broker: of('broker'), generator: of('generator'), other: of('other') }),
        ` ${faults(runs)}`,
      ]);
    }
  }
  if (loads.length === 2) {
    const parts = peers.map((peer) => {
      const [first, second] = results.get(peer.name) ?? [];
      return `${peer.name} ${times(ratio(second, first, 'rate'))} (CPU ${times(ratio(second, first, 'cpu'))})`;
    });
    console.log(`  ${loads[1].label} : ${loads[0].label} = ${parts.join(', ')}`);
  }
}

/** @param {Measured[]} runs */
function faults(runs) {
  const parts = ['lost', 'duplicates', 'order'].flatMap((kind) => {
    const sum = runs.reduce((n, m) => n + m[kind], 0);
    return sum ? [`${kind} ${fixed(sum)}`] : [];
  });
  return parts.join(', ') || 'none';
}

/** @param {Row} row @param {Results} results */
function check(row, results) {
  return row.targets.map((target) => {
    const mine = results.get(subject);
    let is;
    let what;
    let print = times;
    if (target.figure === 'second') {
      is = ratio(mine?.[1], mine?.[0], 'rate');
      what = 'throughput in 5 : in 3.1.1';
    } else if (target.figure === 'memory') {
      is = value(results, subject, 0, 'memory');
      what = 'memory each';
      print = size;
    } else {
      is = ratio(
        mine?.[0],
        results.get(target.peer)?.[0],
        target.figure === 'throughput' ? 'rate' : target.figure,
      );
      what = `${{ throughput: 'throughput', cpu: 'CPU each', p99: 'p99' }[target.figure]} : ${target.peer}'s`;
    }
    const wanted =
      target.atLeast === undefined ? `<= ${print(target.atMost)}` : `>= ${print(target.atLeast)}`;
    const met =
      is !== undefined && is >= (target.atLeast ?? 0) && is <= (target.atMost ?? Number.POSITIVE_INFINITY);
    const runs = [...results.values()].flat(2);
    const flaw = (mine ?? []).flat().some((m) => m.error || m.lost || m.duplicates || m.order)
      ? ' (with faults)'
      : runs.some((m) => (m.other ?? 0) > BUSY)
        ? ' (the machine was busy)'
        : '';
    const verdict = is === undefined ? 'not measured' : met ? 'met' : 'MISSED';
    return { row: row.name, what, wanted, is: print(is), verdict: `${verdict}${flaw}` };
  });
}

function printSummary() {
  const head = ['row'.padEnd(12), 'figure'.padEnd(30), 'target'.padStart(12), 'measured'.padStart(12)];
  console.log(`\n${head.join(' ')}`);
  for (const { row, what, wanted, is, verdict } of summary) {
    const cells = [row.padEnd(12), what.padEnd(30), wanted.padStart(12), is.padStart(12)];
    console.log(`${cells.join(' ')}  ${verdict}`);
  }
}

// ---------------------------------------------------------------- the run

const summary = [];
const record = [];
for (const row of chosen) {
  if (row.needsMqload && !mqload) {
    console.log(`\n${row.name}: left out, needs mqload`);
    continue;
  }
  const results = await run(row);
  printRow(row, results);
  summary.push(...check(row, results));
  record.push({ row: row.name, loads: row.loads(scale), results: Object.fromEntries(results) });
}
// The targets are Pondhawk's own; without it there is nothing to check.
if (subject !== 'mosquitto' && subject !== 'aedes') printSummary();
if (given.json) {
  const versions = Object.fromEntries(peers.map(({ name, version }) => [name, version]));
  const all = { date: new Date().toISOString(), versions, rows: record, targets: summary };
  writeFileSync(given.json, `${JSON.stringify(all, null, 1)}\n`);
}
