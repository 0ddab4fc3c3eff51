// PSK files: what is read, and what is said of a line that is wrong.
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadPskFile, PskFileError } from './psk-file.js';

const folder = mkdtempSync(join(tmpdir(), 'psk-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'psk');

const load = (text: string) => {
  writeFileSync(file, text, { mode: 0o600 });
  return loadPskFile(file);
};

describe('a PSK file', () => {
  it('has identities and their keys; comments and empty lines do not count', async () => {
    const { keys, warnings } = await load('# devices\n\nann:00ff\r\n  bob:ABCDEF  \n');
    expect([...keys].map(([identity, key]) => [identity, Buffer.from(key).toString('hex')])).toEqual([
      ['ann', '00ff'],
      ['bob', 'abcdef'],
    ]);
    expect(warnings).toEqual([]);
  });

  it.each(['no colon', ':00', 'ann:', 'ann:0', 'ann:zz', `ann:${'00'.repeat(257)}`])(
    'is refused with the line %s, which is not shown',
    async (line) => {
      const error = await load(`fine:00\n${line}\n`).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PskFileError);
      expect((error as Error).message).toBe(
        `Error: Invalid line in psk_file "${file}". Line 2: write identity:key, the key in hexadecimal.`,
      );
    },
  );

  it('is warned of when everybody can read it', async () => {
    writeFileSync(file, 'ann:00\n');
    chmodSync(file, 0o604);
    expect((await loadPskFile(file)).warnings[0]).toMatch(/^Warning: File .* has world readable permissions/);
  });

  it.each([
    ['that is not there', 'nowhere', 'There is no such file.'],
    ['that is a folder', '.', 'is not a file.'],
    ['that is a link', 'link', 'It is a symbolic link'],
  ])('%s cannot be opened', async (_, name, advice) => {
    writeFileSync(file, 'ann:00\n');
    rmSync(join(folder, 'link'), { force: true });
    symlinkSync(file, join(folder, 'link'));
    const path = join(folder, name);
    await expect(loadPskFile(path)).rejects.toThrow(`Error: Unable to open psk_file "${path}".`);
    await expect(loadPskFile(path)).rejects.toThrow(advice);
  });
});
