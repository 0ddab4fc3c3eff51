// Processes with names of all kinds, some of them like a broker's, and which of them a signal has reached.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Its first argument, and the title that it gives itself or the arguments that follow the script. */
export interface Actor {
  readonly argv0: string;
  readonly title?: string;
  readonly args?: readonly string[];
}

export const actors: Readonly<Record<string, Actor>> = {
  'called mosquitto': { argv0: 'mosquitto' },
  'mosquitto by its path': { argv0: '/usr/sbin/mosquitto', args: ['-c', '/etc/mosquitto/mosquitto.conf'] },
  'mosquitto by a relative path': { argv0: './mosquitto', args: ['-d'] },
  'with the title mosquitto': { argv0: 'node', title: 'mosquitto' },
  'with the title pondhawk': { argv0: 'node', title: 'pondhawk' },
  'of a title that ends with the path of a file mosquitto': {
    argv0: 'node',
    title: 'worker: /var/lib/mosquitto',
  },
  'of a title that begins with pondhawk': { argv0: 'node', title: 'pondhawk worker' },
  mosquitto_sub: { argv0: 'mosquitto_sub', args: ['-t', 'mosquitto'] },
  'pondhawk sub': { argv0: 'node', args: ['/usr/bin/pondhawk', 'sub', '-t', 'pondhawk'] },
  'pondhawk sub by a wrapper that names it': { argv0: '/usr/bin/pondhawk', args: ['sub', '-t', '#'] },
  'a shell with a script mosquitto': { argv0: '/bin/sh', args: ['/etc/init.d/mosquitto'] },
  'an editor of a file pondhawk': { argv0: 'vi', args: ['pondhawk'] },
  'in capitals': { argv0: 'MOSQUITTO' },
  'of a name that begins with mosquitto': { argv0: 'mosquitto-exporter' },
  'in a folder mosquitto': { argv0: '/opt/mosquitto/exporter' },
};

const catcher = fileURLToPath(new URL('signal-catcher.mjs', import.meta.url));

class Player {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ argv0, title, args = [] }: Actor) {
    const all = title === undefined ? args : [`title=${title}`];
    this.child = spawn(process.execPath, [catcher, ...all], {
      argv0,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] },
    });
    this.#lines = createInterface(this.child.stdout!)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    return String((await this.#lines.next()).value);
  }

  async caught(): Promise<string[]> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    const signals = JSON.parse(await this.line()) as string[];
    await closed;
    return signals;
  }
}

export class Scene {
  /** Shows these processes as /proc does, and no others. */
  readonly proc: string = mkdtempSync(join(tmpdir(), 'proc-'));
  readonly #players = new Map<string, Player>();

  static async start(names: readonly string[] = Object.keys(actors)): Promise<Scene> {
    const scene = new Scene();
    for (const name of names) scene.#players.set(name, new Player(actors[name]!));
    for (const player of scene.#players.values()) await player.line();
    for (const { child } of scene.#players.values())
      symlinkSync(`/proc/${child.pid}`, join(scene.proc, String(child.pid)));
    symlinkSync(`/proc/${process.pid}`, join(scene.proc, String(process.pid)));
    return scene;
  }

  get pids(): number[] {
    return [...this.#players.values()].map(({ child }) => child.pid!);
  }

  pid(name: string): number {
    return this.#players.get(name)!.child.pid!;
  }

  /** Ends all, and says what reached them. */
  async end(): Promise<Record<string, string[]>> {
    rmSync(this.proc, { recursive: true });
    const all = [...this.#players].map(async ([name, player]) => [name, await player.caught()] as const);
    return Object.fromEntries(await Promise.all(all));
  }
}
