// The commands of the shell's modules: the words after each name, what they become, and what completes them. The order
// of the words is not everywhere that of the command line.
import { readInt } from '../client-values.js';
import type { ControlCommand } from './ctrl-module.js';
import { defaultAclTypes, roleAclTypes, verdictOf } from './dynsec-commands.js';

/** The words make no sense; the message is printed. */
export class ShellUsage extends Error {}

/** Asks for a password that is not shown; undefined when there is none. */
export type AskPassword = () => Promise<string | undefined>;

export interface ShellCommand {
  readonly name: string;
  /** What each word after the name is: a kind of name that the broker has, or the words there are. */
  readonly completes: readonly (NameKind | readonly string[])[];
  /** The list of names that this command changes. */
  readonly changes?: NameKind;
  /** `rest` is the text after the name. */
  make(
    words: readonly string[],
    askPassword: AskPassword,
    rest: string,
  ): ControlCommand | Promise<ControlCommand>;
}

export type NameKind = 'username' | 'groupname' | 'rolename';

/** How to ask for the names of each kind. */
export const lists: Readonly<Record<NameKind, readonly [command: string, array: string]>> = {
  username: ['listClients', 'clients'],
  groupname: ['listGroups', 'groups'],
  rolename: ['listRoles', 'roles'],
};

function isKind(label: string): label is NameKind {
  return Object.hasOwn(lists, label);
}

/** A command of so many words; further ones are not looked at. */
function plain(name: string, ...labels: readonly string[]): ShellCommand {
  const make = (words: readonly string[]): ControlCommand => {
    if (words.length < labels.length) throw new ShellUsage(`${[name, ...labels].join(' ')}\n`);
    return { command: name, ...Object.fromEntries(labels.map((label, at) => [label, words[at]])) };
  };
  return { name, completes: labels.map((label) => (isKind(label) ? label : [])), make };
}

/** A command that makes or deletes something. */
function changing(name: string, kind: NameKind, isNew: boolean): ShellCommand {
  return { ...plain(name, kind), completes: isNew ? [] : [kind], changes: kind };
}

function list(name: string): ShellCommand {
  const make = ([count, offset]: readonly string[]): ControlCommand => ({
    command: name,
    ...(count === undefined ? {} : { count: readInt(count) }),
    ...(offset === undefined ? {} : { offset: readInt(offset) }),
  });
  return { name, completes: [], make };
}

async function newPassword(askPassword: AskPassword): Promise<string> {
  const first = await askPassword();
  const second = first === undefined ? undefined : await askPassword();
  if (first === undefined || second === undefined) throw new ShellUsage('No password.\n');
  if (first !== second) throw new ShellUsage('Passwords do not match.\n');
  return first;
}

const createClient: ShellCommand = {
  name: 'createClient',
  completes: [],
  changes: 'username',
  make: async ([username, password, clientid], askPassword) => {
    if (username === undefined)
      throw new ShellUsage(
        'createClient username [password [clientid]]\ncreateClient username password [clientid]\n',
      );
    const known = password ?? (await newPassword(askPassword));
    const more = clientid === undefined ? {} : { clientid };
    return { command: 'createClient', username, password: known, ...more };
  },
};

const setClientPassword: ShellCommand = {
  name: 'setClientPassword',
  completes: ['username'],
  make: async ([username, password], askPassword) => {
    if (username === undefined) throw new ShellUsage('setClientPassword <username> [password]\n');
    return { command: 'setClientPassword', username, password: password ?? (await newPassword(askPassword)) };
  },
};

const verdicts = ['allow', 'deny'];

function hasWord(words: readonly string[], word: string): boolean {
  return words.some((one) => one.toLowerCase() === word.toLowerCase());
}

function checkAclType(acltype: string, usage: string): void {
  if (!hasWord(roleAclTypes, acltype)) throw new ShellUsage(`${usage}Invalid acltype '${acltype}'\n`);
}

const addRoleAcl: ShellCommand = {
  name: 'addRoleACL',
  completes: ['rolename', roleAclTypes, verdicts],
  make: ([rolename, acltype, access, ...more]) => {
    const usage = 'addRoleACL rolename acltype allow|deny [priority] topic\n';
    const [priority, topic] = more.length > 1 ? [readInt(more[0]!), more[1]] : [-1, more[0]];
    if (acltype === undefined || access === undefined || topic === undefined) throw new ShellUsage(usage);
    checkAclType(acltype, usage);
    const allow = verdictOf(access);
    if (allow === undefined) throw new ShellUsage(`${usage}Invalid allow/deny '${access}'\n`);
    return { command: 'addRoleACL', rolename, acltype, priority, topic, allow };
  },
};

const removeRoleAcl: ShellCommand = {
  name: 'removeRoleACL',
  completes: ['rolename', roleAclTypes],
  make: ([rolename, acltype, topic]) => {
    const usage = 'removeRoleACL rolename acltype topic\n';
    if (acltype === undefined || topic === undefined) throw new ShellUsage(usage);
    checkAclType(acltype, usage);
    return { command: 'removeRoleACL', rolename, acltype, topic };
  },
};

const setDefaultAclAccess: ShellCommand = {
  name: 'setDefaultACLAccess',
  completes: [defaultAclTypes, verdicts],
  make: ([acltype = '', access = '']) => {
    const allow = verdictOf(access);
    if (!hasWord(defaultAclTypes, acltype) || allow === undefined)
      throw new ShellUsage('setDefaultACLAccess acltype allow|deny\n');
    return { command: 'setDefaultACLAccess', acls: [{ acltype, allow }] };
  },
};

const WILDCARDS = 'allowWildcardSubs';
const booleans: Readonly<Record<string, boolean>> = { true: true, false: false };

/** The value of a property is the rest of the line. */
function modify(name: string, kind: NameKind, properties: readonly string[]): ShellCommand {
  const usage = `${name} ${kind} <property> <value>\n`;
  const make = ([item, label]: readonly string[], _ask: AskPassword, rest: string): ControlCommand => {
    const value = /^\S+ +\S+ (.+)$/s.exec(rest)?.[1];
    if (item === undefined || label === undefined || value === undefined) throw new ShellUsage(usage);
    if (!hasWord(modifiable, label)) throw new ShellUsage(`${usage}Unknown property '${label}'\n`);
    if (label.toLowerCase() !== WILDCARDS.toLowerCase())
      return { command: name, [kind]: item, [label]: value };
    const word = value.toLowerCase();
    if (!Object.hasOwn(booleans, word)) throw new ShellUsage(`${usage}Invalid value '${value}'\n`);
    return { command: name, [kind]: item, [label]: booleans[word] };
  };
  return { name, completes: [kind, properties], make };
}

const texts = ['textName', 'textDescription'];
const modifiable = [WILDCARDS, ...texts];

export const dynsecShellCommands: readonly ShellCommand[] = [
  plain('addClientRole', 'username', 'rolename'),
  plain('addGroupClient', 'groupname', 'username'),
  plain('addGroupRole', 'groupname', 'rolename'),
  addRoleAcl,
  createClient,
  changing('createGroup', 'groupname', true),
  changing('createRole', 'rolename', true),
  changing('deleteClient', 'username', false),
  changing('deleteGroup', 'groupname', false),
  changing('deleteRole', 'rolename', false),
  plain('disableClient', 'username'),
  plain('enableClient', 'username'),
  plain('getAnonymousGroup'),
  plain('getDetails'),
  plain('getClient', 'username'),
  plain('getDefaultACLAccess'),
  plain('getGroup', 'groupname'),
  plain('getRole', 'rolename'),
  list('listClients'),
  list('listGroups'),
  list('listRoles'),
  plain('removeClientRole', 'username', 'rolename'),
  plain('removeGroupClient', 'groupname', 'username'),
  plain('removeGroupRole', 'groupname', 'rolename'),
  removeRoleAcl,
  plain('setAnonymousGroup', 'groupname'),
  plain('setClientId', 'username', 'clientid'),
  setClientPassword,
  modify('modifyClient', 'username', texts),
  modify('modifyGroup', 'groupname', texts),
  modify('modifyRole', 'rolename', modifiable),
  setDefaultAclAccess,
];

export const brokerShellCommands: readonly ShellCommand[] = [plain('listPlugins'), plain('listListeners')];
