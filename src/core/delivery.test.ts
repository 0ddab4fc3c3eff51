// The queue of deliveries against a plain array.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Delivery, DeliveryQueue } from './delivery.js';
import type { Message } from './message.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

function delivery(size: number): Delivery {
  return new Delivery({ size, expiresAt: Number.POSITIVE_INFINITY } as Message, 1, false, null, null);
}

function contents(queue: DeliveryQueue): Delivery[] {
  const found: Delivery[] = [];
  queue.forEach((one) => found.push(one));
  return found;
}

function agree(queue: DeliveryQueue, model: Delivery[]): void {
  expect(queue.length).toBe(model.length);
  expect(queue.bytes).toBe(model.reduce((sum, one) => sum + one.message.size, 0));
  expect(queue.peek()).toBe(model[0]);
  expect(contents(queue)).toEqual(model);
}

describe('a queue of deliveries', () => {
  it('gives first what came first, and nothing when it is empty', () => {
    const queue = new DeliveryQueue();
    const [a, b] = [delivery(1), delivery(2)];
    queue.push(a);
    queue.push(b);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([a, b, undefined]);
    expect([queue.length, queue.bytes, queue.peek()]).toEqual([0, 0, undefined]);
  });

  it('takes out what is not to be kept, in order, and keeps the rest in order', () => {
    const queue = new DeliveryQueue();
    const all = [5, 1, 6, 2, 7].map(delivery);
    for (const one of all) queue.push(one);
    queue.shift();
    const removed = queue.filter((one) => one.message.size > 4);
    expect(removed.map(({ message }) => message.size)).toEqual([1, 2]);
    agree(queue, [all[2]!, all[4]!]);
  });

  it('does not hold on to what has left, however many stay', () => {
    const queue = new DeliveryQueue();
    const model: Delivery[] = [];
    for (let i = 0; i < 5000; i++) {
      const one = delivery(i);
      queue.push(one);
      model.push(one);
    }
    for (let i = 0; i < 4000; i++) expect(queue.shift()).toBe(model.shift());
    agree(queue, model);
    for (let i = 0; i < 20_000; i++) {
      queue.push(model[0]!);
      model.push(model[0]!);
      if (queue.shift() !== model.shift()) throw new Error('not the first');
    }
    agree(queue, model);
  });

  it('agrees with an array, whatever is put in and taken out', () => {
    const step = fc.record({
      kind: fc.constantFrom('push', 'pushMany', 'shift', 'shiftMany', 'filter'),
      size: fc.nat(2000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new DeliveryQueue();
        let model: Delivery[] = [];
        for (const { kind, size } of steps) {
          const count = kind.endsWith('Many') ? size : 1;
          if (kind === 'filter') {
            const removed = queue.filter((one) => one.message.size % 3 !== size % 3);
            expect(removed).toEqual(model.filter((one) => one.message.size % 3 === size % 3));
            model = model.filter((one) => one.message.size % 3 !== size % 3);
          }
          for (let i = 0; i < count && kind !== 'filter'; i++) {
            if (kind.startsWith('push')) {
              const one = delivery(size + i);
              queue.push(one);
              model.push(one);
            } else if (queue.shift() !== model.shift()) throw new Error('not the first');
          }
        }
        agree(queue, model);
      }),
      { seed, numRuns: 100 },
    );
  });
});
