// The syntax of -F: %[-0][width][.precision][separator]parameter, @ and a character for strftime, \ and an escape.
// What is wrong is said in Mosquitto's words.

/** How a parameter is to be printed. */
export interface Field {
  /** 0 is none. */
  width: number;
  precision: number | undefined;
  /** The byte between the fields of a hexadecimal payload. */
  separator: number;
  left: boolean;
  /** What the field is padded with, where zeros are possible. */
  pad: ' ' | '0';
}

export type FormatPart =
  | { kind: 'text'; text: string }
  | { kind: 'parameter'; letter: string; field: Field }
  | { kind: 'time'; character: string };

const PARAMETERS = '%ACDEFIJPRSUXdfjlmpqrtx';
const SEPARATORS = '!"#$&\'()*+,-./:;<=>?@[\\]^_`{|}~ ';
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
/** A field beyond any use, but not beyond what a text may be long. */
const MAX_WIDTH = 1 << 28;

const plainText = /[^%@\\]+/y;
const fieldStart = /([-0]?)(\d*)(?:\.(\d*))?/y;

/** The format cannot be used. The message is what the original writes to standard error. */
export class FormatError extends Error {}

function width(digits: string): number {
  return Math.min(Number(digits), MAX_WIDTH);
}

/** Takes a format apart; throws a FormatError. */
export function parseFormat(format: string): FormatPart[] {
  const parts: FormatPart[] = [];
  let at = 0;

  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(format);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const requireMore = (what: string) => {
    if (at === format.length) throw new FormatError(`Error: Incomplete ${what} specifier.\n`);
  };
  /** The next character, whole; beyond the end it is the one that ends a string in C. */
  const character = () => {
    const code = format.codePointAt(at) ?? 0;
    const text = String.fromCodePoint(code);
    at += text.length;
    return text;
  };
  const text = (more: string) => {
    const last = parts.at(-1);
    if (last?.kind === 'text') last.text += more;
    else parts.push({ kind: 'text', text: more });
  };

  const starts: Readonly<Record<string, () => void>> = {
    '%': () => {
      requireMore('format');
      const [, flag, digits, precision] = match(fieldStart) as unknown as [string, string, string, string?];
      requireMore('format');
      const separator = SEPARATORS.includes(format[at]!) ? format.charCodeAt(at++) : 0x20;
      const letter = character();
      if (!PARAMETERS.includes(letter))
        throw new FormatError(`Error: Invalid format specifier '${letter}'.\n`);
      if (letter === '%') return text('%');
      const field: Field = {
        width: width(digits),
        precision: precision === undefined ? undefined : width(precision),
        separator,
        left: flag === '-',
        pad: flag === '0' || (flag === '-' && digits.startsWith('0')) ? '0' : ' ',
      };
      parts.push({ kind: 'parameter', letter, field });
    },
    '@': () => {
      requireMore('format');
      const next = character();
      if (next === '@') text('@');
      else parts.push({ kind: 'time', character: next });
    },
    '\\': () => {
      requireMore('escape');
      const letter = character();
      const meant = escapes[letter];
      if (meant === undefined) throw new FormatError(`Error: Invalid escape specifier '${letter}'.\n`);
      text(meant);
    },
  };

  while (at < format.length) {
    const plain = match(plainText);
    if (plain !== null) text(plain[0]);
    else starts[format[at++]!]!();
  }
  return parts;
}

/** undefined, or the text that the original writes to standard error for a wrong format. */
export function checkFormat(format: string): string | undefined {
  try {
    parseFormat(format);
    return undefined;
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}
