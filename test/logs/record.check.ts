// Makes recorded.json: plays the log cases against Mosquitto, twice, and writes what it logged only if that was
// the same both times.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/logs/record.config.ts
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cases } from './cases/index.js';
import type { LogResult } from './log-case.js';
import { playCase } from './play-case.js';
import { type LogRecording, recordingFile } from './recording.js';

const programs = process.env['MOSQUITTO_BIN'];
/** Cases at the same time: more would change the order of what happens at the same time. */
const AT_ONCE = 2;

async function playAll(program: string): Promise<Record<string, LogResult>> {
  const results = new Map<string, LogResult>();
  const waiting = [...cases];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.set(next.name, await playCase(next, [program]));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return Object.fromEntries(cases.map(({ name }) => [name, results.get(name)!]));
}

function versionOf(program: string): string {
  return /\d+\.\d+\.\d+/.exec(
    execFileSync(program, ['-h'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString(),
  )![0];
}

test.skipIf(programs === undefined)(
  'the recording is the same both times',
  async () => {
    const program = join(programs!, 'mosquitto');
    const recording: LogRecording = { mosquitto: versionOf(program), cases: await playAll(program) };
    expect(await playAll(program)).toEqual(recording.cases);
    writeFileSync(recordingFile, `${JSON.stringify(recording, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  900_000,
);
