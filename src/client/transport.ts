// The seam between the client and whatever carries its bytes, and what else it needs of the runtime. Node and
// browsers each have an implementation (node.ts, web.ts); tests bring their own.
import type { Target } from './options.js';

/** What a transport tells its connection. */
export interface TransportReceiver {
  /** Bytes came. The client copies what it keeps. */
  received(bytes: Uint8Array): void;
  /** Nothing more will come or go. Called once. */
  closed(error?: Error): void;
}

/** An open stream of bytes to a server. */
export interface Transport {
  /** Begins to read. */
  start(receiver: TransportReceiver): void;
  /** Sends bytes, with one system call where that is possible. They belong to the transport until it calls `written`. */
  write(list: readonly Uint8Array[], written: () => void): void;
  pause(): void;
  resume(): void;
  /** Closes after what was written has left. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/** What the client needs of the runtime. */
export interface Platform {
  /** Opens a stream to a server; rejects with the system's error, or with `signal.reason`. */
  open(target: Target, signal: AbortSignal): Promise<Transport>;
  /** Calls back once the work at hand is done: the end of an event-loop turn. */
  defer(run: () => void): void;
  /** Bytes of a text, in memory of its own or of a pool. */
  encode(text: string): Uint8Array;
  /** A copy of bytes[from..to) that a program may keep. */
  copy(bytes: Uint8Array, from: number, to: number): Uint8Array;
  /** A text of about 20 characters that nobody else makes. */
  randomId(): string;
}
