// A few thousand short lives of clients, and what the broker still has of them when everything has expired.
import { expect, it } from 'vitest';
import { clearRetained, connectionsTo, EXPIRY_MS, live, residue } from '../../fuzz/hostile/cycles.mjs';
import { Broker } from '../../src/index.js';

it('nothing is left of clients that have gone', async () => {
  const broker = new Broker({ closeTimeout: 1 });
  const target = connectionsTo(broker, await broker.listen({ port: 0, host: '127.0.0.1' }));
  await live(target, 0, 1200);
  expect(residue(broker)['sessions'], 'the lives leave something that must expire').toBeGreaterThan(0);
  await clearRetained(target);
  await new Promise((resolve) => setTimeout(resolve, EXPIRY_MS));
  const left = residue(broker);
  for (const [name, count] of Object.entries(left)) expect(count, name).toBe(0);
  expect(broker.metrics.retainedCurrent).toBe(0);
  expect(broker.metrics.retainedBytes).toBe(0);
  await broker.close();
}, 30_000);
