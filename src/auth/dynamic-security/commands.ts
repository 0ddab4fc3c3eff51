// The control API: a payload with commands comes in, a payload with their answers goes out.
import type { ClientInfo } from '../../core/plugin.js';
import { clientCommands } from './client-commands.js';
import { Command, CommandError, type Run, type Scene } from './command.js';
import { groupCommands } from './group-commands.js';
import { isObject, type JsonObject, listField, textField } from './json-fields.js';
import { roleCommands } from './role-commands.js';

export const CONTROL_TOPIC = '$CONTROL/dynamic-security/v1';
export const RESPONSE_TOPIC = `${CONTROL_TOPIC}/response`;

/** By their names in lower case, with the name that answers with data have. */
const commands: ReadonlyMap<string, { readonly name: string; readonly run: Run }> = new Map(
  Object.entries({ ...clientCommands, ...groupCommands, ...roleCommands }).map(([name, run]) => [
    name.toLowerCase(),
    { name, run },
  ]),
);

type Response = Readonly<Record<string, unknown>>;

const NAMELESS = 'Unknown command';

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

async function answer(scene: Scene, admin: ClientInfo, request: Request): Promise<Response> {
  const { name, correlationData } = request;
  const known = commands.get(name.toLowerCase());
  try {
    if (known === undefined) throw new CommandError('Unknown command');
    const data = await known.run(scene, new Command(known.name, admin, request.json));
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
export async function control(scene: Scene, admin: ClientInfo, payload: Uint8Array): Promise<string> {
  const responses: Response[] = [];
  try {
    for (const each of parse(payload)) responses.push(await answer(scene, admin, requestOf(each)));
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    responses.push(error.response);
  }
  return JSON.stringify({ responses });
}
