// Plays one case with a broker's program: makes its folder, calls the program once with --test-config and once to start
// for real, and gives back the exit codes and what was printed, with everything that differs from run to run replaced.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { shown } from '../tools/shown.js';
import type { ConfigCase } from './config-case.js';

export interface RunResult {
  /** The exit code, the signal that ended it, or that it was running until it was stopped. */
  readonly exit: number | string;
  readonly stdout?: string;
  /** Until it said that it is running, if it was started. */
  readonly stderr: string;
}

export interface CaseResult {
  readonly tested: RunResult;
  /** Absent if the case says so. */
  readonly started?: RunResult | 'as tested';
}

export interface Setting {
  /** The command, without the arguments. */
  readonly program: readonly string[];
  readonly certificates: string;
  readonly plugins: string;
  /** Who owns the files: whom the program becomes when it is started by root. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Twelve free ports of the loopback interface. */
  readonly ports: readonly number[];
}

// only what logs nothing takes this long
const startLimit = 2000;
const stopLimit = 5000;
const running = /^.* running$/m;

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

type Meanings = ReadonlyMap<string, string>;

function meanings(folder: string, { ports, certificates, plugins }: Setting): Meanings {
  return new Map([
    ['{certificates}', certificates],
    ['{plugins}', plugins],
    ['{dir}', folder],
    ...ports.map((port, i) => [`{port${i + 1}}`, String(port)] as const),
  ]);
}

function meant(text: string, means: Meanings): string {
  return text.replace(/\{\w+\}/g, (word) => means.get(word) ?? word);
}

function normalised(bytes: Buffer, means: Meanings): string {
  let text = shown(bytes);
  for (const [word, value] of means) {
    const whole = /^\d+$/.test(value) ? new RegExp(`(?<!\\d)${value}(?!\\d)`, 'g') : value;
    text = text.replaceAll(whole, word);
  }
  return text
    .replaceAll(/^\d{9,}: /gm, '{time}: ')
    .replaceAll(/(?<=mosquitto (?:version )?)\d+\.\d+\.\d+/g, '{version}')
    .replaceAll(`${hostname()}.first`, '{hostname}.first');
}

function writeFile(path: string, content: Buffer, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

function owned(path: string, owner: Setting['owner']): void {
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
}

function writeFiles(
  folder: string,
  { config, encoding, files = {}, modes = {} }: ConfigCase,
  setting: Setting,
): void {
  const means = meanings(folder, setting);
  writeFile(join(folder, 'mosquitto.conf'), Buffer.from(meant(config, means), encoding ?? 'utf8'), 0o644);
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    if (name.endsWith('/')) mkdirSync(path, { recursive: true });
    else
      writeFile(
        path,
        Buffer.from(meant(text, means)),
        modes[name] ?? (name.endsWith('.conf') ? 0o644 : 0o600),
      );
    owned(path, setting.owner);
  }
}

interface Run {
  readonly exit: number | string;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

type HowLong = 'to its end' | 'until it runs';

function run(folder: string, command: readonly string[], howLong: HowLong): Promise<Run> {
  const [file, ...args] = command;
  const child = spawn(file!, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  let stopped: Partial<Run> | undefined;
  const stop = (soFar: Partial<Run>): void => {
    stopped ??= { exit: 'running', ...soFar };
    child.kill('SIGTERM');
  };
  const soft = howLong === 'until it runs' ? setTimeout(() => stop({ ...output }), startLimit) : undefined;
  const hard = setTimeout(() => child.kill('SIGKILL'), stopLimit);
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => {
      output[name] = Buffer.concat([output[name], chunk]);
      if (soft !== undefined && running.test(output[name].toString('latin1'))) stop({});
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(soft);
      clearTimeout(hard);
      resolve({ exit: code ?? signal!, ...output, ...stopped });
    });
  });
}

// the same for every start, and so long that it would hide the rest
const everyStart =
  /^\{time\}: mosquitto version \{version\} starting\n\{time\}: Config loaded from \{dir\}\/mosquitto\.conf\.\n(?:\{time\}: .* support available\.\n){5}/m;

function untilRunning(text: string): string {
  const found = running.exec(text);
  const shorter = found === null ? text : `${text.slice(0, found.index)}${found[0]}\n`;
  return shorter.replace(everyStart, '{starting}\n');
}

async function result(
  folder: string,
  command: readonly string[],
  setting: Setting,
  howLong: HowLong,
): Promise<RunResult> {
  const means = meanings(folder, setting);
  const called = [...setting.program, ...command.map((word) => meant(word, means))];
  const { exit, stdout, stderr } = await run(folder, called, howLong);
  const text = (bytes: Buffer): string =>
    howLong === 'until it runs' ? untilRunning(normalised(bytes, means)) : normalised(bytes, means);
  return { exit, ...(stdout.length > 0 && { stdout: text(stdout) }), stderr: text(stderr) };
}

async function inFolder<T>(
  configCase: ConfigCase,
  setting: Setting,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  try {
    chmodSync(folder, 0o755);
    owned(folder, setting.owner);
    writeFiles(folder, configCase, setting);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// -p is for the cases without a listener: they would listen at 1883, which may be taken
const configFile = '{dir}/mosquitto.conf';
const startCommand = ['-c', configFile, '-p', '{port12}'] as const;

function testCommand(given: ConfigCase['arguments']): readonly string[] {
  // first, so that an argument without its value does not take it
  return given === undefined ? ['-c', configFile, '--test-config'] : ['--test-config', ...given];
}

export async function runCase(configCase: ConfigCase, setting: Setting): Promise<CaseResult> {
  const given = configCase.arguments;
  const tested = await inFolder(configCase, setting, (folder) =>
    result(folder, testCommand(given), setting, 'to its end'),
  );
  if (configCase.only === 'tested') return { tested };
  const started = await inFolder(configCase, setting, (folder) =>
    result(folder, given ?? startCommand, setting, 'until it runs'),
  );
  return { tested, started: JSON.stringify(tested) === JSON.stringify(started) ? 'as tested' : started };
}
