// A network connection from the moment in which it is there, before a TLS handshake or any byte: what it was counted
// for, so that the same is taken back when it ends.
import type { Listener } from '../listener.js';

/** Why a client does not get in: MQTT 5 clients are told when they have sent CONNECT. */
export interface Refusal {
  readonly reason: number;
  readonly text: string;
}

export class Arrival {
  readonly listener: Listener;
  /** The address that it was counted for; undefined when addresses are not counted. */
  readonly key: string | undefined;
  readonly refusal: Refusal | null;
  /** Until it was taken back. */
  isCounted = true;

  constructor(listener: Listener, key: string | undefined, refusal: Refusal | null) {
    this.listener = listener;
    this.key = key;
    this.refusal = refusal;
  }
}

/** Where a listener announces connections that take a while until they are a client's, because of a handshake. */
export interface Door {
  /** Null: the connection is one too many, and is to be closed. Without an address it is counted for none. */
  arrive(address: string | undefined): Arrival | null;
  /** One that was announced has ended before it was accepted. */
  depart(arrival: Arrival): void;
}
