// Listening: where, on what, and what happens when that cannot be.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '../core/transport.js';
import { TcpListener, type TcpOptions } from './tcp.js';

const listeners: TcpListener[] = [];
const sockets: Socket[] = [];
const accepted: Transport[] = [];
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

function listener(): TcpListener {
  const made = new TcpListener((transport) => {
    accepted.push(transport);
    transport.start({ received: () => {}, drained: () => {}, closed: () => {} });
  });
  listeners.push(made);
  return made;
}

async function dial(port: number, host: string): Promise<void> {
  const socket = connect({ port, host });
  sockets.push(socket);
  await once(socket, 'connect');
}

function codeOf(options: TcpOptions): Promise<string | undefined> {
  return listener()
    .listen(options)
    .then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
}

afterEach(() => {
  for (const one of listeners.splice(0)) one.stop();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const transport of accepted.splice(0)) transport.destroy();
});

describe('a TCP listener', () => {
  it('listens on any free port when asked for port 0, and says which', async () => {
    const one = listener();
    expect(one.address).toBeNull();
    const address = await one.listen({ port: 0, host: '127.0.0.1' });
    expect(address).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    expect(address.port).toBeGreaterThan(0);
    expect(one.address).toEqual(address);
    await dial(address.port, '127.0.0.1');
  });

  it.runIf(hasIpv6)('listens on IPv6, with IPv4 as well on `::` unless told not to', async () => {
    const loopback = await listener().listen({ port: 0, host: '::1' });
    await dial(loopback.port, '::1');
    await expect(dial(loopback.port, '127.0.0.1')).rejects.toThrow('ECONNREFUSED');
  });

  it('rejects when the port is in use', async () => {
    const { port } = await listener().listen({ port: 0, host: '127.0.0.1' });
    expect(await codeOf({ port, host: '127.0.0.1' })).toBe('EADDRINUSE');
  });

  it('rejects when the machine has no such address', async () => {
    expect(await codeOf({ port: 0, host: '192.0.2.1' })).toBe('EADDRNOTAVAIL');
  });

  it('frees its port when it stops, and keeps the connections that are open', async () => {
    const one = listener();
    const { port } = await one.listen({ port: 0, host: '127.0.0.1' });
    await dial(port, '127.0.0.1');
    one.stop();
    await expect(dial(port, '127.0.0.1')).rejects.toThrow('ECONNREFUSED');
    await listener().listen({ port, host: '127.0.0.1' });
    expect(sockets[0]!.readyState).toBe('open');
  });

  it('hands on every one of many connections that come at once', async () => {
    const { port } = await listener().listen({ port: 0, host: '127.0.0.1' });
    await Promise.all(Array.from({ length: 300 }, () => dial(port, '127.0.0.1')));
    while (accepted.length < 300) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(new Set(accepted.map(({ remotePort }) => remotePort))).toEqual(
      new Set(sockets.map(({ localPort }) => localPort)),
    );
  });
});
