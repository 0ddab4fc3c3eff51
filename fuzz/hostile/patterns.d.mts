// The patterns of the loss runs, for the test suite.
import type { Pattern } from './loss.mjs';

export declare const patterns: readonly Pattern[];
