// Makes recorded.json: plays the session against Mosquitto twice, and writes what its $SYS tree said only if that
// was the same each time.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/sys/record.config.ts
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Recording, recordingFile } from './recording.js';
import { playSession } from './session.js';
import { startMosquitto } from './world.js';

const programs = process.env['MOSQUITTO_BIN'];

async function record(folder: string): Promise<Recording> {
  const played = await playSession(() => startMosquitto(folder));
  const mosquitto = /[\d.]+$/.exec(played.tree['$SYS/broker/version']!)![0];
  return { mosquitto, ...played };
}

test.skipIf(programs === undefined)(
  'the recording is the same each time',
  async () => {
    const first = await record(programs!);
    expect(await record(programs!)).toEqual(first);
    writeFileSync(recordingFile, `${JSON.stringify(first, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  300_000,
);
