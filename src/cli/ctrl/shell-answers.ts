// What the shell prints of answers: each label on a line of its own, what it has below it.
import { arrayMember, member, textMember, valueText } from './json-members.js';

const INVALID = 'Invalid response from broker.\n';
const ACL_WIDTH = 'publishClientReceive'.length;

type Answer = (data: unknown) => string;

function labelled(label: string, value: string | undefined): string {
  return value === undefined ? '' : `${label}\n  ${value}\n`;
}

function itemText(item: unknown, key: string, hasPriority: boolean): string | undefined {
  const name = typeof item === 'string' ? item : textMember(item, key);
  if (typeof item === 'string' || name === undefined || !hasPriority) return name;
  return `${name} (priority: ${valueText(member(item, 'priority') ?? -1)})`;
}

function items(holder: unknown, label: string, array: string, key: string, hasPriority: boolean): string {
  const found = arrayMember(holder, array) ?? [];
  const texts = found.map((item) => itemText(item, key, hasPriority)).filter((one) => one !== undefined);
  return found.length === 0 ? '' : `${label}\n${texts.map((one) => `  ${one}\n`).join('')}`;
}

function textsOf(holder: unknown): string {
  return (
    labelled('Text name:', textMember(holder, 'textname')) +
    labelled('Text description:', textMember(holder, 'textdescription'))
  );
}

const client: Answer = (data) => {
  const found = member(data, 'client');
  const username = textMember(found, 'username');
  if (username === undefined) return INVALID;
  return [
    labelled('Username:', username),
    labelled('Clientid:', textMember(found, 'clientid')),
    member(found, 'disabled') === true ? labelled('Disabled:', 'true') : '',
    textsOf(found),
    items(found, 'Roles:', 'roles', 'rolename', true),
    items(found, 'Groups:', 'groups', 'groupname', true),
  ].join('');
};

const group: Answer = (data) => {
  const found = member(data, 'group');
  const groupname = textMember(found, 'groupname');
  if (groupname === undefined) return INVALID;
  return [
    labelled('Group name:', groupname),
    textsOf(found),
    items(found, 'Roles:', 'roles', 'rolename', true),
    items(found, 'Clients:', 'clients', 'username', false),
  ].join('');
};

function aclLine(acl: unknown): string {
  const acltype = textMember(acl, 'acltype');
  const topic = textMember(acl, 'topic');
  const allow = member(acl, 'allow');
  const priority = member(acl, 'priority') ?? -1;
  if (acltype === undefined || topic === undefined || typeof allow !== 'boolean') return '';
  if (typeof priority !== 'number') return '';
  return `  ${acltype.padEnd(ACL_WIDTH)} ${allow ? 'allow' : 'deny'} ${topic} (priority ${Math.trunc(priority)})\n`;
}

const role: Answer = (data) => {
  const found = member(data, 'role');
  const rolename = textMember(found, 'rolename');
  if (rolename === undefined) return INVALID;
  const wildcards = member(found, 'allowwildcardsubs');
  const acls = arrayMember(found, 'acls') ?? [];
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
    .map(([label, key]) => `${label.padEnd(DETAIL_WIDTH)}${valueText(member(data, key) ?? 0)}\n`)
    .join('');

const defaultAccess: Answer = (data) =>
  (arrayMember(data, 'acls') ?? [])
    .map((acl) => [textMember(acl, 'acltype'), member(acl, 'allow')] as const)
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
  return (arrayMember(data, array) ?? []).filter((one) => typeof one === 'string');
}

const anonymousGroup: Answer = (data) => {
  const groupname = textMember(member(data, 'group'), 'groupname');
  return groupname === undefined ? INVALID : `${groupname}\n`;
};

function pluginText(plugin: unknown): string {
  const endpoints = arrayMember(plugin, 'control-endpoints');
  const listed = (endpoints ?? []).filter((one) => typeof one === 'string').map((one) => `  ${one}\n`);
  const control = endpoints === undefined ? '' : `Control endpoints:\n${listed.join('')}`;
  return `${labelled('Plugin:', textMember(plugin, 'name'))}${control}\n`;
}

const plugins: Answer = (data) => {
  const all = arrayMember(data, 'plugins') ?? [];
  return all.every((one) => textMember(one, 'name') !== undefined) ? all.map(pluginText).join('') : INVALID;
};

function listenerText(listener: unknown): string {
  const port = valueText(member(listener, 'port') ?? 0);
  const protocol = textMember(listener, 'protocol') ?? '';
  const tls = String(member(listener, 'tls') === true);
  return `Listener:\n  Port:\n    ${port}\n  Protocol:\n    ${protocol}\n  TLS:\n    ${tls}\n\n`;
}

const listeners: Answer = (data) => (arrayMember(data, 'listeners') ?? []).map(listenerText).join('');

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
