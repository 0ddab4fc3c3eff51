// `pondhawk pub`: publishes messages and ends when the broker has them, as mosquitto_pub does.
import type { Client, PublishOptions } from '../client/client.js';
import { ClientError } from '../client/errors.js';
import { ReasonCode } from '../protocol/reason-codes.js';
import { MosquittoError, reasonWords } from './mosquitto-texts.js';
import {
  connectionLost,
  connectTool,
  type Exit,
  fail,
  messagePayload,
  runTool,
  type Tool,
  toolClient,
} from './tool.js';

/** Messages of -l that may be on their way. */
const MAX_WAITING = 1000;

/** Publishes, and says what the broker has against it. */
async function publish(
  tool: Tool,
  client: Client,
  payload: Uint8Array,
  options: PublishOptions,
): Promise<void> {
  try {
    await client.publish(tool.config.topic!, payload, options);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    if (error.code === 'rejected') return complainOf(tool, error);
    if (error.code !== 'unsupported') throw connectionLost(tool, error);
    // a broker that does not retain gets the message all the same
    if (error.reason === ReasonCode.RetainNotSupported)
      return publish(tool, client, payload, { ...options, retain: false });
    throw await cannotSend(tool, client, error);
  }
}

function complainOf({ complain }: Tool, { packetId, reason = 0, properties }: ClientError): void {
  complain(`Warning: Publish ${packetId} failed: ${reasonWords(reason)}.\n`);
  if (properties?.reasonString !== undefined) complain(`${properties.reasonString}\n`);
}

/** The broker has said that it cannot take such a message. */
async function cannotSend(tool: Tool, client: Client, error: ClientError): Promise<Exit> {
  const isLarge = error.reason === ReasonCode.PacketTooLarge;
  const [code, words] = MosquittoError.oversize;
  const text = isLarge
    ? `Error: ${words}\n`
    : 'Error: Message QoS not supported on broker, try a lower QoS.\n';
  if (isLarge && tool.config.message.kind === 'lines') return fail(tool, { text, code });
  return goodbye(tool, client, text);
}

/** Disconnects, and ends as Mosquitto does when it could not publish. */
async function goodbye(tool: Tool, client: Client, text: string): Promise<Exit> {
  await client.disconnect({ properties: tool.config.properties.disconnect });
  const [code, words] = MosquittoError.lost;
  return fail(tool, { text: `${text}Error: ${words}\n`, code });
}

async function publishRepeatedly(
  tool: Tool,
  client: Client,
  payload: Uint8Array,
  options: PublishOptions,
): Promise<void> {
  const { repeat, repeatDelayMs } = tool.config;
  for (let count = 0; count < repeat; count++) {
    if (count > 0) await pause(client, repeatDelayMs, tool);
    await publish(tool, client, payload, options);
  }
}

/** Waits, unless the connection ends before. */
function pause(client: Client, ms: number, tool: Tool): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const ended = (error: ClientError | undefined): void => {
      clearTimeout(timer);
      reject(connectionLost(tool, error ?? new ClientError('lost', 'ended')));
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
  const take = async (line: Uint8Array): Promise<void> => {
    const sent = publish(tool, client, line, options);
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
      await take(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) await take(rest);
  await Promise.all(waiting);
}

async function pub(tool: Tool): Promise<number> {
  const { config } = tool;
  const payload = await messagePayload(tool);
  const client = await toolClient(tool, payload === undefined);
  await connectTool(tool, client);
  const wrong = config.propertyProblems.publish;
  if (wrong !== undefined)
    throw await goodbye(
      tool,
      client,
      wrong === 'protocol' ? 'Error: Protocol error when communicating with broker.\n' : '',
    );
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
