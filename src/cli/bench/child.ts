// The program of a child process: a worker that hears from its parent what to do, and tells it what it has counted.
import type { FromChild, ToChild } from './child-protocol.js';
import { AbsentError } from './member.js';
import { Worker } from './worker.js';

/** Milliseconds between two tallies. */
const TALLY_INTERVAL = 200;

let worker: Worker | undefined;

function tell(message: FromChild, told: () => void = () => {}): void {
  // a parent that is gone is noticed by 'disconnect'
  process.send?.(message, undefined, {}, told);
}

function tellTally(): void {
  if (worker !== undefined) tell({ type: 'tally', tally: worker.tally.data() });
}

const steps: { [Type in ToChild['type']]: (message: Extract<ToChild, { type: Type }>) => Promise<void> } = {
  async connect({ config, part, parts }) {
    worker = new Worker(config, part, parts);
    setInterval(tellTally, TALLY_INTERVAL);
    try {
      const joined = await worker.connect();
      tellTally();
      tell({ type: 'connect', joined });
    } catch (error) {
      if (!(error instanceof AbsentError)) throw error;
      tell({ type: 'absent', reason: error.message });
    }
  },
  async work({ order }) {
    await worker?.work(order);
    tellTally();
    tell({ type: 'work' });
  },
  async stop({ patience }) {
    await worker?.stop(patience);
    tellTally();
    tell({ type: 'stop' }, () => process.exit());
  },
};

process.on('message', (message: ToChild) => {
  void steps[message.type](message as never);
});
process.on('disconnect', () => process.exit());
// Ctrl-C goes to all processes of the terminal; the parent says what follows from it
process.on('SIGINT', () => {});
