// Sockets that systemd has opened for the broker (sd_listen_fds(3)): with them it needs no rights for low ports, and
// no connection is refused while it starts. Nothing is read where LISTEN_PID is not this process.
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The descriptor of the first one. */
const FIRST = 3;
/** More than anybody has in a unit; each is a descriptor of this process. */
const MOST = 256;
/** What systemd calls a socket that has no name. */
const UNNAMED = 'unknown';

/** For `net.Server.listen()`. */
export interface ActivatedSocket {
  readonly fd: number;
  /** FileDescriptorName= of the socket unit; by default the unit's name. */
  readonly name: string;
}

/** Reads a table of the system by the number of a socket: what is wrong with it, undefined if it listens. */
type Table = readonly [
  file: string,
  inodeAt: number,
  check: (fields: readonly string[]) => string | undefined,
];

const LISTENS = '0A';
const STREAM = '0001';
const ACCEPTS = 0x1_0000;
const NOT_LISTENING = 'a connection, not a socket that listens';
const DATAGRAMS = 'a socket for datagrams';

const tcp = (fields: readonly string[]): string | undefined =>
  fields[3] === LISTENS ? undefined : NOT_LISTENING;
const datagrams = (): string => DATAGRAMS;
const unix = ([, , , flags, type]: readonly string[]): string | undefined => {
  if (type !== STREAM) return DATAGRAMS;
  return (Number.parseInt(flags ?? '', 16) & ACCEPTS) === 0 ? NOT_LISTENING : undefined;
};

/** See proc_pid_net(5). A socket of another network namespace is in none of them: listen() shows what it is. */
const tables: readonly Table[] = [
  ['tcp', 9, tcp],
  ['tcp6', 9, tcp],
  ['unix', 6, unix],
  ['udp', 9, datagrams],
  ['udp6', 9, datagrams],
];

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function socketProblem(inode: string, proc: string): string | undefined {
  for (const [file, inodeAt, check] of tables) {
    for (const line of textOf(join(proc, 'net', file)).split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[inodeAt] === inode) return check(fields);
    }
  }
  return undefined;
}

function descriptorProblem(fd: number, proc: string): string | undefined {
  let target: string;
  try {
    target = readlinkSync(join(proc, 'fd', String(fd)));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not open' : undefined;
  }
  const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
  return inode === undefined ? `no socket but ${target}` : socketProblem(inode, proc);
}

function countOf(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= MOST) return count;
  throw new Error(`LISTEN_FDS is '${text}'; it must be the number of sockets, from 1 to ${MOST}`);
}

/**
 * The listening sockets that this process was started with. Takes the variables out of `env`, as they are not meant
 * for programs that this one starts. Throws an Error that says which descriptor is not a listening stream socket.
 */
export function activatedSockets(
  env: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
  proc = '/proc/self',
): ActivatedSocket[] {
  const { LISTEN_PID: whose, LISTEN_FDS: count, LISTEN_FDNAMES: names } = env;
  if (whose !== String(pid) || count === undefined) return [];
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
  const nameOf = (names ?? '').split(':', MOST);
  return Array.from({ length: countOf(count) }, (_, at) => {
    const fd = FIRST + at;
    const problem = descriptorProblem(fd, proc);
    if (problem === undefined) return { fd, name: nameOf[at] || UNNAMED };
    throw new Error(
      `descriptor ${fd} (LISTEN_FDS=${count}) is ${problem}; use ListenStream= in the .socket unit`,
    );
  });
}
