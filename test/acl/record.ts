// Makes recorded.json: plays all cases with Mosquitto, twice, and writes what it decided only if it was the same each
// time.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/acl/record.config.ts
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { AclRecording, AclWorld, RecordedFile, RecordedWorld } from './acl-case.js';
import { fileCases } from './file-cases.js';
import { mosquittoVersion, startMosquitto, tryFile } from './mosquitto.js';
import { aclFileOf, playWorld } from './play-world.js';
import { recordingFile } from './recording.js';
import { worlds } from './worlds.js';

const programs = process.env['MOSQUITTO_BIN'];
const times = Number(process.env['TIMES'] ?? 2);

async function recordWorld(folder: string, world: AclWorld): Promise<RecordedWorld> {
  const broker = await startMosquitto(folder, aclFileOf(world));
  try {
    const decisions = await playWorld(broker.port, world);
    const probes = world.probes.map((probe, at) => ({ ...probe, decision: decisions[at]! }));
    return { name: world.name, acl: world.acl, probes };
  } finally {
    await broker.stop();
  }
}

async function record(folder: string): Promise<AclRecording> {
  const recordedWorlds: RecordedWorld[] = [];
  for (const world of worlds) recordedWorlds.push(await recordWorld(folder, world));
  const files: RecordedFile[] = [];
  for (const one of fileCases) files.push({ name: one.name, ...(await tryFile(folder, one.bytes)) });
  return { mosquitto: mosquittoVersion(folder), worlds: recordedWorlds, files };
}

test.skipIf(programs === undefined)(
  'the recording is the same each time',
  async () => {
    const first = await record(programs!);
    for (let time = 1; time < times; time++) expect(await record(programs!)).toEqual(first);
    writeFileSync(recordingFile, `${JSON.stringify(first)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  600_000,
);
