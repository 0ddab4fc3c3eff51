import { describe, expect, it } from 'vitest';
import { Random } from '../../fuzz/random.js';
import { Output, REFERENCED_SIZE } from './output.js';
import type { Platform, Transport } from './transport.js';

/** A transport and an event loop that move only when they are told to. */
class World {
  writes: { bytes: Uint8Array; written: () => void }[] = [];
  /** Copies of what was written, taken when it "left". */
  sent: Uint8Array[] = [];
  deferred: (() => void)[] = [];
  commit: () => Promise<void> | undefined = () => undefined;
  readonly output: Output;

  constructor() {
    const transport = {
      write: (list: readonly Uint8Array[], written: () => void) => {
        for (const [i, bytes] of list.entries())
          this.writes.push({ bytes, written: i === list.length - 1 ? written : () => {} });
      },
    } as unknown as Transport;
    const platform = { defer: (run: () => void) => this.deferred.push(run) } as unknown as Platform;
    this.output = new Output(transport, platform, () => this.commit());
  }

  /** The end of an event-loop turn. */
  turn(): void {
    const due = this.deferred;
    this.deferred = [];
    for (const run of due) run();
  }

  /** The transport sends what it has. */
  leave(): void {
    const writes = this.writes;
    this.writes = [];
    for (const { bytes, written } of writes) {
      this.sent.push(bytes.slice());
      written();
    }
  }

  put(...bytes: number[]): void {
    const at = this.output.reserve(bytes.length);
    this.output.buffer.set(bytes, at);
  }
}

describe('the output of a connection', () => {
  it('sends what was written in a turn with one write at its end', () => {
    const world = new World();
    world.put(1, 2);
    world.put(3);
    expect(world.writes.length).toBe(0);
    world.turn();
    expect(world.writes.map(({ bytes }) => [...bytes])).toEqual([[1, 2, 3]]);
    world.leave();
    world.turn();
    expect([world.output.pending, world.deferred.length]).toEqual([0, 0]);
  });

  it('counts what has not left, and is busy from 64 KiB on', () => {
    const world = new World();
    world.output.reference(new Uint8Array(65_535));
    expect([world.output.pending, world.output.isBusy]).toEqual([65_535, false]);
    world.put(1);
    expect(world.output.isBusy).toBe(true);
    world.turn();
    expect(world.output.pending).toBe(65_536);
    world.leave();
    expect([world.output.pending, world.output.isBusy]).toEqual([0, false]);
  });

  it('does not copy large payloads, and keeps the order around them', () => {
    const world = new World();
    const payload = new Uint8Array(REFERENCED_SIZE).fill(7);
    world.put(1);
    world.output.packet(payload);
    world.put(2);
    world.turn();
    expect(world.writes.map(({ bytes }) => bytes.length)).toEqual([1, REFERENCED_SIZE, 1]);
    expect(world.writes[1]!.bytes.buffer).toBe(payload.buffer);
  });

  it('sends exactly what was written, in its order, however large the parts and however late they leave', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const world = new World();
      const expected: Uint8Array[] = [];
      let total = 0;
      for (let step = 0; step < 300; step++) {
        const what = random.below(20);
        if (what < 14) {
          const size = 1 + random.below(random.pick([4, 40, 5000, 70_000]));
          const at = world.output.reserve(size);
          const bytes = random.bytes(Math.min(size, 8));
          world.output.buffer.fill(bytes[0]!, at, at + size);
          expected.push(new Uint8Array(size).fill(bytes[0]!));
          total += size;
        } else if (what < 15) {
          const payload = new Uint8Array(REFERENCED_SIZE).fill(step);
          world.output.reference(payload);
          expected.push(payload);
          total += payload.length;
        } else if (what < 18) world.turn();
        else world.leave();
        if (total > 400_000) break;
      }
      world.turn();
      world.leave();
      world.turn();
      world.leave();
      expect(Buffer.compare(Buffer.concat(world.sent), Buffer.concat(expected))).toBe(0);
      expect(world.output.pending).toBe(0);
    }
  });

  it('does not let anything leave before the commit, and then only what was written before it', async () => {
    const world = new World();
    let safe!: () => void;
    world.commit = () => new Promise<void>((resolve) => (safe = resolve));
    world.put(1);
    world.turn();
    expect(world.writes.length).toBe(0);
    world.put(2);
    world.turn();
    expect(world.writes.length).toBe(0);
    const first = safe;
    first();
    await Promise.resolve();
    await Promise.resolve();
    expect(world.writes.map(({ bytes }) => [...bytes])).toEqual([[1]]);
    world.turn();
    expect(safe).not.toBe(first);
    expect(world.writes.length).toBe(1);
    safe();
    await Promise.resolve();
    await Promise.resolve();
    expect(world.writes.map(({ bytes }) => [...bytes])).toEqual([[1], [2]]);
  });

  it('sends nothing when it was closed during a commit', async () => {
    const world = new World();
    let safe!: () => void;
    world.commit = () => new Promise<void>((resolve) => (safe = resolve));
    world.put(1);
    world.turn();
    world.output.close();
    safe();
    await Promise.resolve();
    await Promise.resolve();
    expect([world.writes.length, world.output.pending]).toEqual([0, 0]);
  });

  it('never gives a buffer to somebody else while the transport has it', () => {
    const [one, other] = [new World(), new World()];
    one.put(1, 1, 1);
    one.turn();
    other.put(9, 9, 9);
    other.turn();
    one.leave();
    expect([...one.sent[0]!]).toEqual([1, 1, 1]);
    other.leave();
    expect([...other.sent[0]!]).toEqual([9, 9, 9]);
  });
});

describe('drained', () => {
  async function isSettled(promise: Promise<void>): Promise<boolean> {
    let settled = false;
    void promise.then(() => (settled = true));
    for (let i = 0; i < 5; i++) await Promise.resolve();
    return settled;
  }

  it('resolves when what was written has left, not before', async () => {
    const world = new World();
    world.put(1);
    const drained = world.output.drained();
    world.turn();
    expect(await isSettled(drained)).toBe(false);
    world.leave();
    world.turn();
    expect(await isSettled(drained)).toBe(true);
  });

  it('resolves when there is nothing to send', async () => {
    const world = new World();
    const drained = world.output.drained();
    world.turn();
    expect(await isSettled(drained)).toBe(true);
  });

  it('resolves when the connection closes', async () => {
    const world = new World();
    world.put(1);
    world.turn();
    const drained = world.output.drained();
    world.output.close();
    expect(await isSettled(drained)).toBe(true);
    expect(await isSettled(world.output.drained())).toBe(true);
  });

  it('resolves when all that is written *now* has left, even if others go on writing for ever', async () => {
    const world = new World();
    world.put(1);
    const drained = world.output.drained();
    for (let turn = 0; turn < 20; turn++) {
      world.turn();
      world.leave();
      world.put(2);
    }
    expect(await isSettled(drained)).toBe(true);
  });
});
