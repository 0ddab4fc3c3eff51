// What one case of the corpus is: a configuration, the files beside it, and how Mosquitto is called with them. The
// words in braces stand for what differs from run to run: {dir} is the folder of the case, {port1} to {port12} are free
// ports of the loopback interface, {certificates} is the folder of the TLS files, {plugins} that of Mosquitto's plugins.

export interface ConfigCase {
  readonly name: string;
  /** The text of {dir}/mosquitto.conf; with the encoding latin1, each character is one byte. */
  readonly config: string;
  readonly encoding?: 'latin1';
  /** Further files in {dir}; a name that ends in `/` is an empty folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** The rights of further files where they are not 0600. */
  readonly modes?: Readonly<Record<string, number>>;
  /** The arguments, where they are not `-c {dir}/mosquitto.conf`. */
  readonly arguments?: readonly string[];
  /** `tested`: never started, because it would listen on all addresses or says more with --test-config only. */
  readonly only?: 'tested';
}

export type CaseExtras = Omit<ConfigCase, 'name' | 'config'>;

/** A listener that a case may be started with. */
export const aListener = 'listener {port1} 127.0.0.1';

/** A bridge to a port where nobody listens. */
export const aBridge = ['connection first', 'address 127.0.0.1:{port2}', 'topic # out'] as const;

/** A case whose lines all end with a line feed. */
export function configCase(name: string, lines: readonly string[], extras: CaseExtras = {}): ConfigCase {
  return { name, config: lines.map((line) => `${line}\n`).join(''), ...extras };
}

export type NamedLines = Readonly<Record<string, readonly string[]>>;

/** Cases that need nothing but their lines. */
export function configCases(group: string, table: NamedLines, extras: CaseExtras = {}): ConfigCase[] {
  return Object.entries(table).map(([name, lines]) => configCase(`${group}: ${name}`, lines, extras));
}
