// The store port: ordered keys that survive. What MQTT's records look like is written down once, in
// records.ts; an implementation (store/memory.ts, and durable ones) knows nothing of MQTT.

/** A plain put or delete, computed without reading the store, so that the same list can go through a log. */
export interface StoreOperation {
  /** Records of one partition stay together: a hash of the client id, or of the topic. */
  readonly partition: number;
  /** Up to 131,076 bytes of UTF-8: two strings of MQTT. A store with shorter keys must find a way. */
  readonly key: string;
  /** null deletes the key; deleting what is not there is no error. */
  readonly value: Uint8Array | null;
}

export interface StoreEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Store {
  /** How many partitions it keeps apart, at least 1; always the same for the same data. */
  readonly partitions: number;
  /** Called once before anything else. */
  open(): Promise<void>;
  /**
   * Applies all operations or none, in order. Returns undefined when they are safe already; otherwise a
   * promise that resolves when they are, or rejects when none of them was applied.
   */
  commit(operations: readonly StoreOperation[]): Promise<void> | undefined;
  /** Entries of a partition with from <= key < to, in the order of the keys' UTF-8 bytes. */
  range(partition: number, from: string, to: string, limit?: number): Iterable<StoreEntry>;
  get(partition: number, key: string): Uint8Array | undefined;
  close(): Promise<void>;
}
