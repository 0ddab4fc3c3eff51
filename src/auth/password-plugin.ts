// Who may connect, by a password file: Mosquitto's password_file and allow_anonymous. The file is read when the
// broker starts and on reload(); a broken file leaves everything as it was.
import { createHmac, randomBytes } from 'node:crypto';
import type { ClientInfo, Credentials, LogLevel, Plugin, PluginBroker, Verdict } from '../core/plugin.js';
import { ReasonCode } from '../protocol/reason-codes.js';
import { OneByOne } from './one-by-one.js';
import { type LoadedPasswordFile, loadPasswordFile, userKey } from './password-file.js';
import { PasswordVerifier, type PasswordVerifierOptions, VerifierBusyError } from './password-hash.js';

export interface PasswordFileOptions extends PasswordVerifierOptions {
  /** Path of the password file. */
  readonly file: string;
  /** What it says, when somebody has read it just now: the start does not read it again. */
  readonly loaded?: LoadedPasswordFile | undefined;
  /**
   * Whether clients without a user name may connect. They are let in by this plugin, so plugins that have a say in
   * that must come before it. Default false.
   */
  readonly allowAnonymous?: boolean;
}

export interface PasswordFilePlugin extends Plugin {
  /**
   * Reads the file again. Clients whose user is gone or has another hash now are disconnected. Throws
   * PasswordFileError, and keeps the users there were, when the file cannot be used.
   */
  reload(): Promise<void>;
  /** The same with what somebody has read from the file. */
  take(loaded: LoadedPasswordFile): void;
}

/** The users of one state of the file. */
class Users {
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #all: readonly string[];
  readonly #secret = randomBytes(32);

  constructor(hashes: ReadonlyMap<string, string> = new Map()) {
    this.#hashes = hashes;
    this.#all = [...hashes.values()];
  }

  find(key: string): string | undefined {
    return this.#hashes.get(key);
  }

  /**
   * The hash of some user, always the same one for a name: checking a password against it takes as long as if the
   * name were one of these users, so that nobody learns from the time who is. Undefined when there are no users.
   */
  decoy(key: string): string | undefined {
    if (this.#all.length === 0) return undefined;
    const number = createHmac('sha256', this.#secret).update(key).digest().readUInt32BE();
    return this.#all[number % this.#all.length];
  }
}

class PasswordFileAuthenticator {
  readonly #file: string;
  readonly #loaded: LoadedPasswordFile | undefined;
  readonly #allowAnonymous: boolean;
  readonly #verifier: PasswordVerifier;
  /** By which hash a client got in. */
  readonly #admitted = new WeakMap<ClientInfo, { readonly key: string; readonly hash: string }>();
  readonly #connected = new Set<ClientInfo>();
  #users = new Users();
  #broker: PluginBroker | undefined;
  readonly #loading = new OneByOne();

  constructor({ file, loaded, allowAnonymous = false, ...verifying }: PasswordFileOptions) {
    this.#file = file;
    this.#loaded = loaded;
    this.#allowAnonymous = allowAnonymous;
    this.#verifier = new PasswordVerifier(verifying);
  }

  async start(broker: PluginBroker): Promise<void> {
    this.#broker = broker;
    if (this.#loaded === undefined) await this.reload();
    else this.take(this.#loaded);
  }

  /** One after the other, so that the last one counts. */
  reload(): Promise<void> {
    return this.#loading.run(async () => this.take(await loadPasswordFile(this.#file)));
  }

  /** Takes over what somebody has read from the file. */
  take({ users, warnings }: LoadedPasswordFile): void {
    this.#users = new Users(users);
    for (const line of warnings) this.#log('warning', line);
    for (const client of [...this.#connected]) this.#checkAgain(client);
  }

  #checkAgain(client: ClientInfo): void {
    const admitted = this.#admitted.get(client);
    if (admitted === undefined || this.#users.find(admitted.key) === admitted.hash) return;
    this.#broker?.disconnect(client.clientId, ReasonCode.NotAuthorized);
  }

  /** An empty name is none, and an empty password is none, as with Mosquitto. */
  authenticate(client: ClientInfo, { username, password }: Credentials): Verdict | Promise<Verdict> {
    if (username === undefined || username === '') return this.#allowAnonymous ? true : undefined;
    if (password === undefined || password.length === 0) return false;
    return this.#authenticateUser(client, userKey(username), password);
  }

  async #authenticateUser(client: ClientInfo, key: string, password: Uint8Array): Promise<Verdict> {
    const hash = this.#users.find(key);
    const compared = hash ?? this.#users.decoy(key);
    if (compared === undefined) return false;
    try {
      const isRight = await this.#verifier.verify(compared, password);
      // the file may have changed meanwhile
      if (!isRight || hash === undefined || this.#users.find(key) !== hash) return false;
      this.#admitted.set(client, { key, hash });
      return true;
    } catch (error) {
      if (!(error instanceof VerifierBusyError)) throw error;
      this.#log('notice', `${client.clientId} refused: ${error.message}`);
      return ReasonCode.ServerBusy;
    }
  }

  connected(client: ClientInfo): void {
    if (this.#admitted.has(client)) this.#connected.add(client);
  }

  disconnected(client: ClientInfo): void {
    this.#connected.delete(client);
  }

  #log(level: LogLevel, text: string): void {
    this.#broker?.log(level, text);
  }
}

/**
 * A plugin that lets those in whose name and password stand in a password file of Mosquitto. The broker does not
 * start when the file cannot be used (PasswordFileError).
 */
export function passwordFilePlugin(options: PasswordFileOptions): PasswordFilePlugin {
  const users = new PasswordFileAuthenticator(options);
  return {
    name: 'password-file',
    start: (broker) => users.start(broker),
    authenticate: (client, credentials) => users.authenticate(client, credentials),
    connected: (client) => users.connected(client),
    disconnected: (client) => users.disconnected(client),
    reload: () => users.reload(),
    take: (loaded) => users.take(loaded),
  };
}
