// `pondhawk ctrl` against what was recorded from mosquitto_ctrl: the same texts, exit codes, files and requests, but for
// what is listed in differences.ts; the broker is played from the recording. Needs the built program (`npm run build`;
// `npm test` does that).
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyThird } from '../every-third.js';
import { differences, OUR_USAGE, USAGE } from './differences.js';
import { Player } from './exchange.js';
import { readRecording } from './recording.js';
import { Folder, runStep, type StepResult } from './runner.js';
import { type Step, steps, stepsOnFiles } from './steps.js';

const recording = readRecording();
const player = new Player();
const folder = new Folder();
let port: number;
let links: string;
let program: string;

beforeAll(async () => {
  links = mkdtempSync(join(tmpdir(), 'ctrl-link-'));
  program = join(links, 'mosquitto_ctrl');
  symlinkSync(fileURLToPath(new URL('../../bin/pondhawk', import.meta.url)), program);
  port = await player.listen();
});

afterAll(() => {
  player.close();
  folder.remove();
  rmSync(links, { recursive: true, force: true });
});

/** The topic and what was asked, however it was written. */
function parsedRequest(request: string | undefined): unknown {
  if (request === undefined) return undefined;
  const at = request.indexOf(' ');
  return [request.slice(0, at), JSON.parse(request.slice(at))];
}

function expectOurs(step: Step, result: StepResult, recorded: StepResult): void {
  const difference = differences.find((one) => one.steps.includes(step.name));
  if (difference !== undefined) {
    const { exit, stdout = /^/, stderr = /^/ } = difference.ours;
    expect(result, difference.reason).not.toEqual(recorded);
    expect(result.exit).toBe(exit);
    expect(result.stdout).toMatch(stdout);
    expect(result.stderr).toMatch(stderr);
  } else if (USAGE.test(recorded.stdout)) {
    expect({ ...result, stdout: '' }).toEqual({ ...recorded, stdout: '' });
    expect(result.stdout).toMatch(OUR_USAGE);
  } else expect(result).toEqual(recorded);
}

const others = steps.filter((step) => !stepsOnFiles.includes(step));
const played = [...stepsOnFiles, ...everyThird(others, 'CTRL')];

describe('mosquitto_ctrl, a link to pondhawk', () => {
  it.each(played.map((step) => [step.name, step] as const))('%s', async (name, step) => {
    const { result: recorded, exchange } = recording.steps[name]!;
    player.exchange = exchange;
    player.request = undefined;
    expectOurs(step, await runStep(step, program, folder, port), recorded);
    expect(parsedRequest(player.request)).toEqual(parsedRequest(exchange.request));
  });

  it('has steps for all differences that are listed, and for all that was recorded', () => {
    const names = steps.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(recording.steps).sort()).toEqual([...names].sort());
    expect(differences.flatMap((one) => one.steps).filter((name) => !names.includes(name))).toEqual([]);
  });
});
