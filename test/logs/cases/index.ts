// All log cases.
import type { LogCase } from '../log-case.js';
import { errorCases } from './errors.js';
import { optionCases } from './options.js';
import { packetCases } from './packets.js';
import { sessionCases } from './sessions.js';
import { signalCases } from './signals.js';
import { startCases } from './start.js';

export const cases: readonly LogCase[] = [
  ...startCases,
  ...optionCases,
  ...sessionCases,
  ...packetCases,
  ...errorCases,
  ...signalCases,
];
