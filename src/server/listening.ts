// Opens the listeners of a configuration: where, with which certificates, and what is said when that cannot be.
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { appendFileSync, existsSync, lstatSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, DEFAULT_CIPHERS } from 'node:tls';
import type { Broker } from '../broker.js';
import {
  type Configuration,
  completed,
  type ListenerConfiguration,
  type ListenerSettings,
} from '../config/configuration.js';
import { listenerOptions } from '../config/listener-options.js';
import type { ProxyOptions } from '../listeners/tcp.js';
import type { CertificateOptions, TlsOptions } from '../listeners/tls.js';
import type { WebSocketOptions } from '../listeners/websocket.js';
import type { Log } from './client-log.js';
import { ExitCode, ServerProblem } from './server-problem.js';
import { listenerLimits, listenerName } from './settings.js';

/** Where one socket listens. */
interface Place {
  readonly host: string;
  readonly family: 4 | 6;
}

const LOOPBACK: readonly Place[] = [
  { host: '127.0.0.1', family: 4 },
  { host: '::1', family: 6 },
];
const ANY: readonly Place[] = [
  { host: '0.0.0.0', family: 4 },
  { host: '::', family: 6 },
];

/** Bytes of headers that browsers with cookies send. */
const MIN_HEADERS = 16_384;

/** What the system says of an address that the machine does not have. */
const MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);
const words: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Address already in use',
  EACCES: 'Permission denied',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
};

function problem(...lines: string[]): ServerProblem {
  return new ServerProblem(ExitCode.general, ...lines);
}

/** What the system refused, in Mosquitto's words, and what to do. */
function listenProblem(error: unknown, where: string): ServerProblem {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const text = `Error: ${words[code] ?? (error as Error).message}`;
  if (code === 'EADDRINUSE')
    return problem(text, `Error: ${where} is in use by another program; stop it, or listen on another port.`);
  if (code === 'EACCES')
    return problem(
      'If you are trying to bind to a privileged port (<1024), try using setcap and do not start the broker as root:',
      `    sudo setcap 'CAP_NET_BIND_SERVICE=+ep ${process.execPath}'`,
      text,
      `Error: ${where} may not be opened by this user.`,
    );
  return problem(`${text} (${where})`);
}

async function placesOf(
  listener: ListenerConfiguration,
  settings: ListenerSettings,
): Promise<readonly Place[]> {
  const family = settings.socket_domain === 'ipv4' ? 4 : settings.socket_domain === 'ipv6' ? 6 : undefined;
  const all = await allPlaces(listener, settings);
  return all.filter((place) => family === undefined || place.family === family);
}

async function allPlaces(
  { host }: ListenerConfiguration,
  { bind_interface: device }: ListenerSettings,
): Promise<readonly Place[]> {
  if (device !== undefined) return interfacePlaces(device);
  if (host === undefined) return ANY;
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address, family }) => ({ host: address, family: family as 4 | 6 }));
  } catch (error) {
    throw problem(
      `Error creating listener: ${(error as NodeJS.ErrnoException).code === 'ENOTFOUND' ? 'Name or service not known' : (error as Error).message}. (${host})`,
    );
  }
}

function interfacePlaces(device: string): readonly Place[] {
  const addresses = networkInterfaces()[device];
  if (addresses === undefined) throw problem(`Error: Interface ${device} does not exist.`);
  return addresses.map(({ address, family, scopeid }) =>
    family === 'IPv4'
      ? { host: address, family: 4 }
      : { host: scopeid ? `${address}%${device}` : address, family: 6 },
  );
}

/** Reads a file of a listener; says which option names it when it cannot be read. */
function contentOf(path: string, text: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw problem(text, `Error: ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function folderOf(path: string): Buffer[] {
  const text = `Error: Unable to load CA certificates. Check capath "${path}".`;
  try {
    return readdirSync(path)
      .map((name) => join(path, name))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file))
      .filter((content) => content.includes('-----BEGIN CERTIFICATE-----'));
  } catch (error) {
    throw problem(text, `Error: ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

const versions = { 'tlsv1.2': 'TLSv1.2', 'tlsv1.3': 'TLSv1.3' } as const;

function minVersionOf({ tls_version: version }: Partial<ListenerSettings>): CertificateOptions['minVersion'] {
  if (version === undefined) return undefined;
  if (Object.hasOwn(versions, version)) return versions[version as keyof typeof versions];
  throw problem(`Error: Unsupported tls_version "${version}". Write tlsv1.2 or tlsv1.3.`);
}

const [TLS13_CIPHERS, TLS12_CIPHERS] = [true, false].map((isNew) =>
  DEFAULT_CIPHERS.split(':')
    .filter((name) => name.startsWith('TLS_') === isNew)
    .join(':'),
);

/** Both kinds in one list, as OpenSSL in Node wants them: without ciphers of one kind its versions of TLS would be off. */
function ciphersOf(settings: Partial<ListenerSettings>): string | undefined {
  const { ciphers, 'ciphers_tls1.3': suites } = settings;
  if (ciphers === undefined && suites === undefined) return undefined;
  return `${suites ?? TLS13_CIPHERS}:${ciphers ?? TLS12_CIPHERS}`;
}

/** Which option is to blame for what OpenSSL refuses: the first of these that it does not take. */
const blames: readonly {
  readonly parts: readonly (keyof CertificateOptions)[];
  text(settings: Partial<ListenerSettings>): string;
}[] = [
  { parts: ['cert'], text: ({ certfile }) => `load server certificate "${certfile}". Check certfile.` },
  { parts: ['cert', 'key'], text: ({ keyfile }) => `load server key file "${keyfile}". Check keyfile.` },
  { parts: ['crl'], text: ({ crlfile }) => `load certificate revocation file "${crlfile}". Check crlfile.` },
  {
    parts: ['ciphers'],
    text: ({ ciphers = '', 'ciphers_tls1.3': suites = '' }) =>
      `set TLS ciphers. Check ciphers "${ciphers}" and ciphers_tls1.3 "${suites}".`,
  },
];

function checkCertificates(options: CertificateOptions, settings: Partial<ListenerSettings>): void {
  for (const { parts, text } of blames) {
    try {
      createSecureContext({ ca: [], ...Object.fromEntries(parts.map((part) => [part, options[part]])) });
    } catch (error) {
      throw problem(`Error: Unable to ${text(settings)}`, `OpenSSL Error: ${(error as Error).message}`);
    }
  }
}

/** OpenSSL in Node says nothing of authorities that it cannot read, and then no client would get in. */
function authorityOf(cafile: string): Buffer {
  const text = `Error: Unable to load CA certificates. Check cafile "${cafile}".`;
  const content = contentOf(cafile, text);
  try {
    new X509Certificate(content);
    return content;
  } catch (error) {
    throw problem(text, `OpenSSL Error: ${(error as Error).message}`);
  }
}

/**
 * The contents of the files that a listener's options name; undefined where there is none, so that what was there
 * before a reload does not stay. Throws a ServerProblem.
 */
export function certificatesOf(settings: Partial<ListenerSettings>): CertificateOptions {
  const { certfile, keyfile, cafile, capath, crlfile } = settings;
  const read = (path: string | undefined, text: string): Buffer | undefined =>
    path === undefined ? undefined : contentOf(path, `Error: Unable to load ${text}`);
  const options: CertificateOptions = {
    cert: read(certfile, `server certificate "${certfile}". Check certfile.`),
    key: read(keyfile, `server key file "${keyfile}". Check keyfile.`),
    // with no list at all Node would trust the authorities of the web
    ca: [
      ...(cafile === undefined ? [] : [authorityOf(cafile)]),
      ...(capath === undefined ? [] : folderOf(capath)),
    ],
    crl: read(crlfile, `certificate revocation file "${crlfile}". Check crlfile.`),
    ciphers: ciphersOf(settings),
    minVersion: minVersionOf(settings),
  };
  checkCertificates(options, settings);
  return options;
}

export function speaksTls({ certfile, psk_hint: hint }: Partial<ListenerSettings>): boolean {
  return certfile !== undefined || hint !== undefined;
}

/** How a listener speaks TLS; undefined when it does not. */
function tlsOf(
  settings: Partial<ListenerSettings>,
  keyOf: KeyOf,
  keylog: TlsOptions['keylog'],
): TlsOptions | undefined {
  if (!speaksTls(settings)) return undefined;
  const psk = settings.certfile === undefined ? { hint: settings.psk_hint!, keyOf } : undefined;
  return {
    ...certificatesOf(settings),
    requireCertificate: settings.require_certificate,
    psk,
    keylog,
  };
}

function proxyOf(settings: Partial<ListenerSettings>): ProxyOptions | undefined {
  const version = settings.enable_proxy_protocol as 1 | 2 | undefined;
  if (version === undefined) return undefined;
  return {
    version,
    requireTls: settings.proxy_protocol_v2_require_tls,
    requireCertificate: version === 2 && settings.require_certificate,
  };
}

function websocketOf(config: Configuration, settings: Partial<ListenerSettings>): WebSocketOptions {
  // what Mosquitto reads into its buffer at once is what the headers may have
  const { packet_buffer_size: size = 0 } = config.settings;
  return { origins: settings.websockets_origin, maxHeaderSize: Math.max(size, MIN_HEADERS) };
}

/** What is said of a listener that stays closed. */
export function closedWarning(listener: ListenerConfiguration): string | undefined {
  const closed = closedReason(listener.settings);
  if (closed === undefined) return undefined;
  return `Warning: The listener ${listenerName(listener)} stays closed because of '${closed}'.`;
}

function socketNames(listener: ListenerConfiguration): string[] {
  return [listenerName(listener), String(listener.port)];
}

function missingPlaces(name: string): ServerProblem {
  return problem(`Error: The listener ${name} has no address that this machine has.`);
}

function checkPath(path: string): void {
  if (Buffer.byteLength(path) > 107) throw problem(`Error: Path to unix socket is too long "${path}".`);
}

/** The pre-shared key of an identity. */
export type KeyOf = (identity: string) => Uint8Array | null;

/** Why a listener stays closed: what it needs is not there, and without it more people could come in, or other ones. */
export function closedReason(settings: Partial<ListenerSettings>): string | undefined {
  if (settings.protocol === 'http_api') return 'protocol http_api';
  const isPlain = settings.protocol !== 'websockets' && settings.certfile === undefined;
  if (settings.enable_proxy_protocol !== undefined && !isPlain) return 'enable_proxy_protocol';
  if (settings.mount_point !== undefined) return 'mount_point';
  return undefined;
}

/** A socket that listens already, by its file descriptor. */
export interface OpenedSocket {
  readonly fd: number;
  readonly name: string;
}

export class Listening {
  readonly #broker: Broker;
  readonly #log: Log;
  readonly #keylog: TlsOptions['keylog'];
  /** Not used yet. */
  readonly #sockets: OpenedSocket[];

  /** `keylog`: the file that keys of TLS connections are written to. */
  constructor(broker: Broker, log: Log, sockets: readonly OpenedSocket[] = [], keylog?: string) {
    this.#sockets = [...sockets];
    this.#broker = broker;
    this.#log = log;
    if (keylog === undefined) return;
    this.#keylog = (line) => this.#logKey(keylog, line);
    log('notice', `TLS key logging to '${keylog}' enabled for all listeners.`);
    log('notice', 'TLS key logging is for DEBUGGING only.');
  }

  #logKey(path: string, line: Buffer): void {
    try {
      appendFileSync(path, line, { mode: 0o600 });
    } catch (error) {
      this.#log('error', `Error: Unable to write to the TLS key log '${path}': ${(error as Error).message}`);
    }
  }

  /** Without a listener in the configuration: this machine only. Throws when a port cannot be opened. */
  async openLocal(config: Configuration, ports: readonly number[]): Promise<void> {
    for (const text of [
      'Starting in local only mode. Connections will only be possible from clients running on this machine.',
      'Create a configuration file which defines a listener to allow remote access.',
      'For more details see https://mosquitto.org/documentation/authentication-methods/',
      'These two lines in a configuration file open it to everybody: listener 1883, and allow_anonymous true.',
    ])
      this.#log('warning', text);
    for (const port of ports) for (const place of LOOPBACK) await this.#openLoopback(config, port, place);
  }

  async #openLoopback(config: Configuration, port: number, place: Place): Promise<void> {
    const name = `${place.host}:${port}`;
    this.#log('information', `Opening ipv${place.family} listen socket on port ${port}.`);
    try {
      await this.#broker.listen({ port, host: place.host, name, limits: listenerLimits(config, null) });
    } catch (error) {
      const isMissing = place.family === 6 && MISSING.has((error as NodeJS.ErrnoException).code ?? '');
      if (!isMissing) throw listenProblem(error, name);
    }
  }

  /** Throws where a listener could not be opened, as far as that can be known before. */
  async check(listener: ListenerConfiguration): Promise<void> {
    if (closedReason(listener.settings) !== undefined) return;
    if (listener.path !== undefined) checkPath(listener.path);
    else await this.#placesFor(listener);
  }

  async #placesFor(listener: ListenerConfiguration): Promise<readonly Place[]> {
    const places = await placesOf(listener, completed(listenerOptions, listener.settings));
    if (places.length > 0) return places;
    throw missingPlaces(listenerName(listener));
  }

  /** Opens one listener of the configuration, all of it or nothing: on its addresses, or on a socket that is open. */
  async open(config: Configuration, listener: ListenerConfiguration, keyOf: KeyOf): Promise<void> {
    const name = listenerName(listener);
    const closed = closedWarning(listener);
    if (closed !== undefined) return this.#log('warning', closed);
    const settings = completed(listenerOptions, listener.settings);
    const tls = tlsOf(listener.settings, keyOf, this.#keylog);
    const isWebSocket = settings.protocol === 'websockets';
    const websocket = isWebSocket ? websocketOf(config, listener.settings) : undefined;
    const common = {
      name,
      limits: listenerLimits(config, listener),
      ...(tls && { tls }),
      ...(websocket && { websocket }),
      proxy: proxyOf(listener.settings),
    };
    const socket = this.#socketFor(config, listener);
    if (socket !== undefined) {
      this.#log('information', `Taking the socket ${socket.name} for listener ${name}.`);
      await this.#broker.listen({ ...common, port: listener.port, fd: socket.fd });
      return;
    }
    if (listener.path !== undefined) {
      await this.#openPath(listener.path, common);
      return;
    }
    const places = await this.#placesFor(listener);
    let opened = 0;
    for (const { host, family } of places) {
      this.#log('information', `Opening ipv${family} listen socket on port ${listener.port}.`);
      try {
        await this.#broker.listen({ ...common, port: listener.port, host, ipv6Only: true });
        opened++;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? '';
        const isExtra = family === 6 && places.length > 1 && MISSING.has(code);
        if (isExtra) continue;
        this.#broker.stopListening(name);
        throw listenProblem(error, `${host}:${listener.port}`);
      }
    }
    if (opened === 0) throw missingPlaces(name);
  }

  /**
   * The one that has its name or its port for a name. Those that are not named for any listener come in the order of
   * the listeners.
   */
  #socketFor({ listeners }: Configuration, listener: ListenerConfiguration): OpenedSocket | undefined {
    const own = socketNames(listener);
    const all = new Set(listeners.flatMap(socketNames));
    const named = this.#sockets.findIndex(({ name }) => own.includes(name));
    const at = named === -1 ? this.#sockets.findIndex(({ name }) => !all.has(name)) : named;
    return at === -1 ? undefined : this.#sockets.splice(at, 1)[0];
  }

  async #openPath(path: string, common: object): Promise<void> {
    this.#log('information', `Opening unix listen socket on path ${path}.`);
    checkPath(path);
    // what an earlier run has left is in the way
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSocket()) unlinkSync(path);
    else if (there !== undefined) throw problem(`Error: ${path} is there and is no socket.`);
    try {
      await this.#broker.listen({ ...common, port: 0, path });
    } catch (error) {
      throw problem(`Error binding unix socket: ${(error as Error).message}`);
    }
  }
}
