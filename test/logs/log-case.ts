// What a log case is: a configuration and the steps of a session, of which every line counts that the broker
// writes into its log.

export type LogStep =
  | { readonly do: 'send'; readonly on: string; readonly bytes: string; readonly way: Way }
  | { readonly do: 'close' | 'reset'; readonly on: string }
  | { readonly do: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly do: 'write'; readonly file: string; readonly text: string }
  | { readonly do: 'rename'; readonly file: string; readonly to: string }
  | { readonly do: 'wait'; readonly milliseconds: number }
  | { readonly do: 'restart' };

/** Where a client connects to: the first listener, the second one, that with TLS, or {dir}/broker.sock. */
export type Way = 'port' | 'second' | 'tls' | 'unix';

export interface LogCase {
  /** A sentence. */
  readonly name: string;
  /** Lines of the configuration after those that all cases have; `false`: there is no configuration file. */
  readonly config?: readonly string[] | false;
  /** Instead of the lines that all cases have. */
  readonly base?: readonly string[];
  readonly args?: readonly string[];
  /** Files in {dir} before the start. */
  readonly files?: Readonly<Record<string, string>>;
  /** Modes of files that are not 0600. */
  readonly modes?: Readonly<Record<string, number>>;
  /** {certs} is a folder with ca.crt, server.crt, server.key and others. */
  readonly needsCertificates?: true;
  readonly steps?: readonly LogStep[];
  /** The broker is up when a connection named `probe` succeeds: where its log does not say so on stderr. */
  readonly ready?: 'probe' | 'never';
  /** What is compared besides standard error. */
  readonly also?: 'stdout' | 'file';
}

/**
 * {port} is free, {second} too, {taken} is in use. {user} is who runs the test, so that neither the owner of a
 * file nor the user that the broker runs as depends on it.
 */
export const baseConfig: readonly string[] = [
  'listener {port} 127.0.0.1',
  'allow_anonymous true',
  'log_type all',
  'log_dest stderr',
  'user {user}',
];

/** The file that `also: 'file'` compares. */
export const LOG_FILE = 'log.txt';

export interface LogResult {
  /** Exit code, or the name of the signal that ended the broker. */
  readonly exit: number | string;
  /** Lines of standard error: at the start, in each step, at the end. */
  readonly log: readonly (readonly string[])[];
  readonly stdout?: readonly string[];
  readonly file?: readonly string[];
}

/** The steps of one connection, which opens with the first. Each connection of a case has a name of its own. */
export interface LogClient {
  send(...bytes: string[]): LogStep;
  /** Ends the connection without a DISCONNECT. */
  close(): LogStep;
  /** The same by a TCP reset. */
  reset(): LogStep;
}

export function client(on: string, way: Way = 'port'): LogClient {
  return {
    send: (...bytes) => ({ do: 'send', on, bytes: bytes.join(' '), way }),
    close: () => ({ do: 'close', on }),
    reset: () => ({ do: 'reset', on }),
  };
}
