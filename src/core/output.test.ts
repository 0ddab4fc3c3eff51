// What a connection sends: every byte once and in order, whatever is copied, referenced, large, small or late.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Line } from '../../test/engine/line.js';
import { BufferPool, Output } from './output.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

/** An output whose transport keeps what has left, and the numbers that were written so far. */
class Rig {
  readonly sent: Uint8Array[] = [];
  readonly line = new Line((bytes) => this.sent.push(new Uint8Array(bytes)));
  readonly output: Output;
  #next = 0;
  written = 0;

  constructor(pool = new BufferPool()) {
    this.output = new Output(this.line, pool);
    this.line.start({ received: () => {}, drained: () => this.drained(), closed: () => {} });
  }

  /** As a connection does it. */
  drained(): void {
    this.output.drained();
    this.output.flush();
  }

  #fill(bytes: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) bytes[i] = this.#next++ % 251;
    this.written += to - from;
  }

  /** A packet that is copied. */
  copy(size: number): void {
    const at = this.output.reserve(size);
    this.#fill(this.output.buffer, at, at + size);
  }

  /** A packet that is referenced; it begins with a head that is copied. */
  reference(size: number): void {
    this.copy(7);
    const payload = new Uint8Array(size);
    this.#fill(payload, 0, size);
    this.output.reference(payload);
  }

  /** The end of a turn. */
  flush(): void {
    this.output.flush();
    this.output.settle();
  }

  check(): void {
    const all = Buffer.concat(this.sent);
    for (let i = 0; i < all.length; i++) if (all[i] !== i % 251) throw new Error(`byte ${i} is wrong`);
    expect(this.output.pending).toBe(this.written - all.length);
  }
}

describe('output', () => {
  it('sends what was gathered in a turn with one write', () => {
    const rig = new Rig();
    for (let i = 0; i < 10; i++) rig.copy(100);
    expect([rig.line.writes, rig.output.pending]).toEqual([0, 1000]);
    rig.flush();
    expect([rig.line.writes, rig.output.pending]).toEqual([1, 0]);
    rig.check();
  });

  it('sends heads and referenced payloads together, without copying the payloads', () => {
    const lists: Uint8Array[][] = [];
    const line = new Line(() => {});
    line.writeAll = (list) => {
      lists.push(list);
      return true;
    };
    const output = new Output(line, new BufferPool());
    const payload = new Uint8Array(20_000);
    for (let i = 0; i < 2; i++) {
      output.buffer[output.reserve(5)] = 1;
      output.reference(payload);
    }
    output.buffer[output.reserve(3)] = 1;
    output.flush();
    expect(lists).toHaveLength(1);
    expect(lists[0]!.map(({ length }) => length)).toEqual([5, 20_000, 5, 20_000, 3]);
    expect(lists[0]![1]!.buffer).toBe(payload.buffer);
  });

  it('writes nothing when there is nothing, and nothing again while the transport is behind', () => {
    const rig = new Rig();
    rig.flush();
    expect(rig.line.writes).toBe(0);
    rig.line.blocked = true;
    rig.copy(10);
    rig.flush();
    expect(rig.output.blocked).toBe(true);
    for (let i = 0; i < 5; i++) {
      rig.copy(100_000);
      rig.reference(20_000);
      rig.flush();
    }
    expect(rig.line.writes).toBe(1);
    rig.line.release();
    expect(rig.output.blocked).toBe(false);
    rig.check();
    expect(rig.output.pending).toBe(0);
  });

  it.each([1, 4096, 4097, 65_536, 65_537, 262_144, 262_145, 3_000_000])(
    'carries a packet of %i bytes',
    (size) => {
      const rig = new Rig();
      rig.copy(3);
      rig.copy(size);
      rig.copy(3);
      rig.flush();
      rig.check();
      expect(rig.output.pending).toBe(0);
    },
  );

  it('holds no buffer while it is idle', () => {
    const rig = new Rig();
    rig.copy(100);
    expect(rig.output.buffer.length).toBeGreaterThan(0);
    rig.flush();
    expect(rig.output.buffer).toHaveLength(0);
    rig.line.blocked = true;
    rig.copy(100);
    rig.flush();
    rig.line.release();
    rig.output.settle();
    expect(rig.output.buffer).toHaveLength(0);
  });

  it('forgets what has not left when it is cleared', () => {
    const rig = new Rig();
    rig.line.blocked = true;
    rig.copy(10);
    rig.flush();
    rig.copy(10);
    rig.reference(20_000);
    rig.copy(10);
    rig.output.clear();
    expect([rig.output.pending, rig.output.blocked, rig.output.buffer.length]).toEqual([0, false, 0]);
    rig.flush();
    expect(rig.line.writes).toBe(1);
  });

  it('loses nothing and doubles nothing, under any mixture', () => {
    const size = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
      { weight: 2, arbitrary: fc.integer({ min: 301, max: 70_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 70_000, max: 400_000 }) },
    );
    const step = fc.record({
      kind: fc.constantFrom('copy', 'copy', 'copy', 'burst', 'reference', 'flush', 'block', 'release'),
      size,
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 30 }), { minLength: 1, maxLength: 4 }), (plans) => {
        // several connections share the pool: none may write into another's bytes
        const pool = new BufferPool();
        const rigs = plans.map(() => new Rig(pool));
        for (let i = 0; i < 30; i++) {
          for (const [who, plan] of plans.entries()) {
            const rig = rigs[who]!;
            const { kind, size } = plan[i] ?? { kind: 'none', size: 0 };
            if (kind === 'copy') rig.copy(size);
            else if (kind === 'burst') for (let n = 0; n < 500; n++) rig.copy(1 + (size % 300));
            else if (kind === 'reference') rig.reference(size);
            else if (kind === 'flush') rig.flush();
            else if (kind === 'block') rig.line.blocked = true;
            else if (kind === 'release') rig.line.release();
          }
        }
        for (const rig of rigs) {
          rig.check();
          rig.line.release();
          rig.flush();
          rig.check();
          expect(rig.output.pending).toBe(0);
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  it('keeps the order when a write brings an answer that is sent at once', () => {
    // a stream in memory may have its receiver answer before `write` returns
    const rig = new Rig();
    let answers = 40;
    const { line } = rig;
    const write = line.writeAll.bind(line);
    line.writeAll = (list) => {
      const hasLeft = write(list);
      if (answers-- > 0) rig.copy(1000);
      return hasLeft;
    };
    for (let i = 0; i < 100; i++) rig.copy(9000);
    for (let i = 0; i < 50; i++) rig.flush();
    rig.check();
    expect(rig.output.pending).toBe(0);
  });
});

describe('the pool of buffers', () => {
  it('gives a buffer that is large enough, and takes those of its own sizes back', () => {
    const pool = new BufferPool();
    for (const size of [1, 4096, 4097, 65_536, 65_537, 262_144, 262_145, 1_000_000]) {
      const buffer = pool.take(size);
      expect(buffer.length).toBeGreaterThanOrEqual(size);
      pool.give(buffer);
    }
    const used = pool.take(10);
    pool.give(used);
    expect(pool.take(10)).toBe(used);
    expect(pool.take(10)).not.toBe(used);
  });

  it('does not keep more than it may, nor buffers of other sizes', () => {
    const pool = new BufferPool();
    const odd = new Uint8Array(5000);
    pool.give(odd);
    expect(pool.take(5000)).not.toBe(odd);
    const given = Array.from({ length: 20_000 }, () => new Uint8Array(4096));
    for (const buffer of given) pool.give(buffer);
    let kept = 0;
    const mine = new Set<Uint8Array>(given);
    while (mine.has(pool.take(1))) kept++;
    expect(kept * 4096).toBeLessThanOrEqual(16 * 1024 * 1024);
  });
});
