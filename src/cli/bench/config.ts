// What a run of `pondhawk bench` is to do: plain data, read once from the command line, which child processes get
// as it is.
import type { Target } from '../../client/options.js';
import type { ProtocolVersion, QoS } from '../../protocol/index.js';

export type Scenario = 'conn' | 'pub' | 'sub' | 'rtt';
export const scenarios: readonly Scenario[] = ['conn', 'pub', 'sub', 'rtt'];

/** What a message carries. */
export type PayloadPlan =
  | { kind: 'sized'; size: number }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'template'; text: string };

export interface TlsPlan {
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  insecure: boolean;
}

export interface BenchConfig {
  scenario: Scenario;
  /** As the user wrote it; `target.host` may be the address that was found for it. */
  host: string;
  target: Target;
  tls: TlsPlan;
  /** Addresses of this machine to connect from, in turn. */
  localAddresses: readonly string[];
  version: ProtocolVersion;
  /** Clients; of rtt, pairs of clients. */
  count: number;
  /** The index of the first client. */
  startNumber: number;
  prefix: string;
  username: string | undefined;
  password: string | undefined;
  keepAlive: number;
  cleanStart: boolean;
  /** Seconds; undefined is what `cleanStart` means. */
  sessionExpiryInterval: number | undefined;
  reconnect: boolean;
  /** Milliseconds from one connect to the next; 0 is as fast as the server answers. */
  connectInterval: number;
  topic: string;
  qos: QoS;
  retain: boolean;
  maxInflight: number;
  payload: PayloadPlan;
  /** Milliseconds between the messages of a client; 0 is flat out. */
  messageInterval: number;
  /** Messages per second of all clients, instead of `messageInterval`. */
  rate: number | undefined;
  /** Messages of all clients. */
  limit: number | undefined;
  /** Messages of each client. */
  messages: number | undefined;
  /** Seconds, from when the clients are connected. */
  duration: number | undefined;
  processes: number;
  json: boolean;
  quiet: boolean;
  /** Seconds between lines of progress. */
  reportInterval: number | undefined;
  /** Tells the messages of this run from those of others. */
  run: number;
}

/** What one client of a scenario does. */
export type Role = 'idle' | 'publisher' | 'subscriber';

/** The connections of one client, in the order in which they are opened. */
export const roles: Readonly<Record<Scenario, readonly Role[]>> = {
  conn: ['idle'],
  pub: ['publisher'],
  sub: ['subscriber'],
  rtt: ['subscriber', 'publisher'],
};

export function connectionsOf({ scenario, count }: BenchConfig): number {
  return count * roles[scenario].length;
}

/** Whether messages are sent by schedule, not as fast as possible. */
export function isPaced({ rate, messageInterval }: BenchConfig): boolean {
  return rate !== undefined || messageInterval > 0;
}
