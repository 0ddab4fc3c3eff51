// An encrypted connection (TLS): the client checks the broker's certificate, and may show one of its own.
//   node examples/secure-connection.js CA.crt [CLIENT.crt CLIENT.key]
// Start a broker that speaks TLS first, for example Mosquitto with cafile, certfile and keyfile on port 8883. These
// make certificates to try it with:
//   openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -days 30 -keyout ca.key -out ca.crt
//   openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
//     -keyout server.key -out server.csr
//   openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -copy_extensions copy -days 30 -out server.crt
import { readFile } from 'node:fs/promises';
import { ClientError, connect } from 'pondhawk/client';

const [caFile, certFile, keyFile] = process.argv.slice(2);
if (caFile === undefined) {
  console.log('usage: node examples/secure-connection.js CA.crt [CLIENT.crt CLIENT.key]');
  process.exit(2);
}

try {
  const client = await connect(process.env.MQTT_URL ?? 'mqtts://localhost:8883', {
    tls: {
      // who must have signed the broker's certificate; without `ca` it is the authorities that Node knows
      ca: await readFile(caFile),
      // our own certificate, if the broker wants to see one
      cert: certFile && (await readFile(certFile)),
      key: keyFile && (await readFile(keyFile)),
      minVersion: 'TLSv1.2',
    },
  });
  console.log('connected, encrypted');
  await client.publish('secrets/first', 'nobody else can read this', { qos: 1 });
  console.log('published');
  await client.disconnect();
} catch (error) {
  // `cause` has the error of Node's TLS, whose code says what was wrong with the certificate
  if (!(error instanceof ClientError)) throw error;
  console.log(`${error.code}: ${error.message} (${error.cause?.code})`);
  process.exitCode = 1;
}
