// Opens the listeners of a configuration: where, with which certificates, and what is said when that cannot be.
import { lookup } from 'node:dns/promises';
import { appendFileSync, existsSync, lstatSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '../broker.js';
import {
  type Configuration,
  completed,
  type ListenerConfiguration,
  type ListenerSettings,
} from '../config/configuration.js';
import { listenerOptions } from '../config/listener-options.js';
import type { CertificateOptions, TlsOptions } from '../listeners/tls.js';
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

/** The contents of the files that a listener's options name. Throws a ServerProblem. */
export function certificatesOf(settings: Partial<ListenerSettings>): CertificateOptions {
  const { certfile, keyfile, cafile, capath, crlfile, ciphers, tls_version: version } = settings;
  const minVersion = version === undefined ? undefined : versions[version as keyof typeof versions];
  if (version !== undefined && minVersion === undefined)
    throw problem(`Error: Unsupported tls_version "${version}". Write tlsv1.2 or tlsv1.3.`);
  const ca: Buffer[] = [];
  if (cafile !== undefined)
    ca.push(contentOf(cafile, `Error: Unable to load CA certificates. Check cafile "${cafile}".`));
  if (capath !== undefined) ca.push(...folderOf(capath));
  const suites = [ciphers, settings['ciphers_tls1.3']].filter((one) => one !== undefined).join(':');
  return {
    ...(certfile && {
      cert: contentOf(certfile, `Error: Unable to load server certificate "${certfile}". Check certfile.`),
    }),
    ...(keyfile && {
      key: contentOf(keyfile, `Error: Unable to load server key file "${keyfile}". Check keyfile.`),
    }),
    ...(ca.length > 0 && { ca }),
    ...(crlfile && {
      crl: contentOf(
        crlfile,
        `Error: Unable to load certificate revocation file "${crlfile}". Check crlfile.`,
      ),
    }),
    ...(suites !== '' && { ciphers: suites }),
    ...(minVersion && { minVersion }),
  };
}

/** Whether a listener speaks TLS, and how; undefined when it does not. */
function tlsOf(
  settings: Partial<ListenerSettings>,
  keyOf: KeyOf,
  keylog: string | undefined,
): TlsOptions | undefined {
  const hasCertificate = settings.certfile !== undefined;
  if (!hasCertificate && settings.psk_hint === undefined) return undefined;
  const psk = hasCertificate ? undefined : { hint: settings.psk_hint!, keyOf };
  return {
    ...certificatesOf(settings),
    requireCertificate: settings.require_certificate,
    psk,
    keylog: keylog === undefined ? undefined : (line) => appendFileSync(keylog, line, { mode: 0o600 }),
  };
}

/** The pre-shared key of an identity. */
export type KeyOf = (identity: string) => Uint8Array | null;

/** Why a listener stays closed: what it needs is not there, and without it more people could come in, or other ones. */
export function closedReason(settings: Partial<ListenerSettings>): string | undefined {
  if (settings.protocol !== undefined && settings.protocol !== 'mqtt') return `protocol ${settings.protocol}`;
  if (settings.enable_proxy_protocol !== undefined) return 'enable_proxy_protocol';
  if (settings.mount_point !== undefined) return 'mount_point';
  if (settings.use_identity_as_username === true) return 'use_identity_as_username';
  if (settings.use_subject_as_username === true) return 'use_subject_as_username';
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
  readonly #keylog: string | undefined;
  /** Not used yet. */
  readonly #sockets: OpenedSocket[];

  /** `keylog`: the file that keys of TLS connections are written to. */
  constructor(broker: Broker, log: Log, sockets: readonly OpenedSocket[] = [], keylog?: string) {
    this.#sockets = [...sockets];
    this.#broker = broker;
    this.#log = log;
    this.#keylog = keylog;
    if (keylog === undefined) return;
    log('notice', `TLS key logging to '${keylog}' enabled for all listeners.`);
    log('notice', 'TLS key logging is for DEBUGGING only.');
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

  /** Opens one listener of the configuration: on all its addresses, or on sockets that were opened for it. */
  async open(config: Configuration, listener: ListenerConfiguration, keyOf: KeyOf): Promise<void> {
    const name = listenerName(listener);
    const closed = closedReason(listener.settings);
    if (closed !== undefined) {
      this.#log('warning', `Warning: The listener ${name} stays closed because of '${closed}'.`);
      return;
    }
    const settings = completed(listenerOptions, listener.settings);
    const tls = tlsOf(listener.settings, keyOf, this.#keylog);
    const common = { name, limits: listenerLimits(config, listener), ...(tls && { tls }) };
    const socket = this.#socketFor(listener);
    if (socket !== undefined) {
      this.#log('information', `Taking the socket ${socket.name} for listener ${name}.`);
      await this.#broker.listen({ ...common, port: listener.port, fd: socket.fd });
      return;
    }
    if (listener.path !== undefined) {
      await this.#openPath(listener.path, common);
      return;
    }
    const places = await placesOf(listener, settings);
    let opened = 0;
    for (const { host, family } of places) {
      this.#log('information', `Opening ipv${family} listen socket on port ${listener.port}.`);
      try {
        await this.#broker.listen({ ...common, port: listener.port, host, ipv6Only: true });
        opened++;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? '';
        const isExtra = family === 6 && places.length > 1 && MISSING.has(code);
        if (!isExtra) throw this.#openProblem(error, listener, `${host}:${listener.port}`);
      }
    }
    if (opened === 0) throw problem(`Error: The listener ${name} has no address that this machine has.`);
  }

  /** The one that has its name or its port for a name; where none has, they come in the order of the listeners. */
  #socketFor(listener: ListenerConfiguration): OpenedSocket | undefined {
    const names = [listenerName(listener), String(listener.port)];
    const named = this.#sockets.findIndex(({ name }) => names.includes(name));
    return this.#sockets.splice(Math.max(0, named), 1)[0];
  }

  #openProblem(error: unknown, listener: ListenerConfiguration, where: string): Error {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_OSSL') && !code.startsWith('ERR_TLS')) return listenProblem(error, where);
    const { certfile, keyfile } = listener.settings;
    return problem(
      `Error: Unable to load server certificate "${certfile}" or key file "${keyfile}". Check certfile and keyfile.`,
      `OpenSSL Error: ${(error as Error).message}`,
    );
  }

  async #openPath(path: string, common: object): Promise<void> {
    this.#log('information', `Opening unix listen socket on path ${path}.`);
    if (Buffer.byteLength(path) > 107) throw problem(`Error: Path to unix socket is too long "${path}".`);
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
