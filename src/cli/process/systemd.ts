// What systemd hears of the broker (sd_notify(3)): that it serves, reloads, ends, and is alive. Node has no datagram
// sockets of the Unix kind, so a small program of the system sends each message: systemd-notify, which is there where
// systemd is, else perl, which every Debian has. Where no NOTIFY_SOCKET is set nothing is started.
import { spawn } from 'node:child_process';

interface Sender {
  readonly command: string;
  args(lines: readonly string[]): string[];
}

/** One datagram to the socket of the environment; `@` stands for a name that is in no folder. */
const PERL = `my $to = $ENV{NOTIFY_SOCKET}; $to =~ s/^@/\\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "$!\\n";
send($socket, join("\\n", @ARGV), 0, pack_sockaddr_un($to)) or die "$!\\n";`;

/** In the order in which they are tried. */
const senders: readonly Sender[] = [
  { command: 'systemd-notify', args: (lines) => [`--pid=${process.pid}`, ...lines] },
  { command: 'perl', args: (lines) => ['-MSocket', '-e', PERL, ...lines] },
];

/** Milliseconds until a sender that hangs is ended; systemd-notify itself waits five seconds for systemd. */
const LIMIT = 10_000;
/** Messages that may wait; more come only where systemd does not answer. */
const MOST_WAITING = 16;
/** Bytes that the system allows for the path of a socket. */
const LONGEST_PATH = 107;
/** Characters of a status, which `systemctl status` shows in one line. */
const LONGEST_STATUS = 500;
/** Characters of what a sender complains about. */
const LONGEST_COMPLAINT = 500;
const LONGEST_TIMER = 2_147_483_647;

/** Milliseconds between signs of life: half of what systemd allows; undefined where it wants none. */
export function watchdogInterval(env: NodeJS.ProcessEnv, pid: number = process.pid): number | undefined {
  const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: whose } = env;
  if (!/^\d{1,18}$/.test(microseconds) || Number(microseconds) === 0) return undefined;
  if (whose !== undefined && whose !== String(pid)) return undefined;
  return Math.min(Math.max(Math.floor(Number(microseconds) / 2000), 1), LONGEST_TIMER);
}

function isAddress(text: string | undefined): text is string {
  return text !== undefined && /^[/@]./.test(text) && Buffer.byteLength(text) <= LONGEST_PATH;
}

/** A line of its own: a text with line ends would be several messages. */
function statusLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  return `STATUS=${text.slice(0, LONGEST_STATUS).replace(/[\x00-\x1f\x7f]/g, ' ')}`;
}

/** Microseconds of the clock CLOCK_MONOTONIC, which systemd compares with its own. */
function monotonic(): string {
  return `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`;
}

export interface NotifierOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Hears, once each, why messages could not be sent. */
  readonly warn: (text: string) => void;
}

export class SystemdNotifier {
  readonly #env: NodeJS.ProcessEnv;
  readonly #warn: (text: string) => void;
  readonly #said = new Set<string>();
  readonly #interval: number | undefined;
  #sender = 0;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  #watchdog: NodeJS.Timeout | undefined;
  #sign: 'sent' | 'waiting' = 'sent';

  private constructor(env: NodeJS.ProcessEnv, warn: (text: string) => void) {
    this.#env = { PATH: env['PATH'] ?? '/usr/bin:/bin', NOTIFY_SOCKET: env['NOTIFY_SOCKET'] };
    this.#warn = warn;
    this.#interval = watchdogInterval(env);
  }

  /** Undefined where nobody wants to be notified. */
  static from({ env = process.env, warn }: NotifierOptions): SystemdNotifier | undefined {
    return isAddress(env['NOTIFY_SOCKET']) ? new SystemdNotifier(env, warn) : undefined;
  }

  /** After the start and after each reload: the broker serves. Gives signs of life from now on. */
  ready(status?: string): Promise<void> {
    this.#startWatchdog();
    return this.#send(['READY=1', ...(status === undefined ? [] : [statusLine(status)])]);
  }

  /** The configuration is read again; ready() has to follow. */
  reloading(): Promise<void> {
    return this.#send(['RELOADING=1', monotonic()]);
  }

  /** The broker ends. Resolves when all that was to be said was sent, or could not be. */
  stopping(): Promise<void> {
    clearInterval(this.#watchdog);
    return this.#send(['STOPPING=1']);
  }

  #startWatchdog(): void {
    if (this.#interval === undefined || this.#watchdog !== undefined) return;
    this.#watchdog = setInterval(() => this.#signOfLife(), this.#interval).unref();
  }

  #signOfLife(): void {
    if (this.#sign === 'waiting') return;
    this.#sign = 'waiting';
    void this.#send(['WATCHDOG=1']).then(() => {
      this.#sign = 'sent';
    });
  }

  /** One after the other, so that they come in this order. Never rejects. */
  #send(lines: readonly string[]): Promise<void> {
    if (this.#waiting >= MOST_WAITING) return this.#last;
    this.#waiting++;
    this.#last = this.#last.then(() => this.#deliver(lines)).finally(() => this.#waiting--);
    return this.#last;
  }

  async #deliver(lines: readonly string[]): Promise<void> {
    for (; this.#sender < senders.length; this.#sender++) {
      const problem = await send(senders[this.#sender]!, lines, this.#env);
      if (problem === 'missing') continue;
      if (problem !== undefined) this.#complain(`systemd could not be notified: ${problem}`);
      return;
    }
    this.#complain(
      'systemd waits for notifications (NOTIFY_SOCKET is set), but there is neither systemd-notify nor perl to send them: install one of them, or write Type=exec into the unit and take WatchdogSec out',
    );
  }

  #complain(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#warn(text);
  }
}

/** Undefined when it was sent, `missing` where there is no such program, else what is wrong. */
function send(
  { command, args }: Sender,
  lines: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args(lines), { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT });
    let complaint = '';
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'missing' : `${command}: ${error.message}`),
    );
    // there is none where descriptors have run out
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, LONGEST_COMPLAINT);
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(`${command}: ${complaint.trim() || `ended with ${signal ?? code}`}`);
    });
  });
}
