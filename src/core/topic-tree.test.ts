// The tree of topics against a plain map and the plain definition of matching.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicFilter, topicName } from '../../fuzz/arbitraries.js';
import { topicMatches } from '../protocol/index.js';
import { TopicTree } from './topic-tree.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

function matching<T>(tree: TopicTree<T>, filter: string): T[] {
  const found: T[] = [];
  tree.match(filter, (value) => found.push(value));
  return found;
}

/** Topics of few levels and few names, so that they share levels and are hit by filters. */
const denseTopic = fc
  .array(fc.constantFrom('', 'a', 'b', '$x'), { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((topic) => topic.length > 0);
const denseFilter = fc
  .tuple(
    fc.array(fc.constantFrom('', 'a', 'b', '$x', '+', '+'), { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([levels, open]) => (open ? [...levels, '#'] : levels).join('/'))
  .filter((filter) => filter.length > 0);

describe('a topic tree', () => {
  it('has one value a topic, and says what stood there before', () => {
    const tree = new TopicTree<number>();
    expect(tree.set('a/b', 1)).toBeUndefined();
    expect(tree.set('a/b', 2)).toBe(1);
    expect(tree.get('a/b')).toBe(2);
    expect(tree.size).toBe(1);
    expect(tree.delete('a/b')).toBe(2);
    expect(tree.delete('a/b')).toBeUndefined();
    expect(tree.size).toBe(0);
  });

  it('tells a topic from its first levels', () => {
    const tree = new TopicTree<number>();
    tree.set('a/b/c', 1);
    expect(tree.get('a')).toBeUndefined();
    expect(tree.get('a/b')).toBeUndefined();
    expect(tree.delete('a/b')).toBeUndefined();
    expect(tree.get('a/b/c')).toBe(1);
  });

  it('does not confuse empty levels', () => {
    const tree = new TopicTree<string>();
    for (const topic of ['/', '//', 'a', 'a/', '/a']) tree.set(topic, topic);
    for (const topic of ['/', '//', 'a', 'a/', '/a']) expect(tree.get(topic)).toBe(topic);
    expect(matching(tree, '+/+').sort()).toEqual(['/', '/a', 'a/']);
  });

  it('keeps topics of the first level that begin with $ from wildcards there [MQTT-4.7.2-1]', () => {
    const tree = new TopicTree<string>();
    for (const topic of ['$SYS/x', '$SYS', 'a/$SYS', 'a']) tree.set(topic, topic);
    expect(matching(tree, '#').sort()).toEqual(['a', 'a/$SYS']);
    expect(matching(tree, '+')).toEqual(['a']);
    expect(matching(tree, '+/+')).toEqual(['a/$SYS']);
    expect(matching(tree, '$SYS/#').sort()).toEqual(['$SYS', '$SYS/x']);
    expect(matching(tree, '$SYS/+')).toEqual(['$SYS/x']);
  });

  it('gives up when it has visited as many nodes as it may, and says so', () => {
    const tree = new TopicTree<string>();
    for (let i = 0; i < 100; i++) tree.set(`a/${i}`, `a/${i}`);
    const visited = (filter: string, budget: number): [left: number, found: number] => {
      let found = 0;
      const left = tree.match(filter, () => found++, budget);
      return [left, found];
    };
    expect(visited('a/+', 50)[0]).toBeLessThan(0);
    expect(visited('a/+', 50)[1]).toBeLessThan(100);
    expect(visited('#', 50)[0]).toBeLessThan(0);
    const [left, found] = visited('a/+', 1000);
    expect([left > 0 && left < 1000, found]).toEqual([true, 100]);
    expect(visited('a/7', 1000)[0]).toBeGreaterThan(990);
  });

  it.each([
    ['sparse', topicName, topicFilter],
    ['dense', denseTopic, denseFilter],
  ])('finds what the definition of matching finds, each once: %s topics', (_name, topic, filter) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(topic, fc.boolean()), { maxLength: 60 }),
        fc.array(filter, { minLength: 1, maxLength: 10 }),
        (changes, filters) => {
          const tree = new TopicTree<string>();
          const model = new Set<string>();
          for (const [name, isSet] of changes) {
            if (isSet) {
              expect(tree.set(name, name)).toBe(model.has(name) ? name : undefined);
              model.add(name);
            } else {
              expect(tree.delete(name)).toBe(model.has(name) ? name : undefined);
              model.delete(name);
            }
            expect(tree.size).toBe(model.size);
          }
          for (const wanted of filters) {
            const expected = [...model].filter((name) => topicMatches(wanted, name));
            expect(matching(tree, wanted).sort()).toEqual(expected.sort());
          }
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});
