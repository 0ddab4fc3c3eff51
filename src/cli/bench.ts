// `pondhawk bench`: measures a broker as its clients see it. Stands on the client library, so that what it measures
// includes what a program of ours would have.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { withAddress } from './bench/address.js';
import type { BenchConfig } from './bench/config.js';
import { displayFor } from './bench/display.js';
import { seconds } from './bench/figures.js';
import { parseBenchFlags } from './bench/flags.js';
import { INTERRUPTED, Interrupts } from './bench/interrupts.js';
import { reportJson } from './bench/json-report.js';
import { openFilesProblem } from './bench/open-files.js';
import { rowsOf } from './bench/rows.js';
import { exitCodes, run } from './bench/run.js';
import type { Ending, View } from './bench/view.js';

function complain(text: string): void {
  process.stderr.write(`pondhawk bench: ${text}\n`);
}

function shownTarget({ target, host }: BenchConfig): string {
  const path = target.protocol.startsWith('ws') ? target.path : '';
  return `${target.protocol}://${host.includes(':') ? `[${host}]` : host}:${target.port}${path}`;
}

const endings: Readonly<Record<Ending, string>> = {
  duration: 'done',
  limit: 'done',
  interrupted: 'interrupted',
  lost: 'all connections were lost',
  child: 'a child process failed',
};

function headline(config: BenchConfig): string {
  const { scenario, count, processes, qos } = config;
  const what = scenario === 'rtt' ? `${count} ${count === 1 ? 'pair' : 'pairs'}` : `${count} clients`;
  const how = scenario === 'conn' ? [] : [`QoS ${qos}`];
  const where = processes === 1 ? [] : [`${processes} processes`];
  return `${scenario} ${shownTarget(config)}: ${[what, ...how, ...where].join(', ')}`;
}

function print(view: View): void {
  const { config, ending = 'duration' } = view;
  if (config.json) {
    process.stdout.write(`${JSON.stringify(reportJson(view, shownTarget(config)))}\n`);
    return;
  }
  const rows = rowsOf(view).join('\n');
  process.stdout.write(`${endings[ending]} after ${seconds(view.seconds)}\n${rows}\n`);
}

/** Returns the exit code. */
export async function runBench(args: readonly string[]): Promise<number> {
  const outcome = parseBenchFlags(args, {
    readFile: (path) => readFileSync(path),
    random: () => randomBytes(4).readUInt32BE(),
  });
  if (outcome.kind === 'exit') {
    process.stdout.write(outcome.stdout);
    if (outcome.stderr !== '') complain(outcome.stderr);
    return outcome.code;
  }
  const filesProblem = openFilesProblem(outcome.config);
  if (filesProblem !== undefined) {
    complain(filesProblem);
    return exitCodes.wrong;
  }
  // whoever reads it has gone
  process.stdout.on('error', () => process.exit(INTERRUPTED));
  const interrupts = new Interrupts();
  const config = await withAddress(outcome.config);
  if (!config.json && !config.quiet) process.stdout.write(`${headline(config)}\n`);
  const { code, view, problem } = await run(config, displayFor(config, process.stdout), interrupts.first);
  if (view !== undefined) print(view);
  if (problem !== undefined)
    complain(view === undefined ? `cannot connect to ${shownTarget(config)}: ${problem}` : problem);
  interrupts.close();
  return code;
}
