// Command lines of mosquitto_signal; recorded.json has what the original answered. `{pid}` is that of a process
// that catches signals, 4194305 one that no process can have.
export interface SignalCase {
  readonly args: readonly string[];
  /** The processes that there are; none by default. */
  readonly scene?: 'one' | 'all';
}

export interface SignalResult {
  readonly args: readonly string[];
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly caught: Readonly<Record<string, readonly string[]>>;
}

/** Each program has words of its own for that. */
export function shownUsage(stdout: string, beginning: RegExp): string {
  return beginning.test(stdout) ? '{usage}' : stdout;
}

/** What `{pid}` means. */
export const target = 'an editor of a file pondhawk';

export const signalNames = ['config-reload', 'log-rotate', 'shutdown', 'tree-print'];

const refused: readonly (readonly string[])[] = [
  [],
  ['--help'],
  ['-a', '--help'],
  ['-p', '0', '--help'],
  ['-h'],
  ['--version'],
  ['-v'],
  ['-a'],
  ['-p'],
  ['-a', '-p'],
  ['-p', '4194305'],
  ['-p', '4194305', '-a'],
  ['-p', '0', 'shutdown'],
  ['-p', '-1', 'shutdown'],
  ['-p', '', 'shutdown'],
  ['-p', 'mosquitto', 'shutdown'],
  ['-p', 'shutdown'],
  ['-p', '4294967296', 'shutdown'],
  ['-p', '9223372036854775808', 'shutdown'],
  ['-p', '2147483648', 'shutdown'],
  ['-p', '99999999999', 'shutdown'],
  ['-p4194305', 'shutdown'],
  ['shutdown'],
  ['shutdown', '-p', '4194305'],
  ['--', '-a'],
  ['-a', ''],
  ['-a', 'nope'],
  ['-a', 'shutdow'],
  ['-a', 'SHUTDOWN'],
  ['-a', 'SIGHUP'],
  ['-a', 'toString'],
  ['-p', '4194305', 'nope'],
  ['-p', '4194305', '--nope'],
];

const sent: readonly (readonly string[])[] = [
  ...signalNames.map((name) => ['-p', '4194305', name]),
  ['-p', '4194305', 'xtreport'],
  ['-p', ' 4194305', 'shutdown'],
  ['-p', '+4194305', 'shutdown'],
  ['-p', '4194305x', 'shutdown'],
  ['-p', '04194305', 'shutdown'],
  ['-p', '4194306', '-p', '4194305', 'shutdown'],
  ['-a', '-p', '4194305', 'shutdown'],
  ['-p', '4194305', 'shutdown', '--help'],
  ['-p', '4194305', 'shutdown', 'nope'],
];

export const signalCases: readonly SignalCase[] = [
  ...refused.map((args) => ({ args })),
  ...sent.map((args) => ({ args })),
  ...signalNames.map((name) => ({ args: ['-p', '{pid}', name], scene: 'one' }) as const),
  ...signalNames.map((name) => ({ args: ['-a', name], scene: 'all' }) as const),
];
