// How brokers on this machine are found by their name, for `pondhawk signal -a`. A program that Node runs is called
// `node` by the system, whatever it is; so the broker names its process, and only a process that did so is ours.
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of a command line that are looked at. */
const LONGEST = 4096;
const MOSQUITTO = 'mosquitto';
const PONDHAWK = 'pondhawk';

/**
 * Names this process, so that it is found: `mosquitto` when it was called through a link of that name, since scripts
 * look for that, else `pondhawk`. For the process that serves only, and after its signals are handled.
 */
export function nameBrokerProcess(program: string): void {
  process.title = program === MOSQUITTO ? MOSQUITTO : PONDHAWK;
}

export interface ProcessNames {
  /** The first of the arguments, or the title that the process gave itself. */
  readonly first: string;
  /** Whether that is all of its command line. */
  readonly alone: boolean;
  /** What the system calls it; at most 15 characters. */
  readonly comm: string;
}

const isBroker: Readonly<Record<string, (names: ProcessNames) => boolean>> = {
  // by the path of the program, as Mosquitto's own tool has it; a text with blanks can be a title instead
  [MOSQUITTO]: ({ first, comm }) => !first.includes(' ') || comm === MOSQUITTO,
  [PONDHAWK]: ({ first, alone, comm }) => first === PONDHAWK && alone && comm === PONDHAWK,
};

export function isBrokerProcess(names: ProcessNames): boolean {
  const name = names.first.slice(names.first.lastIndexOf('/') + 1);
  return Object.hasOwn(isBroker, name) && isBroker[name]!(names);
}

function start(path: string): string {
  const buffer = Buffer.alloc(LONGEST);
  const fd = openSync(path, 'r');
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
}

/** Undefined for a process that has ended, or of the kernel, or that this user may not look at. */
function namesOf(folder: string): ProcessNames | undefined {
  try {
    const line = start(join(folder, 'cmdline'));
    const [first] = line.split('\0', 1);
    const comm = start(join(folder, 'comm')).replace(/\n$/, '');
    return { first: first!, alone: /^\0*$/.test(line.slice(first!.length)), comm };
  } catch {
    return undefined;
  }
}

/** The ids of all brokers but this process, in order. Throws where `proc` cannot be read. */
export function findBrokerProcesses(proc: string): number[] {
  return readdirSync(proc)
    .filter((name) => /^[1-9]\d*$/.test(name) && name !== String(process.pid))
    .filter((name) => {
      const names = namesOf(join(proc, name));
      return names !== undefined && isBrokerProcess(names);
    })
    .map(Number)
    .sort((one, other) => one - other);
}
