// The index of filters: what it finds, in which order, and that it forgets what nobody subscribes to.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicFilter, topicName } from '../../fuzz/arbitraries.js';
import { topicMatches } from '../protocol/index.js';
import type { Session } from './session.js';
import { type FilterNode, ShareGroup, Subscription, SubscriptionIndex } from './subscriptions.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

const session = {} as Session;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Subscribes, so that the node is in use. */
function add(index: SubscriptionIndex, filter: string): Subscription {
  const subscription = new Subscription(session, filter, index.node(filter), null);
  subscription.node.link(subscription);
  return subscription;
}

function remove(index: SubscriptionIndex, { node }: Subscription, subscription: Subscription): void {
  node.unlink(subscription);
  index.prune(node);
}

function filters(nodes: FilterNode[]): string[] {
  return nodes.map((node) => node.filter);
}

function subscribers(node: FilterNode): Subscription[] {
  const found: Subscription[] = [];
  for (let at = node.head; at !== null; at = at.after) found.push(at);
  return found;
}

describe('the index of filters', () => {
  it('has one node a filter', () => {
    const index = new SubscriptionIndex();
    for (const filter of ['a', 'a/b', '+', '#', 'a/+', 'a/#', '+/#', '/', '']) {
      expect(index.node(filter)).toBe(index.node(filter));
      expect(index.node(filter).filter).toBe(filter);
      expect(index.find(filter)).toBe(index.node(filter));
    }
  });

  it('finds nothing for filters that nobody has, not even where longer ones begin', () => {
    const index = new SubscriptionIndex();
    add(index, 'a/+/c/#');
    for (const filter of ['a', 'a/+', 'a/+/c', 'a/#', '+', '#', 'b/+'])
      expect(index.find(filter)).toBeUndefined();
  });

  it('gives filters from the most to the least particular, level by level', () => {
    const index = new SubscriptionIndex();
    const order = ['a/b/#', 'a/b', 'a/+', 'a/#', '+/b', '+/+', '+/#', '#'];
    for (const filter of [...order].reverse()) add(index, filter);
    expect(filters(index.match('a/b'))).toEqual(order);
    index.prune(index.find('a/b/#')!);
    const withoutHash = new SubscriptionIndex();
    for (const filter of order.slice(1)) add(withoutHash, filter);
    expect(filters(withoutHash.match('a/b'))).toEqual(order.slice(1));
  });

  it('takes a/# for a as well, and +/# for every first level', () => {
    const index = new SubscriptionIndex();
    for (const filter of ['a/#', '+/#', 'a/+/#']) add(index, filter);
    expect(filters(index.match('a')).sort()).toEqual(['+/#', 'a/#']);
  });

  it('keeps topics that begin with $ from wildcards in the first level [MQTT-4.7.2-1]', () => {
    const index = new SubscriptionIndex();
    for (const filter of ['#', '+/x', '+/#', '$SYS/#', '$SYS/+', '$SYS/x']) add(index, filter);
    expect(filters(index.match('$SYS/x')).sort()).toEqual(['$SYS/#', '$SYS/+', '$SYS/x']);
    expect(filters(index.match('a/x')).sort()).toEqual(['#', '+/#', '+/x']);
  });

  it('does not forget a node that is in use', () => {
    const index = new SubscriptionIndex();
    const used = add(index, 'a/+');
    index.prune(used.node);
    expect(index.find('a/+')).toBe(used.node);
    const node = index.node('b');
    node.groups = new Map([['g', new ShareGroup('g', node)]]);
    index.prune(node);
    expect(index.find('b')).toBe(node);
  });

  it('finds what the definition of matching finds, while filters come and go', () => {
    const dense = fc
      .tuple(fc.array(fc.constantFrom('', 'a', 'b', '$x', '+'), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, open]) => (open ? [...levels, '#'] : levels).join('/'))
      .filter((filter) => filter.length > 0);
    const denseTopic = fc
      .array(fc.constantFrom('', 'a', 'b', '$x'), { minLength: 1, maxLength: 4 })
      .map((levels) => levels.join('/'))
      .filter((topic) => topic.length > 0);
    const filter = fc.oneof(dense, topicFilter);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(filter, fc.boolean()), { maxLength: 60 }),
        fc.array(fc.oneof(denseTopic, topicName), { minLength: 1, maxLength: 10 }),
        (changes, topics) => {
          const index = new SubscriptionIndex();
          const model = new Map<string, Subscription>();
          for (const [name, isAdded] of changes) {
            const there = model.get(name);
            if (isAdded && there === undefined) model.set(name, add(index, name));
            else if (!isAdded && there !== undefined) {
              remove(index, there, there);
              model.delete(name);
            }
          }
          for (const topic of topics) {
            const expected = [...model.keys()].filter((name) => topicMatches(name, topic));
            expect(filters(index.match(topic)).sort()).toEqual(expected.sort());
          }
          for (const [name, isAdded] of changes)
            expect(index.find(name) !== undefined, `${name} ${isAdded}`).toBe(model.has(name));
        },
      ),
      { seed, numRuns: 500 },
    );
  });

  it('leaves nothing behind of filters that are gone', () => {
    const index = new SubscriptionIndex();
    const kept = ['keep/+/this', 'keep/#', '+/keep/#', 'keep'];
    for (const filter of kept) add(index, filter);
    const round = (number: number) => {
      const added = Array.from({ length: 5000 }, (_, i) => {
        const own = `${number}-${i}`;
        return add(index, [`${own}/x/y/z/+/#`, `+/${own}/#`, `keep/+/${own}`, own][i % 4]!);
      });
      for (const subscription of added) remove(index, subscription, subscription);
    };
    round(0);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let number = 1; number <= 10; number++) round(number);
    collectGarbage();
    // 50 000 filters of several levels would hold tens of megabytes
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
    expect(filters(index.match('keep/a/this')).sort()).toEqual(['keep/#', 'keep/+/this']);
    expect(filters(index.match('a/keep/b'))).toEqual(['+/keep/#']);
  });
});

describe('the subscribers of a filter', () => {
  it('can be taken out in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (order) => {
        const node = new SubscriptionIndex().node('a');
        const left = new Set<Subscription>();
        for (let i = 0; i < order.length; i++) {
          const subscription = new Subscription(session, 'a', node, null);
          node.link(subscription);
          left.add(subscription);
        }
        for (const number of order) {
          const gone = [...left][number % left.size]!;
          node.unlink(gone);
          left.delete(gone);
          expect(new Set(subscribers(node))).toEqual(left);
          expect([gone.before, gone.after]).toEqual([null, null]);
        }
        expect(node.isEmpty).toBe(true);
      }),
      { seed },
    );
  });
});

describe('a subscription', () => {
  it('takes over all options when the client subscribes again [MQTT-3.8.4-3]', () => {
    const subscription = new Subscription(session, 'a', new SubscriptionIndex().node('a'), null);
    subscription.set({ qos: 2, noLocal: true, retainAsPublished: true, identifier: 7 });
    expect(subscription).toMatchObject({
      qos: 2,
      noLocal: true,
      retainAsPublished: true,
      identifiers: [7],
      own: null,
    });
    subscription.set({ qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 });
    expect(subscription).toMatchObject({
      qos: 0,
      noLocal: false,
      retainAsPublished: false,
      identifiers: null,
    });
    expect(subscription.own).toBe(subscription);
  });
});
