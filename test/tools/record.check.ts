// Makes recorded.json: plays the table with Mosquitto's tools against Mosquitto, three times, and writes what they
// printed only if it was the same each time. CASES=PATTERN plays only the cases whose names match, and keeps the rest.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/tools/record.config.ts
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startMosquitto } from './broker-under-test.js';
import { cases as table } from './cases/index.js';
import { makeCertificates } from './certificates.js';
import { chosen } from './often.js';
import { type Recording, readRecording, recordingFile } from './recording.js';
import { runTable } from './table-run.js';
import { mosquittoTools } from './tools-under-test.js';

const programs = process.env['MOSQUITTO_BIN'];
const cases = chosen(table, process.env);
const times = Number(process.env['TIMES'] ?? 3);

async function record(folder: string): Promise<Recording> {
  const certificates = makeCertificates();
  const broker = await startMosquitto(folder, certificates.folder);
  try {
    const setting = { tools: mosquittoTools(folder), broker, certificates: certificates.folder };
    const results = await runTable(cases, setting);
    const version = /\d+\.\d+\.\d+/.exec(execFileSync(join(folder, 'mosquitto'), ['-h']).toString())![0];
    return {
      mosquitto: version,
      cases: Object.fromEntries(cases.map(({ name }) => [name, results.get(name)!])),
    };
  } finally {
    await broker.stop();
    certificates.remove();
  }
}

/** With the cases that were not played this time, in the order of the table. */
function whole({ mosquitto, cases: played }: Recording): Recording {
  const before = cases.length < table.length ? readRecording().cases : {};
  return {
    mosquitto,
    cases: Object.fromEntries(table.map(({ name }) => [name, (played[name] ?? before[name])!])),
  };
}

test.skipIf(programs === undefined)(
  'the recording is the same each time',
  async () => {
    const first = await record(programs!);
    let steady = true;
    for (let time = 1; time < times; time++) {
      const again = await record(programs!);
      const unsteady = cases.filter(({ name }) => {
        return JSON.stringify(first.cases[name]) !== JSON.stringify(again.cases[name]);
      });
      for (const { name } of unsteady) expect.soft(again.cases[name], name).toEqual(first.cases[name]);
      steady &&= unsteady.length === 0;
    }
    if (!steady) return;
    writeFileSync(recordingFile, `${JSON.stringify(whole(first), null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  1_200_000,
);
