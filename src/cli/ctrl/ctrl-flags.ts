// The flags of `pondhawk ctrl`, which come before the module: those of the client tools that are about the connection,
// and a few of its own. A file of flags is read after the command line, as mosquitto_ctrl does.
import { parseBrokerUrl } from '../client-address.js';
import { combinationProblem } from '../client-checks.js';
import { type Draft, newDraft } from '../client-config.js';
import type { Flag } from '../client-flag.js';
import { flagsByName } from '../client-flag-table.js';

/** What was read from the command line. */
export interface CtrlFlags {
  readonly draft: Draft;
  /** -f: a configuration file of the dynamic security plugin to change, instead of a broker. */
  dataFile: string | undefined;
  optionsFile: string | undefined;
  /** The module, its command and what belongs to it. */
  rest: readonly string[];
}

/** What is wrong, as it goes to standard error; empty when the user asked for help. */
export interface CtrlFlagsProblem {
  readonly problem: string;
}

interface OwnFlag {
  readonly names: readonly string[];
  /** How the help calls its value, and the error text if there is none. */
  readonly value?: readonly [shown: string, missing: string];
  readonly help: string;
  readonly take: (flags: CtrlFlags, value: string) => string | undefined;
}

export interface CtrlFlagsWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; undefined if there is none that can be read. */
  readFile(path: string): string | undefined;
}

/** Flags of the client tools, by their first names. */
const shared: readonly string[] = [
  ...['-h', '-p', '--unix', '-A', '--proxy', '--protocol-version', '-i', '-u', '-P', '-q'],
  ...['--cafile', '--capath', '--tls-use-os-certs', '--cert', '--key', '--keyform', '--ciphers'],
  ...['--tls-version', '--tls-alpn', '--insecure', '--psk', '--psk-identity'],
  ...['--tls-engine', '--tls-engine-kpass-sha1'],
];

function takeUrl({ draft }: CtrlFlags, value: string): string | undefined {
  const url = parseBrokerUrl(value);
  if (typeof url === 'string') return url;
  if (url.websockets) return 'Error: Unsupported URL scheme.\n\n';
  if (url.username === '') return 'Error: Empty username in URL.\n';
  if (/^[^/]*\/\/[^/]*:\//.test(value)) return 'Error: Empty port in URL.\n';
  const { config } = draft;
  config.host = url.host;
  draft.port = url.port;
  if (url.tls) config.tls.useOsCerts = true;
  config.username = url.username ?? config.username;
  config.password = url.password ?? config.password;
  return undefined;
}

const nothing: OwnFlag['take'] = () => undefined;

const ownFlags: readonly OwnFlag[] = [
  {
    names: ['-L', '--url'],
    value: ['URL', '-L argument given but no URL specified'],
    help: 'broker: {mqtt|mqtts}://[USER[:PASSWORD]@]HOST[:PORT]/',
    take: takeUrl,
  },
  {
    names: ['-o'],
    value: ['FILE', '-o argument given but no options file specified'],
    help: 'read flags from this file, one a line',
    take: (flags, value) => {
      flags.optionsFile = value;
      return undefined;
    },
  },
  {
    names: ['-f'],
    value: ['FILE', '-f argument given but no data file specified'],
    help: 'change this file of the dynamic security plugin (setClientPassword only)',
    take: (flags, value) => {
      flags.dataFile = value;
      return undefined;
    },
  },
  { names: ['-d', '--debug'], help: 'taken, and without effect as in Mosquitto', take: nothing },
  { names: ['-v', '--verbose'], help: 'taken, and without effect as in Mosquitto', take: nothing },
  { names: ['--quiet'], help: 'taken, and without effect as in Mosquitto', take: nothing },
  { names: ['--help'], help: 'print this help', take: () => '' },
  { names: ['--version'], help: 'print this help, which begins with the version', take: () => '' },
];

function ownFlag({ names, help, value, missing, take }: Flag): OwnFlag {
  const shown = value === undefined ? {} : { value: [value, missing!] as const };
  return {
    names,
    help: help.replace('(default 0)', '(default 1)'),
    ...shown,
    take: ({ draft }, text) => take(draft, text),
  };
}

const allFlags: readonly OwnFlag[] = [...shared.map((name) => ownFlag(flagsByName.get(name)!)), ...ownFlags];
const byName: ReadonlyMap<string, OwnFlag> = new Map(
  allFlags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)),
);

/** The table of flags for the help. */
export function flagHelp(): string {
  const rows = allFlags.map(({ names, value, help }) => {
    const all = [...names].sort((one, other) => one.length - other.length).join(', ');
    return [value === undefined ? all : `${all} ${value[0]}`, help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}\n`).join('');
}

function missingText(text: string): string {
  return text.startsWith('Error: ') ? text : `Error: ${text}.\n\n`;
}

/** Reads flags up to the first word that is none; returns a problem, or how many words were taken. */
function readFlags(flags: CtrlFlags, args: readonly string[]): number | string {
  let at = 0;
  for (; args[at]?.startsWith('-'); at++) {
    const flag = byName.get(args[at]!);
    if (flag === undefined) return `Error: Unknown option '${args[at]}'.\n`;
    const value = flag.value === undefined ? '' : args[++at];
    const problem = value === undefined ? missingText(flag.value![1]) : flag.take(flags, value);
    if (problem !== undefined) return problem;
  }
  return at;
}

function optionLines({ optionsFile }: CtrlFlags, { env, readFile }: CtrlFlagsWorld): string[] {
  const folder = env['XDG_CONFIG_HOME'] ?? (env['HOME'] === undefined ? undefined : `${env['HOME']}/.config`);
  const usual = folder === undefined ? undefined : `${folder}/mosquitto_ctrl`;
  const file = optionsFile ?? usual;
  return file === undefined ? [] : (readFile(file) ?? '').split('\n');
}

/** The flag and the value of a line; more words are not looked at. Comments begin with #. */
function lineArguments(line: string): string[] {
  if (line.startsWith('#')) return [];
  const words = line.replace(/\r+$/, '').split(' ');
  return words.filter((word) => word !== '').slice(0, 2);
}

/** Reads a command line and the file of flags that belongs to it. */
export function parseCtrlFlags(args: readonly string[], world: CtrlFlagsWorld): CtrlFlags | CtrlFlagsProblem {
  const draft = newDraft('rr');
  draft.config.qos = 1;
  draft.config.count = undefined;
  const flags: CtrlFlags = { draft, dataFile: undefined, optionsFile: undefined, rest: [] };
  const taken = readFlags(flags, args);
  if (typeof taken === 'string') return { problem: taken };
  flags.rest = args.slice(taken);
  for (const line of optionLines(flags, world)) {
    const read = readFlags(flags, lineArguments(line));
    if (typeof read === 'string') return { problem: read };
  }
  const problem = combinationProblem(draft);
  return problem === undefined ? flags : { problem };
}
