// What Mosquitto said in the session: recorded.json, which record.check.ts makes.
import { readFileSync } from 'node:fs';
import type { Results } from './session.js';

export interface Recording {
  /** Its version. */
  readonly mosquitto: string;
  readonly results: Results;
}

export const recordingFile = new URL('recorded.json', import.meta.url);

export function readRecording(): Recording {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as Recording;
}
