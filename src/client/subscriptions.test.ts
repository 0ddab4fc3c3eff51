import { describe, expect, it } from 'vitest';
import { type Receiver, Subscriptions } from './subscriptions.js';

const receiver = (): Receiver => () => {};

function withFilters(...filters: string[]): [Subscriptions, Receiver[]] {
  const subscriptions = new Subscriptions();
  const receivers = filters.map((filter) => {
    const one = receiver();
    subscriptions.addReceiver(subscriptions.add(filter, {}), one);
    return one;
  });
  return [subscriptions, receivers];
}

describe('subscriptions', () => {
  it('find who gets a topic by their filters', () => {
    const [subscriptions, [exact, plus, hash, all, shared]] = withFilters(
      'a/b',
      'a/+',
      'a/#',
      '#',
      '$share/g/a/b',
    );
    expect(subscriptions.receivers('a/b', undefined)).toEqual([exact, plus, hash, all, shared]);
    expect(subscriptions.receivers('a', undefined)).toEqual([hash, all]);
    expect(subscriptions.receivers('b', undefined)).toEqual([all]);
  });

  it('[MQTT-4.7.2-1] do not match $ topics with a wildcard at the front', () => {
    const [subscriptions, [, , sys]] = withFilters('#', '+/x', '$SYS/#');
    expect(subscriptions.receivers('$SYS/x', undefined)).toEqual([sys]);
  });

  it('go by the identifiers that come with a message, each receiver once', () => {
    const [subscriptions, [first, second]] = withFilters('a/#', 'a/b');
    expect(subscriptions.receivers('a/b', [1])).toEqual([first]);
    expect(subscriptions.receivers('a/b', [2])).toEqual([second]);
    expect(subscriptions.receivers('a/b', [1, 2])).toEqual([first, second]);
    subscriptions.addReceiver(subscriptions.get('a/b')!, first!);
    expect(subscriptions.receivers('a/b', [1, 2])).toEqual([first, second]);
  });

  it('go by the topic when the identifiers are none of ours', () => {
    const [subscriptions, [one]] = withFilters('a/b');
    expect(subscriptions.receivers('a/b', [99])).toEqual([one]);
  });

  it('never give a message to a filter that does not match it, whatever identifier an older session left', () => {
    const [subscriptions, [b]] = withFilters('b', 'a');
    // the server still knows 1 as `a`, as an earlier run of the program called it
    expect(subscriptions.receivers('a', [1])).not.toContain(b);
  });

  it('have one entry a filter, with the options that came last', () => {
    const subscriptions = new Subscriptions();
    const one = subscriptions.add('a', { qos: 0 });
    expect(subscriptions.add('a', { qos: 2 })).toBe(one);
    expect(one.options.qos).toBe(2);
    expect([...subscriptions.all()]).toEqual([one]);
  });

  it('know at once when a receiver or a filter comes or goes', () => {
    const [subscriptions, [one]] = withFilters('a');
    expect(subscriptions.receivers('a', undefined)).toEqual([one]);
    const two = receiver();
    const plus = subscriptions.add('+', {});
    subscriptions.addReceiver(plus, two);
    expect(subscriptions.receivers('a', undefined)).toEqual([one, two]);
    subscriptions.removeReceiver(plus, two);
    expect(subscriptions.receivers('a', undefined)).toEqual([one]);
    subscriptions.delete('a');
    expect(subscriptions.receivers('a', undefined)).toEqual([]);
    expect(subscriptions.receivers('a', [1])).toEqual([]);
  });

  it('stay right beyond the number of topics that are remembered', () => {
    const [subscriptions, [one]] = withFilters('+');
    for (let i = 0; i < 10_000; i++) expect(subscriptions.receivers(`t${i}`, undefined)).toEqual([one]);
    subscriptions.delete('+');
    expect(subscriptions.receivers('t9999', undefined)).toEqual([]);
    expect(subscriptions.receivers('t1', undefined)).toEqual([]);
  });
});
