// Protection of a broker that strangers can reach: limits by address, failed logins, clients that come again and
// again, and bans. Everything is bounded, and costs nothing while it is off.
import { MqttError, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import type { Engine } from '../engine.js';
import type { Listener } from '../listener.js';
import { Timer } from '../timers.js';
import { addressKey, isWithin, type Network, parseNetworks } from './address.js';
import { Arrival, type Refusal } from './arrival.js';
import {
  type Ban,
  BanError,
  type BanKind,
  Bans,
  type BanTarget,
  banKinds,
  nameKey,
  resolveTarget,
} from './bans.js';
import { QuietLines } from './quiet-lines.js';
import { RecentCounts } from './recent-counts.js';

/** Addresses, or client ids, that are counted at once. */
const COUNTED = 10_000;
/** So many connections wait at once for their refusal; others are closed without a word. */
const WAITING_REFUSALS = 100;
const SWEEP_MS = 1000;
/** Characters of what somebody says about a ban. */
const LONGEST_WHY = 200;

/** What a broker tells of a ban. */
export interface BanState extends Pick<Ban, 'kind' | 'value' | 'why' | 'isAutomatic'> {
  /** Infinity: until it is undone. */
  readonly secondsLeft: number;
}

/** A login that failed: the reason codes of a client that is not who it says. */
const FAILED_LOGIN: ReadonlySet<number> = new Set([
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
]);

const BANNED: Refusal = { reason: ReasonCode.Banned, text: 'banned' };

class Sweep extends Timer {
  override fire: () => void;

  constructor(fire: () => void) {
    super();
    this.fire = fire;
  }
}

export class Protection {
  readonly #engine: Engine;
  /** Connections by address. There are no more entries than connections. */
  readonly #open = new Map<string, number>();
  readonly #arrivals = new RecentCounts(COUNTED);
  readonly #failures = new RecentCounts(COUNTED);
  readonly #connects = new RecentCounts(COUNTED);
  readonly #bans = new Bans();
  readonly #lines: QuietLines;
  readonly #errors: QuietLines;
  readonly #sweep = new Sweep(() => this.#swept());
  #waitingRefusals = 0;
  #allowed: { readonly list: string; readonly networks: readonly Network[] } = { list: '', networks: [] };

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#lines = new QuietLines((text) => {
      if (engine.observer === null) engine.log('notice', text);
      else engine.observer.protected(text);
    });
    this.#errors = new QuietLines(
      (text) => engine.log('error', text),
      'connections that could not be accepted',
    );
  }

  // ---- network connections ----

  /** A connection has come to nothing before it was a client's. */
  notAccepted(why: string): void {
    this.#errors.say(`a connection could not be accepted: ${why}`, this.#engine.now());
    if (this.#errors.hasLeftOut) this.#watch();
  }

  /** Counts a connection that has just come; null when it is to be closed at once. */
  arrive(address: string, listener: Listener): Arrival | null {
    const { maxConnectionsPerAddress, connectionRatePerAddress } = this.#engine.options;
    if (maxConnectionsPerAddress === 0 && connectionRatePerAddress === 0 && this.#bans.size === 0)
      return new Arrival(listener, undefined, null);
    const key = addressKey(address);
    if (key === undefined) return new Arrival(listener, undefined, null);
    const refusal = this.#refusalOf(address, key);
    if (refusal !== null) return this.#refuse(address, listener, refusal);
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
    return new Arrival(listener, key, null);
  }

  #refusalOf(address: string, key: string): Refusal | null {
    const { options, metrics } = this.#engine;
    const { maxConnectionsPerAddress: most, connectionRatePerAddress: rate } = options;
    if (this.#isBanned('address', key) && !this.#isAllowed(address)) {
      metrics.refusedBanned++;
      return BANNED;
    }
    if (rate > 0 && this.#arrivals.add(key, this.#engine.now(), 1000) > rate) {
      metrics.refusedPerAddress++;
      return {
        reason: ReasonCode.ConnectionRateExceeded,
        text: `its address has made more than ${rate} connections in a second`,
      };
    }
    if (most > 0 && (this.#open.get(key) ?? 0) >= most) {
      metrics.refusedPerAddress++;
      return { reason: ReasonCode.QuotaExceeded, text: `its address has ${most} connections already` };
    }
    return null;
  }

  #refuse(address: string, listener: Listener, refusal: Refusal): Arrival | null {
    this.#say(`Connection from ${address} refused: ${refusal.text}.`);
    if (this.#waitingRefusals >= WAITING_REFUSALS) return null;
    this.#waitingRefusals++;
    return new Arrival(listener, undefined, refusal);
  }

  /** The connection has ended. */
  depart({ key, refusal }: Arrival): void {
    if (refusal !== null) this.#waitingRefusals--;
    if (key === undefined) return;
    const left = this.#open.get(key)! - 1;
    if (left > 0) this.#open.set(key, left);
    else this.#open.delete(key);
  }

  // ---- clients ----

  /** Throws why a client that has sent CONNECT does not get in. */
  judge(connection: Connection): void {
    const { refusal } = connection.arrival;
    if (refusal !== null) throw new MqttError(refusal.reason, refusal.text);
    if (this.#bans.size === 0) return;
    const { remoteAddress, username, entrance } = connection;
    const key = addressKey(remoteAddress);
    if (key !== undefined && this.#isBanned('address', key) && !this.#isAllowed(remoteAddress))
      this.#turnAway(connection);
    this.judgeUser(connection);
    const clientId = entrance.limits.usernameAsClientid ? (username ?? '') : connection.clientId;
    if (this.#isBanned('clientId', nameKey(clientId))) this.#turnAway(connection);
  }

  /** The same for its user name, which it may learn late. */
  judgeUser(connection: Connection): void {
    const { username } = connection;
    if (username !== undefined && this.#isBanned('username', nameKey(username))) this.#turnAway(connection);
  }

  #turnAway(connection: Connection): never {
    this.#engine.metrics.refusedBanned++;
    this.#say(`Client ${connection.name} refused: banned.`);
    throw new MqttError(BANNED.reason, BANNED.text);
  }

  /** A client is about to be told that it is in. Whether it came too often, and is banned now. */
  flaps({ clientId, remoteAddress }: Connection): boolean {
    const { maxClientConnects: most, clientConnectSeconds: seconds } = this.#engine.options;
    if (most === 0 || this.#isAllowed(remoteAddress)) return false;
    const key = nameKey(clientId);
    if (this.#connects.add(key, this.#engine.now(), seconds * 1000) <= most) return false;
    this.#connects.forget(key);
    this.#imposeByItself('clientId', key, `connected more than ${most} times in ${seconds} seconds`);
    return true;
  }

  /** A client did not get in: when that was a failed login its address has one less to go. */
  notConnected({ arrival, remoteAddress }: Connection, reason: number): void {
    const { maxFailedLogins: most, failedLoginSeconds: seconds } = this.#engine.options;
    if (most === 0 || arrival.refusal !== null || !FAILED_LOGIN.has(reason)) return;
    const key = addressKey(remoteAddress);
    if (key === undefined || this.#isAllowed(remoteAddress)) return;
    if (this.#failures.add(key, this.#engine.now(), seconds * 1000) < most) return;
    this.#failures.forget(key);
    if (!this.#isBanned('address', key))
      this.#imposeByItself('address', key, `${most} failed logins in ${seconds} seconds`);
  }

  // ---- bans ----

  /** Throws a BanError when that cannot be. */
  ban(target: BanTarget, seconds: number, why: string): void {
    const { kind, value } = resolveTarget(target);
    if (!(seconds > 0))
      throw new BanError('the seconds of a ban are more than 0; Infinity: until it is undone');
    if ('address' in target && this.#isAllowed(target.address))
      throw new BanError(`${target.address} is in neverBan`);
    this.#impose(kind, value, seconds, why.slice(0, LONGEST_WHY), false);
    for (const connection of [...this.#engine.connections])
      if (this.#concerns(kind, value, connection)) end(connection);
  }

  #imposeByItself(kind: BanKind, value: string, why: string): void {
    this.#impose(kind, value, this.#engine.options.banSeconds, why, true);
  }

  #impose(kind: BanKind, value: string, seconds: number, why: string, isAutomatic: boolean): void {
    const { metrics } = this.#engine;
    this.#bans.add({ kind, value, why, isAutomatic, until: this.#engine.now() + seconds * 1000 });
    metrics.bansMade++;
    metrics.bansCurrent = this.#bans.size;
    const time = seconds === Number.POSITIVE_INFINITY ? 'until it is undone' : `for ${seconds} seconds`;
    this.#say(`${banKinds[kind]} ${value} banned ${time}: ${why}.`);
    this.#watch();
  }

  #concerns(kind: BanKind, value: string, connection: Connection): boolean {
    const { remoteAddress, clientId, username } = connection;
    if (kind === 'address') return addressKey(remoteAddress) === value && !this.#isAllowed(remoteAddress);
    const name = kind === 'clientId' ? clientId : username;
    return name !== undefined && nameKey(name) === value;
  }

  /** Returns whether there was such a ban. */
  unban(target: BanTarget): boolean {
    const { kind, value } = resolveTarget(target);
    const ban = this.#bans.remove(kind, value);
    if (ban !== undefined) this.#lift(ban, 'undone by hand');
    return ban !== undefined;
  }

  #lift({ kind, value }: Ban, how: string): void {
    this.#engine.metrics.bansCurrent = this.#bans.size;
    this.#say(`${banKinds[kind]} ${value} is no longer banned: ${how}.`);
  }

  bans(): BanState[] {
    const now = this.#engine.now();
    return [...this.#bans]
      .filter(({ until }) => until > now)
      .map(({ until, ...ban }) => ({ ...ban, secondsLeft: (until - now) / 1000 }));
  }

  #isBanned(kind: BanKind, value: string): boolean {
    return this.#bans.find(kind, value, this.#engine.now()) !== undefined;
  }

  /** Whether an address is on the list of those that are never banned. */
  #isAllowed(address: string): boolean {
    const { neverBan } = this.#engine.options;
    if (neverBan !== this.#allowed.list)
      this.#allowed = { list: neverBan, networks: parseNetworks(neverBan) };
    return isWithin(this.#allowed.networks, address);
  }

  // ---- what is told, and what ends by itself ----

  #say(text: string): void {
    this.#lines.say(text, this.#engine.now());
    if (this.#lines.hasLeftOut) this.#watch();
  }

  #watch(): void {
    if (this.#sweep.due === 0) this.#engine.timers.start(this.#sweep, SWEEP_MS);
  }

  #swept(): void {
    for (const ban of this.#bans.takeExpired(this.#engine.now())) this.#lift(ban, 'its time is over');
    this.#lines.settle();
    this.#errors.settle();
    if (this.#bans.size > 0) this.#watch();
  }
}

/** Only CONNACK can say that somebody is banned (MQTT 5 section 3.14.2.1). */
function end(connection: Connection): void {
  connection.disconnect(
    connection.isConnected ? ReasonCode.AdministrativeAction : BANNED.reason,
    BANNED.text,
  );
}
