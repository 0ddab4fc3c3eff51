// Payloads from a text with placeholders, such as {"id": {{i}}, "value": {{random 1 100}}}.
import { randomUUID } from 'node:crypto';
import type { Who } from './topic-template.js';

type Part = (who: Who, number: number, topic: string) => string;

interface Placeholder {
  readonly help: string;
  readonly arguments: number;
  make(...values: number[]): Part;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function randomLetters(length: number): string {
  let letters = '';
  for (let i = 0; i < length; i++) letters += LETTERS[Math.floor(Math.random() * LETTERS.length)];
  return letters;
}

/** What may stand between the braces. */
export const placeholders: Readonly<Record<string, Placeholder>> = {
  i: { help: 'index of the client', arguments: 0, make: () => (who) => String(who.index) },
  n: { help: 'number of the message', arguments: 0, make: () => (_, number) => String(number) },
  clientid: { help: 'client identifier', arguments: 0, make: () => (who) => who.clientId },
  username: { help: 'user name', arguments: 0, make: () => (who) => who.username },
  topic: { help: 'topic', arguments: 0, make: () => (_who, _number, topic) => topic },
  time: { help: 'milliseconds since 1970', arguments: 0, make: () => () => String(Date.now()) },
  iso: {
    help: 'time as in 2026-01-31T12:00:00.000Z',
    arguments: 0,
    make: () => () => new Date().toISOString(),
  },
  uuid: { help: 'random UUID', arguments: 0, make: () => () => randomUUID() },
  random: {
    help: 'whole number from A to B',
    arguments: 2,
    make: (low, high) => () => String(low! + Math.floor(Math.random() * (high! - low! + 1))),
  },
  float: {
    help: 'number from A to B with two decimals',
    arguments: 2,
    make: (low, high) => () => (low! + Math.random() * (high! - low!)).toFixed(2),
  },
  text: { help: 'A random letters', arguments: 1, make: (length) => () => randomLetters(length!) },
};

const PLACEHOLDER = /\{\{\s*(.*?)\s*\}\}/g;

export function hasPlaceholder(text: string): boolean {
  return text.search(PLACEHOLDER) >= 0;
}

function compile(inside: string): Part {
  const [name = '', ...rest] = inside.split(/\s+/);
  const placeholder = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined;
  if (placeholder === undefined)
    throw new Error(
      `there is no placeholder {{${inside}}}; there are ${Object.keys(placeholders).join(', ')}`,
    );
  const values = rest.map(Number);
  const isWrong = values.length !== placeholder.arguments || !values.every(Number.isFinite);
  if (isWrong || (values.length === 2 && values[0]! > values[1]!)) {
    const shown = [name, ...['A', 'B'].slice(0, placeholder.arguments)].join(' ');
    throw new Error(`{{${inside}}} is wrong; write {{${shown}}}: ${placeholder.help}`);
  }
  return placeholder.make(...values);
}

/** Throws an Error that says which placeholder is wrong. */
export function payloadTemplate(text: string): Part {
  const parts: (string | Part)[] = [];
  let at = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    parts.push(text.slice(at, match.index), compile(match[1]!));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return (who, number, topic) => {
    let result = '';
    for (const part of parts) result += typeof part === 'string' ? part : part(who, number, topic);
    return result;
  };
}
