// The first program: connect, subscribe, publish, say goodbye.
// Start a broker (npm start), then: node examples/first-connection.js
import { connect } from 'pondhawk/client';

const url = process.env.MQTT_URL ?? 'mqtt://localhost';

// resolves when the broker has let us in; throws when it cannot be reached, or refuses
const client = await connect(url);
console.log(`connected to ${url}`);

// the listener is called for every message whose topic matches: + stands for one level, # for all that follow
const { filters } = await client.subscribe('greetings/#', { qos: 1 }, (message) => {
  console.log(`${message.topic}: ${message.text()}`);
  goodbye();
});
for (const { filter, reason } of filters) console.log(`subscribed to ${filter} with QoS ${reason}`);

// with QoS 1 the promise resolves when the broker has the message
await client.publish('greetings/first', 'hello', { qos: 1 });
console.log('published');

async function goodbye() {
  // tells the broker that we go; after that nothing keeps the program running
  await client.disconnect();
  console.log('goodbye');
}
