// A share of a run in a process of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromChild, ToChild } from './child-protocol.js';
import type { BenchConfig } from './config.js';
import { AbsentError, type Joined, type Member } from './member.js';
import type { StartOrder } from './sending.js';
import { Tally } from './tally.js';

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Milliseconds that a child has to disconnect its clients, before it is killed. */
const EXIT_PATIENCE = 10_000;

export class ChildMember implements Member {
  tally = new Tally();
  readonly #child: ChildProcess;
  readonly #start: ToChild;
  /** Who waits for the answer to a step. */
  readonly #waiting = new Map<ToChild['type'], Waiting>();

  constructor(config: BenchConfig, part: number, parts: number) {
    this.#start = { type: 'connect', config, part, parts };
    this.#child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), { serialization: 'advanced' });
    this.#child.on('message', (message: FromChild) => this.#heard(message));
    this.#child.on('error', (error) => this.#died(error));
    this.#child.on('exit', (code, signal) =>
      this.#died(new Error(`a child process ended early (${signal ?? `code ${code}`})`)),
    );
  }

  #ask<T>(message: ToChild): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(message.type, { resolve, reject });
      if (!this.#child.connected) return this.#died(new Error('a child process has ended'));
      this.#child.send(message, (error) => {
        if (error !== null) this.#died(error);
      });
    });
  }

  #heard(message: FromChild): void {
    if (message.type === 'tally') {
      this.tally = Tally.from(message.tally);
      return;
    }
    if (message.type === 'absent') {
      this.#waiting.get('connect')?.reject(new AbsentError(message.reason));
      return;
    }
    const waiting = this.#waiting.get(message.type);
    this.#waiting.delete(message.type);
    waiting?.resolve((message.type === 'connect' ? message.joined : undefined) as never);
  }

  #died(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  connect(): Promise<Joined> {
    return this.#ask(this.#start);
  }

  work(order: StartOrder): Promise<void> {
    return this.#ask({ type: 'work', order });
  }

  async stop(patience: number): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patience + EXIT_PATIENCE);
    this.#child.once('exit', () => clearTimeout(timer));
    // it ends by itself when it has answered
    await this.#ask<void>({ type: 'stop', patience });
  }
}
