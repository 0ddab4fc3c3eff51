// Plays a log case against a program and returns the log, normalised. When told how many lines to expect in each
// step it waits for them; otherwise until the log is quiet.
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type Certificates, makeCertificates } from '../tools/certificates.js';
import { parseBytes } from '../wire/bytes.js';
import { baseConfig, LOG_FILE, type LogCase, type LogResult, type LogStep, type Way } from './log-case.js';
import { LoggedBroker } from './logged-broker.js';
import { normalisedLines } from './normalise.js';

/** Milliseconds. */
const times = {
  start: 10_000,
  /** For the lines that are expected. */
  expected: 3000,
  /** For the broker to close a connection that its client has ended. */
  closed: 3000,
  /** The same once there were fewer than expected. */
  doubtful: 200,
  /** After the lines that are expected, for those that are not. */
  extra: 15,
  /** When nothing is expected. */
  quiet: 120,
};

const isEnd: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM']);

type Ports = Readonly<Record<'port' | 'second' | 'taken', number>>;

async function holdPort(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

class Play {
  readonly #case: LogCase;
  readonly #program: readonly string[];
  readonly #expected: readonly number[] | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'logs-'));
  readonly #clients = new Map<number, string>();
  readonly #sockets = new Map<string, Socket>();
  readonly #log: string[][] = [];
  /** What brokers before a restart wrote. */
  #stdout = '';
  #ports!: Ports;
  #certificates: Certificates | undefined;
  #broker!: LoggedBroker;
  /** How much of the broker's standard error was taken. */
  #taken = 0;

  #patience = times.expected;

  constructor(theCase: LogCase, program: readonly string[], expected: readonly number[] | undefined) {
    this.#case = theCase;
    this.#program = program;
    this.#expected = expected;
  }

  async run(): Promise<LogResult> {
    const held = await Promise.all([holdPort(), holdPort(), holdPort()]);
    const [port, second, taken] = held.map(portOf);
    this.#ports = { port: port!, second: second!, taken: taken! };
    await Promise.all(held.slice(0, 2).map((server) => new Promise((resolve) => server.close(resolve))));
    try {
      return await this.#play();
    } finally {
      held[2]!.close();
      for (const socket of this.#sockets.values()) socket.destroy();
      await this.#broker?.stop();
      rmSync(this.#folder, { recursive: true });
      this.#certificates?.remove();
    }
  }

  async #play(): Promise<LogResult> {
    this.#prepare();
    await this.#start();
    for (const step of this.#case.steps ?? []) {
      await this.#step(step);
      await this.#take();
    }
    const exit = await this.#broker.stop();
    this.#takeNow();
    return this.#result(exit);
  }

  #result(exit: number | string): LogResult {
    const result: LogResult = { exit, log: this.#log };
    const { also } = this.#case;
    if (also === 'stdout') return { ...result, stdout: this.#lines(this.#stdout + this.#broker.stdout) };
    if (also === 'file') return { ...result, file: this.#lines(readFileSync(this.#path(LOG_FILE), 'utf8')) };
    return result;
  }

  #path(file: string): string {
    return join(this.#folder, file);
  }

  #lines(text: string): string[] {
    const user = userInfo().username;
    return normalisedLines(text, {
      folder: this.#folder,
      certificates: this.#certificates?.folder,
      user,
      ports: this.#ports,
      clients: this.#clients,
    });
  }

  #filled(text: string): string {
    const values: Record<string, string | number> = {
      ...this.#ports,
      dir: this.#folder,
      certs: this.#certificates?.folder ?? '',
      user: userInfo().username,
    };
    return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  #prepare(): void {
    const { config = [], base = baseConfig, files = {}, modes = {} } = this.#case;
    if (this.#case.needsCertificates === true) this.#certificates = makeCertificates();
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(this.#path(name), text, { mode: 0o600 });
      chmodSync(this.#path(name), modes[name] ?? 0o600);
    }
    if (config !== false)
      writeFileSync(this.#path('mosquitto.conf'), this.#filled(`${[...base, ...config].join('\n')}\n`));
  }

  async #start(): Promise<void> {
    const { args = [], config, ready } = this.#case;
    const file = config === false ? [] : ['-c', this.#path('mosquitto.conf')];
    const command = [...this.#program, ...file, ...args.map((arg) => this.#filled(arg))];
    this.#broker = new LoggedBroker(command, this.#folder, this.#path(LOG_FILE));
    this.#taken = 0;
    if (ready === 'never') await this.#broker.until(() => !this.#broker.running, times.start);
    else if (ready === 'probe') await this.#probe();
    else await this.#broker.until(() => this.#broker.stderr.includes(' running\n'), times.start);
    await this.#take();
  }

  async #probe(): Promise<void> {
    for (let attempt = 0; attempt < times.start / 20; attempt++) {
      const isUp = await this.#open('probe', 'port').then(
        () => true,
        () => false,
      );
      if (isUp) break;
      await delay(20);
    }
    await this.#end('probe');
  }

  /** Resolves when the broker has closed it too: by then it has told of it. */
  async #end(name: string): Promise<void> {
    const socket = this.#sockets.get(name);
    socket?.end();
    const limit = Date.now() + times.closed;
    while (socket?.closed === false && Date.now() < limit) await delay(5);
  }

  #dial(way: Way): Socket {
    const host = '127.0.0.1';
    if (way === 'unix') return connect(this.#path('broker.sock'));
    if (way === 'tls') return connectTls({ port: this.#ports.second, host, rejectUnauthorized: false });
    return connect({ port: this.#ports[way], host, noDelay: true });
  }

  async #open(name: string, way: Way): Promise<Socket> {
    const socket = this.#dial(way);
    this.#sockets.set(name, socket);
    socket.resume();
    // of TCP: a handshake that fails is seen in the log
    socket.once('connect', () => this.#clients.set(socket.localPort ?? 0, name));
    await once(socket, way === 'tls' ? 'secureConnect' : 'connect');
    socket.on('error', () => {}); // the broker may end it in any way
    return socket;
  }

  async #step(step: LogStep): Promise<void> {
    switch (step.do) {
      case 'send': {
        const open = () => this.#open(step.on, step.way).catch(() => undefined); // seen in the log
        const socket = this.#sockets.get(step.on) ?? (await open());
        if (step.bytes !== '') socket?.write(Uint8Array.from(parseBytes(step.bytes)));
        return;
      }
      case 'close':
        await this.#end(step.on);
        return;
      case 'reset':
        this.#sockets.get(step.on)?.resetAndDestroy();
        return;
      case 'signal':
        this.#broker.signal(step.signal);
        if (isEnd.has(step.signal)) await this.#broker.until(() => !this.#broker.running, times.start);
        return;
      case 'write':
        appendFileSync(this.#path(step.file), this.#filled(step.text));
        return;
      case 'rename':
        renameSync(this.#path(step.file), this.#path(step.to));
        return;
      case 'wait':
        await delay(step.milliseconds);
        return;
      case 'restart':
        await this.#restart();
    }
  }

  async #restart(): Promise<void> {
    await this.#broker.stop();
    this.#takeNow();
    this.#stdout += this.#broker.stdout;
    await this.#start();
  }

  /** Takes what was written in this step once it is all there. */
  async #take(): Promise<void> {
    const wanted = this.#expected?.[this.#log.length] ?? 0;
    const isComplete = () => this.#lines(this.#news).length >= wanted;
    if (wanted > 0 && !(await this.#broker.until(isComplete, this.#patience)))
      this.#patience = times.doubtful;
    await this.#broker.quiet(wanted === 0 ? times.quiet : times.extra);
    this.#takeNow();
  }

  get #news(): string {
    return this.#broker.stderr.slice(this.#taken);
  }

  #takeNow(): void {
    this.#log.push(this.#lines(this.#news));
    this.#taken = this.#broker.stderr.length;
  }
}

/** `program` is the command without its arguments; `expected` the number of lines at the start and in each step. */
export function playCase(
  theCase: LogCase,
  program: readonly string[],
  expected?: readonly number[],
): Promise<LogResult> {
  return new Play(theCase, program, expected).run();
}
