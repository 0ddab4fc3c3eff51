// Requests as an administrator writes them, with %u and the like for what is known of a client and its wish. What is
// put in is written so that it stays a value: it cannot become a second parameter, a header or another path.
import { PluginOptionError } from '../plugin-options.js';
import type { HttpQuestion } from './requester.js';

/** What the letters stand for; undefined: there is none, which is written as nothing. */
export type Values = Readonly<Record<string, string | undefined>>;

export type BodyFormat = 'form' | 'json';

export interface RequestTemplate {
  /** Default POST. */
  readonly method?: string | undefined;
  /** http or https; letters may stand in the path and the query. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Names to values of the body; without it, or with GET, there is no body. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** Default json. */
  readonly format?: BodyFormat | undefined;
}

const METHODS = ['GET', 'POST', 'PUT'];
const PLACEHOLDER = /%(.)/gs;
const PRINTABLE = /^[\x20-\x7e]*$/;

function fill(template: string, values: Values, write: (value: string) => string): string {
  return template.replace(PLACEHOLDER, (whole, letter: string) => {
    if (letter === '%') return '%';
    return Object.hasOwn(values, letter) ? write(values[letter] ?? '') : whole;
  });
}

/** Servers make `a/../b` to `b`, however the dots are written. */
function leavesPath(path: string): boolean {
  const [way = ''] = path.split('?', 1);
  return way.split(/[/\\]|%2f|%5c/i).some((level) => /^(\.|%2e){1,2}$/i.test(level));
}

function checkLetters(where: string, template: string, letters: string): void {
  for (const [whole, letter] of template.matchAll(PLACEHOLDER))
    if (letter !== '%' && !letters.includes(letter!))
      throw new PluginOptionError(
        `${where}: ${whole} is not known here; there are ${[...letters].map((one) => `%${one}`).join(' ')}, and %% for %.`,
      );
  if (/(^|[^%])(%%)*%$/.test(template)) throw new PluginOptionError(`${where}: write %% for a % at the end.`);
}

function checkedUrl(url: string): { origin: string; path: string } {
  const match = /^(https?:\/\/[^/?#]+)([/?][^#]*)?$/i.exec(url);
  const [, origin = '', path = '/'] = match ?? [];
  if (
    match === null ||
    !URL.canParse(origin) ||
    origin.includes('%') ||
    !PRINTABLE.test(url) ||
    url.includes(' ')
  )
    throw new PluginOptionError(
      'A URL has to be http://HOST[:PORT]/PATH or https://…, with no % before the path.',
    );
  if (origin.includes('@'))
    throw new PluginOptionError('A URL cannot have a name and password: give an Authorization header.');
  return { origin, path: path.startsWith('/') ? path : `/${path}` };
}

export class RequestWriter {
  readonly origin: string;
  readonly #method: string;
  readonly #path: string;
  readonly #headers: readonly [string, string][];
  readonly #fields: readonly [string, string][] | undefined;
  readonly #format: BodyFormat;
  readonly #usesAny: (letter: string) => boolean;

  /** `letters`: all that may be used. Throws PluginOptionError when the template cannot be used. */
  constructor(template: RequestTemplate, letters: string) {
    const { method = 'POST', url, headers = {}, fields, format = 'json' } = template;
    if (!METHODS.includes(method))
      throw new PluginOptionError(`The method of a request has to be one of ${METHODS.join(', ')}.`);
    const { origin, path } = checkedUrl(url);
    this.origin = origin;
    this.#method = method;
    this.#path = path;
    this.#headers = Object.entries(headers);
    this.#fields = method === 'GET' || fields === undefined ? undefined : Object.entries(fields);
    this.#format = format;
    const all = [
      path,
      ...this.#headers.map(([, value]) => value),
      ...(this.#fields ?? []).map(([, value]) => value),
    ];
    for (const text of all) checkLetters('A request', text, letters);
    for (const [name] of this.#headers)
      if (!/^[\w!#$&'*+.^`|~-]+$/.test(name)) throw new PluginOptionError(`"${name}" cannot name a header.`);
    this.#usesAny = (letter) =>
      all.some((text) => [...text.matchAll(PLACEHOLDER)].some(([, found]) => found === letter));
  }

  uses(letter: string): boolean {
    return this.#usesAny(letter);
  }

  /** null when a value cannot stand where the template has it: then nobody may be asked, and the answer is no. */
  write(values: Values): HttpQuestion | null {
    const path = fill(this.#path, values, encodeURIComponent);
    if (leavesPath(path)) return null;
    const headers: Record<string, string> = {};
    for (const [name, template] of this.#headers) {
      const value = fill(template, values, (text) => text);
      if (!PRINTABLE.test(value)) return null;
      headers[name.toLowerCase()] = value;
    }
    const question = { method: this.#method, origin: this.origin, path };
    if (this.#fields === undefined) return { ...question, headers };
    const filled = this.#fields.map(([name, template]): [string, string] => [
      name,
      fill(template, values, (text) => text),
    ]);
    const body = bodies[this.#format];
    return { ...question, headers: { ...headers, 'content-type': body.type }, body: body.write(filled) };
  }
}

type Filled = readonly [string, string][];

const bodies: Readonly<Record<BodyFormat, { type: string; write(fields: Filled): string }>> = {
  form: {
    type: 'application/x-www-form-urlencoded',
    write: (fields) => new URLSearchParams(fields as [string, string][]).toString(),
  },
  json: { type: 'application/json', write: (fields) => JSON.stringify(Object.fromEntries(fields)) },
};
