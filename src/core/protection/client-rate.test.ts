// Clients that send more than they may: read more slowly, and sent away when that is no use.
import { describe, expect, it } from 'vitest';
import { World } from '../../../test/engine/world.js';
import { encodePacket } from '../../protocol/index.js';

describe('a client with messageRateLimit', () => {
  it('is read as before while it keeps to it', () => {
    const world = new World({ messageRateLimit: 10 });
    const peer = world.connect().accepted();
    for (let i = 0; i < 100; i++) {
      world.pass(100);
      peer.publish('a');
      expect(peer.line.paused).toBe(false);
    }
    expect(world.engine.metrics.clientsSlowedDown).toBe(0);
  });

  it('is not read until it is made up for what it sent above that, and loses nothing', () => {
    const world = new World({ messageRateLimit: 10 });
    const receiver = world.connect().accepted().subscribe('a');
    const peer = world.connect().accepted();
    peer.write(...Array.from({ length: 40 }, (_, i) => peer.message('a', `${i}`)));
    world.turn();
    expect(peer.line.paused).toBe(true);
    world.pass(2900);
    expect(peer.line.paused).toBe(true);
    world.pass(300);
    expect(peer.line.paused).toBe(false);
    expect(receiver.texts()).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`));
    expect(world.engine.metrics.clientsSlowedDown).toBe(1);
    expect(peer.isClosed).toBe(false);
  });

  it('gets no more through than that in the long run, whatever it does, and others are served', () => {
    const world = new World({ messageRateLimit: 10 });
    const receiver = world.connect().accepted().subscribe('a');
    const [fast, slow] = [world.connect().accepted(), world.connect().accepted()];
    let sent = 0;
    for (let i = 0; i < 600; i++) {
      world.pass(100);
      if (!fast.line.paused) {
        fast.write(...Array.from({ length: 30 }, () => fast.message('a', 'fast')));
        world.turn();
        sent += 30;
      }
      if (i % 10 === 0) slow.publish('a', 'slow');
    }
    const texts = receiver.texts();
    expect(texts.filter((text) => text === 'fast')).toHaveLength(sent);
    expect(sent).toBeGreaterThan(500);
    expect(sent).toBeLessThan(700);
    expect(texts.filter((text) => text === 'slow')).toHaveLength(60);
  });

  it('is sent away with 0x96 when it sends what would take minutes', () => {
    const world = new World({ messageRateLimit: 10 });
    const peer = world.connect().accepted();
    peer.write(...Array.from({ length: 1000 }, () => peer.message('a')));
    world.turn();
    expect(peer.take()).toMatchObject([{ type: 'disconnect', reason: 0x96 }]);
    expect(peer.isClosed).toBe(true);
    expect(world.engine.metrics.clientsTooFast).toBe(1);
  });

  it('is read again only when nothing else speaks against it', () => {
    const world = new World({ messageRateLimit: 10, maxOutputBytes: 65_536 });
    const peer = world.connect().accepted().subscribe('a', { qos: 0 });
    peer.line.blocked = true;
    peer.write(...Array.from({ length: 20 }, () => peer.message('a', new Uint8Array(10_000))));
    world.turn();
    world.pass(5000);
    expect(peer.line.paused).toBe(true);
    peer.line.release();
    world.turn();
    expect(peer.line.paused).toBe(false);
  });

  it('is not read early when what it waited for otherwise comes first', () => {
    const world = new World({ messageRateLimit: 10, maxOutputBytes: 65_536 });
    const peer = world.connect().accepted().subscribe('a', { qos: 0 });
    peer.line.blocked = true;
    peer.write(...Array.from({ length: 20 }, () => peer.message('a', new Uint8Array(10_000))));
    world.turn();
    peer.line.release();
    world.turn();
    expect(peer.line.paused).toBe(true);
    world.pass(1200);
    expect(peer.line.paused).toBe(false);
  });

  it('keeps what comes while it waits for a plugin, and that counts too', async () => {
    let allow: (value: boolean) => void = () => {};
    const asked = { name: 'slow', authorize: () => new Promise<boolean>((resolve) => (allow = resolve)) };
    const world = new World({ messageRateLimit: 2, plugins: [asked] });
    const peer = world.connect().accepted();
    peer.write(...Array.from({ length: 5 }, (_, i) => peer.message('a', `${i}`, { qos: 1 })));
    for (let i = 0; i < 5; i++) {
      allow(true);
      await world.settle();
      world.pass(5000);
      await world.settle();
    }
    expect(peer.take()).toHaveLength(5);
    expect(world.engine.metrics.publishReceived).toBe(5);
    expect(peer.line.paused).toBe(false);
  });

  it('may be gone before its wait is over', () => {
    const world = new World({ messageRateLimit: 10 });
    const peer = world.connect().accepted();
    peer.write(...Array.from({ length: 40 }, () => peer.message('a')));
    world.turn();
    peer.drop();
    const { waiting } = world.engine.timers;
    world.pass(10_000);
    expect(waiting).toBe(0);
    expect(world.engine.connections.size).toBe(0);
  });
});

describe('a client with byteRateLimit', () => {
  it('is slowed down by large messages, and by halves of packets', () => {
    const world = new World({ byteRateLimit: 10_000 });
    const peer = world.connect().accepted();
    peer.publish('a', new Uint8Array(30_000));
    expect(peer.line.paused).toBe(true);
    world.pass(2500);
    expect(peer.line.paused).toBe(false);
    world.pass(10_000);
    peer.sendBytes(encodePacket(peer.message('a', new Uint8Array(50_000)), 5).subarray(0, 40_000));
    expect(peer.line.paused).toBe(true);
    expect(peer.isClosed).toBe(false);
  });

  it('is closed without a word before MQTT 5 when it goes far beyond', () => {
    const world = new World({ byteRateLimit: 100 });
    const peer = world.connect({ version: 4 }).accepted();
    peer.publish('a', new Uint8Array(20_000));
    expect(peer.isClosed).toBe(true);
    expect(peer.take()).toEqual([]);
  });
});
