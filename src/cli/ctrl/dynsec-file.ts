// The configuration file of the dynamic security plugin without a broker: `dynsec init` makes one, and with -f the
// password of a client in one is changed.
import {
  chownSync,
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { listField, textValue } from '../../auth/control/json-fields.js';
import { hashPassword, PasswordHashError } from '../../auth/password-hash.js';
import { readInt } from '../client-values.js';
import { fileErrorWords } from '../mosquitto-texts.js';
import { CtrlEnd, invalidInput, type LocalCall } from './ctrl-module.js';
import { parseJson } from './json-values.js';
import { askedProblems } from './password-prompts.js';

/** Bytes of a configuration file. */
const MAX_FILE_LENGTH = 128 * 1024 * 1024;
const FILE_MODE = 0o640;
const UNKNOWN_ERROR = 13;

/** What the administrator may do. */
const adminAcls: readonly (readonly [acltype: string, topic: string])[] = [
  ['publishClientSend', '$CONTROL/dynamic-security/#'],
  ['publishClientReceive', '$CONTROL/dynamic-security/#'],
  ['subscribePattern', '$CONTROL/dynamic-security/#'],
  ['publishClientReceive', '$SYS/#'],
  ['subscribePattern', '$SYS/#'],
  ['publishClientReceive', '#'],
  ['subscribePattern', '#'],
  ['unsubscribePattern', '#'],
];
const ADMIN_ROLE = 'admin';

function newConfiguration(username: string, encodedPassword: string): unknown {
  const roles = [{ rolename: ADMIN_ROLE }];
  const textName = 'Dynsec admin user';
  const acls = adminAcls.map(([acltype, topic]) => ({ acltype, topic, allow: true }));
  return {
    clients: [{ username, textName, encoded_password: encodedPassword, roles }],
    roles: [{ rolename: ADMIN_ROLE, acls }],
    defaultACLAccess: {
      publishClientSend: false,
      publishClientReceive: true,
      subscribe: false,
      unsubscribe: true,
    },
  };
}

function writeNew(path: string, content: string): void {
  try {
    writeFileSync(path, content, { flag: 'wx', mode: FILE_MODE });
  } catch (error) {
    const reason = fileErrorWords(error);
    throw new CtrlEnd(`dynsec init: Unable to open '${path}' for writing (${reason}).\n`, 0);
  }
}

function initHint(program: string, username: string, path: string): string {
  const call = `   ${program} <connect options> dynsec`;
  return `The client '${username}' has been created in the file '${path}'.
This client is configured to allow you to administer the dynamic security plugin only.
It does not have access to publish messages to normal topics.
You should create your application clients to do that, for example:
${call} createClient <username>
${call} createRole <rolename>
${call} addRoleACL <rolename> publishClientSend my/topic [priority]
${call} addClientRole <username> <rolename> [priority]
See https://mosquitto.org/documentation/dynamic-security/ for details of all commands.
`;
}

/** Makes a file with an administrator; returns what to print. */
export async function initFile(args: readonly string[], { program, prompts }: LocalCall): Promise<string> {
  const [path, username, given] = args;
  if (path === undefined || username === undefined)
    throw invalidInput('dynsec init: Not enough arguments - filename, or admin-user missing.\n');
  if (args.length > 3) throw invalidInput('dynsec init: Too many arguments.\n');
  const asked = given === undefined ? await prompts.twice(username) : { password: given };
  if (typeof asked === 'string') throw new CtrlEnd(askedProblems[asked], 0);
  const hash = await hashPassword('sha512-pbkdf2', Buffer.from(asked.password));
  writeNew(path, JSON.stringify(newConfiguration(username, hash)));
  return initHint(program, username, path);
}

interface Opened {
  readonly content: string;
  readonly stats: Stats;
}

function readConfiguration(path: string): Opened {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    throw invalidInput(`Error: Unable to open ${path}.\n`);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw invalidInput(`Error: ${path} is not a file.\n`);
    if (stats.size === 0) throw invalidInput(`Error: ${path} is empty.\n`);
    if (stats.size > MAX_FILE_LENGTH) throw invalidInput(`Error: ${path} is too large.\n`);
    return { content: readFileSync(descriptor, 'utf8'), stats };
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a file beside the old one, with its mode and owner, and puts it in its place. */
function replaceFile(path: string, content: string, { mode, uid, gid }: Stats): void {
  const real = realpathSync(path);
  const beside = `${real}.${process.pid}.new`;
  try {
    const descriptor = openSync(beside, 'wx', mode & 0o777);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    chownSync(beside, uid, gid);
    renameSync(beside, real);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new CtrlEnd(`Error: Unable to write to ${path}: ${fileErrorWords(error)}.\n`, UNKNOWN_ERROR);
  }
}

/** The iterations that the words after the password ask for; undefined: as many as usual. */
function iterationsOf(args: readonly string[]): number | undefined {
  let iterations: number | undefined;
  for (let at = 0; at < args.length; at++) {
    if (args[at] !== '-i') throw invalidInput(`Error: Unknown argument: ${args[at]}\n`);
    const value = args[++at];
    if (value === undefined) throw invalidInput('Error: -i argument given, but no iterations provided.\n');
    iterations = readInt(value) === -1 ? undefined : readInt(value);
  }
  return iterations;
}

async function encoded(password: string, iterations: number | undefined): Promise<string> {
  try {
    return await hashPassword('sha512-pbkdf2', Buffer.from(password), iterations);
  } catch (error) {
    if (!(error instanceof PasswordHashError)) throw error;
    throw new CtrlEnd(`Error: Problem generating password hash: ${error.message}.\n`, 1);
  }
}

/** Members that have something to do with the password. */
const passwordMembers = ['password', 'salt', 'iterations', 'encoded_password'];

function setEncodedPassword(client: object, encodedPassword: string): void {
  const record = client as Record<string, unknown>;
  for (const key of Object.keys(record)) if (passwordMembers.includes(key.toLowerCase())) delete record[key];
  record['encoded_password'] = encodedPassword;
}

/** Changes the password of a client in a file; returns what to print. */
export async function setPasswordInFile(args: readonly string[], path: string): Promise<string> {
  const [username, password, ...more] = args;
  if (username === undefined || password === undefined) throw invalidInput();
  const iterations = iterationsOf(more);
  const { content, stats } = readConfiguration(path);
  const configuration = parseJson(content);
  if (configuration === undefined) throw invalidInput(`Error: ${path} is not valid JSON.\n`);
  const clients = listField(configuration, 'clients');
  if (clients === undefined)
    throw invalidInput(`Error: ${path} is not a valid dynamic-security config file.\n`);
  const client = clients.find((one) => textValue(one, 'username') === username);
  if (client === undefined) throw new CtrlEnd(`Error: Client ${username} not found.\n`, 0);
  setEncodedPassword(client as object, await encoded(password, iterations));
  replaceFile(path, JSON.stringify(configuration), stats);
  return '';
}
