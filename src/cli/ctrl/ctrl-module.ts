// What a module of `pondhawk ctrl` is: commands that become JSON for a $CONTROL topic, and words for the answers.
import type { PasswordPrompts } from './password-prompts.js';

/** One command as it goes to the broker: its name, and what belongs to it. */
export type ControlCommand = { readonly command: string } & Readonly<Record<string, unknown>>;

/** Makes a command from what follows its name. */
export type CommandMaker = (
  args: readonly string[],
  prompts: PasswordPrompts,
) => ControlCommand | Promise<ControlCommand>;

/** Where answers are printed. */
export interface AnswerOutput {
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** What a command without a broker must know. */
export interface LocalCall {
  readonly program: string;
  /** -f. */
  readonly dataFile: string | undefined;
  readonly prompts: PasswordPrompts;
}

export interface CtrlModule {
  readonly requestTopic: string;
  readonly usage: (program: string) => string;
  /** By their names in lower case. */
  readonly commands: ReadonlyMap<string, CommandMaker>;
  /** Commands that need no broker. They return what to print. */
  readonly local?: (args: readonly string[], call: LocalCall) => Promise<string> | undefined;
  /** Prints the first response of an answer, which is not an error. */
  readonly show: (command: string, response: unknown, output: AnswerOutput) => void;
}

/** The tool ends with this exit code, after it has said this to standard error. */
export class CtrlEnd extends Error {
  readonly code: number;

  constructor(text: string, code: number) {
    super(text);
    this.code = code;
  }
}

/** Mosquitto's number for arguments that make no sense. */
const INVALID = 3;

/** The arguments make no sense; `text` says more, and ends its line. */
export function invalidInput(text = ''): CtrlEnd {
  return new CtrlEnd(`${text}Error: Invalid input.\n`, INVALID);
}

/** Requests go to this topic, and answers come from this one. */
export function responseTopic({ requestTopic }: Pick<CtrlModule, 'requestTopic'>): string {
  return `${requestTopic}/response`;
}

export const INVALID_RESPONSE = 'Error: Invalid response from server.\n';
