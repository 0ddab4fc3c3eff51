// What mosquitto_ctrl did against Mosquitto: recorded.json, which record.check.ts makes.
import { readFileSync } from 'node:fs';
import type { Exchange } from './exchange.js';
import type { StepResult } from './runner.js';

export interface RecordedStep {
  readonly result: StepResult;
  readonly exchange: Exchange;
}

export interface Recording {
  readonly mosquitto: string;
  readonly steps: Readonly<Record<string, RecordedStep>>;
}

export const recordingFile = new URL('recorded.json', import.meta.url);

export function readRecording(): Recording {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as Recording;
}
