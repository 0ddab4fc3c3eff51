// The counters that belong to no part alone: what waits for connections, and which messages are kept for sessions.
import { describe, expect, it } from 'vitest';
import { Line } from '../../test/engine/line.js';
import type { Peer } from '../../test/engine/peer.js';
import { World } from '../../test/engine/world.js';
import { Metrics } from './metrics.js';
import { BufferPool, Output } from './output.js';

/** An output, and metrics that are told what is written as connections tell them. */
class Rig {
  readonly metrics = new Metrics();
  readonly line = new Line(() => {});
  readonly output = new Output(this.line, new BufferPool(this.metrics));

  constructor() {
    this.line.start({ received: () => {}, drained: () => this.drained(), closed: () => {} });
  }

  drained(): void {
    this.output.drained();
    this.output.flush();
  }

  write(size: number): void {
    this.output.reserve(size);
    this.metrics.packetsSent[3]!++;
    this.metrics.bytesSent += size;
  }

  get waiting(): [packets: number, bytes: number] {
    return [this.metrics.outputPackets, this.metrics.outputBytes];
  }
}

describe('what waits for connections that are behind', () => {
  it('is what was written and has not left', () => {
    const rig = new Rig();
    rig.write(10);
    rig.write(20);
    expect(rig.waiting).toEqual([2, 30]);
    rig.output.flush();
    expect(rig.waiting).toEqual([0, 0]);
  });

  it('is everything while the transport takes nothing, also what it has already', () => {
    const rig = new Rig();
    rig.line.blocked = true;
    rig.write(10);
    rig.output.flush();
    for (let i = 0; i < 100; i++) rig.write(10_000);
    rig.output.flush();
    expect(rig.waiting).toEqual([101, 1_000_010]);
    rig.line.release();
    rig.output.flush();
    expect(rig.waiting).toEqual([0, 0]);
  });

  it('counts a packet once, whatever buffers it makes necessary', () => {
    const rig = new Rig();
    for (const size of [1, 5000, 60_000, 70_000, 300_000, 10]) {
      const before = rig.metrics.packetsGone + rig.output.packets;
      rig.line.blocked = size === 60_000;
      rig.write(size);
      expect(rig.metrics.packetsGone + rig.output.packets).toBeGreaterThanOrEqual(before);
    }
    rig.line.release();
    rig.output.flush();
    expect(rig.waiting).toEqual([0, 0]);
  });

  it('is gone when its connection is', () => {
    const rig = new Rig();
    rig.line.blocked = true;
    rig.write(10);
    rig.output.flush();
    rig.write(20);
    rig.output.clear();
    expect(rig.waiting).toEqual([0, 0]);
  });
});

/** Messages that are kept for sessions, and the bytes of their payloads. */
function held({ engine }: World): [messages: number, bytes: number] {
  return [engine.metrics.heldMessages, engine.metrics.heldPayloadBytes];
}

function join(world: World, clientId: string): Peer {
  return world.connect({ clientId, expiry: 1000 });
}

/** A world with persistent sessions that are subscribed to `a` and whose clients are away. */
function away(...clientIds: string[]): World {
  const world = new World();
  for (const clientId of clientIds) join(world, clientId).accepted().subscribe('a').drop();
  return world;
}

describe('a message that is kept for sessions', () => {
  it('counts once, however many sessions wait for it, and until the last has it', () => {
    const world = away('one', 'two', 'three');
    world.engine.publishRequest({ topic: 'a', payload: 'hello', qos: 1 });
    expect(held(world)).toEqual([1, 5]);
    for (const [clientId, left] of [
      ['one', 1],
      ['two', 1],
      ['three', 0],
    ] as const) {
      const peer = join(world, clientId);
      const [, publish] = peer.take();
      if (publish?.type !== 'publish') throw new Error('no message');
      expect(held(world)).toEqual([1, 5]);
      peer.acknowledge('puback', publish.packetId!);
      expect(held(world)).toEqual([left, left * 5]);
    }
  });

  it('counts to the end of a QoS 2 exchange', () => {
    const world = away('one');
    world.engine.publishRequest({ topic: 'a', payload: 'hello', qos: 2 });
    const peer = join(world, 'one');
    peer.take();
    peer.acknowledge('pubrec', 1);
    expect(held(world)).toEqual([1, 5]);
    peer.acknowledge('pubcomp', 1);
    expect(held(world)).toEqual([0, 0]);
  });

  it('is not kept any more when its session ends', () => {
    const world = away('one');
    world.engine.publishRequest({ topic: 'a', payload: 'hello', qos: 1 });
    world.connect({ clientId: 'one' }).accepted();
    expect(held(world)).toEqual([0, 0]);
  });

  it('does not wait when it is QoS 0', () => {
    const world = away('one');
    world.engine.publishRequest({ topic: 'a', payload: 'hello' });
    expect(held(world)).toEqual([0, 0]);
  });

  it('has the size of its payload when it is retained', () => {
    const world = new World();
    const { metrics } = world.engine;
    world.engine.publishRequest({ topic: 'a', payload: 'hello', retain: true });
    expect(metrics.retainedPayloadBytes).toBe(5);
    world.engine.publishRequest({ topic: 'a', payload: 'bye', retain: true });
    expect(metrics.retainedPayloadBytes).toBe(3);
    world.engine.publishRequest({ topic: 'a', retain: true });
    expect(metrics.retainedPayloadBytes).toBe(0);
  });
});
