// Values by topic name, found by topic filter: the retained messages, and the topics of the match cache.

interface Node<T> {
  value: T | undefined;
  children: Map<string, Node<T>> | null;
}

export class TopicTree<T> {
  #root: Node<T> = { value: undefined, children: null };
  #size = 0;
  /** How many more nodes a match may visit. */
  #budget = 0;

  get size(): number {
    return this.#size;
  }

  get(topic: string): T | undefined {
    let node: Node<T> | undefined = this.#root;
    for (const level of topic.split('/')) {
      node = node.children?.get(level);
      if (node === undefined) return undefined;
    }
    return node.value;
  }

  /** Returns what stood there before. */
  set(topic: string, value: T): T | undefined {
    let node = this.#root;
    for (const level of topic.split('/')) {
      node.children ??= new Map();
      let child = node.children.get(level);
      if (child === undefined) {
        child = { value: undefined, children: null };
        node.children.set(level, child);
      }
      node = child;
    }
    const before = node.value;
    node.value = value;
    if (before === undefined) this.#size++;
    return before;
  }

  /** Returns what stood there, and drops the levels that nobody needs any more. */
  delete(topic: string): T | undefined {
    const levels = topic.split('/');
    const path: Node<T>[] = [this.#root];
    for (const level of levels) {
      const child = path[path.length - 1]!.children?.get(level);
      if (child === undefined) return undefined;
      path.push(child);
    }
    const node = path[levels.length]!;
    const before = node.value;
    if (before === undefined) return undefined;
    node.value = undefined;
    this.#size--;
    for (let i = levels.length; i > 0; i--) {
      const empty = path[i]!;
      if (empty.value !== undefined || empty.children !== null) break;
      const children = path[i - 1]!.children!;
      children.delete(levels[i - 1]!);
      if (children.size === 0) path[i - 1]!.children = null;
      else break;
    }
    return before;
  }

  /**
   * Calls `visit` for every topic that a filter (without $share) matches. Gives up after `budget` nodes; returns
   * how much of it is left, below 0 when it gave up.
   */
  match(filter: string, visit: (value: T) => void, budget = Number.POSITIVE_INFINITY): number {
    this.#budget = budget;
    this.#match(this.#root, filter.split('/'), 0, visit);
    return this.#budget;
  }

  #match(node: Node<T>, levels: string[], depth: number, visit: (value: T) => void): void {
    if (--this.#budget < 0) return;
    if (depth === levels.length) {
      if (node.value !== undefined) visit(node.value);
      return;
    }
    const level = levels[depth]!;
    if (level === '#') {
      this.#all(node, depth === 0, visit);
    } else if (level === '+') {
      if (node.children === null) return;
      for (const [name, child] of node.children) {
        // [MQTT-4.7.2-1]
        if (depth === 0 && name.charCodeAt(0) === 0x24) continue;
        this.#match(child, levels, depth + 1, visit);
      }
    } else {
      const child = node.children?.get(level);
      if (child !== undefined) this.#match(child, levels, depth + 1, visit);
    }
  }

  /** The node itself (`a/#` matches `a`) and everything below. */
  #all(node: Node<T>, isRoot: boolean, visit: (value: T) => void): void {
    if (--this.#budget < 0) return;
    if (node.value !== undefined && !isRoot) visit(node.value);
    if (node.children === null) return;
    for (const [name, child] of node.children) {
      if (isRoot && name.charCodeAt(0) === 0x24) continue;
      this.#all(child, false, visit);
    }
  }
}
