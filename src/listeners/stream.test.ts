// How a TLS connection is ended, seen by who looks at its records on the way.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { Transport } from '../core/transport.js';
import { TlsListener } from './tls.js';

const ALERT = 21;
const key = Buffer.from('0123456789abcdef', 'hex');
const ignore = (): void => {};

/** The types of TLS records, in order (RFC 5246 section 6.2.1). */
function recordTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at]!);
  return types;
}

/** All that the listener sends to a client whose connection it destroys. TLS 1.2, where alerts can be told apart. */
async function sentUntilDestroyed(unsent: Uint8Array): Promise<Buffer> {
  const seen: Buffer[] = [];
  const accept = (transport: Transport): void => {
    transport.start({ received: ignore, drained: ignore, closed: ignore });
    if (unsent.length > 0) transport.write(unsent);
    transport.destroy();
  };
  const listener = new TlsListener({ psk: { hint: 'hint', keyOf: () => key } }, accept, ignore);
  const { port } = await listener.listen({ port: 0, host: '127.0.0.1' });
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    server.on('data', (chunk) => seen.push(chunk));
    server.pipe(client).pipe(server);
    client.on('error', ignore);
    server.on('error', ignore);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(() => {
    listener.stop();
    relay.close();
  });
  const client = connectTls({
    port: (relay.address() as AddressInfo).port,
    host: '127.0.0.1',
    ciphers: 'PSK',
    maxVersion: 'TLSv1.2',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ identity: 'somebody', psk: key }),
  });
  client.on('error', ignore);
  client.resume();
  await once(client, 'close');
  return Buffer.concat(seen);
}

test('a TLS connection that is destroyed tells the client that nothing was cut off', async () => {
  expect(recordTypes(await sentUntilDestroyed(new Uint8Array(0))).at(-1)).toBe(ALERT);
});

test('a TLS connection that is destroyed with bytes left does not say that these were all', async () => {
  expect(recordTypes(await sentUntilDestroyed(new Uint8Array(100_000)))).not.toContain(ALERT);
});
