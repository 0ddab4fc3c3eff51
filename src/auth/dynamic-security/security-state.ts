// Clients, groups and roles as dynamic security knows them: what stands in its file, and the ties between them.

import {
  booleanField,
  field,
  isObject,
  listField,
  priorityField,
  textField,
} from '../control/json-fields.js';
import { type Acls, aclsFrom, aclsToJson, noAcls } from './acl.js';
import { byName, compareNames, NO_PRIORITY, RankedNames } from './ranked-names.js';

/** A name and a description for people. */
export interface Texts {
  textname: string | undefined;
  textdescription: string | undefined;
}

export interface Client extends Texts {
  readonly username: string;
  /** The only client id that it may use. */
  clientid: string | undefined;
  disabled: boolean;
  /** The encoded hash; without one it cannot log in. */
  password: string | undefined;
  roles: RankedNames;
  readonly groups: RankedNames;
}

export interface Group extends Texts {
  readonly groupname: string;
  roles: RankedNames;
  readonly clients: RankedNames;
}

export interface Role extends Texts {
  readonly rolename: string;
  allowWildcardSubs: boolean;
  acls: Acls;
}

/** In the order in which they are written. */
export const accessTypes = ['publishClientSend', 'publishClientReceive', 'subscribe', 'unsubscribe'] as const;
export type AccessType = (typeof accessTypes)[number];

/** A file that is not what it should be. */
export class SecurityStateError extends Error {
  override readonly name = 'SecurityStateError';
}

/** By name; listed in the order of the bytes of their names. */
class Named<T> {
  readonly #items = new Map<string, T>();
  #sorted: T[] | null = null;

  get size(): number {
    return this.#items.size;
  }

  get(name: string): T | undefined {
    return this.#items.get(name);
  }

  set(name: string, item: T): void {
    this.#items.set(name, item);
    this.#sorted = null;
  }

  delete(name: string): void {
    this.#items.delete(name);
    this.#sorted = null;
  }

  values(): readonly T[] {
    this.#sorted ??= [...this.#items].sort(([a], [b]) => compareNames(a, b)).map(([, item]) => item);
    return this.#sorted;
  }
}

export function textsOf(value: unknown): Texts {
  return {
    textname: textField(value, 'textname') ?? undefined,
    textdescription: textField(value, 'textdescription') ?? undefined,
  };
}

function textsToJson({ textname, textdescription }: Texts): Record<string, unknown> {
  return { textname, textdescription };
}

/** Before 2.1 Mosquitto wrote the parts of the hash. */
function passwordOf(value: unknown): string | undefined {
  const encoded = textField(value, 'encoded_password');
  if (typeof encoded === 'string') return encoded;
  const [salt, hash] = [textField(value, 'salt'), textField(value, 'password')];
  const iterations = field(value, 'iterations');
  if (typeof salt !== 'string' || typeof hash !== 'string') return undefined;
  return typeof iterations === 'number' && iterations > 0
    ? `$7$${Math.trunc(iterations)}$${salt}$${hash}`
    : undefined;
}

export class SecurityState {
  readonly clients = new Named<Client>();
  readonly groups = new Named<Group>();
  readonly roles = new Named<Role>();
  readonly defaultAccess: Record<AccessType, boolean> = {
    publishClientSend: false,
    publishClientReceive: false,
    subscribe: false,
    unsubscribe: false,
  };
  anonymousGroup: Group | undefined;
  changeIndex = 0;

  /** Of what stands in a file. Throws SecurityStateError when that is no state at all. */
  static from(json: unknown): SecurityState {
    const state = new SecurityState();
    state.#readGeneral(json);
    for (const each of sectionOf(json, 'roles')) state.#readRole(each);
    for (const each of sectionOf(json, 'clients')) state.#readClient(each);
    for (const each of sectionOf(json, 'groups')) state.#readGroup(each);
    state.anonymousGroup = state.groups.get(textField(json, 'anonymousGroup') ?? '');
    return state;
  }

  #readGeneral(json: unknown): void {
    const changeIndex = field(json, 'changeIndex');
    if (typeof changeIndex === 'number' && Number.isSafeInteger(changeIndex)) this.changeIndex = changeIndex;
    const access = field(json, 'defaultACLAccess');
    for (const type of accessTypes) this.defaultAccess[type] = booleanField(access, type) === true;
  }

  #readRole(json: unknown): void {
    const rolename = textField(json, 'rolename');
    if (!rolename || this.roles.get(rolename) !== undefined) return;
    const list = listField(json, 'acls');
    this.roles.set(rolename, {
      rolename,
      ...textsOf(json),
      allowWildcardSubs: booleanField(json, 'allowwildcardsubs') ?? true,
      acls: list === undefined ? noAcls() : aclsFrom(list),
    });
  }

  #readClient(json: unknown): void {
    const username = textField(json, 'username');
    if (!username || this.clients.get(username) !== undefined) return;
    this.clients.set(username, {
      username,
      clientid: textField(json, 'clientid') ?? undefined,
      ...textsOf(json),
      disabled: booleanField(json, 'disabled') === true,
      password: passwordOf(json),
      roles: this.#rolesFrom(json),
      groups: new RankedNames(),
    });
  }

  #readGroup(json: unknown): void {
    const groupname = textField(json, 'groupname');
    if (!groupname || this.groups.get(groupname) !== undefined) return;
    const group: Group = {
      groupname,
      ...textsOf(json),
      roles: this.#rolesFrom(json),
      clients: new RankedNames(byName),
    };
    this.groups.set(groupname, group);
    for (const each of listField(json, 'clients') ?? []) {
      const client = this.clients.get(textField(each, 'username') ?? '');
      if (client !== undefined) this.join(client, group, priorityField(each, NO_PRIORITY));
    }
  }

  /** Roles that are not there are left out. */
  #rolesFrom(json: unknown): RankedNames {
    const roles = new RankedNames();
    for (const each of listField(json, 'roles') ?? []) {
      const name = textField(each, 'rolename') ?? '';
      if (this.roles.get(name) !== undefined) roles.add(name, priorityField(each, NO_PRIORITY));
    }
    return roles;
  }

  /** Returns whether the client was not in the group before. */
  join(client: Client, group: Group, priority: number): boolean {
    client.groups.add(group.groupname, priority);
    return group.clients.add(client.username, priority);
  }

  leave(client: Client, group: Group): void {
    client.groups.delete(group.groupname);
    group.clients.delete(client.username);
  }

  leaveAll(client: Client): void {
    for (const { name } of [...client.groups]) this.leave(client, this.groups.get(name)!);
  }

  /** Puts all clients out of a group. */
  empty(group: Group): void {
    for (const { name } of [...group.clients]) this.leave(this.clients.get(name)!, group);
  }

  /** As it stands in the file. */
  toJson(): Record<string, unknown> {
    return {
      changeIndex: this.changeIndex,
      defaultACLAccess: this.defaultAccess,
      clients: this.clients.values().map((client) => ({
        ...clientToJson(client),
        encoded_password: client.password,
      })),
      groups: this.groups.values().map((group) => ({
        ...groupNameToJson(group),
        roles: group.roles.toJson('rolename'),
        clients: group.clients.toJson('username'),
      })),
      anonymousGroup: this.anonymousGroup?.groupname,
      roles: this.roles.values().map(roleToJson),
    };
  }
}

function sectionOf(json: unknown, name: string): readonly unknown[] {
  const found = field(json, name);
  if (found === undefined) return [];
  if (Array.isArray(found)) return found.filter(isObject);
  throw new SecurityStateError(`"${name}" is not a list.`);
}

/** Without its password and its groups. */
export function clientToJson(client: Client): Record<string, unknown> {
  return {
    username: client.username,
    clientid: client.clientid,
    ...textsToJson(client),
    disabled: client.disabled ? true : undefined,
    roles: client.roles.toJson('rolename'),
  };
}

function groupNameToJson(group: Group): Record<string, unknown> {
  return { groupname: group.groupname, ...textsToJson(group) };
}

/** As answers tell it: clients have no priority there, and come before the roles. */
export function groupToJson(group: Group): Record<string, unknown> {
  return {
    ...groupNameToJson(group),
    clients: [...group.clients].map(({ name }) => ({ username: name })),
    roles: group.roles.toJson('rolename'),
  };
}

export function roleToJson(role: Role): Record<string, unknown> {
  return {
    rolename: role.rolename,
    ...textsToJson(role),
    allowwildcardsubs: role.allowWildcardSubs,
    acls: aclsToJson(role.acls),
  };
}
