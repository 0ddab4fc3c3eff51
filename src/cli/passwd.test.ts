// `pondhawk passwd` in this process: what the comparison with mosquitto_passwd in test/passwd cannot show, as it
// is about limits, about what happens to the file itself, and about its own name.
import {
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parsePasswordFile } from '../auth/password-file.js';
import { PasswordVerifier } from '../auth/password-hash.js';
import { runPasswd } from './passwd.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passwd-unit-'));
  file = join(folder, 'pw');
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += Buffer.from(text as string).toString();
      return true;
    });
  }
  const code = await runPasswd(args, 'pondhawk passwd');
  vi.restoreAllMocks();
  return { code, ...written };
}

async function isPassword(username: string, password: string): Promise<boolean> {
  const hash = parsePasswordFile(readFileSync(file), file).get(username)!;
  return new PasswordVerifier().verify(hash, Buffer.from(password));
}

describe('pondhawk passwd', () => {
  it('says how it is used under its own name', async () => {
    const { code, stdout, stderr } = await run('--help');
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain('Usage: pondhawk passwd [-H TYPE] [-I COUNT] [-c | -D] passwordfile username\n');
    for (const flag of ['-b ', '-c ', '-D ', '-H TYPE', '-I COUNT', '-U '])
      expect(stdout).toContain(`\n  ${flag}`);
  });

  it('takes names and passwords of 65,535 bytes', async () => {
    const [name, password] = ['n'.repeat(65_535), 'ß'.repeat(32_767)];
    expect((await run('-c', '-b', file, name, password)).code).toBe(0);
    expect(await isPassword(name, password)).toBe(true);
    expect((await run('-b', file, name, `${password}ß`)).stderr).toBe(
      'Error: Password must be less than 65536 characters long.\n',
    );
  });

  it('refuses what was not UTF-8 on the command line, since the hash would be of something else', async () => {
    expect(await run('-c', '-b', file, 'ann', 'p\ufffd')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: Username and password must be UTF-8.\n',
    });
  });

  it('says which iterations are too many, and makes no file', async () => {
    const { code, stderr } = await run('-I', '5000001', '-c', '-b', file, 'ann', 'secret');
    expect([code, readdirSync(folder)]).toEqual([10, []]);
    expect(stderr).toMatch(
      /^Error: Unable to hash password\.\nError: 5000001 iterations are too many: .*\n$/,
    );
  });

  it('changes the file itself, so that its other names have the new users too', async () => {
    await run('-c', '-b', file, 'ann', 'secret');
    linkSync(file, join(folder, 'other'));
    const { ino } = statSync(file);
    await run('-b', file, 'bob', 'hidden');
    expect(statSync(file).ino).toBe(ino);
    expect(readFileSync(join(folder, 'other'))).toEqual(readFileSync(file));
    expect(readdirSync(folder).sort()).toEqual(['other', 'pw']);
  });

  it('cuts off what a shorter file had at its end', async () => {
    await run('-c', '-b', file, 'ann', 'secret');
    await run('-b', file, 'bob', 'hidden');
    await run('-D', file, 'ann');
    expect(readFileSync(file, 'latin1')).toMatch(/^bob:\$7\$[^\n]*\n$/);
    expect(await isPassword('bob', 'hidden')).toBe(true);
  });

  it('leaves a file alone when hashing fails', async () => {
    await run('-c', '-b', file, 'ann', 'secret');
    const before = readFileSync(file);
    expect((await run('-I', '5000001', '-b', file, 'bob', 'hidden')).code).toBe(10);
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder)).toEqual(['pw']);
  });

  it('keeps names that are not UTF-8', async () => {
    writeFileSync(file, Buffer.from('\xff:x\nann:y\n', 'latin1'), { mode: 0o600 });
    expect((await run('-b', file, 'ann', 'secret')).code).toBe(0);
    expect(readFileSync(file, 'latin1').startsWith('\xff:x\nann:$7$')).toBe(true);
  });

  it('does not read files without end', async () => {
    writeFileSync(file, '', { mode: 0o600 });
    truncateSync(file, 128 * 1024 * 1024 + 1);
    expect((await run('-D', file, 'ann')).stderr).toBe(
      `Error: Unable to open password file ${file}. File too large.\n`,
    );
  });
});
