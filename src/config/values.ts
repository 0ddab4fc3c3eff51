// How the values of options are read, one function a kind of value, with Mosquitto's rules and words.
import { ConfigError } from './config-error.js';
import type { Words } from './words.js';

/**
 * Reads a value. `label` is how messages call the option; `earlier` is what an earlier line said, undefined if there
 * was none. Throws a ConfigError.
 */
export type Read<T> = (words: Words, label: string, earlier: T | undefined) => T;

export function empty(label: string): ConfigError {
  return new ConfigError(`Empty '${label}' value in configuration.`);
}

/** The next word, which must be there. */
export function word(words: Words, label: string): string {
  const next = words.next();
  if (next === undefined) throw empty(label);
  return next;
}

const flags: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

export function readFlag(words: Words, label: string): boolean {
  const text = word(words, label);
  if (!Object.hasOwn(flags, text)) throw new ConfigError(`Invalid '${label}' value (${text}).`);
  return flags[text]!;
}

/** As C's strtol with base 0: decimal, hexadecimal with 0x, binary with 0b, octal with a leading 0. */
const INTEGER = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|(0[0-7]*)|([1-9][0-9]*))$/;
const INT_MAX = 2_147_483_647;

function parseInteger(text: string): number | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const value = hex
    ? Number.parseInt(hex, 16)
    : binary
      ? Number.parseInt(binary, 2)
      : octal
        ? Number.parseInt(octal, 8)
        : Number(decimal);
  return sign === '-' ? -value : value;
}

export function readInteger(words: Words, label: string): number {
  const value = parseInteger(word(words, label));
  if (value === undefined) throw new ConfigError(`'${label}' value not a number.`);
  if (value > INT_MAX || value < -INT_MAX - 1) throw new ConfigError(`'${label}' value out of range.`);
  return value;
}

/** As C's atoi: the digits that a text begins with; 0 when there are none. */
export function leadingInteger(text: string): number {
  return Number(/^[+-]?\d+/.exec(text)?.[0] ?? 0);
}

/** A whole number that `check` may change, or refuse by throwing. */
export function integer(check: (value: number, label: string) => number = (value) => value): Read<number> {
  return (words, label) => check(readInteger(words, label), label);
}

/** A whole number from `low` to `high`; `text` says what is wrong with any other, with `%d` for the number. */
export function within(low: number, high: number, text: string): Read<number> {
  return integer((value, label) => {
    if (value < low || value > high)
      throw new ConfigError(text.replace('%s', label).replace('%d', String(value)));
    return value;
  });
}

/** A whole number; what is below `low` counts as `low`. */
export function atLeast(low: number): Read<number> {
  return integer((value) => Math.max(low, value));
}

/** Bytes that a text may have. */
const MAX_TEXT = 65_535;

function checkText(text: string): void {
  if (Buffer.byteLength(text) > MAX_TEXT) throw new ConfigError('A value has at most 65535 bytes.');
  // U+FFFD stands where the file was not UTF-8
  if (/[\p{Cc}\p{Noncharacter_Code_Point}\uFFFD]/u.test(text))
    throw new ConfigError('Malformed UTF-8 in configuration.');
}

/** Everything after the name, blanks within it included. */
export function readText(words: Words, label: string): string {
  const text = words.rest();
  if (text === '') throw empty(label);
  checkText(text);
  return text;
}

/** A text that may be given again: the last one counts. */
export const text: Read<string> = readText;

/** A text that may be given once; `name` is how messages call it when that is not the option's own name. */
export function textOnce(name?: string): Read<string> {
  return (words, label, earlier) => {
    const shown = name ?? label;
    if (earlier !== undefined) {
      if (words.rest() === '') throw empty(shown);
      throw new ConfigError(`Duplicate '${shown}' value in configuration.`);
    }
    return readText(words, shown);
  };
}

/** One word of several; `wrong` says what is wrong with any other, with `%s` for the word. */
export function choice<T extends string>(choices: readonly T[], wrong: string): Read<T> {
  return (words, label) => {
    const given = word(words, label);
    const found = choices.find((one) => one === given);
    if (found === undefined) throw new ConfigError(wrong.replace('%s', given));
    return found;
  };
}

/** Texts that add up, one a line. */
export const texts: Read<readonly string[]> = (words, label, earlier = []) => [
  ...earlier,
  readText(words, label),
];
