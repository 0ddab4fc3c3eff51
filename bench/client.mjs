// Compares our client with MQTT.js through each broker, as ratios, in one command: floods at QoS 0, 1 and 2 with MQTT
// 3.1.1 and 5, a process of its own for each run, the libraries one after the other and every other time in reverse.
//
//   npm run bench:client -- [--brokers pondhawk,mosquitto,aedes] [--versions 4,5] [--count 200000] [--repeat 3]
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build, findPeer, start } from './brokers.mjs';

const { values: given } = parseArgs({
  options: {
    brokers: { type: 'string', default: 'pondhawk,mosquitto,aedes' },
    versions: { type: 'string', default: '4,5' },
    qos: { type: 'string', default: '0,1,2' },
    count: { type: 'string', default: '200000' },
    repeat: { type: 'string', default: '3' },
    'no-build': { type: 'boolean', default: false },
  },
});

const run = promisify(execFile);
const load = join(dirname(fileURLToPath(import.meta.url)), 'client-load.mjs');
const libraries = ['pondhawk', 'mqtt.js'];

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function measure(library, port, version, qos) {
  const args = [load, library, port, version, qos, given.count].map(String);
  const { stdout } = await run(process.execPath, args, { timeout: 120_000 });
  return JSON.parse(stdout);
}

async function row(peer, version, qos) {
  const results = { pondhawk: [], 'mqtt.js': [] };
  for (let round = 0; round < Number(given.repeat); round++) {
    const order = round % 2 === 0 ? libraries : [...libraries].reverse();
    for (const library of order) {
      const broker = await start(peer);
      try {
        results[library].push(await measure(library, broker.port, version, qos));
      } finally {
        await broker.stop();
      }
    }
  }
  const of = (library, name) => median(results[library].map((one) => one[name]));
  const ratio = (name) =>
    median(results.pondhawk.map((one, i) => one[name] / results['mqtt.js'][i][name])).toFixed(2);
  const thousands = (library) => `${Math.round(of(library, 'rate') / 1000)}k`;
  const megabytes = (library) => `${Math.round(of(library, 'rss') / 1e6)} MB`;
  const lost = libraries.map((library) => Math.max(...results[library].map((one) => one.lost))).join('/');
  console.log(
    `| ${peer.name} | ${version === 5 ? '5' : '3.1.1'} | ${qos} | ${thousands('pondhawk')} | ${thousands('mqtt.js')} | ` +
      `**${ratio('rate')}** | ${of('pondhawk', 'cpu').toFixed(2)} | ${of('mqtt.js', 'cpu').toFixed(2)} | ` +
      `${megabytes('pondhawk')} | ${megabytes('mqtt.js')} | ${lost} |`,
  );
}

if (!given['no-build']) build();
console.log(
  '| broker | MQTT | QoS | ours, msg/s | MQTT.js | ratio | ours, µs | MQTT.js, µs | ours, memory | MQTT.js | lost |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|');
for (const name of given.brokers.split(',')) {
  const peer = await findPeer(name);
  for (const version of given.versions.split(',').map(Number)) {
    // Aedes does not know MQTT 5
    if (peer.name === 'aedes' && version === 5) continue;
    for (const qos of given.qos.split(',').map(Number)) await row(peer, version, qos);
  }
}
