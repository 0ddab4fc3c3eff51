// The attacks of fuzz/hostile in the amounts that a test suite can afford, against brokers in this process: what
// must be true is checked by the attacks themselves. The long runs are `node fuzz/hostile/run.mjs`.
import { describe, expect, it } from 'vitest';
import { attacks, runAttack } from '../../fuzz/hostile/attacks.mjs';
import { Broker } from '../../src/index.js';

describe('a broker under attack', () => {
  for (const attack of attacks) {
    if (attack.amounts['test'] === undefined) continue;
    it.concurrent(`${attack.name}: ${attack.what}`, async () => {
      const errors: string[] = [];
      const broker = new Broker({
        closeTimeout: 1,
        ...attack.options,
        log: (level, text) => {
          if (level === 'error') errors.push(text);
        },
      });
      const address = await broker.listen({ port: 0, host: '127.0.0.1' });
      const { problems } = await runAttack(attack, address, 'test', broker.metrics);
      await broker.close();
      expect(problems).toEqual([]);
      expect(errors, 'errors in the log').toEqual([]);
    });
  }
});
