// Who is banned, for how long and why. Those that the broker makes by itself are bounded: the oldest goes when there
// are too many. Those that somebody made by hand are never dropped for them.
import { addressKey } from './address.js';

/** One address (of IPv6 its /64), client id or user name. */
export type BanTarget =
  | { readonly address: string }
  | { readonly clientId: string }
  | { readonly username: string };

export interface Ban {
  readonly kind: BanKind;
  /** The address, the /64, the client id or the user name. */
  readonly value: string;
  readonly why: string;
  /** Whether the broker made it by itself. */
  readonly isAutomatic: boolean;
  /** On the engine's clock, in milliseconds. */
  readonly until: number;
}

/** How each kind is called in texts. */
export const banKinds = { address: 'Address', clientId: 'Client', username: 'User' } as const;
export type BanKind = keyof typeof banKinds;

/** A target cannot be banned; the text says why. */
export class BanError extends Error {
  override name = 'BanError';
}

export const MOST_BANS = 10_000;
/** Names of more characters than this are told apart by their ends and their length, so that they take little room. */
const LONG_NAME = 256;

/** A name to count by. */
export function nameKey(name: string): string {
  if (name.length <= LONG_NAME) return name;
  return `${name.slice(0, LONG_NAME / 2)}…${name.slice(-LONG_NAME / 2)} (${name.length})`;
}

/** Throws a BanError when it is not one of the three, or no address. */
export function resolveTarget(target: BanTarget): { kind: BanKind; value: string } {
  const given = Object.entries(target).filter(([, value]) => value !== undefined);
  const [kind, name] = given[0] ?? ['', ''];
  if (given.length !== 1 || !Object.hasOwn(banKinds, kind) || typeof name !== 'string' || name === '')
    throw new BanError('say who: one of { address }, { clientId } and { username }');
  if (kind !== 'address') return { kind: kind as BanKind, value: nameKey(name) };
  const value = addressKey(name);
  if (value === undefined) throw new BanError(`${JSON.stringify(name)} is no IPv4 or IPv6 address`);
  return { kind, value };
}

function keyOf(kind: BanKind, value: string): string {
  return `${kind} ${value}`;
}

export class Bans {
  readonly #byHand = new Map<string, Ban>();
  readonly #automatic = new Map<string, Ban>();

  get size(): number {
    return this.#byHand.size + this.#automatic.size;
  }

  /** Throws a BanError when there are too many by hand. */
  add(ban: Ban): void {
    const key = keyOf(ban.kind, ban.value);
    if (!ban.isAutomatic) {
      if (this.#byHand.size >= MOST_BANS && !this.#byHand.has(key))
        throw new BanError(`there are ${MOST_BANS} bans already: unban somebody first`);
      this.#byHand.set(key, ban);
      return;
    }
    this.#automatic.delete(key);
    if (this.#automatic.size >= MOST_BANS) this.#dropOldest();
    this.#automatic.set(key, ban);
  }

  #dropOldest(): void {
    for (const key of this.#automatic.keys()) {
      this.#automatic.delete(key);
      return;
    }
  }

  /** Returns what was removed. */
  remove(kind: BanKind, value: string): Ban | undefined {
    const key = keyOf(kind, value);
    const found = this.#byHand.get(key) ?? this.#automatic.get(key);
    this.#byHand.delete(key);
    this.#automatic.delete(key);
    return found;
  }

  find(kind: BanKind, value: string, now: number): Ban | undefined {
    if (this.size === 0) return undefined;
    const key = keyOf(kind, value);
    return [this.#byHand.get(key), this.#automatic.get(key)].find(
      (ban) => ban !== undefined && ban.until > now,
    );
  }

  /** Removes those whose time is over, and returns them. */
  takeExpired(now: number): Ban[] {
    const expired = [...this].filter(({ until }) => until <= now);
    for (const { kind, value, isAutomatic } of expired)
      (isAutomatic ? this.#automatic : this.#byHand).delete(keyOf(kind, value));
    return expired;
  }

  *[Symbol.iterator](): Generator<Ban> {
    yield* this.#byHand.values();
    yield* this.#automatic.values();
  }
}
