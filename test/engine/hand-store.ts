// A store whose commits are done, or fail, when the test says so. What a crash would leave is what was done.
import type { StoreOperation } from '../../src/core/store.js';
import { MemoryStore } from '../../src/store/memory.js';

interface Commit {
  readonly operations: readonly StoreOperation[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class HandStore extends MemoryStore {
  /** Commits that are under way. */
  #waiting: Commit[] = [];
  /** How many operations were done. */
  operations = 0;
  commits = 0;

  override commit(operations: readonly StoreOperation[]): Promise<void> {
    this.commits++;
    // a store may look at the values late, but not later than it says that it has them
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operations, resolve, reject });
    });
  }

  /** How many commits are under way. */
  get underWay(): number {
    return this.#waiting.length;
  }

  #apply(operations: readonly StoreOperation[]): void {
    this.operations += operations.length;
    super.commit(operations);
  }

  /** Does the commit that waits longest. Returns false when there is none. */
  succeed(): boolean {
    const commit = this.#waiting.shift();
    if (commit === undefined) return false;
    this.#apply(commit.operations);
    commit.resolve();
    return true;
  }

  fail(): boolean {
    const commit = this.#waiting.shift();
    commit?.reject(new Error('no space left on device'));
    return commit !== undefined;
  }

  /** The process dies: what is under way may have been done, but nobody hears of it. */
  crash(isDone: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (isDone) for (const { operations } of waiting) this.#apply(operations);
  }

  /** All keys there are. */
  keys(): string[] {
    const found: string[] = [];
    for (let partition = 0; partition < this.partitions; partition++)
      for (const { key } of this.range(partition, '\u0001', '\u{10ffff}')) found.push(key);
    return found;
  }
}
