// Mosquitto with an ACL file, from the folder with its programs.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const startLimit = 5000;

export interface RunningMosquitto {
  readonly port: number;
  stop(): Promise<void>;
}

export interface StartResult {
  readonly exit: number | 'runs';
  /** What was said of the file. */
  readonly said: readonly string[];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

export function mosquittoVersion(programs: string): string {
  return /\d+\.\d+\.\d+/.exec(execFileSync(join(programs, 'mosquitto'), ['-h']).toString())![0];
}

interface Started extends RunningMosquitto {
  readonly folder: string;
  readonly child: ChildProcess;
  readonly said: () => string;
  /** The exit code if it ended before it ran. */
  readonly outcome: number | 'runs';
}

async function launch(programs: string, acl: Buffer): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'acl-'));
  const port = await freePort();
  writeFileSync(join(folder, 'acl'), acl, { mode: 0o600 });
  const config = [
    ...['user root', 'allow_anonymous true', 'log_timestamp false', 'set_tcp_nodelay true'],
    ...[`acl_file ${folder}/acl`, `listener ${port} 127.0.0.1`],
  ];
  writeFileSync(join(folder, 'conf'), config.map((line) => `${line}\n`).join(''));
  const child = spawn(join(programs, 'mosquitto'), ['-c', join(folder, 'conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  const running = new Promise<'runs'>((resolve) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (/^mosquitto version \S+ running$/m.test(said)) resolve('runs');
    });
  });
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`Mosquitto does not start: ${said}`)), startLimit).unref();
  });
  const outcome = await Promise.race([running, exited.then(([code]) => code as number), late]);
  const stop = async (): Promise<void> => {
    // it has nothing to lose, and may miss a SIGTERM that comes as it begins
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true });
  };
  return { folder, port, child, said: () => said, outcome, stop };
}

export async function startMosquitto(programs: string, acl: string): Promise<RunningMosquitto> {
  const started = await launch(programs, Buffer.from(acl, 'utf8'));
  if (started.outcome === 'runs') return started;
  throw new Error(`Mosquitto ended with ${started.outcome}: ${started.said()}`);
}

/** Whether it starts with a file, and what it says of it. */
export async function tryFile(programs: string, bytes: string): Promise<StartResult> {
  const { folder, said, outcome, stop } = await launch(programs, Buffer.from(bytes, 'latin1'));
  await stop();
  const lines = said().replaceAll(`${folder}/acl`, '{file}').split('\n');
  const text = (line: string): string => Buffer.from(line, 'latin1').toString('utf8');
  return {
    exit: outcome,
    said: lines.filter((line) => /^Error|ACL pattern/.test(line)).map((line) => text(line).slice(0, 400)),
  };
}
