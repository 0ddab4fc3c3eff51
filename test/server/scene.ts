// What a test of the broker's program needs: a folder of its own, free ports, a configuration file, the program that
// runs with it, and clients. Everything is gone after `close`.

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect } from 'vitest';
import type { ConnectResult } from '../../src/client/client.js';
import { type Client, createClient, type NodeClientOptions } from '../../src/client/index.js';
import { type Exit, Program, type ProgramOptions } from '../interop/program.js';

export const executable = join(import.meta.dirname, '../../bin/pondhawk');
export const host = '127.0.0.1';
const CONFIG = 'mosquitto.conf';
/** Below those that the system gives to connections, of which other tests make many meanwhile. */
const SERVER_PORTS = [20_000, 32_000] as const;

/** A broker that runs. Its log is its standard error, unless its configuration says otherwise. */
export class RunningBroker {
  readonly program: Program;
  readonly #scene: Scene;

  constructor(program: Program, scene: Scene) {
    this.program = program;
    this.#scene = scene;
  }

  get log(): string {
    return this.program.stderr;
  }

  /** Node has no name for SIGRTMIN, which is 34 on Linux. */
  signal(signal: NodeJS.Signals | number): void {
    process.kill(this.program.pid, signal);
  }

  /** Waits until the log has `count` matches. */
  logged(pattern: RegExp, count = 1, limit?: number): Promise<void> {
    const all = new RegExp(pattern, `${pattern.flags}g`);
    return this.program.until(
      `log of ${count} × ${pattern}`,
      ({ stderr }) => [...stderr.matchAll(all)].length >= count,
      limit,
    );
  }

  /** Has the configuration read again, another one if it is given. Returns what the log says of it. */
  async reload(config?: string): Promise<string> {
    const said = await this.#reload(config);
    expect(said).toContain('Reloaded config.');
    return said;
  }

  /** The same with a configuration that is not taken over. */
  async reloadInVain(config?: string): Promise<string> {
    const said = await this.#reload(config);
    expect(said).toContain('The configuration was not reloaded; what held before still holds.');
    return said;
  }

  async #reload(config?: string): Promise<string> {
    if (config !== undefined) this.#scene.config(config);
    const before = this.log.length;
    this.signal('SIGHUP');
    await this.program.until('end of the reload', ({ stderr }) =>
      /Reloaded config\.\n|was not reloaded.*\n/.test(stderr.slice(before)),
    );
    return this.log.slice(before);
  }

  /** Ends it as an operator would. */
  stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.program.exited;
  }
}

/** What may be said about a run beside its configuration. */
export interface StartOptions extends ProgramOptions {
  readonly flags?: readonly string[];
}

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'server-'));
  readonly #programs: Program[] = [];
  readonly #unread: ChildProcess[] = [];
  readonly #clients: Client[] = [];

  constructor() {
    // a broker that root starts gives up root's rights
    chmodSync(this.folder, 0o755);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file, and returns its path. */
  file(name: string, content: string): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** The configuration file. Who runs the tests goes on as the same user. */
  config(text: string, name = CONFIG): string {
    return this.file(name, `user ${userInfo().username}\n${text}\n`);
  }

  async port(): Promise<number> {
    const [port] = await this.ports(1);
    return port!;
  }

  /** So many ports that nobody listens on. */
  async ports(count: number): Promise<number[]> {
    const held: Server[] = [];
    while (held.length < count) {
      const server = await listening(randomInt(...SERVER_PORTS)).catch(() => undefined);
      if (server !== undefined) held.push(server);
    }
    const ports = held.map((server) => (server.address() as AddressInfo).port);
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
    return ports;
  }

  /** Runs the program with this configuration, whatever becomes of it. */
  run(config: string, { flags = [], ...options }: StartOptions = {}): Program {
    return this.program(['-c', this.config(config), ...flags], options);
  }

  /** Expects that the program ends soon with this exit code and this complaint; returns all that it said. */
  async refusal(config: string, code: number, complaint: RegExp): Promise<string> {
    const exit = await this.run(config, { limit: 5000 }).exited;
    expect(exit.stderr).toMatch(complaint);
    // a reason, not a crash
    expect(exit.stderr).not.toMatch(/^\s+at .*\.js/m);
    expect(exit.code).toBe(code);
    return exit.stderr;
  }

  program(args: readonly string[], options?: ProgramOptions): Program {
    const program = new Program(executable, args, options);
    this.#programs.push(program);
    return program;
  }

  /** Runs the program with outputs that nobody reads; its log must be elsewhere, or is not looked at. */
  unread(config: string): ChildProcessByStdio<null, Readable, Readable> {
    const child = spawn(executable, ['-c', this.config(config)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#unread.push(child);
    return child;
  }

  /** Runs the program, and waits until it says that it serves. */
  async start(config: string, options?: StartOptions): Promise<RunningBroker> {
    const program = this.run(config, options);
    await program.until('line that says it runs', ({ stderr }) => / running("})?\n/.test(stderr));
    return new RunningBroker(program, this);
  }

  /** A client that is connected; when its connection breaks it stays so. */
  async connect(port: number, options: NodeClientOptions = {}): Promise<Client> {
    const client = this.#client(port, options);
    await client.connect();
    return client;
  }

  /** What the broker says to a client that connects. */
  connack(port: number, options: NodeClientOptions = {}): Promise<ConnectResult> {
    return this.#client(port, options).connect();
  }

  #client(port: number, options: NodeClientOptions): Client {
    const client = createClient({ host, port, reconnect: false, version: 5, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client of a broker that may not serve yet. */
  patient(port: number, options: NodeClientOptions = {}): Promise<Client> {
    const again = { retryFirstConnect: true, reconnect: { minDelay: 50, maxDelay: 200 } };
    return this.connect(port, { ...again, ...options });
  }

  /** Expects that a client is refused with this reason code (that of MQTT 5, whatever its version). */
  async refused(port: number, reason: number, options: NodeClientOptions = {}): Promise<void> {
    await expect(this.connect(port, options)).rejects.toMatchObject({ code: 'refused', reason });
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#clients.splice(0).map((client) => client.disconnect({ timeout: 0 }).catch(() => {})),
    );
    for (const program of [...this.#programs, ...this.#unread.splice(0)]) program.kill('SIGKILL');
    await Promise.allSettled(this.#programs.splice(0).map(({ exited }) => exited));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function listening(port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** Everything that a client is sent on some topics, as text. */
export async function messagesOf(
  client: Client,
  filter: string,
  qos: 0 | 1 | 2 = 1,
): Promise<[string, string][]> {
  const seen: [string, string][] = [];
  await client.subscribe(filter, { qos }, (message) => {
    seen.push([message.topic, message.text()]);
  });
  return seen;
}

/** A line of a password file, hashed as by mosquitto_passwd of version 1. */
export function passwordLine(user: string, password: string): string {
  const salt = Buffer.from('twelve bytes');
  const hash = createHash('sha512').update(password).update(salt).digest('base64');
  return `${user}:$6$${salt.toString('base64')}$${hash}\n`;
}
