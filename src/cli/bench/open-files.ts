// How many connections a process may have: each is an open file, and systems allow few of them unless asked.
import { type BenchConfig, connectionsOf } from './config.js';

/** Files that Node itself has open, and then some. */
const RESERVE = 50;
/** Every system allows so many; below, nobody is asked. */
const ALWAYS = 200;

/** Of this process and its children; undefined is not known, or without a limit. */
function openFilesLimit(): number | undefined {
  const report = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft?: number | string } };
  };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}

/** What is wrong with the limit, and what helps; undefined if nothing is. */
export function openFilesProblem(config: BenchConfig, limit = openFilesLimit): string | undefined {
  const connections = Math.ceil(connectionsOf(config) / config.processes);
  if (connections <= ALWAYS) return undefined;
  const allowed = limit();
  const needed = connections + RESERVE;
  if (allowed === undefined || allowed >= needed) return undefined;
  const processes = Math.ceil(connectionsOf(config) / Math.max(1, allowed - RESERVE));
  return (
    `${connections} connections in a process need ${needed} open files, and the limit is ${allowed}; ` +
    `raise it with ulimit -n ${needed}, or share the clients with --processes ${processes}`
  );
}
