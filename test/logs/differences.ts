// Where our log differs from Mosquitto's, and why. A difference that is not listed here is an error, and so is an
// entry that no longer holds.
import type { LogDifference } from './compare-logs.js';

export const differences: readonly LogDifference[] = [];
