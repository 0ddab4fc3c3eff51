// Questions and answers between two clients (MQTT 5): the library makes the response topic and keeps answers apart.
// Start a broker (npm start), then: node examples/request-response.js
import { ClientError, connect } from 'pondhawk/client';

const url = process.env.MQTT_URL ?? 'mqtt://localhost';

// who answers: what the function returns is published to the response topic of the request
const calculator = await connect(url);
await calculator.respond('calculator/add', (request) => {
  const { a, b } = request.json();
  return JSON.stringify({ sum: a + b });
});

// who asks
const client = await connect(url);
const ask = async (a, b) => {
  const answer = await client.request('calculator/add', JSON.stringify({ a, b }), { timeout: 5000 });
  return answer.json().sum;
};
console.log(`1 + 2 is ${await ask(1, 2)}`);

// several questions at once find their own answers
const sums = await Promise.all([ask(10, 1), ask(20, 2), ask(30, 3)]);
console.log(`at once: ${sums.join(', ')}`);

// without a subscriber the broker says so at once, and nobody waits for the timeout
await calculator.disconnect();
try {
  await ask(1, 1);
} catch (error) {
  if (!(error instanceof ClientError)) throw error;
  console.log(`no answer (${error.code}): ${error.message}`);
}

await client.disconnect();
