// `pondhawk sub`: subscribes and prints what comes, as mosquitto_sub does.
import type { Client } from '../client/client.js';
import { ClientError } from '../client/errors.js';
import type { Message } from '../client/message.js';
import { topicMatches } from '../protocol/topics.js';
import { MosquittoError } from './mosquitto-texts.js';
import { type MessagePrinter, plainPrinter, watchHeader } from './plain-printer.js';
import { connectTool, fail, runTool, type Tool, toolClient } from './tool.js';

const DISCONNECT_WITH_WILL = 4;
/** The longest time that a timer of Node takes, in milliseconds. */
const LONGEST_TIMER = 0x7fff_ffff;

/** The printer that the flags ask for. */
export async function messagePrinterOf({ config, complain }: Tool): Promise<MessagePrinter> {
  if (config.format === undefined) return plainPrinter(config);
  const { messagePrinter } = await import('./message-format.js');
  const now = (): { seconds: number; nanoseconds: number } => {
    const micros = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
    return { seconds: Number(micros / 1_000_000n), nanoseconds: Number(micros % 1_000_000n) * 1000 };
  };
  return messagePrinter(config, { now, warn: complain });
}

/** Calls back after `seconds`, however many they are. */
export function afterSeconds(seconds: number, run: () => void): NodeJS.Timeout {
  return setTimeout(run, Math.min(seconds * 1000, LONGEST_TIMER));
}

class Subscriber {
  readonly #tool: Tool;
  readonly #client: Client;
  readonly #print: MessagePrinter;
  /** Resolves with the exit code. */
  readonly done: Promise<number>;
  #finish!: (code: number) => void;
  #state: 'running' | 'closing' = 'running';
  #count = 0;
  /** The broker has answered. */
  #isConnected = false;
  #perSecond = 0;
  /** What is printed when its handshake is over, as Mosquitto does it. */
  readonly #held = new Map<number, Message>();
  readonly #clearing = new Set<Promise<unknown>>();

  constructor(tool: Tool, client: Client, print: MessagePrinter) {
    this.#tool = tool;
    this.#client = client;
    this.#print = print;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  async run(): Promise<number> {
    const { config, output } = this.#tool;
    const { messageRate, timeoutSeconds, qos, debug } = config;
    if (config.watch) output.write(watchHeader(config.host));
    this.#client.on('message', (message) => this.#received(message));
    if (qos === 2 || debug || config.exitAfterSubscribe)
      this.#client.on('packet', (direction, packet) => this.#packet(direction, packet.type, packet));
    const signals = (['SIGINT', 'SIGTERM'] as const).map((name) => {
      const handler = (): void => this.#signal();
      process.on(name, handler);
      return () => process.off(name, handler);
    });
    // by an error that another connection would not mend
    this.#client.on('disconnect', ({ error }) => {
      if (this.#state === 'running' && error.code === 'protocol') this.#fail(error);
    });
    this.#client.on('end', (error) => {
      if (this.#state === 'running' && error !== undefined && this.#isConnected) this.#fail(error);
    });
    output.onBroken = () => this.#close(0);
    const timers: NodeJS.Timeout[] = [];
    if (timeoutSeconds !== undefined) timers.push(afterSeconds(timeoutSeconds, () => this.#timedOut()));
    try {
      await connectTool(this.#tool, this.#client);
      this.#isConnected = true;
      if (messageRate) timers.push(setInterval(() => this.#showRate(), 1000));
      void this.#subscribe();
      return await this.done;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      for (const forget of signals) forget();
    }
  }

  #fail(error: ClientError): void {
    this.#state = 'closing';
    this.#client.destroy();
    // once it is connected the original makes no difference between malformed and wrong
    const [code, words] = error.code === 'protocol' ? MosquittoError.protocol : MosquittoError.lost;
    this.#finish(fail(this.#tool, { code, text: `Error: ${words}\n` }).code);
  }

  #showRate(): void {
    this.#tool.output.write(`${this.#perSecond} msgs/s\n`);
    this.#perSecond = 0;
  }

  async #subscribe(): Promise<void> {
    const { config, complain } = this.#tool;
    const { topics, unsubscribeTopics, properties } = config;
    const v5 = config.version === 5;
    const asked =
      topics.length === 0
        ? Promise.resolve()
        : this.#client.subscribe(topics, {
            qos: config.qos,
            ...(v5 ? { ...config.subscriptionOptions, properties: properties.subscribe } : {}),
          });
    for (const topic of unsubscribeTopics)
      this.#client.unsubscribe(topic, v5 ? { properties: properties.unsubscribe } : {}).catch(() => {});
    try {
      await asked;
    } catch (error) {
      if (!(error instanceof ClientError) || error.code === 'ended') return;
      complain('All subscription requests were denied.\n');
      return this.#close(0);
    }
  }

  #packet(direction: string, type: string, packet: object): void {
    const { config, output } = this.#tool;
    if (direction === 'received' && type === 'suback') {
      const { packetId, reasons } = packet as { packetId: number; reasons: number[] };
      if (config.debug && !config.quiet)
        output.write(`Subscribed (mid: ${packetId}): ${reasons.join(', ')}\n`);
      // at once: retained messages may stand behind it
      if (config.exitAfterSubscribe && reasons.some((reason) => reason < 0x80)) this.#close(0);
    }
    if (direction !== 'sent' || (type !== 'puback' && type !== 'pubcomp')) return;
    const { packetId } = packet as { packetId: number };
    const message = this.#held.get(packetId);
    if (message === undefined) return;
    this.#held.delete(packetId);
    this.#handle(message);
  }

  #received(message: Message): void {
    this.#perSecond++;
    if (message.qos === 2 || (message.qos === 1 && this.#tool.config.debug))
      this.#held.set(message.packetId, message);
    else this.#handle(message);
  }

  #handle(message: Message): void {
    const { config, output } = this.#tool;
    if (this.#state !== 'running' || config.messageRate) return;
    if (config.retainedOnly && !message.retain) return this.#close(0);
    if (message.retain && config.noRetained) return;
    if (config.filterOuts.some((filter) => topicMatches(filter, message.topic))) return;
    if (config.removeRetained && message.retain) this.#clear(message.topic);
    if (config.randomFilter >= 100 || Math.random() * 100 < config.randomFilter)
      output.write(this.#print(message));
    if (++this.#count === config.count) this.#close(0);
  }

  /** A retained message is taken away from the broker. */
  #clear(topic: string): void {
    const cleared = this.#client.publish(topic, '', { qos: 1, retain: true }).catch(() => {});
    this.#clearing.add(cleared);
    void cleared.then(() => this.#clearing.delete(cleared));
  }

  #signal(): void {
    this.#stop(0);
  }

  #timedOut(): void {
    this.#stop(MosquittoError.timeout[0]);
  }

  /** By a signal or by -W. Before the broker has answered there is nothing to end properly. */
  #stop(code: number): void {
    if (!this.#isConnected) process.exit(255);
    if (this.#state === 'running') this.#close(code, DISCONNECT_WITH_WILL);
  }

  #close(code: number, reason = 0): void {
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    const { properties, version } = this.#tool.config;
    const disconnect = (): Promise<void> =>
      this.#client.disconnect({
        reason: version === 5 ? reason : 0,
        properties: properties.disconnect,
        // nothing else was published
        timeout: 0,
      });
    const disconnected =
      this.#clearing.size === 0 ? disconnect() : Promise.all(this.#clearing).then(disconnect);
    void disconnected.then(() => {
      this.#tool.output.flush();
      if (code === MosquittoError.timeout[0]) this.#tool.complain(`${MosquittoError.timeout[1]}\n`);
      this.#finish(code);
    });
  }
}

async function sub(tool: Tool): Promise<number> {
  const [client, print] = await Promise.all([toolClient(tool, true), messagePrinterOf(tool)]);
  return new Subscriber(tool, client, print).run();
}

/** Returns the exit code. */
export function runSub(args: readonly string[], program: string): Promise<number> {
  return runTool('sub', args, program, sub);
}
