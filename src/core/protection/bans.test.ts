// The list of bans: how long they hold, how many there may be, and what may be banned.
import { describe, expect, it } from 'vitest';
import { type Ban, BanError, Bans, type BanTarget, MOST_BANS, nameKey, resolveTarget } from './bans.js';

function ban(value: string, details: Partial<Ban> = {}): Ban {
  return { kind: 'clientId', value, why: 'test', isAutomatic: true, until: 1000, ...details };
}

describe('a ban', () => {
  it('holds until its time', () => {
    const bans = new Bans();
    bans.add(ban('a'));
    expect(bans.find('clientId', 'a', 999)).toEqual(ban('a'));
    expect(bans.find('clientId', 'a', 1000)).toBeUndefined();
    expect(bans.find('username', 'a', 0)).toBeUndefined();
    expect(bans.takeExpired(999)).toEqual([]);
    expect(bans.takeExpired(1000)).toEqual([ban('a')]);
    expect(bans.size).toBe(0);
  });

  it('by hand goes on when one that was made by itself is over', () => {
    const bans = new Bans();
    bans.add(ban('a', { isAutomatic: false, until: 5000 }));
    bans.add(ban('a'));
    bans.takeExpired(2000);
    expect(bans.find('clientId', 'a', 2000)?.isAutomatic).toBe(false);
    bans.add(ban('a', { until: 9000 }));
    expect(bans.remove('clientId', 'a')).toBeDefined();
    expect([...bans]).toEqual([]);
    expect(bans.remove('clientId', 'a')).toBeUndefined();
  });

  it('that was made by itself gives way when there are too many; one by hand does not', () => {
    const bans = new Bans();
    bans.add(ban('hand', { isAutomatic: false }));
    for (let i = 0; i < MOST_BANS + 5; i++) bans.add(ban(`${i}`));
    expect(bans.size).toBe(MOST_BANS + 1);
    expect(bans.find('clientId', '4', 0)).toBeUndefined();
    expect(bans.find('clientId', '5', 0)).toBeDefined();
    expect(bans.find('clientId', 'hand', 0)).toBeDefined();
  });

  it('by hand too many is refused, and the others stay; one that is there can be changed', () => {
    const bans = new Bans();
    for (let i = 0; i < MOST_BANS; i++) bans.add(ban(`${i}`, { isAutomatic: false }));
    expect(() => bans.add(ban('more', { isAutomatic: false }))).toThrow('unban somebody first');
    bans.add(ban('7', { isAutomatic: false, why: 'other' }));
    expect(bans.find('clientId', '7', 0)?.why).toBe('other');
  });
});

describe('a target', () => {
  it('is an address as it is counted, or a name', () => {
    expect(resolveTarget({ address: '::ffff:192.0.2.1' })).toEqual({ kind: 'address', value: '192.0.2.1' });
    expect(resolveTarget({ clientId: 'x' })).toEqual({ kind: 'clientId', value: 'x' });
    expect(resolveTarget({ username: 'x' })).toEqual({ kind: 'username', value: 'x' });
  });

  it.each([
    {},
    { address: 'localhost' },
    { address: '' },
    { clientId: '' },
    { clientId: 5 },
    { clientId: 'a', username: 'b' },
    { toString: 'a' },
    { user: 'a' },
  ] as readonly unknown[])('is refused when it is none: %j', (target) => {
    expect(() => resolveTarget(target as BanTarget)).toThrow(BanError);
  });

  it('with a long name takes little room, and is not mistaken for another one', () => {
    const long = 'a'.repeat(60_000);
    expect(nameKey(long).length).toBeLessThan(300);
    expect(new Set([long, `${long}a`, `b${long.slice(1)}`, `${long.slice(1)}b`].map(nameKey)).size).toBe(4);
  });
});
