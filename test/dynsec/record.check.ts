// Makes recorded.json: plays the session against Mosquitto twice, and writes what it said when that was the same.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/dynsec/record.config.ts
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mosquittoVersion, startMosquitto } from './mosquitto.js';
import { recordingFile } from './recording.js';
import { playSession, type Results } from './session.js';

const programs = process.env['MOSQUITTO_BIN'];

async function play(folder: string): Promise<Results> {
  const mosquitto = await startMosquitto(folder);
  try {
    return await playSession(mosquitto.port, mosquitto.fileText);
  } finally {
    await mosquitto.stop();
  }
}

test.skipIf(programs === undefined)(
  'a recording can be repeated',
  async () => {
    const results = await play(programs!);
    expect(await play(programs!)).toEqual(results);
    const recording = { mosquitto: mosquittoVersion(programs!), results };
    writeFileSync(recordingFile, `${JSON.stringify(recording, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  120_000,
);
