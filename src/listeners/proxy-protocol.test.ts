// The header of the PROXY protocol, byte by byte, and who gets through a listener that expects it.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '../core/transport.js';
import { parseProxyHeader } from './proxy-protocol.js';
import { type ProxyOptions, TcpListener } from './tcp.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** A header of version 2: command and family as two bytes in hexadecimal, then its content. */
function v2(head: string, content: string): Buffer {
  const length = (content.length / 2).toString(16).padStart(4, '0');
  return Buffer.from(SIGNATURE + head + length + content, 'hex');
}

const IPV4 = 'c0000201c6336401ffff0050';
/** SSL, verified, with the common name `dev`. */
const TLS = '20000b010000000022000364' + '6576';

describe('version 1', () => {
  const parse = (text: string) => parseProxyHeader(Buffer.from(text, 'latin1'), 1);

  it('says address and port, and how long it is', () => {
    expect(parse('PROXY TCP4 192.0.2.1 198.51.100.1 65535 80\r\nrest')).toEqual({
      client: { address: '192.0.2.1', port: 65_535, isSecure: false, peer: undefined },
      length: 44,
    });
    expect(parse('PROXY TCP6 2001:db8::1 ::1 1 2\r\n')?.client?.address).toBe('2001:db8::1');
    expect(parse('PROXY UNKNOWN whatever\r\n')).toEqual({ client: undefined, length: 24 });
  });

  it('waits for its end, wherever it is cut', () => {
    const whole = 'PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n';
    for (let i = 0; i < whole.length; i++) expect(parse(whole.slice(0, i))).toBeUndefined();
    expect(parse(whole)).toBeDefined();
  });

  it.each([
    'GET / HTTP/1.1\r\n',
    '\x10\x0c\0\x04MQTT',
    'PROXY TCP4 1 2 3\r\n',
    'PROXY TCP5 192.0.2.1 192.0.2.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.1 99999 2\r\n',
    `PROXY TCP4 ${'1'.repeat(200)}`,
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow('corrupt PROXY header');
  });
});

describe('version 2', () => {
  it('says address and port over IPv4, IPv6 and unix sockets', () => {
    const plain = { isSecure: false, peer: undefined };
    expect(parseProxyHeader(v2('2111', IPV4), 2)).toEqual({
      client: { address: '192.0.2.1', port: 65_535, ...plain },
      length: 28,
    });
    const ipv6 = `20010db8${'0'.repeat(23)}1${'0'.repeat(31)}1${'07d0'}${'0050'}`;
    expect(parseProxyHeader(v2('2121', ipv6), 2)?.client).toEqual({
      address: '2001:db8::1',
      port: 2000,
      ...plain,
    });
    expect(parseProxyHeader(v2('2131', '00'.repeat(216)), 2)?.client).toEqual({
      address: 'unix',
      port: 0,
      ...plain,
    });
  });

  it('says what TLS the balancer has ended, and the name of a certificate that it has verified', () => {
    expect(parseProxyHeader(v2('2111', IPV4 + TLS), 2)?.client).toMatchObject({
      isSecure: true,
      peer: { identity: 'dev' },
    });
    const unverified = TLS.replace('0100000000', '0100000001');
    expect(parseProxyHeader(v2('2111', IPV4 + unverified), 2)?.client?.peer).toBeUndefined();
  });

  it('has no client when the balancer asks for itself', () => {
    expect(parseProxyHeader(v2('2000', ''), 2)).toEqual({ client: undefined, length: 16 });
  });

  it('waits for its end, wherever it is cut', () => {
    const whole = v2('2111', IPV4 + TLS);
    for (let i = 0; i < whole.length; i++) expect(parseProxyHeader(whole.subarray(0, i), 2)).toBeUndefined();
  });

  it.each<[string, Buffer]>([
    ['another signature', Buffer.from('PROXY TCP4 ')],
    ['another version', v2('1111', IPV4)],
    ['another command', v2('2211', IPV4)],
    ['an unknown family', v2('2141', IPV4)],
    ['addresses that are cut off', v2('2111', 'c0000201')],
    ['a value that is cut off', v2('2111', `${IPV4}20`)],
    ['a value that is longer than the header', v2('2111', `${IPV4}20ffff00`)],
    ['more bytes than anybody sends', v2('2111', '00'.repeat(5000))],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseProxyHeader(bytes, 2)).toThrow('corrupt PROXY header');
  });
});

describe('a listener that expects a header', () => {
  const listeners: TcpListener[] = [];
  const accepted: Transport[] = [];
  const refused: string[] = [];

  async function send(proxy: ProxyOptions, bytes: Uint8Array): Promise<void> {
    const listener = new TcpListener(
      (transport) => accepted.push(transport),
      (error) => refused.push(error.message),
    );
    listeners.push(listener);
    const { port } = await listener.listen({ port: 0, host: '127.0.0.1', proxy });
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    // a byte at a time: it may be cut anywhere
    for (const byte of bytes) socket.write(Uint8Array.of(byte));
    await expect.poll(() => accepted.length + refused.length).toBe(1);
  }

  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.stop();
    for (const transport of accepted.splice(0)) transport.destroy();
    refused.length = 0;
  });

  it('hands on what follows it, and who is behind the balancer', async () => {
    await send({ version: 2 }, Buffer.concat([v2('2111', IPV4 + TLS), Buffer.from('hello')]));
    const [transport] = accepted;
    expect([transport?.remoteAddress, transport?.remotePort]).toEqual(['192.0.2.1', 65_535]);
    expect(transport?.peer?.identity).toBe('dev');
    let text = '';
    transport?.start({
      received: (bytes, length) => {
        text += Buffer.from(bytes.subarray(0, length)).toString();
      },
      drained: () => {},
      closed: () => {},
    });
    await expect.poll(() => text).toBe('hello');
  });

  it.each<[string, ProxyOptions, Buffer, string]>([
    ['no header', { version: 1 }, Buffer.from('100c00044d515454', 'hex'), 'corrupt PROXY header'],
    [
      'no TLS where it has to be',
      { version: 2, requireTls: true },
      v2('2111', IPV4),
      'client did not connect using TLS',
    ],
    [
      'no certificate where one has to be',
      { version: 2, requireCertificate: true },
      v2('2111', IPV4),
      'client did not provide a certificate',
    ],
  ])('refuses a client with %s', async (_, proxy, bytes, why) => {
    await send(proxy, bytes);
    expect(refused[0]).toMatch(/^Connection from 127\.0\.0\.1:\d+ rejected, /);
    expect(refused[0]).toContain(why);
  });
});
