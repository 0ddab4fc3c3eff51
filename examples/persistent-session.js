// A session that outlives the program. Start it, stop it with Ctrl-C, publish something, and start it again: it
// gets the messages of QoS 1 that came while it was away. Start a broker (npm start), then:
//   node examples/persistent-session.js        and Ctrl-C
//   bin/pondhawk pub -t orders/1 -q 1 -m 'two pizzas'
//   node examples/persistent-session.js
import { createClient } from 'pondhawk/client';

const client = createClient({
  url: process.env.MQTT_URL ?? 'mqtt://localhost',
  // the broker knows the session by this name, so that it must be the same in each run, and nobody else's
  clientId: 'persistent-session-example',
  cleanStart: false,
  // seconds that the broker keeps the session while we are away
  sessionExpiryInterval: 24 * 60 * 60,
});

// the messages that waited come right after the connection is there: whoever takes them must be there before
client.on('message', ({ topic, payload }) => console.log(`${topic}: ${payload}`));

const { sessionPresent } = await client.connect();
console.log(sessionPresent ? 'the broker has kept the session' : 'this session is new');

// in a session that was kept this changes nothing; in a new one it is needed
await client.subscribe('orders/#', { qos: 1, retainHandling: 1 });

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await client.disconnect();
    console.log('away; the broker keeps what comes');
  });
}

console.log('waiting for orders; Ctrl-C ends');
