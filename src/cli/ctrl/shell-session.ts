// The connection of the shell of `pondhawk ctrl`: commands go out one by one, and each waits for its answer.

import { field, listField, textValue } from '../../auth/control/json-fields.js';
import { Client } from '../../client/client.js';
import { ClientError } from '../../client/errors.js';
import { nodePlatform } from '../../client/node.js';
import type { ToolConfig } from '../client-config.js';
import { connectProblem, unreachable } from '../connect-problem.js';
import { clientOptions } from '../tool-options.js';
import { refusalWords } from './control-request.js';
import { type ControlCommand, responseTopic } from './ctrl-module.js';
import { parseJson } from './json-values.js';

/** Milliseconds until there must be an answer. */
const PATIENCE = 2000;
const QOS = 1;
const TIMED_OUT = 'Timed out with no response.\n';
const NO_ENDPOINT = 'endpoint not available';

/** The text is what to print: there is no answer, or none that is good. */
export class NoAnswer extends Error {}

/** A good answer, which may have no data. */
export interface Answered {
  readonly command: string;
  readonly data: unknown;
}

function failure(config: ToolConfig, error: unknown): NoAnswer {
  const isRefused = error instanceof ClientError && error.code === 'refused';
  if (isRefused) return new NoAnswer(`Unable to connect: ${refusalWords(config, error)}\n`);
  const { text } = error instanceof ClientError ? connectProblem(config, error) : unreachable(error);
  const words = text.replace(/^(Error: |Unable to connect \()/, '').replace(/\)?\.?\n$/, '');
  return new NoAnswer(`Unable to connect: ${words}\n`);
}

/** What an operation that failed is called; other errors pass. */
function refusal(error: unknown, what: string): NoAnswer {
  if (!(error instanceof ClientError)) throw error;
  if (error.code !== 'rejected') return new NoAnswer(TIMED_OUT);
  return new NoAnswer(`${what} failed, check you have permission to access this module.\n`);
}

function answeredBy(payload: Uint8Array): Answered {
  const answer = parseJson(payload);
  if (textValue(answer, 'error') === NO_ENDPOINT)
    throw new NoAnswer('$CONTROL endpoint for this module not available.\n');
  const response = listField(answer, 'responses')?.[0];
  const error = textValue(response, 'error');
  if (error !== undefined) throw new NoAnswer(`${error}\n`);
  const command = textValue(response, 'command');
  if (command === undefined) throw new NoAnswer('Invalid response from broker.\n');
  return { command, data: field(response, 'data') };
}

export class ShellSession {
  readonly #client: Client;
  readonly #entered = new Set<string>();
  #receive: (payload: Uint8Array) => void = () => {};

  private constructor(client: Client) {
    this.#client = client;
    client.on('message', ({ payload }) => this.#receive(Uint8Array.from(payload)));
  }

  /** Connects, and connects again whenever the connection is lost. Throws NoAnswer. */
  static async open(config: ToolConfig): Promise<ShellSession> {
    let client: Client | undefined;
    try {
      const options = clientOptions(config, true);
      client = new Client({ ...options, retryFirstConnect: () => false }, nodePlatform(options));
      // failed attempts to connect again: what is asked meanwhile is not answered, and that is said
      client.on('error', () => {});
      await client.connect();
      return new ShellSession(client);
    } catch (error) {
      await client?.disconnect({ timeout: 0 });
      throw failure(config, error);
    }
  }

  /** Subscribes to the answers of a module. Throws NoAnswer. */
  async enter(requestTopic: string): Promise<void> {
    if (this.#entered.has(requestTopic)) return;
    try {
      await this.#inTime(this.#client.subscribe(responseTopic({ requestTopic }), { qos: QOS }));
      this.#entered.add(requestTopic);
    } catch (error) {
      throw error instanceof NoAnswer ? error : refusal(error, 'Subscribe');
    }
  }

  /** Sends a command. Throws NoAnswer. */
  async send(requestTopic: string, command: ControlCommand): Promise<Answered> {
    const answer = new Promise<Uint8Array>((resolve) => {
      this.#receive = resolve;
    });
    const text = JSON.stringify({ commands: [command] });
    try {
      const published = this.#client.publish(requestTopic, text, { qos: QOS });
      const payload = await this.#inTime(Promise.race([answer, published.then(() => answer)]));
      return answeredBy(payload);
    } catch (error) {
      throw error instanceof NoAnswer ? error : refusal(error, 'Publish');
    } finally {
      // an answer that comes too late is none of the next command
      this.#receive = () => {};
    }
  }

  close(): Promise<void> {
    return this.#client.disconnect({ timeout: 0 });
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new NoAnswer(TIMED_OUT)), PATIENCE);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
