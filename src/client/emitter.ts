// Events for Node and browsers alike: typed, synchronous, in the order in which listeners were added.

type Listener<Args extends unknown[]> = ((...args: Args) => unknown) & {
  /** What was given to `once`. */
  original?: unknown;
};

export class Emitter<Events extends { [name in keyof Events]: unknown[] }> {
  readonly #listeners = new Map<keyof Events, Listener<never>[]>();

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    // a new array each time: whoever is being called does not see it change
    this.#listeners.set(name, [...this.#of(name), listener as Listener<never>]);
    return this;
  }

  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const wrapped: Listener<Events[Name]> = (...args) => {
      this.off(name, wrapped);
      return listener(...args);
    };
    wrapped.original = listener;
    return this.on(name, wrapped);
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const left = this.#of(name).filter((one) => one !== listener && one.original !== listener);
    if (left.length === 0) this.#listeners.delete(name);
    else this.#listeners.set(name, left);
    return this;
  }

  listenerCount(name: keyof Events): number {
    return this.#of(name).length;
  }

  #of(name: keyof Events): Listener<never>[] {
    return this.#listeners.get(name) ?? [];
  }

  /** For the owner: the listeners of an event, to be called by itself. */
  protected listenersOf<Name extends keyof Events>(name: Name): readonly Listener<Events[Name]>[] {
    return this.#of(name) as unknown as Listener<Events[Name]>[];
  }

  protected emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    for (const listener of this.listenersOf(name)) listener(...args);
  }
}
