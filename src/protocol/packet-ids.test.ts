// The set of packet identifiers against a plain Set, and the successor.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextPacketId, PacketIdSet } from './packet-ids.js';

describe('a set of packet identifiers', () => {
  it('is empty at first', () => {
    const ids = new PacketIdSet();
    expect(ids.size).toBe(0);
    expect(ids.has(1)).toBe(false);
    expect(ids.delete(65_535)).toBe(false);
    expect([...ids]).toEqual([]);
  });

  it('tells an identifier that is there from one that is not', () => {
    const ids = new PacketIdSet();
    for (const id of [1, 31, 32, 1023, 1024, 65_535]) {
      expect(ids.add(id)).toBe(true);
      expect(ids.add(id)).toBe(false);
      expect(ids.has(id)).toBe(true);
      expect(ids.has(id - 1), `${id - 1}`).toBe(id === 32 || id === 1024);
    }
    expect(ids.size).toBe(6);
    expect(ids.delete(32)).toBe(true);
    expect(ids.delete(32)).toBe(false);
    expect([...ids]).toEqual([1, 31, 1023, 1024, 65_535]);
  });

  it('holds all 65535 at once', () => {
    const ids = new PacketIdSet();
    for (let id = 1; id <= 65_535; id++) ids.add(id);
    expect(ids.size).toBe(65_535);
    let expected = 1;
    for (const id of ids) if (id !== expected++) expect.fail(`${id} after ${expected - 2}`);
    for (let id = 65_535; id >= 1; id--) if (!ids.delete(id)) expect.fail(`${id} was not there`);
    expect(ids.size).toBe(0);
  });

  it('is empty again after clear', () => {
    const ids = new PacketIdSet();
    ids.add(7);
    ids.add(50_000);
    ids.clear();
    expect(ids.size).toBe(0);
    expect(ids.has(7)).toBe(false);
    expect(ids.add(7)).toBe(true);
  });

  it('does what a Set does, for any order of calls', () => {
    const id = fc.oneof(
      fc.constantFrom(1, 2, 31, 32, 33, 1023, 1024, 65_535),
      fc.integer({ min: 1, max: 65_535 }),
    );
    const call = fc.tuple(fc.constantFrom('add', 'delete', 'has', 'clear'), id);
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const ids = new PacketIdSet();
        const model = new Set<number>();
        for (const [name, value] of calls) {
          if (name === 'add') {
            expect(ids.add(value)).toBe(!model.has(value));
            model.add(value);
          } else if (name === 'delete') expect(ids.delete(value)).toBe(model.delete(value));
          else if (name === 'has') expect(ids.has(value)).toBe(model.has(value));
          else if (value % 5 === 0) {
            ids.clear();
            model.clear();
          }
          expect(ids.size).toBe(model.size);
        }
        expect([...ids]).toEqual([...model].sort((a, b) => a - b));
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

describe('the next packet identifier', () => {
  it('is one more, and 1 after the last: never 0 [MQTT-2.2.1-4]', () => {
    expect(nextPacketId(0)).toBe(1);
    expect(nextPacketId(1)).toBe(2);
    expect(nextPacketId(65_534)).toBe(65_535);
    expect(nextPacketId(65_535)).toBe(1);
  });
});
