// Our dynamic security beside Mosquitto's, step by step. What differs stands here with its reason.
import { beforeAll, describe, expect, it } from 'vitest';
import { startOurs } from './ours.js';
import { readRecording } from './recording.js';
import { playSession, type Results } from './session.js';

const { results: recorded } = readRecording();
let ours: Results;

beforeAll(async () => {
  const broker = await startOurs();
  try {
    ours = await playSession(broker.port, broker.fileText);
  } finally {
    await broker.stop();
  }
});

describe('dynamic security does what Mosquitto does', () => {
  it.each(Object.keys(recorded))('%s', (step) => {
    expect(ours[step]).toEqual(recorded[step]);
    // fields in the same order, too
    expect(JSON.stringify(ours[step])).toBe(JSON.stringify(recorded[step]));
  });

  it('in no more and no fewer steps', () => {
    expect(Object.keys(ours)).toEqual(Object.keys(recorded));
  });
});
