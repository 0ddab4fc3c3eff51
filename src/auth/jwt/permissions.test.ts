// Which topics and filters the lists of a token allow, and that the names of a client cannot widen them.
import { describe, expect, it } from 'vitest';
import { Permissions } from './permissions.js';

const names = { clientId: 'c', username: 'ann' };
const permissions = (list: unknown, who: typeof names = names): Permissions =>
  new Permissions({ publish: list, subscribe: list }, who);

describe('a subscription', () => {
  it.each([
    ['a/#', 'a/#', true],
    ['a/#', 'a', true],
    ['a/#', 'a/+/b', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a/+', true],
    ['a/+', 'a/#', false],
    ['a/+', 'a', false],
    ['a/b', 'a/+', false],
    ['+/b', '#', false],
    ['+', '#', false],
    ['#', '#', true],
    ['#', '+/a', true],
    ['#', '$SYS/#', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/broker', true],
    ['a/#', '$share/g/a/b', true],
    ['a/#', '$share/g/b', false],
    ['#', '$share/g/$SYS/#', false],
    ['a', '$share/a', false],
    ['a', '', false],
  ])('with %s allowed, to %s: %s', (granted, asked, isAllowed) => {
    expect(permissions([granted]).maySubscribe(asked)).toBe(isAllowed);
    expect(permissions([granted]).maySubscribe(asked)).toBe(isAllowed);
  });
});

describe('publishing', () => {
  it('is never allowed where only the broker does it', () => {
    const all = permissions(['#', '$SYS/#', '$share/#', '$other/#']);
    expect(['$SYS/a', '$share/g/a', '$other/a', 'a'].map((topic) => all.mayPublish(topic))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('is decided the same however often, and for however long topics, it is asked', () => {
    const some = permissions(['a/+']);
    for (let n = 0; n < 300; n++) expect(some.mayPublish(`a/${n}`)).toBe(true);
    expect(some.mayPublish(`a/${'x'.repeat(60_000)}`)).toBe(true);
    expect(some.mayPublish(`b/${'x'.repeat(60_000)}`)).toBe(false);
  });
});

describe('names in filters', () => {
  it('stand for those of the client', () => {
    expect(permissions(['%u/%c/100%%']).mayPublish('ann/c/100%')).toBe(true);
  });

  it.each(['+', '#', 'a/b', 'a+', '', '\0'])(
    'do nothing when they could widen the filter: %j',
    (clientId) => {
      const own = permissions(['of/%c', 'of/%c/#'], { clientId, username: 'ann' });
      expect(
        ['of/x', 'of/a/b', 'of/', 'of/a+', `of/${clientId}`].map((topic) => own.mayRead(topic)),
      ).not.toContain(true);
    },
  );

  it('are put in once: a name that looks like a placeholder stays as it is', () => {
    const own = permissions(['of/%c'], { clientId: '%u', username: 'ann' });
    expect([own.mayRead('of/%u'), own.mayRead('of/ann')]).toEqual([true, false]);
  });
});

it('filters that are none allow nothing', () => {
  expect(permissions(['a#', 'a/#/b', '']).mayPublish('a')).toBe(false);
});
