// First in, first out, without moving what is there each time that one leaves.

export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= 1024 && this.#head * 2 > this.#items.length) this.#replace(this.toArray());
    return item;
  }

  /** Puts items before all others, in their order. */
  unshift(items: readonly T[]): void {
    this.#replace([...items, ...this.toArray()]);
  }

  /** Takes an item out wherever it stands. Returns whether it was there. */
  remove(item: T): boolean {
    const at = this.#items.indexOf(item, this.#head);
    if (at === -1) return false;
    this.#items.splice(at, 1);
    return true;
  }

  toArray(): T[] {
    return this.#items.slice(this.#head);
  }

  clear(): void {
    this.#replace([]);
  }

  #replace(items: T[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
