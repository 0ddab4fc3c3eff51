// All members of a run as one: they connect together, start at the same moment, and their tallies are added up.
import { now } from './clock.js';
import type { BenchConfig } from './config.js';
import type { Member } from './member.js';
import { Tally } from './tally.js';

/** Microseconds until the first message, so that every child has heard of it. */
const HEADSTART = 50_000;

async function membersOf(config: BenchConfig): Promise<Member[]> {
  const { processes } = config;
  if (processes === 1) {
    const { Worker } = await import('./worker.js');
    return [new Worker(config)];
  }
  const { ChildMember } = await import('./child-member.js');
  return Array.from({ length: processes }, (_, part) => new ChildMember(config, part, processes));
}

export class Crew {
  readonly #members: readonly Member[];
  #publishers: number[] = [];

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  static async of(config: BenchConfig): Promise<Crew> {
    return new Crew(await membersOf(config));
  }

  /** A copy: it does not change any more. */
  get tally(): Tally {
    return Tally.sum(this.#members.map(({ tally }) => tally));
  }

  async connect(): Promise<void> {
    const joined = await Promise.all(this.#members.map((member) => member.connect()));
    this.#publishers = joined.map(({ publishers }) => publishers);
  }

  /** Resolves when there is nothing left to do. `at` is when the work begins. */
  start(): { at: number; done: Promise<void> } {
    const at = now() + (this.#members.length > 1 ? HEADSTART : 0);
    const publishers = this.#publishers.reduce((sum, one) => sum + one, 0);
    let before = 0;
    const work = this.#members.map((member, i) => {
      const order = { at, publishers, before };
      before += this.#publishers[i]!;
      return member.work(order);
    });
    return { at, done: Promise.all(work).then(() => {}) };
  }

  async stop(patience: number): Promise<void> {
    await Promise.allSettled(this.#members.map((member) => member.stop(patience)));
  }
}
