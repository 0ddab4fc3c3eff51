// The client at the other end of a case: publishes what a tool should get, and writes down what a tool sent.
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync, type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Message } from './case.js';
import { shown } from './shown.js';

export class Companion {
  readonly received: string[] = [];
  readonly #client: MqttClient;
  readonly #word: string;
  #marked: (() => void) | undefined;
  #watches = false;

  private constructor(client: MqttClient, word: string) {
    this.#client = client;
    this.#word = word;
    client.on('message', (topic, payload, packet) => {
      if (topic === `marker/${word}`) this.#marked?.();
      else this.received.push(described(topic, payload, packet));
    });
  }

  static async connect(port: number, word: string): Promise<Companion> {
    const url = `mqtt://127.0.0.1:${port}`;
    const options = { protocolVersion: 5, reconnectPeriod: 0, clientId: `companion-${word}` } as const;
    return new Companion(await connectAsync(url, options), word);
  }

  /** Whether it has subscribed to anything. */
  get watches(): boolean {
    return this.#watches;
  }

  async watch(filter: string): Promise<void> {
    this.#watches = true;
    await this.#client.subscribeAsync([filter, `marker/${this.#word}`], { qos: 2, rap: true });
  }

  async publish(topic: string, payload: Buffer, message: Message): Promise<void> {
    await this.#client.publishAsync(topic, payload, message as IClientPublishOptions);
  }

  /**
   * Waits until everything has come that the broker had for the companion: messages to itself come back, and
   * nothing else came before the last of them. One is not enough, since it may overtake what waits in a queue.
   */
  async settle(): Promise<void> {
    for (let before = -1; before < this.received.length; ) {
      before = this.received.length;
      const marked = new Promise<void>((resolve) => {
        this.#marked = resolve;
      });
      await this.#client.publishAsync(`marker/${this.#word}`, '', { qos: 2 });
      await Promise.race([marked, delay(5000)]);
    }
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

function described(topic: string, payload: Buffer, { qos, retain, properties }: IPublishPacket): string {
  const sorted = Object.entries(properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const values = sorted.map(([name, value]) => [name, Buffer.isBuffer(value) ? shown(value) : value]);
  const text = JSON.stringify(shown(payload));
  return [
    `${topic} ${text} QoS ${qos}`,
    ...(retain ? ['retained'] : []),
    ...values.map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  ].join(', ');
}
