// The leak run: what is left in memory of a hundred thousand short lives, compared with what was left of the
// first twenty thousand.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const AMOUNTS = { quick: [4000, 12_000], full: [20_000, 120_000] };
/** A session, subscription or message takes more than a hundred; the rest is what a heap varies by. */
const BYTES_A_LIFE = 5;
const VARIATION = 500_000;

/** Prints its line; returns whether nothing leaks. */
export async function runLeak(size) {
  const [first, second] = AMOUNTS[size];
  const child = spawn(
    process.execPath,
    ['--expose-gc', fileURLToPath(new URL('leak-child.mjs', import.meta.url)), String(first), String(second)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const start = performance.now();
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  if (output === '') {
    console.log('leak: FAILED | the process ended without a result');
    return false;
  }
  const { before, after, connections } = JSON.parse(output);
  const problems = [];
  const growth = after.heapUsed - before.heapUsed;
  const buffers = after.arrayBuffers - before.arrayBuffers;
  const perLife = growth / (second - first);
  if (growth > VARIATION + BYTES_A_LIFE * (second - first))
    problems.push(`the heap grew by ${perLife.toFixed(1)} bytes a life`);
  if (buffers > 2_000_000) problems.push(`buffers grew by ${buffers} bytes`);
  for (const [name, value] of Object.entries(after)) {
    if (name in { heapUsed: 0, external: 0, arrayBuffers: 0 } || value === 0) continue;
    problems.push(`${name}: ${value} are left`);
  }
  console.log(
    [
      `leak: ${problems.length === 0 ? 'ok' : 'FAILED'}`,
      `${second} lives, ${connections} connections`,
      `heap after ${first}: ${(before.heapUsed / 1e6).toFixed(2)} MB, after ${second}: ${(after.heapUsed / 1e6).toFixed(2)} MB (${perLife.toFixed(1)} bytes a life)`,
      `buffers ${(before.arrayBuffers / 1e6).toFixed(2)} → ${(after.arrayBuffers / 1e6).toFixed(2)} MB`,
      `left: ${Object.entries(after)
        .slice(3)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
      `${((performance.now() - start) / 1000).toFixed(0)} s`,
      ...problems.map((problem) => `!! ${problem}`),
    ].join(' | '),
  );
  return problems.length === 0;
}
