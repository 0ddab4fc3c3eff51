// What keeps the broker from serving: the lines that say why, and the exit code that scripts know.

/** Mosquitto's exit codes: of listeners, of a configuration or what it names, of files that are not there, of the system. */
export const ExitCode = { general: 1, configuration: 3, missing: 13, system: 14 } as const;

export class ServerProblem extends Error {
  readonly exitCode: number;
  /** What is logged as errors, in this order. */
  readonly lines: readonly string[];

  constructor(exitCode: number, ...lines: string[]) {
    super(lines.join('\n'));
    this.name = 'ServerProblem';
    this.exitCode = exitCode;
    this.lines = lines;
  }
}
