// strftime as C's: compared with date(1), which is the system's own.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { strftime } from './strftime.js';

const AT = 1_795_617_164;

describe('strftime', () => {
  it.each(['%Y-%m-%dT%H:%M:%S%z', '%a %b %e %T %Y', '[%d/%b/%y] %j %U %W %V %G', '%s %p %I %%', '%c'])(
    'writes %s as date(1) does',
    (format) => {
      const expected = execFileSync('date', ['-d', `@${AT}`, `+${format}`], {
        env: { ...process.env, LC_ALL: 'C' },
      });
      expect(strftime(format)(AT)).toBe(expected.toString().replace(/\n$/, ''));
    },
  );

  it('keeps text as it is, and reads %E and %O as their plain forms', () => {
    expect(strftime('no time')(AT)).toBe('no time');
    expect(strftime('%EY %Od')(AT)).toBe(strftime('%Y %d')(AT));
  });
});
