// The seam between the engine and whatever carries bytes: a socket, a pipe, a stream in memory.

/** What a transport tells its connection. */
export interface TransportReceiver {
  /** Bytes came: bytes[0..length), valid only during the call. */
  received(bytes: Uint8Array, length: number): void;
  /** Everything that was written has left; after a `write` that returned false. */
  drained(): void;
  /** Nothing more will come or go. Called once. */
  closed(error?: Error): void;
}

/** What a certificate, or the identity of a pre-shared key, says. */
export interface Peer {
  /** The common name, or the identity. */
  readonly identity: string | undefined;
  /** The whole subject, as RFC 2253 writes it. */
  readonly subject: string | undefined;
}

export interface Transport {
  /** Who is at the other end, for logs and plugins: an address, or what else is known. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** What TLS has agreed upon; undefined without TLS. */
  readonly cipher?: { readonly version: string; readonly name: string } | undefined;
  /** Who the other end has proved to be, with a certificate or a pre-shared key. */
  readonly peer?: Peer | undefined;
  /** The other end is a client that was let in: it may have more under way than before. */
  admitted?(): void;
  /** Begins to read. */
  start(receiver: TransportReceiver): void;
  /**
   * Sends bytes. True: they have left, and the caller may use the array again. False: the array belongs to
   * the transport until `drained`; writing more before that is allowed and waits behind it.
   */
  write(bytes: Uint8Array): boolean;
  /** The same for several arrays, with one system call where that is possible. */
  writeAll(list: Uint8Array[]): boolean;
  pause(): void;
  resume(): void;
  /** Closes after what was written has left. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}
