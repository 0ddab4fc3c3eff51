// Connections that never finish the handshake before MQTT, or that come through a balancer: what counts is who they are,
// and from the moment in which they are there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { makeCertificates } from '../tools/certificates.js';
import { connectBytes, reasonOf } from './attacker.js';
import { Scene } from './scene.js';

const certificates = makeCertificates();
const file = (name: string): Buffer => readFileSync(join(certificates.folder, name));
const tls = { cert: file('server.crt'), key: file('server.key') };
const trust = { ca: [file('ca.crt')], servername: 'localhost' };

let scene: Scene;
afterEach(() => scene.close());
afterAll(() => certificates.remove());

describe.each([
  ['TLS', { tls }, { protocol: 'mqtts', tls: trust }],
  ['WebSocket', { websocket: {} }, { protocol: 'ws' }],
  ['secure WebSocket', { tls, websocket: {} }, { protocol: 'wss', tls: trust }],
] as const)('a handshake of %s that never ends', (_name, listener, client) => {
  it('counts for its address, and leaves room for others', async () => {
    scene = await Scene.open({ maxConnectionsPerAddress: 10, maxConnections: 200 }, listener);
    await scene.attacker.openMany(500);
    await vi.waitFor(() => expect(scene.attacker.size).toBeLessThanOrEqual(110), 5000);
    expect(scene.broker.metrics.connectionsCurrent).toBe(0);
    await scene.join(client);
    await scene.isServed();
    scene.attacker.stop();
    await vi.waitFor(() => expect(scene.attacker.size).toBe(0), 5000);
    await scene.attacker.openMany(5);
    await scene.isServed();
  });

  it('counts for maxConnections until its end', async () => {
    scene = await Scene.open({ maxConnections: 3 }, listener);
    await scene.attacker.openMany(3);
    await expect(scene.join(client)).rejects.toMatchObject({ code: 'refused', reason: 0x97 });
    scene.attacker.stop();
    await vi.waitFor(() => scene.join(client), 5000);
    await scene.isServed();
    expect(scene.broker.metrics.connectionsCurrent).toBe(1);
  });
});

describe('behind a balancer', () => {
  const login = (from: string): Promise<Buffer> =>
    scene.attacker.say(
      Buffer.concat([Buffer.from(`PROXY TCP4 ${from} 192.0.2.99 1000 1883\r\n`), connectBytes({})]),
    );

  it('the address that it tells counts, and not its own', async () => {
    scene = await Scene.open({ connectionRatePerAddress: 1 }, { proxy: { version: 1 } });
    scene.broker.ban({ address: '192.0.2.3' }, 60);
    const answers = [];
    for (const last of [1, 1, 2, 3]) answers.push(reasonOf(await login(`192.0.2.${last}`)));
    expect(answers).toEqual([0, 0x9f, 0, 0x8a]);
    expect(scene.broker.metrics.connectionsOpened).toBe(4);
  });

  it('connections without a header count for maxConnections until they are gone', async () => {
    scene = await Scene.open({ maxConnections: 2 }, { proxy: { version: 1 } });
    await scene.attacker.openMany(2);
    expect(reasonOf(await login('192.0.2.1'))).toBe(0x97);
    scene.attacker.stop();
    await vi.waitFor(async () => expect(reasonOf(await login('192.0.2.1'))).toBe(0), 5000);
  });
});
