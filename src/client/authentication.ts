// Enhanced authentication (MQTT 5 section 4.12) from the client's side: a method, and an exchange of messages.

/** One exchange: at connecting, or when a live connection is authenticated again. */
export interface AuthenticationExchange {
  /** The data that goes with CONNECT, or with the AUTH that asks for re-authentication. */
  first(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The answer to the server's data. */
  next(data: Uint8Array | undefined): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The server is satisfied; its last data. Throws if the server has not proven what it must. */
  finish(data: Uint8Array | undefined): void | Promise<void>;
}

export interface Authenticator {
  /** The name of the method, for example `SCRAM-SHA-256`. */
  readonly method: string;
  start(): AuthenticationExchange;
}
