import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from './fifo.js';

describe('a fifo', () => {
  it('gives back what was put in, in that order, and undefined when nothing is left', () => {
    const fifo = new Fifo<number>();
    for (const item of [1, 2, 3]) fifo.push(item);
    expect(fifo.first).toBe(1);
    expect([fifo.shift(), fifo.shift(), fifo.shift(), fifo.shift()]).toEqual([1, 2, 3, undefined]);
    expect([fifo.size, fifo.first]).toEqual([0, undefined]);
  });

  it('puts items before all others in the order in which they are given', () => {
    const fifo = new Fifo<number>();
    for (const item of [0, 3, 4]) fifo.push(item);
    fifo.shift();
    fifo.unshift([1, 2]);
    expect(fifo.toArray()).toEqual([1, 2, 3, 4]);
  });

  it('takes an item out wherever it stands, and says when it is not there any more', () => {
    const fifo = new Fifo<number>();
    for (const item of [1, 2, 3]) fifo.push(item);
    fifo.shift();
    expect([fifo.remove(1), fifo.remove(3), fifo.remove(3)]).toEqual([false, true, false]);
    expect(fifo.toArray()).toEqual([2]);
  });

  it('is an array with push, shift, unshift, remove and clear, however long it lives', () => {
    const operation = fc.oneof(
      { weight: 20, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 300 }) }) },
      { weight: 20, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 400 }) }) },
      { weight: 2, arbitrary: fc.record({ unshift: fc.integer({ min: 0, max: 5 }) }) },
      { weight: 4, arbitrary: fc.record({ remove: fc.nat(2000) }) },
      { weight: 1, arbitrary: fc.constant({ clear: true }) },
    );
    const property = fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      let next = 0;
      for (const one of operations) {
        if ('push' in one)
          for (let i = 0; i < one.push; i++) {
            fifo.push(next);
            model.push(next++);
          }
        else if ('shift' in one) for (let i = 0; i < one.shift; i++) expect(fifo.shift()).toBe(model.shift());
        else if ('unshift' in one) {
          const items = Array.from({ length: one.unshift }, () => next++);
          fifo.unshift(items);
          model = [...items, ...model];
        } else if ('remove' in one) {
          const at = model.indexOf(one.remove);
          expect(fifo.remove(one.remove)).toBe(at !== -1);
          if (at !== -1) model.splice(at, 1);
        } else {
          fifo.clear();
          model = [];
        }
        expect([fifo.size, fifo.first]).toEqual([model.length, model[0]]);
      }
      expect(fifo.toArray()).toEqual(model);
    });
    fc.assert(property, { numRuns: 60, seed: 1 });
  });
});
