// What plugins decide: who may connect, who may do what, what becomes of a message. Every question has an answer
// in time, whatever the plugins do; without plugins it is yes at once.
import { type QoS, ReasonCode } from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { Engine } from './engine.js';
import type { Message } from './message.js';
import {
  type Action,
  type AuthenticationStep,
  type ClientInfo,
  type Credentials,
  type Denied,
  type MaybePromise,
  type MessageChange,
  type PublishedMessage,
  whenKnown,
} from './plugin.js';

export class Decisions {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** 0, or the reason code with which a client may not connect. */
  refusesClient(connection: Connection, credentials: Credentials): MaybePromise<number> {
    const { authenticate } = this.#engine.hooks;
    if (authenticate.length === 0) return 0;
    const verdict = this.#engine.hooks.ask(
      'authenticate',
      authenticate,
      (call) => call(connection, credentials),
      false as boolean | number,
    );
    return whenKnown(verdict, (value) => (value === true ? 0 : refusalCode(value)));
  }

  /** 0, or the reason code with which a client may not do something. */
  refusal(client: ClientInfo, action: Action): MaybePromise<number> {
    const { authorize } = this.#engine.hooks;
    if (authorize.length === 0) return 0;
    const verdict = this.#engine.hooks.ask(
      'authorize',
      authorize,
      (call) => call(client, action),
      false as boolean | number,
    );
    return whenKnown(verdict, (value) => {
      if (value === true) return 0;
      this.#noteDenial(client, action.type, action.topic);
      return refusalCode(value);
    });
  }

  #noteDenial(client: ClientInfo, type: Denied['type'], topic: string): void {
    this.#engine.metrics.authorizationFailures++;
    const why = this.#whyNot(client, { type, topic });
    const reason = why === undefined ? '' : `: ${why}`;
    this.#engine.log('notice', `Denied ${type} by client ${client.clientId} to '${topic}'${reason}.`);
  }

  #whyNot(client: ClientInfo, denied: Denied): string | undefined {
    for (const hook of this.#engine.hooks.whyNot) {
      try {
        const why = hook.call(client, denied);
        if (why !== undefined) return why;
      } catch (error) {
        this.#engine.hookFailed(hook.plugin, 'whyNot', error);
      }
    }
    return undefined;
  }

  /** Whether a client may publish to a topic, where plugins judge by nothing else. */
  mayPublish(client: ClientInfo, topic: string): boolean {
    const { mayPublish } = this.#engine.hooks;
    const verdict = this.#askAtOnce('mayPublish', mayPublish, client, topic, undefined);
    if (verdict !== true) this.#noteDenial(client, 'publish', topic);
    return verdict === true;
  }

  /** Whether a client may get messages of a topic. */
  mayRead(client: ClientInfo, topic: string): boolean {
    const { mayRead } = this.#engine.hooks;
    return this.#askAtOnce('mayRead', mayRead, client, topic, true) !== false;
  }

  /** Whether a client may end a subscription. */
  mayUnsubscribe(client: ClientInfo, filter: string): boolean {
    const { mayUnsubscribe } = this.#engine.hooks;
    const isAllowed = this.#askAtOnce('mayUnsubscribe', mayUnsubscribe, client, filter, true) !== false;
    if (!isAllowed) this.#noteDenial(client, 'unsubscribe', filter);
    return isAllowed;
  }

  /** The first answer that is not `pass`; false from a plugin that fails. */
  #askAtOnce(
    name: 'mayPublish' | 'mayRead' | 'mayUnsubscribe',
    hooks: readonly { plugin: string; call: (client: ClientInfo, topic: string) => boolean | undefined }[],
    client: ClientInfo,
    topic: string,
    pass: boolean | undefined,
  ): boolean | undefined {
    for (const hook of hooks) {
      try {
        const answer = hook.call(client, topic);
        if (answer !== pass) return answer === true;
      } catch (error) {
        this.#engine.hookFailed(hook.plugin, name, error);
        return false;
      }
    }
    return pass;
  }

  /** Whether somebody, or a limit, has a say about messages before they are routed. */
  get asksBeforePublish(): boolean {
    const { hooks, options } = this.#engine;
    const asks = hooks.authorize.length > 0 && hooks.mayPublish.length === 0;
    return asks || hooks.publish.length > 0 || options.messageSizeLimit > 0;
  }

  /** The message to publish, perhaps changed, or the reason code with which it is refused. */
  decidePublish(connection: Connection, message: Message): MaybePromise<Message | number> {
    if (message.topic.isReserved) return ReasonCode.NotAuthorized;
    const { messageSizeLimit } = this.#engine.options;
    if (messageSizeLimit > 0 && message.end - message.payloadStart > messageSizeLimit)
      return ReasonCode.QuotaExceeded;
    const action: Action = {
      type: 'publish',
      topic: message.topic.text,
      qos: message.qos as QoS,
      retain: message.retain,
    };
    const refusal = this.refusal(connection, action);
    if (refusal instanceof Promise) {
      const kept = message.keep(this.#engine.slab);
      kept.publisher = connection.session;
      return refusal.then((reason) => (reason !== 0 ? reason : this.#offerPublish(connection, kept)));
    }
    return refusal !== 0 ? refusal : this.#offerPublish(connection, message);
  }

  /** Gives a message to whom its control topic belongs; nobody else gets it. Returns whether it is somebody's. */
  control(connection: Connection, message: Message): MaybePromise<boolean> {
    const owner = this.#engine.hooks.controlTopics.get(message.topic.text);
    if (owner === undefined) return false;
    const failed = (error: unknown): void => this.#engine.hookFailed(owner.plugin, 'controlTopics', error);
    try {
      const done = owner.call(connection, this.#engine.published(message));
      if (done instanceof Promise) return done.catch(failed).then(() => true);
    } catch (error) {
      failed(error);
    }
    return true;
  }

  /** Shows a message to the publish hooks, each seeing what those before it made of it. */
  #offerPublish(connection: Connection, message: Message, from = 0): MaybePromise<Message | number> {
    const { publish } = this.#engine.hooks;
    let current = message;
    for (let i = from; i < publish.length; i++) {
      const shown = this.#engine.published(current);
      const answer = this.#engine.hooks.ask<(typeof publish)[number]['call'], MessageChange | number>(
        'publish',
        publish.slice(i, i + 1),
        (call) => call(connection, shown),
        ReasonCode.ImplementationSpecificError,
      );
      if (answer instanceof Promise) {
        const kept = current.keep(this.#engine.slab);
        kept.publisher = connection.session;
        return answer.then((value) => {
          const changed = this.#change(publish[i]!.plugin, kept, shown, value);
          return typeof changed === 'number' ? changed : this.#offerPublish(connection, changed, i + 1);
        });
      }
      const changed = this.#change(publish[i]!.plugin, current, shown, answer);
      if (typeof changed === 'number') return changed;
      current = changed;
    }
    return current;
  }

  #change(
    plugin: string,
    message: Message,
    shown: PublishedMessage,
    answer: MessageChange | number | undefined,
  ): Message | number {
    if (typeof answer === 'number') return answer >= 0x80 ? answer : message;
    if (answer === undefined) return message;
    let changed: Message;
    try {
      changed = this.#engine.makeMessage({ ...shown, ...answer }, message.publisherId);
    } catch (error) {
      this.#engine.hookFailed(plugin, 'publish', error);
      return ReasonCode.ImplementationSpecificError;
    }
    changed.publisher = message.publisher;
    if (answer.properties === undefined) changed.expiresAt = message.expiresAt;
    else this.#engine.startMessageExpiry(changed);
    return changed;
  }

  /** Whether the deliver hooks let a message go to a subscriber. */
  allowsDelivery(connection: Connection, message: Message, qos: number, retain: boolean): boolean {
    const { hooks, metrics } = this.#engine;
    if (hooks.mayRead.length > 0 && !this.mayRead(connection, message.topic.text)) {
      metrics.droppedByPlugin++;
      return false;
    }
    if (hooks.deliver.length === 0) return true;
    const shown: PublishedMessage = { ...this.#engine.published(message), qos: qos as QoS, retain };
    for (const hook of hooks.deliver) {
      try {
        const answer: unknown = hook.call(connection, shown);
        if (answer instanceof Promise) {
          answer.catch(() => {});
          throw new Error('it must answer at once, not with a promise');
        }
        if (answer !== false) continue;
      } catch (error) {
        this.#engine.hookFailed(hook.plugin, 'deliver', error);
      }
      this.#engine.metrics.droppedByPlugin++;
      return false;
    }
    return true;
  }

  /** null when the client is not who it says. */
  nextAuthenticationStep(
    connection: Connection,
    data: Uint8Array | undefined,
  ): MaybePromise<AuthenticationStep | null> {
    // throwing is how a method refuses a client
    const failed = (error: unknown): void => {
      const text = error instanceof Error ? error.message : String(error);
      this.#engine.log('notice', `${connection.name}: ${connection.authenticationMethod} failed: ${text}`);
    };
    try {
      const step = connection.exchange!.next(data);
      return step instanceof Promise
        ? this.#engine.hooks.supervised<AuthenticationStep | null>(step, null, failed)
        : step;
    } catch (error) {
      failed(error);
      return null;
    }
  }
}

/** Anything but `true` is a no; a reason code of 0x80 or above says which. */
function refusalCode(answer: unknown): number {
  return typeof answer === 'number' && answer >= 0x80 && answer <= 0xff ? answer : ReasonCode.NotAuthorized;
}
