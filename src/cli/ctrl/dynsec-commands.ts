// The commands of the module dynsec that go to a broker: the words after each name, and what they become.
import { readInt } from '../client-values.js';
import { type CommandMaker, type ControlCommand, CtrlEnd, invalidInput } from './ctrl-module.js';
import { askedProblems } from './password-prompts.js';

/** One word of a command. */
interface Field {
  readonly key: string;
  readonly isOptional?: boolean;
  /** The value for the broker; undefined leaves the field out. */
  read(word: string): unknown;
}

const asText = (word: string): string => word;

function text(key: string): Field {
  return { key, read: asText };
}

function optionalText(key: string): Field {
  return { key, isOptional: true, read: asText };
}

/** A number that is sent only when it is more than 0. */
function count(key: string): Field {
  const read = (word: string): number | undefined => (readInt(word) > 0 ? readInt(word) : undefined);
  return { key, isOptional: true, read };
}

/** -1 is what the broker takes anyway. */
const priority: Field = {
  key: 'priority',
  isOptional: true,
  read: (word) => (readInt(word) === -1 ? undefined : readInt(word)),
};

function isOneOf(words: readonly string[], word: string): boolean {
  return words.some((one) => one.toLowerCase() === word.toLowerCase());
}

export const roleAclTypes = [
  'publishClientReceive',
  'publishClientSend',
  'subscribeLiteral',
  'subscribePattern',
  'unsubscribeLiteral',
  'unsubscribePattern',
] as const;
export const defaultAclTypes = [
  'publishClientReceive',
  'publishClientSend',
  'subscribe',
  'unsubscribe',
] as const;

const aclType: Field = {
  key: 'acltype',
  read: (word) => {
    if (!isOneOf(roleAclTypes, word)) throw invalidInput();
    return word;
  },
};

const verdicts: Readonly<Record<string, boolean>> = { allow: true, deny: false };

/** What allow and deny mean; undefined for other words. */
export function verdictOf(word: string): boolean | undefined {
  const name = word.toLowerCase();
  return Object.hasOwn(verdicts, name) ? verdicts[name] : undefined;
}

const verdict: Field = {
  key: 'allow',
  read: (word) => {
    const isAllowed = verdictOf(word);
    if (isAllowed === undefined) throw invalidInput();
    return isAllowed;
  },
};

/** Puts words into the fields; there must be one for each that is not optional, and no more. */
function filled(command: string, fields: readonly Field[], args: readonly string[]): ControlCommand {
  const least = fields.filter(({ isOptional }) => !isOptional).length;
  if (args.length < least || args.length > fields.length) throw invalidInput();
  const pairs = args.map((word, at) => [fields[at]!.key, fields[at]!.read(word)] as const);
  return { command, ...Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) };
}

type Row = readonly [command: string, fields: readonly Field[]];

function maker([command, fields]: Row): CommandMaker {
  return (args) => filled(command, fields, args);
}

const [username, groupname, rolename] = [text('username'), text('groupname'), text('rolename')];
const list = [count('count'), count('offset')];

const rows: readonly Row[] = [
  ['deleteClient', [username]],
  ['getClient', [username]],
  ['listClients', list],
  ['enableClient', [username]],
  ['disableClient', [username]],
  ['setClientId', [username, optionalText('clientid')]],
  ['addClientRole', [username, rolename, priority]],
  ['removeClientRole', [username, rolename, priority]],
  ['createGroup', [groupname]],
  ['deleteGroup', [groupname]],
  ['getGroup', [groupname]],
  ['listGroups', list],
  ['addGroupRole', [groupname, rolename, priority]],
  ['removeGroupRole', [groupname, rolename, priority]],
  ['addGroupClient', [groupname, username, priority]],
  ['removeGroupClient', [groupname, username, priority]],
  ['setAnonymousGroup', [groupname]],
  ['createRole', [rolename]],
  ['deleteRole', [rolename]],
  ['getRole', [rolename]],
  ['listRoles', list],
  ['addRoleACL', [rolename, aclType, text('topic'), verdict, priority]],
  ['removeRoleACL', [rolename, aclType, text('topic')]],
];

const setDefaultAclAccess: CommandMaker = ([acltype = '', access = '', ...more]) => {
  if (more.length > 0 || access === '' || !isOneOf(defaultAclTypes, acltype)) throw invalidInput();
  const allow = verdictOf(access);
  if (allow === undefined) throw invalidInput('Error: access must be "allow" or "deny".\n');
  return { command: 'setDefaultACLAccess', acls: [{ acltype, allow }] };
};

/** The flags of createClient, and what they are about. */
const clientFlags: Readonly<Record<string, readonly [key: 'clientid' | 'password', missing: string]>> = {
  '-c': ['clientid', '-i argument given, but no clientid'],
  '-i': ['clientid', '-i argument given, but no clientid'],
  '-p': ['password', '-p argument given, but no password'],
};

function clientDetails(args: readonly string[]): { clientid?: string; password?: string } {
  const details: { clientid?: string; password?: string } = {};
  for (let at = 0; at < args.length; at++) {
    const name = args[at]!;
    if (!Object.hasOwn(clientFlags, name)) continue;
    const [key, missing] = clientFlags[name]!;
    const value = args[++at];
    if (value === undefined) throw invalidInput(`Error: ${missing} provided.\n`);
    details[key] = value;
  }
  return details;
}

const createClient: CommandMaker = async ([name, ...args], prompts) => {
  if (name === undefined) throw invalidInput();
  const details = clientDetails(args);
  const created = { command: 'createClient', username: name, ...details };
  if (details.password !== undefined) return created;
  const hint = 'Press return for no password (user will be unable to login).';
  process.stdout.write(`Enter new password for ${name}. ${hint}\n`);
  const asked = await prompts.twice(name);
  if (asked === 'different') throw new CtrlEnd(askedProblems.different, 0);
  if (asked !== 'empty') return { ...created, password: asked.password };
  process.stdout.write('\n');
  return created;
};

const setClientPassword: CommandMaker = async (args, prompts) => {
  const [name, password] = args;
  if (name === undefined || args.length > 2) throw invalidInput();
  const changed = { command: 'setClientPassword', username: name };
  if (password !== undefined) return { ...changed, password };
  const asked = await prompts.twice(name);
  if (typeof asked === 'string') throw new CtrlEnd(askedProblems[asked], 0);
  return { ...changed, password: asked.password };
};

/** A command that looks at no words. */
function bare(command: string): CommandMaker {
  return () => ({ command });
}

const makers: readonly (readonly [string, CommandMaker])[] = [
  ...rows.map((row) => [row[0], maker(row)] as const),
  ['getDefaultACLAccess', bare('getDefaultACLAccess')],
  ['setDefaultACLAccess', setDefaultAclAccess],
  ['getAnonymousGroup', bare('getAnonymousGroup')],
  ['createClient', createClient],
  ['setClientPassword', setClientPassword],
];

export const dynsecCommands: ReadonlyMap<string, CommandMaker> = new Map(
  makers.map(([name, make]) => [name.toLowerCase(), make]),
);
