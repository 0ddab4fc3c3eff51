// Who may publish what and who gets what, by ACL files: Mosquitto's acl_file. The files are read when the broker
// starts and on reload(); a broken file leaves everything as it was.
import type { Action, ClientInfo, Denied, Plugin, PluginBroker } from '../core/plugin.js';
import { Access, type AclDecision, type AclRules, loadAclFile } from './acl-file.js';

/** Cost of all decisions that are remembered: characters of topics, and this much for each. */
const COST_EACH = 100;
const DEFAULT_CACHE_COST = 32 * 1024 * 1024;

export interface AclFileOptions {
  /** Path of the ACL file for clients of all listeners that `perListener` does not name. */
  readonly file?: string | undefined;
  /**
   * Names of listeners to the paths of their own files (Mosquitto's per_listener_settings). Without `file`, clients of
   * other listeners may do everything, and this plugin says so: it must come after those that have a say in that.
   */
  readonly perListener?: Readonly<Record<string, string>> | undefined;
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

/** What was decided for one client. */
class Remembered {
  readonly read = new Map<string, boolean>();
  readonly write = new Map<string, boolean>();
  /** Whether the log has been told of its dangerous name. */
  isReported = false;
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
  readonly #paths: { readonly main: string | undefined; readonly listeners: ReadonlyMap<string, string> };
  readonly #maxCost: number;
  /** By the paths of their files. */
  #rules: ReadonlyMap<string, AclRules> = new Map();
  #remembered = new WeakMap<ClientInfo, Remembered>();
  #cost = 0;
  #broker: PluginBroker | undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor({ file, perListener = {}, cacheCost = DEFAULT_CACHE_COST }: AclFileOptions) {
    this.#paths = { main: file, listeners: new Map(Object.entries(perListener)) };
    this.#maxCost = cacheCost;
  }

  start(broker: PluginBroker): Promise<void> {
    this.#broker = broker;
    return this.reload();
  }

  /** One after the other, so that the last one counts. */
  reload(): Promise<void> {
    const loaded = this.#loading.then(() => this.#load());
    this.#loading = loaded.catch(() => {});
    return loaded;
  }

  async #load(): Promise<void> {
    const { main, listeners } = this.#paths;
    const paths = new Set([...(main === undefined ? [] : [main]), ...listeners.values()]);
    const rules = new Map<string, AclRules>();
    for (const path of paths) {
      const { fileWarnings, warnings, rules: read } = await loadAclFile(path);
      for (const line of fileWarnings.flatMap((text) => text.trimEnd().split('\n')))
        this.#broker?.log('information', line);
      for (const warning of warnings) this.#broker?.log('warning', warning);
      rules.set(path, read);
    }
    this.#rules = rules;
    this.#forget();
  }

  #forget(): void {
    this.#remembered = new WeakMap();
    this.#cost = 0;
  }

  authorize(client: ClientInfo, { type, topic }: Action): boolean {
    // Mosquitto's files have no say about subscriptions: what may not be read is not delivered
    return type === 'subscribe' || this.mayPublish(client, topic);
  }

  mayPublish(client: ClientInfo, topic: string): boolean {
    return this.#remembered.get(client)?.write.get(topic) ?? this.#decide(client, topic, Access.WRITE);
  }

  mayRead(client: ClientInfo, topic: string): boolean {
    return this.#remembered.get(client)?.read.get(topic) ?? this.#decide(client, topic, Access.READ);
  }

  /** Which rule is to blame for a message that may not be published; undefined: none. */
  whyNot(client: ClientInfo, { type, topic }: Denied): string | undefined {
    if ((type !== 'publish' && type !== 'will') || this.mayPublish(client, topic)) return undefined;
    if (decideDollar(topic, Access.WRITE) === false) return "these topics are the broker's own";
    const path = this.#paths.listeners.get(client.listener) ?? this.#paths.main ?? '';
    const rules = this.#rules.get(path);
    const decision = rules?.decide(client, topic, Access.WRITE);
    if (decision?.startsWith('dangerous')) return `its ${decision.slice('dangerous '.length)} has wildcards`;
    const line = rules?.lineThatDenies(client, topic) ?? 0;
    return line === 0 ? `no rule of ${path} allows it` : `${path}:${line} denies it`;
  }

  #decide(client: ClientInfo, topic: string, wanted: Access): boolean {
    const remembered = this.#memoryFor(client, topic);
    const isAllowed = decideDollar(topic, wanted) ?? this.#askRules(client, topic, wanted, remembered);
    (wanted === Access.READ ? remembered.read : remembered.write).set(topic, isAllowed);
    return isAllowed;
  }

  /** Everything is forgotten when it has become too much: it is quickly decided again. */
  #memoryFor(client: ClientInfo, topic: string): Remembered {
    this.#cost += COST_EACH + topic.length;
    if (this.#cost > this.#maxCost) this.#forget();
    let remembered = this.#remembered.get(client);
    if (remembered === undefined) {
      remembered = new Remembered();
      this.#remembered.set(client, remembered);
    }
    return remembered;
  }

  #askRules(client: ClientInfo, topic: string, wanted: Access, remembered: Remembered): boolean {
    const path = this.#paths.listeners.get(client.listener) ?? this.#paths.main;
    if (path === undefined) return true;
    const decision = this.#rules.get(path)?.decide(client, topic, wanted) ?? 'denied';
    this.#report(client, decision, remembered);
    return decision === 'allowed';
  }

  #report(client: ClientInfo, decision: AclDecision, remembered: Remembered): void {
    if (decision === 'allowed' || decision === 'denied' || remembered.isReported) return;
    remembered.isReported = true;
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
