// Somebody who does a share of a run: this process itself (worker.ts) or a child process (child-member.ts).
import type { StartOrder } from './sending.js';
import type { Tally } from './tally.js';

/** What a member says when its clients are connected. */
export interface Joined {
  /** Clients that will publish. */
  publishers: number;
}

export interface Member {
  /** What it has counted; of a child process, up to its last report. */
  readonly tally: Tally;
  /** Connects and subscribes. Rejects with an AbsentError when there is no server. */
  connect(): Promise<Joined>;
  /** Resolves when there is nothing left to do: messages sent up to the limit, or all connections lost. */
  work(order: StartOrder): Promise<void>;
  /** Stops sending, waits at most so many milliseconds for what is on its way, disconnects. */
  stop(patience: number): Promise<void>;
}

/** Nobody answers where the server should be. */
export class AbsentError extends Error {}
