// Makes recorded.json: plays the table with mosquitto_passwd, twice, and writes what it did only if it was the same
// each time.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/passwd/record.config.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cases } from './cases.js';
import { type Recording, recordingFile, type WrittenFile } from './recording.js';
import { runCase } from './runner.js';

const programs = process.env['MOSQUITTO_BIN'];

const writing = [[], ['-I', '1'], ['-I', '250000'], ['-H', 'sha512-pbkdf2'], ['-H', 'sha512']];

function results(program: string): Recording['cases'] {
  return Object.fromEntries(cases.map((one) => [one.name, runCase(one, program)]));
}

function written(program: string): WrittenFile[] {
  return writing.map((args) => {
    const content = execFileSync(program, [...args, '-c', '-b', '-', 'ann', 'sécret']).toString();
    return { args, content };
  });
}

test.skipIf(programs === undefined)(
  'the recording is the same each time',
  () => {
    const program = join(programs!, 'mosquitto_passwd');
    const first = results(program);
    expect(results(program)).toEqual(first);
    const { stdout } = spawnSync(join(programs!, 'mosquitto'), ['-h']);
    const mosquitto = /\d+\.\d+\.\d+/.exec(stdout.toString())![0];
    const recording: Recording = { mosquitto, cases: first, written: written(program) };
    writeFileSync(recordingFile, `${JSON.stringify(recording, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  600_000,
);
