// Logging in with a password that never leaves this machine: SCRAM-SHA-256, by MQTT 5's enhanced authentication.
// The broker must know the method, so without MQTT_URL this program starts one of its own:
// node examples/scram-login.js [USER PASSWORD]
import { Broker, scramCredentials, scram as scramPlugin } from 'pondhawk';
import { ClientError, connect, scram } from 'pondhawk/client';

const [username = 'ada', password = 'difference engine'] = process.argv.slice(2);

// the broker keeps what it needs to check a password, not the password
async function startBroker() {
  const users = new Map([['ada', await scramCredentials('difference engine')]]);
  const broker = new Broker({ plugins: [scramPlugin({ find: (name) => users.get(name) })] });
  const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
  return { url: `mqtt://127.0.0.1:${port}`, close: () => broker.close() };
}

const { url, close } = process.env.MQTT_URL
  ? { url: process.env.MQTT_URL, close: async () => {} }
  : await startBroker();

try {
  // both sides prove that they know the password: a broker that only pretends to know it is found out
  const client = await connect(url, { authentication: scram({ username, password }) });
  console.log(`logged in as ${username}`);

  // once more on the same connection, for example when the broker's tickets expire
  await client.reauthenticate();
  console.log('logged in again');
  await client.disconnect();
} catch (error) {
  if (!(error instanceof ClientError)) throw error;
  console.log(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await close();
}
