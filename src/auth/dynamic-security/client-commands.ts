// The commands about clients, as Mosquitto's plugin knows them.
import { CommandError } from '../control/control-api.js';
import { textField } from '../control/json-fields.js';
import {
  type Command,
  changeTexts,
  checkUtf8,
  found,
  page,
  priorityOf,
  type Run,
  rolesOf,
  type Scene,
} from './command.js';
import { RankedNames } from './ranked-names.js';
import { type Client, clientToJson, type Group } from './security-state.js';

function clientOf({ state }: Scene, command: Command): Client {
  return found(state.clients.get(command.nameIn('username')), 'Client not found');
}

/** The groups that a command names. Throws `missing` for one that is not there. */
function groupsOf(
  { state }: Scene,
  command: Command,
  missing: string,
  nameless?: string,
): { group: Group; priority: number }[] | undefined {
  return command
    .list('groups')
    ?.filter((each) => typeof each === 'object' && each !== null && !Array.isArray(each))
    .flatMap((each) => {
      const name = textField(each, 'groupname');
      if (typeof name !== 'string') {
        if (nameless === undefined) return [];
        throw new CommandError(nameless);
      }
      return [{ group: found(state.groups.get(name), missing), priority: priorityOf(each) }];
    });
}

function clientInFull(scene: Scene, client: Client): Record<string, unknown> {
  const addresses = scene.addressesOf(client.username, client.clientid);
  return {
    ...clientToJson(client),
    groups: client.groups.toJson('groupname'),
    connections: addresses.map((address) => ({ address })),
  };
}

/** What is said of a client's changes, and that they are enforced. */
function enforce(scene: Scene, command: Command, username: string, ...more: string[]): undefined {
  scene.changed();
  scene.kick(username);
  scene.note(command.admin, [command.name, `username=${username}`, ...more]);
}

const createClient: Run = async (scene, command) => {
  const { state } = scene;
  const username = command.newName('username');
  const password = command.optionalText('password');
  const clientid = command.optionalText('clientid', 'client id');
  if (clientid !== undefined) checkUtf8(clientid, 'Client ID');
  const texts = command.optionalTexts();
  if (state.clients.get(username) !== undefined) throw new CommandError('Client already exists');
  const roles = rolesOf(scene, command) ?? new RankedNames();
  const groups = groupsOf(scene, command, 'Group not found') ?? [];
  if (new Set(groups.map(({ group }) => group)).size < groups.length)
    throw new CommandError('Internal error');
  const client: Client = {
    username,
    clientid: clientid || undefined,
    ...texts,
    disabled: false,
    password: password === undefined ? undefined : await scene.hash(password),
    roles,
    groups: new RankedNames(),
  };
  state.clients.set(username, client);
  for (const { group, priority } of groups) state.join(client, group, priority);
  scene.changed();
  const shown = password === undefined ? 'no password' : '*****';
  scene.note(command.admin, [command.name, `username=${username}`, `password=${shown}`]);
  return undefined;
};

const deleteClient: Run = (scene, command) => {
  const { state } = scene;
  const client = found(state.clients.get(command.text('username')), 'Client not found');
  state.leaveAll(client);
  state.clients.delete(client.username);
  return enforce(scene, command, client.username);
};

const disableClient: Run = (scene, command) => {
  const client = clientOf(scene, command);
  client.disabled = true;
  return enforce(scene, command, client.username);
};

const enableClient: Run = (scene, command) => {
  const client = clientOf(scene, command);
  client.disabled = false;
  scene.changed();
  scene.note(command.admin, [command.name, `username=${client.username}`]);
  return undefined;
};

const setClientId: Run = (scene, command) => {
  const username = command.nameIn('username');
  const clientid = command.optionalText('clientid', 'client ID');
  if (clientid !== undefined) checkUtf8(clientid, 'Client ID');
  const client = found(scene.state.clients.get(username), 'Client not found');
  client.clientid = clientid || undefined;
  return enforce(scene, command, username, `clientid=${client.clientid ?? '(null)'}`);
};

const setClientPassword: Run = async (scene, command) => {
  const username = command.nameIn('username');
  const password = command.text('password');
  if (password === '') throw new CommandError('Empty password is not allowed');
  const client = found(scene.state.clients.get(username), 'Client not found');
  client.password = await scene.hash(password);
  return enforce(scene, command, username, 'password=******');
};

const modifyClient: Run = async (scene, command) => {
  const { state } = scene;
  const client = clientOf(scene, command);
  const roles = rolesOf(scene, command);
  const groups = groupsOf(
    scene,
    command,
    "'groups' contains an object with a 'groupname' that does not exist",
    "'groups' contains an object with an invalid 'groupname'",
  );
  const [clientid, password] = [command.givenText('clientid'), command.givenText('password')];
  if (password) client.password = await scene.hash(password);
  if (groups !== undefined) state.leaveAll(client);
  for (const { group, priority } of groups ?? []) state.join(client, group, priority);
  if (clientid !== undefined) client.clientid = clientid || undefined;
  changeTexts(client, command);
  client.roles = roles ?? client.roles;
  return enforce(scene, command, client.username);
};

const getClient: Run = (scene, command) => {
  const client = clientOf(scene, command);
  scene.note(command.admin, ['getClient', `username=${client.username}`]);
  return { client: clientInFull(scene, client) };
};

const listClients: Run = (scene, command) => {
  const { totalCount, list } = page(
    scene,
    command,
    scene.state.clients.values(),
    ({ username }) => username,
    (client) => clientInFull(scene, client),
  );
  return { totalCount, clients: list };
};

const addClientRole: Run = (scene, command) => {
  const [username, rolename] = [command.nameIn('username'), command.nameIn('rolename')];
  const priority = priorityOf(command.json);
  const client = found(scene.state.clients.get(username), 'Client not found');
  found(scene.state.roles.get(rolename), 'Role not found');
  if (!client.roles.add(rolename, priority)) throw new CommandError('Internal error');
  return enforce(scene, command, username, `rolename=${rolename}`, `priority=${priority}`);
};

const removeClientRole: Run = (scene, command) => {
  const [username, rolename] = [command.nameIn('username'), command.nameIn('rolename')];
  const client = found(scene.state.clients.get(username), 'Client not found');
  found(scene.state.roles.get(rolename), 'Role not found');
  client.roles.delete(rolename);
  return enforce(scene, command, username, `rolename=${rolename}`);
};

export const clientCommands: Readonly<Record<string, Run>> = {
  createClient,
  deleteClient,
  getClient,
  listClients,
  modifyClient,
  setClientPassword,
  setClientId,
  addClientRole,
  removeClientRole,
  enableClient,
  disableClient,
};
