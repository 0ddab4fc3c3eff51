import { expect, test } from 'vitest';
import { compareLogs, expectedLines, type LogDifference } from './compare-logs.js';
import type { LogResult } from './log-case.js';

function logOf(...lines: string[]): LogResult {
  return { exit: 0, log: [lines] };
}

function texts(recorded: LogResult, ours: LogResult, table: readonly LogDifference[] = []): string[] {
  return compareLogs('a case', recorded, ours, table).map(
    ({ text, reason }) => `${text}${reason === undefined ? '' : ` (${reason.reason})`}`,
  );
}

test('equal logs have no differences, in whatever step a line was written', () => {
  expect(texts({ exit: 0, log: [['a', 'b'], ['c']] }, { exit: 0, log: [['a'], ['b', 'c']] })).toEqual([]);
});

test('lines that are missing, added and changed are told in order', () => {
  expect(texts(logOf('a', 'b', 'c', 'd'), logOf('a', 'c', 'x', 'e'))).toEqual(['- b', '- d', '+ x', '+ e']);
});

test('a line in another place is missing in one and added in the other', () => {
  expect(texts(logOf('a', 'b', 'c'), logOf('b', 'c', 'a'))).toEqual(['- a', '+ a']);
});

test('an empty log differs in every line', () => {
  expect(texts(logOf('a', 'b'), logOf())).toEqual(['- a', '- b']);
  expect(texts(logOf(), logOf('a', 'b'))).toEqual(['+ a', '+ b']);
});

test('standard output, the file and the exit code are compared', () => {
  const recorded: LogResult = { exit: 0, log: [], stdout: ['a'], file: ['b'] };
  expect(texts(recorded, { exit: 'SIGKILL', log: [], stdout: ['c'] })).toEqual([
    '- a',
    '+ c',
    '- b',
    'exit 0 recorded, SIGKILL ours',
  ]);
});

test('the table gives the reasons, for its cases and its side only', () => {
  const table: LogDifference[] = [
    { cases: /^another/, mosquitto: /^a/, reason: 'not this one' },
    { mosquitto: /^a/, ours: /^x/, reason: 'first' },
    { cases: /^a case$/, exit: true, reason: 'ends' },
  ];
  expect(texts(logOf('a', 'b'), { exit: 1, log: [['x', 'a']] }, table)).toEqual([
    '+ x (first)',
    '- b',
    'exit 0 recorded, 1 ours (ends)',
  ]);
});

test('lines that the table says are missing are not expected', () => {
  const recorded: LogResult = { exit: 0, log: [['a', 'b'], ['a'], []] };
  expect(expectedLines('a case', recorded, [{ mosquitto: /^a/, reason: '' }])).toEqual([1, 0, 0]);
});
