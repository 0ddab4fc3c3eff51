// A run from the first connect to the last word: connect, work, stop, and what the exit code says about it.
import { now } from './clock.js';
import type { BenchConfig } from './config.js';
import { Crew } from './crew.js';
import type { Display } from './display.js';
import { INTERRUPTED } from './interrupts.js';
import { AbsentError } from './member.js';
import { messagesOf } from './progress.js';
import type { Tally } from './tally.js';
import { type Ending, type Stage, type View, violationsOf } from './view.js';

export const exitCodes = { fine: 0, wrong: 1, absent: 2, violations: 3 } as const;

/** Milliseconds between two looks at what has been counted. */
const LOOK_INTERVAL = 200;
/** Milliseconds to wait for what is on its way when the run ends. */
const PATIENCE = 5000;
const INTERRUPTED_PATIENCE = 1000;

export interface Outcome {
  readonly code: number;
  /** Undefined if there is nothing to report. */
  readonly view?: View;
  /** What went wrong, for standard error. */
  readonly problem?: string;
}

function after(seconds: number): { promise: Promise<'duration'>; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const promise = new Promise<'duration'>((resolve) => {
    timer = setTimeout(() => resolve('duration'), Math.min(seconds * 1000, 0x7fff_ffff));
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

class Run {
  readonly #config: BenchConfig;
  readonly #display: Display;
  readonly #crew: Crew;
  #stage: Stage = 'connecting';
  /** When the work began, and ended. */
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  #limitReached: () => void = () => {};

  constructor(config: BenchConfig, display: Display, crew: Crew) {
    this.#config = config;
    this.#display = display;
    this.#crew = crew;
  }

  async go(interrupted: Promise<'interrupted'>): Promise<Outcome> {
    const timer = setInterval(() => this.#look(), LOOK_INTERVAL);
    try {
      const ending = await this.#work(interrupted);
      this.#stage = 'ending';
      await this.#crew.stop(ending === 'interrupted' ? INTERRUPTED_PATIENCE : PATIENCE);
      this.#stage = 'ended';
      return this.#outcome(ending);
    } catch (error) {
      await this.#crew.stop(0);
      if (error instanceof AbsentError) return { code: exitCodes.absent, problem: error.message };
      this.#stage = 'ended';
      return { ...this.#outcome('child'), problem: error instanceof Error ? error.message : String(error) };
    } finally {
      clearInterval(timer);
      this.#display.end();
    }
  }

  async #work(interrupted: Promise<'interrupted'>): Promise<Ending> {
    const connected = await Promise.race([this.#crew.connect(), interrupted]);
    if (connected === 'interrupted') return connected;
    const { tally } = this.#crew;
    if (tally.connected === 0) {
      const reasons = [...tally.reasons.keys()].map((reason) => reason.replace(/^connect: /, ''));
      throw new AbsentError(reasons.join('; '));
    }
    const { at, done } = this.#crew.start();
    this.#startedAt = at;
    this.#stage = 'running';
    return this.#ending(done, interrupted);
  }

  /** Waits for the first of what may end a run. */
  async #ending(done: Promise<void>, interrupted: Promise<'interrupted'>): Promise<Ending> {
    const { duration, scenario } = this.#config;
    const limit = new Promise<'limit'>((resolve) => {
      this.#limitReached = () => resolve('limit');
    });
    const time = duration === undefined ? undefined : after(duration);
    const ending = await Promise.race([
      done.then((): Ending => (this.#crew.tally.open === 0 ? 'lost' : 'limit')),
      interrupted,
      ...(scenario === 'sub' ? [limit] : []),
      ...(time === undefined ? [] : [time.promise]),
    ]);
    time?.cancel();
    if (ending !== 'limit') this.#endedAt = now();
    return ending;
  }

  #look(): void {
    const view = this.#view(this.#crew.tally);
    const { done, all } = messagesOf(view);
    if (all !== undefined && done >= all) this.#limitReached();
    this.#display.update(view);
  }

  /** Of a run with a limit the last message is the end; of others that or the time, whichever is later. */
  #view(tally: Tally, ending?: Ending): View {
    const { firstConnect, lastConnect, firstReceived, last } = tally.times;
    const at = now();
    const end = this.#stage === 'ended' ? Math.max(last, this.#endedAt ?? 0) : at;
    const start = this.#startedAt ?? end;
    const isHeard = this.#config.scenario === 'sub' && firstReceived > 0;
    const connected = this.#stage === 'connecting' ? at : lastConnect;
    return {
      config: this.#config,
      stage: this.#stage,
      tally,
      seconds: Math.max(0, end - start) / 1e6,
      flowSeconds: Math.max(0, isHeard ? last - firstReceived : end - start) / 1e6,
      connectSeconds: firstConnect === 0 ? 0 : Math.max(0, connected - firstConnect) / 1e6,
      ending,
    };
  }

  #outcome(ending: Ending): Outcome {
    const view = this.#view(this.#crew.tally, ending);
    if (ending === 'interrupted') return { code: INTERRUPTED, view };
    if (ending === 'lost') return { code: exitCodes.absent, view, problem: 'all connections were lost' };
    if (ending === 'child') return { code: exitCodes.wrong, view };
    return { code: violationsOf(view) > 0 ? exitCodes.violations : exitCodes.fine, view };
  }
}

export async function run(
  config: BenchConfig,
  display: Display,
  interrupted: Promise<'interrupted'>,
): Promise<Outcome> {
  return new Run(config, display, await Crew.of(config)).go(interrupted);
}
