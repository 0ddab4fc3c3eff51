// The publishers of a process together: when each message is due, and when all are done. One timer serves them all.
import { now } from './clock.js';
import { type BenchConfig, isPaced } from './config.js';
import type { Publisher, PublisherOwner } from './publisher.js';
import type { Tally } from './tally.js';

/** What the parent says when all processes are connected. */
export interface StartOrder {
  /** When the first message is due. */
  at: number;
  /** Publishers of all processes, and of the processes before this one. */
  publishers: number;
  before: number;
}

/** Messages of each publisher: all of a run, spread evenly, or as many as it may send for itself. */
export function quotaOf({ limit, messages }: BenchConfig, ordinal: number, publishers: number): number {
  const share =
    limit === undefined
      ? Number.POSITIVE_INFINITY
      : Math.floor(limit / publishers) + (ordinal < limit % publishers ? 1 : 0);
  return Math.min(share, messages ?? Number.POSITIVE_INFINITY);
}

/** Microseconds between two messages of the same publisher; undefined is flat out. */
export function periodOf(config: BenchConfig, publishers: number): number | undefined {
  if (!isPaced(config)) return undefined;
  return config.rate === undefined ? config.messageInterval * 1000 : (publishers * 1e6) / config.rate;
}

/** Milliseconds that publishers may send until timers and sockets have a turn. */
const TURN = 5;

export class Sending implements PublisherOwner {
  readonly #config: BenchConfig;
  readonly #part: number;
  readonly #tally: Tally;
  readonly #publishers: Publisher[] = [];
  readonly #done: () => void;
  #open = 0;
  #state: 'new' | 'running' | 'halted' = 'new';
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the first message of this process is due, and how many microseconds from one to the next. */
  #start = 0;
  #gap: number | undefined;
  /** Publishers that have more to send, and whether they will be called. */
  readonly #waiting = new Set<Publisher>();
  #immediate: ReturnType<typeof setImmediate> | undefined;
  /** The message that is due next; messages go to the publishers in turn. */
  #next = 0;

  /** `done` is called when nobody has anything left to send. */
  constructor(config: BenchConfig, part: number, tally: Tally, done: () => void) {
    this.#config = config;
    this.#part = part;
    this.#tally = tally;
    this.#done = done;
  }

  add(publisher: Publisher): void {
    publisher.ordinal = this.#publishers.length;
    this.#publishers.push(publisher);
    this.#open++;
  }

  get count(): number {
    return this.#publishers.length;
  }

  get isIdle(): boolean {
    return this.#publishers.every((one) => one.isIdle);
  }

  start({ at, publishers, before }: StartOrder): void {
    this.#state = 'running';
    const period = periodOf(this.#config, publishers);
    if (period !== undefined) {
      this.#gap = period / this.#publishers.length;
      this.#start = at + (this.#part * period) / publishers;
    }
    this.#publishers.forEach((one, i) => one.limit(quotaOf(this.#config, before + i, publishers)));
    if (this.#open === 0) return this.#done();
    if (this.#gap !== undefined) return this.#wait();
    this.#timer = setTimeout(
      () => {
        for (const one of this.#publishers) one.owe(Number.POSITIVE_INFINITY);
      },
      Math.max(0, (at - now()) / 1000),
    );
  }

  #wait(): void {
    const delay = (this.#start + this.#next * this.#gap! - now()) / 1000;
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.min(delay, 0x7fff_ffff)));
  }

  #tick(): void {
    const count = this.#publishers.length;
    const due = Math.floor((now() - this.#start) / this.#gap!);
    for (; this.#next <= due; this.#next++) this.#publishers[this.#next % count]!.owe(1);
    if (this.#state === 'running' && this.#open > 0) this.#wait();
  }

  dueAt(ordinal: number, number: number): number | undefined {
    if (this.#gap === undefined) return undefined;
    return this.#start + (number * this.#publishers.length + ordinal) * this.#gap;
  }

  nextTurn(publisher: Publisher): void {
    this.#waiting.add(publisher);
    this.#immediate ??= setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#immediate = undefined;
    const end = performance.now() + TURN;
    let left = this.#waiting.size;
    for (const one of this.#waiting) {
      this.#waiting.delete(one);
      one.pump();
      if (--left === 0 || performance.now() > end) break;
    }
    if (this.#waiting.size > 0) this.#immediate ??= setImmediate(this.#turn);
  };

  done(): void {
    if (--this.#open === 0 && this.#state === 'running') this.#done();
  }

  /** No more messages. */
  halt(): void {
    if (this.#state === 'halted') return;
    this.#state = 'halted';
    clearTimeout(this.#timer);
    for (const one of this.#publishers) {
      const owed = one.halt();
      if (this.#gap !== undefined) this.#tally.unsent += owed;
    }
  }
}
