// How each broker of the comparison is found, configured alike, started afresh and stopped, and where mqload is.
// Kept apart from compare.mjs because profile.mjs starts the same Pondhawk with the same generator.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const checkout = dirname(here);
/** Tools that lie beside the checkout for those who have them; the benchmark does without. */
const tools = join(checkout, '..', 'shared', 'tools');
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pondhawk-peers');
const AEDES = '1.2.0';

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} version
 * @property {(port: number, nodeOptions?: string[]) => string[]} command
 * @property {NodeJS.ProcessEnv} [env]
 *
 * @typedef {object} Running
 * @property {number} pid
 * @property {number} port
 * @property {() => Promise<void>} stop
 */

/** @param {string} program @returns {string | undefined} where it is */
function which(program) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const path = join(folder || '.', program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** Builds the checkout, so that what is measured is what is there. */
export function build() {
  if (!existsSync(join(checkout, 'node_modules'))) throw new Error('npm ci first: nothing is installed');
  const script = join(checkout, 'scripts', 'build.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

/**
 * Pondhawk of this checkout, or of another one whose executable is named: for before and after.
 * @param {string} [executable] @returns {Peer}
 */
function pondhawk(executable) {
  const program = executable ? resolve(executable) : join(checkout, 'bin', 'pondhawk');
  if (!existsSync(program)) throw new Error(`${program} is not there`);
  const { version } = JSON.parse(readFileSync(join(dirname(program), '..', 'package.json'), 'utf8'));
  return {
    name: executable ? basename(dirname(dirname(program))) : 'pondhawk',
    version: `${version}, Node ${process.versions.node}`,
    command: (port, nodeOptions = []) => [
      ...[process.execPath, ...nodeOptions, program, '-q', '-p', `${port}`],
      ...['--max-inflight-messages', '65535', '--max-queued-messages', '0'],
    ],
  };
}

/** Mosquitto: a recent one unpacked in the cache, else fetched there, else the one installed. @returns {Peer} */
function mosquitto() {
  const cached = join(cache, 'bin', 'mosquitto');
  const fetcher = join(tools, 'debian-newer');
  if (!existsSync(cached) && existsSync(fetcher)) {
    console.error('fetching a recent mosquitto ...');
    spawnSync(fetcher, [cache, 'sid', 'mosquitto', 'mosquitto-clients'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const program = existsSync(cached) ? cached : which('mosquitto');
  if (!program) throw new Error('mosquitto is not installed (apt-get install mosquitto)');
  const help = spawnSync(program, ['-h'], { encoding: 'utf8' }).stdout;
  const folder = mkdtempSync(join(tmpdir(), 'bench-mosquitto-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return {
    name: 'mosquitto',
    version: help.match(/version (\S+)/)?.[1] ?? 'unknown',
    command: (port) => {
      const file = join(folder, 'mosquitto.conf');
      const lines = [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous true',
        'set_tcp_nodelay true',
        'max_inflight_messages 65535',
        'max_queued_messages 0',
        'max_queued_bytes 0',
        'persistence false',
        'log_dest none',
        // Started by root it would change to a user who may not read this file.
        ...(process.getuid?.() === 0 ? ['user root'] : []),
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      return [program, '-c', file];
    },
  };
}

/** Aedes, installed on demand into the cache, never into this project. @returns {Peer} */
function aedes() {
  const folder = join(cache, `aedes-${AEDES}`);
  if (!existsSync(join(folder, 'node_modules', 'aedes'))) {
    console.error(`installing aedes ${AEDES} into ${folder} ...`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
    const args = ['install', '--no-audit', '--no-fund', '--prefix', folder, `aedes@${AEDES}`];
    const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm could not install aedes: ${stderr.trim().split('\n')[0]}`);
  }
  return {
    name: 'aedes',
    version: `${AEDES}, Node ${process.versions.node}`,
    command: (port) => [process.execPath, join(here, 'aedes.mjs'), folder, `${port}`],
    env: { NODE_ENV: 'production' },
  };
}

/** @param {string} name pondhawk, mosquitto, aedes, or the path of another checkout's bin/pondhawk */
export function findPeer(name) {
  if (name === 'pondhawk') return pondhawk();
  if (name === 'mosquitto') return mosquitto();
  if (name === 'aedes') return aedes();
  if (name.includes('/')) return pondhawk(name);
  throw new Error('no such broker');
}

/** mqload: by MQLOAD, else built from its sources where they are, else the installed one. */
export function findMqload() {
  const named = process.env.MQLOAD;
  if (named) return existsSync(named) ? named : undefined;
  const sources = join(tools, 'mqload');
  if (existsSync(sources)) {
    const program = join(cache, 'mqload');
    mkdirSync(cache, { recursive: true });
    try {
      execFileSync('make', ['-s', '-C', sources, `OUT=${program}`], { stdio: ['ignore', 'ignore', 'pipe'] });
      return program;
    } catch (error) {
      console.error(
        `mqload could not be built: ${`${error.stderr ?? error.message}`.trim().split('\n').at(-1)}`,
      );
    }
  }
  return which('mqload');
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

/** @returns {Promise<number>} a port that nobody has */
function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });
}

/** @param {number} port @returns {Promise<boolean>} whether somebody accepts there */
function accepts(port) {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Starts a broker and waits until it accepts.
 * @param {Peer} peer @param {string[]} [nodeOptions] for node, when the broker runs on it @returns {Promise<Running>}
 */
export async function start(peer, nodeOptions) {
  const port = await freePort();
  const [program, ...args] = peer.command(port, nodeOptions);
  // Node has raised its own limit of open files to the hard one; a child inherits that.
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...peer.env },
  });
  running.add(child);
  let said = '';
  child.stderr.on('data', (/** @type {Buffer} */ data) => {
    said = `${said}${data}`.slice(-2000);
  });
  const ended = new Promise((done) => child.once('exit', done));
  child.once('error', (error) => {
    said = error.message;
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const hung = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(hung);
    }
    running.delete(child);
  };
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await pause(50)) {
    if (child.pid === undefined || child.exitCode !== null) break;
    if (await accepts(port)) return { pid: child.pid, port, stop };
  }
  await stop();
  throw new Error(`${peer.name} did not start: ${said.trim().split('\n').at(-1) || 'it said nothing'}`);
}

/**
 * Runs a generator against a broker and returns its figures.
 * @param {{tool: 'mqload' | 'own', args: string[]}} load
 * @param {Running} broker @param {string | undefined} mqload @returns {Promise<Record<string, any>>}
 */
export function generate(load, broker, mqload) {
  const common = ['-p', `${broker.port}`, '--pid', `${broker.pid}`, '--json'];
  const own = load.tool === 'own' || !mqload;
  const command = own ? [process.execPath, join(here, 'mqtt5-load.mjs')] : [mqload];
  const child = spawn(command[0], [...command.slice(1), ...common, ...load.args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const hung = setTimeout(() => child.kill('SIGKILL'), 180_000);
  let out = '';
  let said = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (said = `${said}${data}`.slice(-2000)));
  return new Promise((done) => {
    child.once('error', (error) => done({ error: error.message }));
    child.once('close', (code, signal) => {
      clearTimeout(hung);
      running.delete(child);
      try {
        done(JSON.parse(out.trim().split('\n').at(-1) ?? ''));
      } catch {
        done({ error: `${command[0]}: ${signal ?? `exit ${code}`}: ${said.trim().split('\n').at(-1)}` });
      }
    });
  });
}
