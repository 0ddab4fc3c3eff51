// The plugin interface: a plain object of optional hooks. They are gathered into one array a hook when the
// broker starts, so a hook that nobody has costs nothing.
import type { Properties, ProtocolVersion, QoS } from '../protocol/index.js';

export type MaybePromise<T> = T | Promise<T>;

/** What is known of a client. */
export interface ClientInfo {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly version: ProtocolVersion;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The name of the listener that it came through; '' for a stream that the program handed over. */
  readonly listener: string;
  /** Seconds. */
  readonly keepAlive: number;
  readonly cleanStart: boolean;
}

/** A message as plugins and the embedding program see it. */
export interface PublishedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** As the publisher sent them; empty for MQTT 3. */
  readonly properties: Properties;
  /** The client id of the publisher; '' when it was the program or the broker itself. */
  readonly publisherId: string;
}

/** What a `publish` hook may change. */
export type MessageChange = Partial<
  Pick<PublishedMessage, 'topic' | 'payload' | 'qos' | 'retain' | 'properties'>
>;

/**
 * true: yes; false: no; a reason code of 0x80 or above: no, and tell the client so; undefined: not my business,
 * ask the next plugin. When all that were asked answer undefined, it is a no.
 */
export type Verdict = boolean | number | undefined;

export interface Credentials {
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
}

export interface Action {
  readonly type: 'publish' | 'subscribe' | 'will';
  /** The topic, or the filter as the client wrote it. */
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** What a client may not do. */
export interface Denied {
  readonly type: Action['type'] | 'unsubscribe';
  readonly topic: string;
}

/** What one step of an enhanced authentication answers (MQTT 5 section 4.12). */
export interface AuthenticationStep {
  /** Whether the client is who it says; otherwise it must send one more AUTH. */
  readonly done: boolean;
  /** Authentication data for the client. */
  readonly data?: Uint8Array | undefined;
  /** Set when done: the user that was authenticated. */
  readonly username?: string | undefined;
}

/** One conversation of an authentication method with one client. Throwing refuses the client. */
export interface AuthenticationExchange {
  next(data: Uint8Array | undefined): MaybePromise<AuthenticationStep>;
}

export type AuthenticationMethod = (client: ClientInfo) => AuthenticationExchange;

/** Takes what a client sent to a control topic. */
export type ControlHandler = (client: ClientInfo, message: PublishedMessage) => MaybePromise<void>;

export interface Plugin {
  /** For logs. */
  readonly name: string;
  /** Runs before the broker accepts anything; throwing stops the start. */
  start?(broker: PluginBroker): MaybePromise<void>;
  stop?(): MaybePromise<void>;
  /** Who may connect. Without any such hook everybody may. */
  authenticate?(client: ClientInfo, credentials: Credentials): MaybePromise<Verdict>;
  /** Who may do what. Without any such hook everybody may do everything. */
  authorize?(client: ClientInfo, action: Action): MaybePromise<Verdict>;
  /**
   * What `authorize` answers about a publish, for plugins where that depends on the client and the topic alone: then
   * messages that follow each other are asked about once, and need not be shown. At once, and with no effects.
   */
  mayPublish?(client: ClientInfo, topic: string): boolean | undefined;
  /** Whether a client may get messages of a topic; asked before each delivery. At once, and with no effects. */
  mayRead?(client: ClientInfo, topic: string): boolean;
  /**
   * Whether a client may end a subscription. Without any such hook everybody may. At once, and with no effects. Not one
   * of the actions of `authorize`, because those who do not know of it would refuse it.
   */
  mayUnsubscribe?(client: ClientInfo, filter: string): boolean;
  /** Why this plugin says no, for the log; of those who know of it the first one counts. At once, and with no effects. */
  whyNot?(client: ClientInfo, denied: Denied): string | undefined;
  /**
   * Topics under $CONTROL/ that are this plugin's: what clients who may publish there send goes to it, and to nobody
   * else. A promise makes this client, and nobody else, wait for the acknowledgement.
   */
  controlTopics?: Readonly<Record<string, ControlHandler>>;
  connected?(client: ClientInfo): void;
  /** `reason`: the MQTT 5 reason code of the end, 0 when the client said goodbye. */
  disconnected?(client: ClientInfo, reason: number): void;
  /**
   * A message came. Return nothing to let it pass, a reason code of 0x80 or above to refuse it, or what should
   * be changed. A promise makes this client, and nobody else, wait.
   */
  publish?(client: ClientInfo, message: PublishedMessage): MaybePromise<MessageChange | number | undefined>;
  subscribe?(client: ClientInfo, filter: string, qos: QoS): void;
  unsubscribe?(client: ClientInfo, filter: string): void;
  /** Before a message goes to a subscriber; false keeps it from this one. Always synchronous. */
  deliver?(client: ClientInfo, message: PublishedMessage): boolean | undefined;
  /** Enhanced authentication: method name to what it does. */
  authenticationMethods?: Readonly<Record<string, AuthenticationMethod>>;
}

/** What a plugin may do with the broker it runs in. */
export interface PluginBroker {
  publish(message: {
    topic: string;
    payload?: Uint8Array | string;
    qos?: QoS;
    retain?: boolean;
    properties?: Properties;
  }): void;
  disconnect(clientId: string, reason?: number): boolean;
  log(level: LogLevel, text: string): void;
}

/** The last two are those of Mosquitto's log_type: they tell of subscriptions. */
export type LogLevel = 'error' | 'warning' | 'notice' | 'information' | 'debug' | 'subscribe' | 'unsubscribe';

type HookName =
  | 'authenticate'
  | 'authorize'
  | 'mayPublish'
  | 'mayRead'
  | 'mayUnsubscribe'
  | 'whyNot'
  | 'connected'
  | 'disconnected'
  | 'publish'
  | 'subscribe'
  | 'unsubscribe'
  | 'deliver';
type Hook<Name extends HookName> = { readonly plugin: string; readonly call: NonNullable<Plugin[Name]> };

function gather<Name extends HookName>(plugins: readonly Plugin[], name: Name): Hook<Name>[] {
  return plugins.flatMap((plugin) => {
    const hook = plugin[name];
    return hook === undefined
      ? []
      : [{ plugin: plugin.name, call: hook.bind(plugin) as NonNullable<Plugin[Name]> }];
  });
}

/** How long a hook may take, and who hears of it when one fails. */
export interface HookSupervision {
  readonly timeoutMs: number;
  after(ms: number, run: () => void): () => void;
  failed(plugin: string, hook: string, error: unknown): void;
}

/** The hooks of all plugins, in the order of the plugins. */
export class Hooks {
  readonly authenticate: Hook<'authenticate'>[];
  readonly authorize: Hook<'authorize'>[];
  /** Only when all that authorize have it: then it is asked instead. */
  readonly mayPublish: Hook<'mayPublish'>[];
  readonly mayRead: Hook<'mayRead'>[];
  readonly mayUnsubscribe: Hook<'mayUnsubscribe'>[];
  readonly whyNot: Hook<'whyNot'>[];
  readonly connected: Hook<'connected'>[];
  readonly disconnected: Hook<'disconnected'>[];
  readonly publish: Hook<'publish'>[];
  readonly subscribe: Hook<'subscribe'>[];
  readonly unsubscribe: Hook<'unsubscribe'>[];
  readonly deliver: Hook<'deliver'>[];
  readonly authenticationMethods = new Map<string, AuthenticationMethod>();
  /** By topic; of plugins that want the same one the first has it. */
  readonly controlTopics = new Map<string, { readonly plugin: string; readonly call: ControlHandler }>();
  readonly #supervision: HookSupervision;

  constructor(plugins: readonly Plugin[], supervision: HookSupervision) {
    this.authenticate = gather(plugins, 'authenticate');
    this.authorize = gather(plugins, 'authorize');
    const judges = plugins.filter(({ authorize }) => authorize !== undefined);
    const isByTopic = judges.every(({ mayPublish }) => mayPublish !== undefined);
    this.mayPublish = isByTopic ? gather(judges, 'mayPublish') : [];
    this.mayRead = gather(plugins, 'mayRead');
    this.mayUnsubscribe = gather(plugins, 'mayUnsubscribe');
    this.whyNot = gather(plugins, 'whyNot');
    this.connected = gather(plugins, 'connected');
    this.disconnected = gather(plugins, 'disconnected');
    this.publish = gather(plugins, 'publish');
    this.subscribe = gather(plugins, 'subscribe');
    this.unsubscribe = gather(plugins, 'unsubscribe');
    this.deliver = gather(plugins, 'deliver');
    for (const plugin of plugins) {
      for (const [name, method] of Object.entries(plugin.authenticationMethods ?? {})) {
        if (!this.authenticationMethods.has(name)) this.authenticationMethods.set(name, method);
      }
      for (const [topic, call] of Object.entries(plugin.controlTopics ?? {})) {
        if (!this.controlTopics.has(topic)) this.controlTopics.set(topic, { plugin: plugin.name, call });
      }
    }
    this.#supervision = supervision;
  }

  /** Calls the hooks that only listen; what they throw is logged. */
  tell<Name extends 'connected' | 'disconnected' | 'subscribe' | 'unsubscribe'>(
    name: Name,
    ...args: Parameters<NonNullable<Plugin[Name]>>
  ): void {
    for (const hook of this[name]) {
      try {
        const answer = (hook.call as (...args: unknown[]) => unknown)(...args);
        if (answer instanceof Promise)
          answer.catch((error) => this.#supervision.failed(hook.plugin, name, error));
      } catch (error) {
        this.#supervision.failed(hook.plugin, name, error);
      }
    }
  }

  /**
   * Asks hooks in turn until one answers something else than undefined. A hook that throws, rejects or does not
   * answer in time has answered `onFailure`. Synchronous as long as the hooks are.
   */
  ask<H, T>(
    name: HookName,
    hooks: readonly { plugin: string; call: H }[],
    ask: (call: H) => MaybePromise<T | undefined>,
    onFailure: T | undefined,
    from = 0,
  ): MaybePromise<T | undefined> {
    for (let i = from; i < hooks.length; i++) {
      const hook = hooks[i]!;
      let answer: MaybePromise<T | undefined>;
      try {
        answer = asPromise(ask(hook.call));
      } catch (error) {
        this.#supervision.failed(hook.plugin, name, error);
        answer = onFailure;
      }
      if (answer instanceof Promise) {
        return this.supervised(answer, onFailure, (error) =>
          this.#supervision.failed(hook.plugin, name, error),
        ).then((value) => (value === undefined ? this.ask(name, hooks, ask, onFailure, i + 1) : value));
      }
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  /** A promise that settles in time: with `onFailure`, and a report, if the other one rejects or takes too long. */
  supervised<T>(promise: Promise<T>, onFailure: T, report: (error: unknown) => void): Promise<T> {
    const { timeoutMs, after } = this.#supervision;
    return new Promise((resolve) => {
      const cancel = after(timeoutMs, () => {
        report(new Error(`no answer within ${timeoutMs} ms`));
        resolve(onFailure);
      });
      promise.then(
        (value) => {
          cancel();
          resolve(value);
        },
        (error) => {
          cancel();
          report(error);
          resolve(onFailure);
        },
      );
    });
  }
}

/** Promises of other makers are as good as our own. */
function asPromise<T>(value: MaybePromise<T>): MaybePromise<T> {
  const isForeign =
    value !== null &&
    typeof value === 'object' &&
    !(value instanceof Promise) &&
    typeof (value as { then?: unknown }).then === 'function';
  return isForeign ? Promise.resolve(value) : value;
}

/** Goes on with a value now, or when its promise has resolved. */
export function whenKnown<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
