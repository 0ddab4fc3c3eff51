// Dynamic security: clients, groups and roles that are changed while the broker runs, over its control topic. Takes over
// the file, the commands and the answers of Mosquitto's mosquitto_dynamic_security.
import type {
  ClientInfo,
  Credentials,
  Denied,
  LogLevel,
  Plugin,
  PluginBroker,
  PublishedMessage,
  Verdict,
} from '../../core/plugin.js';
import { ReasonCode } from '../../protocol/reason-codes.js';
import { OneByOne } from '../one-by-one.js';
import { hashPassword, PasswordHashError, PasswordVerifier, VerifierBusyError } from '../password-hash.js';
import { AccessDecisions } from './access-decisions.js';
import type { Scene } from './command.js';
import { CONTROL_TOPIC, control, RESPONSE_TOPIC } from './commands.js';
import type { Client, SecurityState } from './security-state.js';
import { StateFile } from './state-file.js';

export interface DynamicSecurityOptions {
  /** Path of the file with clients, groups and roles; it is made when it is not there. */
  readonly configFile: string;
  /** Path of a file whose first line is the password of the administrator, for a file that has to be made. */
  readonly passwordInitFile?: string | undefined;
  /** Whether other plugins have a say about names that are not known here. Default false: they may not connect. */
  readonly hasOtherNames?: boolean | undefined;
  readonly log: (level: LogLevel, text: string) => void;
}

type Log = DynamicSecurityOptions['log'];

/** Who is connected, by user name. */
class Connected {
  readonly #clients = new Map<string | undefined, Set<ClientInfo>>();

  add(client: ClientInfo): void {
    const others = this.#clients.get(client.username);
    if (others === undefined) this.#clients.set(client.username, new Set([client]));
    else others.add(client);
  }

  delete(client: ClientInfo): void {
    const others = this.#clients.get(client.username);
    others?.delete(client);
    if (others?.size === 0) this.#clients.delete(client.username);
  }

  of(username: string | undefined): readonly ClientInfo[] {
    return [...(this.#clients.get(username) ?? [])];
  }
}

class DynamicSecurity {
  readonly #state: SecurityState;
  readonly #file: StateFile;
  readonly #log: Log;
  readonly #hasOtherNames: boolean;
  readonly #decisions: AccessDecisions;
  readonly #verifier = new PasswordVerifier();
  readonly #connected = new Connected();
  /** Those that were put out: their wills are not sent. */
  readonly #kicked = new WeakSet<ClientInfo>();
  #kickList = new Set<string | undefined>();
  #hasChanged = false;
  #broker: PluginBroker | undefined;
  /** Payloads, one after the other. */
  readonly #working = new OneByOne();

  constructor(state: SecurityState, file: StateFile, { log, hasOtherNames = false }: DynamicSecurityOptions) {
    this.#state = state;
    this.#file = file;
    this.#log = log;
    this.#hasOtherNames = hasOtherNames;
    this.#decisions = new AccessDecisions(state);
  }

  start(broker: PluginBroker): void {
    this.#broker = broker;
    const events = [
      `'control' events on topic ${CONTROL_TOPIC}`,
      "'basic-auth' events",
      "'acl-check' events",
    ];
    for (const event of events)
      this.#log('information', `Plugin dynamic-security has registered to receive ${event}.`);
  }

  /** What was begun is brought to its end. */
  async stop(): Promise<void> {
    await this.#working.settled();
    this.#broker = undefined;
  }

  authenticate(client: ClientInfo, { username, password }: Credentials): Verdict | Promise<Verdict> {
    if (username === undefined) return undefined;
    if (password !== undefined) return this.#authenticateClient(client, username, password);
    return this.#state.clients.get(username) === undefined ? this.#strangerVerdict : false;
  }

  get #strangerVerdict(): Verdict {
    return this.#hasOtherNames ? undefined : false;
  }

  /** Takes as long for every name, so that nobody learns from the time which ones are known, and may come in. */
  async #authenticateClient(client: ClientInfo, username: string, password: Uint8Array): Promise<Verdict> {
    const known = this.#state.clients.get(username);
    const own = known?.password;
    const compared = own ?? this.#decoy;
    const isRight = compared !== undefined && (await this.#isRight(compared, password));
    if (known === undefined) return this.#strangerVerdict;
    if (typeof isRight === 'number') return isRight;
    // things may have changed meanwhile
    const isSame = this.#state.clients.get(username) === known && known.password === own;
    return own !== undefined && isRight && isSame && mayComeIn(known, client);
  }

  get #decoy(): string | undefined {
    return this.#state.clients.values().find((each) => each.password !== undefined)?.password;
  }

  async #isRight(encoded: string, password: Uint8Array): Promise<boolean | number> {
    try {
      return await this.#verifier.verify(encoded, password);
    } catch (error) {
      if (error instanceof VerifierBusyError) return ReasonCode.ServerBusy;
      if (!(error instanceof PasswordHashError)) throw error;
      this.#log('warning', `Warning: A password of dynamic security cannot be checked: ${error.message}.`);
      return false;
    }
  }

  authorize(client: ClientInfo, type: 'publish' | 'subscribe' | 'will', topic: string): boolean | undefined {
    if (type === 'subscribe') return this.#decisions.decide(client, 'subscribe', topic);
    // wills are messages like others, but never commands or answers
    if (type === 'will' && (this.#kicked.has(client) || topic.startsWith('$CONTROL/'))) return false;
    return this.mayPublish(client, topic);
  }

  mayPublish(client: ClientInfo, topic: string): boolean | undefined {
    return this.#decisions.decide(client, 'publishClientSend', topic);
  }

  mayRead(client: ClientInfo, topic: string): boolean {
    return this.#decisions.decide(client, 'publishClientReceive', topic) ?? this.#isForOthers(client);
  }

  mayUnsubscribe(client: ClientInfo, filter: string): boolean {
    return this.#decisions.decide(client, 'unsubscribe', filter) ?? this.#isForOthers(client);
  }

  /** Whether other plugins know a client, and decide about it. */
  #isForOthers({ username }: ClientInfo): boolean {
    return this.#hasOtherNames && username !== undefined && this.#state.clients.get(username) === undefined;
  }

  whyNot(client: ClientInfo, { type, topic }: Denied): string | undefined {
    return this.#decisions.whyNot(client, accessOf[type], topic);
  }

  connected(client: ClientInfo): void {
    this.#connected.add(client);
  }

  disconnected(client: ClientInfo): void {
    this.#connected.delete(client);
  }

  /** Resolves when the commands have been carried out and saved; their answer comes after that. */
  control(client: ClientInfo, { payload }: PublishedMessage): Promise<void> {
    return this.#working.run(() => this.#carryOut(client, payload));
  }

  async #carryOut(admin: ClientInfo, payload: Uint8Array): Promise<void> {
    const answer = await control(this.#scene, admin, payload);
    if (this.#hasChanged) await this.#save();
    // the acknowledgement comes before
    setImmediate(() => {
      this.#broker?.publish({ topic: RESPONSE_TOPIC, payload: answer });
      this.#kickAll();
    });
  }

  async #save(): Promise<void> {
    this.#hasChanged = false;
    try {
      await this.#file.save(this.#state);
    } catch (error) {
      const { message } = error as Error;
      this.#log('error', `Error saving Dynamic security plugin config: ${message}`);
    }
  }

  /** After the answer, which may be for one of them. */
  #kickAll(): void {
    const names = this.#kickList;
    this.#kickList = new Set();
    for (const client of [...names].flatMap((name) => this.#connected.of(name))) {
      this.#kicked.add(client);
      this.#broker?.disconnect(client.clientId, ReasonCode.AdministrativeAction);
    }
  }

  #addressesOf(username: string, clientid: string | undefined): string[] {
    return this.#connected
      .of(username)
      .filter((client) => clientid === undefined || client.clientId === clientid)
      .map(({ remoteAddress }) => remoteAddress);
  }

  get #scene(): Scene {
    return {
      state: this.#state,
      changed: () => {
        this.#state.changeIndex++;
        this.#hasChanged = true;
        this.#decisions.forget();
      },
      kick: (username) => {
        this.#kickList.add(username);
      },
      hash: (password) => hashPassword('sha512-pbkdf2', Buffer.from(password)),
      addressesOf: (username, clientid) => this.#addressesOf(username, clientid),
      note: ({ clientId, username = '(null)' }, parts) =>
        this.#log('information', `dynsec: ${clientId}/${username} | ${parts.join(' | ')}`),
    };
  }
}

/** What has to be allowed for an action. */
const accessOf = {
  publish: 'publishClientSend',
  will: 'publishClientSend',
  subscribe: 'subscribe',
  unsubscribe: 'unsubscribe',
} as const;

function mayComeIn({ disabled, clientid }: Client, client: ClientInfo): boolean {
  return !disabled && (clientid === undefined || clientid === client.clientId);
}

/**
 * A plugin that does what Mosquitto's dynamic security does. Throws SecurityStateError, whose message is some lines for
 * the log, when the file cannot be used.
 */
export async function dynamicSecurityPlugin(options: DynamicSecurityOptions): Promise<Plugin> {
  const file = new StateFile(options.configFile);
  const state = await file.load(options.passwordInitFile, options.log);
  const security = new DynamicSecurity(state, file, options);
  return {
    name: 'dynamic-security',
    start: (broker) => security.start(broker),
    stop: () => security.stop(),
    authenticate: (client, credentials) => security.authenticate(client, credentials),
    authorize: (client, { type, topic }) => security.authorize(client, type, topic),
    mayPublish: (client, topic) => security.mayPublish(client, topic),
    mayRead: (client, topic) => security.mayRead(client, topic),
    mayUnsubscribe: (client, filter) => security.mayUnsubscribe(client, filter),
    whyNot: (client, denied) => security.whyNot(client, denied),
    connected: (client) => security.connected(client),
    disconnected: (client) => security.disconnected(client),
    controlTopics: { [CONTROL_TOPIC]: (client, message) => security.control(client, message) },
  };
}
