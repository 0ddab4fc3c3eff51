// A program is killed again and again while it publishes, and started anew with the same session: what the broker
// had acknowledged is there, and nothing of QoS 2 is there twice.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broker } from '../../src/index.js';

const ROUNDS = Number(process.env['RESTARTS'] ?? 6);
const program = fileURLToPath(new URL('restarted-publisher.mjs', import.meta.url));

let broker: Broker;
let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  broker = new Broker({ maxQueuedMessages: 0 });
  folder = mkdtempSync(join(tmpdir(), 'restart-'));
});

afterEach(async () => {
  child?.kill('SIGKILL');
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the program said. */
class Output {
  readonly published = new Set<number>();
  readonly acknowledged = new Set<number>();
  #rest = '';

  read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const [what, number] = line.split(' ');
      (what === 'published' ? this.published : this.acknowledged).add(Number(number));
    }
  }
}

async function round(url: string, qos: number, output: Output, end: 'kill' | 'stop'): Promise<void> {
  const from = Math.max(0, ...output.published) + 1;
  const started = spawn(process.execPath, [program, url, folder, String(qos), String(from)]);
  child = started;
  let errors = '';
  started.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  started.stdout.setEncoding('utf8').on('data', (chunk: string) => output.read(chunk));
  const exited = once(started, 'exit');
  for (let waited = 0; !output.acknowledged.has(from + 20); waited += 10) {
    if (waited > 10_000 || started.exitCode !== null)
      throw new Error(`the program does not publish: ${errors}`);
    await pause(10);
  }
  await pause(Math.random() * 60);
  if (end === 'kill') started.kill('SIGKILL');
  else started.stdin.end();
  await exited;
  expect(errors).toBe('');
}

describe('a program with a session store that is killed again and again', () => {
  it.each([1, 2])(
    'loses nothing that was acknowledged at QoS %s',
    async (qos) => {
      const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
      const came: number[] = [];
      broker.subscribe('restart/#', ({ payload }) => came.push(Number(payload.toString())));
      const output = new Output();
      for (let i = 0; i < ROUNDS; i++) await round(`mqtt://127.0.0.1:${port}`, qos, output, 'kill');
      await round(`mqtt://127.0.0.1:${port}`, qos, output, 'stop');

      const unique = new Set(came);
      expect([...output.acknowledged].filter((number) => !unique.has(number))).toEqual([]);
      expect([...unique].filter((number) => !output.published.has(number))).toEqual([]);
      if (qos === 2) expect(came.length).toBe(unique.size);
      // first copies are in order
      expect([...unique]).toEqual([...unique].sort((a, b) => a - b));
    },
    60_000,
  );
});
