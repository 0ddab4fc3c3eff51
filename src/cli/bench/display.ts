// What a user sees while a run goes on: on a terminal a picture that is drawn again in place, elsewhere a line now and
// then, with --json a line of JSON, or nothing.
import type { BenchConfig } from './config.js';
import { intervalJson } from './json-report.js';
import { progressOf } from './progress.js';
import { progressLine, rowsOf } from './rows.js';
import type { Tally } from './tally.js';
import type { Stage, View } from './view.js';

/** Standard output, or what stands for it in a test. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface Display {
  /** Called a few times a second. */
  update(view: View): void;
  /** Leaves the screen as it is to stay. */
  end(): void;
}

/** Remembers what was counted, so that a rate can be shown for the last while. */
class History {
  readonly #span: number;
  #stage: Stage | undefined;
  #past: { at: number; tally: Tally }[] = [];

  /** Milliseconds. */
  constructor(span: number) {
    this.#span = span;
  }

  /** The view with what has changed in the span, or since the stage began. */
  extend(view: View, at: number): View {
    if (view.stage !== this.#stage) {
      this.#stage = view.stage;
      this.#past = [];
    }
    this.#past.push({ at, tally: view.tally });
    while (this.#past.length > 2 && at - this.#past[1]!.at >= this.#span) this.#past.shift();
    const first = this.#past[0]!;
    if (first.at === at) return view;
    return { ...view, recent: { tally: view.tally.since(first.tally), seconds: (at - first.at) / 1000 } };
  }
}

/** Calls `show` when a line is due. */
class Lines implements Display {
  readonly #show: (view: View) => void;
  readonly #interval: number;
  readonly #history: History;
  #due: number;

  constructor(seconds: number, show: (view: View) => void) {
    this.#show = show;
    this.#interval = seconds * 1000;
    this.#history = new History(this.#interval);
    this.#due = performance.now() + this.#interval;
  }

  update(view: View): void {
    const at = performance.now();
    const extended = this.#history.extend(view, at);
    if (at < this.#due) return;
    this.#due += this.#interval * Math.max(1, Math.ceil((at - this.#due) / this.#interval));
    this.#show(extended);
  }

  end(): void {}
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const BAR = 30;
/** Milliseconds that a rate "now" is over. */
const NOW = 1000;
const LIVE_ERRORS = 5;

function bar(share: number | undefined): string {
  if (share === undefined) return '';
  const full = Math.round(share * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${String(Math.floor(share * 100)).padStart(3)}%  `;
}

class Terminal implements Display {
  readonly #screen: Screen;
  readonly #history = new History(NOW);
  #drawn = 0;
  #state: 'new' | 'drawing' | 'ended' = 'new';
  /** However the process ends, the cursor is to be seen afterwards. */
  readonly #exit = (): void => this.end();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  update(view: View): void {
    if (this.#state === 'ended') return;
    const start = this.#state === 'new' ? HIDE_CURSOR : '';
    if (this.#state === 'new') process.on('exit', this.#exit);
    this.#state = 'drawing';
    const { share, text } = progressOf(view);
    const extended = this.#history.extend(view, performance.now());
    const lines = [`  ${view.stage.padEnd(14)}${bar(share)}${text}`, ...rowsOf(extended, LIVE_ERRORS)];
    const width = this.#screen.columns ?? 80;
    const shown = lines.map((line) => `${[...line].slice(0, width - 1).join('')}${CLEAR_LINE}\n`);
    this.#screen.write(`${start}${this.#back()}${shown.join('')}${CLEAR_BELOW}`);
    this.#drawn = lines.length;
  }

  /** To the first line of the picture. */
  #back(): string {
    return this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A\r`;
  }

  end(): void {
    if (this.#state !== 'drawing') return;
    this.#state = 'ended';
    process.off('exit', this.#exit);
    this.#screen.write(`${this.#back()}${CLEAR_BELOW}${SHOW_CURSOR}`);
  }
}

const nothing: Display = { update: () => {}, end: () => {} };

export function displayFor({ json, quiet, reportInterval }: BenchConfig, screen: Screen): Display {
  if (json) {
    return reportInterval === undefined
      ? nothing
      : new Lines(reportInterval, (view) => screen.write(`${JSON.stringify(intervalJson(view))}\n`));
  }
  if (quiet) return nothing;
  if (screen.isTTY === true && reportInterval === undefined) return new Terminal(screen);
  return new Lines(reportInterval ?? 1, (view) => screen.write(`${progressLine(view)}\n`));
}
