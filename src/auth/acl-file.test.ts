// ACL files: what rules say, against the plain definition of matching, and which files are not taken. What Mosquitto
// itself decides is in test/acl.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { topicMatches } from '../protocol/index.js';
import { Access, AclFileError, type AclRules, loadAclFile, parseAclFile, type Who } from './acl-file.js';

const folder = mkdtempSync(join(tmpdir(), 'acl-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rulesOf = (...lines: string[]): AclRules => parseAclFile(Buffer.from(lines.join('\n')), 'acl').rules;
const nobody: Who = { clientId: 'x', username: undefined };
const ann: Who = { clientId: 'ann-1', username: 'ann' };

function errorOf(content: string | Uint8Array): AclFileError {
  try {
    parseAclFile(Buffer.from(content as string), 'the file');
  } catch (error) {
    expect(error).toBeInstanceOf(AclFileError);
    return error as AclFileError;
  }
  throw new Error('the file was taken');
}

/** A pattern with the client's names in it; undefined when no topic can match it. */
function substituted(pattern: string, { clientId, username = '' }: Who): string | undefined {
  const names: Readonly<Record<string, string>> = { '%c': clientId, '%u': username };
  const levels = pattern.split('/').map((level) => names[level] ?? level);
  const isPossible = pattern.split('/').every((level) => names[level] !== '' && !names[level]?.includes('/'));
  return isPossible ? levels.join('/') : undefined;
}

function patternMatches(pattern: string, topic: string, who: Who): boolean {
  if (pattern.includes('%u') && who.username === undefined) return false;
  if (topic.startsWith('$') && !pattern.startsWith('$')) return false;
  const filter = substituted(pattern, who);
  return filter !== undefined && topicMatches(filter, topic);
}

const level = fc.constantFrom('', 'a', 'b', 'ann', 'ann-1', '%c', '%u', 'x%u');
const topics = fc
  .tuple(fc.constantFrom('', '$'), fc.array(level, { minLength: 1, maxLength: 4 }))
  .map(([dollar, levels]) => dollar + levels.join('/'))
  .filter((topic) => topic !== '');
const filters = fc
  .tuple(
    fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '#', '/#'),
  )
  .map(([levels, end]) => (end === '#' ? '#' : levels.join('/') + end))
  .filter((filter) => filter !== '');
const ruleWords = fc.constantFrom('read', 'write', 'readwrite', 'deny');
const rules = fc.array(fc.tuple(ruleWords, filters), { maxLength: 6 });

/** What the manual says, rule by rule. */
function expected(
  list: readonly (readonly [string, string])[],
  matches: (filter: string) => boolean,
  wanted: 'read' | 'write',
): 'allowed' | 'denied' {
  const matching = list.filter(([, filter]) => matches(filter)).map(([word]) => word);
  if (matching.includes('deny')) return 'denied';
  return matching.includes(wanted) || matching.includes('readwrite') ? 'allowed' : 'denied';
}

describe('the rules of a user', () => {
  it('allow what matches by the definition of matching, unless it is denied', () => {
    fc.assert(
      fc.property(rules, topics, (list, topic) => {
        const acl = rulesOf('user ann', ...list.map(([word, filter]) => `topic ${word} ${filter}`));
        const matches = (filter: string): boolean => topicMatches(filter, topic);
        expect(acl.decide(ann, topic, Access.READ)).toBe(expected(list, matches, 'read'));
        expect(acl.decide(ann, topic, Access.WRITE)).toBe(expected(list, matches, 'write'));
        expect(acl.decide(nobody, topic, Access.READ)).toBe('denied');
      }),
      { numRuns: 500 },
    );
  });

  it('are those of all lines under the same name', () => {
    const acl = rulesOf('user ann', 'topic a', 'user bob', 'topic b', 'user ann', 'topic c');
    expect(['a', 'b', 'c'].map((topic) => acl.decide(ann, topic, Access.READ))).toEqual([
      'allowed',
      'denied',
      'allowed',
    ]);
  });

  it('are found among a hundred thousand users', () => {
    const users = Array.from({ length: 100_000 }, (_, at) => `user u${at}\ntopic write t/${at}/#`);
    const acl = rulesOf(users.join('\n'));
    const last: Who = { clientId: 'x', username: 'u99999' };
    expect(acl.users.size).toBe(100_000);
    expect(acl.decide(last, 't/99999/x', Access.WRITE)).toBe('allowed');
    expect(acl.decide(last, 't/99998/x', Access.WRITE)).toBe('denied');
  });

  it('match deep topics that are made to branch at every level', () => {
    const deep = `${'a/'.repeat(199)}a`;
    const acl = rulesOf(
      ...Array.from({ length: 100 }, (_, at) => `topic write ${'+/'.repeat(at)}${'a/'.repeat(199 - at)}b`),
    );
    expect(acl.decide(nobody, deep, Access.WRITE)).toBe('denied');
    expect(acl.decide(nobody, `${'a/'.repeat(199)}b`, Access.WRITE)).toBe('allowed');
  });
});

describe('patterns', () => {
  const people = fc.record({
    clientId: fc.constantFrom('ann-1', 'a', 'ann/1', '%c', '$'),
    username: fc.constantFrom(undefined, 'ann', 'b', 'b/x', '%u'),
  });

  it('allow what matches with the names of the client in them', () => {
    fc.assert(
      fc.property(rules, topics, people, (list, topic, who) => {
        fc.pre(list.length > 0);
        const acl = rulesOf(...list.map(([word, filter]) => `pattern ${word} ${filter}`));
        const matches = (pattern: string): boolean => patternMatches(pattern, topic, who);
        expect(acl.decide(who, topic, Access.READ)).toBe(expected(list, matches, 'read'));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [{ clientId: 'x', username: 'a+b' }, 'dangerous username'],
    [{ clientId: 'x', username: '#' }, 'dangerous username'],
    [{ clientId: '+', username: 'ann' }, 'dangerous client id'],
    [{ clientId: 'a#', username: undefined }, 'dangerous client id'],
  ])('are not for clients with wildcards in their names: %j', (who, decision) => {
    expect(rulesOf('pattern readwrite #').decide(who, 'a', Access.READ)).toBe(decision);
    expect(rulesOf('topic a', 'pattern b/%c').decide({ ...who, username: '' }, 'a', Access.READ)).toBe(
      'allowed',
    );
  });

  it('do not take a level of a topic for what stands for a name', () => {
    const acl = rulesOf('pattern readwrite a/%u', 'pattern readwrite b/%c');
    expect(['a/%u', 'b/%c', 'a/', 'b/'].map((topic) => acl.decide(ann, topic, Access.READ))).toEqual(
      Array(4).fill('denied'),
    );
  });

  it('do not match an empty level with an empty name', () => {
    const acl = rulesOf('pattern readwrite a/%u', 'pattern readwrite b/%c');
    const empty: Who = { clientId: '', username: '' };
    expect(acl.decide(empty, 'a/', Access.READ)).toBe('denied');
    expect(acl.decide(empty, 'b/', Access.READ)).toBe('denied');
  });
});

describe('bytes that are no UTF-8', () => {
  it.each([
    ['a topic', 'topic a/\xff'],
    ['a pattern', 'pattern readwrite a/\xff'],
    ['a user', 'user \xff\ntopic a/\ufffd'],
  ])('in %s match nothing, also not the character that is shown for them', (_, text) => {
    const acl = parseAclFile(Buffer.from(text, 'latin1'), 'acl').rules;
    expect(acl.decide(nobody, 'a/\ufffd', Access.READ)).toBe('denied');
    expect(acl.decide({ clientId: 'x', username: '\ufffd' }, 'a/\ufffd', Access.READ)).toBe('denied');
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['topic', 'Error: Empty topic in acl_file "the file".', 1],
    ['\n\npattern', 'Error: Empty topic in acl_file "the file".', 3],
    ['user ', 'Error: Missing username in acl_file "the file".', 1],
    ['topic a\n\ttopic b', 'Error: Invalid line in acl_file "the file": \ttopic.', 2],
    ['topic rw a', 'Error: Invalid topic access type "rw" in acl_file "the file".', 1],
    ['topic read a+', 'Error: Invalid ACL topic "a+" in acl_file "the file".', 1],
    ['user x\ny\0', 'Error: Invalid line in acl_file "the file": y\\x00.', 2],
  ])('is refused with the line and the words of Mosquitto: %j', (content, text, line) => {
    const error = errorOf(content);
    expect(error).toMatchObject({ file: 'the file', line, text });
    expect(error.message).toMatch(new RegExp(`Line ${line}: [a-z+]`));
  });

  it('cannot write to a terminal through the message', () => {
    expect(errorOf('\x1b[2J a').message).not.toContain('\x1b');
    expect(errorOf(`topic ${'+'.repeat(100_000)}`).message.length).toBeLessThan(1500);
  });

  it('is refused when its rules would take too much memory', () => {
    const deep = Array.from({ length: 12_500 }, (_, at) => `topic ${at}${'/a'.repeat(170)}`);
    expect(errorOf(deep.join('\n')).text).toBe('Error: Too many rules in acl_file "the file".');
  });

  it.each([
    ['is missing', 'missing', 'no such file'],
    ['is a folder', '.', 'is not a file'],
    ['is a link', 'link', 'symbolic link'],
  ])('%s: the error has no line and says what to do', async (_, name, advice) => {
    if (name === 'link') {
      writeFileSync(join(folder, 'linked'), 'topic a\n');
      symlinkSync('linked', join(folder, 'link'));
    }
    const file = join(folder, name);
    await expect(loadAclFile(file)).rejects.toMatchObject({
      name: 'AclFileError',
      line: undefined,
      text: `Error: Unable to open acl_file "${file}".`,
      message: expect.stringContaining(advice),
    });
  });
});

describe('a file that is read', () => {
  it('gives the rules, and warns of rules that say little and of permissions', async () => {
    const file = join(folder, 'open');
    writeFileSync(file, 'topic a\npattern read b\n', { mode: 0o604 });
    const { rules: read, warnings, fileWarnings } = await loadAclFile(file);
    expect(read.decide(nobody, 'a', Access.WRITE)).toBe('allowed');
    expect(warnings).toEqual(["Warning: ACL pattern 'b' does not contain '%c' or '%u'."]);
    expect(fileWarnings[0]).toContain('world readable');
  });

  it('may end anywhere, have blank lines, comments, and ends of lines of any system', () => {
    const acl = rulesOf('# topic c', '', ' \t ', '  topic  read   a b \r', 'topic write d');
    expect(acl.decide(nobody, 'a b', Access.READ)).toBe('allowed');
    expect(acl.decide(nobody, 'd', Access.WRITE)).toBe('allowed');
    expect(acl.decide(nobody, 'c', Access.READ)).toBe('denied');
  });
});
