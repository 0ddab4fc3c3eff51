import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Connects } from './connects.js';

/** Connects that are watched: each takes `ms` and succeeds if `isOpen` says so. */
function watched(total: number, { ms = 1, isOpen = (_n: number): boolean => true, gap = 0 } = {}) {
  const seen = { order: [] as number[], now: 0, most: 0 };
  const connects = new Connects(
    total,
    (n) => n * gap,
    async (n) => {
      seen.order.push(n);
      seen.most = Math.max(seen.most, ++seen.now);
      await pause(ms);
      seen.now--;
      return isOpen(n);
    },
  );
  return { connects, seen };
}

describe('connects', () => {
  it('are all tried, once each and in order', async () => {
    const { connects, seen } = watched(500);
    await connects.run();
    expect(seen.order).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect(seen.now).toBe(0);
  });

  it('begin with few at a time, and become more', async () => {
    const few = watched(16);
    await few.connects.run();
    expect(few.seen.most).toBe(16);
    const many = watched(2000);
    await many.connects.run();
    expect(many.seen.most).toBeGreaterThan(16);
    expect(many.seen.most).toBeLessThanOrEqual(512);
  });

  it('are never many at a time while they fail', async () => {
    const { connects, seen } = watched(100, { isOpen: () => false });
    await connects.run();
    expect(seen.order).toHaveLength(100);
    expect(seen.most).toBe(16);
  });

  it('do not begin before they are due', async () => {
    const { connects, seen } = watched(4, { gap: 20 });
    const start = performance.now();
    await connects.run();
    expect(performance.now() - start).toBeGreaterThanOrEqual(59);
    expect(seen.most).toBeLessThanOrEqual(4);
  });

  it('end when they are stopped', async () => {
    const { connects, seen } = watched(1000, { gap: 1000 });
    const running = connects.run();
    connects.stop();
    await running;
    expect(seen.order.length).toBeLessThanOrEqual(1);
  });

  it('are done at once if there are none', () => watched(0).connects.run());
});
