// Messages as a loop. A loop that is slow slows the broker down, instead of filling this program's memory.
// Start a broker (npm start), then: node examples/message-stream.js
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'pondhawk/client';

const client = await connect(process.env.MQTT_URL ?? 'mqtt://localhost', {
  // the broker may have so many messages of QoS 1 and 2 on their way to us; the others wait at the broker
  receiveMaximum: 5,
});

// subscribes; what comes before the loop begins waits in the stream
const jobs = client.messages('jobs/+', { qos: 1 });

// all of these at once: the publisher is quicker than the loop below
await Promise.all(
  Array.from({ length: 20 }, (_, i) =>
    client.publish(`jobs/${i + 1}`, JSON.stringify({ size: i }), { qos: 1 }),
  ),
);
console.log('20 jobs are published');

let done = 0;
for await (const job of jobs) {
  await sleep(10); // the work
  done++;
  console.log(`${job.topic} is done, its size was ${job.json().size}`);
  // asking for the next message acknowledges this one; leaving the loop does too, and ends the subscription
  if (done === 20) break;
}

await client.disconnect();
console.log('all are done');
