// The variable UMASK_SET.
import { describe, expect, it } from 'vitest';
import type { ServerProblem } from '../../server/server-problem.js';
import { setUmask } from './umask.js';

function masks(text?: string): number[] {
  const set: number[] = [];
  setUmask(text === undefined ? {} : { UMASK_SET: text }, (mask) => set.push(mask));
  return set;
}

function problem(text: string): Pick<ServerProblem, 'message' | 'exitCode'> {
  try {
    masks(text);
  } catch (error) {
    return error as ServerProblem;
  }
  throw new Error('it was accepted');
}

describe('UMASK_SET', () => {
  it('leaves the umask alone when it is not set', () => {
    expect(masks()).toEqual([]);
  });

  it.each([
    ['0', 0],
    ['22', 0o22],
    ['0027', 0o27],
    [' 077', 0o77],
    ['+7', 7],
    ['777', 0o777],
  ])('is an octal number: %j', (text, mask) => {
    expect(masks(text)).toEqual([mask]);
  });

  it.each(['', ' ', 'x', '9', '18', '0x7', '22 ', '0o22'])('is refused as no octal number: %j', (text) => {
    expect(problem(text)).toMatchObject({
      message: 'Error: UMASK_SET environment variable not a valid octal number.',
      exitCode: 3,
    });
  });

  it.each(['1000', '-1', '77777777777777777777777777'])('is refused as out of range: %s', (text) => {
    expect(problem(text)).toMatchObject({
      message: 'Error: UMASK_SET environment variable out of range.',
      exitCode: 3,
    });
  });
});
