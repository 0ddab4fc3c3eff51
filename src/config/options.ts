// Every option of mosquitto.conf, of Mosquitto 1.4 to 2.1, and ours, as one table by name. It drives the parser, its
// messages, the reload, the help and the documentation.
import { bridgeOptions } from './bridge-options.js';
import { globalOptions } from './global-options.js';
import { listenerOptions } from './listener-options.js';
import type { Option } from './option.js';
import { securityOptions } from './security-options.js';

/** A line that begins or changes something, instead of setting a value: see structure.ts. */
export interface Structure {
  readonly shape: string;
  readonly help: string;
  readonly reload: boolean;
  readonly aliases?: readonly string[];
  readonly notice?: string;
  readonly inactive?: string;
}

const DEPRECATED = "The '%s' option is now deprecated and will be removed in version 3.0.";
const NO_BRIDGES = 'there are no bridges in this version, so nothing is carried';

/** Names that begin with one of these are options of a plugin. */
export const PLUGIN_OPTION_PREFIXES = ['plugin_opt_', 'auth_opt_'] as const;

export const structures = {
  bind_address: {
    shape: 'HOST',
    help: 'address of the default listener; use listener',
    reload: false,
    notice: `${DEPRECATED} `,
  },
  connection: { shape: 'NAME', help: 'begins a bridge', reload: true, inactive: NO_BRIDGES },
  global_plugin: { shape: 'FILE', help: 'loads a plugin for all listeners', reload: false },
  include_dir: {
    shape: 'FOLDER',
    help: 'reads all files of a folder whose names end in .conf, in alphabetical order',
    reload: true,
  },
  listener: {
    shape: 'PORT [ADDRESS] | 0 PATH',
    help: 'begins a listener: on a port, or on a unix socket',
    reload: true,
  },
  per_listener_settings: {
    shape: 'true|false',
    help: 'options of authentication and access belong to the listener above them',
    reload: true,
    notice: `${DEPRECATED} Please see the documentation for how to achieve the same effect.`,
  },
  plugin: {
    shape: 'FILE',
    help: 'loads a plugin; with per_listener_settings for the listener above it',
    reload: false,
    aliases: ['auth_plugin'],
  },
  plugin_load: { shape: 'NAME FILE', help: 'loads a plugin that plugin_use names', reload: false },
  plugin_use: { shape: 'NAME', help: 'asks a plugin about the clients of the listener above', reload: false },
  port: {
    shape: 'PORT',
    help: 'port of the default listener; use listener',
    reload: false,
    notice: `${DEPRECATED} Please use 'listener' instead.`,
  },
} as const satisfies Readonly<Record<string, Structure>>;

export type StructureName = keyof typeof structures;

export const tables = {
  global: globalOptions,
  security: securityOptions,
  listener: listenerOptions,
  bridge: bridgeOptions,
} as const;
export type TableName = keyof typeof tables;

/** What a name in a configuration file is. */
export type Known =
  | { readonly kind: 'structure'; readonly name: StructureName; readonly rule: Structure }
  | {
      readonly kind: 'option';
      readonly name: string;
      readonly table: TableName;
      readonly rule: Option<unknown>;
    };

function index(): Map<string, Known> {
  const known = new Map<string, Known>();
  const add = (entry: Known): void => {
    for (const name of [entry.name, ...(entry.rule.aliases ?? [])]) known.set(name, entry);
  };
  for (const [name, rule] of Object.entries(structures))
    add({ kind: 'structure', name: name as StructureName, rule });
  for (const [table, options] of Object.entries(tables))
    for (const [name, rule] of Object.entries(options))
      add({ kind: 'option', name, table: table as TableName, rule: rule as Option<unknown> });
  return known;
}

/** Every name that a configuration file may use, old ones and other spellings included. */
export const optionNames: ReadonlyMap<string, Known> = index();
