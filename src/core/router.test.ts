// From topics to receivers: against a naive list of all subscriptions, with the cache in between.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTopicFilter, topicMatches } from '../protocol/index.js';
import type { Engine } from './engine.js';
import { Metrics } from './metrics.js';
import { Router } from './router.js';
import { Session } from './session.js';
import type { Subscription, SubscriptionOptions } from './subscriptions.js';
import { TopicCache } from './topic-cache.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

const engine = {} as Engine;
const plain: SubscriptionOptions = { qos: 1, noLocal: false, retainAsPublished: false, identifier: 0 };

function makeRouter(merge = false): { router: Router; topics: TopicCache; metrics: Metrics } {
  const metrics = new Metrics();
  const topics = new TopicCache(200, 1);
  return { router: new Router(topics, metrics, merge), topics, metrics };
}

function subscribe(
  router: Router,
  session: Session,
  text: string,
  options: Partial<SubscriptionOptions> = {},
): boolean {
  const { group, filter } = parseTopicFilter(text);
  return router.subscribe(session, text, group, filter, { ...plain, ...options });
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function shown(subscriptions: Subscription[]): string[] {
  return subscriptions.map(({ session, text }) => `${session.clientId} ${text}`);
}

describe('the router', () => {
  it('says whether a subscription was there, and changes its options [MQTT-3.8.4-3]', () => {
    const { router, metrics } = makeRouter();
    const session = new Session(engine, 's');
    expect(subscribe(router, session, 'a', { qos: 1 })).toBe(false);
    expect(subscribe(router, session, 'a', { qos: 2, identifier: 3 })).toBe(true);
    expect(session.subscriptions.get('a')).toMatchObject({ qos: 2, identifiers: [3] });
    expect(metrics.subscriptionsCurrent).toBe(1);
  });

  it('gives back the subscription that it removed, and nothing when there was none', () => {
    const { router, metrics } = makeRouter();
    const session = new Session(engine, 's');
    subscribe(router, session, 'a');
    const subscription = session.subscriptions.get('a');
    expect(router.unsubscribe(session, 'a')).toBe(subscription);
    expect(router.unsubscribe(session, 'a')).toBeUndefined();
    expect(metrics.subscriptionsCurrent).toBe(0);
  });

  it('works a route out once, and again after a change that concerns it', () => {
    const { router, topics } = makeRouter();
    const [one, two] = [new Session(engine, '1'), new Session(engine, '2')];
    subscribe(router, one, 'a/+');
    const topic = topics.of('a/b');
    const route = router.route(topic);
    expect(router.route(topic)).toBe(route);
    subscribe(router, two, 'c/#');
    expect(router.route(topic)).toBe(route);
    subscribe(router, two, 'a/#');
    expect(shown(router.route(topic).receivers)).toEqual(['1 a/+', '2 a/#']);
    subscribe(router, two, 'a/#', { qos: 2 });
    expect(router.route(topic).receivers.map(({ qos }) => qos)).toEqual([1, 2]);
    router.unsubscribe(one, 'a/+');
    expect(shown(router.route(topic).receivers)).toEqual(['2 a/#']);
  });

  it('gives subscriptions in the order of Mosquitto: the particular before the general', () => {
    const { router, topics } = makeRouter();
    const session = new Session(engine, 's');
    const order = ['a/b/#', 'a/b', 'a/+', 'a/#', '+/b', '+/+', '+/#', '#'];
    for (const text of [...order].reverse()) subscribe(router, session, text);
    expect(router.route(topics.of('a/b')).receivers.map(({ text }) => text)).toEqual(order);
  });

  it('keeps groups of one filter apart, and the same name on two filters', () => {
    const { router, topics, metrics } = makeRouter();
    const [one, two] = [new Session(engine, '1'), new Session(engine, '2')];
    subscribe(router, one, '$share/g/a');
    subscribe(router, two, '$share/g/a');
    subscribe(router, two, '$share/h/a');
    subscribe(router, two, '$share/g/+');
    subscribe(router, one, 'a');
    const { receivers, groups } = router.route(topics.of('a'));
    expect(shown(receivers)).toEqual(['1 a']);
    expect(groups.map((group) => [group.name, group.node.filter, shown(group.members)])).toEqual([
      ['g', 'a', ['1 $share/g/a', '2 $share/g/a']],
      ['h', 'a', ['2 $share/h/a']],
      ['g', '+', ['2 $share/g/+']],
    ]);
    expect(metrics.sharedSubscriptionsCurrent).toBe(4);
    expect(metrics.subscriptionsCurrent).toBe(5);
    expect(router.group('g', 'a')).toBe(groups[0]);
    expect(router.group('x', 'a')).toBeNull();
    expect(router.group('g', 'b')).toBeNull();
  });

  it('ends a group with its last member', () => {
    const { router, topics, metrics } = makeRouter();
    const [one, two] = [new Session(engine, '1'), new Session(engine, '2')];
    subscribe(router, one, '$share/g/a');
    subscribe(router, two, '$share/g/a');
    router.unsubscribe(one, '$share/g/a');
    expect(shown(router.group('g', 'a')!.members)).toEqual(['2 $share/g/a']);
    router.unsubscribe(two, '$share/g/a');
    expect(router.group('g', 'a')).toBeNull();
    expect(router.route(topics.of('a'))).toMatchObject({ receivers: [], groups: [] });
    expect(metrics.sharedSubscriptionsCurrent).toBe(0);
  });

  it('forgets filters that nobody has any more', () => {
    const { router } = makeRouter();
    const session = new Session(engine, 's');
    const round = (number: number): void => {
      const texts = Array.from(
        { length: 3000 },
        (_, i) => [`${number}/${i}/+`, `${number}/${i}`, `$share/g/${i}/${number}/#`][i % 3]!,
      );
      for (const text of texts) subscribe(router, session, text);
      for (const text of texts) router.unsubscribe(session, text);
    };
    round(0);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let number = 1; number <= 10; number++) round(number);
    collectGarbage();
    // 30 000 filters would hold several megabytes
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
  });

  it('does not remember the receivers of a topic that the cache does not know', () => {
    const { router, topics } = makeRouter();
    const topic = topics.of('a');
    topic.cached = false;
    const session = new Session(engine, 's');
    expect(router.route(topic).receivers).toEqual([]);
    subscribe(router, session, 'a');
    expect(shown(router.route(topic).receivers)).toEqual(['s a']);
  });
});

describe('overlapping subscriptions, when they are merged', () => {
  it('become one with the highest QoS and all identifiers [MQTT-3.3.4-2] [MQTT-3.3.4-4]', () => {
    const { router, topics } = makeRouter(true);
    const [one, two] = [new Session(engine, '1'), new Session(engine, '2')];
    subscribe(router, one, 'a', { qos: 0, identifier: 5 });
    subscribe(router, one, '+', { qos: 2 });
    subscribe(router, one, '#', { qos: 1, identifier: 6, retainAsPublished: true });
    subscribe(router, two, '#', { qos: 1 });
    const { receivers } = router.route(topics.of('a'));
    expect(receivers).toHaveLength(2);
    expect(receivers.find(({ session }) => session === one)).toMatchObject({
      qos: 2,
      retainAsPublished: true,
      identifiers: [5, 6],
    });
    expect(receivers.find(({ session }) => session === two)).toMatchObject({ qos: 1, identifiers: null });
    // the subscriptions themselves stay as they are
    expect(one.subscriptions.get('a')).toMatchObject({ qos: 0, identifiers: [5] });
  });

  it('leave out those with no local for messages of the session itself [MQTT-3.8.3-3]', () => {
    const { router, topics } = makeRouter(true);
    const session = new Session(engine, '1');
    subscribe(router, session, 'a', { qos: 2, noLocal: true, identifier: 1 });
    subscribe(router, session, '+', { qos: 0, identifier: 2 });
    subscribe(router, session, '#', { qos: 1, identifier: 3 });
    const [merged] = router.route(topics.of('a')).receivers;
    expect(merged).toMatchObject({ qos: 2, identifiers: [1, 2, 3] });
    expect(merged!.own).toMatchObject({ qos: 1, identifiers: [2, 3] });
    subscribe(router, session, '+', { noLocal: true });
    subscribe(router, session, '#', { noLocal: true });
    expect(router.route(topics.of('a')).receivers[0]!.own).toBeNull();
  });
});

describe('the router agrees with a list of all subscriptions', () => {
  const level = fc.constantFrom('a', 'b', '', '+');
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([levels, open]) => (open ? [...levels, '#'] : levels).join('/'))
    .filter((text) => text.length > 0);
  const text = fc.oneof(
    filter,
    fc.tuple(fc.constantFrom('g', 'h'), filter).map(([group, bare]) => `$share/${group}/${bare}`),
  );
  const change = fc.record({
    client: fc.nat(3),
    text,
    kind: fc.constantFrom('subscribe', 'subscribe', 'unsubscribe'),
    qos: fc.nat(2),
    identifier: fc.nat(3),
    noLocal: fc.boolean(),
  });
  const topic = fc
    .array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 4 })
    .map((levels) => levels.join('/'))
    .filter((name) => name.length > 0);

  it.each([false, true])('with merging %s', (merge) => {
    fc.assert(
      fc.property(fc.array(fc.oneof(change, topic), { maxLength: 80 }), (steps) => {
        const { router, topics, metrics } = makeRouter(merge);
        const sessions = Array.from({ length: 4 }, (_, i) => new Session(engine, `${i}`));
        const model = new Map<string, SubscriptionOptions & { client: number; text: string }>();
        for (const step of steps) {
          if (typeof step === 'string') {
            check(router, topics, model, step, merge);
            continue;
          }
          const key = `${step.client} ${step.text}`;
          if (step.kind === 'unsubscribe') {
            expect(router.unsubscribe(sessions[step.client]!, step.text) !== undefined).toBe(
              model.delete(key),
            );
          } else {
            const options = { ...step, retainAsPublished: false };
            if (step.text.startsWith('$share')) options.noLocal = false;
            expect(subscribe(router, sessions[step.client]!, step.text, options)).toBe(model.has(key));
            model.set(key, options);
          }
          expect(metrics.subscriptionsCurrent).toBe(model.size);
        }
        // when all are gone nobody is left
        for (const { client, text: gone } of model.values()) router.unsubscribe(sessions[client]!, gone);
        for (const step of steps)
          if (typeof step === 'string')
            expect(router.route(topics.of(step))).toMatchObject({ receivers: [], groups: [] });
        expect([metrics.subscriptionsCurrent, metrics.sharedSubscriptionsCurrent]).toEqual([0, 0]);
      }),
      { seed, numRuns: 400 },
    );
  });

  function check(
    router: Router,
    topics: TopicCache,
    model: Map<string, SubscriptionOptions & { client: number; text: string }>,
    name: string,
    merge: boolean,
  ): void {
    const hits = [...model.values()].filter((one) => topicMatches(parseTopicFilter(one.text).filter, name));
    const ordinary = hits.filter((one) => !one.text.startsWith('$share'));
    const { receivers, groups } = router.route(topics.of(name));
    const describeGroup = (group: string, members: string[]) => `${group}: ${members.sort().join()}`;
    const expectedGroups = new Map<string, string[]>();
    for (const { text: shared, client } of hits.filter((one) => one.text.startsWith('$share')))
      expectedGroups.set(shared, [...(expectedGroups.get(shared) ?? []), `${client}`]);
    expect(
      groups
        .map((group) =>
          describeGroup(
            `$share/${group.name}/${group.node.filter}`,
            group.members.map((m) => m.session.clientId),
          ),
        )
        .sort(),
    ).toEqual([...expectedGroups].map(([group, members]) => describeGroup(group, members)).sort());
    if (!merge) {
      expect(shown(receivers).sort()).toEqual(ordinary.map((one) => `${one.client} ${one.text}`).sort());
      return;
    }
    const clients = [...new Set(ordinary.map(({ client }) => client))];
    expect(receivers.map(({ session }) => Number(session.clientId)).sort()).toEqual(clients.sort());
    for (const receiver of receivers) {
      const own = ordinary.filter(({ client }) => `${client}` === receiver.session.clientId);
      expect(summary(receiver)).toEqual(expectedSummary(own));
      expect(receiver.own === null ? null : summary(receiver.own)).toEqual(
        own.every(({ noLocal }) => noLocal) ? null : expectedSummary(own.filter(({ noLocal }) => !noLocal)),
      );
    }
  }

  function summary({ qos, identifiers }: Subscription): object {
    return { qos, identifiers: [...(identifiers ?? [])].sort() };
  }

  function expectedSummary(own: SubscriptionOptions[]): object {
    const identifiers = own.map(({ identifier }) => identifier).filter((identifier) => identifier > 0);
    return { qos: Math.max(...own.map(({ qos }) => qos)), identifiers: identifiers.sort() };
  }
});
