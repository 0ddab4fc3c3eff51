// Which cases every run of the tests plays. Starting Node for each of them all would take minutes, so this is a part:
// every option, where it works and where it does not, and all that take several steps. Their other names and values are
// tested beside the code.
// TOOLS=all plays all of them.
import { commandLines, type ToolCase } from './case.js';
import { usesOf } from './options-coverage.js';
import type { Recording } from './recording.js';

export function playedOften(cases: readonly ToolCase[], { cases: recorded }: Recording): ReadonlySet<string> {
  const seen = new Set<string>();
  const chosen = cases.filter((toolCase) => {
    const works = recorded[toolCase.name]?.commands.every(({ exit }) => exit === 0);
    const shows = usesOf(toolCase).map(({ tool, option }) => `${tool} ${option.names[0]} ${works}`);
    const isNew = shows.length === 0 || shows.some((text) => !seen.has(text));
    for (const text of shows) seen.add(text);
    return isNew || commandLines(toolCase).length > 1;
  });
  return new Set(chosen.map(({ name }) => name));
}

export function playsAll(environment: NodeJS.ProcessEnv): boolean {
  return environment['TOOLS'] === 'all';
}

/** The cases whose names match CASES=PATTERN; all of them without it. */
export function chosen(cases: readonly ToolCase[], environment: NodeJS.ProcessEnv): readonly ToolCase[] {
  const pattern = new RegExp(environment['CASES'] ?? '');
  return cases.filter(({ name }) => pattern.test(name));
}
