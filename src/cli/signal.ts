// `pondhawk signal`: tells brokers on this machine to reload, to reopen their logs, to show their subscriptions or
// to end, as mosquitto_signal does.
import { readInt, readLong } from './client-values.js';
import { systemErrorWords } from './mosquitto-texts.js';
import { findBrokerProcesses } from './process/broker-processes.js';

const signals: Readonly<Record<string, { signal: NodeJS.Signals; does: string }>> = {
  'config-reload': { signal: 'SIGHUP', does: 'read the configuration file again' },
  'log-rotate': { signal: 'SIGHUP', does: 'read the configuration again, and open the log file again' },
  shutdown: { signal: 'SIGINT', does: 'end' },
  'tree-print': { signal: 'SIGUSR2', does: 'print the sessions and their subscriptions' },
};

/** A debugging report that brokers as they are distributed do not write; a process without it may end instead. */
const UNSUPPORTED = 'xtreport';

function usage(program: string): string {
  const rows = Object.entries(signals).map(([name, { does }]) => `  ${name.padEnd(13)}  ${does}\n`);
  return `Usage: ${program} {-a | -p PID} SIGNAL

Sends a signal to brokers that run on this machine.

Options:
  -a      all brokers: processes called pondhawk or mosquitto
  -p PID  the process with this id, whatever it is
  --help  print this help

Signals, and what the broker does:
${rows.join('')}`;
}

interface Request {
  readonly target: 'all' | number;
  readonly signal: NodeJS.Signals;
}

/** What is wrong with a command line; or it was a question, and `text` is the answer. */
class Refusal extends Error {
  readonly isAnswer: boolean;

  constructor(text: string, isAnswer = false) {
    super(text);
    this.isAnswer = isAnswer;
  }
}

function readPid(text: string | undefined): number {
  if (text === undefined) throw new Refusal('Error: -p argument given but process ID missing.\n');
  const pid = readInt(text);
  if (pid < 1) throw new Refusal('Error: Process ID must be >0.\n');
  // cut down to 32 bits, as atoi() does, it would be the id of another process
  if (BigInt(pid) !== readLong(text)) throw new Refusal(`Error: Process ID '${text}' is out of range.\n`);
  return pid;
}

function readSignal(text: string | undefined): NodeJS.Signals {
  if (text === undefined) throw new Refusal('Error: No signal given.\n');
  if (Object.hasOwn(signals, text)) return signals[text]!.signal;
  if (text === UNSUPPORTED)
    throw new Refusal(`Error: Signal '${text}' is not supported: brokers write no such report.\n`);
  throw new Refusal(`Error: Unknown signal '${text}'.\n`);
}

/** Options stand before the signal; what follows it is ignored. */
function parse(args: readonly string[], program: string): Request {
  if (args.length === 0) throw new Refusal(usage(program), true);
  let target: Request['target'] | undefined;
  let at = 0;
  for (; at < args.length; at++) {
    if (args[at] === '--help') throw new Refusal(usage(program), true);
    if (args[at] === '-a') target = 'all';
    else if (args[at] === '-p') target = readPid(args[++at]);
    else break;
  }
  if (target === undefined) throw new Refusal('Error: One of -a or -p must be used.\n');
  return { target, signal: readSignal(args[at]) };
}

/** What the command has of the system; all of it is the process' own by default. */
export interface SignalWorld {
  /** Where the system shows its processes. */
  readonly proc?: string;
  readonly kill?: (pid: number, signal: NodeJS.Signals) => void;
  readonly stdout?: (text: string) => void;
  readonly stderr?: (text: string) => void;
}

const ownWorld: Required<SignalWorld> = {
  proc: '/proc',
  kill: (pid, signal) => process.kill(pid, signal),
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
};

function words(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return code === 'ESRCH' ? 'No such process' : systemErrorWords(code);
}

function send(pid: number, signal: NodeJS.Signals, intro: string, world: Required<SignalWorld>): void {
  try {
    world.kill(pid, signal);
  } catch (error) {
    world.stderr(`${intro} ${pid}: ${words(error)}\n`);
  }
}

function brokers({ proc, stderr }: Required<SignalWorld>): number[] {
  try {
    return findBrokerProcesses(proc);
  } catch (error) {
    stderr(`Error reading /proc: ${words(error)}.\n`);
    return [];
  }
}

function carryOut({ target, signal }: Request, world: Required<SignalWorld>): void {
  if (target !== 'all') return send(target, signal, 'Error sending signal to process', world);
  for (const pid of brokers(world)) send(pid, signal, 'Unable to signal process', world);
}

/** Returns the exit code: as in the original, 1 for a wrong command line and 0 even if no process could be signalled. */
export async function runSignal(
  args: readonly string[],
  program: string,
  given: SignalWorld = {},
): Promise<number> {
  const world = { ...ownWorld, ...given };
  try {
    carryOut(parse(args, program), world);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    world[error.isAnswer ? 'stdout' : 'stderr'](error.message);
    return 1;
  }
}
