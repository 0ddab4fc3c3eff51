// Enhanced authentication on one connection (MQTT 5 section 4.12): at connecting, and again while it lives. Loaded
// only by a client that has an Authenticator.
import { type AuthPacket, type Properties, protocolError, ReasonCode } from '../protocol/index.js';
import type { AuthenticationExchange, Authenticator } from './authentication.js';
import { invalid } from './errors.js';

/** Sends an AUTH, unless the connection has ended meanwhile. */
type Send = (packet: AuthPacket) => void;

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

export class EnhancedAuthentication {
  readonly #authenticator: Authenticator;
  #exchange: AuthenticationExchange | null = null;
  /** Who waits for a live connection to be authenticated again. */
  #waiting: Waiting | null = null;

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  /** Begins an exchange: what goes into CONNECT or the AUTH that asks for it. */
  async begin(): Promise<Properties> {
    this.#exchange = this.#authenticator.start();
    return this.#properties(await this.#exchange.first());
  }

  #properties(authenticationData: Uint8Array | undefined): Properties {
    return { authenticationMethod: this.#authenticator.method, authenticationData };
  }

  /** CONNACK came, which ends the exchange. Rejects when the server has not proven what it must. */
  async accepted(data: Uint8Array | undefined): Promise<void> {
    const exchange = this.#exchange;
    this.#exchange = null;
    await exchange?.finish(data);
  }

  /** AUTH came. Rejects when the connection must end. */
  async received({ reason, properties }: AuthPacket, send: Send): Promise<void> {
    const exchange = this.#exchange;
    const data = properties?.authenticationData;
    if (exchange === null) throw protocolError('AUTH was not asked for');
    if (reason === ReasonCode.ContinueAuthentication) {
      const answer = this.#properties(await exchange.next(data));
      return send({ type: 'auth', reason: ReasonCode.ContinueAuthentication, properties: answer });
    }
    await this.accepted(data);
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  /** Authenticates again on the live connection (section 4.12.1). */
  async again(send: Send): Promise<void> {
    if (this.#waiting !== null) throw invalid('already authenticating');
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    done.catch(() => {});
    try {
      const properties = await this.begin();
      send({ type: 'auth', reason: ReasonCode.ReAuthenticate, properties });
    } catch (error) {
      // nothing was sent: the connection is as it was
      this.#exchange = null;
      this.#waiting = null;
      throw error;
    }
    return done;
  }

  /** The connection is over. */
  ended(error: unknown): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
