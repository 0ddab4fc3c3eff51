// The end of a turn: when what was gathered while packets were read is committed and sent, one write a
// connection. Under load that is once for all sockets that were ready; when there is little to do, right after
// the read that caused it, which saves a detour through the event loop.
import type { Connection } from './connection.js';

/** Reads that follow one another this closely are of one round of the event loop. */
const CLOSE_MS = 0.05;
/** So many of them are answered one by one before answers are gathered. */
const SINGLE_READS = 4;

/** What the turn needs of the engine. */
export interface TurnEnvironment {
  now(): number;
  defer(run: () => void): void;
  /** Commits what the store must have before anything is acknowledged. */
  commit(): void;
}

/** A list that is emptied in every turn, without new arrays. */
class Round {
  #items: (Connection | null)[] = [];
  #spare: (Connection | null)[] = [];
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(connection: Connection): void {
    this.#items[this.#count++] = connection;
  }

  /** Calls `visit` for what is in it now; what is added meanwhile is for the next round. */
  empty(visit: (connection: Connection) => void): void {
    const items = this.#items;
    const count = this.#count;
    this.#items = this.#spare;
    this.#spare = items;
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const connection = items[i]!;
      items[i] = null;
      visit(connection);
    }
  }
}

export class Turn {
  /** How many turns there were. */
  number = 0;
  /** What the packets that are being read have cost, in deliveries or the like (a tenth of a microsecond and more). */
  work = 0;
  readonly #environment: TurnEnvironment;
  readonly #dirty = new Round();
  readonly #toPump = new Round();
  readonly #waiting = new Round();
  #isReading = false;
  /** The end of the turn is due, or ordered from the event loop already. */
  #isDue = false;
  #isOrdered = false;
  #lastRead = 0;
  #burst = 0;

  constructor(environment: TurnEnvironment) {
    this.#environment = environment;
  }

  /** A connection has something to send. */
  touched(connection: Connection): void {
    this.#dirty.add(connection);
    this.request();
  }

  /** A connection's window has opened: what waits for it is sent once for all acknowledgements of this turn. */
  pump(connection: Connection): void {
    if (connection.isPumping) return;
    connection.isPumping = true;
    this.#toPump.add(connection);
    this.request();
  }

  /** A connection that waits until the others had their turn. */
  wait(connection: Connection): void {
    this.#waiting.add(connection);
    this.#order();
  }

  /** The turn has to end sometime soon. */
  request(): void {
    if (this.#isReading) this.#isDue = true;
    else this.#order();
  }

  #order(): void {
    if (this.#isOrdered) return;
    this.#isOrdered = true;
    this.#environment.defer(this.#ordered);
  }

  readonly #ordered = (): void => {
    this.#isOrdered = false;
    this.end();
  };

  /** Bytes of a connection are about to be looked at. Returns the time. */
  beginRead(): number {
    this.#isReading = true;
    this.work = 0;
    const now = this.#environment.now();
    this.#burst = now - this.#lastRead < CLOSE_MS ? this.#burst + 1 : 0;
    return now;
  }

  /** They were looked at. */
  endRead(): void {
    this.#isReading = false;
    this.#lastRead = this.#environment.now();
    if (!this.#isDue || this.#isOrdered) return;
    if (this.#burst < SINGLE_READS) this.end();
    else this.#order();
  }

  /** Commits and sends. */
  end(): void {
    this.#isDue = false;
    this.number++;
    if (!this.#toPump.isEmpty) this.#toPump.empty(pump);
    this.#environment.commit();
    this.#dirty.empty(flush);
    if (!this.#waiting.isEmpty) this.#waiting.empty(goOn);
  }
}

function pump(connection: Connection): void {
  connection.isPumping = false;
  connection.session?.pump();
}

function flush(connection: Connection): void {
  connection.flush();
}

function goOn(connection: Connection): void {
  connection.turn();
}
