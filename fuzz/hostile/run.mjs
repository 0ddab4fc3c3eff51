#!/usr/bin/env node
// The hostile runs: starts the broker for each (or uses one that runs), attacks it, and prints a line of figures
// each. Exits 1 when one of them ends badly.
import { parseArgs } from 'node:util';
import { attacks, runAttack } from './attacks.mjs';
import { MemoryWatch, startBroker } from './broker-process.mjs';
import { pause } from './client.mjs';
import { Sentinel } from './sentinel.mjs';

const usage = `node fuzz/hostile/run.mjs [name…] [--quick] [--port P --pid PID]

Without names everything runs; a name may be the beginning of several. The broker must have been built.

  --quick      smaller amounts: some minutes instead of half an hour
  --port P     attack the broker on this port of 127.0.0.1 instead of starting one; its options are as they are
  --pid PID    its process, whose memory and processor time are watched
  --latency N  what a well-behaved client may wait for its message, in ms (2000)
  --seed N     the schedule of the loss runs (1)
  --list       what there is

What a line says: resident memory before / at most / after; the longest that a well-behaved client, which sends
itself a QoS 1 message every 50 ms, had to wait; processor time of the broker and of the attacker.`;

const others = [
  { name: 'leak', what: 'what is left in memory of clients that lived and went' },
  { name: 'loss-…', what: 'QoS 1 and 2 in every pattern: nothing lost, nothing twice, all in order' },
  { name: 'stored-loss-…', what: 'the same with a store that is slow, fails at times, and survives crashes' },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    port: { type: 'string' },
    pid: { type: 'string' },
    latency: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const size = values.quick ? 'quick' : 'full';
const wants = (name) => positionals.length === 0 || positionals.some((start) => name.startsWith(start));

if (values.help) console.log(usage);
else if (values.list)
  for (const { name, what } of [...attacks, ...others]) console.log(`${name.padEnd(34)}${what}`);
else await runAll();

async function runAll() {
  let failed = 0;
  for (const attack of attacks) {
    if (!wants(attack.name)) continue;
    if (!(await runOne(attack))) failed++;
  }
  if (wants('leak')) {
    const { runLeak } = await import('./leak.mjs');
    if (!(await runLeak(size))) failed++;
  }
  if (positionals.length === 0 || positionals.some((name) => /^(stored-)?loss/.test(name))) {
    const { runLoss } = await import('./loss.mjs');
    if (!(await runLoss(size, Number(values.seed), positionals))) failed++;
  }
  if (failed > 0) process.exitCode = 1;
}

/** Returns whether all was as it must be. */
async function runOne(attack) {
  const isOurs = values.port === undefined;
  const broker = isOurs
    ? await startBroker(attack.options, { descriptors: attack.descriptors }).catch((error) => {
        console.log(`${attack.name}: FAILED | !! ${error.message}`);
        return null;
      })
    : { host: '127.0.0.1', port: Number(values.port), pid: Number(values.pid ?? 0), said: '', isGone: false };
  if (broker === null) return false;
  const sentinel = new Sentinel(broker);
  try {
    await sentinel.ready();
  } catch (error) {
    console.log(`${attack.name}: FAILED | !! nobody can connect before it begins: ${error.message}`);
    if (isOurs) await broker.stop();
    return false;
  }
  const memory = new MemoryWatch(broker.pid);
  const own = process.cpuUsage();
  const start = performance.now();
  let report;
  try {
    report = await runAttack(attack, broker, size);
  } catch (error) {
    report = { sent: '?', answered: '?', problems: [`the attack broke off: ${error.message}`] };
  }
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(own);
  await pause(1500);
  const latency = await sentinel.stop().catch((error) => ({ rounds: 0, worst: 0, problem: error.message }));
  const { before, peak, after, processor } = memory.stop();
  const { problems } = report;
  if (broker.isGone) problems.push('the broker is gone');
  if (broker.said !== '') problems.push(`the broker said: ${broker.said.trim().slice(0, 300)}`);
  if (latency.problem !== null) problems.push(`well-behaved client: ${latency.problem}`);
  if (latency.worst > Number(values.latency))
    problems.push(`a well-behaved client waited ${latency.worst.toFixed(0)} ms`);
  if (peak - before > attack.memory)
    problems.push(`memory grew by ${(peak - before).toFixed(0)} MB, ${attack.memory} were allowed`);
  const processorOwn = (used.user + used.system) / 1e6;
  console.log(
    [
      `${attack.name}: ${problems.length === 0 ? 'ok' : 'FAILED'}`,
      `sent ${report.sent}`,
      `answered ${report.answered}`,
      `RSS ${before.toFixed(0)} / ${peak.toFixed(0)} / ${after.toFixed(0)} MB`,
      `worst ${latency.worst.toFixed(0)} ms of ${latency.rounds}`,
      `CPU ${processor.toFixed(1)} s (attacker ${processorOwn.toFixed(1)} s) in ${seconds.toFixed(1)} s`,
      ...problems.map((problem) => `!! ${problem}`),
    ].join(' | '),
  );
  if (isOurs) await broker.stop();
  return problems.length === 0;
}
