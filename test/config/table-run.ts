// Plays all cases, some at a time, each worker with ports of its own.
import { type CaseResult, freePorts, runCase, type Setting } from './case-run.js';
import type { ConfigCase } from './config-case.js';

const workers = 3;
const portsEach = 12;

export async function runTable(
  cases: readonly ConfigCase[],
  setting: Omit<Setting, 'ports'>,
): Promise<Map<string, CaseResult>> {
  const results = new Map<string, CaseResult>();
  const queue = cases.values();
  const ports = await freePorts(workers * portsEach);
  const work = async (_: unknown, worker: number): Promise<void> => {
    const own = ports.slice(worker * portsEach, (worker + 1) * portsEach);
    for (const next of queue) results.set(next.name, await runCase(next, { ...setting, ports: own }));
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}
