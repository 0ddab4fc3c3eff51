import { describe, expect, it } from 'vitest';
import { PacketIdPool } from './packet-id-pool.js';

describe('a pool of packet identifiers', () => {
  it('gives 1 first and never one that is in use', () => {
    const pool = new PacketIdPool();
    pool.reserve(2);
    expect([pool.take(), pool.take(), pool.take()]).toEqual([1, 3, 4]);
  });

  it('gives one that came back only after it has been around, so that late answers meet nobody else', () => {
    const pool = new PacketIdPool();
    expect(pool.take()).toBe(1);
    pool.free(1);
    expect(pool.take()).toBe(2);
  });

  it('[MQTT-2.2.1-3] never gives 0, and begins again with 1 after 65535', () => {
    const pool = new PacketIdPool();
    for (let i = 1; i <= 65_535; i++) {
      expect(pool.take()).toBe(i);
      pool.free(i);
    }
    expect(pool.take()).toBe(1);
  });

  it('says when all 65535 are in use, and no longer when one came back', () => {
    const pool = new PacketIdPool();
    for (let i = 1; i <= 65_535; i++) pool.take();
    expect(pool.isExhausted).toBe(true);
    pool.free(77);
    expect(pool.isExhausted).toBe(false);
    expect(pool.take()).toBe(77);
  });
});
