// Makes recorded.json: plays the command lines with Mosquitto's mosquitto_signal. As `-a` signals every broker of the
// machine, this runs in a process namespace of its own, which takes root:
//   MOSQUITTO_BIN=/folder/with/its/programs unshare --pid --fork --mount-proc \
//     npx vitest run --config test/process/record.config.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Scene } from './scene.js';
import { type SignalCase, type SignalResult, shownUsage, signalCases, target } from './signal-cases.js';

const programs = process.env['MOSQUITTO_BIN'];
const recordedFile = fileURLToPath(new URL('recorded.json', import.meta.url));

async function record({ args, scene: size }: SignalCase, folder: string): Promise<SignalResult> {
  const scene = size === undefined ? undefined : await Scene.start(size === 'one' ? [target] : undefined);
  const line = args.map((arg) => arg.replace('{pid}', String(scene?.pid(target))));
  const { status, stdout, stderr } = spawnSync(join(folder, 'mosquitto_signal'), line, { encoding: 'utf8' });
  const shown = shownUsage(stdout, /^mosquitto_signal is a tool /);
  return { args, exit: status ?? -1, stdout: shown, stderr, caught: (await scene?.end()) ?? {} };
}

async function recordAll(folder: string): Promise<SignalResult[]> {
  const results: SignalResult[] = [];
  for (const one of signalCases) results.push(await record(one, folder));
  return results;
}

test.skipIf(programs === undefined)(
  'mosquitto_signal is recorded where it can do no harm',
  async () => {
    expect(readFileSync('/proc/1/cmdline', 'utf8'), 'the first process of this namespace').toContain(
      'vitest',
    );
    const cases = await recordAll(programs!);
    expect(await recordAll(programs!), 'the same each time').toEqual(cases);
    const version = /\d+\.\d+\.\d+/.exec(
      spawnSync(join(programs!, 'mosquitto'), ['-h']).stdout.toString(),
    )![0];
    writeFileSync(recordedFile, JSON.stringify({ mosquitto: version, cases }));
    execFileSync('npx', ['biome', 'format', '--write', recordedFile]);
  },
  300_000,
);
