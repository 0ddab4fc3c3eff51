// Attacks over sockets against a broker that is protected: it stays small, goes on serving others, and says in its log
// what it did.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BrokerOptions } from '../../src/index.js';
import { connectBytes, reasonOf } from './attacker.js';
import { EVIL, Scene } from './scene.js';

let scene: Scene;

async function open(options: BrokerOptions): Promise<Scene> {
  scene = await Scene.open(options);
  await scene.join();
  return scene;
}

afterEach(() => scene.close());

describe('an attack', () => {
  it('of a client that takes another id all the time gets no further than its share', async () => {
    const { broker, attacker } = await open({ connectionRatePerAddress: 20 });
    const began = performance.now();
    await attacker.openMany(2000, (socket, i) => socket.end(connectBytes({ clientId: `id-${i}` })));
    await scene.isServed();
    await vi.waitFor(() => expect(broker.metrics.connectionsOpened).toBe(2001), 5000);
    const share = 20 * (Math.ceil((performance.now() - began) / 1000) + 1);
    expect(broker.metrics.sessionsCurrent).toBeLessThanOrEqual(share);
    expect(broker.metrics.refusedPerAddress).toBeGreaterThanOrEqual(2000 - share);
  });

  it('of a client id that comes again and again has it banned', async () => {
    const { attacker, lines } = await open({ maxClientConnects: 5 });
    const reasons: (number | undefined)[] = [];
    for (let i = 0; i < 8; i++) reasons.push(reasonOf(await attacker.login({ clientId: 'flapping' })));
    expect(reasons).toEqual([0, 0, 0, 0, 0, 0x8a, 0x8a, 0x8a]);
    await scene.isServed();
    const text = 'Client flapping banned for 300 seconds: connected more than 5 times in 60 seconds.';
    expect(lines).toContain(text);
  });

  it('of 5,000 wrong passwords ends in a ban after the first few', async () => {
    let asked = 0;
    const passwords: NonNullable<BrokerOptions['plugins']>[number] = {
      name: 'passwords',
      authenticate: async (_client, { password }) => {
        asked++;
        return Buffer.from(password ?? []).toString() === 'right' ? true : 0x86;
      },
    };
    const { broker, attacker, lines } = await open({ maxFailedLogins: 10, plugins: [passwords] });
    const [wrong, right] = [Buffer.from('wrong'), Buffer.from('right')];
    const bytes = connectBytes({ username: 'honest', password: wrong });
    for (let i = 0; i < 10; i++) {
      await attacker.openMany(500, (socket) => socket.end(bytes));
      await scene.isServed();
    }
    expect(asked).toBeLessThan(300);
    expect(broker.bans()).toMatchObject([{ kind: 'address', value: EVIL, isAutomatic: true }]);
    expect(lines).toContain(`Address ${EVIL} banned for 300 seconds: 10 failed logins in 60 seconds.`);
    expect(broker.metrics.connectionsCurrent).toBeLessThan(110);
    expect(reasonOf(await attacker.login({ username: 'honest', password: right }))).not.toBe(0);
    expect(broker.unban({ address: EVIL })).toBe(true);
    expect(reasonOf(await attacker.login({ username: 'honest', password: right }))).toBe(0);
  });

  it('of messages from one client slows it down, and nobody else', async () => {
    const { broker, attacker } = await open({ messageRateLimit: 100 });
    const socket = await attacker.open();
    socket.resume();
    socket.write(connectBytes({ clientId: 'flood' }));
    const publish = Buffer.from([0x30, 5, 0, 1, 0x62, 0, 0x78]);
    for (let i = 0; i < 20; i++) {
      socket.write(Buffer.concat(Array.from({ length: 20 }, () => publish)));
      await scene.isServed();
    }
    expect(broker.metrics.clientsSlowedDown).toBeGreaterThan(0);
    expect(socket.destroyed).toBe(false);
  });
});

describe('ban()', () => {
  it('ends the connections of an address with 0x98, and 0x8A says why it cannot come back', async () => {
    const { broker, attacker } = await open({});
    const socket = await attacker.open();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      if (chunks.push(chunk) === 1) broker.ban({ address: EVIL }, 60, 'test');
    });
    socket.write(connectBytes({ clientId: 'x' }));
    await new Promise((resolve) => socket.on('close', resolve));
    const said = Buffer.concat(chunks.slice(1));
    expect([said[0], said[2]]).toEqual([0xe0, 0x98]);
    expect(reasonOf(await attacker.login({}))).toBe(0x8a);
    await scene.isServed();
  });
});
