// The shell of `pondhawk ctrl`: `auth` and `connect`, then a module, then its commands. The words are those of
// mosquitto_ctrl's shell; the colours are not, and it reads from a pipe too.

import { finish, libraryProblem } from '../client-checks.js';
import type { Draft } from '../client-config.js';
import { readInt } from '../client-values.js';
import { packageVersion } from '../version.js';
import { namesIn, shellAnswer } from './shell-answers.js';
import {
  brokerShellCommands,
  dynsecShellCommands,
  lists,
  type NameKind,
  type ShellCommand,
  ShellUsage,
} from './shell-commands.js';
import { brokerHelp, commandHelp, dynsecHelp, workflowHelp } from './shell-help.js';
import { NoAnswer, ShellSession } from './shell-session.js';
import { ShellTerminal } from './shell-terminal.js';
import { readTextFile } from './text-file.js';

interface ShellModule {
  readonly name: string;
  readonly requestTopic: string;
  readonly commands: readonly ShellCommand[];
  readonly help: string;
  /** Whether it has names that complete words. */
  readonly hasNames: boolean;
}

const modules: readonly ShellModule[] = [
  {
    name: 'broker',
    requestTopic: '$CONTROL/broker/v1',
    commands: brokerShellCommands,
    help: brokerHelp,
    hasNames: false,
  },
  {
    name: 'dynsec',
    requestTopic: '$CONTROL/dynamic-security/v1',
    commands: dynsecShellCommands,
    help: dynsecHelp,
    hasNames: true,
  },
];

interface Address {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

const schemePorts: Readonly<Record<string, number>> = { mqtt: 1883, mqtts: 8883, ws: 1883, wss: 8883 };

/** Takes `[scheme://]host[:port]` apart; an IPv6 address stands in brackets. */
function addressOf(url: string): Address | undefined {
  const found = /^(?:(mqtts?|wss?):\/\/)?(?:\[([^\]]+)\]|([^:/]+))(?::(\d+))?\/?$/i.exec(url);
  if (found === null) return undefined;
  const scheme = (found[1] ?? 'mqtt').toLowerCase();
  const port = found[4] === undefined ? schemePorts[scheme]! : readInt(found[4]);
  return { scheme, host: found[2] ?? found[3]!, port };
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

type Action = (args: readonly string[]) => Promise<void> | void;

export class CtrlShell {
  readonly #terminal = new ShellTerminal((line) => this.#complete(line));
  readonly #draft: Draft;
  readonly #names: Record<NameKind, readonly string[]> = { username: [], groupname: [], rolename: [] };
  #place: { readonly session: ShellSession; readonly url: string; module?: ShellModule } | undefined;
  #state: 'running' | 'ended' = 'running';

  /** `draft`: what the flags say of the connection. */
  constructor(draft: Draft) {
    this.#draft = draft;
    const { config } = draft;
    config.topic = '$CONTROL';
    config.responseTopic = '$CONTROL/response';
    config.message = { kind: 'null' };
  }

  /** Runs until `exit` or the end of the input. `connects`: it begins with a connection, and ends without. */
  async run(connects: boolean): Promise<void> {
    this.#terminal.print(`mosquitto_ctrl shell v${packageVersion()}\n`);
    if (connects) await this.#guarded(() => this.#open());
    if (connects && this.#place === undefined) this.#state = 'ended';
    while (this.#state === 'running') {
      const line = await this.#terminal.ask(this.#prompt());
      if (line === undefined) break;
      await this.#guarded(() => this.#runLine(line));
    }
    this.#terminal.print('\n');
    this.#terminal.close();
    await this.#place?.session.close();
  }

  #prompt(): string {
    if (this.#place === undefined) return '> ';
    const { url, module } = this.#place;
    return module === undefined ? `${url}> ` : `${url}|${module.name}> `;
  }

  /** What goes wrong is said, and the shell goes on. */
  async #guarded(work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof ShellUsage)) throw error;
      this.#terminal.print(error.message);
    }
  }

  /** The commands of the shell itself, at the place where it is. */
  #actions(): Readonly<Record<string, Action>> {
    const help: Action = ([name]) => this.#help(name);
    const exit: Action = () => {
      this.#state = 'ended';
    };
    const disconnect = (): Promise<void> => this.#disconnect();
    if (this.#place === undefined)
      return { help, auth: (args) => this.#auth(args), connect: (args) => this.#connect(args), exit };
    if (this.#place.module !== undefined) return { help, disconnect, return: () => this.#return(), exit };
    const [broker, dynsec] = modules.map((module) => () => this.#enter(module));
    return { help, broker: broker!, disconnect, dynsec: dynsec!, exit };
  }

  #commandNames(): string[] {
    const { help, ...others } = this.#actions();
    const commands = this.#place?.module?.commands ?? [];
    return ['help', ...commands.map(({ name }) => name), ...Object.keys(others)];
  }

  async #runLine(line: string): Promise<void> {
    const trimmed = line.trim();
    const [name, ...args] = trimmed.split(/ +/);
    if (name === undefined || name === '') return;
    const actions = this.#actions();
    const action = Object.keys(actions).find((one) => sameName(one, name));
    if (action !== undefined) return actions[action]!(args);
    const command = this.#place?.module?.commands.find((one) => sameName(one.name, name));
    if (command === undefined) throw new ShellUsage(`Unknown command '${name}'\n`);
    await this.#send(command, args, trimmed.slice(name.length).trimStart());
  }

  #help(name: string | undefined): void {
    const module = this.#place?.module;
    if (name === undefined) return this.#terminal.print(module?.help ?? workflowHelp);
    const known = this.#commandNames().find((one) => sameName(one, name));
    if (known === undefined) throw new ShellUsage(`Unknown command '${name}'\n`);
    if (known === 'return') return this.#terminal.print(`return\n\nLeave ${module?.name} mode.\n`);
    const [calls, text] = commandHelp[known]!;
    this.#terminal.print(`${calls.join('\n')}\n\n${text}`);
  }

  async #auth([name]: readonly string[]): Promise<void> {
    const { config } = this.#draft;
    const username = name ?? (await this.#terminal.ask('username: '));
    const password = await this.#askPassword();
    if (password === undefined) throw new ShellUsage('No password.\n');
    config.username = username;
    config.password = password;
  }

  #askPassword(): Promise<string | undefined> {
    return this.#terminal.askSecret('password:');
  }

  async #connect([url]: readonly string[]): Promise<void> {
    if (url === undefined) return this.#open();
    const address = addressOf(url);
    if (address === undefined) throw new ShellUsage('connect mqtt[s]://<hostname>:port\n');
    const { config } = this.#draft;
    config.host = address.host;
    this.#draft.port = address.port;
    config.transport = address.scheme.startsWith('ws') ? 'websockets' : 'tcp';
    config.tls.useOsCerts = ['mqtts', 'wss'].includes(address.scheme);
    await this.#open();
  }

  async #open(): Promise<void> {
    // what is completed for one connection must not be there for the next
    const draft = structuredClone(this.#draft);
    const problem = libraryProblem(draft, { readFile: readTextFile });
    if (problem !== undefined) throw new ShellUsage(problem);
    const config = finish(draft);
    if (config.username !== undefined && config.password === undefined)
      config.password = await this.#askPassword();
    const session = await ShellSession.open(config);
    const scheme = `${config.transport === 'tcp' ? 'mqtt' : 'ws'}${config.tls.enabled ? 's' : ''}`;
    this.#place = { session, url: `${scheme}://${config.host}:${config.port}` };
  }

  async #disconnect(): Promise<void> {
    await this.#place?.session.close();
    this.#place = undefined;
  }

  #return(): void {
    const { session, url } = this.#place!;
    this.#place = { session, url };
  }

  async #enter(module: ShellModule): Promise<void> {
    const { session, url } = this.#place!;
    this.#place = { session, url, module };
    await session.enter(module.requestTopic);
    if (!module.hasNames) return;
    try {
      await this.#update('username');
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      throw new NoAnswer(`${error.message}Check the dynsec module is configured on the broker.\n`);
    }
    await this.#update('groupname');
    await this.#update('rolename');
  }

  /** Asks for the names of a kind. */
  async #update(kind: NameKind): Promise<void> {
    const { session, module } = this.#place!;
    const [command, array] = lists[kind];
    const { data } = await session.send(module!.requestTopic, { command });
    this.#names[kind] = namesIn(data, array);
  }

  async #send({ make, changes }: ShellCommand, args: readonly string[], rest: string): Promise<void> {
    const { session, module } = this.#place!;
    const made = await make(args, () => this.#askPassword(), rest);
    const { command, data } = await session.send(module!.requestTopic, made);
    this.#terminal.print(data === undefined ? 'OK\n' : shellAnswer(command, data));
    if (changes !== undefined) await this.#update(changes);
  }

  #complete(line: string): [string[], string] {
    const words = line.trimStart().split(/ +/);
    const part = words.at(-1) ?? '';
    const begins = (one: string): boolean => one.toLowerCase().startsWith(part.toLowerCase());
    const [first, ...others] = this.#candidates(words).filter(begins);
    if (first === undefined) return [[], part];
    return [others.length === 0 ? [`${first} `] : [first, ...others], part];
  }

  /** What the last of these words may become. */
  #candidates([name = '', ...args]: readonly string[]): readonly string[] {
    if (args.length === 0 || (sameName(name, 'help') && args.length === 1)) return this.#commandNames();
    const command = this.#place?.module?.commands.find((one) => sameName(one.name, name));
    const completes = command?.completes[args.length - 1] ?? [];
    return typeof completes === 'string' ? this.#names[completes] : completes;
  }
}
