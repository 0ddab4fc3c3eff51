// The module dynsec of `pondhawk ctrl`: clients, groups and roles of the dynamic security plugin.
import type { CtrlModule, LocalCall } from './ctrl-module.js';
import { showDynsecAnswer } from './dynsec-answers.js';
import { dynsecCommands } from './dynsec-commands.js';
import { initFile, setPasswordInFile } from './dynsec-file.js';

type UsageRow = readonly [does: string, call: string];

const generalRows: readonly UsageRow[] = [
  ['Get ACL default access:', 'getDefaultACLAccess'],
  ['Set ACL default access:', 'setDefaultACLAccess <acltype> allow|deny'],
  ['Get group for anonymous clients:', 'getAnonymousGroup'],
  ['Set group for anonymous clients:', 'setAnonymousGroup   <groupname>'],
];

const HIGHER = (what: string): string =>
  `    Higher priority (larger numerical value) ${what} are evaluated first.\n`;

function rows(all: readonly UsageRow[], width: number): string {
  return all.map(([does, call]) => `${does.padEnd(width)} ${call}\n`).join('');
}

const WIDTH = 28;

function heading(text: string, line = text.replace(/./g, '-')): string {
  return `\n${text}\n${line}\n`;
}

function clientUsage(program: string): string {
  return [
    heading('Clients'),
    rows(
      [
        ['Create a new client:', 'createClient      <username> [-i clientid] [-p password]'],
        ['Delete a client:', 'deleteClient      <username>'],
        ['Set a client password:', 'setClientPassword <username> [password]'],
      ],
      WIDTH,
    ),
    'Set a client password on an existing file:\n',
    `    ${program} -f <file> dynsec setClientPassword <username> <password>\n`,
    rows(
      [
        ['Set a client id:', 'setClientId       <username> [clientid]'],
        ['Add a role to a client:', 'addClientRole     <username> <rolename> [priority]'],
      ],
      WIDTH,
    ),
    HIGHER('roles'),
    rows(
      [
        ['Remove role from a client:', 'removeClientRole  <username> <rolename>'],
        ['Get client information:', 'getClient         <username>'],
        ['List all clients:', 'listClients       [count [offset]]'],
        ['Enable client:', 'enableClient      <username>'],
        ['Disable client:', 'disableClient     <username>'],
      ],
      WIDTH,
    ),
  ].join('');
}

function groupUsage(): string {
  return [
    heading('Groups'),
    rows(
      [
        ['Create a new group:', 'createGroup       <groupname>'],
        ['Delete a group:', 'deleteGroup       <groupname>'],
        ['Add a role to a group:', 'addGroupRole      <groupname> <rolename> [priority]'],
      ],
      WIDTH,
    ),
    HIGHER('roles'),
    rows(
      [
        ['Remove role from a group:', 'removeGroupRole   <groupname> <rolename>'],
        ['Add client to a group:', 'addGroupClient    <groupname> <username> [priority]'],
      ],
      WIDTH,
    ),
    '    Priority sets the group priority for the given client only.\n',
    HIGHER('groups'),
    rows(
      [
        ['Remove client from a group:', 'removeGroupClient <groupname> <username>'],
        ['Get group information:', 'getGroup          <groupname>'],
        ['List all groups:', 'listGroups        [count [offset]]'],
      ],
      WIDTH,
    ),
  ].join('');
}

function roleUsage(): string {
  return [
    heading('Roles', '------'),
    rows(
      [
        ['Create a new role:', 'createRole        <rolename>'],
        ['Delete a role:', 'deleteRole        <rolename>'],
        ['Add an ACL to a role:', 'addRoleACL        <rolename> <aclspec> [priority]'],
      ],
      WIDTH,
    ),
    HIGHER('ACLs'),
    rows(
      [
        ['Remove ACL from a role:', 'removeRoleACL     <rolename> <aclspec>'],
        ['Get role information:', 'getRole           <rolename>'],
        ['List all roles:', 'listRoles         [count [offset]]'],
      ],
      WIDTH,
    ),
    '\n',
    rows(
      [
        ['aclspec:', '<acltype> <topicFilter> allow|deny'],
        ['acltype:', 'publishClientSend|publishClientReceive'],
        ['', ' |subscribeLiteral|subscribePattern'],
        ['', ' |unsubscribeLiteral|unsubscribePattern'],
      ],
      WIDTH,
    ),
  ].join('');
}

function usage(program: string): string {
  return [
    heading('Dynamic Security module', '======================='),
    heading('Initialisation'),
    'Create a new configuration file with an admin user:\n',
    `    ${program} dynsec init <new-config-file> <admin-username> [admin-password]\n`,
    heading('General'),
    rows(generalRows, 32),
    clientUsage(program),
    groupUsage(),
    roleUsage(),
    '\nFor more information see:\n',
    '    https://mosquitto.org/documentation/dynamic-security/\n\n',
  ].join('');
}

function local([command = '', ...args]: readonly string[], call: LocalCall): Promise<string> | undefined {
  const name = command.toLowerCase();
  if (name === 'init') return initFile(args, call);
  if (name !== 'setclientpassword' || call.dataFile === undefined) return undefined;
  return setPasswordInFile(args, call.dataFile);
}

export const dynsecModule: CtrlModule = {
  requestTopic: '$CONTROL/dynamic-security/v1',
  usage,
  commands: dynsecCommands,
  local,
  show: showDynsecAnswer,
};
