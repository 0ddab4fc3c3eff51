// What a connection has to send: packets are written into one buffer, large payloads are referenced, and all of
// it goes to the transport once an event-loop turn, or earlier when a buffer is full. An idle connection holds
// no buffer.
import { Fifo } from './fifo.js';
import type { Platform, Transport } from './transport.js';

const SMALL = 4096;
const LARGE = 65_536;
/** Buffers of a size that are kept for later, by all clients of the program together. */
const POOL_LIMIT = 64;
/** Payloads of at least this size are not copied. */
export const REFERENCED_SIZE = 16_384;
/** Bytes that may wait before a program that waits for its QoS 0 messages is held up. */
const HIGH_WATER = 65_536;
const NONE = new Uint8Array(0);

const pool: Readonly<Record<number, Uint8Array[]>> = { [SMALL]: [], [LARGE]: [] };

function take(size: number): Uint8Array {
  const capacity = size <= SMALL ? SMALL : LARGE;
  if (size > LARGE) return new Uint8Array(size);
  return pool[capacity]!.pop() ?? new Uint8Array(capacity);
}

function give(buffer: Uint8Array): void {
  const list = pool[buffer.length];
  if (list !== undefined && list.length < POOL_LIMIT) list.push(buffer);
}

/** Chunks that the transport is given, the buffers among them, and the position of their end. */
interface Handed {
  readonly list: Uint8Array[];
  readonly lent: Uint8Array[];
  readonly end: number;
}

interface Waiting {
  readonly position: number;
  resolve(): void;
}

export class Output {
  /** Where packets are written: `reserve` first, then write from the position that it returned. */
  buffer: Uint8Array = NONE;
  #length = 0;
  /** Full buffers and payloads that go out before `buffer`, and the buffers among them to be used again. */
  #chunks: Uint8Array[] = [];
  #lent: Uint8Array[] = [];
  /** Bytes since the beginning: written here, and those of them that have left. */
  #written = 0;
  #left = 0;
  #state: 'idle' | 'scheduled' | 'committing' | 'closed' = 'idle';
  #isDeferred = false;
  /** Who waits until the bytes up to a position have left, in the order of these. */
  readonly #waiting = new Fifo<Waiting>();
  readonly #transport: Transport;
  readonly #platform: Platform;
  readonly #commit: () => Promise<void> | undefined;
  /** When something was handed to the transport last, in milliseconds of `performance.now`. */
  lastSent = performance.now();

  /** `commit` makes safe what must be before these bytes leave; its promise does not reject. */
  constructor(transport: Transport, platform: Platform, commit: () => Promise<void> | undefined) {
    this.#transport = transport;
    this.#platform = platform;
    this.#commit = commit;
  }

  /** Bytes that have not left yet. */
  get pending(): number {
    return this.#written - this.#left;
  }

  /** Whether so much waits that who can wait should. */
  get isBusy(): boolean {
    return this.pending >= HIGH_WATER;
  }

  /** Makes room for `size` bytes, counts them as written, and returns where they go in `buffer`. */
  reserve(size: number): number {
    if (this.#state === 'idle') this.#schedule();
    let at = this.#length;
    if (at + size > this.buffer.length) at = this.#grow(size);
    else this.#length = at + size;
    // only now: what is handed on while the buffer grows does not have these bytes
    this.#written += size;
    return at;
  }

  #grow(size: number): number {
    const used = this.#length;
    if (this.buffer.length < LARGE && used + size <= LARGE) {
      const larger = take(used === 0 ? size : LARGE);
      larger.set(this.buffer.subarray(0, used));
      give(this.buffer);
      this.buffer = larger;
      this.#length = used + size;
      return used;
    }
    this.#setAside();
    if (this.#state === 'scheduled') this.flush();
    if (this.#state === 'idle') this.#schedule();
    give(this.buffer);
    this.buffer = take(size);
    this.#length = size;
    return 0;
  }

  /** What is in the buffer goes out as a chunk. */
  #setAside(): void {
    const length = this.#length;
    if (length === 0) return;
    this.#chunks.push(length === this.buffer.length ? this.buffer : this.buffer.subarray(0, length));
    this.#lent.push(this.buffer);
    this.buffer = NONE;
    this.#length = 0;
  }

  /** Sends bytes that nobody will change, without copying them. */
  reference(bytes: Uint8Array): void {
    this.#setAside();
    this.#chunks.push(bytes);
    this.#written += bytes.length;
    if (this.#state === 'idle') this.#schedule();
  }

  /** A packet that is encoded already. */
  packet(bytes: Uint8Array): void {
    if (bytes.length >= REFERENCED_SIZE) return this.reference(bytes);
    const at = this.reserve(bytes.length);
    this.buffer.set(bytes, at);
  }

  /** At the end of the turn, once: whoever is woken there may write, and would have it called twice the next time. */
  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#platform.defer(this.#turnEnded);
  }

  readonly #turnEnded = (): void => {
    this.#isDeferred = false;
    if (this.#state === 'scheduled') this.flush();
    this.#settle();
  };

  #schedule(): void {
    this.#state = 'scheduled';
    this.#defer();
  }

  /** Sends what there is, once what it depends on is safe. */
  flush(): void {
    if (this.#state === 'committing' || this.#state === 'closed') return;
    const safe = this.#commit();
    if (safe === undefined) {
      this.#state = 'idle';
      return this.#write();
    }
    this.#state = 'committing';
    // what is written meanwhile depends on what the next commit makes safe
    this.#setAside();
    const chunks = this.#takeChunks();
    void safe.then(() => {
      if (this.#state === 'closed') return;
      this.#hand(chunks);
      this.#state = 'idle';
      if (this.#length > 0 || this.#chunks.length > 0) this.#schedule();
    });
  }

  #takeChunks(): Handed {
    const taken = { list: this.#chunks, lent: this.#lent, end: this.#written };
    this.#chunks = [];
    this.#lent = [];
    return taken;
  }

  #write(): void {
    this.#setAside();
    if (this.#chunks.length > 0) this.#hand(this.#takeChunks());
  }

  #hand({ list, lent, end }: Handed): void {
    if (list.length === 0) return;
    this.lastSent = performance.now();
    this.#transport.write(list, () => {
      for (const buffer of lent) give(buffer);
      this.#left = Math.max(this.#left, end);
      // not at once: a program that only ever waits for this would leave nobody else a turn
      if ((this.#waiting.first?.position ?? Number.POSITIVE_INFINITY) <= end) this.#defer();
    });
  }

  #settle(): void {
    if (this.#length === 0 && this.buffer.length > 0) {
      give(this.buffer);
      this.buffer = NONE;
    }
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      if (next.position > this.#left) break;
      this.#waiting.shift();
      next.resolve();
    }
  }

  /** Resolves when all that is written now has left, or never will. */
  drained(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    if (this.pending === 0) this.#defer();
    return new Promise((resolve) => this.#waiting.push({ position: this.#written, resolve }));
  }

  /** The connection is over: what has not left never will. */
  close(): void {
    this.#state = 'closed';
    this.#chunks = [];
    this.#lent = [];
    this.#length = 0;
    this.#left = this.#written;
    this.#settle();
  }
}
