// What a token allows: lists of topic filters for publishing and for subscribing, with %c and %u for the client's own
// names.
import { isTopicFilter } from '../../protocol/index.js';

/** Names that a filter may stand for; undefined: there is none that was proved. */
export interface OwnNames {
  readonly clientId: string;
  readonly username: string | undefined;
}

/** Decisions that are remembered for a client, and how long their topics may be (characters). */
const MAX_REMEMBERED = 100;
const MAX_REMEMBERED_LENGTH = 256;
/** Filters of one list: each may be compared with each topic. */
const MAX_FILTERS = 1000;
const SHARED = '$share/';

/** Topics of the broker's own. Being allowed everything does not mean these. */
const RESERVED = /^\$(SYS|share)(\/|$)/;

/** A list in a token that cannot be used. */
export class PermissionError extends Error {
  override readonly name = 'PermissionError';
}

/** undefined when a name is missing, or would become more than the part of a level that it stands for. */
function own(filter: string, { clientId, username }: OwnNames): string | undefined {
  let isSafe = true;
  const filled = filter.replace(/%([cu%])/g, (_, letter: string) => {
    if (letter === '%') return '%';
    const name = letter === 'c' ? clientId : username;
    if (name === undefined || name === '' || /[+#/\0]/.test(name)) isSafe = false;
    return name ?? '';
  });
  return isSafe && isTopicFilter(filled) ? filled : undefined;
}

/** Whether everything that `asked` matches is matched by `granted` as well: both as levels. */
function covers(granted: readonly string[], asked: readonly string[]): boolean {
  // wildcards at the beginning are not for topics with a $ [MQTT-4.7.2-1]
  if (asked[0]!.startsWith('$') && (granted[0] === '#' || granted[0] === '+')) return false;
  for (let at = 0; at < granted.length; at++) {
    const level = granted[at]!;
    if (level === '#') return true;
    const wanted = asked[at];
    if (wanted === undefined || wanted === '#') return false;
    if (level !== '+' && level !== wanted) return false;
  }
  return granted.length === asked.length;
}

class FilterList {
  readonly #filters: readonly (readonly string[])[];
  readonly #remembered = new Map<string, boolean>();

  constructor(filters: readonly string[], names: OwnNames) {
    this.#filters = filters
      .map((filter) => own(filter, names))
      .filter((filter) => filter !== undefined)
      .map((filter) => filter.split('/'));
  }

  /** A topic, or a filter. */
  allows(topic: string): boolean {
    const known = this.#remembered.get(topic);
    if (known !== undefined) return known;
    const levels = topic.split('/');
    const isAllowed = this.#filters.some((filter) => covers(filter, levels));
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    if (topic.length <= MAX_REMEMBERED_LENGTH) this.#remembered.set(topic, isAllowed);
    return isAllowed;
  }
}

/** Nothing for a claim that is not there. Throws PermissionError. */
function filtersOf(claim: unknown): readonly string[] {
  const list: unknown = typeof claim === 'string' ? [claim] : (claim ?? []);
  if (!Array.isArray(list) || list.length > MAX_FILTERS || list.some((one) => typeof one !== 'string'))
    throw new PermissionError(`topics in a token have to be a list of at most ${MAX_FILTERS} filters`);
  return list as string[];
}

/** The filter of a shared subscription, and other filters as they are. */
function withoutShare(filter: string): string {
  if (!filter.startsWith(SHARED)) return filter;
  const end = filter.indexOf('/', SHARED.length);
  return end === -1 ? filter : filter.slice(end + 1);
}

export class Permissions {
  readonly #publish: FilterList;
  readonly #subscribe: FilterList;

  /** `publish` and `subscribe`: the claims as they are in the token. Throws PermissionError. */
  constructor(claims: { readonly publish: unknown; readonly subscribe: unknown }, names: OwnNames) {
    this.#publish = new FilterList(filtersOf(claims.publish), names);
    this.#subscribe = new FilterList(filtersOf(claims.subscribe), names);
  }

  mayPublish(topic: string): boolean {
    return !RESERVED.test(topic) && this.#publish.allows(topic);
  }

  mayRead(topic: string): boolean {
    return this.#subscribe.allows(topic);
  }

  /** Only when all that the filter matches may be read. */
  maySubscribe(filter: string): boolean {
    return this.#subscribe.allows(withoutShare(filter));
  }
}
