// What a changed configuration changes only with the next start, for the log of a reload.
import type { Configuration, ListenerConfiguration } from './configuration.js';
import { tables } from './options.js';

interface Rule {
  readonly reload: boolean;
  readonly value: unknown;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Names of options that a reload does not change, and that have another value than before. */
function fixedChanges(
  table: Readonly<Record<string, Rule>>,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(table)
    .filter(([name, { reload, value }]) => !reload && !isSame(before[name] ?? value, after[name] ?? value))
    .map(([name]) => name);
}

function pluginsOf({ plugins }: Configuration): unknown {
  return plugins.map(({ path, name, options, listeners }) => {
    const places = listeners?.map(({ port, host, path: socket, settings }) => [
      port,
      host,
      socket,
      settings.bind_interface,
      settings.socket_domain,
    ]);
    return { path, name, options, places };
  });
}

/** Names of what differs and stays as it is until the next start. */
export function changesForNextStart(before: Configuration, after: Configuration): string[] {
  const names = fixedChanges(tables.global, before.settings, after.settings);
  if (!isSame(pluginsOf(before), pluginsOf(after))) names.push('plugin');
  return names;
}

/** The same for a listener that is in both. */
export function listenerChangesForNextStart(
  before: ListenerConfiguration,
  after: ListenerConfiguration,
): string[] {
  const hasTls = ({ settings }: ListenerConfiguration): boolean => settings.certfile !== undefined;
  const names = fixedChanges(tables.listener, before.settings, after.settings);
  // a listener cannot begin, or cease, to speak TLS while it is open
  if (hasTls(before) !== hasTls(after)) names.push('certfile');
  return names;
}

/** Options that decide who comes in, and that take a restart. */
const guards: ReadonlySet<string> = new Set([
  'certfile',
  'enable_proxy_protocol',
  'plugin',
  'protocol',
  'proxy_protocol_v2_require_tls',
  'psk_hint',
  'require_certificate',
  'websockets_origin',
]);

/** Those of the names that decide who comes in: with the rest changed, and these not, others could. */
export function guardsAmong(names: readonly string[]): string[] {
  return names.filter((name) => guards.has(name));
}
