// A publisher that goes on whatever happens to the connection. Stop the broker and start it again while this runs:
// readings wait, old ones are given up, nothing crashes. Start it with or without a broker, end it with Ctrl-C:
// node examples/resilient-publisher.js
import { setInterval } from 'node:timers/promises';
import { ClientError, createClient } from 'pondhawk/client';

const client = createClient({
  url: process.env.MQTT_URL ?? 'mqtt://localhost',
  // go on trying if the broker is not there at the start
  retryFirstConnect: true,
  // wait 100 ms before the first attempt, then longer each time, 2 s at most
  reconnect: { minDelay: 100, maxDelay: 2000 },
  // at most so many messages wait for a connection; a real program allows more
  queue: { maxMessages: 5 },
});

client.on('connect', () => console.log('connected'));
client.on('disconnect', ({ error }) => console.log(`connection lost: ${error.message}`));
client.on('reconnecting', (attempt, delay) => console.log(`attempt ${attempt} in ${delay} ms`));
client.on('error', (error) => console.log(`in the background: ${error.message}`));

/** Publishes a reading, and says what became of it. */
async function publish(reading) {
  try {
    // a reading that could not be sent within two seconds is not worth sending any more
    const signal = AbortSignal.timeout(2000);
    await client.publish('sensors/1', JSON.stringify(reading), { qos: 1, signal });
    console.log(`reading ${reading.number}: the broker has it`);
  } catch (error) {
    console.log(`reading ${reading.number}: ${explain(error)}`);
  }
}

function explain(error) {
  // an aborted signal gives its own reason, here a TimeoutError
  if (error.name === 'TimeoutError') return 'given up, it is too old';
  if (!(error instanceof ClientError)) throw error;
  switch (error.code) {
    case 'queue-full':
      return 'given up, too many wait already';
    case 'rejected':
      return `the broker does not want it (reason ${error.reason})`;
    case 'ended':
      return 'given up, the program ends';
    default:
      return `${error.code}: ${error.message}`;
  }
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

// not awaited: publishing may begin before the connection is there
client.connect().catch((error) => console.log(`not connected: ${explain(error)}`));

let number = 0;
try {
  for await (const _ of setInterval(200, undefined, { signal: stop.signal })) {
    publish({ number: ++number, celsius: 20 });
  }
} catch (error) {
  if (error.name !== 'AbortError') throw error;
}

// waits a second at most for what is not acknowledged yet
await client.disconnect({ timeout: 1000 });
console.log('ended');
