#!/usr/bin/env node
// The long run of the fuzzer: against the codec, or with --port against a broker that runs already. Builds what
// it needs first. The last line it prints is JSON; it exits 1 where it found something.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `node fuzz/run.mjs [--packets N] [--seed N]                   damaged packets for the codec
node fuzz/run.mjs --port P [--packets N] [--seed N] ...      damaged packets for a broker
node fuzz/run.mjs --replay HEX --protocol 3|4|5              one packet for the codec, as a finding names it

  --packets N      how many (1000000)
  --seed N         which ones (1): the same seed makes the same packets
  --host ADDRESS   where the broker is (127.0.0.1)
  --port P         its port
  --pid N          its process, whose memory is watched
  --max-rss MB     how much memory that may be (512)
  --concurrency N  connections at the same time (16)
  --connection N   only this one of the seed's connections, with its packets shown`;

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string' },
    pid: { type: 'string' },
    'max-rss': { type: 'string', default: '512' },
    concurrency: { type: 'string', default: '16' },
    connection: { type: 'string' },
    replay: { type: 'string' },
    protocol: { type: 'string', default: '5' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(usage);
  process.exit();
}

build();
const codecUrl = new URL('../dist/protocol/index.js', import.meta.url).href;
const codec = await import(codecUrl);
if (values.replay !== undefined) await replay(values.replay, Number(values.protocol));
else if (values.port === undefined) await fuzzCodec();
else await fuzzBroker();

function build() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const compiler = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url));
  const { status, stdout } = spawnSync(compiler, ['-b', 'fuzz'], { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  console.error(stdout);
  console.error('the build failed');
  process.exit(2);
}

async function replay(hex, version) {
  const { examine } = await import('./dist/examine.js');
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
  const verdict = examine(codec, bytes, version);
  console.dir(verdict, { depth: 6 });
  if ('rule' in verdict) process.exitCode = 1;
}

async function fuzzCodec() {
  const { CodecFuzzer } = await import('./dist/fuzz.js');
  const fuzzer = new CodecFuzzer({ codec, packets: Number(values.packets), seed: Number(values.seed) });
  const { finding, ...figures } = fuzzer.run();
  console.log(
    `${figures.packets} packets (${megabytes(figures.bytes)} MB) in ${figures.seconds.toFixed(1)} s: ` +
      `${figures.decoded} decoded, the others refused; slowest ${figures.slowestMilliseconds.toFixed(1)} ms`,
  );
  if (finding !== undefined) {
    console.log(`\nFOUND at packet ${finding.index}: not true that ${finding.rule}\n${finding.details}`);
    console.log(
      `\n  ${finding.hex}\n\nnode fuzz/run.mjs --replay ${finding.hex} --protocol ${finding.version}\n`,
    );
    process.exitCode = 1;
  }
  console.log(
    JSON.stringify({ what: 'codec', seed: Number(values.seed), ...figures, finding: finding ?? null }),
  );
}

async function fuzzBroker() {
  const { BrokerFuzzer } = await import('./dist/broker-fuzz.js');
  const connection = values.connection === undefined ? undefined : Number(values.connection);
  let shown = performance.now();
  const fuzzer = new BrokerFuzzer({
    codec,
    codecUrl,
    host: values.host,
    port: Number(values.port),
    packets: Number(values.packets),
    seed: Number(values.seed),
    concurrency: Number(values.concurrency),
    pid: values.pid === undefined ? undefined : Number(values.pid),
    maxRss: Number(values['max-rss']),
    connection,
    progress: (figures) => {
      if (performance.now() - shown < 10_000) return;
      shown = performance.now();
      console.error(
        `${figures.packets} packets, ${figures.connections} connections, RSS ${figures.rssEnd ?? '?'} MB`,
      );
    },
  });
  if (connection !== undefined) console.log(fuzzer.describe(connection));
  const result = await fuzzer.run();
  print(result);
  if (result.failures.length > 0) process.exitCode = 1;
  console.log(JSON.stringify({ what: 'broker', ...result }));
}

function print(result) {
  const { sentinel } = result;
  console.log(
    `${result.packets} packets (${result.reachable} before the first that ends its connection, ` +
      `${megabytes(result.bytesSent)} MB) on ${result.connections} connections in ${result.seconds.toFixed(1)} s`,
  );
  console.log(
    `answers: ${result.packetsReceived} packets, ${megabytes(result.bytesReceived)} MB; ` +
      `good CONNECTs without an answer: ${result.unanswered}`,
  );
  console.log(
    `meanwhile a well-behaved client: ${sentinel.rounds} rounds, worst of them PINGRESP ${sentinel.worstPing.toFixed(1)} ms, ` +
      `own message ${sentinel.worstDelivery.toFixed(1)} ms, SUBACK ${sentinel.worstSubscribe.toFixed(1)} ms`,
  );
  if (result.rssPeak !== undefined) {
    console.log(
      `memory: ${result.rssStart} MB at first, ${result.rssPeak} at most, ${result.rssEnd} in the end`,
    );
  }
  for (const failure of result.failures) {
    console.log(`FOUND ${failure}`);
    const [, index] = /^connection (\d+)/.exec(failure) ?? [];
    if (index === undefined) continue;
    console.log(`  node fuzz/run.mjs --port ${values.port} --seed ${values.seed} --connection ${index}`);
  }
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}
