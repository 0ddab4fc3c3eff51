// What the control topics of Mosquitto have in common: a payload with a list of commands comes in, a payload with the
// list of their answers goes out.
import { isObject, type JsonObject, listField, textField } from './json-fields.js';

/** Why a command is not carried out; the message is the answer. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What goes into an answer under `data`; undefined: the name of the command is all there is to say. */
export type Outcome = Readonly<Record<string, unknown>> | undefined;

/** By their names in lower case, with the name that answers with data have. */
export type Commands<Run> = ReadonlyMap<string, { readonly name: string; readonly run: Run }>;

/** Carries out one command. */
export type Carry<Run> = (run: Run, name: string, json: JsonObject) => Outcome | Promise<Outcome>;

type Response = Readonly<Record<string, unknown>>;

const NAMELESS = 'Unknown command';

export function commandsOf<Run>(table: Readonly<Record<string, Run>>): Commands<Run> {
  return new Map(Object.entries(table).map(([name, run]) => [name.toLowerCase(), { name, run }]));
}

/** What comes after a mistake of this kind is not carried out. */
class Broken extends Error {
  readonly response: Response;

  constructor(command: string, error: string) {
    super(error);
    this.response = { command, error };
  }
}

function parse(payload: Uint8Array): readonly unknown[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    throw new Broken(NAMELESS, 'Payload not valid JSON');
  }
  const list = listField(json, 'commands');
  if (list === undefined) throw new Broken(NAMELESS, 'Invalid/missing commands');
  return list;
}

interface Request {
  readonly json: JsonObject;
  /** As the client wrote it. */
  readonly name: string;
  readonly correlationData: string | undefined;
}

function requestOf(json: unknown): Request {
  if (!isObject(json)) throw new Broken(NAMELESS, 'Command not an object');
  const name = textField(json, 'command');
  if (typeof name !== 'string') throw new Broken(NAMELESS, 'Missing command');
  const correlationData = textField(json, 'correlationData');
  if (correlationData === null) throw new Broken(name, 'Invalid correlationData data type.');
  return { json, name, correlationData };
}

async function answer<Run>(commands: Commands<Run>, carry: Carry<Run>, request: Request): Promise<Response> {
  const { json, name, correlationData } = request;
  const known = commands.get(name.toLowerCase());
  try {
    if (known === undefined) throw new CommandError('Unknown command');
    const data = await carry(known.run, known.name, json);
    // only answers with data have the name as it is in the manual
    return data === undefined
      ? { command: name, correlationData }
      : { command: known.name, data, correlationData };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { command: name, error: error.message, correlationData };
  }
}

/** Carries out the commands of a payload, one after the other; returns the payload of the answer. */
export async function carryOut<Run>(
  payload: Uint8Array,
  commands: Commands<Run>,
  carry: Carry<Run>,
): Promise<string> {
  const responses: Response[] = [];
  try {
    for (const each of parse(payload)) responses.push(await answer(commands, carry, requestOf(each)));
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    responses.push(error.response);
  }
  return JSON.stringify({ responses });
}
