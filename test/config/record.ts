// Makes recorded.json: plays the corpus with Mosquitto, twice, and writes what it did only if it was the same each time.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/config/record.config.ts
// MOSQUITTO_PLUGINS is the folder of its plugins, if it is not beside that of its programs.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { CaseResult, Setting } from './case-run.js';
import { cases } from './cases.js';
import { type Recording, recordingFile } from './recording.js';
import { runTable } from './table-run.js';
import { makeTlsFiles } from './tls-files.js';

const programs = process.env['MOSQUITTO_BIN'];
const times = Number(process.env['TIMES'] ?? 2);
const pluginsBeside = '../root/usr/lib/x86_64-linux-gnu/mosquitto';

/** Whom Mosquitto becomes when root starts it. */
function mosquittoUser(): Setting['owner'] {
  if (process.getuid!() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'mosquitto']));
  return { uid: id('-u'), gid: id('-g') };
}

/** A copy, because the user that Mosquitto becomes might not be allowed to read the original. */
function copyPlugins(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'plugins-'));
  cpSync(process.env['MOSQUITTO_PLUGINS'] ?? join(folder, pluginsBeside), copy, { recursive: true });
  chmodSync(copy, 0o755);
  return copy;
}

function version(folder: string): string {
  return /\d+\.\d+\.\d+/.exec(execFileSync(join(folder, 'mosquitto'), ['-h']).toString())![0];
}

async function record(folder: string): Promise<Recording> {
  const certificates = makeTlsFiles();
  const plugins = copyPlugins(folder);
  const program = [join(folder, 'mosquitto')];
  const setting = { program, certificates: certificates.folder, plugins, owner: mosquittoUser() };
  try {
    const results = await runTable(cases, setting);
    const recorded = cases.map(({ name }): [string, CaseResult] => [name, results.get(name)!]);
    return { mosquitto: version(folder), cases: Object.fromEntries(recorded) };
  } finally {
    certificates.remove();
    rmSync(plugins, { recursive: true });
  }
}

test.skipIf(programs === undefined)(
  'the recording is the same each time',
  async () => {
    const first = await record(programs!);
    let steady = true;
    for (let time = 1; time < times; time++) {
      const again = await record(programs!);
      for (const { name } of cases) {
        if (JSON.stringify(first.cases[name]) === JSON.stringify(again.cases[name])) continue;
        expect.soft(again.cases[name], name).toEqual(first.cases[name]);
        steady = false;
      }
    }
    if (!steady) return;
    writeFileSync(recordingFile, `${JSON.stringify(first, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  1_800_000,
);
