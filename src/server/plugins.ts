// The plugins that a configuration names: modules in JavaScript, and those of Mosquitto that are built in.
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dynamicSecurityPlugin } from '../auth/dynamic-security/dynamic-security-plugin.js';
import { SecurityStateError } from '../auth/dynamic-security/security-state.js';
import { readHttpSettings } from '../auth/http/http-settings.js';
import { httpPlugin } from '../auth/http-plugin.js';
import { readJwtSettings } from '../auth/jwt/jwt-settings.js';
import { jwtPlugin } from '../auth/jwt-plugin.js';
import type { Configuration, PluginConfiguration } from '../config/configuration.js';
import type { Plugin } from '../core/plugin.js';
import type { Log } from './client-log.js';
import { limitedTo } from './limited-plugin.js';
import { ExitCode, ServerProblem } from './server-problem.js';
import { listenerName } from './settings.js';

const MODULES = new Set(['.js', '.mjs', '.cjs']);

/** Mosquitto's own plugins, by the option that does the same here. */
const builtIn: Readonly<Record<string, 'password_file' | 'acl_file'>> = {
  mosquitto_password_file: 'password_file',
  mosquitto_acl_file: 'acl_file',
};
const DYNAMIC_SECURITY = 'mosquitto_dynamic_security';
/** These do nothing here, and nobody gets in, or stays out, because of that. */
const harmless: Readonly<Record<string, string>> = {
  mosquitto_persist_sqlite: 'messages and sessions are kept in memory only in this version',
  mosquitto_sparkplug_aware: 'it is not part of this version',
};

function nameOf(path: string): string {
  return basename(path, extname(path));
}

function where({ origin }: PluginConfiguration): string {
  return `${origin.file}:${origin.line}`;
}

/** Built-in plugins are options with another name: their files count as if those options were given. */
export function useBuiltInPlugins(config: Configuration): void {
  for (const plugin of config.plugins) {
    const option = builtIn[nameOf(plugin.path)];
    const file = plugin.options.find(([key]) => key === option)?.[1];
    if (option === undefined || file === undefined) continue;
    for (const target of plugin.listeners ?? [null]) (target ?? config).security[option] = file;
  }
}

type Make = (options: Readonly<Record<string, string>>) => Plugin | Promise<Plugin>;

/** Plugins of our own, which are named without a path. */
const ownPlugins: Readonly<Record<string, Make>> = {
  jwt: async (options) => jwtPlugin(await readJwtSettings(options)),
  http: async (options) => httpPlugin(await readHttpSettings(options)),
};

function loadProblem(plugin: PluginConfiguration, text: string): ServerProblem {
  return new ServerProblem(
    ExitCode.missing,
    `Error: Unable to load plugin "${plugin.path}".`,
    `Error: ${text} (${where(plugin)})`,
  );
}

async function makeOwn(plugin: PluginConfiguration): Promise<Plugin> {
  try {
    return await ownPlugins[plugin.path]!(Object.fromEntries(plugin.options));
  } catch (error) {
    throw loadProblem(plugin, error instanceof Error ? error.message : String(error));
  }
}

async function loadModule(plugin: PluginConfiguration): Promise<Plugin> {
  const problem = (text: string): ServerProblem => loadProblem(plugin, text);
  let made: unknown;
  try {
    const module = (await import(pathToFileURL(resolve(plugin.path)).href)) as {
      default?: unknown;
      plugin?: unknown;
    };
    made = module.default ?? module.plugin;
    if (typeof made === 'function') made = await (made as Make)(Object.fromEntries(plugin.options));
  } catch (error) {
    throw problem(error instanceof Error ? error.message : String(error));
  }
  if (typeof made !== 'object' || made === null || typeof (made as Plugin).name !== 'string')
    throw problem('It has to export a plugin, or a function that makes one, as default or as plugin.');
  return made as Plugin;
}

/** Whether names that dynamic security does not know may be somebody else's. */
function hasOtherNames({ plugins, security, listeners }: Configuration): boolean {
  const isOther = ({ path }: PluginConfiguration): boolean =>
    MODULES.has(extname(path)) || Object.hasOwn(ownPlugins, path);
  const securities = [security, ...listeners.map((listener) => listener.security)];
  return plugins.some(isOther) || securities.some((each) => each.password_file !== undefined);
}

/** undefined when it is not told where its file is: it stays off then, as with Mosquitto. */
async function loadDynamicSecurity(
  plugin: PluginConfiguration,
  config: Configuration,
  log: Log,
): Promise<Plugin | undefined> {
  const option = (name: string): string | undefined =>
    plugin.options.findLast(([key]) => key.toLowerCase() === name)?.[1];
  const configFile = option('config_file');
  if (configFile === undefined) {
    const text = 'Dynamic security plugin has no plugin_opt_config_file defined.';
    log('warning', `Warning: ${text} The plugin will not be activated.`);
    return undefined;
  }
  const passwordInitFile = option('password_init_file');
  try {
    return await dynamicSecurityPlugin({
      configFile,
      passwordInitFile,
      hasOtherNames: hasOtherNames(config),
      log,
    });
  } catch (error) {
    if (!(error instanceof SecurityStateError)) throw error;
    throw new ServerProblem(ExitCode.configuration, ...error.message.split('\n'));
  }
}

const UNKNOWN =
  'Plugins are modules in JavaScript here, and this one is not built in. Without it others could come in, so the broker does not start.';

function isKnown({ path }: PluginConfiguration): boolean {
  const name = nameOf(path);
  const isBuiltIn =
    Object.hasOwn(builtIn, name) || Object.hasOwn(harmless, name) || name === DYNAMIC_SECURITY;
  return isBuiltIn || Object.hasOwn(ownPlugins, path) || MODULES.has(extname(path));
}

/** Of plugins that keep the broker from starting. */
export function pluginWarnings({ plugins }: Configuration): string[] {
  const unknown = plugins.filter((plugin) => !isKnown(plugin));
  return unknown.map(
    (plugin) => `Warning: Unable to load plugin "${plugin.path}". ${UNKNOWN} (${where(plugin)})`,
  );
}

/** The plugins to ask, in the order of the configuration. Throws a ServerProblem where one cannot be had. */
export async function loadPlugins(config: Configuration, log: Log): Promise<Plugin[]> {
  const plugins: Plugin[] = [];
  for (const plugin of config.plugins) {
    const name = nameOf(plugin.path);
    if (Object.hasOwn(builtIn, name)) continue;
    if (Object.hasOwn(harmless, name)) {
      log('warning', `Warning: The plugin ${name} has no effect: ${harmless[name]}. (${where(plugin)})`);
      continue;
    }
    const isOwn = Object.hasOwn(ownPlugins, plugin.path);
    const isDynamicSecurity = name === DYNAMIC_SECURITY;
    if (!isKnown(plugin)) throw loadProblem(plugin, UNKNOWN);
    log('information', `Loading plugin: ${plugin.path}`);
    const loaded = isDynamicSecurity
      ? await loadDynamicSecurity(plugin, config, log)
      : await (isOwn ? makeOwn : loadModule)(plugin);
    if (loaded === undefined) continue;
    const { listeners } = plugin;
    plugins.push(listeners === null ? loaded : limitedTo(new Set(listeners.map(listenerName)), loaded));
  }
  return plugins;
}
