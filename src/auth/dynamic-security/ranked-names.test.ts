import { describe, expect, it } from 'vitest';
import { byName, NO_PRIORITY, RankedNames } from './ranked-names.js';

function filled(...names: [string, number][]): RankedNames {
  const ranked = new RankedNames();
  for (const [name, priority] of names) ranked.add(name, priority);
  return ranked;
}

describe('ranked names', () => {
  it('come by priority, the highest first, then by their bytes', () => {
    const names = filled(['b', 1], ['a', 1], ['low', -5], ['high', 9], ['\u{10000}', 1], ['\uffee', 1]);
    expect([...names].map(({ name }) => name)).toEqual(['high', 'a', 'b', '\uffee', '\u{10000}', 'low']);
  });

  it('keep the priority that they had first', () => {
    const names = filled(['a', 1]);
    expect(names.add('a', 5)).toBe(false);
    expect([...names]).toEqual([{ name: 'a', priority: 1 }]);
  });

  it('can be taken out and put in again', () => {
    const names = filled(['a', 1], ['b', 2]);
    names.delete('a');
    names.delete('nobody');
    expect(names.has('a')).toBe(false);
    expect(names.add('a', 3)).toBe(true);
    expect([...names].map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('may be in the order of names alone', () => {
    const names = new RankedNames(byName);
    names.add('b', 9);
    names.add('a', 1);
    expect([...names].map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('are written with their priority when they have one', () => {
    expect(JSON.stringify(filled(['a', 2], ['b', NO_PRIORITY]).toJson('rolename'))).toBe(
      '[{"rolename":"a","priority":2},{"rolename":"b"}]',
    );
  });
});
