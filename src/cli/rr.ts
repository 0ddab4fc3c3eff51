// `pondhawk rr`: publishes a request and prints the first response, as mosquitto_rr does.
import type { Client } from '../client/client.js';
import { ClientError } from '../client/errors.js';
import type { Message } from '../client/message.js';
import { MosquittoError, reasonWords } from './mosquitto-texts.js';
import { afterSeconds, messagePrinterOf } from './sub.js';
import { connectTool, Exit, messagePayload, runTool, type Tool, toolClient } from './tool.js';

const DISCONNECT_WITH_WILL = 4;

/** How long the answer took, in the unit that fits. */
function latencyLine(ns: bigint): string {
  if (ns >= 1_000_000_000n) return `Latency: ${(Number(ns) / 1e9).toFixed(9)}\n`;
  if (ns < 1000n) return `Latency: ${ns}ns\n`;
  if (ns < 1_000_000n) return `Latency: ${(Number(ns) / 1e3).toFixed(6)}µs\n`;
  return `Latency: ${(Number(ns) / 1e6).toFixed(6)}ms\n`;
}

async function subscribe({ config, complain }: Tool, client: Client): Promise<void> {
  const properties = config.version === 5 ? { properties: config.properties.subscribe } : {};
  try {
    await client.subscribe(config.responseTopic!, {
      qos: config.qos,
      ...config.subscriptionOptions,
      ...properties,
    });
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'rejected') throw error;
    complain(`${reasonWords(error.reason ?? 0x80)}\n`);
    await client.disconnect({ properties: config.properties.disconnect });
    throw new Exit(0);
  }
}

async function request(tool: Tool, client: Client, payload: Uint8Array): Promise<Message> {
  const { config } = tool;
  const { promise, resolve, reject } = answer<Message>();
  // QoS 2 counts when its handshake is over, as with Mosquitto
  const held = new Map<number, Message>();
  client.on('message', (message) => {
    if (message.retain && config.noRetained) return;
    if (message.qos === 2 || (message.qos === 1 && config.debug)) held.set(message.packetId, message);
    else resolve(message);
  });
  if (config.qos === 2 || config.debug)
    client.on('packet', (direction, packet) => {
      if (direction !== 'sent' || (packet.type !== 'puback' && packet.type !== 'pubcomp')) return;
      const message = held.get(packet.packetId);
      if (message !== undefined) resolve(message);
    });
  // not when this tool itself has disconnected
  client.on('disconnect', ({ error }) => reject(error));
  await subscribe(tool, client);
  const properties = config.version === 5 ? { properties: config.properties.publish } : {};
  const sent = process.hrtime.bigint();
  // refused or not: the response is what counts
  client
    .publish(config.topic!, payload, { qos: config.qos, retain: config.retain, ...properties })
    .catch(() => {});
  const message = await promise;
  if (config.latency) latency = latencyLine(process.hrtime.bigint() - sent);
  return message;
}

let latency = '';

function answer<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

async function rr(tool: Tool): Promise<number> {
  const { config, output, complain } = tool;
  const payload = (await messagePayload(tool)) ?? new Uint8Array(0);
  const [client, print] = await Promise.all([toolClient(tool, false), messagePrinterOf(tool)]);
  const late = answer<undefined>();
  const timer =
    config.timeoutSeconds === undefined
      ? undefined
      : afterSeconds(config.timeoutSeconds, () => late.resolve(undefined));
  const work = connectTool(tool, client).then(() => request(tool, client, payload));
  const message = await Promise.race([work, late.promise]).catch((error: unknown) => {
    // a broker that says goodbye is not an error here
    throw error instanceof ClientError && error.code === 'lost' && error.reason !== undefined
      ? new Exit(0)
      : error;
  });
  clearTimeout(timer);
  if (message !== undefined) output.write(print(message));
  const reason = message === undefined && config.version === 5 ? DISCONNECT_WITH_WILL : 0;
  work.catch(() => {});
  await client.disconnect({
    reason,
    properties: config.properties.disconnect,
    timeout: message === undefined ? 0 : 10_000,
  });
  output.write(latency);
  if (message !== undefined) return 0;
  complain(`${MosquittoError.timeout[1]}\n`);
  return MosquittoError.timeout[0];
}

/** Returns the exit code. */
export function runRr(args: readonly string[], program: string): Promise<number> {
  return runTool('rr', args, program, rr);
}
