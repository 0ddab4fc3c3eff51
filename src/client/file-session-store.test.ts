import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSessionStore } from './file-session-store.js';
import type { SessionOperation } from './session-store.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const put = (key: string, text: string): SessionOperation => ({ type: 'put', key, value: Buffer.from(text) });
const del = (key: string): SessionOperation => ({ type: 'delete', key });

function sessionFile(): string {
  const [name] = readdirSync(folder).filter((one) => one.endsWith('.session'));
  return join(folder, name!);
}

async function contents(clientId = 'a'): Promise<Record<string, string>> {
  const store = new FileSessionStore(folder);
  const entries = await store.open(clientId);
  await store.close();
  return Object.fromEntries([...entries].map(([key, value]) => [key, Buffer.from(value).toString()]));
}

async function written(...batches: SessionOperation[][]): Promise<void> {
  const store = new FileSessionStore(folder);
  await store.open('a');
  for (const batch of batches) await store.commit(batch);
  await store.close();
}

describe('a session store in a folder', () => {
  it('has what was put and not deleted, after it was opened again', async () => {
    expect(await contents()).toEqual({});
    await written([put('m/1', 'one'), put('m/2', 'two')], [del('m/1'), put('m/2', 'zwei'), put('m/3', '')]);
    expect(await contents()).toEqual({ 'm/2': 'zwei', 'm/3': '' });
  });

  it('keeps the sessions of several clients apart, whatever their names', async () => {
    await written([put('k', 'a')]);
    expect(await contents('../../etc/passwd')).toEqual({});
    expect(await contents('ü'.repeat(1000))).toEqual({});
    expect(await contents('')).toEqual({});
    expect(await contents()).toEqual({ k: 'a' });
    expect(readdirSync(folder).filter((name) => name.endsWith('.session'))).toHaveLength(4);
  });

  it('is safe only when the promise has resolved, in one write for all that came meanwhile', async () => {
    const store = new FileSessionStore(folder);
    await store.open('a');
    const first = store.commit([put('1', 'x')]);
    const others = Array.from({ length: 50 }, (_, i) => store.commit([put(`${i + 2}`, 'y')]));
    expect(new Set([first, ...others]).size).toBeLessThanOrEqual(2);
    await Promise.all([first, ...others]);
    const size = statSync(sessionFile()).size;
    await store.close();
    expect(statSync(sessionFile()).size).toBe(size);
    expect(Object.keys(await contents())).toHaveLength(51);
  });

  it.each([1, 5, 12])(
    'forgets a last record of which %s bytes are missing, and keeps those before',
    async (missing) => {
      await written([put('1', 'first')], [put('2', 'second')]);
      const bytes = readFileSync(sessionFile());
      writeFileSync(sessionFile(), bytes.subarray(0, bytes.length - missing));
      expect(await contents()).toEqual({ 1: 'first' });
      await written([put('3', 'third')]);
      expect(await contents()).toEqual({ 1: 'first', 3: 'third' });
    },
  );

  it('stops at a record that was changed', async () => {
    await written([put('1', 'first')], [put('2', 'second')]);
    const bytes = readFileSync(sessionFile());
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(sessionFile(), bytes);
    expect(await contents()).toEqual({ 1: 'first' });
  });

  it('does not take any file for a session, and leaves it as it was', async () => {
    await written([put('1', 'x')]);
    writeFileSync(sessionFile(), 'something else entirely, and long enough');
    await expect(new FileSessionStore(folder).open('a')).rejects.toThrow(/is not a session file/);
    expect(readFileSync(sessionFile(), 'utf8')).toBe('something else entirely, and long enough');
  });

  it('is used by one program at a time', async () => {
    const store = new FileSessionStore(folder);
    await store.open('a');
    await expect(new FileSessionStore(folder).open('a')).rejects.toThrow(/is in use by process/);
    await store.close();
    await expect(contents()).resolves.toEqual({});
  });

  it('takes over from a program that was killed', async () => {
    await written([put('1', 'x')]);
    // no process has this number: the largest is 4194304
    writeFileSync(`${sessionFile()}.lock`, '4194305');
    expect(await contents()).toEqual({ 1: 'x' });
    writeFileSync(`${sessionFile()}.lock`, '');
    expect(await contents()).toEqual({ 1: 'x' });
    // in a container a program often has the number that the one before it had
    writeFileSync(`${sessionFile()}.lock`, String(process.pid));
    expect(await contents()).toEqual({ 1: 'x' });
  });

  it('does not grow with history', async () => {
    const store = new FileSessionStore(folder);
    await store.open('a');
    const value = Buffer.alloc(10_000, 'v');
    for (let i = 0; i < 600; i++) {
      await store.commit([
        { type: 'put', key: String(i % 3), value },
        { type: 'delete', key: String((i + 1) % 3) },
      ]);
    }
    await store.close();
    expect(statSync(sessionFile()).size).toBeLessThan(1_200_000);
    expect(Object.keys(await contents()).sort()).toEqual(['2', '1'].sort());
  });

  it('ignores a new file that a crash has left half written', async () => {
    await written([put('1', 'x')]);
    appendFileSync(`${sessionFile()}.new`, 'pondhawk-session 1\nrubbish');
    expect(await contents()).toEqual({ 1: 'x' });
  });

  it('fails to write when it is not open', async () => {
    await expect(new FileSessionStore(folder).commit([put('1', 'x')])).rejects.toThrow(/not open/);
  });
});
