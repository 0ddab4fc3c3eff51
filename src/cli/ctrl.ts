// `pondhawk ctrl`: administers a broker through its $CONTROL topics, as mosquitto_ctrl does. Without a module it is a
// shell.

import { listField, textValue } from '../auth/control/json-fields.js';
import { finish, libraryProblem } from './client-checks.js';
import type { ToolConfig } from './client-config.js';
import { brokerModule } from './ctrl/broker-module.js';
import { controlRequest } from './ctrl/control-request.js';
import { type CtrlFlags, flagHelp, parseCtrlFlags } from './ctrl/ctrl-flags.js';
import {
  type AnswerOutput,
  type CommandMaker,
  CtrlEnd,
  type CtrlModule,
  invalidInput,
  responseTopic,
} from './ctrl/ctrl-module.js';
import { dynsecModule } from './ctrl/dynsec-module.js';
import { parseJson } from './ctrl/json-values.js';
import { PasswordPrompts } from './ctrl/password-prompts.js';
import { readTextFile } from './ctrl/text-file.js';
import { Interrupted } from './password-input.js';
import { packageVersion } from './version.js';

/** Mosquitto's numbers for a module and a command that it does not know. */
const NOT_SUPPORTED = 10;
const UNKNOWN = 13;
/** How a shell tells of ^C. */
const INTERRUPTED = 130;

const modules: ReadonlyMap<string, CtrlModule> = new Map([
  ['broker', brokerModule],
  ['dynsec', dynsecModule],
]);

const WARNING = (program: string): string =>
  `Warning: You are running ${program} without encryption.
This means all of the configuration changes you are making are visible on the network, including passwords.

`;

function usage(program: string): string {
  return `${program} is a tool for administering certain MQTT broker features.
${program} version ${packageVersion()}

General usage: ${program} [options] <module> <module-command> <command-options>
For module specific help use: ${program} <module> help
Without a module and a command it is a shell.

Modules available: ${[...modules.keys()].join(' ')}

Options:
${flagHelp()}`;
}

const output: AnswerOutput = {
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
};

/** Completes the configuration: asks for a password, and checks everything before there is a connection. */
async function connectionConfig({ draft }: CtrlFlags, prompts: PasswordPrompts): Promise<ToolConfig> {
  const { config } = draft;
  if (config.username !== undefined && config.password === undefined) {
    config.password = await prompts.once(`Password for ${config.username}: `);
    if (config.password === undefined)
      throw new CtrlEnd('Error: Empty password.\nError getting password.\n', 1);
  }
  const problem = libraryProblem(draft, { readFile: readTextFile });
  if (problem !== undefined) throw new CtrlEnd(problem, 1);
  return finish(draft);
}

/** Prints an answer of the broker, whatever it is. */
function showAnswer({ show }: CtrlModule, payload: Uint8Array): void {
  const answer = parseJson(payload);
  if (answer === undefined) return output.complain('Error: Payload not JSON.\n');
  const response = listField(answer, 'responses')?.[0];
  const command = textValue(response, 'command');
  if (command === undefined) return output.complain('Error: Payload missing data.\n');
  const error = textValue(response, 'error');
  if (error === undefined) show(command, response, output);
  else output.complain(`${command}: Error: ${error}.\n`);
}

function makerOf({ commands }: CtrlModule, name: string): CommandMaker {
  const make = commands.get(name.toLowerCase());
  if (make === undefined) throw new CtrlEnd(`Command '${name}' not recognised.\n`, UNKNOWN);
  return make;
}

async function runCommand(
  module: CtrlModule,
  flags: CtrlFlags,
  [name = '', ...args]: readonly string[],
  program: string,
): Promise<void> {
  const prompts = new PasswordPrompts();
  const { dataFile, draft } = flags;
  if (name.toLowerCase() === 'help') return output.print(module.usage(program));
  const done = module.local?.([name, ...args], { program, dataFile, prompts });
  if (done !== undefined) return output.print(await done);
  const command = await makerOf(module, name)(args, prompts);
  if (dataFile !== undefined) throw invalidInput('Error: With -f, only setClientPassword can be used.\n');
  draft.config.topic = module.requestTopic;
  draft.config.responseTopic = responseTopic(module);
  draft.config.message = { kind: 'null' };
  if (!isEncrypted(flags)) output.complain(WARNING(program));
  const config = await connectionConfig(flags, prompts);
  const text = JSON.stringify({ commands: [command] });
  showAnswer(module, await controlRequest(config, module.requestTopic, text));
}

function isEncrypted({ draft: { config, port } }: CtrlFlags): boolean {
  const { cafile, capath, useOsCerts, psk } = config.tls;
  return [cafile, capath, psk].some((one) => one !== undefined) || useOsCerts || port === 8883;
}

async function runShell({ draft }: CtrlFlags, connects: boolean): Promise<number> {
  const { CtrlShell } = await import('./ctrl/shell.js');
  await new CtrlShell(draft).run(connects);
  return 0;
}

/** `hasFlags`: the shell connects when there were any, as with mosquitto_ctrl. */
async function run(flags: CtrlFlags, program: string, hasFlags: boolean): Promise<number> {
  const [name, ...args] = flags.rest;
  if (name === undefined) return runShell(flags, hasFlags);
  if (args.length === 0) {
    output.print(usage(program));
    return 1;
  }
  const module = modules.get(name.toLowerCase());
  if (module === undefined) throw new CtrlEnd(`Error: Module '${name}' not supported.\n`, NOT_SUPPORTED);
  await runCommand(module, flags, args, program);
  return 0;
}

function endOf(error: unknown): number {
  if (error instanceof Interrupted) return INTERRUPTED;
  if (!(error instanceof CtrlEnd)) throw error;
  output.complain(error.message);
  return error.code;
}

/** Returns the exit code. `program` is how the user called it. */
export async function runCtrl(args: readonly string[], program: string): Promise<number> {
  const flags = parseCtrlFlags(args, { env: process.env, readFile: readTextFile });
  if ('problem' in flags) {
    output.complain(flags.problem);
    output.print(usage(program));
    return 1;
  }
  try {
    return await run(flags, program, args.length > 0);
  } catch (error) {
    return endOf(error);
  }
}
