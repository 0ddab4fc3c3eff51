// The process of the leak run: a broker and its clients together, so that its heap and its counters can be
// looked at. Needs --expose-gc. Arguments: lives up to the first look, and up to the second. Prints JSON.
import { Broker } from '../../dist/index.js';
import { pause } from './client.mjs';
import { clearRetained, connectionsTo, EXPIRY_MS, live, residue } from './cycles.mjs';

const [first, second] = process.argv.slice(2).map(Number);
const broker = new Broker({});
const target = connectionsTo(broker, await broker.listen({ port: 0, host: '127.0.0.1' }));

async function look() {
  await clearRetained(target);
  await pause(EXPIRY_MS);
  for (let i = 0; i < 4; i++) {
    global.gc();
    await pause(20);
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return {
    heapUsed,
    external,
    arrayBuffers,
    ...residue(broker),
    retained: broker.metrics.retainedCurrent,
    retainedBytes: broker.metrics.retainedBytes,
  };
}

await live(target, 0, first);
const before = await look();
await live(target, first, second);
const after = await look();
process.stdout.write(JSON.stringify({ before, after, connections: broker.metrics.connectionsOpened }));
await broker.close();
process.exit();
