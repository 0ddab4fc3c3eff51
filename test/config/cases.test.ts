// The corpus and what was recorded of it belong together.
import { expect, test } from 'vitest';
import { cases } from './cases.js';
import { readRecording } from './recording.js';

const recorded = readRecording().cases;

test('no two cases have one name', () => {
  const names = cases.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('each case is recorded, and nothing else is', () => {
  expect(Object.keys(recorded)).toEqual(cases.map(({ name }) => name));
});

test('each case was started too, unless it says that it is only tested', () => {
  const unlike = cases.filter(
    ({ name, only }) => (recorded[name]?.started === undefined) !== (only === 'tested'),
  );
  expect(unlike.map(({ name }) => name)).toEqual([]);
});

test('no recording holds a path or a time of the machine that it was made on', () => {
  const text = JSON.stringify(recorded);
  expect(text.match(/\/(?:tmp|root|home)\/[^"]*|\b\d{10}: /)).toBeNull();
});
