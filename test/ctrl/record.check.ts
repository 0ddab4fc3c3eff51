// Makes recorded.json: plays the table with mosquitto_ctrl and Mosquitto with its dynamic security plugin, twice, and
// writes what they did only if it was the same each time.
//   MOSQUITTO_BIN=/folder/with/its/programs MOSQUITTO_DYNSEC=/path/of/mosquitto_dynamic_security.so \
//     npx vitest run --config test/ctrl/record.config.ts
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mosquittoVersion } from '../acl/mosquitto.js';
import { Relay } from './exchange.js';
import { type RecordedStep, type Recording, recordingFile } from './recording.js';
import { Folder, runStep } from './runner.js';
import { steps } from './steps.js';

const programs = process.env['MOSQUITTO_BIN'];
const plugin = process.env['MOSQUITTO_DYNSEC'];
const SHOWN_PORT = 18_830;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

async function startBroker(folder: string, port: number): Promise<() => void> {
  const configuration = join(folder, 'dynsec.json');
  execFileSync(join(programs!, 'mosquitto_ctrl'), ['dynsec', 'init', configuration, 'admin', 'secret']);
  const lines = [
    ...['user root', 'allow_anonymous false', 'enable_control_api true', `listener ${port} 127.0.0.1`],
    ...[`plugin ${plugin}`, `plugin_opt_config_file ${configuration}`],
  ];
  writeFileSync(join(folder, 'conf'), `${lines.join('\n')}\n`);
  const child = spawn(join(programs!, 'mosquitto'), ['-c', join(folder, 'conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const chunk of child.stderr) {
    said += String(chunk);
    if (/mosquitto version \S+ running/.test(said)) break;
  }
  return () => void child.kill('SIGKILL');
}

async function play(): Promise<Recording['steps']> {
  const [folder, home] = [new Folder(), new Folder()];
  const port = await freePort();
  const stop = await startBroker(home.path, port);
  const relay = new Relay(port);
  const relayPort = await relay.listen();
  const recorded: Record<string, RecordedStep> = {};
  for (const step of steps) {
    relay.exchange = {};
    const result = await runStep(step, join(programs!, 'mosquitto_ctrl'), folder, relayPort);
    recorded[step.name] = { result, exchange: relay.exchange };
  }
  relay.close();
  stop();
  folder.remove();
  home.remove();
  // the broker tells of its port
  const text = JSON.stringify(recorded).replaceAll(String(port), String(SHOWN_PORT));
  return JSON.parse(text) as Recording['steps'];
}

test.skipIf(programs === undefined || plugin === undefined)(
  'the recording is the same each time',
  async () => {
    const first = await play();
    expect(await play()).toEqual(first);
    const recording: Recording = { mosquitto: mosquittoVersion(programs!), steps: first };
    writeFileSync(recordingFile, `${JSON.stringify(recording, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(recordingFile)]);
  },
  600_000,
);
