// From the configuration of a tool to the options of the client: where to connect, and how.
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { ClientError } from '../client/errors.js';
import type { NodeClientOptions, TlsOptions } from '../client/node.js';
import type { Target } from '../client/options.js';
import type { SessionStore } from '../client/session-store.js';
import { ReasonCode } from '../protocol/reason-codes.js';
import type { ProxyConfig, TlsConfig, ToolConfig } from './client-config.js';

/** Where operating systems keep the certificates that they trust. */
const SYSTEM_CERTIFICATES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Seconds between attempts to connect again. */
const RECONNECT_SECONDS = 1;

function optionalFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function folderOf(path: string): Buffer[] {
  return readdirSync(path)
    .map((name) => `${path}/${name}`)
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file));
}

function authorities({ cafile, capath, useOsCerts }: TlsConfig): Buffer[] {
  const found: Buffer[] = [];
  if (cafile !== undefined) found.push(readFileSync(cafile));
  if (capath !== undefined) found.push(...folderOf(capath));
  if (useOsCerts) {
    const named = process.env['SSL_CERT_FILE'];
    const system = [...(named === undefined ? [] : [named]), ...SYSTEM_CERTIFICATES]
      .map(optionalFile)
      .find((one) => one !== undefined);
    if (system !== undefined) found.push(system);
  }
  return found;
}

/** Throws the error of the system or of OpenSSL for files that are not what they must be. */
function tlsOptions(tls: TlsConfig): TlsOptions {
  const { cert, key, ciphers, alpn, version, verify, psk, pskIdentity, keylog } = tls;
  const options: TlsOptions = {};
  if (psk !== undefined) options.psk = { identity: pskIdentity ?? '', key: Buffer.from(psk, 'hex') };
  else options.ca = authorities(tls);
  if (cert !== undefined) options.cert = readFileSync(cert);
  if (key !== undefined) options.key = readFileSync(key);
  if (ciphers !== undefined) options.ciphers = ciphers;
  if (alpn !== undefined) options.ALPNProtocols = [alpn];
  if (psk === undefined) options.minVersion = version === 'tlsv1.3' ? 'TLSv1.3' : 'TLSv1.2';
  if (verify === 'nothing') options.rejectUnauthorized = false;
  if (verify !== 'all') options.checkServerIdentity = () => undefined;
  if (keylog !== undefined) options.keylog = (line) => appendFileSync(keylog, line);
  return options;
}

/** An identifier as Mosquitto makes it for MQTT 3.1, which wants one. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return `mosq-${Array.from(bytes, (byte) => ID_CHARACTERS[byte % ID_CHARACTERS.length]).join('')}`;
}

/** The stream to the broker through a SOCKS5 proxy, which looks the name up. */
async function throughProxy(proxy: ProxyConfig, target: Target): Promise<Duplex> {
  const { SocksClient } = await import('socks');
  const { host, port, username, password } = proxy;
  const credentials = username === undefined ? {} : { userId: username, password: password ?? '' };
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    proxy: { host, port, type: 5, ...credentials },
    destination: { host: target.host, port: target.port },
  });
  return socket;
}

function protocolOf({ transport, tls, unixPath }: ToolConfig): Target['protocol'] {
  if (unixPath !== undefined) return 'unix';
  if (transport === 'websockets') return tls.enabled ? 'wss' : 'ws';
  return tls.enabled ? 'mqtts' : 'mqtt';
}

/** The host and port of a service record of DNS (-S). */
export async function serviceRecord(config: ToolConfig): Promise<{ host: string; port: number }> {
  const { resolveSrv } = await import('node:dns/promises');
  const name = `${config.tls.enabled ? '_secure-mqtt' : '_mqtt'}._tcp.${config.host}`;
  const records = await resolveSrv(name);
  const [best] = records.sort((a, b) => a.priority - b.priority || b.weight - a.weight);
  return { host: best!.name, port: best!.port };
}

/** A session of one run: packet identifiers begin at 1, as with Mosquitto's tools. */
const nothingKept: SessionStore = {
  open: async () => new Map(),
  commit: () => undefined,
  close: async () => {},
};

/** The original goes on when a broker that is there goes away before CONNACK, or sends one that is malformed. */
function isPassing({ code, reason }: ClientError): boolean {
  return code === 'lost' || (code === 'protocol' && reason === ReasonCode.MalformedPacket);
}

/** `reconnects`: a connection that is lost is made again. */
export function clientOptions(config: ToolConfig, reconnects: boolean): NodeClientOptions {
  const { version, proxy, will, properties } = config;
  const options: NodeClientOptions = {
    protocol: protocolOf(config),
    host: config.host,
    port: config.port,
    path: config.unixPath ?? '/mqtt',
    version,
    clientId: config.clientId ?? (version === 3 ? randomId() : ''),
    cleanStart: config.cleanSession,
    sessionExpiryInterval: properties.connect.sessionExpiryInterval ?? 0,
    keepAlive: config.keepAlive,
    username: config.username,
    password: config.password,
    will,
    properties: properties.connect,
    receiveMaximum: properties.connect.receiveMaximum ?? config.receiveMaximum,
    maxInflight: config.maxInflight,
    retryFirstConnect: (error) => reconnects && isPassing(error),
    subscriptionIdentifiers: false,
    store: config.cleanSession ? undefined : nothingKept,
    localAddress: config.bindAddress,
    reconnect: reconnects && {
      minDelay: RECONNECT_SECONDS * 1000,
      maxDelay: RECONNECT_SECONDS * 1000,
      jitter: 0,
    },
  };
  if (config.tls.enabled) options.tls = tlsOptions(config.tls);
  if (proxy !== undefined) options.dial = (target) => throughProxy(proxy, target);
  return options;
}
