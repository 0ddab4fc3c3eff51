// What Mosquitto wrote into its log: recorded.json, which record.check.ts makes.
import { readFileSync } from 'node:fs';
import type { LogResult } from './log-case.js';

export interface LogRecording {
  readonly mosquitto: string;
  readonly cases: Readonly<Record<string, LogResult>>;
}

export const recordingFile = new URL('recorded.json', import.meta.url);

export function readRecording(): LogRecording {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as LogRecording;
}
