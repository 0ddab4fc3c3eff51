// Says in words where two results of a case differ.
import type { CaseResult } from './runner.js';

/** Nothing if they are equal, else what the first has and the second has not, line by line. */
export function compare(wanted: CaseResult, got: CaseResult): string[] {
  const found: string[] = [];
  wanted.commands.forEach((command, at) => {
    const other = got.commands[at];
    for (const part of ['exit', 'stdout', 'stderr'] as const)
      found.push(...differing(`${command.command}: ${part}`, command[part], other?.[part]));
  });
  for (const part of ['received', 'wire', 'files', 'proxy'] as const)
    found.push(...differing(part, wanted[part], got[part]));
  return found;
}

function differing(what: string, wanted: unknown, got: unknown): string[] {
  const [one, other] = [JSON.stringify(wanted), JSON.stringify(got)];
  if (one === other) return [];
  return [`${what}\n  wanted ${shortened(one)}\n  got    ${shortened(other)}`];
}

function shortened(text = '(nothing)'): string {
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}
