// Plays a case with given tools against a given broker, and says what the tools wrote and how they ended. It
// never fails: a command that hangs or a wait in vain shows in the result, and so in the comparison.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerUnderTest } from './broker-under-test.js';
import { needsOf, type Step, type ToolCase, type ToolName, wayOfPlaceholder } from './case.js';
import { words } from './command-line.js';
import { Companion } from './companion.js';
import { normalised, type Particulars } from './normalise.js';
import { Relay } from './relay.js';
import { ScriptedPeer } from './scripted-peer.js';
import { bytesOf, shown } from './shown.js';
import { SocksProxy } from './socks-proxy.js';
import { ToolProcess } from './tool-process.js';

export interface Setting {
  /** The command that is each tool. */
  readonly tools: (tool: ToolName) => readonly string[];
  readonly broker: BrokerUnderTest;
  /** The folder with certificates. */
  readonly certificates: string;
}

export interface CommandResult {
  readonly command: string;
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaseResult {
  readonly commands: readonly CommandResult[];
  /** What the companion got. */
  readonly received?: readonly string[];
  /** The packets that the tools sent. */
  readonly wire?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** What the proxy was asked. */
  readonly proxy?: readonly string[];
}

export function canRun(toolCase: ToolCase, broker: BrokerUnderTest): boolean {
  return needsOf(toolCase).every((way) => broker.ways[way] !== undefined);
}

export async function runCase(toolCase: ToolCase, setting: Setting): Promise<CaseResult> {
  const play = new Play(toolCase, setting);
  try {
    for (const step of toolCase.steps) await play.step(step);
    return await play.result();
  } finally {
    await play.cleanUp();
  }
}

/** A word of its own for every case, the same in every run. */
function wordOf(name: string): string {
  return `c${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

class Play {
  readonly #case: ToolCase;
  readonly #setting: Setting;
  readonly #word: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'case-'));
  readonly #relays = new Map<string, Relay>();
  readonly #texts: [string, string][] = [];
  readonly #processes: ToolProcess[] = [];
  readonly #values = new Map<string, string>();
  #companion: Companion | undefined;
  #peer: ScriptedPeer | undefined;
  #socks: SocksProxy | undefined;
  #filesAreThere = false;

  constructor(toolCase: ToolCase, setting: Setting) {
    this.#case = toolCase;
    this.#setting = setting;
    this.#word = wordOf(toolCase.name);
    this.#values.set('t', this.#word);
    this.#offer('dir', this.#folder);
    this.#offer('certs', setting.certificates);
    this.#offer('direct', String(setting.broker.ways.tcp));
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'start':
        return this.#start(step.line, step.until, step.input);
      case 'end':
        await Promise.all(this.#processes.map((process) => process.exited));
        return this.#quiet();
      case 'publish':
        await (await this.#withCompanion()).publish(
          await this.#filled(step.topic),
          bytesOf(step.payload),
          step.message,
        );
        return;
      case 'watch':
        return (await this.#withCompanion()).watch(await this.#filled(step.filter));
      case 'passed':
        return this.#until(() => this.#seen(step.packet) >= step.count);
      case 'type':
        return this.#last.type(step.text);
      case 'kill':
        return this.#last.kill(step.signal);
      case 'deafen':
        return this.#last.deafen();
      case 'cut':
        for (const relay of this.#relays.values()) relay.cut();
        return;
      case 'pause':
        await delay(step.ms);
    }
  }

  async result(): Promise<CaseResult> {
    await Promise.all(this.#processes.map((process) => process.exited));
    await this.#quiet();
    const particulars: Particulars = {
      texts: this.#texts,
      pids: this.#processes.map(({ pid }) => pid),
      blur: this.#case.blur ?? [],
    };
    const clean = (text: string): string => normalised(text, particulars);
    const commands = this.#processes.map(({ line, exit, stdout, stderr }) => ({
      command: line,
      exit: exit ?? 'unknown',
      stdout: clean(shown(stdout)),
      stderr: clean(shown(stderr)),
    }));
    const wire = [...(this.#peer?.wire ?? []), ...[...this.#relays.values()].flatMap((relay) => relay.wire)];
    const reads = (this.#case.reads ?? []).map((file) => [file, clean(this.#read(file))]);
    return {
      commands,
      ...(this.#companion?.watches && { received: await this.#received() }),
      ...(this.#case.wire && { wire }),
      ...(reads.length > 0 && { files: Object.fromEntries(reads) }),
      ...(this.#socks && { proxy: this.#socks.asked.map(clean) }),
    };
  }

  async cleanUp(): Promise<void> {
    for (const process of this.#processes) if (process.exit === undefined) process.kill('SIGKILL');
    await this.#companion?.close();
    for (const relay of this.#relays.values()) relay.close();
    this.#peer?.close();
    this.#socks?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #last(): ToolProcess {
    return this.#processes.at(-1)!;
  }

  async #start(line: string, until: string, input: string | null): Promise<void> {
    await this.#writeFiles();
    const [tool, ...args] = words(await this.#filled(line));
    const env: Record<string, string> = { HOME: this.#folder, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
    for (const name of ['PATH', 'NODE_EXTRA_CA_CERTS']) if (process.env[name]) env[name] = process.env[name];
    for (const [name, value] of Object.entries(this.#case.env ?? {})) env[name] = await this.#filled(value);
    const argv = [...this.#setting.tools(tool as ToolName), ...args];
    const packet = {
      started: undefined,
      connected: 'CONNACK',
      subscribed: 'SUBACK',
      unsubscribed: 'UNSUBACK',
    }[until];
    const before = packet === undefined ? 0 : this.#seen(packet);
    const started = new ToolProcess(line, argv, this.#folder, env, this.#case.limit ?? 10_000);
    this.#processes.push(started);
    if (input !== null) {
      if (input !== '') started.type(input);
      started.type(null);
    }
    if (packet !== undefined) await this.#until(() => this.#seen(packet) > before);
  }

  #seen(packet: string): number {
    const counts = [...this.#relays.values()].map((relay) => relay.seen(packet));
    return counts.reduce((sum, count) => sum + count, this.#peer?.seen(packet) ?? 0);
  }

  /** Waits until this holds, the last command has ended, or three seconds have passed. */
  #until(holds: () => boolean): Promise<void> {
    const last = this.#last;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 3000);
      const look = (): void => {
        if (!holds() && last.exit === undefined) return;
        clearTimeout(timer);
        resolve();
      };
      last.watch(look);
      for (const relay of this.#relays.values()) relay.watch(look);
      this.#peer?.watch(look);
      look();
    });
  }

  /** Waits until the broker has seen the end of every connection. */
  async #quiet(): Promise<void> {
    const wires = [...this.#relays.values(), ...(this.#socks ? [this.#socks] : [])];
    const deadline = performance.now() + 1000;
    while (performance.now() < deadline && !wires.every((wire) => wire.quiet)) await delay(5);
  }

  async #received(): Promise<string[]> {
    await this.#companion!.settle();
    return this.#companion!.received;
  }

  async #withCompanion(): Promise<Companion> {
    this.#companion ??= await Companion.connect(this.#setting.broker.ways.tcp, this.#word);
    return this.#companion;
  }

  async #writeFiles(): Promise<void> {
    if (this.#filesAreThere) return;
    this.#filesAreThere = true;
    for (const [name, content] of Object.entries(this.#case.files ?? {})) {
      const path = join(this.#folder, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, await this.#filled(content));
    }
  }

  #read(file: string): string {
    const path = join(this.#folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : '(none)';
  }

  /** Puts values in the place of placeholders; what they name is started. */
  async #filled(text: string): Promise<string> {
    for (const [, name] of text.matchAll(/\{([a-zA-Z]+)\}/g))
      if (!this.#values.has(name!)) await this.#provide(name!);
    return text.replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) => this.#values.get(name) ?? whole);
  }

  async #provide(name: string): Promise<void> {
    const way = wayOfPlaceholder[name];
    if (way !== undefined) {
      const relay = new Relay(this.#setting.broker.ways[way]!);
      this.#relays.set(name, relay);
      this.#offer(
        name,
        String(await relay.listen(way === 'unix' ? join(this.#folder, 'socket') : undefined)),
      );
    } else if (name === 'peer') {
      this.#peer = new ScriptedPeer(this.#case.peer ?? {});
      this.#offer(name, String(await this.#peer.listen()));
    } else if (name === 'socks') {
      this.#socks = new SocksProxy((port) => this.#portOf(port), this.#case.socksUser);
      this.#offer(name, String(await this.#socks.listen()));
    }
  }

  /** Where a proxy connects to for a port that it was asked for. */
  #portOf(port: number): number {
    const { tcp, tls = 1, ws = 1, wss = 1 } = this.#setting.broker.ways;
    return Number({ 1883: tcp, 8883: tls, 80: ws, 443: wss }[port] ?? port);
  }

  #offer(name: string, value: string): void {
    this.#values.set(name, value);
    this.#texts.push([value, `{${name}}`]);
  }
}
