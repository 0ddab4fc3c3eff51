// Topic aliases (MQTT 5 section 3.3.2.3.4): what a peer's aliases stand for, and which aliases to use to it.
import { MqttError, protocolError } from './error.js';
import { ReasonCode } from './reason-codes.js';

/** Aliases that the peer sets. `T` is whatever stands for a topic. */
export class InboundTopicAliases<T> {
  #topics: (T | undefined)[] = [];

  constructor(readonly maximum: number) {}

  set(alias: number, topic: T): void {
    this.#check(alias);
    while (this.#topics.length < alias) this.#topics.push(undefined);
    this.#topics[alias] = topic;
  }

  /** Throws when the peer never set it. */
  get(alias: number): T {
    this.#check(alias);
    const topic = this.#topics[alias];
    if (topic === undefined) throw protocolError(`topic alias ${alias} was not set before`);
    return topic;
  }

  #check(alias: number): void {
    // [MQTT-3.3.2-12]
    if (alias === 0 || alias > this.maximum) {
      throw new MqttError(ReasonCode.TopicAliasInvalid, `topic alias ${alias} is not in 1..${this.maximum}`); // [MQTT-3.3.2-9]
    }
  }
}

/** Aliases that we set: the first topics that are sent get one each, and keep it while the connection lasts. */
export class OutboundTopicAliases<T> {
  #aliases = new Map<T, number>();

  constructor(readonly maximum: number) {}

  /** The alias the peer knows for a topic, or 0. */
  known(topic: T): number {
    return this.#aliases.get(topic) ?? 0;
  }

  /** Gives a topic an alias, or returns 0 if none is left. The first message with it carries the full topic. */
  assign(topic: T): number {
    const known = this.#aliases.get(topic);
    if (known !== undefined) return known;
    if (this.#aliases.size >= this.maximum) return 0; // [MQTT-3.1.2-26] [MQTT-3.3.2-11]
    const alias = this.#aliases.size + 1;
    this.#aliases.set(topic, alias);
    return alias;
  }
}
