// What was decided about clients and topics, remembered until something changes or it has become too much: then
// everything is forgotten, as it is quickly decided again.
import type { ClientInfo } from '../core/plugin.js';

/** Cost of a decision beside the characters of its topic. */
const COST_EACH = 100;
/** For all that a plugin remembers. */
export const DEFAULT_MEMORY_COST = 32 * 1024 * 1024;

export class DecisionMemory<Answer extends boolean | null> {
  readonly #maxCost: number;
  #clients = new WeakMap<ClientInfo, Map<string, Answer>>();
  #cost = 0;

  /** `maxCost`: how much may be remembered, in characters of topics and 100 for each decision. */
  constructor(maxCost: number) {
    this.#maxCost = maxCost;
  }

  /** undefined: nothing is remembered. */
  find(client: ClientInfo, topic: string): Answer | undefined {
    return this.#clients.get(client)?.get(topic);
  }

  remember(client: ClientInfo, topic: string, answer: Answer): void {
    this.#cost += COST_EACH + topic.length;
    if (this.#cost > this.#maxCost) this.forget();
    const answers = this.#clients.get(client);
    if (answers === undefined) this.#clients.set(client, new Map([[topic, answer]]));
    else answers.set(topic, answer);
  }

  /** What was decided does not hold any more. */
  forget(): void {
    this.#clients = new WeakMap();
    this.#cost = 0;
  }
}
