// Mosquitto with its plugin for dynamic security, from the folder with its programs.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_PASSWORD } from './session.js';

export interface RunningBroker {
  readonly port: number;
  /** The content of its file. */
  fileText(): string;
  stop(): Promise<void>;
}

/** Where packages put it, from the folder with the programs. */
const PLUGIN = ['root/usr/lib/x86_64-linux-gnu/mosquitto', 'lib/mosquitto', 'lib/x86_64-linux-gnu/mosquitto'];

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

export function mosquittoVersion(programs: string): string {
  return /\d+\.\d+\.\d+/.exec(execFileSync(join(programs, 'mosquitto'), ['-h']).toString())![0];
}

function pluginFile(programs: string): string {
  const paths = PLUGIN.map((folder) => join(programs, '..', folder, 'mosquitto_dynamic_security.so'));
  const path = paths.find((each) => existsSync(each));
  if (path === undefined) throw new Error(`mosquitto_dynamic_security.so is in none of ${paths.join(', ')}`);
  return path;
}

export async function startMosquitto(programs: string): Promise<RunningBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'dynsec-'));
  const port = await freePort();
  const config = [
    ...['user root', 'allow_anonymous true', 'log_timestamp false', 'set_tcp_nodelay true'],
    ...[`plugin ${pluginFile(programs)}`, `plugin_opt_config_file ${folder}/state.json`],
    `listener ${port} 127.0.0.1`,
  ];
  writeFileSync(join(folder, 'conf'), config.map((line) => `${line}\n`).join(''));
  const child = spawn(join(programs, 'mosquitto'), ['-c', join(folder, 'conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, MOSQUITTO_DYNSEC_PASSWORD: ADMIN_PASSWORD },
  });
  const exited = once(child, 'exit');
  let said = '';
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (/^mosquitto version \S+ running$/m.test(said)) break;
  }
  child.stderr.resume();
  return {
    port,
    fileText: () => readFileSync(join(folder, 'state.json'), 'utf8'),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
