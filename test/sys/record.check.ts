// Makes recorded.json: plays the session against Mosquitto until what its $SYS tree says is the same twice in a row,
// and writes that. A machine that is busy with other things takes several attempts.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/sys/record.config.ts
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'vitest';
import { type Recording, recordingFile } from './recording.js';
import { playSession } from './session.js';
import { startMosquitto } from './world.js';

const programs = process.env['MOSQUITTO_BIN'];
const ATTEMPTS = 8;

async function record(folder: string): Promise<Recording> {
  const played = await playSession(() => startMosquitto(folder));
  const mosquitto = /[\d.]+$/.exec(played.tree['$SYS/broker/version']!)![0];
  return { mosquitto, ...played };
}

async function steadyRecording(folder: string): Promise<Recording> {
  let last: Recording | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const next = await record(folder).catch((error: Error) => {
      process.stderr.write(`${error.message}\n`);
    });
    if (!next) continue;
    if (isDeepStrictEqual(next, last)) return next;
    last = next;
  }
  throw new Error('no two recordings were the same');
}

test.skipIf(programs === undefined)(
  'a recording can be repeated',
  async () => {
    const recording = await steadyRecording(programs!);
    writeFileSync(recordingFile, `${JSON.stringify(recording, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  600_000,
);
