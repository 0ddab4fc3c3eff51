// The table of options: what it takes, what it refuses, and what it says then.
import { describe, expect, it } from 'vitest';
import {
  checkOption,
  completeOptions,
  type EngineOptions,
  OptionError,
  type OptionName,
  optionNames,
  optionRules,
} from './options.js';

const numbers = optionNames.filter((name) => typeof optionRules[name].value === 'number');
const flags = optionNames.filter((name) => typeof optionRules[name].value === 'boolean');
const texts = optionNames.filter((name) => typeof optionRules[name].value === 'string');

function refusal(options: Record<string, unknown>): string {
  try {
    completeOptions(options as Partial<EngineOptions>);
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    return (error as OptionError).message;
  }
  throw new Error('was taken');
}

function limits(name: OptionName): { min: number; max: number } {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = optionRules[name] as { min?: number; max?: number };
  return { min, max };
}

describe('the options', () => {
  it('have the defaults of the table where nothing is given', () => {
    const options = completeOptions({});
    for (const name of optionNames) expect(options[name]).toBe(optionRules[name].value);
    expect(Object.keys(options)).toEqual([...optionNames]);
  });

  it('have what was given, and undefined counts as not given', () => {
    const given = { maxQos: 1, retainAvailable: false, autoIdPrefix: 'x', maxKeepalive: undefined };
    const options = completeOptions(given as unknown as Partial<EngineOptions>);
    expect(options).toMatchObject({ maxQos: 1, retainAvailable: false, autoIdPrefix: 'x', maxKeepalive: 0 });
  });

  it.each(optionNames)('say what %s is for, and have a default that they would take', (name) => {
    expect(optionRules[name].help.length).toBeGreaterThan(8);
    expect(checkOption(name, optionRules[name].value)).toBeUndefined();
  });

  it.each(numbers)('take %s from its smallest to its largest value, and nothing else', (name) => {
    const { min, max } = limits(name);
    for (const value of [min, max]) expect(checkOption(name, value)).toBeUndefined();
    const wrong = [min - 1, max * 2, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of wrong) expect(refusal({ [name]: value })).toContain(`${name} must be from ${min}`);
    for (const value of ['1', true, null, {}, 1n])
      expect(refusal({ [name]: value })).toBe(`${name} must be a number`);
    if (Number.isInteger(min)) expect(refusal({ [name]: min + 0.5 })).toContain('whole number');
  });

  it.each(flags)('take true and false for %s, and nothing else', (name) => {
    for (const value of [true, false]) expect(checkOption(name, value)).toBeUndefined();
    for (const value of [1, 0, 'true', null])
      expect(refusal({ [name]: value })).toBe(`${name} must be a boolean`);
  });

  it.each(texts)('take no other type than text for %s', (name) => {
    for (const value of [1, true, null, ['a']])
      expect(refusal({ [name]: value })).toBe(`${name} must be a string`);
  });

  it('take only what can be chosen', () => {
    expect(completeOptions({ sharedSubscriptionStrategy: 'sticky' }).sharedSubscriptionStrategy).toBe(
      'sticky',
    );
    expect(refusal({ sharedSubscriptionStrategy: 'random' })).toBe(
      'sharedSubscriptionStrategy must be one of round-robin, sticky, not random',
    );
  });

  it.each(['maxQoS', 'toString', '__proto__', 'constructor', ''])('do not know %j', (name) => {
    const given = Object.create(null) as Record<string, unknown>;
    given[name] = 1;
    expect(refusal(given)).toBe(`there is no option ${name}`);
  });

  it('do not change what was passed', () => {
    const given = Object.freeze({ maxQos: 1 });
    const options = completeOptions(given);
    options.maxQos = 2;
    expect(completeOptions(given).maxQos).toBe(1);
  });
});
