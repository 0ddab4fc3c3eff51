// SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) as authentication of the client. What computes is in
// scram-exchange.ts, which is loaded when it is needed.
import type { AuthenticationExchange, Authenticator } from './authentication.js';

export interface ScramClientOptions {
  username: string;
  password: string;
  /** SCRAM-SHA-256 by default. */
  mechanism?: 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | undefined;
  /** The most iterations that a server may ask for, so that a bad one cannot keep us busy; 1,000,000 by default. */
  maxIterations?: number | undefined;
}

class LazyExchange implements AuthenticationExchange {
  readonly #loaded: Promise<AuthenticationExchange>;

  constructor(options: ScramClientOptions, hash: string) {
    this.#loaded = import('./scram-exchange.js').then(
      ({ ScramExchange }) => new ScramExchange(options, hash),
    );
    this.#loaded.catch(() => {});
  }

  async first(): Promise<Uint8Array | undefined> {
    return (await this.#loaded).first();
  }

  async next(data: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    return (await this.#loaded).next(data);
  }

  async finish(data: Uint8Array | undefined): Promise<void> {
    return (await this.#loaded).finish(data);
  }
}

/** Authentication with a user name and a password that never leaves this machine. */
export function scram(options: ScramClientOptions): Authenticator {
  const { mechanism = 'SCRAM-SHA-256' } = options;
  const hash = mechanism === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512';
  return { method: mechanism, start: () => new LazyExchange(options, hash) };
}
