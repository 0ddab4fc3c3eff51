// One flood through one client library, for client.mjs: `node client-load.mjs LIBRARY PORT VERSION QOS COUNT`
// publishes COUNT messages of 64 bytes with one client and takes them with another, in one process, and prints what
// it measured as JSON. Both libraries do the same: at most WINDOW messages are under way between the two clients.
const [library, portText, versionText, qosText, countText] = process.argv.slice(2);
const port = Number(portText);
const version = Number(versionText);
const qos = Number(qosText);
const count = Number(countText);

const WINDOW = 1000;
/** Messages before the clock starts: the compiler is done then. */
const WARM_UP = Math.floor(count / 5);
/** Milliseconds without a message after which the run is given up. */
const PATIENCE = 5000;

const topic = 'bench/client/flood';
const payload = Buffer.alloc(64, 'x');
let received = 0;
let wake = () => {};

function took() {
  received++;
  wake();
}

/** @returns {Promise<{publish: () => Promise<unknown>, end: () => Promise<void>}>} */
async function open() {
  if (library === 'pondhawk') {
    const { connect } = await import('../dist/client/index.js');
    const options = { host: '127.0.0.1', port, version, maxInflight: WINDOW };
    const [taker, giver] = await Promise.all([connect(options), connect(options)]);
    await taker.subscribe(topic, { qos }, took);
    return {
      publish: () => giver.publish(topic, payload, { qos }),
      end: async () => {
        await Promise.all([taker.disconnect(), giver.disconnect()]);
      },
    };
  }
  const { default: mqtt } = await import('mqtt');
  // MQTT.js writes into its options
  const options = () => ({ host: '127.0.0.1', port, protocolVersion: version });
  const [taker, giver] = await Promise.all([mqtt.connectAsync(options()), mqtt.connectAsync(options())]);
  taker.on('message', took);
  await taker.subscribeAsync(topic, { qos });
  return {
    publish: () => giver.publishAsync(topic, payload, { qos }),
    end: async () => {
      await Promise.all([taker.endAsync(), giver.endAsync()]);
    },
  };
}

/** Waits until at most `outstanding` messages are under way; false when nothing comes any more. */
function until(sent, outstanding) {
  if (sent - received <= outstanding) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE);
    wake = () => {
      if (sent - received > outstanding) return;
      wake = () => {};
      clearTimeout(timer);
      resolve(true);
    };
  });
}

async function flood(publish, from, to) {
  for (let sent = from; sent < to; ) {
    // all of a window, then wait until half of it has come
    while (sent < to && sent - received < WINDOW) {
      publish().catch(() => {});
      sent++;
    }
    if (!(await until(sent, WINDOW / 2))) return false;
  }
  return until(to, 0);
}

const { publish, end } = await open();
await flood(publish, 0, WARM_UP);
const cpu = process.cpuUsage();
const start = performance.now();
const came = received;
const complete = await flood(publish, received, count);
const seconds = (performance.now() - start) / 1000 - (complete ? 0 : PATIENCE / 1000);
const { user, system } = process.cpuUsage(cpu);
const { rss } = process.memoryUsage();
const messages = received - came;
console.log(
  JSON.stringify({ rate: messages / seconds, cpu: (user + system) / messages, rss, lost: count - received }),
);
await Promise.race([end(), new Promise((resolve) => setTimeout(resolve, 1000))]);
process.exit(0);
