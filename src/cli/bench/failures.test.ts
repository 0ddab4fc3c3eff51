// Failures in words, and the limit of open files.
import { describe, expect, it } from 'vitest';
import { ClientError } from '../../client/errors.js';
import type { BenchConfig } from './config.js';
import { failureReason, isAbsence } from './failure-reason.js';
import { openFilesProblem } from './open-files.js';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('a failure', () => {
  it.each<[unknown, string]>([
    [new ClientError('unreachable', 'x', { cause: refused }), 'connection refused'],
    [new ClientError('lost', 'x', { cause: Object.assign(new Error('?'), { code: 'ENEW' }) }), '?'],
    [new ClientError('refused', 'x', { reason: 0x87 }), 'refused by the server: not authorized'],
    [new ClientError('lost', 'x', { reason: 0x8b }), 'disconnected: server shutting down'],
    [new ClientError('timeout', 'x'), 'no answer in time'],
    [new ClientError('unsupported', 'too large', { reason: 0x95 }), 'too large'],
    [new Error('other'), 'other'],
    ['text', 'text'],
  ])('%s is "%s"', (error, reason) => expect(failureReason(error).toLowerCase()).toBe(reason));

  it.each([
    ['unreachable', true],
    ['timeout', true],
    ['refused', false],
  ] as const)('of the kind %s is absence: %s', (code, expected) => {
    expect(isAbsence(new ClientError(code, ''))).toBe(expected);
  });
});

describe('the limit of open files', () => {
  const config = (count: number, processes = 1, scenario = 'conn') =>
    ({ count, processes, scenario }) as BenchConfig;

  it.each([
    [config(1000), 1024, /1000 connections .* 1050 .* 1024; .*ulimit -n 1050.*--processes 2/],
    [config(600, 1, 'rtt'), 1024, /1200 connections/],
    [config(1000, 2), 1024, undefined],
    [config(100), 64, undefined],
    [config(1_000_000), undefined, undefined],
  ])('%j with %s', (given, limit, expected) => {
    const problem = openFilesProblem(given, () => limit);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(expected);
  });

  it('is asked of this process', () => {
    expect(openFilesProblem(config(10_000_000)) ?? 'no limit').toMatch(/ulimit -n|no limit/);
  });
});
