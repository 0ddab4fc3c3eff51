// Limits by address, failed logins, clients that come again and again, and bans, with a clock in the test's hands.
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../../test/engine/peer.js';
import { World, type WorldOptions } from '../../../test/engine/world.js';
import { visitor } from '../../../test/protection/visitor.js';
import { BanError } from './bans.js';

const [A, B] = ['192.0.2.1', '192.0.2.2'];
const passwords = {
  name: 'passwords',
  authenticate: (_client: object, { password }: { password?: Uint8Array | undefined }) =>
    Buffer.from(password ?? []).toString() === 'right' ? true : 0x86,
};

/** The reason code of the answer to CONNECT; undefined when there was none. */
function answer(peer: Peer): number | undefined {
  const [packet] = peer.take();
  return packet?.type === 'connack' ? packet.reason : undefined;
}

/** What an address hears when it connects. */
function knock(
  world: World,
  address: string,
  options: Parameters<Peer['connect']>[0] = {},
): number | undefined {
  return answer(visitor(world, address).connect(options));
}

function login(world: World, address: string, password: string): number | undefined {
  return knock(world, address, { username: 'u', password: Buffer.from(password) });
}

describe('maxConnectionsPerAddress', () => {
  it('refuses one more with 0x97; when one has gone there is room again, and others never notice', () => {
    const world = new World({ maxConnectionsPerAddress: 2 });
    const [first, second] = [visitor(world, A).connect().accepted(), visitor(world, A).connect().accepted()];
    expect(knock(world, A)).toBe(0x97);
    expect(knock(world, B)).toBe(0);
    first.leave();
    expect(knock(world, A)).toBe(0);
    expect(second.isClosed).toBe(false);
    expect(world.engine.metrics.refusedPerAddress).toBe(1);
  });

  it('counts connections that send nothing', () => {
    const world = new World({ maxConnectionsPerAddress: 2, connectTimeout: 10 });
    for (let i = 0; i < 2; i++) visitor(world, A);
    expect(knock(world, A)).toBe(0x97);
    world.pass(11_000);
    expect(knock(world, A)).toBe(0);
  });

  it('counts a /64 of IPv6 as one, and what is no address not at all', () => {
    const world = new World({ maxConnectionsPerAddress: 1 });
    expect(knock(world, '2001:db8::1')).toBe(0);
    expect(knock(world, '2001:db8::2')).toBe(0x97);
    expect(knock(world, '2001:db8:0:1::2')).toBe(0);
    for (let i = 0; i < 5; i++) expect(knock(world, '/run/pondhawk')).toBe(0);
  });

  it('answers a hundred at once, closes the others at once, and none takes the place of others', () => {
    const world = new World({ maxConnectionsPerAddress: 1, maxConnections: 3 });
    const peers = Array.from({ length: 5000 }, () => visitor(world, A));
    expect(world.engine.connections.size).toBe(101);
    expect(peers.filter(({ isClosed }) => isClosed)).toHaveLength(4899);
    expect(knock(world, B)).toBe(0);
    world.pass(6000);
    expect(world.engine.connections.size).toBe(2);
    expect(world.logged.length).toBeLessThan(250);
  });

  it('is told to MQTT 3.1.1 clients as return code 3', () => {
    const world = new World({ maxConnectionsPerAddress: 1 });
    visitor(world, A).connect().accepted();
    const peer = visitor(world, A, 4).connect();
    expect(answer(peer)).toBe(3);
    expect(peer.isClosed).toBe(true);
  });
});

describe('connectionRatePerAddress', () => {
  it('refuses more in a second with 0x9F, and takes more in the next', () => {
    const world = new World({ connectionRatePerAddress: 3 });
    const answers = Array.from({ length: 5 }, () => knock(world, A));
    expect(answers).toEqual([0, 0, 0, 0x9f, 0x9f]);
    expect(knock(world, B)).toBe(0);
    world.pass(1000);
    expect(knock(world, A)).toBe(0);
  });
});

describe('maxFailedLogins', () => {
  const options: WorldOptions = {
    maxFailedLogins: 3,
    failedLoginSeconds: 10,
    banSeconds: 60,
    plugins: [passwords],
  };

  it('bans the address for banSeconds, whatever it sends then, and no other', () => {
    const world = new World(options);
    expect([1, 2, 3, 4].map(() => login(world, A, 'wrong'))).toEqual([0x86, 0x86, 0x86, 0x8a]);
    expect(login(world, A, 'right')).toBe(0x8a);
    expect(login(world, B, 'right')).toBe(0);
    world.pass(61_500);
    expect(login(world, A, 'right')).toBe(0);
    const lines = world.lines('notice');
    expect(lines).toContain(`Address ${A} banned for 60 seconds: 3 failed logins in 10 seconds.`);
    expect(lines).toContain(`Address ${A} is no longer banned: its time is over.`);
    expect(world.engine.metrics).toMatchObject({ bansMade: 1, bansCurrent: 0, refusedBanned: 2 });
  });

  it('forgets failures when their time is over', () => {
    const world = new World(options);
    for (let i = 0; i < 10; i++) {
      expect(login(world, A, 'wrong')).toBe(0x86);
      world.pass(6000);
    }
  });

  it('counts no client that only went away, and nobody in neverBan', () => {
    const world = new World(options);
    for (let i = 0; i < 10; i++) visitor(world, A).drop();
    for (let i = 0; i < 10; i++) expect(login(world, '127.0.0.1', 'wrong')).toBe(0x86);
    expect(login(world, A, 'right')).toBe(0);
  });

  it('lets the connections be that the address has', () => {
    const world = new World(options);
    const peer = visitor(world, A)
      .connect({ username: 'u', password: Buffer.from('right') })
      .accepted();
    for (let i = 0; i < 5; i++) login(world, A, 'wrong');
    expect(peer.isClosed).toBe(false);
  });

  it('judges by the ban of now who came before it', () => {
    const world = new World(options);
    const early = visitor(world, A);
    for (let i = 0; i < 3; i++) login(world, A, 'wrong');
    expect(answer(early.connect({ username: 'u', password: Buffer.from('right') }))).toBe(0x8a);
  });

  it('keeps its memory within bounds when every failure has another address', () => {
    const world = new World({ ...options, maxFailedLogins: 1 });
    for (let i = 0; i < 10_040; i++)
      login(world, `2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`, 'wrong');
    expect(world.engine.protection.bans()).toHaveLength(10_000);
    expect(world.engine.metrics.bansCurrent).toBe(10_000);
    expect(world.engine.metrics.bansMade).toBe(10_040);
  });
});

describe('maxClientConnects', () => {
  const options: WorldOptions = { maxClientConnects: 3, clientConnectSeconds: 10, banSeconds: 60 };

  it('bans a client id that comes too often, from wherever', () => {
    const world = new World(options);
    const answers = [A, B, A, B, A].map((address) => knock(world, address, { clientId: 'x' }));
    expect(answers).toEqual([0, 0, 0, 0x8a, 0x8a]);
    expect(knock(world, A, { clientId: 'y' })).toBe(0);
    expect(world.engine.protection.bans()).toMatchObject([
      { kind: 'clientId', value: 'x', isAutomatic: true, why: 'connected more than 3 times in 10 seconds' },
    ]);
    world.pass(61_500);
    expect(knock(world, A, { clientId: 'x' })).toBe(0);
  });

  it('counts only clients that got in: nobody can have others banned by their names', () => {
    const world = new World({ ...options, plugins: [passwords] });
    for (let i = 0; i < 10; i++) expect(knock(world, B, { clientId: 'x' })).toBe(0x86);
    expect(knock(world, A, { clientId: 'x', username: 'u', password: Buffer.from('right') })).toBe(0);
  });

  it('leaves the session and its subscriptions', () => {
    const world = new World(options);
    const join = (): Peer => visitor(world, A).connect({ clientId: 'x', expiry: 1000 });
    join().accepted().subscribe('a').drop();
    for (let i = 0; i < 3; i++) join().drop();
    expect(answer(join())).toBe(0x8a);
    world.engine.publishRequest({ topic: 'a', qos: 1 });
    world.pass(61_500);
    expect(
      join()
        .take()
        .map(({ type }) => type),
    ).toEqual(['connack', 'publish']);
  });
});

describe('ban()', () => {
  it('ends the connections of an address with 0x98 and refuses new ones with 0x8A, until unban()', () => {
    const world = new World();
    const { protection } = world.engine;
    const [victim, other] = [visitor(world, A).connect().accepted(), visitor(world, B).connect().accepted()];
    protection.ban({ address: A }, 3600, 'spam');
    world.turn();
    expect(victim.take()).toMatchObject([{ type: 'disconnect', reason: 0x98 }]);
    expect(other.isClosed).toBe(false);
    expect(knock(world, A)).toBe(0x8a);
    world.pass(60_000);
    expect(protection.bans()).toEqual([
      { kind: 'address', value: A, why: 'spam', isAutomatic: false, secondsLeft: 3540 },
    ]);
    expect([protection.unban({ address: A }), protection.unban({ address: A })]).toEqual([true, false]);
    expect(knock(world, A)).toBe(0);
    expect(world.lines('notice')).toEqual(
      expect.arrayContaining([
        `Address ${A} banned for 3600 seconds: spam.`,
        `Connection from ${A} refused: banned.`,
        `Address ${A} is no longer banned: undone by hand.`,
      ]),
    );
  });

  it('is for client ids and user names too', () => {
    const world = new World();
    world.engine.protection.ban({ clientId: 'x' }, Number.POSITIVE_INFINITY, 'old');
    world.engine.protection.ban({ username: 'mallory' }, 10, 'bad');
    expect(knock(world, A, { clientId: 'x' })).toBe(0x8a);
    expect(knock(world, A, { username: 'mallory' })).toBe(0x8a);
    expect(knock(world, A, { username: 'x' })).toBe(0);
    const old = visitor(world, A, 4).connect({ clientId: 'x' });
    expect([answer(old), old.isClosed]).toEqual([5, true]);
    world.pass(20_000);
    expect(knock(world, A, { username: 'mallory' })).toBe(0);
    expect(knock(world, A, { clientId: 'x' })).toBe(0x8a);
  });

  it('of a client id is for the user name where that is the client id', () => {
    const world = new World();
    const entrance = world.engine.addListener('named', { usernameAsClientid: true });
    world.engine.protection.ban({ clientId: 'mallory' }, 10, 'bad');
    const peer = visitor(world, A);
    const [connection] = world.engine.connections;
    Object.defineProperty(connection, 'entrance', { value: entrance });
    expect(answer(peer.connect({ clientId: 'other', username: 'mallory' }))).toBe(0x8a);
  });

  it('is for the user name that enhanced authentication finds out', () => {
    const exchange = { next: () => ({ done: true as const, username: 'mallory' }) };
    const world = new World({
      plugins: [{ name: 'm', authenticationMethods: { m: () => exchange } }] as never,
    });
    world.engine.protection.ban({ username: 'mallory' }, 10, 'bad');
    expect(knock(world, A, { properties: { authenticationMethod: 'm' } })).toBe(0x8a);
  });

  it('of an address in neverBan is refused, and one that is there does not hold for it', () => {
    const world = new World();
    const { protection } = world.engine;
    expect(() => protection.ban({ address: '127.0.0.1' }, 10, '')).toThrow('127.0.0.1 is in neverBan');
    protection.ban({ address: A }, 100, '');
    world.engine.reconfigure({ neverBan: `${B}, 192.0.2.0/31` });
    expect(knock(world, A)).toBe(0);
    world.engine.reconfigure({ neverBan: '' });
    expect(knock(world, A)).toBe(0x8a);
  });

  it.each([0, -1, Number.NaN])('takes no %s seconds', (seconds) => {
    expect(() => new World().engine.protection.ban({ clientId: 'x' }, seconds, '')).toThrow(BanError);
  });

  it('without a ban or a limit counts no address', () => {
    const world = new World();
    visitor(world, A);
    expect([...world.engine.connections][0]!.arrival.key).toBeUndefined();
  });
});

describe('connections that have a handshake before them', () => {
  it('count for maxConnections, and for those of their listener and their address', () => {
    for (const limits of [{ maxConnections: 2 }, { maxConnectionsPerAddress: 2 }]) {
      const world = new World(limits);
      const arrivals = [1, 2].map(() => world.engine.arrive(A, world.engine.unlisted)!);
      expect(knock(world, A)).toBe(0x97);
      for (const arrival of [...arrivals, ...arrivals]) world.engine.depart(arrival);
      expect([knock(world, A), knock(world, A), knock(world, A)]).toEqual([0, 0, 0x97]);
    }
    const world = new World();
    const entrance = world.engine.addListener('one', { maxConnections: 1 });
    for (let i = 0; i < 101; i++) expect(world.engine.arrive(A, entrance)).not.toBeNull();
    expect(world.engine.arrive(A, entrance)).toBeNull();
    expect(world.engine.metrics).toMatchObject({ connectionsOpened: 1, connectionsRefused: 1 });
  });
});
