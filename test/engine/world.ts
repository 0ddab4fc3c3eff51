// A world for the engine that lies in the test's hands: time passes, turns end and bytes leave only when the
// test says so. No socket, no timer of the runtime, and so no waiting and no chance.
import { Engine, type EngineEvents, type Environment } from '../../src/core/engine.js';
import type { EngineOptions } from '../../src/core/options.js';
import type { LogLevel, Plugin } from '../../src/core/plugin.js';
import type { Store } from '../../src/core/store.js';
import { type ConnectOptions, Peer } from './peer.js';

export interface WorldOptions extends Partial<EngineOptions> {
  plugins?: readonly Plugin[];
  store?: Store;
  /** What the wall clock shows at the start. */
  wall?: number;
}

interface Alarm {
  at: number;
  readonly run: () => void;
  /** Milliseconds between two rings; 0 for one that rings once. */
  readonly every: number;
}

export class World implements Environment {
  /** Milliseconds that have passed since some moment. */
  time = 4_711;
  #wallAhead: number;
  readonly now = (): number => this.time;
  readonly wallClock = (): number => this.time + this.#wallAhead;
  readonly engine: Engine;
  readonly logged: { level: LogLevel; text: string }[] = [];
  readonly events: { name: keyof EngineEvents; args: unknown[] }[] = [];
  readonly #alarms = new Set<Alarm>();
  #deferred: (() => void)[] = [];
  #count = 0;

  constructor({ plugins = [], store, wall = 1_700_000_000_000, ...options }: WorldOptions = {}) {
    this.#wallAhead = wall - this.time;
    this.engine = new Engine({
      options,
      plugins,
      environment: this,
      store: store ?? null,
      emit: (name, ...args) => {
        this.events.push({ name, args });
      },
    });
    this.engine.start();
    this.turn();
  }

  // ---- what the engine asks for ----

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  after(ms: number, run: () => void): () => void {
    return this.#alarm({ at: this.time + ms, run, every: 0 });
  }

  every(ms: number, run: () => void): () => void {
    return this.#alarm({ at: this.time + ms, run, every: ms });
  }

  #alarm(alarm: Alarm): () => void {
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  randomUuid(): string {
    this.#count++;
    return `uuid-${this.#count}`;
  }

  randomInteger(): number {
    return 4;
  }

  log(level: LogLevel, text: string): void {
    this.logged.push({ level, text });
  }

  // ---- what the test does ----

  /** Ends turns until nothing is left to do. */
  turn(): void {
    while (this.#deferred.length > 0) {
      const runs = this.#deferred;
      this.#deferred = [];
      for (const run of runs) run();
    }
  }

  /** Lets time pass, alarm by alarm. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.#alarms].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.time = next.at;
      if (next.every > 0) next.at += next.every;
      else this.#alarms.delete(next);
      next.run();
      this.turn();
    }
    this.time = end;
  }

  /** Somebody sets the wall clock, forward or back. */
  setClock(ms: number): void {
    this.#wallAhead += ms;
  }

  /** Lets promises go on that have settled, and ends the turns that follow. */
  async settle(): Promise<void> {
    this.turn();
    await new Promise((resolve) => setImmediate(resolve));
    this.turn();
  }

  /** A client whose CONNECT was sent; what it answers can be taken from it. */
  connect(options: ConnectOptions = {}): Peer {
    const peer = new Peer(this, options.version);
    peer.connect(options);
    return peer;
  }

  /** The texts of the log lines of a level. */
  lines(level: LogLevel): string[] {
    return this.logged.filter((line) => line.level === level).map((line) => line.text);
  }
}
