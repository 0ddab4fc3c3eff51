// A broker under fire: many short connections with damaged packets, while a well-behaved client watches. The
// broker has to answer in MQTT or close, to stay quick, and to keep its memory within bounds.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Packet } from '../src/protocol/index.js';
import { Corpus } from './corpus.js';
import { type Codec, hexOf } from './examine.js';
import { type Plan, Planner } from './plan.js';
import type { SentinelOptions, SentinelReport } from './sentinel.js';

export interface BrokerFuzzOptions {
  codec: Codec;
  codecUrl: string;
  host: string;
  port: number;
  packets: number;
  seed: number;
  concurrency: number;
  /** The process whose memory is watched. */
  pid?: number | undefined;
  /** Megabytes. */
  maxRss: number;
  /** Only the connection with this number, to look at a finding again. */
  connection?: number | undefined;
  progress?: (figures: BrokerFuzzResult) => void;
}

export interface BrokerFuzzResult {
  seed: number;
  packets: number;
  /** Packets up to the first of their connection that no codec accepts. */
  reachable: number;
  connections: number;
  bytesSent: number;
  bytesReceived: number;
  packetsReceived: number;
  /** Good CONNECTs that got no answer before the connection was closed. */
  unanswered: number;
  sentinel: SentinelReport | undefined;
  rssStart: number | undefined;
  rssPeak: number | undefined;
  rssEnd: number | undefined;
  seconds: number;
  failures: string[];
}

/** How long a broker may take to close once the client has closed its half. */
const CLOSE_PATIENCE = 20_000;
const WAIT_BEFORE_END = 40;
const MOST_FAILURES = 10;

/** Resident memory in megabytes, where there is a /proc. */
function residentMemory(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return Math.round((Number(pages) * 4096) / 1e5) / 10;
  } catch {
    return undefined;
  }
}

/** Reads what the broker sends and says what is wrong with it. */
class AnswerCheck {
  bytes = 0;
  packets: Packet['type'][] = [];
  wrong: string | undefined;

  readonly #reader;

  constructor(
    readonly codec: Codec,
    readonly plan: Plan,
  ) {
    this.#reader = new codec.FrameReader();
  }

  take(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    // an impolite client may have got a connection of any version
    if (!this.plan.isPolite || this.wrong !== undefined) return;
    try {
      this.#reader.push(chunk, chunk.length, this);
    } catch (error) {
      this.wrong = `${(error as Error).message} in ${hexOf(chunk.subarray(0, 200))}`;
    }
  }

  frame(bytes: Uint8Array, start: number, body: number, end: number): boolean {
    const { type } = this.codec.decodePacket(bytes, start, body, end, this.plan.version);
    const isFirst = this.packets.length === 0;
    if (type !== 'auth' && isFirst !== (type === 'connack'))
      throw new Error(`${type} as packet ${this.packets.length}`);
    if (['connect', 'subscribe', 'unsubscribe', 'pingreq'].includes(type))
      throw new Error(`${type} from a broker`);
    if (type !== 'auth') this.packets.push(type);
    return true;
  }
}

export class BrokerFuzzer {
  readonly result: BrokerFuzzResult;
  readonly #planner: Planner;
  #nextConnection = 0;

  constructor(readonly options: BrokerFuzzOptions) {
    const { codec, seed, pid } = options;
    this.#planner = new Planner(codec, new Corpus(codec, seed, 60), seed);
    const rss = residentMemory(pid);
    this.result = {
      seed,
      packets: 0,
      reachable: 0,
      connections: 0,
      bytesSent: 0,
      bytesReceived: 0,
      packetsReceived: 0,
      unanswered: 0,
      sentinel: undefined,
      rssStart: rss,
      rssPeak: rss,
      rssEnd: rss,
      seconds: 0,
      failures: [],
    };
  }

  async run(): Promise<BrokerFuzzResult> {
    const { connection, concurrency } = this.options;
    const began = performance.now();
    const watch = setInterval(() => this.#watch(), 250);
    const sentinel = this.#sentinel('sentinel');
    try {
      await sentinel.started;
      if (connection !== undefined) await this.#attack(this.#planner.plan(connection));
      else await Promise.all(Array.from({ length: concurrency }, () => this.#attacker()));
    } finally {
      this.result.sentinel = await sentinel.stop();
      clearInterval(watch);
    }
    this.#fail(this.result.sentinel.failure);
    // one that comes new after all that is served as well
    this.#fail((await this.#sentinel('newcomer').stop()).failure);
    this.#watch();
    this.result.seconds = (performance.now() - began) / 1000;
    return this.result;
  }

  #fail(failure: string | undefined): void {
    if (failure !== undefined && this.result.failures.length < MOST_FAILURES)
      this.result.failures.push(failure);
  }

  #watch(): void {
    const { pid, maxRss, progress } = this.options;
    const rss = residentMemory(pid);
    if (pid !== undefined && rss === undefined) this.#fail(`process ${pid} is gone`);
    this.result.rssEnd = rss;
    if (rss !== undefined && rss > (this.result.rssPeak ?? 0)) {
      if (rss > maxRss && (this.result.rssPeak ?? 0) <= maxRss) this.#fail(`${rss} MB of memory`);
      this.result.rssPeak = rss;
    }
    progress?.(this.result);
  }

  #sentinel(clientId: string): { started: Promise<unknown>; stop: () => Promise<SentinelReport> } {
    const { codecUrl, host, port, seed } = this.options;
    const workerData: SentinelOptions = { codecUrl, host, port, clientId: `${clientId}-${seed}` };
    const worker = new Worker(new URL('./sentinel.js', import.meta.url), { workerData });
    const report = once(worker, 'message').then(([message]) => message as SentinelReport);
    const stop = async (): Promise<SentinelReport> => {
      worker.postMessage('over');
      return await report;
    };
    return { started: once(worker, 'online'), stop };
  }

  async #attacker(): Promise<void> {
    while (this.result.packets < this.options.packets && this.result.failures.length < MOST_FAILURES) {
      await this.#attack(this.#planner.plan(this.#nextConnection++));
    }
  }

  async #attack(plan: Plan): Promise<void> {
    const check = new AnswerCheck(this.options.codec, plan);
    const failure = await this.#converse(plan, check);
    this.result.connections++;
    this.result.packets += plan.packets.length;
    this.result.reachable += plan.reachable;
    this.result.bytesReceived += check.bytes;
    this.result.packetsReceived += check.packets.length;
    if (plan.isPolite && plan.ending !== 'reset' && check.bytes === 0) this.result.unanswered++;
    for (const wrong of [failure, check.wrong]) {
      if (wrong !== undefined) this.#fail(`connection ${plan.index}, version ${plan.version}: ${wrong}`);
    }
  }

  /** Sends the plan and waits for the end of the connection. */
  async #converse(plan: Plan, check: AnswerCheck): Promise<string | undefined> {
    const { host, port } = this.options;
    const socket = connect({ host, port, noDelay: true });
    let failure: string | undefined;
    let isConnected = false;
    socket.on('connect', () => {
      isConnected = true;
    });
    socket.on('data', (chunk) => check.take(chunk));
    socket.on('error', (error) => {
      if (!isConnected) failure = `no connection: ${error.message}`;
    });
    const closed = new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
    });
    for (const chunk of plan.chunks) {
      if (socket.destroyed) break;
      this.result.bytesSent += chunk.length;
      await Promise.race([new Promise((resolve) => socket.write(chunk, resolve)), closed]);
    }
    if (plan.ending === 'wait') {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, WAIT_BEFORE_END)), closed]);
    }
    if (plan.ending === 'reset') socket.resetAndDestroy();
    else socket.end();
    const impatience = setTimeout(() => {
      failure = `not closed in ${CLOSE_PATIENCE} ms`;
      socket.destroy();
    }, CLOSE_PATIENCE);
    await closed;
    clearTimeout(impatience);
    return failure;
  }

  /** The bytes of one connection, to send them by other means. */
  describe(index: number): string {
    const plan = this.#planner.plan(index);
    const list = plan.packets.map((packet) => `  ${hexOf(packet)}`);
    const about = `connection ${index}, version ${plan.version}, ${plan.chunks.length} writes, then ${plan.ending}`;
    return [about, ...list].join('\n');
  }
}
