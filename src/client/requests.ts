// Request and response (MQTT 5 section 4.10): questions with an answer to wait for, and answering them.
import { type Properties, type QoS, ReasonCode } from '../protocol/index.js';
import type { Client } from './client.js';
import { ClientError, invalid } from './errors.js';
import type { Message } from './message.js';

export interface RequestOptions {
  /** 1 by default. */
  qos?: QoS | undefined;
  properties?: Properties | undefined;
  /** Milliseconds to wait for the response; 30,000 by default. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Makes the answer to a request; what it returns or resolves with is published as the response. */
export type Responder = (
  request: Message,
) => string | Uint8Array | undefined | Promise<string | Uint8Array | undefined>;

interface Asked {
  resolve(message: Message): void;
}

const text = new TextEncoder();
const decoder = new TextDecoder();

export class Requests {
  readonly #client: Client;
  readonly #asked = new Map<string, Asked>();
  #topic: Promise<string> | null = null;
  /** A response to an earlier run of the program is none to this one. */
  readonly #prefix = `${Math.random().toString(36).slice(2)}-`;
  #count = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  /** One subscription serves all requests of a client. */
  #responseTopic(): Promise<string> {
    this.#topic ??= this.#subscribe();
    this.#topic.catch(() => {
      this.#topic = null;
    });
    return this.#topic;
  }

  async #subscribe(): Promise<string> {
    const { clientId, responseInformation } = this.#client;
    const topic = `${responseInformation ?? 'response'}/${clientId}`;
    await this.#client.subscribe(topic, { qos: 1 }, (message) => this.#answered(message));
    return topic;
  }

  #answered(message: Message): void {
    const { correlationData } = message.properties;
    if (correlationData === undefined) return;
    this.#asked.get(decoder.decode(correlationData))?.resolve(message);
  }

  async ask(topic: string, payload: string | Uint8Array, options: RequestOptions): Promise<Message> {
    if (this.#client.version !== 5) throw invalid('requests exist only in MQTT 5');
    const { qos = 1, timeout = 30_000, signal } = options;
    signal?.throwIfAborted();
    const responseTopic = await this.#responseTopic();
    const id = `${this.#prefix}${++this.#count}`;
    const properties = { ...options.properties, responseTopic, correlationData: text.encode(id) };
    let forget = (): void => {};
    const response = new Promise<Message>((resolve, reject) => {
      const abort = (): void => reject(signal?.reason);
      const ended = (): void => reject(new ClientError('ended', 'the client was disconnected'));
      const timer = setTimeout(
        () => reject(new ClientError('timeout', `no response to a request to ${topic} in ${timeout} ms`)),
        timeout,
      );
      signal?.addEventListener('abort', abort, { once: true });
      this.#client.on('end', ended);
      this.#asked.set(id, { resolve });
      forget = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#client.off('end', ended);
        this.#asked.delete(id);
      };
      this.#client.publish(topic, payload, { qos, properties, signal }).then(({ reason }) => {
        // nobody is there who could answer
        if (reason === ReasonCode.NoMatchingSubscribers)
          reject(new ClientError('rejected', `nobody is subscribed to ${topic}`, { reason }));
      }, reject);
    });
    try {
      return await response;
    } finally {
      forget();
    }
  }

  /** Answers a request if it wants an answer. */
  async answer(request: Message, responder: Responder): Promise<void> {
    const response = await responder(request);
    const { responseTopic, correlationData } = request.properties;
    if (responseTopic === undefined || response === undefined) return;
    await this.#client.publish(responseTopic, response, {
      qos: request.qos,
      properties: { correlationData },
    });
  }
}
