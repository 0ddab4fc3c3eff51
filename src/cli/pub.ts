// `pondhawk pub`: publishes messages and ends when the broker has them, as mosquitto_pub does.
import type { Client, PublishOptions } from '../client/client.js';
import { ClientError } from '../client/errors.js';
import type { PublishResult } from '../client/outgoing.js';
import { MosquittoError, reasonWords } from './mosquitto-texts.js';
import { connectionLost, connectTool, Exit, messagePayload, runTool, type Tool, toolClient } from './tool.js';

/** Messages of -l that may be on their way. */
const MAX_WAITING = 1000;

/** What the broker said against a message, and what the client can say before it asks. */
async function published(tool: Tool, sent: Promise<PublishResult>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    if (error.code === 'rejected') complainOf(tool, error);
    else if (error.code === 'unsupported') throw cannotSend(tool, error);
    else throw connectionLost(tool);
  }
}

function complainOf({ complain }: Tool, { packetId, reason = 0, properties }: ClientError): void {
  complain(`Warning: Publish ${packetId} failed: ${reasonWords(reason)}.\n`);
  if (properties?.reasonString !== undefined) complain(`${properties.reasonString}\n`);
}

function cannotSend({ complain }: Tool, { reason, message }: ClientError): Exit {
  if (reason === 0x9b) complain('Error: Message QoS not supported on broker, try a lower QoS.\n');
  else complain(`Error: ${message}.\n`);
  return new Exit(MosquittoError.protocol[0]);
}

async function publishRepeatedly(
  tool: Tool,
  client: Client,
  payload: Uint8Array,
  options: PublishOptions,
): Promise<void> {
  const { topic, repeat, repeatDelayMs } = tool.config;
  for (let count = 0; count < repeat; count++) {
    if (count > 0) await pause(client, repeatDelayMs, tool);
    await published(tool, client.publish(topic!, payload, options));
  }
}

/** Waits, unless the connection ends before. */
function pause(client: Client, ms: number, tool: Tool): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      clearTimeout(timer);
      reject(connectionLost(tool));
    };
    const timer = setTimeout(() => {
      client.off('end', ended);
      resolve();
    }, ms);
    client.once('end', ended);
  });
}

/** A message a line of standard input; the last one need not end. */
async function publishLines(tool: Tool, client: Client, options: PublishOptions): Promise<void> {
  const waiting = new Set<Promise<void>>();
  const publish = async (line: Uint8Array): Promise<void> => {
    const sent = published(tool, client.publish(tool.config.topic!, line, options));
    if (options.qos === 0) return sent;
    waiting.add(sent);
    void sent.finally(() => waiting.delete(sent)).catch(() => {});
    if (waiting.size >= MAX_WAITING) await Promise.race(waiting);
  };
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    let bytes = chunk as Buffer;
    if (rest.length > 0) bytes = Buffer.concat([rest, bytes]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      await publish(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) await publish(rest);
  await Promise.all(waiting);
}

async function pub(tool: Tool): Promise<number> {
  const { config } = tool;
  const payload = await messagePayload(tool);
  const client = await toolClient(tool, payload === undefined);
  await connectTool(tool, client);
  const options: PublishOptions = { qos: config.qos, retain: config.retain };
  if (config.version === 5) options.properties = config.properties.publish;
  if (payload === undefined) await publishLines(tool, client, options);
  else await publishRepeatedly(tool, client, payload, options);
  await client.disconnect({ properties: config.properties.disconnect });
  return 0;
}

/** Returns the exit code. */
export function runPub(args: readonly string[], program: string): Promise<number> {
  return runTool('pub', args, program, pub);
}
