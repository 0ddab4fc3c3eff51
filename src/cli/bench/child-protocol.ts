// What the parent and its child processes say to each other, over the channel that `fork` makes.
import type { BenchConfig } from './config.js';
import type { Joined } from './member.js';
import type { StartOrder } from './sending.js';
import type { TallyData } from './tally.js';

export type ToChild =
  | { type: 'connect'; config: BenchConfig; part: number; parts: number }
  | { type: 'work'; order: StartOrder }
  | { type: 'stop'; patience: number };

/** Each step is answered with its name; in between come tallies. */
export type FromChild =
  | { type: 'tally'; tally: TallyData }
  | { type: 'connect'; joined: Joined }
  | { type: 'absent'; reason: string }
  | { type: 'work' }
  | { type: 'stop' };
