// Who may connect, as the options of authentication say it for each listener: password files, anonymous clients.
import { loadPasswordFile } from '../auth/password-file.js';
import { type PasswordFilePlugin, passwordFilePlugin } from '../auth/password-plugin.js';
import { loadPskFile, type PskKeys } from '../auth/psk-file.js';
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
  /** Of listeners that are not in the configuration: those of the command line. */
  readonly others: Rules;
}

const NOBODY: State = {
  listeners: new Map(),
  others: { allowAnonymous: false, passwords: null, keys: null },
};

export class Access implements Plugin {
  readonly name = 'builtin-security';
  #state: State = NOBODY;
  /** By path: a file is read once, whoever uses it. */
  #files = new Map<string, PasswordFilePlugin>();
  #broker: PluginBroker | null = null;

  start(broker: PluginBroker): void {
    this.#broker = broker;
  }

  /** Reads the files that a configuration names, and does nothing with them. Throws what is wrong with one. */
  async check(config: Configuration): Promise<void> {
    const securities = [null, ...config.listeners].map((listener) => securityOf(config, listener));
    for (const path of new Set(securities.map(({ password_file: file }) => file)))
      if (path !== undefined) await loadPasswordFile(path);
    for (const path of new Set(securities.map(({ psk_file: file }) => file)))
      if (path !== undefined) await loadPskFile(path);
  }

  /** Reads the files that a configuration names, and takes over what they say: `check` it before. */
  async use(config: Configuration): Promise<void> {
    const files = new Map<string, PasswordFilePlugin>();
    const keys = new Map<string, PskKeys>();
    const rulesOf = async (listener: ListenerConfiguration | null): Promise<Rules> => {
      const security = securityOf(config, listener);
      const { password_file: passwords, psk_file: psk, allow_anonymous: allowAnonymous } = security;
      if (passwords !== undefined && !files.has(passwords))
        files.set(passwords, await this.#passwordsOf(passwords));
      if (psk !== undefined && !keys.has(psk)) keys.set(psk, await this.#keysOf(psk));
      return {
        allowAnonymous: allowAnonymous === true,
        passwords: passwords === undefined ? null : files.get(passwords)!,
        keys: psk === undefined ? null : keys.get(psk)!,
      };
    };
    const listeners = new Map<string, Rules>();
    for (const listener of config.listeners) listeners.set(listenerName(listener), await rulesOf(listener));
    this.#state = { listeners, others: await rulesOf(null) };
    this.#files = files;
  }

  async #passwordsOf(path: string): Promise<PasswordFilePlugin> {
    const known = this.#files.get(path);
    if (known !== undefined) {
      await known.reload();
      return known;
    }
    const made = passwordFilePlugin({ file: path });
    await made.start?.(this.#broker!);
    return made;
  }

  async #keysOf(path: string): Promise<PskKeys> {
    const { keys, warnings } = await loadPskFile(path);
    for (const line of warnings) this.#broker?.log('warning', line);
    return keys;
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
