// Keep-alive (MQTT 5 section 3.1.2.10): a PINGREQ when nothing was sent or nothing came for the agreed time, and
// the end of the connection when no answer comes. Also finds a link that swallows what is sent.

/** What is watched. Times are milliseconds of `performance.now`. */
export interface Watched {
  readonly lastSent: number;
  readonly lastReceived: number;
  /** Nothing is read at the moment, because the program does not take what came: silence means nothing then. */
  readonly isHeld: boolean;
  ping(): void;
  /** The server is gone. */
  silent(): void;
}

/** Milliseconds that the answer to a PINGREQ may take, unless the keep-alive time is shorter. */
const PATIENCE = 10_000;

export class KeepAlive {
  readonly #watched: Watched;
  readonly #interval: number;
  #pinged: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `seconds`: 0 is off. */
  constructor(seconds: number, watched: Watched) {
    this.#watched = watched;
    this.#interval = seconds * 1000;
    if (seconds > 0) this.#wait(this.#interval);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    const { lastSent, lastReceived, isHeld } = this.#watched;
    const now = performance.now();
    if (this.#pinged !== null && lastReceived < this.#pinged && !isHeld) return this.#watched.silent();
    this.#pinged = null;
    const idle = now - Math.min(lastSent, isHeld ? now : lastReceived);
    // timers may come a little early
    if (idle + 5 < this.#interval) return this.#wait(this.#interval - idle);
    this.#pinged = now;
    this.#watched.ping();
    this.#wait(Math.min(PATIENCE, this.#interval));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
