// One connection beside others: how long it may be silent, how much it may ask for at once, and when it is not
// read.
import { describe, expect, it } from 'vitest';
import { Peer } from '../../test/engine/peer.js';
import { World } from '../../test/engine/world.js';
import { encodePacket } from '../protocol/index.js';

describe('keep alive', () => {
  it('ends a connection after one and a half times its seconds of silence [MQTT-3.1.2-22]', () => {
    const world = new World();
    const peer = world.connect({ keepAlive: 10 }).accepted();
    world.pass(14_900);
    expect(peer.isClosed).toBe(false);
    world.pass(400);
    expect(peer.isClosed).toBe(true);
    expect(peer.take()).toMatchObject([{ type: 'disconnect', reason: 0x8d }]);
    expect(world.engine.metrics.keepAliveTimeouts).toBe(1);
  });

  it('begins anew with every packet, but not with half of one', () => {
    const world = new World();
    const peer = world.connect({ keepAlive: 10 }).accepted();
    for (let i = 0; i < 5; i++) {
      world.pass(10_000);
      peer.send({ type: 'pingreq' });
    }
    const packet = encodePacket(peer.message('a', 'x'.repeat(100)), 5);
    for (let i = 0; i < packet.length - 1; i++) {
      peer.sendBytes(packet.subarray(i, i + 1));
      world.pass(1000);
    }
    expect(peer.isClosed).toBe(true);
  });

  it('of 0 lets a client be silent for ever', () => {
    const world = new World();
    const peer = world.connect({ keepAlive: 0 }).accepted();
    world.pass(86_400_000);
    expect(peer.isClosed).toBe(false);
  });

  it('costs no timer that has to be moved for every packet', () => {
    const world = new World();
    const peer = world.connect({ keepAlive: 10 }).accepted();
    const { due } = [...world.engine.connections][0]!;
    world.pass(5000);
    peer.send({ type: 'pingreq' });
    expect([...world.engine.connections][0]!.due).toBe(due);
  });

  it('does not count while we do not read: the client is behind, and not silent', () => {
    const world = new World({ maxOutputBytes: 65_536 });
    const peer = world.connect({ keepAlive: 1 }).accepted();
    for (const filter of ['a', '+', '#']) peer.subscribe(filter);
    peer.line.blocked = true;
    for (let i = 0; i < 4; i++) peer.publish('a', new Uint8Array(30_000));
    expect(peer.line.paused).toBe(true);
    world.pass(5000);
    expect(peer.isClosed).toBe(false);
    peer.line.release();
    world.turn();
    expect(peer.line.paused).toBe(false);
    world.pass(2000);
    expect(peer.isClosed).toBe(true);
  });
});

describe('time limits', () => {
  it('end a connection that sends no CONNECT, or no whole one', () => {
    const world = new World({ connectTimeout: 3 });
    const [silent, slow] = [new Peer(world), new Peer(world)];
    slow.sendBytes(Uint8Array.of(0x10, 0x20, 0x00));
    world.pass(2900);
    expect([silent.isClosed, slow.isClosed]).toEqual([false, false]);
    world.pass(400);
    expect([silent.isClosed, slow.isClosed]).toEqual([true, true]);
    expect(world.engine.connections.size).toBe(0);
  });

  it('end a connection after maxConnectTime, whatever it does', () => {
    const world = new World({ maxConnectTime: 60 });
    const peer = world.connect({ keepAlive: 30 }).accepted();
    for (let i = 0; i < 6; i++) {
      world.pass(9900);
      peer.send({ type: 'pingreq' });
    }
    expect(peer.isClosed).toBe(false);
    peer.take();
    world.pass(1000);
    expect(peer.take()).toMatchObject([{ type: 'disconnect', reason: 0xa0 }]);
  });
});

describe('a connection that sends much', () => {
  it('is not read any more in this turn, and again in the next', () => {
    const world = new World();
    const receiver = world.connect().accepted().subscribe('a', { qos: 0 });
    const peer = world.connect().accepted();
    let sent = 0;
    while (!peer.line.paused && sent < 100) {
      peer.write(peer.message('a', new Uint8Array(60_000)));
      sent++;
    }
    expect(sent).toBeLessThan(20);
    world.turn();
    expect(peer.line.paused).toBe(false);
    expect(receiver.messages()).toHaveLength(sent);
  });

  it('waits between packets that cause much work; all are dealt with, in order', () => {
    const world = new World();
    const topics = Array.from({ length: 400 }, (_, i) => `t/${i}`);
    const receivers = Array.from({ length: 300 }, () =>
      world.connect().accepted().subscribe('t/#', { qos: 0 }),
    );
    const peer = world.connect().accepted();
    peer.write(...topics.map((topic) => peer.message(topic, topic, { qos: 1 })), { type: 'pingreq' });
    // 120 000 deliveries: not in one go
    expect(receivers[0]!.take().length).toBeLessThan(400);
    world.turn();
    for (const receiver of receivers) receiver.take();
    const answers = peer.take();
    expect(answers).toHaveLength(401);
    expect(answers.at(-1)).toEqual({ type: 'pingresp' });
  });

  it('and does not take what it gets is not read until it has taken it', () => {
    const world = new World({ maxOutputBytes: 65_536 });
    const peer = world.connect().accepted();
    for (const filter of ['a', '+', '#']) peer.subscribe(filter);
    peer.line.blocked = true;
    let sent = 0;
    while (!peer.line.paused && sent < 1000) {
      peer.publish('a', new Uint8Array(10_000));
      sent++;
    }
    expect(sent).toBeLessThan(50);
    const [connection] = world.engine.connections;
    expect(connection!.output.pending).toBeLessThan(200_000);
    peer.line.release();
    world.turn();
    expect(peer.line.paused).toBe(false);
    expect(peer.messages().length + world.engine.metrics.droppedSlowSubscriber).toBe(3 * sent);
  });

  it('goes on being read after a turn that wrote more than may wait, if all of it has left', () => {
    const world = new World({ maxOutputBytes: 65_536 });
    const peer = world.connect().accepted();
    for (const filter of ['a', '+', '#', 'a/#', '+/#']) peer.subscribe(filter);
    for (let i = 0; i < 5; i++) {
      peer.publish('a', new Uint8Array(30_000), { retain: true });
      expect(peer.line.paused).toBe(false);
    }
    expect(peer.take().length).toBeGreaterThan(10);
  });
});

describe('a connection that ends', () => {
  it('is heard no more, even if bytes still come', () => {
    const world = new World();
    const peer = world.connect().accepted();
    const receiver = world.connect().accepted().subscribe('a');
    peer.write({ type: 'disconnect', reason: 0 }, peer.message('a', 'too late'));
    peer.write(peer.message('a', 'much too late'));
    world.turn();
    expect(receiver.take()).toEqual([]);
    expect(peer.isClosed).toBe(true);
  });

  it('sends what it still has to say, unless nothing leaves', () => {
    const world = new World();
    const peer = world.connect().accepted().subscribe('a');
    world.engine.publishRequest({ topic: 'a', payload: 'last words' });
    peer.sendBytes(Uint8Array.of(0xf0, 0x00));
    world.turn();
    expect(peer.texts()).toEqual(['last words', '(disconnect)']);
    expect([peer.line.ended, peer.line.destroyed]).toEqual([true, false]);
  });

  it('is counted out once, however often it is told', () => {
    const world = new World();
    const peer = world.connect().accepted();
    peer.leave();
    peer.drop();
    peer.drop();
    expect(world.engine.metrics).toMatchObject({
      connectionsCurrent: 0,
      connectionsClosed: 1,
      clientsConnected: 0,
    });
  });

  it('leaves no buffer in use and no timer waiting', () => {
    const world = new World();
    for (let i = 0; i < 50; i++) {
      const peer = world.connect({ keepAlive: 10 }).accepted().subscribe('a');
      peer.line.blocked = i % 2 === 0;
      world.engine.publishRequest({ topic: 'a', payload: new Uint8Array(100_000) });
      world.turn();
      if (i % 3 === 0) peer.leave();
      else peer.drop();
    }
    expect(world.engine.connections.size).toBe(0);
    expect(world.engine.timers.waiting).toBe(0);
    expect(world.engine.pool.waiting).toBe(0);
  });
});
