// Reading password files: what Mosquitto's broker was seen to take and to refuse, line by line, and what is said
// of the rest.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  fieldsOf,
  loadPasswordFile,
  PasswordFileError,
  parsePasswordFile,
  userKey,
} from './password-file.js';

const hash = `$6$${'A'.repeat(16)}$${'B'.repeat(85)}A==`;

function parse(text: string): Map<string, string> {
  return parsePasswordFile(Buffer.from(text, 'latin1'), 'pw');
}

function errorOf(text: string): PasswordFileError {
  try {
    parse(text);
  } catch (error) {
    return error as PasswordFileError;
  }
  throw new Error('it was taken');
}

describe('a password file', () => {
  it.each([
    ['an end', `u:${hash}\n`],
    ['no end', `u:${hash}`],
    ['CRLF', `u:${hash}\r\n`],
    ['a comment before it', `# a:b\nu:${hash}\n`],
    ['empty lines before it', `\n\nu:${hash}\n`],
    ['a line without a colon before it', `hello\nu:${hash}\n`],
    ['colons after it', `u:${hash}\n:::`],
    ['a colon before the name', `:u:${hash}\n`],
    ['two colons between', `u::${hash}\n`],
    ['a third field', `u:${hash}:junk\n`],
    ['blanks around name and hash', ` u \t: ${hash} \n`],
    ['all that C calls a blank', `\x0bu\x0c:\x0b${hash}\n`],
    ['a line with a NUL after it', `u:${hash}\nv\0x:${hash}\n`],
    ['a line that starts with a NUL before it', `\0v:x\nu:${hash}\n`],
    ['a NUL after it, and no end', `u:${hash}\0junk`],
  ])('with a user and %s has this user', (_what, text) => {
    expect([...parse(text)]).toEqual([['u', hash]]);
  });

  it.each([
    ['nothing', ''],
    ['a NUL in the line of the user', `u:${hash}\0junk\n`],
    ['a comment only', `#u:${hash}\n`],
  ])('with %s has no users', (_what, text) => {
    expect(parse(text).size).toBe(0);
  });

  it('may hold names of 65,535 bytes', () => {
    const long = 'a'.repeat(65_535);
    expect([...parse(`${long}:${hash}\n`).keys()]).toEqual([long]);
  });

  it('keeps names as bytes, so that no broken UTF-8 is the name of somebody else', () => {
    const users = parse(`\xff:${hash}\nü:${hash}\n`.replace('ü', userKey('ü')));
    expect(users.has(userKey('ü'))).toBe(true);
    expect(users.has(userKey('\ufffd'))).toBe(false);
    expect(users.size).toBe(2);
  });

  it('has the byte order mark in the name, as with Mosquitto', () => {
    expect([...parse(`\xef\xbb\xbfu:${hash}\n`).keys()]).toEqual([userKey('\ufeffu')]);
  });

  it('does not take a no-break space for a blank', () => {
    expect([...parse(`\xa0u\xa0:${hash}\n`).keys()]).toEqual(['\xa0u\xa0']);
  });

  it('of 100,000 users is read', () => {
    const users = parse(Array.from({ length: 100_000 }, (_, i) => `user-${i}:${hash}\n`).join(''));
    expect(users.size).toBe(100_000);
    expect(users.get('user-99999')).toBe(hash);
  });
});

describe('a password file is refused, with line and reason, for', () => {
  it.each([
    ['plain text', `u:${hash}\nv:p\n`, 2, "Unable to decode line in password file 'pw'.", 'not hashed'],
    ['an empty password', 'u:\n', 1, "Unable to decode line in password file 'pw'.", 'not hashed'],
    ['a comment after a blank', ' #a:b\n', 1, "Unable to decode line in password file 'pw'.", 'not hashed'],
    [
      'two users in a line',
      `u:${hash}\rv:${hash}\r`,
      1,
      "Unable to decode line in password file 'pw'.",
      'base64',
    ],
    ['a name without a password', ' : u  :', 1, "Empty username in password file 'pw'.", 'put a name'],
    [
      'a last line without a password',
      ':u x\t:',
      1,
      "Invalid line in password file 'pw': :u x",
      'must follow',
    ],
    ['an empty name', ` :${hash}\n`, 1, "Empty username in password file 'pw'.", 'put a name'],
    ['colons only', `u:${hash}\n:::\n`, 2, "Empty username in password file 'pw'.", 'put a name'],
    ['a user twice', `u:${hash}\n\n u:${hash}\n`, 3, "Duplicate user 'u' in password file 'pw'.", 'remove'],
    [
      'a long name',
      `${'a'.repeat(65_536)}:x\n`,
      1,
      "Invalid line in password file 'pw', username too long.",
      '65535',
    ],
    [
      'a long hash',
      `u:${'$'.repeat(65_536)}\n`,
      1,
      "Invalid line in password file 'pw', password too long.",
      '65535',
    ],
  ])('%s', (_what, text, line, said, advice) => {
    const error = errorOf(text);
    expect(error).toBeInstanceOf(PasswordFileError);
    expect([error.file, error.line, error.text]).toEqual(['pw', line, `password-file: Error: ${said}`]);
    expect(error.message.startsWith(`password-file: Error: ${said} Line ${line}: `)).toBe(true);
    expect(error.message).toContain(advice);
  });

  it('argon2id that asks for too much', () => {
    const error = errorOf('u:$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$AAAAAAAA\n');
    expect(error.message).toContain('argon2id asks for too much');
  });

  it('and the message holds neither the password nor what would disturb a terminal', () => {
    expect(errorOf('u:secret\n').message).not.toContain('secret');
    expect(errorOf('a\x1b[2J\x9b:x\n').message).toContain('a\\x1b[2J');
    expect(errorOf(`${'a'.repeat(60_000)}:x\n`).message.length).toBeLessThan(500);
  });
});

describe('fields', () => {
  it('are cut as Mosquitto cuts them', () => {
    expect(fieldsOf('::a:::b:c')).toEqual({ name: 'a', password: 'b', head: '::a' });
    expect(fieldsOf('a')).toEqual({ name: 'a', password: undefined, head: 'a' });
    expect(fieldsOf(':::')).toEqual({ name: undefined, password: undefined, head: ':::' });
  });
});

describe('loading a password file', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const refusal = (name: string): Promise<PasswordFileError> =>
    loadPasswordFile(path(name)).then(
      () => Promise.reject(new Error('it was loaded')),
      (error: PasswordFileError) => error,
    );

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'password-file-'));
    writeFileSync(path('pw'), `u:${hash}\n`, { mode: 0o600 });
    symlinkSync('pw', path('link'));
    mkdirSync(path('folder'));
    writeFileSync(path('huge'), '');
    truncateSync(path('huge'), 128 * 1024 * 1024 + 1);
  });

  afterEach(() => {
    delete process.env['MOSQUITTO_UNSAFE_ALLOW_SYMLINKS'];
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives its users', async () => {
    const { users, warnings } = await loadPasswordFile(path('pw'));
    expect([...users]).toEqual([['u', hash]]);
    expect(warnings).toEqual([]);
  });

  it('gives all of many users, and the line of what is wrong after them', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => `user-${i}:${hash}\n`).join('');
    writeFileSync(path('many'), many, { mode: 0o600 });
    expect((await loadPasswordFile(path('many'))).users.size).toBe(5000);
    writeFileSync(path('many'), `${many}u:x\n`);
    expect((await refusal('many')).line).toBe(5001);
  });

  it('warns when everybody may read it, in the words of Mosquitto', async () => {
    writeFileSync(path('open'), '');
    chmodSync(path('open'), 0o644);
    expect((await loadPasswordFile(path('open'))).warnings).toEqual([
      `Warning: File ${path('open')} has world readable permissions. Future versions will refuse to load this file.`,
      `To fix this, use \`chmod 0700 ${path('open')}\`.`,
    ]);
  });

  it.each([
    ['missing', 'make one with pondhawk passwd -c'],
    ['link', 'MOSQUITTO_UNSAFE_ALLOW_SYMLINKS'],
    ['folder', 'is not a file'],
    ['huge', 'larger than 134217728 bytes'],
    ['pw/below', 'ENOTDIR'],
  ])('%s is refused: %s', async (name, advice) => {
    const error = await refusal(name);
    expect(error).toBeInstanceOf(PasswordFileError);
    expect(error.line).toBeUndefined();
    expect(error.text).toBe(`password-file: Error: Unable to open pwfile "${path(name)}".`);
    expect(error.message).toContain(advice);
  });

  it('goes through a link when that is allowed', async () => {
    process.env['MOSQUITTO_UNSAFE_ALLOW_SYMLINKS'] = '1';
    expect((await loadPasswordFile(path('link'))).users.size).toBe(1);
  });
});
