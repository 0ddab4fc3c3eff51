// What mosquitto_ctrl prints of the answers of the dynamic security plugin.

import { field, listField, textValue } from '../../auth/control/json-fields.js';
import { type AnswerOutput, INVALID_RESPONSE } from './ctrl-module.js';
import { valueText } from './json-values.js';

/** Prints the data of one answer; false when it is not what it should be. */
type Show = (data: unknown, print: (text: string) => void) => boolean;

const NO_PRIORITY = '-1';

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function names(arrayName: string, key: string): Show {
  return (data, print) => {
    const items = listField(data, arrayName);
    for (const item of items ?? []) {
      const name = typeof item === 'string' ? item : textValue(item, key);
      if (name !== undefined) print(`${name}\n`);
    }
    return items !== undefined;
  };
}

interface Items {
  readonly array: string;
  readonly label: string;
  /** The field with the name of an item. */
  readonly key: string;
  readonly hasPriority: boolean;
}

function itemText(item: unknown, { key, hasPriority }: Items): string | undefined {
  if (typeof item === 'string') return item;
  if (!isObject(item)) return '';
  const name = textValue(item, key);
  if (name === undefined || !hasPriority) return name;
  const priority = field(item, 'priority');
  return `${name} (priority: ${priority === undefined ? NO_PRIORITY : valueText(priority)})`;
}

/** Items one a line, the first beside the label. */
function itemLines(holder: unknown, width: number, items: Items): string {
  const found = listField(holder, items.array);
  if (found === undefined) return `${items.label}\n`;
  const texts = found.map((item) => itemText(item, items)).filter((one) => one !== undefined);
  const lines = texts.map((one, at) => `${(at === 0 ? items.label : '').padEnd(width)} ${one}\n`);
  return lines.join('');
}

const roles: Items = { array: 'roles', label: 'Roles:', key: 'rolename', hasPriority: true };
const groups: Items = { array: 'groups', label: 'Groups:', key: 'groupname', hasPriority: true };
const clients: Items = { array: 'clients', label: 'Clients:', key: 'username', hasPriority: false };
const connections: Items = {
  array: 'connections',
  label: 'Connections:',
  key: 'address',
  hasPriority: false,
};

const showClient: Show = (data, print) => {
  const client = field(data, 'client');
  const username = textValue(client, 'username');
  if (username === undefined) return false;
  const width = connections.label.length;
  const clientid = textValue(client, 'clientid');
  const disabled = field(client, 'disabled');
  print(`${'Username:'.padEnd(width)} ${username}\n`);
  print(clientid === undefined ? 'Clientid:\n' : `${'Clientid:'.padEnd(width)} ${clientid}\n`);
  if (typeof disabled === 'boolean') print(`${'Disabled:'.padEnd(width)} ${disabled}\n`);
  for (const items of [roles, groups, connections]) print(itemLines(client, width, items));
  return true;
};

const showGroup: Show = (data, print) => {
  const group = field(data, 'group');
  const groupname = textValue(group, 'groupname');
  if (groupname === undefined) return false;
  print(`Groupname: ${groupname}\n`);
  for (const items of [roles, clients]) print(itemLines(group, 'Groupname:'.length, items));
  return true;
};

function aclLine(acl: unknown, acltype: string, label: string): string {
  const allow = field(acl, 'allow');
  const topic = textValue(acl, 'topic');
  const priority = field(acl, 'priority');
  const verdict = typeof allow === 'boolean' ? ` : ${allow ? 'allow' : 'deny '}` : '';
  const shown = typeof priority === 'number' ? Math.trunc(priority) : NO_PRIORITY;
  const about = topic === undefined ? '' : ` : ${topic}`;
  return `${label.padEnd(9)} ${acltype.padEnd(20)}${verdict}${about} (priority: ${shown})\n`;
}

const showRole: Show = (data, print) => {
  const role = field(data, 'role');
  const rolename = textValue(role, 'rolename');
  if (rolename === undefined) return false;
  print(`Rolename: ${rolename}\n`);
  let label = 'ACLs:';
  for (const acl of listField(role, 'acls') ?? []) {
    const acltype = textValue(acl, 'acltype');
    if (acltype === undefined) continue;
    print(aclLine(acl, acltype, label));
    label = '';
  }
  return true;
};

const showDefaultAccess: Show = (data, print) => {
  const acls = listField(data, 'acls');
  for (const acl of acls ?? []) {
    const acltype = textValue(acl, 'acltype');
    const allow = field(acl, 'allow');
    if (acltype === undefined || typeof allow !== 'boolean') return false;
    print(`${acltype.padEnd(20)} : ${allow ? 'allow' : 'deny'}\n`);
  }
  return acls !== undefined;
};

const showAnonymousGroup: Show = (data, print) => {
  const groupname = textValue(field(data, 'group'), 'groupname');
  if (groupname !== undefined) print(`${groupname}\n`);
  return groupname !== undefined;
};

const shows: ReadonlyMap<string, Show> = new Map([
  ['listclients', names('clients', 'username')],
  ['listgroups', names('groups', 'groupname')],
  ['listroles', names('roles', 'rolename')],
  ['getclient', showClient],
  ['getgroup', showGroup],
  ['getrole', showRole],
  ['getdefaultaclaccess', showDefaultAccess],
  ['getanonymousgroup', showAnonymousGroup],
]);

/** Prints an answer that is not an error; those without data need no words. */
export function showDynsecAnswer(command: string, response: unknown, output: AnswerOutput): void {
  const show = shows.get(command.toLowerCase());
  const isGood = show?.(field(response, 'data'), output.print) ?? true;
  if (!isGood) output.complain(INVALID_RESPONSE);
}
