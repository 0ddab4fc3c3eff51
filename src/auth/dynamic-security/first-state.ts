// What Mosquitto's plugin writes when its file is not there: an administrator, roles for what people usually want, and
// passwords from a file, from the environment, or made up.
import { randomInt } from 'node:crypto';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { hashPassword } from '../password-hash.js';
import { restrictedFlag } from '../restricted-file.js';
import { SecurityStateError } from './security-state.js';

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-=_+[]{}@#~,./<>?';
const LENGTH = 20;
/** Characters of a password from the environment. */
const MIN_LENGTH = 12;
/** Bytes of a password file that are looked at. */
const MAX_LINE = 1023;
export const PASSWORD_VARIABLE = 'MOSQUITTO_DYNSEC_PASSWORD';

/** Where first passwords come from. */
export interface FirstPasswords {
  /** For the log. */
  readonly source: string;
  admin(): string;
  /** Only where passwords are made up: there is a client to try things with. */
  readonly demo?: () => string;
  /** Tells the passwords to whoever runs the broker. */
  keep?(lines: string): void;
}

function madeUp(): string {
  return Array.from({ length: LENGTH }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join('');
}

function firstLineOf(file: string): string {
  const problem = (text: string): SecurityStateError =>
    new SecurityStateError(`Error: Unable to get initial password from '${file}', ${text}.`);
  const buffer = Buffer.alloc(MAX_LINE);
  let length = 0;
  try {
    const descriptor = openSync(file, restrictedFlag());
    try {
      length = readSync(descriptor, buffer);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    throw problem('file not accessible');
  }
  if (length === 0) throw problem('file empty');
  const [line = ''] = buffer.toString('utf8', 0, length).split(/[\n\0]/, 1);
  if (line.trimEnd() === '') throw problem('password is empty');
  return line.trimEnd();
}

function fromEnvironment(password: string): string {
  if (Buffer.byteLength(password) >= MIN_LENGTH) return password;
  throw new SecurityStateError(
    `Error: Not generating dynsec config, ${PASSWORD_VARIABLE} must be at least ${MIN_LENGTH} characters.`,
  );
}

/** `initFile`: of plugin_opt_password_init_file; `file`: the one that will have the state. */
export function firstPasswords(
  file: string,
  initFile: string | undefined,
  environment: string | undefined = process.env[PASSWORD_VARIABLE],
): FirstPasswords {
  if (initFile !== undefined)
    return { source: `  Using admin password from file '${initFile}'`, admin: () => firstLineOf(initFile) };
  if (environment !== undefined)
    return {
      source: `  Using admin password from ${PASSWORD_VARIABLE} environment variable`,
      admin: () => fromEnvironment(environment),
    };
  return {
    source: `  Generated passwords are at ${file}.pw`,
    admin: madeUp,
    demo: madeUp,
    keep: (lines) => writeFileSync(`${file}.pw`, lines, { mode: 0o600 }),
  };
}

type Json = Record<string, unknown>;

const ALL = ['publishClientSend', 'publishClientReceive', 'subscribePattern', 'unsubscribePattern'];

function role(rolename: string, textdescription: string, topic: string, aclTypes = ALL): Json {
  const acls = aclTypes.map((acltype) => ({ acltype, topic, priority: 0, allow: true }));
  return { rolename, textdescription, acls };
}

const roles: readonly Json[] = [
  role('client', 'Read/write access to the full application topic hierarchy.', '#'),
  role('broker-admin', 'Grants access to administer general broker configuration.', '$CONTROL/broker/#'),
  role('dynsec-admin', 'Grants access to administer clients/groups/roles.', '$CONTROL/dynamic-security/#'),
  role('super-admin', 'Grants access to administer all kind of broker controls', '$CONTROL/#'),
  role(
    'sys-notify',
    'Allow bridges to publish connection state messages.',
    '$SYS/broker/connection/%c/state',
    ALL.slice(0, 1),
  ),
  role('sys-observe', 'Observe the $SYS topic hierarchy.', '$SYS/#', ALL.slice(1, 3)),
  role('topic-observe', 'Read only access to the full application topic hierarchy.', '#', ALL.slice(1)),
];

async function client(username: string, textname: string, password: string, names: string[]): Promise<Json> {
  const encoded = await hashPassword('sha512-pbkdf2', Buffer.from(password));
  const list = names.map((rolename) => ({ rolename }));
  return { encoded_password: encoded, username, textname, roles: list };
}

/** The content of the first file. Throws SecurityStateError when there is no good password for it. */
export async function firstState({ admin, demo, keep }: FirstPasswords): Promise<Json> {
  const passwords = { admin: admin(), democlient: demo?.() };
  const adminRoles = ['super-admin', 'sys-observe', 'topic-observe'];
  const clients = [await client('admin', 'Admin user', passwords.admin, adminRoles)];
  if (passwords.democlient !== undefined) {
    const text = "Demonstration client with full read/write access to the '#' topic hierarchy.";
    clients.push(await client('democlient', text, passwords.democlient, ['client']));
  }
  keep?.(`admin ${passwords.admin}\ndemoclient ${passwords.democlient}\n`);
  return {
    defaultACLAccess: {
      publishClientSend: false,
      publishClientReceive: true,
      subscribe: false,
      unsubscribe: true,
    },
    clients,
    groups: [
      {
        groupname: 'unauthenticated',
        textname: 'Unauthenticated group',
        textdescription:
          'If unauthenticated access is allowed, this group can be used to define roles for clients that connect without a password.',
        roles: [],
      },
    ],
    roles,
    anonymousGroup: 'unauthenticated',
  };
}
