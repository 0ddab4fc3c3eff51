// The lines that begin something: listeners, bridges, plugins. What stands below such a line belongs to it.
import { ConfigError } from './config-error.js';
import type { ListenerConfiguration, PluginConfiguration } from './configuration.js';
import type { FileReader } from './file-reader.js';
import type { StructureName } from './options.js';
import { empty, readFlag, readInteger, readText, word } from './values.js';
import type { Words } from './words.js';

const DEFAULT_PORT = 1883;

type Begin = (reader: FileReader, words: Words, name: string) => void;

function checkPort(port: number, low: number): number {
  if (port < low || port > 65_535) throw new ConfigError(`Invalid 'port' value (${port}).`);
  return port;
}

interface Where {
  host?: string | undefined;
  path?: string | undefined;
  isDefault?: boolean;
}

function addListener(reader: FileReader, port: number, where: Where): ListenerConfiguration {
  const { host, path, isDefault = false } = where;
  const { origin } = reader;
  const made: ListenerConfiguration = { port, host, path, isDefault, settings: {}, security: {}, origin };
  reader.config.listeners.push(made);
  return made;
}

const listener: Begin = (reader, words) => {
  reader.config.isLocalOnly = false;
  const port = checkPort(readInteger(words, 'listener port'), 0);
  const given = words.next();
  const where = given?.startsWith('#') ? undefined : given;
  if (port === 0 && where === undefined)
    throw new ConfigError('A listener with port 0 must provide a Unix socket path.');
  reader.listener = addListener(reader, port, port === 0 ? { path: where } : { host: where });
};

/** The default listener of `port` and `bind_address`; `option` is what asks for it. */
export function defaultListener(reader: FileReader, option: string): void {
  const { config } = reader;
  const there = config.listeners.find(({ isDefault }) => isDefault);
  if (there === undefined) {
    reader.report('information', `Creating default listener due to '${option}' option.`);
    reader.report(
      'information',
      `It is best practice to define a 'listener' first. Using the '${option}' option without a listener will be disabled in the future.`,
    );
  }
  reader.listener = there ?? addListener(reader, DEFAULT_PORT, { isDefault: true });
}

const port: Begin = (reader, words, name) => {
  reader.config.isLocalOnly = false;
  defaultListener(reader, name);
  const given = reader.listener!;
  if (given.port !== DEFAULT_PORT)
    reader.report(
      'warning',
      'Warning: Default listener port specified multiple times. Only the latest will be used.',
    );
  given.port = checkPort(readInteger(words, 'port'), 1);
};

const bindAddress: Begin = (reader, words, name) => {
  reader.config.isLocalOnly = false;
  defaultListener(reader, name);
  const label = 'default listener bind_address';
  if (reader.listener!.host !== undefined)
    throw new ConfigError(`Duplicate '${label}' value in configuration.`);
  reader.listener!.host = readText(words, label);
};

const connection: Begin = (reader, words) => {
  const name = word(words, 'connection');
  const { bridges } = reader.config;
  if (bridges.some((one) => one.name === name)) throw new ConfigError(`Duplicate bridge name '${name}'.`);
  reader.bridge = { name, settings: {}, origin: reader.origin };
  bridges.push(reader.bridge);
};

function newPlugin(reader: FileReader, path: string, name: string | undefined): PluginConfiguration {
  if (path === '') throw new ConfigError(`Missing plugin path for plugin name '${name ?? '(null)'}'.`);
  const plugin: PluginConfiguration = {
    path,
    name,
    options: [],
    listeners: null,
    origin: reader.origin,
  };
  reader.plugin = plugin;
  reader.config.plugins.push(plugin);
  return plugin;
}

const globalPlugin: Begin = (reader, words) => {
  newPlugin(reader, words.rest(), undefined);
};

const plugin: Begin = (reader, words, name) => {
  const owner = reader.securityOwner(name);
  const made = newPlugin(reader, words.rest(), undefined);
  if (owner !== null) made.listeners = [owner];
};

const pluginLoad: Begin = (reader, words, name) => {
  const given = words.next();
  if (given === undefined) throw empty(name);
  if (reader.config.plugins.some((one) => one.name === given))
    throw new ConfigError(`Duplicate plugin name '${given}'.`);
  // asked only about the listeners that use it
  newPlugin(reader, words.rest(), given).listeners = [];
};

const pluginUse: Begin = (reader, words, name) => {
  const { listener: owner } = reader;
  if (owner === null || owner.isDefault) throw reader.needs(name, 'a listener');
  const wanted = readText(words, name);
  const found = reader.config.plugins.find((one) => one.name === wanted);
  if (found === undefined) throw new ConfigError(`Plugin '${wanted}' not previously loaded.`);
  reader.plugin = found;
  if (!found.listeners?.includes(owner)) found.listeners?.push(owner);
};

const perListenerSettings: Begin = (reader, words, name) => {
  const { config } = reader;
  // once true it stays so
  if (config.perListenerSettings) return;
  config.perListenerSettings = readFlag(words, name);
  if (config.perListenerSettings && reader.hasSecurity)
    throw new ConfigError('per_listener_settings must be set before any other security settings.');
};

const includeDir: Begin = (reader, words, name) => {
  const folder = words.rest();
  if (!reader.isMain)
    throw new ConfigError('The include_dir option is only valid in the main configuration file.');
  if (folder === '') throw empty(name);
  reader.include(folder);
};

/** What each line does. */
export const begin: Readonly<Record<StructureName, Begin>> = {
  bind_address: bindAddress,
  connection,
  global_plugin: globalPlugin,
  include_dir: includeDir,
  listener,
  per_listener_settings: perListenerSettings,
  plugin,
  plugin_load: pluginLoad,
  plugin_use: pluginUse,
  port,
};
