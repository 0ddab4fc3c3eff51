// Who subscribed to what. Filters without wildcard stand in one map, those with wildcards in a tree by level;
// the subscribers of a filter are a linked list through the subscriptions themselves.
import { hasWildcard } from '../protocol/index.js';
import type { Session } from './session.js';

export interface SubscriptionOptions {
  qos: number;
  /** Messages of the session itself do not come back. */
  noLocal: boolean;
  retainAsPublished: boolean;
  /** 0 when there is none (MQTT 5 section 3.8.2.1.2). */
  identifier: number;
}

export class Subscription {
  qos = 0;
  noLocal = false;
  retainAsPublished = false;
  /** Subscription identifiers, or null. One, except where overlapping subscriptions were merged. */
  identifiers: readonly number[] | null = null;
  /** What applies to messages of the session itself: this, something else when merged, or null with no local. */
  own: Subscription | null = this;
  before: Subscription | null = null;
  after: Subscription | null = null;

  constructor(
    readonly session: Session,
    /** As it stood in SUBSCRIBE, `$share/…` included. */
    readonly text: string,
    readonly node: FilterNode,
    readonly group: ShareGroup | null,
  ) {}

  equals({ qos, noLocal, retainAsPublished, identifier }: SubscriptionOptions): boolean {
    return (
      this.qos === qos &&
      this.noLocal === noLocal &&
      this.retainAsPublished === retainAsPublished &&
      (this.identifiers?.[0] ?? 0) === identifier
    );
  }

  /** Takes new options over [MQTT-3.8.4-3]. */
  set(options: SubscriptionOptions): void {
    this.qos = options.qos;
    this.noLocal = options.noLocal;
    this.retainAsPublished = options.retainAsPublished;
    this.identifiers = options.identifier > 0 ? [options.identifier] : null;
    this.own = options.noLocal ? null : this;
  }
}

/** The members of one shared subscription: `$share/{name}/{filter}` (MQTT 5 section 4.8.2). */
export class ShareGroup {
  readonly members: Subscription[] = [];
  /** How many of them are connected. */
  present = 0;
  /** Where the next turn begins. */
  next = 0;

  constructor(
    readonly name: string,
    readonly node: FilterNode,
  ) {}
}

/** One topic filter and who subscribed to it. */
export class FilterNode {
  head: Subscription | null = null;
  groups: Map<string, ShareGroup> | null = null;

  constructor(readonly filter: string) {}

  get isEmpty(): boolean {
    return this.head === null && this.groups === null;
  }

  link(subscription: Subscription): void {
    subscription.after = this.head;
    if (this.head !== null) this.head.before = subscription;
    this.head = subscription;
  }

  unlink(subscription: Subscription): void {
    if (subscription.before === null) this.head = subscription.after;
    else subscription.before.after = subscription.after;
    if (subscription.after !== null) subscription.after.before = subscription.before;
    subscription.before = null;
    subscription.after = null;
  }
}

interface Level {
  children: Map<string, Level> | null;
  /** The `+` below this level. */
  plus: Level | null;
  /** The filter that ends here, and the one that goes on with `/#`. */
  node: FilterNode | null;
  hash: FilterNode | null;
}

function emptyLevel(): Level {
  return { children: null, plus: null, node: null, hash: null };
}

function isUnused(level: Level): boolean {
  return level.children === null && level.plus === null && level.node === null && level.hash === null;
}

export class SubscriptionIndex {
  readonly #exact = new Map<string, FilterNode>();
  readonly #root: Level = emptyLevel();
  /** How many levels the last match looked at. */
  visited = 0;

  /** The node of a filter (without $share), made if it is not there. */
  node(filter: string): FilterNode {
    if (!hasWildcard(filter)) {
      let node = this.#exact.get(filter);
      if (node === undefined) {
        node = new FilterNode(filter);
        this.#exact.set(filter, node);
      }
      return node;
    }
    const levels = filter.split('/');
    const isHash = levels[levels.length - 1] === '#';
    if (isHash) levels.pop();
    let level = this.#root;
    for (const name of levels) level = this.#child(level, name);
    if (isHash) {
      level.hash ??= new FilterNode(filter);
      return level.hash;
    }
    level.node ??= new FilterNode(filter);
    return level.node;
  }

  /** The node of a filter if anybody subscribed to it. */
  find(filter: string): FilterNode | undefined {
    if (!hasWildcard(filter)) return this.#exact.get(filter);
    const levels = filter.split('/');
    const isHash = levels[levels.length - 1] === '#';
    if (isHash) levels.pop();
    let level: Level | null | undefined = this.#root;
    for (const name of levels) {
      level = name === '+' ? level.plus : level.children?.get(name);
      if (level === null || level === undefined) return undefined;
    }
    return (isHash ? level.hash : level.node) ?? undefined;
  }

  #child(level: Level, name: string): Level {
    if (name === '+') {
      level.plus ??= emptyLevel();
      return level.plus;
    }
    level.children ??= new Map();
    let child = level.children.get(name);
    if (child === undefined) {
      child = emptyLevel();
      level.children.set(name, child);
    }
    return child;
  }

  /** Forgets a node that has no subscriber left. */
  prune(node: FilterNode): void {
    if (!node.isEmpty) return;
    if (!hasWildcard(node.filter)) {
      this.#exact.delete(node.filter);
      return;
    }
    const levels = node.filter.split('/');
    const isHash = levels[levels.length - 1] === '#';
    if (isHash) levels.pop();
    const path = [this.#root];
    for (const name of levels) {
      const level = path[path.length - 1]!;
      const child = name === '+' ? level.plus : level.children?.get(name);
      if (child === null || child === undefined) return;
      path.push(child);
    }
    const last = path[levels.length]!;
    if (isHash) last.hash = null;
    else last.node = null;
    for (let i = levels.length; i > 0 && isUnused(path[i]!); i--) this.#detach(path[i - 1]!, levels[i - 1]!);
  }

  #detach(parent: Level, name: string): void {
    if (name === '+') {
      parent.plus = null;
      return;
    }
    parent.children!.delete(name);
    if (parent.children!.size === 0) parent.children = null;
  }

  /** All filters that match a topic name [MQTT-3.3.2-3]. */
  match(topic: string): FilterNode[] {
    this.visited = 0;
    const exact = this.#exact.get(topic); // [MQTT-4.7.3-4]
    const found = this.#matchWildcards(topic);
    if (exact === undefined) return found;
    // in the order in which a tree of all filters would give them, which is Mosquitto's
    if (found.length > 0 && found[0]!.filter.startsWith(topic) && found[0]!.filter === `${topic}/#`)
      found.splice(1, 0, exact);
    else found.unshift(exact);
    return found;
  }

  #matchWildcards(topic: string): FilterNode[] {
    const found: FilterNode[] = [];
    const root = this.#root;
    if (isUnused(root)) return found;
    const levels = topic.split('/');
    if (topic.charCodeAt(0) === 0x24) {
      // wildcards of the first level do not match $-topics [MQTT-4.7.2-1]
      const child = root.children?.get(levels[0]!);
      if (child !== undefined) this.#match(child, levels, 1, found);
    } else this.#match(root, levels, 0, found);
    return found;
  }

  #match(level: Level, levels: string[], depth: number, found: FilterNode[]): void {
    this.visited++;
    if (depth === levels.length) {
      if (level.hash !== null) found.push(level.hash);
      if (level.node !== null) found.push(level.node);
      return;
    }
    const child = level.children?.get(levels[depth]!);
    if (child !== undefined) this.#match(child, levels, depth + 1, found);
    if (level.plus !== null) this.#match(level.plus, levels, depth + 1, found);
    if (level.hash !== null) found.push(level.hash);
  }
}
