// What Mosquitto did with each case: recorded.json, which record.ts makes.
import { readFileSync } from 'node:fs';
import type { CaseResult } from './case-run.js';

export interface Recording {
  readonly mosquitto: string;
  readonly cases: Readonly<Record<string, CaseResult>>;
}

export const recordingFile = new URL('recorded.json', import.meta.url);

export function readRecording(): Recording {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as Recording;
}
