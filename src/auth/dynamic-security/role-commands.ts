// The commands about roles and their ACLs, and about what holds without a role, as Mosquitto's plugin knows them.

import { isTopicFilter } from '../../protocol/index.js';
import { CommandError } from '../control/control-api.js';
import { booleanField, priorityField, textField } from '../control/json-fields.js';
import { type AclList, aclsFrom, aclTypeOf, noAcls } from './acl.js';
import { type Command, changeTexts, checkUtf8, found, page, type Run, type Scene } from './command.js';
import { kickGroup } from './group-commands.js';
import { accessTypes, type Role, roleToJson } from './security-state.js';

function roleOf({ state }: Scene, command: Command, missing = 'Role not found'): Role {
  return found(state.roles.get(command.nameIn('rolename')), missing);
}

/** Ends the connections of all who have a role, themselves or by a group. */
function kickRole(scene: Scene, { rolename }: Role): void {
  for (const { username, roles } of scene.state.clients.values())
    if (roles.has(rolename)) scene.kick(username);
  for (const group of scene.state.groups.values()) if (group.roles.has(rolename)) kickGroup(scene, group);
}

function note(scene: Scene, command: Command, role: Role, ...more: string[]): undefined {
  scene.note(command.admin, [command.name, `rolename=${role.rolename}`, ...more]);
}

const createRole: Run = (scene, command) => {
  const { state } = scene;
  const rolename = command.newName('rolename');
  const texts = command.optionalTexts();
  const allowWildcardSubs = booleanField(command.json, 'allowwildcardsubs') ?? true;
  if (booleanField(command.json, 'allowwildcardsubs') === null)
    throw new CommandError('Invalid allowwildcardsubs');
  if (state.roles.get(rolename) !== undefined) throw new CommandError('Role already exists');
  const list = command.list('acls');
  const role = { rolename, ...texts, allowWildcardSubs, acls: list ? aclsFrom(list) : noAcls() };
  state.roles.set(rolename, role);
  scene.changed();
  return note(scene, command, role);
};

const deleteRole: Run = (scene, command) => {
  const { state } = scene;
  const role = roleOf(scene, command);
  kickRole(scene, role);
  for (const { roles } of [...state.clients.values(), ...state.groups.values()]) roles.delete(role.rolename);
  state.roles.delete(role.rolename);
  scene.changed();
  return note(scene, command, role);
};

const getRole: Run = (scene, command) => {
  const role = roleOf(scene, command);
  scene.note(command.admin, ['getRole', `rolename=${role.rolename}`]);
  return { role: roleToJson(role) };
};

const listRoles: Run = (scene, command) => {
  const roles = scene.state.roles.values();
  const { totalCount, list } = page(scene, command, roles, ({ rolename }) => rolename, roleToJson);
  return { totalCount, roles: list };
};

const modifyRole: Run = (scene, command) => {
  const role = roleOf(scene, command, 'Role does not exist');
  changeTexts(role, command);
  const allowWildcardSubs = command.boolean('allowwildcardsubs') ?? role.allowWildcardSubs;
  const list = command.list('acls');
  if (list !== undefined || allowWildcardSubs !== role.allowWildcardSubs) kickRole(scene, role);
  role.allowWildcardSubs = allowWildcardSubs;
  if (list !== undefined) role.acls = aclsFrom(list);
  scene.changed();
  return note(scene, command, role);
};

/** The list of ACLs that a command is about, and the topic in it. */
function aclIn(role: Role, command: Command): { acls: AclList; acltype: string; topic: string } {
  const acltype = command.text('acltype');
  const acls = role.acls[found(aclTypeOf(acltype), 'Unknown acltype')];
  const topic = checkUtf8(command.text('topic'), 'Topic');
  if (!isTopicFilter(topic)) throw new CommandError('Invalid ACL topic');
  return { acls, acltype, topic };
}

const addRoleACL: Run = (scene, command) => {
  const role = roleOf(scene, command);
  const { acls, acltype, topic } = aclIn(role, command);
  if (acls.has(topic)) throw new CommandError('ACL with this topic already exists');
  const priority = priorityField(command.json, 0);
  const allow = command.boolean('allow') ?? false;
  acls.add({ topic, priority, allow });
  scene.changed();
  kickRole(scene, role);
  const what = [`acltype=${acltype}`, `topic=${topic}`, `priority=${priority}`, `allow=${allow}`];
  return note(scene, command, role, ...what);
};

const removeRoleACL: Run = (scene, command) => {
  const role = roleOf(scene, command);
  const { acls, acltype, topic } = aclIn(role, command);
  if (!acls.delete(topic)) throw new CommandError('ACL not found');
  scene.changed();
  kickRole(scene, role);
  return note(scene, command, role, `acltype=${acltype}`, `topic=${topic}`);
};

const setDefaultACLAccess: Run = (scene, command) => {
  const list = found(command.list('acls'), 'Missing/invalid actions array');
  for (const each of list) {
    const [acltype, allow] = [textField(each, 'acltype'), booleanField(each, 'allow')];
    if (typeof acltype !== 'string' || typeof allow !== 'boolean') continue;
    const type = accessTypes.find((known) => known.toLowerCase() === acltype.toLowerCase());
    if (type !== undefined) scene.state.defaultAccess[type] = allow;
    scene.note(command.admin, [command.name, `acltype=${acltype}`, `allow=${allow}`]);
  }
  scene.changed();
  return undefined;
};

const getDefaultACLAccess: Run = (scene, command) => {
  scene.note(command.admin, ['getDefaultACLAccess']);
  const { defaultAccess } = scene.state;
  return { acls: accessTypes.map((acltype) => ({ acltype, allow: defaultAccess[acltype] })) };
};

const getDetails: Run = ({ state, note: tell }, { admin }) => {
  tell(admin, ['getDetails']);
  return {
    clientCount: state.clients.size,
    groupCount: state.groups.size,
    roleCount: state.roles.size,
    changeIndex: state.changeIndex,
  };
};

export const roleCommands: Readonly<Record<string, Run>> = {
  setDefaultACLAccess,
  getDefaultACLAccess,
  getDetails,
  createRole,
  getRole,
  listRoles,
  modifyRole,
  deleteRole,
  addRoleACL,
  removeRoleACL,
};
