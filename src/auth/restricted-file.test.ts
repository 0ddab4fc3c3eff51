// What files of secrets have in common; how each kind is opened and refused is tested with it.
import { describe, expect, it } from 'vitest';
import { restrictedFileWarnings, shownBytes, trimBlanks } from './restricted-file.js';

describe('lines', () => {
  it('of blanks are empty', () => {
    expect(trimBlanks(' \t\n\v\f\r')).toBe('');
    expect(trimBlanks('')).toBe('');
  });

  it('are shown without control characters, and not at any length', () => {
    expect(shownBytes('a\x1b\tb', 10)).toBe('a\\x1b\tb');
    expect(shownBytes('abc', 2)).toBe('ab…');
  });
});

describe('warnings of files of secrets', () => {
  it('name the owner and the group that a file should have', () => {
    const stats = { mode: 0o100600, uid: process.getuid!() + 1, gid: process.getgid!() + 1 };
    const warnings = restrictedFileWarnings('pw', stats as Parameters<typeof restrictedFileWarnings>[1]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Warning: File pw owner is not (\S+)\. Future versions will refuse to load this file\.To fix this, use `chown \1 pw`\.\n$/,
      ),
      expect.stringMatching(
        /^Warning: File pw group is not \S+\. Future versions will refuse to load this file\.\n$/,
      ),
    ]);
  });
});
