// The log of the broker's program: what is logged, how a line looks, where it goes. The lines of one turn of the
// event loop are written together; what is written in a second is limited, so that nobody can fill a disk by
// connecting.
import type { LogLevel } from '../core/plugin.js';
import type { Destination } from './destinations.js';

export type { LogLevel };

export interface LogSettings {
  readonly types: ReadonlySet<LogLevel>;
  readonly format: 'text' | 'json';
  /** The time before each line, already with what separates it; '' when there is none. */
  readonly stamp: (now: Date) => string;
  /** Lines a second in the long run; 0: any number. */
  readonly rateLimit: number;
  readonly destinations: readonly Destination[];
}

/** Bytes of a line, as in Mosquitto. */
const MAX_LINE = 999;
/** So many seconds' worth of lines may come at once: a fleet that reconnects is no attack. */
const BURST_SECONDS = 20;
/** Milliseconds between lines that say how many were left out. */
const TELL_EVERY = 1000;
/** Types that somebody switched on to see everything. */
const UNLIMITED: ReadonlySet<LogLevel> = new Set<LogLevel>(['debug', 'subscribe', 'unsubscribe']);

/** How many lines may be written now. */
class Allowance {
  /** Lines a second; 0: any number. */
  #rate = 0;
  #left = 0;
  #countedAt = performance.now();

  limit(rate: number): void {
    this.#rate = rate;
    this.#left = rate * BURST_SECONDS;
  }

  take(): boolean {
    if (this.#rate === 0) return true;
    const now = performance.now();
    const refilled = this.#left + ((now - this.#countedAt) / 1000) * this.#rate;
    this.#left = Math.min(this.#rate * BURST_SECONDS, refilled);
    this.#countedAt = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** One line: its text with the time, and without. */
export interface Line {
  readonly level: LogLevel;
  readonly text: string;
}

export class Logger {
  #settings: LogSettings;
  #waiting: Line[] = [];
  #isScheduled = false;
  readonly #allowance = new Allowance();
  /** Strangers cannot use up what there is for errors. */
  readonly #errorAllowance = new Allowance();
  #leftOut = 0;
  #tellTimer: NodeJS.Timeout | undefined;

  constructor(settings: LogSettings) {
    this.#settings = settings;
    this.#limit(settings.rateLimit);
  }

  #limit(rate: number): void {
    this.#allowance.limit(rate);
    this.#errorAllowance.limit(rate);
  }

  /** Takes over new settings; what was logged before goes to the old destinations. */
  configure(settings: LogSettings): void {
    this.flush();
    const gone = this.#settings.destinations.filter((one) => !settings.destinations.includes(one));
    for (const destination of gone) destination.close();
    this.#settings = settings;
    this.#limit(settings.rateLimit);
  }

  get destinations(): readonly Destination[] {
    return this.#settings.destinations;
  }

  /** Whether lines of this type are written at all. */
  has(level: LogLevel): boolean {
    return this.#settings.types.has(level) && this.#settings.destinations.length > 0;
  }

  readonly log = (level: LogLevel, text: string): void => {
    if (!this.has(level)) return;
    const allowance = level === 'error' ? this.#errorAllowance : this.#allowance;
    if (UNLIMITED.has(level) || allowance.take()) this.#add(level, text);
    else this.#leaveOut();
  };

  /** Told after a while, whether or not more is logged by then. */
  #leaveOut(): void {
    this.#leftOut++;
    this.#tellTimer ??= setTimeout(() => this.#tellLeftOut(), TELL_EVERY).unref();
  }

  #tellLeftOut(): void {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    const count = this.#leftOut;
    this.#leftOut = 0;
    this.#add(
      'warning',
      `Warning: ${count} log lines were left out, since there were more than log_rate_limit ${this.#settings.rateLimit} a second.`,
    );
  }

  #add(level: LogLevel, text: string): void {
    const { format, stamp } = this.#settings;
    const now = new Date();
    const line =
      format === 'json'
        ? JSON.stringify({ time: now.toISOString(), level, message: cut(text) })
        : cut(`${stamp(now)}${printableLine(level, text)}`);
    this.#waiting.push({ level, text: line });
    if (level === 'error') return this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }

  /** Writes what was logged up to now. */
  flush(): void {
    this.#isScheduled = false;
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    for (const destination of this.#settings.destinations) destination.write(lines);
  }

  /** Opens files anew, so that somebody else may have moved them away. */
  reopen(): void {
    this.flush();
    for (const destination of this.#settings.destinations) destination.reopen();
  }

  close(): void {
    if (this.#leftOut > 0) this.#tellLeftOut();
    this.flush();
    for (const destination of this.#settings.destinations) destination.close();
  }
}

/**
 * What strangers chose (client ids, user names) cannot start a line, or steer the terminal that shows it. Only the tab
 * that lines of details begin with stays.
 */
export function printable(text: string): string {
  return text.replace(/(?!^\t)\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${code}`;
  });
}

/** Errors of our own may have a stack trace, which has lines. */
function printableLine(level: LogLevel, text: string): string {
  const lines = level === 'error' ? text.split(/\n(?= {4}at )/) : [text];
  return lines.map(printable).join('\n');
}

/** A line that is too long is cut, between characters. */
function cut(line: string): string {
  if (line.length * 3 <= MAX_LINE || Buffer.byteLength(line) <= MAX_LINE) return line;
  const bytes = Buffer.from(line).subarray(0, MAX_LINE);
  return bytes.toString().replace(/\uFFFD$/, '');
}
