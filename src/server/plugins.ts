// The plugins that a configuration names: modules in JavaScript, and those of Mosquitto that are built in.
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Configuration, PluginConfiguration } from '../config/configuration.js';
import type { ClientInfo, Plugin } from '../core/plugin.js';
import type { Log } from './client-log.js';
import { ExitCode, ServerProblem } from './server-problem.js';
import { listenerName } from './settings.js';

const MODULES = new Set(['.js', '.mjs', '.cjs']);

/** Mosquitto's own plugins, by the option that does the same here. */
const builtIn: Readonly<Record<string, 'password_file' | 'acl_file'>> = {
  mosquitto_password_file: 'password_file',
  mosquitto_acl_file: 'acl_file',
};
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

/** Calls the hooks of a plugin only for clients of its listeners. */
function limited(plugin: Plugin, names: ReadonlySet<string>): Plugin {
  const isOurs = (client: ClientInfo): boolean => names.has(client.listener);
  const { authenticate, authorize, publish, deliver } = plugin;
  return {
    ...plugin,
    start: plugin.start?.bind(plugin),
    stop: plugin.stop?.bind(plugin),
    ...(authenticate && {
      authenticate: (client, credentials) =>
        isOurs(client) ? authenticate.call(plugin, client, credentials) : undefined,
    }),
    ...(authorize && {
      authorize: (client, action) => (isOurs(client) ? authorize.call(plugin, client, action) : undefined),
    }),
    ...(publish && {
      publish: (client, message) => (isOurs(client) ? publish.call(plugin, client, message) : undefined),
    }),
    ...(deliver && {
      deliver: (client, message) => (isOurs(client) ? deliver.call(plugin, client, message) : undefined),
    }),
  } as Plugin;
}

type Make = (options: Readonly<Record<string, string>>) => Plugin | Promise<Plugin>;

async function loadModule(plugin: PluginConfiguration): Promise<Plugin> {
  const problem = (text: string): ServerProblem =>
    new ServerProblem(
      ExitCode.missing,
      `Error: Unable to load plugin "${plugin.path}".`,
      `Error: ${text} (${where(plugin)})`,
    );
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
    if (!MODULES.has(extname(plugin.path)))
      throw new ServerProblem(
        ExitCode.missing,
        `Error: Unable to load plugin "${plugin.path}".`,
        `Error: Plugins are modules in JavaScript here, and this one is not built in. Without it others could come in, so the broker does not start. (${where(plugin)})`,
      );
    log('information', `Loading plugin: ${plugin.path}`);
    const loaded = await loadModule(plugin);
    const { listeners } = plugin;
    plugins.push(listeners === null ? loaded : limited(loaded, new Set(listeners.map(listenerName))));
  }
  return plugins;
}
