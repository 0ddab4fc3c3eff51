// The command line of `pondhawk pub`, `sub` and `rr`, which is that of mosquitto_pub, _sub and _rr 2.1: the same flags,
// files of flags, error texts and exit codes. The flags themselves are in client-flag-table.ts.
import {
  combinationProblem,
  completeProperties,
  finish,
  lacksMessage,
  libraryProblem,
} from './client-checks.js';
import { type Draft, newDraft, type ToolConfig, type ToolName } from './client-config.js';
import { clientFlags, flagsByName } from './client-flag-table.js';

export { messageFileError } from './client-checks.js';
export type {
  MessageSource,
  ProxyConfig,
  QoS,
  TlsConfig,
  ToolConfig,
  ToolName,
  WillConfig,
} from './client-config.js';
export type { ClientPacket, PropertyProblem } from './client-properties.js';

export type FlagsOutcome =
  | { kind: 'run'; config: ToolConfig; warnings: string }
  | { kind: 'exit'; code: number; stdout: string; stderr: string };

export interface FlagsWorld {
  /** How the user called the tool: `mosquitto_pub` through a link, else `pondhawk pub`. */
  program: string;
  version: string;
  env: Record<string, string | undefined>;
  /** The text of a file; undefined if there is none that can be read. */
  readFile(path: string): string | undefined;
  pid: number;
}

/** Why reading flags ended early. */
type Ending = { error: string } | { answer: 'help' | 'version' };

/** Reads one command line, or one line of a file. */
function readArguments(draft: Draft, args: readonly string[]): Ending | undefined {
  for (let at = 0; at < args.length; at++) {
    const flag = flagsByName.get(args[at]!);
    if (flag === undefined || !flag.tools.includes(draft.config.tool)) {
      return { error: `Error: Unknown option '${args[at]}'.\n` };
    }
    if (flag.answer !== undefined) return { answer: flag.answer };
    if (flag.takeSeveral !== undefined) {
      const taken = flag.takeSeveral(draft, args, at + 1);
      if (typeof taken === 'string') return { error: taken };
      at += taken;
      continue;
    }
    const value = flag.value === undefined ? '' : args[++at];
    const error = flag.conflict?.(draft) ?? (value === undefined ? flag.missing : flag.take(draft, value));
    if (error !== undefined) return { error };
  }
  return undefined;
}

/** The file of -o, which is looked for everywhere, even among the values of other flags. */
function findOptionsFile(args: readonly string[]): { file: string | undefined } | { error: string } {
  let file: string | undefined;
  for (const [at, name] of args.entries()) {
    if (name !== '-o') continue;
    if (file !== undefined) return { error: 'Error: Duplicate -o argument given.\n\n' };
    file = args[at + 1];
    if (file === undefined) return { error: 'Error: -o argument given but no options file specified.\n\n' };
  }
  return { file };
}

function defaultOptionsFile(tool: ToolName, env: FlagsWorld['env']): string | undefined {
  const folder = env['XDG_CONFIG_HOME'] ?? (env['HOME'] === undefined ? undefined : `${env['HOME']}/.config`);
  return folder === undefined ? undefined : `${folder}/mosquitto_${tool}`;
}

/** The flag and the value of a line: the value is all that follows one space. Comments begin with #. */
function lineArguments(line: string): string[] {
  const [, flag, value] = /^ *([^ ]+)(?: (.+))?/s.exec(line.replace(/\r+$/, '')) ?? [];
  if (flag === undefined || line.startsWith('#')) return [];
  return value === undefined ? [flag] : [flag, value];
}

function readOptions(draft: Draft, args: readonly string[], world: FlagsWorld): Ending | undefined {
  const found = findOptionsFile(args);
  if ('error' in found) return found;
  const file = found.file ?? defaultOptionsFile(draft.config.tool, world.env);
  const lines = file === undefined ? '' : (world.readFile(file) ?? '');
  for (const line of lines.split('\n')) {
    const ending = readArguments(draft, lineArguments(line));
    if (ending !== undefined) return ending;
  }
  return readArguments(draft, args);
}

const usages: Readonly<Record<ToolName, { line: string; does: string }>> = {
  pub: {
    line: '[options] -t TOPIC {-m TEXT | -f FILE | -l | -n | -s}',
    does: 'Publishes a message, or each line of standard input, to an MQTT topic.',
  },
  sub: {
    line: '[options] {-t FILTER | -U FILTER}...',
    does: 'Subscribes to MQTT topics and prints the messages that come.',
  },
  rr: {
    line: '[options] -t TOPIC -e RESPONSE-TOPIC {-m TEXT | -f FILE | -n | -s}',
    does: 'Publishes a request to an MQTT topic, waits for the response and prints it.',
  },
};

/** Usage, and a line for each flag of the tool. */
function help(tool: ToolName, program: string): string {
  const rows = clientFlags
    .filter(({ tools }) => tools.includes(tool))
    .map((flag): [string, string] => {
      const names = [...flag.names].sort((one, other) => one.length - other.length).join(', ');
      return [flag.value === undefined ? names : `${names} ${flag.value}`, flag.help];
    });
  const width = Math.max(...rows.map(([names]) => names.length));
  const { line, does } = usages[tool];
  const lines = rows.map(([names, text]) => `  ${names.padEnd(width)}  ${text}`);
  return `Usage: ${program} ${line}\n\n${does}\n\nOptions:\n${lines.join('\n')}\n`;
}

function exit(stderr: string, stdout = ''): FlagsOutcome {
  return { kind: 'exit', code: 1, stdout, stderr };
}

const NO_SENSE = "\nError: Combining '-R' and '--retained-only' makes no sense.\n";

/** Reads a command line. As in the original, even --help and --version end with code 1. */
export function parseToolFlags(tool: ToolName, args: readonly string[], world: FlagsWorld): FlagsOutcome {
  const { program, version } = world;
  const hint = `\nUse '${program} --help' to see usage.\n`;
  const draft = newDraft(tool);
  const { config } = draft;
  const ending = readOptions(draft, args, world);
  if (ending !== undefined && 'answer' in ending) {
    return exit('', ending.answer === 'help' ? help(tool, program) : `${program} version ${version}\n`);
  }
  const wrong = ending?.error ?? combinationProblem(draft);
  if (wrong !== undefined) return exit(`${wrong}${hint}`);
  completeProperties(draft);
  if (config.noRetained && config.retainedOnly) return exit(NO_SENSE);
  if (config.clientIdPrefix !== undefined) config.clientId = `${config.clientIdPrefix}${world.pid}`;
  const problem = libraryProblem(draft, world);
  if (problem !== undefined) return exit(config.quiet ? '' : problem);
  if (lacksMessage(config)) {
    return tool === 'pub'
      ? exit('Error: Both topic and message must be supplied.\n', help(tool, program))
      : exit(`Error: All of topic, message, and response topic must be supplied.\n${hint}`);
  }
  return { kind: 'run', config: finish(draft), warnings: '' };
}
