// Will messages: held by the connection while it lives, by the session while its delay runs (section 3.1.3.2.2).
import type { Engine } from './engine.js';
import type { Message } from './message.js';
import type { ClientInfo } from './plugin.js';
import type { Session } from './session.js';
import { Timer } from './timers.js';

/** What a client left to be said if it goes without a DISCONNECT. */
export interface WillMessage {
  readonly message: Message;
  /** Seconds. */
  readonly delay: number;
}

/** A will that waits for its delay to pass. */
export class PendingWill extends Timer {
  constructor(
    readonly engine: Engine,
    readonly session: Session,
    readonly message: Message,
    readonly client: ClientInfo,
  ) {
    super();
  }

  fireNow(): void {
    this.engine.timers.stop(this);
    this.fire();
  }

  override fire(): void {
    this.session.will = null; // [MQTT-3.1.2-10]
    this.engine.sendWill(this.message, this.client);
  }
}
