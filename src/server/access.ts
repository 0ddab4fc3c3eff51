// Who may connect, as the options of authentication say it for each listener: password files, anonymous clients.
import { type LoadedPasswordFile, loadPasswordFile } from '../auth/password-file.js';
import { type PasswordFilePlugin, passwordFilePlugin } from '../auth/password-plugin.js';
import { type LoadedPskFile, loadPskFile, type PskKeys } from '../auth/psk-file.js';
import type { Configuration, ListenerConfiguration } from '../config/configuration.js';
import type { ClientInfo, Credentials, MaybePromise, Plugin, PluginBroker, Verdict } from '../core/plugin.js';
import { ReasonCode } from '../protocol/index.js';
import type { KeyOf } from './listening.js';
import { listenerName, securityOf } from './settings.js';

/** What holds for one listener. */
interface Rules {
  readonly allowAnonymous: boolean;
  readonly passwords: PasswordFilePlugin | null;
  readonly keys: PskKeys | null;
}

/** One state of the configuration. */
interface State {
  /** By the name of the listener. */
  readonly listeners: ReadonlyMap<string, Rules>;
  /** Of listeners that are not in the configuration: those of the command line, and those that a reload has closed. */
  readonly others: Rules;
}

const NO_RULES: Rules = { allowAnonymous: false, passwords: null, keys: null };
const NOBODY: State = { listeners: new Map(), others: NO_RULES };

/** What the files of a configuration say, by their paths. */
export interface AccessFiles {
  readonly passwords: ReadonlyMap<string, LoadedPasswordFile>;
  readonly keys: ReadonlyMap<string, LoadedPskFile>;
}

async function loadAll<T>(
  paths: readonly (string | undefined)[],
  load: (path: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const loaded = new Map<string, T>();
  for (const path of new Set(paths)) if (path !== undefined) loaded.set(path, await load(path));
  return loaded;
}

export class Access implements Plugin {
  readonly name = 'builtin-security';
  #state: State = NOBODY;
  /** By path: there is one for a file, whoever uses it. */
  #plugins = new Map<string, PasswordFilePlugin>();
  #broker: PluginBroker | null = null;

  start(broker: PluginBroker): void {
    this.#broker = broker;
  }

  /** Reads the files that a configuration names, each once, for `use`. Throws what is wrong with one. */
  async load(config: Configuration): Promise<AccessFiles> {
    const securities = [null, ...config.listeners].map((listener) => securityOf(config, listener));
    const passwords = await loadAll(
      securities.map((each) => each.password_file),
      loadPasswordFile,
    );
    const keys = await loadAll(
      securities.map((each) => each.psk_file),
      loadPskFile,
    );
    return { passwords, keys };
  }

  /** Takes over what a configuration and its files say. */
  async use(config: Configuration, files: AccessFiles): Promise<void> {
    for (const { warnings } of files.keys.values())
      for (const line of warnings) this.#broker?.log('warning', line);
    const plugins = new Map<string, PasswordFilePlugin>();
    for (const [path, loaded] of files.passwords) plugins.set(path, await this.#passwordsOf(path, loaded));
    const rulesOf = (listener: ListenerConfiguration | null): Rules => {
      const { password_file, psk_file, allow_anonymous } = securityOf(config, listener);
      return {
        allowAnonymous: allow_anonymous === true,
        passwords: password_file === undefined ? null : plugins.get(password_file)!,
        keys: psk_file === undefined ? null : files.keys.get(psk_file)!.keys,
      };
    };
    const hasOthers = !config.perListenerSettings || config.isLocalOnly;
    this.#state = {
      listeners: new Map(config.listeners.map((listener) => [listenerName(listener), rulesOf(listener)])),
      others: hasOthers ? rulesOf(null) : NO_RULES,
    };
    this.#plugins = plugins;
  }

  async #passwordsOf(file: string, loaded: LoadedPasswordFile): Promise<PasswordFilePlugin> {
    const known = this.#plugins.get(file);
    if (known !== undefined) {
      known.take(loaded);
      return known;
    }
    const made = passwordFilePlugin({ file, loaded });
    await made.start?.(this.#broker!);
    return made;
  }

  #rulesOf(listener: string): Rules {
    return this.#state.listeners.get(listener) ?? this.#state.others;
  }

  /** With a password file a name must be in it; without one a name is as good as none. */
  authenticate(client: ClientInfo, credentials: Credentials): MaybePromise<Verdict> {
    const { allowAnonymous, passwords } = this.#rulesOf(client.listener);
    const isNamed = credentials.username !== undefined && credentials.username !== '';
    if (isNamed && passwords !== null) return passwords.authenticate!(client, credentials);
    return allowAnonymous ? true : ReasonCode.NotAuthorized;
  }

  connected(client: ClientInfo): void {
    this.#rulesOf(client.listener).passwords?.connected?.(client);
  }

  disconnected(client: ClientInfo, reason: number): void {
    this.#rulesOf(client.listener).passwords?.disconnected?.(client, reason);
  }

  /** The pre-shared keys for a listener. */
  keysFor(listener: string): KeyOf {
    return (identity) => this.#rulesOf(listener).keys?.get(identity) ?? null;
  }
}
