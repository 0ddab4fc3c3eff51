// Who may publish what and who gets what, by ACL files: Mosquitto's acl_file. The files are read when the broker
// starts and on reload(); a broken file leaves everything as it was.
import type { Action, ClientInfo, Denied, Plugin, PluginBroker } from '../core/plugin.js';
import { Access, type AclDecision, type AclRules, loadAclFile } from './acl-file.js';
import { DEFAULT_MEMORY_COST, DecisionMemory } from './decision-memory.js';
import { OneByOne } from './one-by-one.js';

export interface AclFileOptions {
  /** Path of the ACL file for clients of all listeners that `perListener` does not name. */
  readonly file?: string | undefined;
  /**
   * Names of listeners to the paths of their own files (Mosquitto's per_listener_settings); null: their clients may do
   * everything, and this plugin says so, so that it must come after those that have a say in that. Clients of other
   * listeners may do what `file` says, and nothing without it.
   */
  readonly perListener?: Readonly<Record<string, string | null>> | undefined;
  /** How much may be remembered, in characters of topics and 100 for each decision. Default 32 Mi. */
  readonly cacheCost?: number | undefined;
}

export interface AclFilePlugin extends Plugin {
  /**
   * Reads the files again. What was subscribed stays subscribed; the new rules hold for every message from now on.
   * Throws AclFileError, and keeps the rules there were, when a file cannot be used.
   */
  reload(): Promise<void>;
}

/** What is decided for topics with a $ before any rule is looked at; undefined: ask the rules. */
function decideDollar(topic: string, wanted: Access): boolean | undefined {
  if (!topic.startsWith('$')) return undefined;
  if (topic.startsWith('$share')) return false;
  if (topic.startsWith('$SYS') && wanted === Access.WRITE && !isBridgeState(topic)) return false;
  return undefined;
}

/** $SYS/broker/connection/+/state: bridges tell there whether they are connected. */
function isBridgeState(topic: string): boolean {
  const levels = topic.split('/', 6);
  const [sys, broker, connection, , state] = levels;
  return (
    levels.length === 5 &&
    sys === '$SYS' &&
    broker === 'broker' &&
    connection === 'connection' &&
    state === 'state'
  );
}

class AclFileAuthorizer {
  readonly #paths: {
    readonly main: string | undefined;
    readonly listeners: ReadonlyMap<string, string | null>;
  };
  readonly #reads: DecisionMemory<boolean>;
  readonly #writes: DecisionMemory<boolean>;
  /** By the paths of their files. */
  #rules: ReadonlyMap<string, AclRules> = new Map();
  /** Those of whose dangerous names the log has been told. */
  #reported = new WeakSet<ClientInfo>();
  #broker: PluginBroker | undefined;
  readonly #loading = new OneByOne();

  constructor({ file, perListener = {}, cacheCost = DEFAULT_MEMORY_COST }: AclFileOptions) {
    this.#paths = { main: file, listeners: new Map(Object.entries(perListener)) };
    this.#reads = new DecisionMemory(cacheCost / 2);
    this.#writes = new DecisionMemory(cacheCost / 2);
  }

  start(broker: PluginBroker): Promise<void> {
    this.#broker = broker;
    return this.reload();
  }

  /** One after the other, so that the last one counts. */
  reload(): Promise<void> {
    return this.#loading.run(() => this.#load());
  }

  async #load(): Promise<void> {
    const { main, listeners } = this.#paths;
    const paths = new Set([main, ...listeners.values()].filter((path) => typeof path === 'string'));
    const rules = new Map<string, AclRules>();
    for (const path of paths) {
      const { fileWarnings, warnings, rules: read } = await loadAclFile(path);
      for (const line of fileWarnings) this.#broker?.log('information', line);
      for (const warning of warnings) this.#broker?.log('warning', warning);
      rules.set(path, read);
    }
    this.#rules = rules;
    this.#reads.forget();
    this.#writes.forget();
    this.#reported = new WeakSet();
  }

  authorize(client: ClientInfo, { type, topic }: Action): boolean {
    // Mosquitto's files have no say about subscriptions: what may not be read is not delivered
    return type === 'subscribe' || this.mayPublish(client, topic);
  }

  mayPublish(client: ClientInfo, topic: string): boolean {
    return this.#writes.find(client, topic) ?? this.#decide(client, topic, Access.WRITE, this.#writes);
  }

  mayRead(client: ClientInfo, topic: string): boolean {
    return this.#reads.find(client, topic) ?? this.#decide(client, topic, Access.READ, this.#reads);
  }

  /** Which rule is to blame for a message that may not be published; undefined: none. */
  whyNot(client: ClientInfo, { type, topic }: Denied): string | undefined {
    if ((type !== 'publish' && type !== 'will') || this.mayPublish(client, topic)) return undefined;
    if (decideDollar(topic, Access.WRITE) === false) return "these topics are the broker's own";
    const path = this.#pathFor(client);
    if (typeof path !== 'string') return 'its listener is gone';
    const rules = this.#rules.get(path);
    const decision = rules?.decide(client, topic, Access.WRITE);
    if (decision?.startsWith('dangerous')) return `its ${decision.slice('dangerous '.length)} has wildcards`;
    const line = rules?.lineThatDenies(client, topic) ?? 0;
    return line === 0 ? `no rule of ${path} allows it` : `${path}:${line} denies it`;
  }

  #decide(client: ClientInfo, topic: string, wanted: Access, memory: DecisionMemory<boolean>): boolean {
    const isAllowed = decideDollar(topic, wanted) ?? this.#askRules(client, topic, wanted);
    memory.remember(client, topic, isAllowed);
    return isAllowed;
  }

  #pathFor({ listener }: ClientInfo): string | null | undefined {
    const own = this.#paths.listeners.get(listener);
    return own === undefined ? this.#paths.main : own;
  }

  #askRules(client: ClientInfo, topic: string, wanted: Access): boolean {
    const path = this.#pathFor(client);
    if (typeof path !== 'string') return path === null;
    const decision = this.#rules.get(path)?.decide(client, topic, wanted) ?? 'denied';
    this.#report(client, decision);
    return decision === 'allowed';
  }

  #report(client: ClientInfo, decision: AclDecision): void {
    if (decision === 'allowed' || decision === 'denied' || this.#reported.has(client)) return;
    this.#reported.add(client);
    const name = decision === 'dangerous username' ? client.username : client.clientId;
    this.#broker?.log('notice', `ACL denying access to client with ${decision} "${name}"`);
  }
}

/**
 * A plugin that lets clients do what ACL files of Mosquitto say. The broker does not start when a file cannot be used
 * (AclFileError).
 */
export function aclFilePlugin(options: AclFileOptions): AclFilePlugin {
  const acl = new AclFileAuthorizer(options);
  return {
    name: 'acl-file',
    start: (broker) => acl.start(broker),
    authorize: (client, action) => acl.authorize(client, action),
    mayPublish: (client, topic) => acl.mayPublish(client, topic),
    whyNot: (client, denied) => acl.whyNot(client, denied),
    // always there: no file lets everybody read everything, as # is not for topics with a $, and any reload may forbid
    // what was allowed
    mayRead: (client, topic) => acl.mayRead(client, topic),
    reload: () => acl.reload(),
  };
}
