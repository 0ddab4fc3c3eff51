// Work that must not overlap: reading a file again, carrying out commands.

export class OneByOne {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all that came before has ended, however that ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** When all that was to be done up to now has ended. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
