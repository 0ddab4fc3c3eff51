// A program with a persistent session that publishes numbered messages until it is killed: `published N` when it
// has handed one over, `acknowledged N` when the broker has it. Numbers go on where the argument says.
import { connect, FileSessionStore } from 'pondhawk/client';

const [url, folder, qos, from] = process.argv.slice(2);
const client = await connect({
  url,
  clientId: 'restarted-publisher',
  cleanStart: false,
  store: new FileSessionStore(folder),
  reconnect: { minDelay: 20, maxDelay: 20 },
  maxInflight: 8,
});
client.on('error', (error) => process.stderr.write(`${error.message}\n`));
// one that is told to stop has had everything acknowledged before it ends
process.stdin.on('end', () => client.disconnect().then(() => process.exit()));
process.stdin.resume();

for (let number = Number(from); ; number++) {
  process.stdout.write(`published ${number}\n`);
  client.publish(`restart/${qos}`, String(number), { qos: Number(qos) }).then(
    () => process.stdout.write(`acknowledged ${number}\n`),
    () => {},
  );
  while (client.queued > 20) await new Promise((resolve) => setTimeout(resolve, 1));
  if (number % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
