// The loss runs: each pattern with an oracle that checks what QoS 1 and 2 promise. Seeded; the network and the
// operating system do the rest of the chance.
import { startBroker } from './broker-process.mjs';
import { pause } from './client.mjs';
import { LateStore } from './late-store.mjs';
import { Oracle } from './oracle.mjs';
import { patterns } from './patterns.mjs';
import { Random } from './random.mjs';

/** Queues that hold whatever comes. */
export const LOSSLESS = { maxQueuedMessages: 0 };

const AMOUNTS = { quick: { seeds: 1, messages: 2000 }, full: { seeds: 5, messages: 5000 } };
/** How long nothing may move before what is missing counts as lost. */
const STILL_MS = 4000;

/** A broker in this process whose store takes its time and sometimes fails; `crash` brings up another on it. */
export async function startStoredBroker({ Broker, MemoryStore }) {
  let store = new LateStore(new MemoryStore());
  let broker;
  const begin = (port) => {
    broker = new Broker({ ...LOSSLESS, closeTimeout: 0, store, log: () => {} });
    return broker.listen({ port, host: '127.0.0.1' });
  };
  const address = await begin(0);
  return {
    ...address,
    said: '',
    stop: () => broker.close(),
    crash: async () => {
      store = await store.crash();
      await broker.close();
      await begin(address.port);
    },
  };
}

/** Plays a pattern; returns what was wrong and how many messages it took. */
export async function playPattern(pattern, target, { seed, messages, stillMs = STILL_MS }) {
  const oracle = new Oracle();
  const run = { target, oracle, random: new Random(seed), pattern: pattern.name };
  const clients = await pattern.play(run, messages);
  let last = -1;
  let since = performance.now();
  while (!oracle.isComplete) {
    if (oracle.progress !== last) {
      last = oracle.progress;
      since = performance.now();
    } else if (performance.now() - since > stillMs) break;
    await pause(20);
  }
  // duplicates come late
  await pause(100);
  for (const client of clients) client.end();
  return { problems: oracle.close(), messages: oracle.messages, deliveries: oracle.progress };
}

/** Prints a line a pattern, with and without a store; returns whether all promises were kept. */
export async function runLoss(size, firstSeed, names) {
  const plain = await runAll(size, firstSeed, names, 'loss-', () => startBroker(LOSSLESS));
  const program = await import('../../dist/index.js');
  const stored = await runAll(size, firstSeed, names, 'stored-loss-', () => startStoredBroker(program));
  return plain && stored;
}

async function runAll(size, firstSeed, names, prefix, start) {
  const { seeds, messages } = AMOUNTS[size];
  let isFine = true;
  for (const pattern of patterns) {
    const name = prefix + pattern.name;
    if (pattern.needsStore === true && prefix === 'loss-') continue;
    if (names.length > 0 && !names.some((beginning) => name.startsWith(beginning))) continue;
    const broker = await start();
    const totals = { messages: 0, deliveries: 0 };
    const problems = [];
    const began = performance.now();
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const result = await playPattern(pattern, broker, { seed, messages }).catch((error) => ({
        problems: [`broke off: ${error.message}`],
        messages: 0,
        deliveries: 0,
      }));
      totals.messages += result.messages;
      totals.deliveries += result.deliveries;
      problems.push(...result.problems.map((problem) => `seed ${seed}: ${problem}`));
    }
    if (broker.said !== '') problems.push(`the broker said: ${broker.said.slice(0, 300)}`);
    await broker.stop();
    if (problems.length > 0) isFine = false;
    console.log(
      [
        `${name}: ${problems.length === 0 ? 'ok' : 'FAILED'}`,
        `${seeds} seeds, ${totals.messages} messages, delivered to ${totals.deliveries} receivers in all`,
        `${((performance.now() - began) / 1000).toFixed(1)} s`,
        ...problems.map((problem) => `!! ${problem}`),
      ].join(' | '),
    );
  }
  return isFine;
}
