// Plays many cases, several at a time.
import type { ToolCase } from './case.js';
import { type CaseResult, runCase, type Setting } from './runner.js';

export type Results = ReadonlyMap<string, CaseResult>;

export async function runTable(cases: readonly ToolCase[], setting: Setting, atOnce = 8): Promise<Results> {
  const results = new Map<string, CaseResult>();
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.set(next.name, await runCase(next, setting));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}
