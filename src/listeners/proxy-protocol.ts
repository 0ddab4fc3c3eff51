// The PROXY protocol of load balancers, versions 1 and 2 (haproxy.org/download/3.1/doc/proxy-protocol.txt): the first
// bytes of a connection say who is at its other end, and what TLS the balancer has ended.
import type { Socket } from 'node:net';
import type { Peer } from '../core/transport.js';

/** Who the balancer says has connected. */
export interface ProxiedClient {
  readonly address: string;
  readonly port: number;
  /** Whether the client reached the balancer with TLS (version 2). */
  readonly isSecure: boolean;
  /** From a certificate that the balancer has verified. */
  readonly peer: Peer | undefined;
}

export class ProxyProtocolError extends Error {
  override name = 'ProxyProtocolError';
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Bytes before the addresses of version 2. */
const HEADER = 16;
/** Bytes that a header may have: addresses, and what is said about TLS. */
const LONGEST_V2 = 4096;
/** Version 1 is a line of at most this many bytes. */
const LONGEST_V1 = 107;
/** Milliseconds that a balancer has for its header. */
const TIMEOUT = 5000;

function corrupt(text: string): ProxyProtocolError {
  return new ProxyProtocolError(`corrupt PROXY header: ${text}`);
}

/** A header at the beginning of the bytes, and how many it has; undefined when more bytes are needed. */
export interface ParsedHeader {
  /** Undefined for a connection of the balancer itself, a health check. */
  readonly client: ProxiedClient | undefined;
  readonly length: number;
}

const V1 = /^PROXY (?:TCP4|TCP6) (\S{2,39}) \S{2,39} (\d{1,5}) \d{1,5}$/;

function parseV1(bytes: Buffer): ParsedHeader | undefined {
  const end = bytes.indexOf('\r\n');
  if (end === -1 || end + 2 > LONGEST_V1) {
    if (bytes.length >= LONGEST_V1) throw corrupt('its line has no end');
    const start = bytes.toString('latin1', 0, Math.min(6, bytes.length));
    if (!'PROXY '.startsWith(start)) throw corrupt('it does not begin with PROXY');
    return undefined;
  }
  const line = bytes.toString('latin1', 0, end);
  if (line.startsWith('PROXY UNKNOWN')) return { client: undefined, length: end + 2 };
  const match = V1.exec(line);
  if (match === null || Number(match[2]) > 65_535) throw corrupt('its line is wrong');
  const [, address, port] = match;
  return {
    client: { address: address!, port: Number(port), isSecure: false, peer: undefined },
    length: end + 2,
  };
}

function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Address families of version 2: bytes of an address, and how it is read. */
const families: Readonly<Record<number, { size: number; read: (bytes: Buffer) => string }>> = {
  1: { size: 4, read: (bytes) => [...bytes].join('.') },
  2: { size: 16, read: ipv6 },
};
const UNIX = 3;
const UNIX_SIZE = 108;

/** Types of the further values. */
const SSL = 0x20;
const SSL_CN = 0x22;
const CLIENT_SSL = 1;

function* values(bytes: Buffer): Generator<readonly [type: number, value: Buffer]> {
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) throw corrupt('a value is cut off');
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) throw corrupt('a value is longer than the header');
    yield [bytes[at]!, bytes.subarray(at + 3, end)];
    at = end;
  }
}

function securityOf(more: Buffer): Pick<ProxiedClient, 'isSecure' | 'peer'> {
  const ssl = [...values(more)].find(([type]) => type === SSL)?.[1];
  if (ssl === undefined || ssl.length < 5) return { isSecure: false, peer: undefined };
  const isSecure = (ssl[0]! & CLIENT_SSL) !== 0;
  // 0: the certificate was verified
  const isVerified = ssl.readUInt32BE(1) === 0;
  const name = [...values(ssl.subarray(5))].find(([type]) => type === SSL_CN)?.[1].toString();
  const peer =
    isSecure && isVerified && name !== undefined ? { identity: name, subject: undefined } : undefined;
  return { isSecure, peer };
}

function parseV2(bytes: Buffer): ParsedHeader | undefined {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.compare(SIGNATURE, 0, known, 0, known) !== 0) throw corrupt('its signature is wrong');
  if (bytes.length < HEADER) return undefined;
  const [versionAndCommand, familyAndTransport] = [bytes[12]!, bytes[13]!];
  const length = HEADER + bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2 || (versionAndCommand & 15) > 1) throw corrupt('its version is wrong');
  if (length > LONGEST_V2) throw corrupt('it is too long');
  if (bytes.length < length) return undefined;
  const family = familyAndTransport >> 4;
  // 0: the balancer itself
  if ((versionAndCommand & 15) === 0 || family === 0) return { client: undefined, length };
  const content = bytes.subarray(HEADER, length);
  if (family === UNIX) {
    if (content.length < 2 * UNIX_SIZE) throw corrupt('its addresses are cut off');
    const more = securityOf(content.subarray(2 * UNIX_SIZE));
    return { client: { address: 'unix', port: 0, ...more }, length };
  }
  const rule = families[family];
  if (rule === undefined) throw corrupt('its family of addresses is unknown');
  const size = 2 * rule.size + 4;
  if (content.length < size) throw corrupt('its addresses are cut off');
  const client = {
    address: rule.read(content.subarray(0, rule.size)),
    port: content.readUInt16BE(2 * rule.size),
    ...securityOf(content.subarray(size)),
  };
  return { client, length };
}

/** Throws a ProxyProtocolError when it is none. */
export function parseProxyHeader(bytes: Buffer, version: 1 | 2): ParsedHeader | undefined {
  return version === 1 ? parseV1(bytes) : parseV2(bytes);
}

/**
 * Reads the header of a connection; what follows it is left in the socket. Rejects, after the socket was destroyed,
 * when there is none, or not in time. Undefined for a connection of the balancer itself.
 */
export function readProxyHeader(socket: Socket, version: 1 | 2): Promise<ProxiedClient | undefined> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      done();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(corrupt('it did not come in time')), TIMEOUT);
    const ended = (): void => fail(corrupt('the connection ended before it'));
    const read = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      bytes = Buffer.concat([bytes, chunk]);
      try {
        const header = parseProxyHeader(bytes, version);
        if (header === undefined) return;
        done();
        if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
        resolve(header.client);
      } catch (error) {
        fail(error as Error);
      }
    };
    const done = (): void => {
      clearTimeout(timer);
      socket.off('readable', read).off('end', ended).off('close', ended).off('error', ended);
    };
    socket.on('readable', read).on('end', ended).on('close', ended).on('error', ended);
  });
}
