// Where log lines go (mosquitto.conf(5), log_dest). None of them may hold up or stop the broker: what cannot be
// written is lost, and said so once it can be again.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Line, LogLevel } from './logger.js';

export interface Destination {
  write(lines: readonly Line[]): void;
  reopen(): void;
  close(): void;
}

function joined(lines: readonly Line[]): string {
  return `${lines.map(({ text }) => text).join('\n')}\n`;
}

/** Bytes that may wait for somebody who reads slowly, or not at all. */
const MAX_WAITING = 4 * 1024 * 1024;

function lostText(count: number): string {
  return count > 0 ? `(${count} log lines could not be written here)\n` : '';
}

/** Standard output or standard error: one for each, since what listens to it stays. */
export class StreamDestination implements Destination {
  static readonly #all = new Map<NodeJS.WriteStream, StreamDestination>();
  readonly #stream: NodeJS.WriteStream;
  #lost = 0;

  private constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // whoever read it has gone
    stream.on('error', () => {});
  }

  static of(stream: NodeJS.WriteStream): StreamDestination {
    const made = StreamDestination.#all.get(stream) ?? new StreamDestination(stream);
    StreamDestination.#all.set(stream, made);
    return made;
  }

  write(lines: readonly Line[]): void {
    if (this.#stream.writableLength > MAX_WAITING) {
      this.#lost += lines.length;
      return;
    }
    this.#stream.write(lostText(this.#lost) + joined(lines));
    this.#lost = 0;
  }

  reopen(): void {}

  close(): void {}
}

/** A pipe that nobody reads must not hold the broker up, hence not blocking. */
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
const APPEND = O_WRONLY | O_APPEND | O_CREAT | (O_NONBLOCK ?? 0);
/** For its owner alone. */
const FILE_MODE = 0o600;

/** A file that is appended to; made for its owner alone (mode 0600). */
export class FileDestination implements Destination {
  readonly path: string;
  #file: number;
  #lost = 0;
  /** The last line has no end. */
  #isBroken = false;

  /** Throws the system's error when it cannot be opened. */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, APPEND, FILE_MODE);
  }

  write(lines: readonly Line[]): void {
    const end = this.#isBroken ? '\n' : '';
    const bytes = Buffer.from(end + lostText(this.#lost) + joined(lines));
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#file, bytes, at);
      this.#lost = 0;
      this.#isBroken = false;
    } catch {
      this.#lost += lines.length;
      // what fits on a full disk may end in the middle of a line
      if (at > 0) this.#isBroken = bytes[at - 1] !== 0x0a;
    }
  }

  reopen(): void {
    try {
      const file = openSync(this.path, APPEND, FILE_MODE);
      this.close();
      this.#file = file;
      this.#isBroken = false;
    } catch {
      // better the old file than none
    }
  }

  close(): void {
    try {
      closeSync(this.#file);
    } catch {
      // it was closed before
    }
  }
}

/** Severities of syslog(3). */
const severities: Readonly<Record<LogLevel, number>> = {
  error: 3,
  warning: 4,
  notice: 5,
  information: 6,
  debug: 7,
  subscribe: 5,
  unsubscribe: 5,
};
const DAEMON = 3;
const LOCAL0 = 16;

/** The system's log, by way of logger(1): this runtime has no sockets of its kind. */
export class SyslogDestination implements Destination {
  readonly #facility: number;
  readonly #failed: (text: string) => void;
  #logger: ChildProcess | null = null;
  #lost = 0;

  /** `facility`: N for localN; daemon without one. `failed` hears when there is no logger(1). */
  constructor(facility: number | undefined, failed: (text: string) => void) {
    this.#facility = facility === undefined ? DAEMON : LOCAL0 + facility;
    this.#failed = failed;
  }

  write(lines: readonly Line[]): void {
    this.#logger ??= this.#start();
    // there is none where descriptors have run out
    const input = this.#logger?.stdin ?? null;
    if (input === null || input.writableLength > MAX_WAITING) {
      this.#lost += lines.length;
      return;
    }
    const text = lines.map((line) => this.#prefix(line.level) + line.text);
    if (this.#lost > 0) text.unshift(this.#prefix('warning') + lostText(this.#lost).trimEnd());
    this.#lost = 0;
    input.write(`${text.join('\n')}\n`);
  }

  #prefix(level: LogLevel): string {
    return `<${this.#facility * 8 + severities[level]}>`;
  }

  #start(): ChildProcess | null {
    const args = ['--tag', 'mosquitto', `--id=${process.pid}`, '--prio-prefix', '--skip-empty'];
    const child = spawn('logger', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', (error) => this.#failed(`Error: Unable to log to syslog: ${error.message}`));
    child.on('exit', () => {
      if (this.#logger === child) this.#logger = null;
    });
    child.stdin?.on('error', () => {});
    child.unref();
    return child.stdin === null || child.stdin === undefined ? null : child;
  }

  reopen(): void {}

  close(): void {
    this.#logger?.stdin?.end();
    this.#logger = null;
  }
}

/** Topics below $SYS/broker/log; debug lines have none, or each of their messages would make more of them. */
const topics: Readonly<Partial<Record<LogLevel, string>>> = {
  error: 'E',
  warning: 'W',
  notice: 'N',
  information: 'I',
  subscribe: 'M/subscribe',
  unsubscribe: 'M/unsubscribe',
};

/** Messages to `$SYS/broker/log/…`, QoS 2, for 20 seconds. */
export class TopicDestination implements Destination {
  readonly #publish: (topic: string, text: string) => void;
  #isPublishing = false;

  constructor(publish: (topic: string, text: string) => void) {
    this.#publish = publish;
  }

  write(lines: readonly Line[]): void {
    // what is logged because of these messages is not worth a message
    if (this.#isPublishing) return;
    this.#isPublishing = true;
    try {
      for (const { level, text } of lines) {
        const topic = topics[level];
        if (topic !== undefined) this.#publish(`$SYS/broker/log/${topic}`, text);
      }
    } finally {
      this.#isPublishing = false;
    }
  }

  reopen(): void {}

  close(): void {}
}
