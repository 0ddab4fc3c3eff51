// One request of `pondhawk ctrl` to a broker and its answer, and what is said when there is none. As with
// mosquitto_ctrl, a broker that refuses is told of and ends with 0.
import { Client } from '../../client/client.js';
import { ClientError } from '../../client/errors.js';
import { nodePlatform } from '../../client/node.js';
import type { ToolConfig } from '../client-config.js';
import { connectProblem, unreachable } from '../connect-problem.js';
import { MosquittoError, reasonWords, returnCodeWords } from '../mosquitto-texts.js';
import { clientOptions } from '../tool-options.js';
import { CtrlEnd, responseTopic } from './ctrl-module.js';

/** Milliseconds until there must be an answer. */
const PATIENCE = 10_000;
const HINT = '. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.';
const UNSUPPORTED_VERSION = 0x84;
/** The code that the client tools have for what the system says. */
const UNREACHABLE = 1;

/** The words for a refusal of CONNECT, without an end of line. */
export function refusalWords({ version }: ToolConfig, { reason = 0x80, returnCode }: ClientError): string {
  if (version !== 5 && returnCode !== undefined) return returnCodeWords(returnCode);
  return reasonWords(reason) + (reason === UNSUPPORTED_VERSION ? HINT : '');
}

/** What the client tools say, with the exit codes of this one. */
function unreachableEnd(problem: { text: string; code: number }): CtrlEnd {
  const { text, code } = problem;
  if (code !== UNREACHABLE) return new CtrlEnd(text, code);
  if (text.startsWith('Unable')) return new CtrlEnd(text, MosquittoError.lookup[0]);
  return new CtrlEnd(text.replace(/\n$/, '.\n'), MosquittoError.system[0]);
}

function connectEnd(config: ToolConfig, error: unknown): CtrlEnd {
  if (!(error instanceof ClientError)) return unreachableEnd(unreachable(error));
  if (error.code === 'refused') return new CtrlEnd(`Connection error: ${refusalWords(config, error)}\n`, 0);
  return unreachableEnd(connectProblem(config, error));
}

/** What is said of SUBSCRIBE and PUBLISH that are refused. */
function rejectedEnd(error: unknown, text: (reason: number) => string): unknown {
  if (!(error instanceof ClientError) || error.code !== 'rejected') return error;
  return new CtrlEnd(text(error.reason ?? 0x80), 0);
}

/** A client that is connected; throws CtrlEnd when it cannot be. `reconnects`: for as long as it is used. */
export async function connectedClient(config: ToolConfig, reconnects: boolean): Promise<Client> {
  let client: Client;
  try {
    const options = clientOptions(config, reconnects);
    client = new Client(options, nodePlatform(options));
    // what goes wrong in the background comes again as the failure of an operation
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (error) {
    throw connectEnd(config, error);
  }
}

async function exchange(
  { qos, version }: ToolConfig,
  client: Client,
  topic: string,
  text: string,
): Promise<Uint8Array> {
  const answer = new Promise<Uint8Array>((resolve, reject) => {
    client.on('message', ({ payload }) => resolve(Uint8Array.from(payload)));
    client.on('disconnect', ({ error }) => reject(error));
    setTimeout(
      () => reject(new CtrlEnd(`${MosquittoError.timeout[1]}\n`, MosquittoError.timeout[0])),
      PATIENCE,
    ).unref();
  });
  answer.catch(() => {});
  await client.subscribe(responseTopic({ requestTopic: topic }), { qos }).catch((error: unknown) => {
    const refused = (reason: number): string =>
      version === 5 ? reasonWords(reason) : 'Subscription refused.';
    throw rejectedEnd(error, (reason) => `Subscribe error: ${refused(reason)}\n`);
  });
  const published = client.publish(topic, text, { qos }).catch((error: unknown) => {
    throw rejectedEnd(error, (reason) => `Publish error: ${reasonWords(reason)}\n`);
  });
  return Promise.race([answer, published.then(() => answer)]);
}

/** Sends a request and returns the answer. Throws CtrlEnd when there is none. */
export async function controlRequest(config: ToolConfig, topic: string, text: string): Promise<Uint8Array> {
  const client = await connectedClient(config, false);
  try {
    return await exchange(config, client, topic, text);
  } catch (error) {
    throw error instanceof ClientError ? unreachableEnd(connectProblem(config, error)) : error;
  } finally {
    await client.disconnect({ timeout: PATIENCE });
  }
}
