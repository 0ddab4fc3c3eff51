// What a configuration file says, as data: the broker's settings, its listeners, bridges and plugins. Only what was
// given is there; `completed` adds the defaults.
import type { bridgeOptions } from './bridge-options.js';
import type { globalOptions } from './global-options.js';
import type { listenerOptions } from './listener-options.js';
import type { Values } from './option.js';
import type { securityOptions } from './security-options.js';

export type GlobalSettings = Values<typeof globalOptions>;
export type SecuritySettings = Values<typeof securityOptions>;
export type ListenerSettings = Values<typeof listenerOptions>;
export type BridgeSettings = Values<typeof bridgeOptions>;

/** Where a thing was defined. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

export interface PluginConfiguration {
  readonly path: string;
  /** Set by `plugin_load`, for `plugin_use`. */
  readonly name: string | undefined;
  /** `plugin_opt_KEY VALUE`, in their order. */
  readonly options: (readonly [key: string, value: string])[];
  /** `auth_plugin_deny_special_chars`. */
  auth_plugin_deny_special_chars?: boolean;
  /** The listeners whose clients it is asked about; null: all. */
  listeners: ListenerConfiguration[] | null;
  readonly origin: Origin;
}

export interface ListenerConfiguration {
  /** 0 for a unix socket. */
  port: number;
  host: string | undefined;
  /** The path of a unix socket. */
  readonly path: string | undefined;
  /** Made by `port`, `bind_address`, or an option of listeners that came before any. */
  readonly isDefault: boolean;
  readonly settings: Partial<ListenerSettings>;
  /** With `per_listener_settings true`. */
  readonly security: Partial<SecuritySettings>;
  readonly origin: Origin;
}

export interface BridgeConfiguration {
  readonly name: string;
  readonly settings: Partial<BridgeSettings>;
  readonly origin: Origin;
}

export interface Configuration {
  readonly settings: Partial<GlobalSettings>;
  readonly security: Partial<SecuritySettings>;
  perListenerSettings: boolean;
  readonly listeners: ListenerConfiguration[];
  readonly bridges: BridgeConfiguration[];
  readonly plugins: PluginConfiguration[];
  /** No `listener`, `port` or `bind_address`: the broker serves this machine only. */
  isLocalOnly: boolean;
}

export function emptyConfiguration(): Configuration {
  return {
    settings: {},
    security: {},
    perListenerSettings: false,
    listeners: [],
    bridges: [],
    plugins: [],
    isLocalOnly: true,
  };
}

/** What was given, and the defaults of a table of options for the rest. */
export function completed<Table extends Readonly<Record<string, { readonly value: unknown }>>>(
  table: Table,
  given: Partial<Values<Table>>,
): Values<Table> {
  const values: Record<string, unknown> = { ...given };
  for (const [name, { value }] of Object.entries(table)) values[name] ??= value;
  return values as Values<Table>;
}
