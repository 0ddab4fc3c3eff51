import { describe, expect, it } from 'vitest';
import { booleanField, field, integerField, printJson, priorityField, textField } from './json-fields.js';

describe('fields', () => {
  it('are found without case, the first one first', () => {
    expect(field({ UserName: 'a', username: 'b' }, 'username')).toBe('a');
  });

  it.each([[null], [1], ['text'], [[]], [undefined]])('of %j are not there', (value) => {
    expect(field(value, 'length')).toBeUndefined();
  });

  it('that an object inherits are not there', () => {
    expect(field({}, 'constructor')).toBeUndefined();
    expect(field(JSON.parse('{}'), '__proto__')).toBeUndefined();
  });

  it('with text end at a NUL, and tell missing from wrong ones', () => {
    expect(textField({ a: 'x\0y' }, 'a')).toBe('x');
    expect(textField({ a: 1 }, 'a')).toBeNull();
    expect(textField({}, 'a')).toBeUndefined();
  });

  it('with true or false tell missing from wrong ones', () => {
    expect(booleanField({ a: false }, 'a')).toBe(false);
    expect(booleanField({ a: 0 }, 'a')).toBeNull();
    expect(booleanField({}, 'a')).toBeUndefined();
  });

  it.each([
    [2.9, 2],
    [-2.9, -2],
    [1e300, 2 ** 31 - 1],
    [-1e300, -(2 ** 31)],
    ['7', -1],
    [null, -1],
  ])('with number %j are %j as an integer of C', (value, expected) => {
    expect(integerField({ a: value }, 'a', -1)).toBe(expected);
  });

  it('with a priority keep its limits', () => {
    expect(priorityField({ priority: 1e9 }, 0)).toBe(100_000);
    expect(priorityField({ priority: -1e9 }, 0)).toBe(-100_000);
    expect(priorityField({}, 7)).toBe(7);
  });
});

describe('printed JSON', () => {
  it('has the tabs of Mosquitto and leaves out what is not set', () => {
    const value = { a: [{ b: 1, gone: undefined }, { c: '"\n' }], d: [] };
    expect(printJson(value)).toBe(
      '{\n\t"a":\t[{\n\t\t\t"b":\t1\n\t\t}, {\n\t\t\t"c":\t"\\"\\n"\n\t\t}],\n\t"d":\t[]\n}',
    );
  });
});
