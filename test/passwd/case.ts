// What a case of the table is: files in a folder of its own, command lines that are run there one after the other,
// and what becomes of the files.

export interface Command {
  readonly args: readonly string[];
  /** Standard input; empty when it is left out. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A file before the commands run: its text (one character a byte), and its mode when it is not 0600. */
export type StartFile = string | { readonly text: string; readonly mode: number };

export interface PasswdCase {
  readonly name: string;
  readonly commands: readonly Command[];
  readonly files?: Readonly<Record<string, StartFile>>;
  /** Name to target. */
  readonly links?: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
}

/** A case of one command, written as in a shell without quotes. */
export function one(
  name: string,
  line: string,
  rest: Partial<PasswdCase> & Partial<Command> = {},
): PasswdCase {
  const { input, env, ...others } = rest;
  const command: Command = {
    args: line.split(' ').filter((word) => word !== ''),
    ...(input === undefined ? {} : { input }),
    ...(env === undefined ? {} : { env }),
  };
  return { name, commands: [command], ...others };
}
