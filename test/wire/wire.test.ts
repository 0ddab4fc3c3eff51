// Plays the wire cases against a broker in memory: as they are, and with every byte sent alone.
import { afterAll, describe, expect, test } from 'vitest';
import { Broker } from '../../src/index.js';
import { groups } from './cases/index.js';
import { memoryPair } from './memory-pair.js';
import { runCase } from './run-case.js';
import type { WireCase } from './steps.js';

/** Plays a case against this broker, or against one of its own if it has options. */
async function play(wireCase: WireCase, shared: Broker, split: boolean): Promise<void> {
  const broker = wireCase.options === undefined ? shared : new Broker(wireCase.options);
  const open = () => {
    const [near, far] = memoryPair();
    broker.accept(far);
    return near;
  };
  try {
    await runCase(wireCase, { open, split });
  } finally {
    if (broker !== shared) await broker.close();
  }
}

test('no two cases have the same name', () => {
  const names = Object.values(groups).flatMap((cases) => cases.map(({ name }) => name));
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

for (const [manner, split] of [
  ['in whole packets', false],
  ['one byte at a time', true],
] as const) {
  describe(manner, () => {
    // without words, so that every byte of an answer is known
    const broker = new Broker({ reasonStrings: false });
    afterAll(() => broker.close());
    describe.each(Object.entries(groups))('%s', (_group, cases) => {
      for (const wireCase of cases) {
        if (!wireCase.slow) test(wireCase.name, () => play(wireCase, broker, split));
      }
    });
  });
}

describe.concurrent('with patience', () => {
  const broker = new Broker({ reasonStrings: false });
  afterAll(() => broker.close());
  for (const wireCase of Object.values(groups).flat()) {
    if (wireCase.slow) test(wireCase.name, () => play(wireCase, broker, false));
  }
});
