// The seam for keeping a session on the client's side, so that messages of QoS 1 and 2 survive a restart of the
// program. Without a store they live in memory, as long as the client.

export type SessionOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: string };

export interface SessionStore {
  /** Opens the store for a client identifier and returns all that it holds. Called once, before the first connection. */
  open(clientId: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * Carries out changes in their order. Undefined: they are safe already; a promise resolves when they are, and
   * nothing that depends on them is sent before. `value` may be kept.
   */
  commit(operations: readonly SessionOperation[]): Promise<void> | undefined;
  close(): Promise<void>;
}
