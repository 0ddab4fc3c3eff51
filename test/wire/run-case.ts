// Plays a wire case over any stream to a broker, and says what came instead where a step is not fulfilled.
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ANY, hex, parseBytes } from './bytes.js';
import { describeBytes } from './describe-bytes.js';
import type { Step, WireCase } from './steps.js';

export interface Playing {
  /** A new connection to the broker. */
  open(): Duplex | Promise<Duplex>;
  /** Send the bytes one at a time. */
  split?: boolean;
  /** Milliseconds to wait for what should come; 2000 if not given. */
  patience?: number;
  /** Milliseconds until the broker knows of a connection that the client dropped; 0 if not given. */
  settle?: number;
}

/** The client's end of one connection of a case. */
class Peer {
  readonly stream: Duplex;
  readonly unread: number[] = [];
  isClosed = false;
  #wake: () => void = () => {};

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Uint8Array) => {
      for (const byte of chunk) this.unread.push(byte);
      this.#wake();
    });
    stream.on('error', () => {}); // a reset connection is a closed one
    for (const event of ['end', 'close']) {
      stream.on(event, () => {
        this.isClosed = true;
        this.#wake();
      });
    }
  }

  /** Waits until `done`, but no longer than `limit` milliseconds. */
  async until(done: () => boolean, limit: number): Promise<void> {
    if (done()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limit);
      this.#wake = () => {
        if (!done()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  send(bytes: number[], split: boolean): void {
    for (const piece of split ? pieces(bytes) : [bytes]) {
      // a broker that has seen enough may be gone before the last byte
      if (this.stream.writable) this.stream.write(Uint8Array.from(piece));
    }
  }
}

/** Single bytes; what is beyond the first few hundred goes in larger pieces of an odd size. */
function* pieces(bytes: number[]): Generator<number[]> {
  for (let at = 0; at < bytes.length; ) {
    const size = at < 300 ? 1 : 997;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

function matches(expected: number[], actual: number[]): boolean {
  return expected.length === actual.length && expected.every((byte, i) => byte === ANY || byte === actual[i]);
}

class Failure extends Error {}

class Player {
  readonly #playing: Playing;
  readonly #patience: number;
  readonly peers = new Map<string, Peer>();

  constructor(playing: Playing) {
    this.#playing = playing;
    this.#patience = playing.patience ?? 2000;
  }

  async #peer(name: string): Promise<Peer> {
    const known = this.peers.get(name);
    if (known !== undefined) return known;
    const peer = new Peer(await this.#playing.open());
    this.peers.set(name, peer);
    return peer;
  }

  async play(step: Step): Promise<void> {
    const peer = await this.#peer(step.on);
    switch (step.do) {
      case 'send':
        return peer.send(parseBytes(step.bytes), this.#playing.split ?? false);
      case 'receive':
        return this.#receive(peer, parseBytes(step.bytes));
      case 'silence':
        await peer.until(() => peer.isClosed || peer.unread.length > 0, step.milliseconds);
        if (peer.isClosed || peer.unread.length > 0) fail('nothing', peer);
        return;
      case 'closed':
        await peer.until(() => peer.isClosed, this.#patience);
        if (!peer.isClosed || peer.unread.length > 0) fail('the connection closed', peer);
        peer.stream.destroy();
        this.peers.delete(step.on);
        return;
      case 'drop':
        if (peer.unread.length > 0) fail('nothing before the client goes', peer);
        peer.stream.destroy();
        await peer.until(() => peer.isClosed, this.#patience);
        this.peers.delete(step.on);
        await delay(this.#playing.settle ?? 0);
    }
  }

  async #receive(peer: Peer, expected: number[]): Promise<void> {
    const enough = () => peer.isClosed || peer.unread.length >= expected.length;
    await peer.until(enough, this.#patience);
    if (!matches(expected, peer.unread.slice(0, expected.length))) fail(describeBytes(expected), peer);
    peer.unread.splice(0, expected.length);
  }

  /** Nothing may be left over once a case has been played. */
  finish(): void {
    for (const [name, peer] of this.peers) {
      if (peer.unread.length > 0) fail('nothing more', peer, `at the end, on ${name}`);
    }
  }

  close(): void {
    for (const peer of this.peers.values()) peer.stream.destroy();
  }
}

function fail(expected: string, peer: Peer, where = ''): never {
  const came = peer.unread.length === 0 ? 'nothing' : describeBytes(peer.unread);
  const end = peer.isClosed ? `${came === 'nothing' ? '' : `${came}\n`}the connection closed` : came;
  throw new Failure(`${where}\nexpected:\n${indent(expected)}\ncame:\n${indent(end)}`);
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

function describeStep(step: Step): string {
  switch (step.do) {
    case 'send':
    case 'receive': {
      const bytes = parseBytes(step.bytes);
      const some = bytes.length > 80 ? `${hex(bytes.slice(0, 80))} … (${bytes.length} bytes)` : hex(bytes);
      return `${step.do} ${some}`;
    }
    case 'silence':
      return `silence for ${step.milliseconds} ms`;
    default:
      return step.do;
  }
}

/** Plays a case; rejects with what was expected and what came where the broker does anything else. */
export async function runCase(wireCase: WireCase, playing: Playing): Promise<void> {
  const player = new Player(playing);
  let at = 'at the end';
  try {
    for (const [index, step] of wireCase.steps.entries()) {
      at = `step ${index + 1} of ${wireCase.steps.length} (${step.on}): ${describeStep(step)}`;
      await player.play(step);
    }
    at = 'after the last step';
    player.finish();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Error(`${wireCase.name}\n${at}${error.message}`);
  } finally {
    player.close();
  }
}
