// What pub, sub and rr have in common: from a command line to a connected client, what is said when that fails,
// and the exit code.
import { readFileSync } from 'node:fs';
import { Client } from '../client/client.js';
import { ClientError } from '../client/errors.js';
import { nodePlatform } from '../client/node.js';
import {
  type MessageSource,
  messageFileError,
  parseToolFlags,
  type ToolConfig,
  type ToolName,
} from './client-flags.js';
import { DebugLines } from './debug-lines.js';
import { MosquittoError, reasonWords, returnCodeWords, systemErrorWords } from './mosquitto-texts.js';
import { clientOptions, serviceRecord } from './tool-options.js';
import { ToolOutput } from './tool-output.js';
import { packageVersion } from './version.js';

/** The tool ends with this exit code; everything was said. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

export interface Tool {
  readonly config: ToolConfig;
  readonly output: ToolOutput;
  /** Writes to standard error, unless --quiet. */
  complain(text: string): void;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Runs one of the tools. `program` is how the user called it. */
export async function runTool(
  name: ToolName,
  args: readonly string[],
  program: string,
  main: (tool: Tool) => Promise<number>,
): Promise<number> {
  const world = {
    program,
    get version() {
      return packageVersion();
    },
    env: process.env,
    readFile: readText,
    pid: process.pid,
  };
  const outcome = parseToolFlags(name, args, world);
  if (outcome.kind === 'exit') {
    process.stdout.write(outcome.stdout);
    process.stderr.write(outcome.stderr);
    return outcome.code;
  }
  const { config } = outcome;
  const output = new ToolOutput();
  const complain = (text: string): void => {
    output.flush();
    if (!config.quiet) process.stderr.write(text);
  };
  try {
    return await main({ config, output, complain });
  } catch (error) {
    if (error instanceof Exit) return error.code;
    // an operation that the end of the connection has cut off
    if (error instanceof ClientError) return failed(complain, MosquittoError.lost).code;
    throw error;
  } finally {
    output.flush();
  }
}

/** The client of a tool, which shows what it does with -d. */
export async function toolClient(tool: Tool, reconnects: boolean): Promise<Client> {
  const { config, output, complain } = tool;
  try {
    if (config.useSrv) Object.assign(config, await serviceRecord(config));
    const options = clientOptions(config, reconnects);
    const client = new Client(options, nodePlatform(options));
    if (config.debug) {
      const lines = new DebugLines(config.clientId ?? (config.version === 3 ? client.clientId : undefined));
      client.on('packet', (direction, packet) => {
        for (const line of lines.of(direction, packet)) output.write(`${line}\n`);
      });
    }
    return client;
  } catch (error) {
    complain(unreachable(error));
    throw new Exit(1);
  }
}

/** Connects. What fails is said in the words of Mosquitto; the exit code is in the Exit that is thrown. */
export async function connectTool(tool: Tool, client: Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw refusedOrUnreachable(tool, error);
  }
}

function refusedOrUnreachable({ config, complain }: Tool, error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  switch (error.code) {
    case 'refused':
      return refused(config, complain, error);
    case 'unreachable':
    case 'timeout':
      complain(unreachable(error.cause ?? error));
      return new Exit(1);
    case 'lost':
      return failed(complain, MosquittoError.lost);
    case 'protocol':
      return failed(complain, MosquittoError.protocol);
    case 'invalid':
      complain(`Error: ${error.message}.\n`);
      return new Exit(1);
    default:
      return error;
  }
}

function failed(complain: (text: string) => void, [code, words]: readonly [number, string]): Exit {
  complain(`Error: ${words}\n`);
  return new Exit(code);
}

function refused(config: ToolConfig, complain: (text: string) => void, error: ClientError): Exit {
  const { reason = 0x80, returnCode } = error;
  // rr knows the words of MQTT 5 only
  const words =
    returnCode === undefined || config.tool === 'rr'
      ? reasonWords(returnCode ?? reason)
      : returnCodeWords(returnCode);
  const isVersion = config.version === 5 && reason === 0x84 && config.tool !== 'rr';
  complain(
    `Connection error: ${words}${isVersion ? '. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.' : ''}\n`,
  );
  if (config.tool === 'pub') {
    const isKnown = returnCode !== undefined && returnCode <= 5;
    complain(`Error: ${isKnown ? MosquittoError.refused[1] : MosquittoError.protocol[1]}\n`);
  }
  return new Exit(returnCode ?? reason);
}

/** Why there is no connection, in one line. */
function unreachable(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException).code : code;
  if (
    first === 'ERR_INVALID_IP_ADDRESS' ||
    first === 'ENOTFOUND' ||
    first === 'EAI_AGAIN' ||
    first === 'ENODATA'
  )
    return `Unable to connect (${MosquittoError.lookup[1]}).\n`;
  if (/^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|ERR_CRYPTO|HOSTNAME)/.test(code))
    return `Unable to connect (${MosquittoError.tls[1]}): ${message}\n`;
  if (error instanceof Error && error.name === 'SocksClientError')
    return `Unable to connect (${MosquittoError.proxy[1]}): ${message}\n`;
  return `Error: ${first === undefined || first === '' ? message : systemErrorWords(first)}\n`;
}

/** Ends with what Mosquitto says of a connection that broke. */
export function connectionLost({ complain }: Tool): Exit {
  return failed(complain, MosquittoError.lost);
}

/** The message of pub or rr; undefined when it comes line by line. Ends the tool when it cannot be read. */
export async function messagePayload({ complain, config }: Tool): Promise<Uint8Array | undefined> {
  const { kind, text = '', file = '' }: MessageSource = config.message;
  switch (kind) {
    case 'text':
      return Buffer.from(text);
    case 'file':
      return readMessageFile(file, complain);
    case 'stdin': {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      const all = Buffer.concat(chunks);
      if (all.length > 0) return all;
      complain('Error: Zero length input.\nError loading input from stdin.\n');
      throw new Exit(1);
    }
    case 'lines':
      return undefined;
    default:
      return new Uint8Array(0);
  }
}

function readMessageFile(file: string, complain: (text: string) => void): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    complain(messageFileError(file, systemErrorWords((error as NodeJS.ErrnoException).code ?? '')));
    throw new Exit(1);
  }
}
