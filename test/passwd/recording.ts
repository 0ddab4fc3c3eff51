// What mosquitto_passwd did: recorded.json, and the files that it wrote. record.check.ts makes them.
import { readFileSync } from 'node:fs';
import type { CaseResult } from './runner.js';

export interface WrittenFile {
  readonly args: readonly string[];
  readonly content: string;
}

export interface Recording {
  readonly mosquitto: string;
  readonly cases: Readonly<Record<string, CaseResult>>;
  /** Files of the user `ann` with the password `sécret`, by the flags they were made with. */
  readonly written: readonly WrittenFile[];
}

export const recordingFile = new URL('recorded.json', import.meta.url);

export function readRecording(): Recording {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as Recording;
}
