// Who may do what, by the roles of a client: its own first, then those of its groups, each in the order of priorities.
// What was decided about a topic is remembered until something changes.
import type { ClientInfo } from '../../core/plugin.js';
import { type Answer, filterMatch, topicMatch } from './acl.js';
import type { RankedNames } from './ranked-names.js';
import type { AccessType, Role, SecurityState } from './security-state.js';

/** Cost of all decisions that are remembered: characters of topics, and this much for each. */
const COST_EACH = 100;
const MAX_COST = 32 * 1024 * 1024;

type Ask = (role: Role, topic: string, levels: readonly string[], client: ClientInfo) => Answer;

function hasWildcardCharacter(filter: string): boolean {
  return /[+#]/.test(filter);
}

const questions: Readonly<Record<AccessType, Ask>> = {
  publishClientSend: ({ acls }, _topic, levels, client) =>
    acls.publishClientSend.first(topicMatch, levels, client),
  publishClientReceive: ({ acls }, _topic, levels, client) =>
    acls.publishClientReceive.first(topicMatch, levels, client),
  subscribe: ({ acls, allowWildcardSubs }, filter, levels, client) =>
    !allowWildcardSubs && hasWildcardCharacter(filter)
      ? false
      : (acls.subscribeLiteral.exactly(filter) ?? acls.subscribePattern.first(filterMatch, levels, client)),
  unsubscribe: ({ acls }, filter, levels, client) =>
    acls.unsubscribeLiteral.exactly(filter) ?? acls.unsubscribePattern.first(filterMatch, levels, client),
};

type Remembered = Readonly<Record<AccessType, Map<string, Answer>>>;

export class AccessDecisions {
  readonly #state: SecurityState;
  #remembered = new WeakMap<ClientInfo, Remembered>();
  #cost = 0;

  constructor(state: SecurityState) {
    this.#state = state;
  }

  /** What was decided does not hold any more. */
  forget(): void {
    this.#remembered = new WeakMap();
    this.#cost = 0;
  }

  /** undefined: there is nothing about it, and others may decide. */
  decide(client: ClientInfo, type: AccessType, topic: string): Answer {
    const known = this.#memoryOf(client)[type];
    if (known.has(topic)) return known.get(topic);
    const answer = this.#byRoles(client, type, topic);
    this.#cost += COST_EACH + topic.length;
    if (this.#cost > MAX_COST) this.forget();
    else known.set(topic, answer);
    return answer;
  }

  /** Which role is to blame for a no; undefined when nobody asked here said one. */
  whyNot(client: ClientInfo, type: AccessType, topic: string): string | undefined {
    const answer = this.decide(client, type, topic);
    if (answer === true || (answer === undefined && this.#rolesOf(client) === undefined)) return undefined;
    const levels = topic.split('/');
    const names = (this.#rolesOf(client) ?? []).flatMap((list) => [...list].map(({ name }) => name));
    const denying = names.find((name) => {
      return questions[type](this.#state.roles.get(name)!, topic, levels, client) === false;
    });
    return answer === false && denying !== undefined
      ? `role ${denying} denies it (${type})`
      : `no role allows it (${type})`;
  }

  #memoryOf(client: ClientInfo): Remembered {
    let remembered = this.#remembered.get(client);
    if (remembered === undefined) {
      remembered = {
        publishClientSend: new Map(),
        publishClientReceive: new Map(),
        subscribe: new Map(),
        unsubscribe: new Map(),
      };
      this.#remembered.set(client, remembered);
    }
    return remembered;
  }

  #byRoles(client: ClientInfo, type: AccessType, topic: string): Answer {
    const lists = this.#rolesOf(client);
    if (lists === undefined) return undefined;
    const levels = topic.split('/');
    for (const list of lists) {
      for (const { name } of list) {
        const answer = questions[type](this.#state.roles.get(name)!, topic, levels, client);
        if (answer !== undefined) return answer;
      }
    }
    // access to the broker itself must be granted in so many words
    return this.#state.defaultAccess[type] && !topic.startsWith('$CONTROL') ? true : undefined;
  }

  /** undefined: it is not a client of ours. */
  #rolesOf({ username }: ClientInfo): RankedNames[] | undefined {
    const { clients, groups, anonymousGroup } = this.#state;
    if (username === undefined) return anonymousGroup === undefined ? [] : [anonymousGroup.roles];
    const client = clients.get(username);
    if (client === undefined) return undefined;
    return [client.roles, ...[...client.groups].map(({ name }) => groups.get(name)!.roles)];
  }
}
