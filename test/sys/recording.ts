// What Mosquitto's $SYS tree said in the session: recorded.json, which record.check.ts makes.
import { readFileSync } from 'node:fs';
import type { SessionResult } from './session.js';

export interface Recording extends SessionResult {
  /** Its version. */
  readonly mosquitto: string;
}

export const recordingFile = new URL('recorded.json', import.meta.url);

export function readRecording(): Recording {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as Recording;
}
