// Who may connect and who may do what, as a web server says: each question is an HTTP request that the administrator
// has written. Only a clear yes is one; a server that is away, slow or confused lets nobody in.
import type {
  Action,
  ClientInfo,
  Credentials,
  LogLevel,
  Plugin,
  PluginBroker,
  Verdict,
} from '../core/plugin.js';
import { ReasonCode } from '../protocol/reason-codes.js';
import { DecisionCache } from './http/decision-cache.js';
import { type HttpAnswer, type HttpQuestion, HttpRequester, RequesterBusyError } from './http/requester.js';
import { type RequestTemplate, RequestWriter, type Values } from './http/template.js';
import { PluginOptionError } from './plugin-options.js';

/** What a server says yes with: status 200; or 200 and {"allow":true} (or {"ok":true}). */
export type AnswerForm = 'status' | 'json';

export interface HttpAuthOptions {
  /** Who may connect. Letters: u c a l P. */
  readonly user?: RequestTemplate | undefined;
  /** Who may publish and subscribe. Letters: u c a l t A q. */
  readonly acl?: RequestTemplate | undefined;
  /** Who may do everything, asked before `acl`. Letters: u c a l. */
  readonly superuser?: RequestTemplate | undefined;
  /** Default status. */
  readonly answer?: AnswerForm | undefined;
  /** Seconds for one request, waiting for a connection included; below the broker's hookTimeout. Default 2. */
  readonly timeout?: number | undefined;
  /** Seconds that an answer holds; 0: no longer than it takes. Default 30. */
  readonly cacheSeconds?: number | undefined;
  /** Answers that are remembered. Default 10 000. */
  readonly cacheSize?: number | undefined;
  /** Connections to servers. Default 16. */
  readonly concurrency?: number | undefined;
  /** Requests that may wait for a connection; more are refused. Default 1000. */
  readonly queue?: number | undefined;
  /** Certificates of authorities to trust instead of the usual ones (PEM). */
  readonly ca?: string | undefined;
}

type Kind = 'user' | 'acl' | 'superuser';

/** Letters that templates may have. */
const letters: Readonly<Record<Kind, string>> = { user: 'ucalP', acl: 'ucaltAq', superuser: 'ucal' };
/** As in Mosquitto's plugin interface (MOSQ_ACL_WRITE, MOSQ_ACL_SUBSCRIBE). */
const accessNumbers: Readonly<Record<Action['type'], string>> = { publish: '2', will: '2', subscribe: '4' };
const MAX_ANSWER = 64 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What became of a question. */
type Outcome = 'yes' | 'no' | 'busy' | 'failed';

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function saysYes(body: Buffer): boolean {
  try {
    const { allow, ok } = JSON.parse(utf8.decode(body)) as { allow?: unknown; ok?: unknown };
    return (allow ?? ok) === true;
  } catch {
    return false;
  }
}

/** One kind of question. */
class Questioner {
  readonly kind: Kind;
  readonly #writer: RequestWriter;
  readonly #requester: HttpRequester;
  readonly #cache: DecisionCache;
  readonly #answer: AnswerForm;
  readonly #log: (level: LogLevel, text: string) => void;
  readonly #underway = new Map<string, Promise<Outcome>>();
  /** The log hears when it changes. */
  #state: 'answers' | 'fails' = 'answers';

  constructor(
    kind: Kind,
    template: RequestTemplate,
    shared: {
      requester: HttpRequester;
      cache: DecisionCache;
      answer: AnswerForm;
      log: (level: LogLevel, text: string) => void;
    },
  ) {
    this.kind = kind;
    this.#writer = new RequestWriter(template, letters[kind]);
    this.#requester = shared.requester;
    this.#cache = shared.cache;
    this.#answer = shared.answer;
    this.#log = shared.log;
  }

  uses(letter: string): boolean {
    return this.#writer.uses(letter);
  }

  /** At once when the answer is known. The same question is asked once at a time. */
  ask(values: Values): Outcome | Promise<Outcome> {
    const question = this.#writer.write(values);
    if (question === null) return 'no';
    const { method, origin, path, headers, body = '' } = question;
    const key = this.#cache.key([this.kind, method, origin, path, JSON.stringify(headers), body]);
    const known = this.#cache.find(key, Date.now());
    if (known !== undefined) return known ? 'yes' : 'no';
    const underway = this.#underway.get(key) ?? this.#fetch(key, question);
    this.#underway.set(key, underway);
    return underway;
  }

  async #fetch(key: string, question: HttpQuestion): Promise<Outcome> {
    try {
      const outcome = this.#outcomeOf(await this.#requester.ask(question));
      if (outcome !== 'failed') this.#cache.remember(key, outcome === 'yes', Date.now());
      return outcome;
    } catch (error) {
      if (error instanceof RequesterBusyError) return 'busy';
      this.#failed(error instanceof Error ? error.message : String(error));
      return 'failed';
    } finally {
      this.#underway.delete(key);
    }
  }

  #outcomeOf({ status, body }: HttpAnswer): Outcome {
    const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
    if (status !== 200 && !isRefusal) {
      this.#failed(`it answered with status ${status}`);
      return 'failed';
    }
    this.#answered();
    return status === 200 && (this.#answer === 'status' || saysYes(body)) ? 'yes' : 'no';
  }

  #failed(text: string): void {
    if (this.#state === 'fails') return;
    this.#state = 'fails';
    this.#log(
      'warning',
      `Warning: ${this.#writer.origin} (${this.kind}): ${text}. Until it answers it is a no.`,
    );
  }

  #answered(): void {
    if (this.#state === 'answers') return;
    this.#state = 'answers';
    this.#log('notice', `${this.#writer.origin} (${this.kind}) answers again.`);
  }
}

function valuesOf(client: ClientInfo, username = client.username): Values {
  return { u: username, c: client.clientId, a: client.remoteAddress, l: client.listener };
}

function verdictOf(outcome: Outcome): Verdict {
  return outcome === 'yes';
}

/** A client may try again later, and is told so. */
const connectVerdicts: Readonly<Record<Outcome, Verdict>> = {
  yes: true,
  no: false,
  busy: ReasonCode.ServerBusy,
  failed: ReasonCode.ServerUnavailable,
};

class HttpAuthenticator {
  readonly #requester: HttpRequester;
  readonly #questioners = new Map<Kind, Questioner>();
  #broker: PluginBroker | undefined;

  constructor(options: HttpAuthOptions) {
    const { timeout = 2, cacheSeconds = 30, cacheSize = 10_000, concurrency = 16, queue = 1000 } = options;
    this.#requester = new HttpRequester({
      timeoutMs: timeout * 1000,
      concurrency,
      queue,
      maxAnswer: MAX_ANSWER,
      ca: options.ca,
    });
    const shared = {
      requester: this.#requester,
      answer: options.answer ?? 'status',
      log: (level: LogLevel, text: string) => this.#broker?.log(level, text),
    };
    for (const kind of ['user', 'acl', 'superuser'] as const) {
      const template = options[kind];
      // each with a memory of its own: a flood of topics must not drive out who may connect
      const cache = new DecisionCache({ timeToLiveMs: cacheSeconds * 1000, size: cacheSize });
      if (template !== undefined)
        this.#questioners.set(kind, new Questioner(kind, template, { ...shared, cache }));
    }
    if (!this.has('user') && !this.has('acl'))
      throw new PluginOptionError(
        'There is nothing to ask a server: give a URL for users (http_user_url) or access (http_acl_url).',
      );
    if (this.has('superuser') && !this.has('acl'))
      throw new PluginOptionError(
        'Superusers need a URL for access too (http_acl_url): without it everybody may do everything.',
      );
  }

  has(kind: Kind): boolean {
    return this.#questioners.has(kind);
  }

  start(broker: PluginBroker): void {
    this.#broker = broker;
  }

  stop(): void {
    this.#requester.close();
  }

  /** Clients without a user name are left to those that come after: allow_anonymous. */
  authenticate(client: ClientInfo, { username, password }: Credentials): Verdict | Promise<Verdict> {
    if (username === undefined || username === '') return undefined;
    if (password === undefined || password.length === 0) return false;
    const user = this.#questioners.get('user')!;
    const text = user.uses('P') ? textOf(password) : '';
    if (text === undefined) return false;
    const outcome = user.ask({ ...valuesOf(client, username), P: text });
    return outcome instanceof Promise
      ? outcome.then((one) => connectVerdicts[one])
      : connectVerdicts[outcome];
  }

  authorize(client: ClientInfo, action: Action): Verdict | Promise<Verdict> {
    const superuser = this.#questioners.get('superuser');
    if (superuser === undefined || !client.username) return this.#askAccess(client, action);
    const outcome = superuser.ask(valuesOf(client));
    const next = (one: Outcome) => (one === 'yes' ? true : this.#askAccess(client, action));
    return outcome instanceof Promise ? outcome.then(next) : next(outcome);
  }

  #askAccess(client: ClientInfo, { type, topic, qos }: Action): Verdict | Promise<Verdict> {
    const values = { ...valuesOf(client), t: topic, A: accessNumbers[type], q: String(qos) };
    const outcome = this.#questioners.get('acl')!.ask(values);
    return outcome instanceof Promise ? outcome.then(verdictOf) : verdictOf(outcome);
  }
}

/**
 * A plugin that asks a web server who may connect (`user`) and who may publish and subscribe (`acl`). Throws
 * PluginOptionError when the options cannot be used.
 */
export function httpPlugin(options: HttpAuthOptions): Plugin {
  const http = new HttpAuthenticator(options);
  return {
    name: 'http',
    start: (broker) => http.start(broker),
    stop: () => http.stop(),
    ...(http.has('user') && {
      authenticate: (client, credentials) => http.authenticate(client, credentials),
    }),
    ...(http.has('acl') && { authorize: (client, action) => http.authorize(client, action) }),
  };
}
