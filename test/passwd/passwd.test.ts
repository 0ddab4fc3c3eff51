// `pondhawk passwd` against what was recorded from mosquitto_passwd: the same texts, exit codes and files, but for
// what is listed in differences.ts. Needs the built program (`npm run build`; `npm test` does that).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePasswordFile } from '../../src/auth/password-file.js';
import { PasswordVerifier } from '../../src/auth/password-hash.js';
import { everyThird } from '../every-third.js';
import { cases } from './cases.js';
import { type Difference, differences } from './differences.js';
import { readRecording } from './recording.js';
import { type CaseResult, describeStart, runCase } from './runner.js';

const recording = readRecording();
const verifier = new PasswordVerifier();
let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'passwd-link-'));
  program = join(folder, 'mosquitto_passwd');
  symlinkSync(fileURLToPath(new URL('../../bin/pondhawk', import.meta.url)), program);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectDifference(result: CaseResult, { ours }: Difference): void {
  for (const { exit, stdout, stderr } of result.commands) {
    expect(exit).toBe(ours.exit);
    if (ours.stdout !== undefined) expect(stdout).toMatch(ours.stdout);
    if (ours.stderr !== undefined) expect(stderr).toMatch(ours.stderr);
  }
}

describe('mosquitto_passwd, a link to pondhawk', () => {
  it.each(everyThird(cases, 'PASSWD').map((one) => [one.name, one] as const))('%s', (name, passwdCase) => {
    const difference = differences.find((one) => one.cases.includes(name));
    const result = runCase(passwdCase, program);
    if (difference === undefined) return expect(result).toEqual(recording.cases[name]);
    expect(result, difference.reason).not.toEqual(recording.cases[name]);
    expectDifference(result, difference);
    if (difference.leavesFiles) expect(result.files).toEqual(describeStart(passwdCase));
  });

  it('has cases for all differences that are listed, and for all that was recorded', () => {
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(recording.cases).sort()).toEqual([...names].sort());
    expect(differences.flatMap((one) => one.cases).filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('a file that mosquitto_passwd wrote', () => {
  it.each(recording.written)(
    'with $args is read, and lets in who knows the password',
    async ({ content }) => {
      const users = parsePasswordFile(Buffer.from(content), 'pw');
      expect([...users.keys()]).toEqual(['ann']);
      expect(await verifier.verify(users.get('ann')!, Buffer.from('sécret'))).toBe(true);
      expect(await verifier.verify(users.get('ann')!, Buffer.from('secret'))).toBe(false);
    },
  );
});

/** A program at a terminal, which `script` makes. */
class Typist {
  readonly #child;
  readonly exited: Promise<unknown[]>;
  shown = '';

  constructor(line: string, cwd: string) {
    const needed = ['--quiet', '--flush', '--return', '--command', line, '/dev/null'];
    this.#child = spawn('script', needed, { cwd });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString();
    });
    this.exited = once(this.#child, 'close');
  }

  async type(keys: string, after: string): Promise<void> {
    while (!this.shown.endsWith(after)) await once(this.#child.stdout, 'data');
    this.#child.stdin.write(keys);
  }
}

describe('at a terminal', () => {
  async function atTerminal(name: string, keys: readonly [string, string][], args: string) {
    const typist = new Typist(`${program} ${args} ann`, folder);
    for (const [after, typed] of keys) await typist.type(typed, after);
    const [code] = await typist.exited;
    const path = join(folder, name);
    return {
      code,
      shown: typist.shown,
      content: existsSync(path) ? readFileSync(path, 'latin1') : undefined,
    };
  }

  async function isPassword(content: string, password: string): Promise<boolean> {
    const hash = parsePasswordFile(Buffer.from(content, 'latin1'), 'pw').get('ann')!;
    return verifier.verify(hash, Buffer.from(password));
  }

  it('a password is not shown, and keys that correct it do', async () => {
    const keys: [string, string][] = [
      ['Password: ', 'wrong\x15seß\x7fcrex\x08t\r'],
      ['Reenter password: ', 'secret\r'],
    ];
    const { code, shown, content } = await atTerminal('typed', keys, '-c typed');
    expect(shown).toBe('Password: \r\nReenter password: \r\nAdding password for user ann\r\n');
    expect(code).toBe(0);
    expect(await isPassword(content!, 'secret')).toBe(true);
  });

  it('both lines may be typed at once', async () => {
    const { content } = await atTerminal('pasted', [['Password: ', 'secret\nsecret\n']], '-c pasted');
    expect(await isPassword(content!, 'secret')).toBe(true);
  });

  it('^C ends it, without a word, a change or a backup', async () => {
    writeFileSync(join(folder, 'kept'), 'ann:x\n', { mode: 0o600 });
    const { code, shown, content } = await atTerminal('kept', [['Password: ', 'sec\x03']], 'kept');
    expect([code, shown, content]).toEqual([0, 'Password: ', 'ann:x\n']);
    expect(readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept']);
  });

  it('^D is the end of the line', async () => {
    const { code, shown } = await atTerminal('ended', [['Password: ', '\x04']], '-c ended');
    expect([code, shown]).toEqual([1, 'Password: Error: Empty password.\r\n']);
  });
});
