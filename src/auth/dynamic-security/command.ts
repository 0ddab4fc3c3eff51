// One command of the control API: its fields, read with Mosquitto's words for what is wrong with them, and what the
// commands have in common.
import type { ClientInfo } from '../../core/plugin.js';
import { hasControlCharacter, isValidUtf8 } from '../../protocol/utf8.js';
import { CommandError, type Outcome } from '../control/control-api.js';
import {
  booleanField,
  integerField,
  type JsonObject,
  listField,
  priorityField,
  textField,
  textValue,
} from '../control/json-fields.js';
import { NO_PRIORITY, RankedNames } from './ranked-names.js';
import type { SecurityState, Texts } from './security-state.js';

/** What commands work on. */
export interface Scene {
  readonly state: SecurityState;
  /** Something has changed that has to be saved. */
  changed(): void;
  /** Ends the connections of a user, after the answer; undefined: of those without a name. */
  kick(username: string | undefined): void;
  hash(password: string): Promise<string>;
  /** Addresses from which a user is connected, with this client id if there is one. */
  addressesOf(username: string, clientid: string | undefined): readonly string[];
  /** A line about what was done, for the log. */
  note(admin: ClientInfo, parts: readonly string[]): void;
}

export type Run = (scene: Scene, command: Command) => Outcome | Promise<Outcome>;

/** How the fields with names are called in answers. */
const nameWords = { username: 'Username', groupname: 'Group name', rolename: 'Role name' } as const;
export type NameField = keyof typeof nameWords;

export class Command {
  readonly name: string;
  readonly admin: ClientInfo;
  readonly json: JsonObject;

  constructor(name: string, admin: ClientInfo, json: JsonObject) {
    this.name = name;
    this.admin = admin;
    this.json = json;
  }

  /** A text that must be there. */
  text(field: string, word = field): string {
    const text = textField(this.json, field);
    if (typeof text !== 'string') throw new CommandError(`Invalid/missing ${word}`);
    return text;
  }

  /** A text that may be missing, but not be something else. */
  optionalText(field: string, word = field): string | undefined {
    const text = textField(this.json, field);
    if (text === null) throw new CommandError(`Invalid/missing ${word}`);
    return text;
  }

  /** A text if it is there and is one. */
  givenText(field: string): string | undefined {
    return textValue(this.json, field);
  }

  nameIn(field: NameField): string {
    return checkUtf8(this.text(field), nameWords[field]);
  }

  /** The name of something that is to be made. */
  newName(field: NameField): string {
    const name = this.text(field);
    if (name === '') throw new CommandError(`Empty ${field}`);
    return checkUtf8(name, nameWords[field]);
  }

  optionalTexts(): Texts {
    return {
      textname: this.optionalText('textname'),
      textdescription: this.optionalText('textdescription'),
    };
  }

  boolean(field: string): boolean | undefined {
    return booleanField(this.json, field) ?? undefined;
  }

  list(field: string): readonly unknown[] | undefined {
    return listField(this.json, field);
  }

  integer(field: string, fallback: number): number {
    return integerField(this.json, field, fallback);
  }
}

export function checkUtf8(text: string, word: string): string {
  const bytes = Buffer.from(text);
  // a half of a surrogate pair is lost on the way to bytes
  if (bytes.toString() !== text || !isValidUtf8(bytes, 0, bytes.length) || hasControlCharacter(text))
    throw new CommandError(`${word} not valid UTF-8`);
  return text;
}

/** What was found, or the answer that it was not. */
export function found<T>(item: T | undefined, answer: string): T {
  if (item === undefined) throw new CommandError(answer);
  return item;
}

/** Takes over those texts that were given. */
export function changeTexts(item: Texts, command: Command): void {
  item.textname = command.givenText('textname') ?? item.textname;
  item.textdescription = command.givenText('textdescription') ?? item.textdescription;
}

/** The list `roles` of a command; undefined when it has none. */
export function rolesOf(
  { state }: Scene,
  { json }: Command,
  problem = "'roles' not an array or missing/invalid rolename",
): RankedNames | undefined {
  const list = listField(json, 'roles');
  if (list === undefined) {
    if (Object.keys(json).some((key) => key.toLowerCase() === 'roles')) throw new CommandError(problem);
    return undefined;
  }
  const roles = new RankedNames();
  for (const each of list) {
    const name = textField(each, 'rolename');
    if (typeof name !== 'string') throw new CommandError(problem);
    found(state.roles.get(name), 'Role not found');
    roles.add(name, priorityOf(each));
  }
  return roles;
}

export function priorityOf(json: unknown): number {
  return priorityField(json, NO_PRIORITY);
}

/** One page of a list: `verbose`, `count` and `offset` say which, and how much of each. */
export function page<T>(
  scene: Scene,
  command: Command,
  items: readonly T[],
  nameOf: (item: T) => string,
  toJson: (item: T) => unknown,
): { totalCount: number; list: unknown[] } {
  const verbose = command.boolean('verbose') ?? false;
  const count = command.integer('count', -1);
  const offset = Math.max(0, command.integer('offset', 0));
  const end = count < 0 ? items.length : offset + Math.max(1, count);
  const shown = items.slice(offset, end);
  const left =
    count < 0 ? count : Math.max(0, count) - (count === 0 ? Math.min(1, shown.length) : shown.length);
  const asked = [`verbose=${verbose}`, `count=${left}`, `offset=${command.integer('offset', 0)}`];
  scene.note(command.admin, [command.name, ...asked]);
  return { totalCount: items.length, list: shown.map(verbose ? toJson : nameOf) };
}
