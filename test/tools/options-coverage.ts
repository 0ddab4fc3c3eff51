// Which cases show which option: for the check that none is left out, and for the table of the oracle.
import { commandLines, type ToolCase, type ToolName } from './case.js';
import { words } from './command-line.js';
import { type Option, optionOf } from './options.js';

export interface Use {
  readonly tool: ToolName;
  readonly option: Option;
  readonly name: string;
}

/** The options in the command lines and the options files of a case. */
export function usesOf(toolCase: ToolCase): Use[] {
  return commandLines(toolCase).flatMap((line) => {
    const [tool, ...rest] = words(line);
    const ofFiles = Object.values(toolCase.files ?? {}).flatMap((content) => content.split(/\s+/));
    return [...rest, ...ofFiles].flatMap((word) => {
      const option = optionOf(tool as ToolName, word);
      return option ? [{ tool: tool as ToolName, option, name: word }] : [];
    });
  });
}
