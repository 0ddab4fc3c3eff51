// What is known of one option: where it may stand, how its value is read, what holds without it.
import type { Read } from './values.js';

/**
 * Where an option may stand, and what it belongs to:
 * - `global`: anywhere; the broker
 * - `security`: anywhere; the listener above it with `per_listener_settings true` (then there must be one), else
 *   the broker
 * - `listener`: below a `listener`; where there is none, the default listener on port 1883 is made for it
 * - `given-listener`: below a `listener`, `port` or `bind_address`, which must be there
 * - `own-listener`: below a `listener`, which must be there and not be the default one
 * - `bridge`: below a `connection`
 * - `plugin`: below a `plugin`, `global_plugin`, `plugin_load` or `plugin_use`
 */
export type Place =
  | 'global'
  | 'security'
  | 'listener'
  | 'given-listener'
  | 'own-listener'
  | 'bridge'
  | 'plugin';

export interface Option<T> {
  readonly place: Place;
  readonly read: Read<T>;
  /** What holds when the file does not say; undefined: nothing. */
  readonly value: T | undefined;
  /** How the value looks in help: `true|false`, `N`, `FILE`, … */
  readonly shape: string;
  readonly help: string;
  /** Other names that mean the same. */
  readonly aliases?: readonly string[];
  /** Whether SIGHUP changes it; otherwise it takes a restart. */
  readonly reload: boolean;
  /** A notice for whoever uses it, because it is old: what to write instead. `%s` is the name that was used. */
  readonly notice?: string;
  /** It is accepted and does nothing; says why, or what to use instead. */
  readonly inactive?: string;
}

type Details = Partial<Pick<Option<unknown>, 'aliases' | 'reload' | 'notice' | 'inactive' | 'shape'>>;

export function option<T>(
  place: Place,
  read: Read<T>,
  value: T | undefined,
  help: string,
  details: Details = {},
): Option<T> {
  return { place, read, value, help, shape: 'TEXT', reload: true, ...details };
}

/** The values of a table of options. */
export type Values<Table> = {
  -readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T | undefined : never;
};
