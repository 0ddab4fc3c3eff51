// What the shell prints of answers: each label on a line of its own, what it has below it.
import { field, listField, textValue } from '../../auth/control/json-fields.js';
import { valueText } from './json-values.js';

const INVALID = 'Invalid response from broker.\n';
const ACL_WIDTH = 'publishClientReceive'.length;

type Answer = (data: unknown) => string;

function labelled(label: string, value: string | undefined): string {
  return value === undefined ? '' : `${label}\n  ${value}\n`;
}

function itemText(item: unknown, key: string, hasPriority: boolean): string | undefined {
  const name = typeof item === 'string' ? item : textValue(item, key);
  if (typeof item === 'string' || name === undefined || !hasPriority) return name;
  return `${name} (priority: ${valueText(field(item, 'priority') ?? -1)})`;
}

function items(holder: unknown, label: string, array: string, key: string, hasPriority: boolean): string {
  const found = listField(holder, array) ?? [];
  const texts = found.map((item) => itemText(item, key, hasPriority)).filter((one) => one !== undefined);
  return found.length === 0 ? '' : `${label}\n${texts.map((one) => `  ${one}\n`).join('')}`;
}

function textsOf(holder: unknown): string {
  return (
    labelled('Text name:', textValue(holder, 'textname')) +
    labelled('Text description:', textValue(holder, 'textdescription'))
  );
}

const client: Answer = (data) => {
  const found = field(data, 'client');
  const username = textValue(found, 'username');
  if (username === undefined) return INVALID;
  return [
    labelled('Username:', username),
    labelled('Clientid:', textValue(found, 'clientid')),
    field(found, 'disabled') === true ? labelled('Disabled:', 'true') : '',
    textsOf(found),
    items(found, 'Roles:', 'roles', 'rolename', true),
    items(found, 'Groups:', 'groups', 'groupname', true),
  ].join('');
};

const group: Answer = (data) => {
  const found = field(data, 'group');
  const groupname = textValue(found, 'groupname');
  if (groupname === undefined) return INVALID;
  return [
    labelled('Group name:', groupname),
    textsOf(found),
    items(found, 'Roles:', 'roles', 'rolename', true),
    items(found, 'Clients:', 'clients', 'username', false),
  ].join('');
};

function aclLine(acl: unknown): string {
  const acltype = textValue(acl, 'acltype');
  const topic = textValue(acl, 'topic');
  const allow = field(acl, 'allow');
  const priority = field(acl, 'priority') ?? -1;
  if (acltype === undefined || topic === undefined || typeof allow !== 'boolean') return '';
  if (typeof priority !== 'number') return '';
  return `  ${acltype.padEnd(ACL_WIDTH)} ${allow ? 'allow' : 'deny'} ${topic} (priority ${Math.trunc(priority)})\n`;
}

const role: Answer = (data) => {
  const found = field(data, 'role');
  const rolename = textValue(found, 'rolename');
  if (rolename === undefined) return INVALID;
  const wildcards = field(found, 'allowwildcardsubs');
  const acls = listField(found, 'acls') ?? [];
  return [
    labelled('Role name:', rolename),
    textsOf(found),
    typeof wildcards === 'boolean' ? labelled('Allow wildcard subscriptions:', String(wildcards)) : '',
    acls.length === 0 ? '' : `ACLs:\n${acls.map(aclLine).join('')}`,
  ].join('');
};

const detailRows = [
  ['Client count:', 'clientCount'],
  ['Group count:', 'groupCount'],
  ['Role count:', 'roleCount'],
  ['Change index:', 'changeIndex'],
] as const;
const DETAIL_WIDTH = 16;

const details: Answer = (data) =>
  detailRows
    .map(([label, key]) => `${label.padEnd(DETAIL_WIDTH)}${valueText(field(data, key) ?? 0)}\n`)
    .join('');

const defaultAccess: Answer = (data) =>
  (listField(data, 'acls') ?? [])
    .map((acl) => [textValue(acl, 'acltype'), field(acl, 'allow')] as const)
    .filter(([acltype, allow]) => acltype !== undefined && typeof allow === 'boolean')
    .map(([acltype = '', allow]) => `${acltype.padEnd(ACL_WIDTH)} ${allow ? 'allow' : 'deny'}\n`)
    .join('');

function names(array: string): Answer {
  return (data) =>
    namesIn(data, array)
      .map((name) => `${name}\n`)
      .join('');
}

/** The names of a list. */
export function namesIn(data: unknown, array: string): string[] {
  return (listField(data, array) ?? []).filter((one) => typeof one === 'string');
}

const anonymousGroup: Answer = (data) => {
  const groupname = textValue(field(data, 'group'), 'groupname');
  return groupname === undefined ? INVALID : `${groupname}\n`;
};

function pluginText(plugin: unknown): string {
  const endpoints = listField(plugin, 'control-endpoints');
  const listed = (endpoints ?? []).filter((one) => typeof one === 'string').map((one) => `  ${one}\n`);
  const control = endpoints === undefined ? '' : `Control endpoints:\n${listed.join('')}`;
  return `${labelled('Plugin:', textValue(plugin, 'name'))}${control}\n`;
}

const plugins: Answer = (data) => {
  const all = listField(data, 'plugins') ?? [];
  return all.every((one) => textValue(one, 'name') !== undefined) ? all.map(pluginText).join('') : INVALID;
};

function listenerText(listener: unknown): string {
  const port = valueText(field(listener, 'port') ?? 0);
  const protocol = textValue(listener, 'protocol') ?? '';
  const tls = String(field(listener, 'tls') === true);
  return `Listener:\n  Port:\n    ${port}\n  Protocol:\n    ${protocol}\n  TLS:\n    ${tls}\n\n`;
}

const listeners: Answer = (data) => (listField(data, 'listeners') ?? []).map(listenerText).join('');

const answers: ReadonlyMap<string, Answer> = new Map([
  ['listclients', names('clients')],
  ['listgroups', names('groups')],
  ['listroles', names('roles')],
  ['getanonymousgroup', anonymousGroup],
  ['getdetails', details],
  ['getclient', client],
  ['getgroup', group],
  ['getrole', role],
  ['getdefaultaclaccess', defaultAccess],
  ['listplugins', plugins],
  ['listlisteners', listeners],
]);

/** What to print of the data of an answer; nothing for those that have no words. */
export function shellAnswer(command: string, data: unknown): string {
  return answers.get(command.toLowerCase())?.(data) ?? '';
}
