// Who may do what, by the roles of a client: its own first, then those of its groups, each in the order of priorities.
// What was decided about a topic is remembered until something changes.
import type { ClientInfo } from '../../core/plugin.js';
import { DEFAULT_MEMORY_COST, DecisionMemory } from '../decision-memory.js';
import { type Answer, filterMatch, topicMatch } from './acl.js';
import type { RankedNames } from './ranked-names.js';
import type { AccessType, Role, SecurityState } from './security-state.js';

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

/** null: there is nothing about it. */
type Memory = DecisionMemory<boolean | null>;

const accessTypes = Object.keys(questions) as readonly AccessType[];

export class AccessDecisions {
  readonly #state: SecurityState;
  readonly #memories = new Map<AccessType, Memory>(
    accessTypes.map((type) => [type, new DecisionMemory(DEFAULT_MEMORY_COST / accessTypes.length)]),
  );

  constructor(state: SecurityState) {
    this.#state = state;
  }

  /** What was decided does not hold any more. */
  forget(): void {
    for (const memory of this.#memories.values()) memory.forget();
  }

  /** undefined: there is nothing about it, and others may decide. */
  decide(client: ClientInfo, type: AccessType, topic: string): Answer {
    const memory = this.#memories.get(type)!;
    const known = memory.find(client, topic);
    if (known !== undefined) return known ?? undefined;
    const answer = this.#byRoles(client, type, topic);
    memory.remember(client, topic, answer ?? null);
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
