// The cache of topics: the same object for the same bytes, and told of exactly the subscriptions that match.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicFilter, topicName } from '../../fuzz/arbitraries.js';
import { reasonOf } from '../../fuzz/refusal.js';
import { encodeUtf8, ReasonCode, topicMatches } from '../protocol/index.js';
import type { Route } from './router.js';
import { type Topic, TopicCache } from './topic-cache.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

const route = { receivers: [], groups: [] } as unknown as Route;
const BUCKETS = 8192;
const LONGEST_CHAIN = 16;

/** Interns a text that stands in the middle of other bytes, which are written over afterwards. */
function intern(cache: TopicCache, text: string): Topic {
  const bytes = encodeUtf8(text);
  const within = new Uint8Array(bytes.length + 7).fill(0xff);
  within.set(bytes, 3);
  const topic = cache.intern(within, 3, 3 + bytes.length);
  within.fill(0xee);
  return topic;
}

function internRaw(...bytes: number[]): number | undefined {
  return reasonOf(() => new TopicCache(10, 0).intern(Uint8Array.from(bytes), 0, bytes.length));
}

/** Fills a generation of the cache with topics that nobody asks for again: long ones count for much. */
function fillGeneration(cache: TopicCache, name: string): void {
  for (let i = 0; i < 75; i++) cache.of(`${name}${i}${'x'.repeat(60_000)}`);
}

describe('a topic in the cache', () => {
  it('is the same object for the same bytes, wherever they stand', () => {
    fc.assert(
      fc.property(fc.array(topicName, { maxLength: 40 }), fc.integer(), (names, secret) => {
        const cache = new TopicCache(1000, secret);
        for (const name of [...names, ...names]) {
          const topic = intern(cache, name);
          expect(topic.text).toBe(name);
          expect(topic.bytes).toEqual(encodeUtf8(name));
          expect(intern(cache, name)).toBe(topic);
          expect(cache.of(name)).toBe(topic);
        }
      }),
      { seed },
    );
  });

  it('compares bytes with its own', () => {
    const topic = new TopicCache(10, 0).of('a/b');
    const bytes = encodeUtf8('xa/b/c');
    expect(topic.equals(bytes, 1, 4)).toBe(true);
    expect(topic.equals(bytes, 1, 5)).toBe(false);
    expect(topic.equals(bytes, 0, 3)).toBe(false);
  });

  it('is a valid topic name, or is refused with the reason why', () => {
    expect(internRaw()).toBe(ReasonCode.ProtocolError);
    expect(internRaw(0x61, 0x2f, 0x2b)).toBe(ReasonCode.MalformedPacket); // [MQTT-3.3.2-2]
    expect(internRaw(0x23)).toBe(ReasonCode.MalformedPacket);
    expect(internRaw(0xc3)).toBe(ReasonCode.MalformedPacket); // [MQTT-1.5.4-1]
    expect(internRaw(0xed, 0xa0, 0x80)).toBe(ReasonCode.MalformedPacket);
    expect(internRaw(0x61, 0x00)).toBe(ReasonCode.MalformedPacket); // [MQTT-4.7.3-2]
    expect(internRaw(0x61, 0x07)).toBe(ReasonCode.MalformedPacket);
    const levels = (count: number) => new Array(count).fill('a').join('/');
    expect(new TopicCache(10, 0).of(levels(10)).text).toBe(levels(10));
    expect(reasonOf(() => new TopicCache(10, 0).of(levels(11)))).toBe(ReasonCode.TopicNameInvalid);
  });

  it.each([
    ['$SYS/broker', true],
    ['$share/g/a', true],
    ['$SYS', false],
    ['$SYSTEM/x', false],
    ['$other/x', false],
    ['SYS/x', false],
    ['a/$SYS/x', false],
  ])('knows whether it is for clients to publish to: %s', (text, isReserved) => {
    expect(new TopicCache(10, 0).of(text).isReserved).toBe(isReserved);
  });
});

describe('a subscribe', () => {
  it('makes the topics that its filter matches forget their receivers, and no others', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(topicName, { maxLength: 30 }),
        fc.array(topicFilter, { minLength: 1, maxLength: 5 }),
        (names, filters) => {
          const cache = new TopicCache(1000, 7);
          const topics = names.map((name) => intern(cache, name));
          for (const filter of filters) {
            for (const topic of topics) topic.route = route;
            cache.invalidate(filter);
            const forgotten = names.filter((name) => cache.of(name).route === null);
            expect(forgotten).toEqual(names.filter((name) => topicMatches(filter, name)));
          }
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  it('reaches topics that are known only to an older generation', () => {
    const cache = new TopicCache(200, 1);
    const topic = cache.of('old/topic');
    fillGeneration(cache, 'filler');
    expect(topic.cached).toBe(true);
    topic.route = route;
    cache.invalidate('old/+');
    expect(topic.route === null || cache.of('old/topic').route === null).toBe(true);
  });
});

describe('the cache as a whole', () => {
  it('lets go of topics that nobody asked for in a long time, and says so to whoever still holds them', () => {
    const cache = new TopicCache(200, 1);
    const forgotten = cache.of('forgotten');
    forgotten.route = route;
    for (const name of ['x', 'y', 'z', 'w']) {
      cache.of('used');
      fillGeneration(cache, name);
    }
    expect([forgotten.cached, forgotten.route]).toEqual([false, null]);
    expect(cache.of('forgotten')).not.toBe(forgotten);
    expect(cache.of('used').cached).toBe(true);
  });

  it('tells every topic that says it is cached of every subscription, however many topics come and go', () => {
    const cache = new TopicCache(200, 1);
    const held: Topic[] = [];
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 20; i++) held.push(cache.of(`held/${i}`));
      fillGeneration(cache, `${round}-`);
      for (const topic of held) topic.route = topic.cached ? route : null;
      cache.invalidate('held/#');
      for (const topic of held) if (topic.cached) expect(topic.route === null, topic.text).toBe(true);
    }
  });

  it('forgets everything when so many subscriptions come at once that looking for the topics would take long', () => {
    const cache = new TopicCache(10, 1);
    const fill = (): Topic[] => Array.from({ length: 3000 }, (_, i) => cache.of(`t/${i}`));
    const topics = fill();
    for (const topic of topics) topic.route = route;
    for (let i = 0; i < 100; i++) cache.invalidate(`+/+/none${i}`);
    // nobody may be left with receivers that are not kept up to date
    for (const topic of topics) if (!topic.cached) expect(topic.route).toBeNull();
    expect(topics.filter(({ cached }) => cached)).toHaveLength(0);
    // later it is careful again
    cache.refill();
    const later = fill();
    for (const topic of later) topic.route = route;
    cache.invalidate('t/1');
    expect(later.filter((topic) => topic.route === null).map(({ text }) => text)).toEqual(['t/1']);
  });

  it('forgets everything when the receivers of all topics together become too many to remember', () => {
    const cache = new TopicCache(10, 1);
    const topic = cache.of('a');
    topic.route = route;
    for (let i = 0; i < 3; i++) cache.remembered(1_000_000);
    expect([topic.cached, topic.route]).toEqual([true, route]);
    for (let i = 0; i < 2; i++) cache.remembered(1_000_000);
    expect([topic.cached, topic.route]).toEqual([false, null]);
    expect(cache.of('a').cached).toBe(true);
  });

  it('does not let anybody make it walk a long chain: topics of a full bucket work, but are not cached', () => {
    const secret = 99;
    const bucketOf = (text: string): number => {
      let hash = secret;
      for (const byte of encodeUtf8(text)) hash = Math.imul(hash ^ byte, 0x01000193);
      return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
    };
    const colliding: string[] = [];
    for (let i = 0; colliding.length < LONGEST_CHAIN + 10; i++) {
      if (bucketOf(`t/${i}`) === 0) colliding.push(`t/${i}`);
    }
    const cache = new TopicCache(10, secret);
    const topics = colliding.map((text) => cache.of(text));
    expect(topics.map(({ text }) => text)).toEqual(colliding);
    expect(topics.map(({ cached }) => cached)).toEqual(colliding.map((_, i) => i < LONGEST_CHAIN));
    for (const [i, text] of colliding.entries()) {
      if (i < LONGEST_CHAIN) expect(cache.of(text)).toBe(topics[i]);
      else expect(cache.of(text)).toMatchObject({ text, cached: false, route: null });
    }
  });
});
