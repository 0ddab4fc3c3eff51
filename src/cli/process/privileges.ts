// The option `user`: a broker that root starts goes on as somebody who may do less. As Mosquitto 2.1 it does so as
// soon as the configuration is read, before it opens a port or reads a key: what the user may not open then, a
// reload could not open later.
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { ExitCode, ServerProblem } from '../../server/server-problem.js';
import { systemErrorWords } from '../mosquitto-texts.js';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Whose the process is. Each change throws the system's error, as Node's own functions do. */
export interface ProcessOwner {
  geteuid(): number;
  getegid(): number;
  initgroups(user: string, gid: number): void;
  setgid(gid: number): void;
  setuid(uid: number): void;
  /** Undefined for a user that the system does not know. */
  find(user: string): Account | undefined;
  /** The name of the user whose process it is; undefined if it has none. */
  name(): string | undefined;
}

export type LogPrivileges = (level: 'error' | 'warning' | 'information', text: string) => void;

const DEFAULT_USER = 'mosquitto';
const LAST_RESORT = 'nobody';
const INT_MAX = 2_147_483_647;
/** Snaps run confined, and may not change their user. */
const SNAPS = new Set<string | undefined>(['mosquitto', 'pondhawk']);

function invalid(text: string): ServerProblem {
  return new ServerProblem(ExitCode.configuration, text);
}

/** Carries out one change; what the system says against it is in the problem. */
function change(what: 'groups' | 'gid' | 'uid', act: () => void): void {
  try {
    act();
  } catch (error) {
    const said = systemErrorWords((error as NodeJS.ErrnoException).code ?? String(error));
    throw new ServerProblem(ExitCode.system, `Error setting ${what} whilst dropping privileges: ${said}.`);
  }
}

/** PUID or PGID: the numbers that users of containers give. */
function idFrom(text: string, variable: string): number {
  const digits = /^[ \t-\r]*([+-]?\d{1,18})$/.exec(text)?.[1];
  if (digits === undefined) throw invalid(`Error: ${variable} not a valid ID '${text}'`);
  const id = Number(digits);
  if (id < 0) throw invalid(`Error: ${variable} must not be negative`);
  if (id > INT_MAX) throw invalid(`Error: ${variable} must not be less than ${INT_MAX}`);
  return id;
}

/** 0 in the variables leaves things as they are. */
function becomeNumbers(owner: ProcessOwner, puid: string | undefined, pgid: string | undefined): void {
  const gid = pgid === undefined ? 0 : idFrom(pgid, 'PGID');
  if (gid > 0) change('gid', () => owner.setgid(gid));
  const uid = puid === undefined ? 0 : idFrom(puid, 'PUID');
  if (uid > 0) change('uid', () => owner.setuid(uid));
}

function accountOf(owner: ProcessOwner, user: string, log: LogPrivileges): Account {
  const account = owner.find(user);
  if (account !== undefined) return account;
  const missing = `Unable to drop privileges to '${user}' because this user does not exist.`;
  if (user !== DEFAULT_USER) throw invalid(`Error: ${missing}`);
  log('error', `Warning: ${missing} Trying '${LAST_RESORT}' instead.`);
  const nobody = owner.find(LAST_RESORT);
  if (nobody !== undefined) return nobody;
  throw new ServerProblem(ExitCode.system, `Error: Unable to drop privileges to '${LAST_RESORT}'.`);
}

function becomeUser(owner: ProcessOwner, user: string, log: LogPrivileges): void {
  const { uid, gid } = accountOf(owner, user, log);
  change('groups', () => owner.initgroups(user, gid));
  change('gid', () => owner.setgid(gid));
  change('uid', () => owner.setuid(uid));
}

function reportOwner(owner: ProcessOwner, log: LogPrivileges): void {
  const name = owner.name();
  const text = name === undefined ? `user id: ${owner.geteuid()}` : `user: ${name}`;
  log('information', `Info: running mosquitto as ${text}.`);
}

export interface DropOptions {
  /** The option `user`. */
  readonly user?: string;
  readonly log: LogPrivileges;
  readonly env?: NodeJS.ProcessEnv;
  readonly owner?: ProcessOwner | undefined;
}

/**
 * Gives root's rights up for good: for those of PUID and PGID if the environment has them, else of `user` (root
 * stays root). Logs whose process it is now. Throws a ServerProblem where that is not possible, with exit code 3
 * for a user that is not there and 14 for a refusal of the system. Does nothing where processes have no owners.
 */
export function dropPrivileges(options: DropOptions): void {
  const { user = DEFAULT_USER, log, env = process.env, owner = systemOwner() } = options;
  if (owner === undefined || SNAPS.has(env['SNAP_NAME'])) return;
  if (owner.geteuid() !== 0) return reportOwner(owner, log);
  const { PUID: puid, PGID: pgid } = env;
  if (puid !== undefined || pgid !== undefined) becomeNumbers(owner, puid, pgid);
  else if (user !== 'root') becomeUser(owner, user, log);
  reportOwner(owner, log);
  if (owner.geteuid() === 0 || owner.getegid() === 0)
    log('warning', 'Warning: Mosquitto should not be run as root/administrator.');
}

/** The line of a user in the text of /etc/passwd. */
export function accountIn(passwd: string, user: string): Account | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === user && !line.startsWith('#') && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? ''))
      return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

function passwdFile(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}

/**
 * Users that are in no file (LDAP, systemd): Node asks the system for numbers of users by name, but for the group
 * only of the present one. So this is that user for a moment.
 */
function accountBySystem(user: string): Account | undefined {
  try {
    process.seteuid!(user);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_CREDENTIAL') return undefined;
    change('uid', () => {
      throw error;
    });
  }
  try {
    const { username, uid, gid } = userInfo();
    return username === user ? { uid, gid } : undefined;
  } finally {
    process.seteuid!(0);
  }
}

function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Of this process; undefined on systems such as Windows. */
function systemOwner(): ProcessOwner | undefined {
  if (process.geteuid === undefined) return undefined;
  return {
    geteuid: () => process.geteuid!(),
    getegid: () => process.getegid!(),
    initgroups: (user, gid) => (process as unknown as ProcessOwner).initgroups(user, gid),
    setgid: (gid) => process.setgid!(gid),
    setuid: (uid) => process.setuid!(uid),
    find: (user) => accountIn(passwdFile(), user) ?? accountBySystem(user),
    name: ownName,
  };
}
