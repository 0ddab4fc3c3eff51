// A program with a broker in it. It listens on this machine, watches the temperatures that clients publish, and
// raises an alarm itself. Build the package first (npm ci does), then: node examples/embed.js [port]
import { Broker } from 'pondhawk';

const LIMIT = 25;

const broker = new Broker({
  maxQueuedMessages: 5000,
  log: (level, text) => console.error(`${level}: ${text}`),
});

broker.on('connected', ({ clientId, remoteAddress }) =>
  console.log(`${clientId} came from ${remoteAddress}`),
);
broker.on('disconnected', ({ clientId }) => console.log(`${clientId} went`));

// no socket is needed for this: the handler is called as a message is routed
broker.subscribe('house/+/temperature', ({ topic, payload, publisherId }) => {
  const room = topic.split('/')[1];
  const degrees = Number(payload.toString());
  if (!(degrees > LIMIT)) return;
  console.log(`${publisherId} says that the ${room} has ${degrees} degrees`);
  broker.publish({ topic: `house/${room}/alarm`, payload: `${degrees} degrees`, qos: 1, retain: true });
});

const { host, port } = await broker.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1' });
console.log(`listening on ${host}:${port}`);
console.log(`try: mosquitto_sub -p ${port} -t 'house/#' -v`);
console.log(`and: mosquitto_pub -p ${port} -t house/kitchen/temperature -m 31`);

broker.publish({ topic: 'house/status', payload: 'awake', retain: true });

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    broker.publish({ topic: 'house/status', payload: 'asleep', retain: true });
    await broker.close();
    const { publishReceived, publishSent } = broker.metrics;
    console.log(`closed after ${publishReceived} messages in and ${publishSent} out`);
  });
}
