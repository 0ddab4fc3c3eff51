// The commands about groups, as Mosquitto's plugin knows them.
import { CommandError } from '../control/control-api.js';
import { isObject, textField } from '../control/json-fields.js';
import {
  type Command,
  changeTexts,
  found,
  page,
  priorityOf,
  type Run,
  rolesOf,
  type Scene,
} from './command.js';
import { byName, RankedNames } from './ranked-names.js';
import { type Client, type Group, groupToJson } from './security-state.js';

function groupOf({ state }: Scene, command: Command): Group {
  return found(state.groups.get(command.nameIn('groupname')), 'Group not found');
}

export function kickGroup({ state, kick }: Scene, group: Group): void {
  if (group === state.anonymousGroup) kick(undefined);
  for (const { name } of group.clients) kick(name);
}

function note(scene: Scene, command: Command, groupname: string, ...more: string[]): undefined {
  scene.note(command.admin, [command.name, `groupname=${groupname}`, ...more]);
}

const createGroup: Run = (scene, command) => {
  const { state } = scene;
  const groupname = command.newName('groupname');
  const texts = command.optionalTexts();
  if (state.groups.get(groupname) !== undefined) throw new CommandError('Group already exists');
  const roles = rolesOf(scene, command, 'Internal error') ?? new RankedNames();
  state.groups.set(groupname, { groupname, ...texts, roles, clients: new RankedNames(byName) });
  scene.changed();
  return note(scene, command, groupname);
};

const deleteGroup: Run = (scene, command) => {
  const { state } = scene;
  const group = groupOf(scene, command);
  if (group === state.anonymousGroup) throw new CommandError('Deleting the anonymous group is forbidden');
  kickGroup(scene, group);
  state.empty(group);
  state.groups.delete(group.groupname);
  scene.changed();
  return note(scene, command, group.groupname);
};

const getGroup: Run = (scene, command) => {
  const group = groupOf(scene, command);
  scene.note(command.admin, ['getGroup', `groupname=${group.groupname}`]);
  return { group: groupToJson(group) };
};

const listGroups: Run = (scene, command) => {
  const groups = scene.state.groups.values();
  const { totalCount, list } = page(scene, command, groups, ({ groupname }) => groupname, groupToJson);
  return { totalCount, groups: list };
};

/** The clients that a command names; undefined when it has no list of them. */
function clientsOf({ state }: Scene, command: Command): { client: Client; priority: number }[] | undefined {
  return command
    .list('clients')
    ?.filter(isObject)
    .map((each) => {
      const username = textField(each, 'username');
      if (typeof username !== 'string')
        throw new CommandError("'clients' contains an object with an invalid 'username'");
      const missing = "'clients' contains an object with a 'username' that does not exist";
      return { client: found(state.clients.get(username), missing), priority: priorityOf(each) };
    });
}

const modifyGroup: Run = (scene, command) => {
  const { state } = scene;
  const group = groupOf(scene, command);
  const roles = rolesOf(scene, command);
  const clients = clientsOf(scene, command);
  if (clients !== undefined) {
    kickGroup(scene, group);
    state.empty(group);
  }
  for (const { client, priority } of clients ?? []) state.join(client, group, priority);
  changeTexts(group, command);
  group.roles = roles ?? group.roles;
  scene.changed();
  kickGroup(scene, group);
  return note(scene, command, group.groupname);
};

/** Client and group of a command; the client is put out whatever comes of it, as with Mosquitto. */
function membership(scene: Scene, command: Command): { client: Client; group: Group } {
  const [username, groupname] = [command.nameIn('username'), command.nameIn('groupname')];
  scene.kick(username);
  const client = found(scene.state.clients.get(username), 'Client not found');
  return { client, group: found(scene.state.groups.get(groupname), 'Group not found') };
}

const addGroupClient: Run = (scene, command) => {
  const { client, group } = membership(scene, command);
  const priority = priorityOf(command.json);
  if (!scene.state.join(client, group, priority)) throw new CommandError('Client is already in this group');
  scene.changed();
  return note(scene, command, group.groupname, `username=${client.username}`, `priority=${priority}`);
};

const removeGroupClient: Run = (scene, command) => {
  const { client, group } = membership(scene, command);
  scene.state.leave(client, group);
  scene.changed();
  return note(scene, command, group.groupname, `username=${client.username}`);
};

/** Group and role of a command. */
function groupRole({ state }: Scene, command: Command): { group: Group; rolename: string } {
  const [groupname, rolename] = [command.nameIn('groupname'), command.nameIn('rolename')];
  const group = found(state.groups.get(groupname), 'Group not found');
  found(state.roles.get(rolename), 'Role not found');
  return { group, rolename };
}

const addGroupRole: Run = (scene, command) => {
  const { group, rolename } = groupRole(scene, command);
  const priority = priorityOf(command.json);
  if (!group.roles.add(rolename, priority)) throw new CommandError('Group is already in this role');
  note(scene, command, group.groupname, `rolename=${rolename}`, `priority=${priority}`);
  scene.changed();
  kickGroup(scene, group);
  return undefined;
};

const removeGroupRole: Run = (scene, command) => {
  const { group, rolename } = groupRole(scene, command);
  group.roles.delete(rolename);
  scene.changed();
  kickGroup(scene, group);
  return note(scene, command, group.groupname, `rolename=${rolename}`);
};

const setAnonymousGroup: Run = (scene, command) => {
  const group = groupOf(scene, command);
  scene.state.anonymousGroup = group;
  scene.changed();
  scene.kick(undefined);
  return note(scene, command, group.groupname);
};

const getAnonymousGroup: Run = (scene, command) => {
  scene.note(command.admin, ['getAnonymousGroup']);
  return { group: { groupname: scene.state.anonymousGroup?.groupname ?? '' } };
};

export const groupCommands: Readonly<Record<string, Run>> = {
  addGroupClient,
  createGroup,
  deleteGroup,
  getGroup,
  listGroups,
  modifyGroup,
  removeGroupClient,
  addGroupRole,
  removeGroupRole,
  setAnonymousGroup,
  getAnonymousGroup,
};
