// A plugin that belongs to some listeners (mosquitto.conf(5), per_listener_settings and plugin_use): it neither sees nor
// decides anything about clients of others.
import type { AuthenticationExchange, ClientInfo, ControlHandler, Plugin } from '../core/plugin.js';

/** The hooks that are about a client, with the answer that means nothing. */
const clientHooks = {
  authenticate: undefined,
  authorize: undefined,
  mayPublish: undefined,
  mayRead: true,
  mayUnsubscribe: true,
  whyNot: undefined,
  connected: undefined,
  disconnected: undefined,
  publish: undefined,
  subscribe: undefined,
  unsubscribe: undefined,
  deliver: undefined,
} as const;

type ClientHook = (client: ClientInfo, ...rest: unknown[]) => unknown;

/** Nobody gets in by a method that is another listener's. */
const noExchange: AuthenticationExchange = {
  next() {
    throw new Error('this method is not for this listener');
  },
};

/** Each member of a record, made into another one. */
function mapped<T>(record: Readonly<Record<string, T>>, make: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value)]));
}

/** The same plugin, for clients of the listeners with these names only. */
export function limitedTo(names: ReadonlySet<string>, plugin: Plugin): Plugin {
  const isOurs = ({ listener }: ClientInfo): boolean => names.has(listener);
  const hooks: Record<string, ClientHook> = {};
  for (const [name, nothing] of Object.entries(clientHooks)) {
    const hook = plugin[name as keyof typeof clientHooks] as ClientHook | undefined;
    if (hook === undefined) continue;
    hooks[name] = (client, ...rest) => (isOurs(client) ? hook.call(plugin, client, ...rest) : nothing);
  }
  const { controlTopics = {}, authenticationMethods = {} } = plugin;
  return {
    name: plugin.name,
    start: (broker) => plugin.start?.(broker),
    stop: () => plugin.stop?.(),
    ...hooks,
    controlTopics: mapped<ControlHandler>(controlTopics, (handle) => (client, message) => {
      if (isOurs(client)) return handle(client, message);
    }),
    authenticationMethods: mapped(
      authenticationMethods,
      (method) => (client) => (isOurs(client) ? method(client) : noExchange),
    ),
  };
}
