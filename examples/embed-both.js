// Broker and client in one program: for tests, and for programs that others connect to while they talk themselves.
// node examples/embed-both.js
import { Broker } from 'pondhawk';
import { connect } from 'pondhawk/client';

const broker = new Broker();
// port 0: the system chooses one that is free
const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });

// the broker's own subscription needs no connection
broker.subscribe('lamp/set', ({ payload, publisherId }) => {
  console.log(`the broker sees: ${publisherId} sets the lamp to ${payload}`);
  broker.publish({ topic: 'lamp/state', payload, retain: true });
});

const client = await connect(`mqtt://127.0.0.1:${port}`, { clientId: 'switch' });
const states = client.messages('lamp/state');
await client.publish('lamp/set', 'on', { qos: 1 });
for await (const state of states) {
  console.log(`the client sees: the lamp is ${state.text()}`);
  break;
}

// the client first, so that it does not try to connect again
await client.disconnect();
await broker.close();
console.log(`closed after ${broker.metrics.publishReceived} message from clients`);
