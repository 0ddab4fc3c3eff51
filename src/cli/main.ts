// The entry of the executable: decides which command runs, by the first word or by the name of the link it was
// called through. Each command is a file of its own, loaded on use.
import { basename } from 'node:path';

/** Takes the arguments, and how the user called the command. Resolves with the exit code. */
type Command = (args: readonly string[], program: string) => Promise<number>;

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  pub: async () => (await import('./pub.js')).runPub,
  sub: async () => (await import('./sub.js')).runSub,
  rr: async () => (await import('./rr.js')).runRr,
  passwd: async () => (await import('./passwd.js')).runPasswd,
  bench: async () => (await import('./bench.js')).runBench,
  signal: async () => (await import('./signal.js')).runSignal,
  ctrl: async () => (await import('./ctrl.js')).runCtrl,
};

const broker = async (): Promise<Command> => (await import('./broker.js')).runBroker;

/** Links by these names are these commands. */
const links: Readonly<Record<string, string>> = {
  mosquitto_pub: 'pub',
  mosquitto_sub: 'sub',
  mosquitto_rr: 'rr',
  mosquitto_passwd: 'passwd',
  mosquitto_signal: 'signal',
  mosquitto_ctrl: 'ctrl',
};

/** A link by this name is the broker, whatever follows. */
const BROKER_LINK = 'mosquitto';

/** `argv` as Node has it: the runtime, the script, then what the user wrote. Sets the process' exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const name = basename(argv[1] ?? '');
  const args = argv.slice(2);
  if (Object.hasOwn(links, name)) {
    const run = await commands[links[name]!]!();
    // whatever is open still: a tool that is done ends
    process.exit(await run(args, name));
  }
  const first = args[0];
  if (name !== BROKER_LINK && first !== undefined && Object.hasOwn(commands, first)) {
    const run = await commands[first]!();
    process.exit(await run(args.slice(1), `pondhawk ${first}`));
  }
  const run = await broker();
  process.exitCode = await run(args, 'pondhawk');
}
