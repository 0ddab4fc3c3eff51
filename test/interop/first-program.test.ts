// The page docs/first-program.md: each section's program is saved under the name that stands at its block, the
// commands of the section are run as they stand there, and what they print is compared. Two things are replaced: the
// address of the broker, and `python3` by the one that Debian's packages are for.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Broker } from '../../src/index.js';
import { describeWith, needs, python } from './needs.js';
import { killPrograms, Program, run } from './program.js';

const checkout = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(checkout, 'docs/first-program.md'), 'utf8');

interface Block {
  readonly language: string;
  /** What stands after the language: the name of the file. */
  readonly file: string;
  readonly text: string;
}

/** The blocks of code of a section, in their order. */
function blocksOf(title: string): Block[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  expect(section, `a section "${title}"`).toBeDefined();
  const blocks = section!.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, language, file, text]) => ({ language: language!, file: file!, text: text! }));
}

let broker: Broker;
let port: number;
let folder: string;

function atTheTest(text: string): string {
  return text
    .replaceAll('localhost', '127.0.0.1')
    .replaceAll('1883', String(port))
    .replace(/^python3 /gm, `${python} `);
}

/** Commands of the page, in a shell whose folder has the program, and whose path has `pondhawk`. */
function shell(commands: string): [string, string[], { env: NodeJS.ProcessEnv; limit: number }] {
  const path = [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter);
  const script = `set -e; cd '${folder}'\n${atTheTest(commands)}`;
  return ['bash', ['-c', script], { env: { PATH: path }, limit: 60_000 }];
}

beforeEach(async () => {
  broker = new Broker();
  ({ port } = await broker.listen({ port: 0, host: '127.0.0.1' }));
});
afterEach(async () => {
  await killPrograms();
  await broker.close();
});
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pondhawk-first-'));
  // as `npm install` does with the path of a checkout
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(checkout, join(folder, 'node_modules/pondhawk'));
  symlinkSync(join(checkout, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(checkout, 'bin/pondhawk'), join(folder, 'bin/pondhawk'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Saves the section's program, runs its first commands, and compares. */
async function runSection(title: string): Promise<void> {
  const [program, commands, prints] = blocksOf(title);
  expect([commands?.language, prints?.language]).toEqual(['sh', 'text']);
  writeFileSync(join(folder, program!.file), atTheTest(program!.text));
  const { stdout, stderr } = await run(...shell(commands!.text));
  expect({ stdout, stderr }).toEqual({ stdout: prints!.text, stderr: '' });
  expect(broker.metrics.publishReceived).toBe(1);
}

/** Runs the section's first command until it has subscribed, then the second. */
async function runTwoTerminals(title: string): Promise<void> {
  const [subscribe, publish, prints] = blocksOf(title);
  const subscribed = new Promise((resolve) => broker.once('subscribed', resolve));
  const subscriber = new Program(...shell(subscribe!.text));
  await Promise.race([subscribed, subscriber.exited]);
  expect((await run(...shell(publish!.text))).stdout).toBe('');
  const { code, stdout, stderr } = await subscriber.exited;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: prints!.text, stderr: '' });
}

describe('the first program', () => {
  it('in JavaScript', () => runSection('JavaScript and TypeScript'));

  it('in TypeScript', async () => {
    const [program, runs, prints, compiles] = blocksOf('JavaScript and TypeScript');
    writeFileSync(join(folder, 'first.mts'), atTheTest(program!.text));
    rmSync(join(folder, 'first.mjs'), { force: true });
    const tsc = compiles!.text.replace('npx tsc', `node ${checkout}/node_modules/typescript/bin/tsc`);
    expect((await run(...shell(tsc))).stdout).toBe('');
    expect((await run(...shell(runs!.text))).stdout).toBe(prints!.text);
  }, 60_000);

  it('on the command line', () => runTwoTerminals('The command line'));

  it('has no section that is not run', () => {
    const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    const tested = [
      'JavaScript and TypeScript',
      'Python',
      'C',
      'The command line',
      "Mosquitto's command line",
    ];
    expect(titles).toEqual(tested);
  });
});

describeWith([needs.pahoPython], 'the first program in Python', () => {
  it('with Paho', () => runSection('Python'));
});

describeWith([needs.pahoC], 'the first program in C', () => {
  it('with Paho', () => runSection('C'));
});

describeWith(
  [needs.mosquittoSub, needs.mosquittoPub],
  "the first program on Mosquitto's command line",
  () => {
    it('in two terminals', () => runTwoTerminals("Mosquitto's command line"));
  },
);
