// What ends the program before it serves: the lines that say why, in Mosquitto's words, and its exit code.

/** Mosquitto's error numbers, which are the broker's exit codes too. */
export const ExitCode = { invalid: 3, system: 14 } as const;

export class ProcessProblem extends Error {
  /** What is logged at the level error, in this order. */
  readonly lines: readonly string[];
  readonly exitCode: number;

  constructor(exitCode: number, ...lines: string[]) {
    super(lines.join('\n'));
    this.name = 'ProcessProblem';
    this.lines = lines;
    this.exitCode = exitCode;
  }
}
