// The two flags that hold an address as a URL: -L (broker and topic) and --proxy. They are not quite URLs, so they are
// taken apart here, as Mosquitto's clients do, and not by the URL class.
import type { ProxyConfig } from './client-config.js';
import { readInt } from './client-values.js';

export interface BrokerUrl {
  port: number;
  /** Encrypted, with the certificates that the operating system trusts. */
  tls: boolean;
  websockets: boolean;
  host: string;
  username: string | undefined;
  password: string | undefined;
  topic: string;
}

type Scheme = Pick<BrokerUrl, 'port' | 'tls' | 'websockets'>;

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['mqtt', { port: 1883, tls: false, websockets: false }],
  ['mqtts', { port: 8883, tls: true, websockets: false }],
  ['ws', { port: 1883, tls: false, websockets: true }],
  ['wss', { port: 8883, tls: true, websockets: true }],
]);

/** The text before and after the first separator; after it nothing if there is none. */
function cut(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** An IPv6 address stands in brackets. Mosquitto takes it apart at its first colon. */
const bracketed = /^\[([^\]]*)\](?::(.*))?$/s;

/** Takes `scheme://[username[:password]@]host[:port]/topic` apart; a string is what is wrong with it. */
export function parseBrokerUrl(url: string): BrokerUrl | string {
  const [name, rest] = cut(url, '://');
  const scheme = schemes.get(name.toLowerCase());
  if (scheme === undefined || rest === undefined) return 'Error: Unsupported URL scheme.\n\n';
  const [authority, topic] = cut(rest, '/');
  if (topic === undefined) return 'Error: Invalid URL for -L argument specified - topic missing.\n';
  const [first, second] = cut(authority, '@');
  const [username, password] = second === undefined ? [undefined, undefined] : cut(first, ':');
  const ipv6 = bracketed.exec(second ?? first);
  const [host, port] = ipv6 === null ? cut(second ?? first, ':') : [ipv6[1]!, ipv6[2]];
  return { ...scheme, ...(port !== undefined && { port: readInt(port) }), host, username, password, topic };
}

const PROXY_SCHEME = 'socks5h://';
const DEFAULT_PROXY_PORT = 1080;
const proxyEscapes: Readonly<Record<string, string>> = { '%25': '%', '%3a': ':', '%40': '@' };

/** Null if there is an escape other than those of %, : and @. */
function unescaped(text: string | undefined): string | undefined | null {
  if (text !== undefined && /%(?!25|3[Aa]|40)/.test(text)) return null;
  return text?.replace(/%../g, (code) => proxyEscapes[code.toLowerCase()]!);
}

/** `username[:password]`; a string is what is wrong, and may be empty. */
function parseCredentials(text: string): { username: string; password: string | undefined } | string {
  const [username, password, more] = text.split(':');
  if (password !== undefined && (username === '' || (more !== undefined && password === ''))) return '';
  if (more !== undefined) return "Error: Username cannot contain ':'.\n";
  return { username: username!, password };
}

/** `host[:port]`, where the host may stand in brackets; a string is what is wrong, and may be empty. */
function parseProxyHost(text: string): { host: string; port: string | undefined } | string {
  let host: string | undefined;
  let start = 0;
  let inBrackets = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    const isColon = character === ':';
    if (!'[]:'.includes(character) || (isColon && inBrackets)) continue;
    if (host !== undefined) return isColon ? '' : 'Error: Duplicate IPv6 address.\n';
    inBrackets = character === '[';
    if (!inBrackets) host = text.slice(start, at);
    if (character === ']' && text[at + 1] === ':') at++;
    start = at + 1;
  }
  const remainder = start < text.length ? text.slice(start) : undefined;
  if (host !== undefined) return { host, port: remainder };
  return remainder === undefined ? 'Error: Invalid proxy.\n' : { host: remainder, port: undefined };
}

/** Takes `socks5h://[username[:password]@]host[:port]` apart; a string is what is wrong, and may be empty. */
export function parseProxyUrl(url: string): ProxyConfig | string {
  if (!url.startsWith(PROXY_SCHEME)) return `Error: Unsupported proxy protocol: ${url}\n`;
  const [first, second] = cut(url.slice(PROXY_SCHEME.length), '@');
  const credentials = second === undefined ? undefined : parseCredentials(first);
  if (typeof credentials === 'string') return credentials;
  const address = parseProxyHost(second ?? first);
  if (typeof address === 'string') return address;
  const username = unescaped(credentials?.username);
  const password = unescaped(credentials?.password);
  if (username === null || password === null) return '';
  const port = address.port === undefined ? DEFAULT_PROXY_PORT : readInt(address.port);
  if (port < 1 || port > 65_535) return `Error: Invalid proxy port ${port}\n`;
  return { host: address.host, port, username, password };
}
