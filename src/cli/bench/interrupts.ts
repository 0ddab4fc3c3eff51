// Ctrl-C: the first one asks for an end, the second one is the end.

/** The code of a program that a Ctrl-C has ended. */
export const INTERRUPTED = 130;

export class Interrupts {
  /** Resolves with the first signal. */
  readonly first: Promise<'interrupted'>;
  #count = 0;
  #resolve: (value: 'interrupted') => void = () => {};

  constructor() {
    this.first = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.#take);
  }

  readonly #take = (): void => {
    if (++this.#count > 1) process.exit(INTERRUPTED);
    this.#resolve('interrupted');
  };

  close(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.#take);
  }
}
