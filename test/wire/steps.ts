// What a wire case is: steps on one or more connections to a broker, each a line that reads as what happens.
import type { BrokerOptions } from '../../src/index.js';

export type Step = { on: string } & (
  | { do: 'send' | 'receive'; bytes: string }
  | { do: 'silence'; milliseconds: number }
  | { do: 'closed' | 'drop' }
);

export interface WireCase {
  /** A sentence, after the tags of the statements that it proves. */
  name: string;
  steps: readonly Step[];
  /** The case has a broker of its own with these options; the others share one. */
  options?: BrokerOptions;
  /** The case waits for seconds: it is played once, together with the other slow ones. */
  slow?: true;
}

/** The steps on one connection, which opens with its first step. */
export interface Connection {
  /** The client sends these bytes, in whatever pieces. */
  send(...bytes: string[]): Step;
  /** The broker sends exactly these bytes next. */
  receive(...bytes: string[]): Step;
  /** Nothing is left to be received: PINGREQ is answered before anything else comes. */
  nothing(): Step[];
  /** The broker sends nothing for this time, and does not close. */
  silence(milliseconds: number): Step;
  /** The broker closes the connection and sends nothing before. */
  closed(): Step;
  /** The client closes the connection without a DISCONNECT. */
  drop(): Step;
}

export function connection(on: string): Connection {
  const send = (...bytes: string[]): Step => ({ on, do: 'send', bytes: bytes.join(' ') });
  const receive = (...bytes: string[]): Step => ({ on, do: 'receive', bytes: bytes.join(' ') });
  return {
    send,
    receive,
    nothing: () => [send('c0 00'), receive('d0 00')],
    silence: (milliseconds) => ({ on, do: 'silence', milliseconds }),
    closed: () => ({ on, do: 'closed' }),
    drop: () => ({ on, do: 'drop' }),
  };
}

/** The connection of the cases that need only one. */
export const { send, receive, nothing, silence, closed, drop } = connection('client');
