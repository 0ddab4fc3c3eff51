// The ACLs of a role: six lists, each in the order of priorities, and how one of them matches a topic or a filter.
import type { ClientInfo } from '../../core/plugin.js';
import { isTopicFilter } from '../../protocol/index.js';
import { booleanField, priorityField, textField } from '../control/json-fields.js';

/** In the order in which they are written. */
export const aclTypes = [
  'publishClientSend',
  'publishClientReceive',
  'subscribeLiteral',
  'subscribePattern',
  'unsubscribeLiteral',
  'unsubscribePattern',
] as const;
export type AclType = (typeof aclTypes)[number];

/** Matched without case. */
export function aclTypeOf(text: string): AclType | undefined {
  const wanted = text.toLowerCase();
  return aclTypes.find((type) => type.toLowerCase() === wanted);
}

export interface Acl {
  readonly topic: string;
  readonly priority: number;
  readonly allow: boolean;
}

/** An ACL that is ready to be matched; null: it is no filter. */
interface Entry extends Acl {
  readonly levels: readonly string[] | null;
}

/** true: allowed; false: denied; undefined: nothing matches. */
export type Answer = boolean | undefined;

type Match = (levels: readonly string[], asked: readonly string[], client: ClientInfo) => boolean;

/** ACLs of one type: the highest priority first, and those of the same one as they came. */
export class AclList implements Iterable<Acl> {
  readonly #byTopic = new Map<string, Acl>();
  #ordered: Entry[] = [];

  has(topic: string): boolean {
    return this.#byTopic.has(topic);
  }

  add(acl: Acl): void {
    const levels = isTopicFilter(acl.topic) ? acl.topic.split('/') : null;
    const at = this.#ordered.findIndex(({ priority }) => priority < acl.priority);
    this.#ordered.splice(at === -1 ? this.#ordered.length : at, 0, { ...acl, levels });
    this.#byTopic.set(acl.topic, acl);
  }

  /** Returns whether it was there. */
  delete(topic: string): boolean {
    this.#ordered = this.#ordered.filter((each) => each.topic !== topic);
    return this.#byTopic.delete(topic);
  }

  [Symbol.iterator](): IterableIterator<Acl> {
    return this.#ordered[Symbol.iterator]();
  }

  /** What the ACL with exactly this text says. */
  exactly(text: string): Answer {
    return this.#byTopic.get(text)?.allow;
  }

  /** What the first one that matches says; one that is no filter denies everything, as with Mosquitto. */
  first(match: Match, asked: readonly string[], client: ClientInfo): Answer {
    for (const { levels, allow } of this.#ordered) {
      if (levels === null) return false;
      if (match(levels, asked, client)) return allow;
    }
    return undefined;
  }
}

/** What stands for the client id or the user name in a whole level; undefined matches nothing. */
function meant(level: string, client: ClientInfo): string | undefined {
  if (level === '%c') return client.clientId;
  return level === '%u' ? client.username : level;
}

/** Wildcards at the start are not for topics with a $. */
function isOtherTree([first = '']: readonly string[], [asked = '']: readonly string[]): boolean {
  return first.startsWith('$') !== asked.startsWith('$');
}

function matches(
  levels: readonly string[],
  asked: readonly string[],
  client: ClientInfo,
  plus: (level: string) => boolean,
  isForbidden: (name: string) => boolean,
): boolean {
  if (isOtherTree(levels, asked)) return false;
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i]!;
    if (level === '#') return true;
    const other = asked[i];
    if (other === undefined) return false;
    if (level === '+') {
      if (!plus(other)) return false;
      continue;
    }
    const wanted = meant(level, client);
    if (wanted !== level && (!wanted || isForbidden(wanted))) return false;
    if (wanted !== other) return false;
  }
  return levels.length === asked.length;
}

/** Whether a topic is one of those that an ACL is about. */
export const topicMatch: Match = (levels, topic, client) =>
  matches(
    levels,
    topic,
    client,
    () => true,
    () => false,
  );

/** Whether everything that a filter asks for is among what an ACL is about. Names must not pass for wildcards. */
export const filterMatch: Match = (levels, filter, client) =>
  matches(
    levels,
    filter,
    client,
    (level) => level !== '#',
    (name) => name === '+' || name === '#',
  );

export type Acls = Readonly<Record<AclType, AclList>>;

export function noAcls(): Acls {
  return Object.fromEntries(aclTypes.map((type) => [type, new AclList()])) as unknown as Acls;
}

/** Of a list in a file or a command; what makes no sense in it is left out, as with Mosquitto. */
export function aclsFrom(list: readonly unknown[]): Acls {
  const acls = noAcls();
  for (const each of list) {
    const type = aclTypeOf(textField(each, 'acltype') ?? '');
    const topic = textField(each, 'topic') ?? '';
    if (type === undefined || topic === '' || acls[type].has(topic)) continue;
    acls[type].add({
      topic,
      priority: priorityField(each, 0),
      allow: booleanField(each, 'allow') === true,
    });
  }
  return acls;
}

export function aclsToJson(acls: Acls): Record<string, unknown>[] {
  return aclTypes.flatMap((acltype) =>
    [...acls[acltype]].map(({ topic, priority, allow }) => ({ acltype, topic, priority, allow })),
  );
}
