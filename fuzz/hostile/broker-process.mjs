// The broker as a process of its own: started on a free port, watched through /proc, ended by its number.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { openSocket, pause } from './client.mjs';

const executable = fileURLToPath(new URL('../../bin/pondhawk', import.meta.url));
const PAGE_KB = 4;
const SAMPLE_MS = 50;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function kebab(name) {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Starts bin/pondhawk with options under their names in the program; `descriptors` limits its open files. */
export async function startBroker(options = {}, { descriptors } = {}) {
  const port = await freePort();
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${kebab(name)}`, String(value)]);
  const args = [executable, '-q', '-p', String(port), ...flags];
  const child =
    descriptors === undefined
      ? spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
      : spawn('/bin/sh', ['-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, process.execPath, ...args], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
  const broker = {
    host: '127.0.0.1',
    port,
    pid: child.pid,
    said: '',
    isGone: false,
    stop: () => stop(child),
  };
  child.stderr.on('data', (chunk) => {
    if (broker.said.length < 10_000) broker.said += chunk;
  });
  child.once('exit', () => {
    broker.isGone = true;
  });
  for (let i = 0; i < 200 && !broker.isGone; i++) {
    const socket = await openSocket(broker);
    if (socket !== null) {
      socket.destroy();
      return broker;
    }
    await pause(50);
  }
  await broker.stop();
  throw new Error(`the broker did not start: ${broker.said}`);
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 8000);
  await gone;
  clearTimeout(timer);
}

/** Resident megabytes of a process, or 0 when it is gone. */
export function residentMegabytes(pid) {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_KB) / 1024;
  } catch {
    return 0;
  }
}

/** Seconds of processor time that a process has used, or 0 when it is gone. */
export function processorSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Follows the memory of a process; `stop` says what it was before, at most, and in the end. */
export class MemoryWatch {
  #pid;
  #timer;
  #processorBefore;
  before;
  peak;

  constructor(pid) {
    this.#pid = pid;
    this.before = residentMegabytes(pid);
    this.peak = this.before;
    this.#processorBefore = processorSeconds(pid);
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  #sample() {
    const now = residentMegabytes(this.#pid);
    if (now > this.peak) this.peak = now;
    return now;
  }

  stop() {
    clearInterval(this.#timer);
    const after = this.#sample();
    const processor = processorSeconds(this.#pid) - this.#processorBefore;
    return { before: this.before, peak: this.peak, after, processor };
  }
}
