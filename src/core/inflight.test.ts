// The table of packet identifiers in flight against a plain Map.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Delivery } from './delivery.js';
import { Awaiting, Inflight } from './inflight.js';
import type { Message } from './message.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

function delivery(size = 10): Delivery {
  return new Delivery({ size } as Message, 1, false, null, null);
}

interface Entry {
  state: number;
  delivery: Delivery | null;
  counted: boolean;
}

/** What must hold at any time. */
function agree(inflight: Inflight, model: Map<number, Entry>): void {
  const entries = [...model.values()];
  const counted = entries.filter((entry) => entry.counted);
  expect(inflight.size).toBe(model.size);
  expect(inflight.unacknowledged).toBe(counted.length);
  expect(inflight.bytes).toBe(counted.reduce((sum, entry) => sum + (entry.delivery?.message.size ?? 0), 0));
  expect(inflight.ids()).toEqual([...model.keys()]);
  for (const [id, entry] of model) {
    expect(inflight.state(id)).toBe(entry.state);
    expect(inflight.delivery(id)).toBe(entry.delivery);
  }
}

describe('identifiers in flight', () => {
  it('are given one after the other, as Mosquitto does, and not the lowest free one', () => {
    const inflight = new Inflight();
    expect([1, 2, 3].map(() => inflight.add(Awaiting.PUBACK, null))).toEqual([1, 2, 3]);
    inflight.remove(1);
    inflight.remove(3);
    expect(inflight.add(Awaiting.PUBACK, null)).toBe(4);
  });

  it('go from 1 to 65535 and around, never 0, and over those that are in use [MQTT-2.2.1-4]', () => {
    const inflight = new Inflight();
    const stuck = [1, 2].map(() => inflight.add(Awaiting.PUBREC, null));
    let last = 2;
    let rounds = 0;
    for (let i = 0; i < 140_000; i++) {
      const id = inflight.add(Awaiting.PUBACK, null);
      if (id < last) rounds++;
      // one whose place in the table is taken may be passed over
      const step = (id - last + 65_535) % 65_535;
      if (id < 1 || id > 65_535 || stuck.includes(id) || step < 1 || step > 5)
        throw new Error(`${last} ${id}`);
      last = id;
      inflight.remove(id);
    }
    expect(rounds).toBe(2);
    expect(inflight.ids()).toEqual(stuck);
  });

  it('can all be in use at once, and the last free one is found', () => {
    const inflight = new Inflight();
    const ids = new Set(Array.from({ length: 65_534 }, () => inflight.add(Awaiting.PUBACK, null)));
    expect(ids.size).toBe(65_534);
    expect(inflight.add(Awaiting.PUBACK, null)).toBe(65_535);
    inflight.remove(12_345);
    expect(inflight.add(Awaiting.PUBACK, null)).toBe(12_345);
    expect(inflight.ids().at(-1)).toBe(12_345);
  });

  it('are not in use before and after', () => {
    const inflight = new Inflight();
    expect([inflight.state(1), inflight.delivery(1)]).toEqual([Awaiting.NOTHING, null]);
    const one = delivery();
    const id = inflight.add(Awaiting.PUBACK, one);
    expect(inflight.remove(id)).toBe(one);
    expect([inflight.state(id), inflight.delivery(id)]).toEqual([Awaiting.NOTHING, null]);
    // others that share its place in the table are not taken for it
    expect(inflight.state(id + 16)).toBe(Awaiting.NOTHING);
  });

  it('wait for PUBCOMP after PUBREC, in the place that they had', () => {
    const inflight = new Inflight();
    const first = delivery();
    inflight.add(Awaiting.PUBREC, first);
    inflight.add(Awaiting.PUBREC, null);
    expect(inflight.released(1)).toBe(first);
    expect(inflight.released(2)).toBeNull();
    expect([inflight.state(1), inflight.state(2)]).toEqual([Awaiting.PUBCOMP, Awaiting.PUBCOMP]);
    expect(inflight.ids()).toEqual([1, 2]);
    expect(inflight.unacknowledged).toBe(2);
  });

  it('count against the quota of a new connection only once they were sent again', () => {
    const inflight = new Inflight();
    for (let i = 0; i < 3; i++) inflight.add(Awaiting.PUBACK, delivery(5));
    inflight.uncount();
    expect([inflight.size, inflight.unacknowledged, inflight.bytes]).toEqual([3, 0, 0]);
    inflight.count(2);
    inflight.count(2);
    expect([inflight.unacknowledged, inflight.bytes]).toEqual([1, 5]);
    inflight.remove(1);
    inflight.remove(2);
    expect([inflight.size, inflight.unacknowledged, inflight.bytes]).toEqual([1, 0, 0]);
  });

  it('that a store had come back in their order, and new ones follow the last of them', () => {
    const inflight = new Inflight();
    const kept = [40_000, 7, 65_535, 9].map((id) => [id, delivery()] as const);
    for (const [id, one] of kept) inflight.restore(id, Awaiting.PUBREC, one);
    expect(inflight.ids()).toEqual([40_000, 7, 65_535, 9]);
    expect(inflight.unacknowledged).toBe(0);
    for (const [id, one] of kept) expect(inflight.delivery(id)).toBe(one);
    expect(inflight.add(Awaiting.PUBACK, null)).toBe(10);
  });

  it('that a store has twice stay as they came first', () => {
    const inflight = new Inflight();
    const first = delivery();
    inflight.restore(5, Awaiting.PUBACK, first);
    inflight.restore(5, Awaiting.PUBREC, delivery());
    expect([inflight.size, inflight.state(5), inflight.delivery(5)]).toEqual([1, Awaiting.PUBACK, first]);
  });

  it('are all forgotten by clear', () => {
    const inflight = new Inflight();
    for (let i = 0; i < 100; i++) inflight.add(Awaiting.PUBACK, delivery());
    inflight.clear();
    agree(inflight, new Map());
    expect(inflight.add(Awaiting.PUBREC, null)).toBe(101);
  });

  it('agree with a Map, whatever is sent, acknowledged and sent again', () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'add', 'add', 'many', 'remove', 'release', 'count', 'uncount', 'restore'),
      pick: fc.nat(),
      kept: fc.boolean(),
      size: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const inflight = new Inflight();
        const model = new Map<number, Entry>();
        const add = (state: number, one: Delivery | null): void => {
          const id = inflight.add(state, one);
          expect(model.has(id)).toBe(false);
          model.set(id, { state, delivery: one, counted: true });
        };
        for (const { kind, pick, kept, size } of steps) {
          const one = kept ? delivery(size) : null;
          const state = pick % 2 === 0 ? Awaiting.PUBACK : Awaiting.PUBREC;
          const id = [...model.keys()][pick % Math.max(1, model.size)];
          if (kind === 'add') add(state, one);
          else if (kind === 'many') for (let i = 0; i < pick % 50; i++) add(state, one);
          else if (kind === 'restore') {
            const wanted = (pick % 65_535) + 1;
            inflight.restore(wanted, state, one);
            if (!model.has(wanted)) model.set(wanted, { state, delivery: one, counted: false });
          } else if (kind === 'uncount') {
            inflight.uncount();
            for (const entry of model.values()) entry.counted = false;
          } else if (id !== undefined) {
            const entry = model.get(id)!;
            if (kind === 'remove') {
              expect(inflight.remove(id)).toBe(entry.delivery);
              model.delete(id);
            } else if (kind === 'release') {
              expect(inflight.released(id)).toBe(entry.delivery);
              entry.state = Awaiting.PUBCOMP;
            } else {
              inflight.count(id);
              entry.counted = true;
            }
          }
        }
        agree(inflight, model);
      }),
      { seed, numRuns: 500 },
    );
  });
});
