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
import { connectProblem, type Problem, unreachable } from './connect-problem.js';
import { DebugLines } from './debug-lines.js';
import { systemErrorWords } from './mosquitto-texts.js';
import { clientOptions, serviceRecord } from './tool-options.js';
import { ToolOutput } from './tool-output.js';
import { packageVersion } from './version.js';

/** Bytes that the system allows for the path of a socket. */
const MAX_UNIX_PATH = 107;

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
  /** With -d. */
  lines?: DebugLines;
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
  const tool: Tool = { config, output, complain };
  try {
    return await main(tool);
  } catch (error) {
    if (error instanceof Exit) return error.code;
    // an operation that the end of the connection has cut off
    if (error instanceof ClientError) return connectionLost(tool, error).code;
    throw error;
  } finally {
    output.flush();
  }
}

/** The client of a tool, which shows what it does with -d. */
export async function toolClient(tool: Tool, reconnects: boolean): Promise<Client> {
  const { config, output } = tool;
  // longer ones would be cut off
  if (Buffer.byteLength(config.unixPath ?? '') > MAX_UNIX_PATH)
    throw fail(tool, { text: 'Unable to connect (Invalid input).\n', code: 1 });
  try {
    if (config.useSrv) Object.assign(config, await serviceRecord(config));
    const options = clientOptions(config, reconnects);
    const client = new Client(options, nodePlatform(options));
    if (config.debug) {
      const lines = new DebugLines(config.clientId ?? (config.version === 3 ? client.clientId : undefined));
      tool.lines = lines;
      client.on('packet', (direction, packet) => {
        for (const line of lines.of(direction, packet)) output.write(`${line}\n`);
      });
    }
    return client;
  } catch (error) {
    throw fail(tool, unreachable(error));
  }
}

/** Connects. What fails is said in the words of Mosquitto; the exit code is in the Exit that is thrown. */
export async function connectTool(tool: Tool, client: Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw error instanceof ClientError ? connectionLost(tool, error) : error;
  }
}

/** Says what is wrong and ends. */
export function fail({ complain, output, lines }: Tool, { text, code, tls }: Problem): Exit {
  if (tls !== undefined) for (const line of lines?.ofTlsError(tls) ?? []) output.write(`${line}\n`);
  complain(text);
  return new Exit(code);
}

/** Ends with what Mosquitto says of a connection that broke. */
export function connectionLost(tool: Tool, error: ClientError): Exit {
  return fail(tool, connectProblem(tool.config, error));
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
