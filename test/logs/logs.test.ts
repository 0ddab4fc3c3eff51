// Plays the log cases against our program, as a process of its own with a configuration file, and compares what it
// writes with what Mosquitto wrote. With LOGS_MOSQUITTO set to the path of a mosquitto program, that is played
// instead: a difference then is one of this test. Every run plays a third of them; LOGS=all plays all.
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { everyThird } from '../every-third.js';
import { cases } from './cases/index.js';
import { compareLogs, expectedLines, type LogDifference } from './compare-logs.js';
import { differences } from './differences.js';
import { playCase } from './play-case.js';
import { readRecording } from './recording.js';

const mosquitto = process.env['LOGS_MOSQUITTO'];
const pondhawk = [process.execPath, fileURLToPath(new URL('../../bin/pondhawk', import.meta.url))];
const program = mosquitto === undefined ? pondhawk : [mosquitto];
const explained = mosquitto === undefined ? differences : [];
const recording = readRecording();

test('every case was recorded, and nothing else', () => {
  expect(Object.keys(recording.cases)).toEqual(cases.map(({ name }) => name));
});

describe.concurrent('the log is that of Mosquitto', () => {
  const used = new Set<LogDifference>();
  let played = 0;

  test.each(mosquitto === undefined ? everyThird(cases, 'LOGS') : cases)('$name', async (theCase) => {
    const recorded = recording.cases[theCase.name]!;
    const expected = expectedLines(theCase.name, recorded, explained);
    const ours = await playCase(theCase, program, expected);
    const found = compareLogs(theCase.name, recorded, ours, explained);
    for (const { reason } of found) if (reason !== undefined) used.add(reason);
    played++;
    expect(found.filter(({ reason }) => reason === undefined).map(({ text }) => text)).toEqual([]);
  });

  afterAll(() => {
    if (played < cases.length) return; // only some were asked for
    const unused = explained.filter((each) => !used.has(each)).map(({ reason }) => reason);
    if (unused.length > 0) throw new Error(`differences that no longer hold: ${unused.join('; ')}`);
  });
});
