// The well-behaved client: every 50 ms it sends itself a QoS 1 message and times it. It runs in a thread of its
// own, so that what it measures is the broker's delay and not that of the attack beside it.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Client, newName, pause } from './client.mjs';
import { publish } from './wire.mjs';

const EVERY_MS = 50;

/** In the main thread: the client in its thread. */
export class Sentinel {
  #worker;
  #ready;

  constructor(target) {
    const { host, port } = target;
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { host, port } });
    this.#ready = new Promise((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', reject);
    });
    this.#ready.catch(() => {});
  }

  /** Resolves when its first message has come back. */
  ready() {
    return this.#ready;
  }

  /** Ends it: how many messages came back, the worst time in ms, and what went wrong. */
  async stop() {
    const figures = new Promise((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', reject);
    });
    this.#worker.postMessage('stop');
    const result = await figures;
    await this.#worker.terminate();
    return result;
  }
}

async function patrol(target) {
  const figures = { rounds: 0, worst: 0, problem: null };
  let isStopping = false;
  parentPort.on('message', () => {
    isStopping = true;
  });
  const topic = newName('sentinel');
  const client = await Client.open(target, { clientId: topic });
  let arrived = null;
  client.onPublish = (message) => arrived?.(message.payload.toString());
  client.whenClosed(() => {
    if (!isStopping) figures.problem ??= `connection closed (reason ${client.reason})`;
    arrived?.(null);
  });
  await client.subscribe(topic, 1);
  for (let round = 0; !isStopping && !client.isClosed; round++) {
    const start = performance.now();
    const limit = setTimeout(() => arrived?.(undefined), 120_000);
    const content = await new Promise((resolve) => {
      arrived = resolve;
      client.send(publish({ topic, payload: String(round), qos: 1, id: (round % 60_000) + 1 }));
    });
    clearTimeout(limit);
    if (content === null) break;
    if (content === undefined) {
      figures.problem = 'a message did not come back in two minutes';
      break;
    }
    if (content !== String(round)) figures.problem ??= `message ${round} came back as ${content}`;
    const took = performance.now() - start;
    if (took > figures.worst) figures.worst = took;
    figures.rounds++;
    if (round === 0) parentPort.postMessage('ready');
    await pause(Math.max(0, EVERY_MS - took));
  }
  while (!isStopping) await pause(EVERY_MS);
  client.end();
  parentPort.postMessage(figures);
}

if (!isMainThread && workerData?.port !== undefined) await patrol(workerData);
