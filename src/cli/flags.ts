// The flags of the broker command, made from the table of options, so that a new option has a flag by itself.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import {
  checkOption,
  type EngineOptions,
  type OptionName,
  optionNames,
  optionRules,
} from '../core/options.js';

export interface BrokerFlags {
  configFiles: string[];
  ports: number[];
  daemon: boolean;
  verbose: boolean;
  quiet: boolean;
  hints: boolean;
  testConfig: boolean;
  tlsKeylog: string | undefined;
  /** Print what a configuration file may say, instead of running. */
  helpOptions: boolean;
  options: Partial<EngineOptions>;
}

/** What the user wrote cannot be carried out; or it was a question (help, version) and was answered. */
export class UsageError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Mosquitto's exit code for what the user wrote. */
const INVALID = 3;

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function parsePort(text: string, earlier: number[]): number[] {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  return [...earlier, port];
}

function collect(text: string, earlier: string[]): string[] {
  return [...earlier, text];
}

const switches: Readonly<Record<string, boolean>> = { true: true, false: false };

/** A value from the command line in the type of its option. */
function parseValue(name: OptionName, text: string): unknown {
  const kind = typeof optionRules[name].value;
  const value =
    kind === 'number'
      ? text.trim() === ''
        ? Number.NaN
        : Number(text)
      : kind === 'boolean'
        ? switches[text]
        : text;
  if (kind === 'boolean' && value === undefined) throw new InvalidArgumentError('Write true or false.');
  if (Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  const wrong = checkOption(name, value);
  if (wrong !== undefined) throw new InvalidArgumentError(`${wrong}.`);
  return value;
}

function optionFlag(name: OptionName): Option {
  const rule = optionRules[name];
  const kind = typeof rule.value === 'number' ? 'N' : typeof rule.value === 'boolean' ? 'true|false' : 'TEXT';
  const shown = rule.value === '' ? '' : ` (default ${rule.value})`;
  return new Option(`--${kebab(name)} <${kind}>`, `${rule.help}${shown}`).argParser((text) =>
    parseValue(name, text),
  );
}

/** The other commands: each has help of its own. */
const commandTexts: Readonly<Record<string, string>> = {
  pub: 'publish messages (mosquitto_pub)',
  sub: 'subscribe, and print messages (mosquitto_sub)',
  rr: 'publish a request, and print the response (mosquitto_rr)',
  passwd: 'keep password files (mosquitto_passwd)',
  ctrl: 'change who may do what while a broker runs (mosquitto_ctrl)',
  signal: 'reload or stop brokers (mosquitto_signal)',
  bench: 'load a broker, and measure it',
};
const commandsHelp = `
Commands, instead of the options (pondhawk COMMAND --help):
${Object.entries(commandTexts)
  .map(([name, text]) => `  ${name.padEnd(8)} ${text}`)
  .join('\n')}
`;

function program(version: string): Command {
  const command = new Command('pondhawk')
    .description(
      'MQTT broker for MQTT 3.1, 3.1.1 and 5. Without options it serves this machine only, on port 1883.',
    )
    .usage('[options]')
    .addHelpText('after', commandsHelp)
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('-c, --config-file <file>', 'read a configuration file (mosquitto.conf)', collect, [])
    .option('-d, --daemon', 'run in the background', false)
    .option(
      '-p, --port <port>',
      'port to listen on, for this machine only; up to ten times; not with a listener in the configuration',
      parsePort,
      [],
    )
    .option('-q, --quiet', 'log nothing, whatever the configuration says', false)
    .option('-v, --verbose', 'log everything, whatever the configuration says', false)
    .option('--test-config', 'check the configuration file and exit', false)
    .option('--tls-keylog <file>', 'write the keys of TLS connections to a file, for debugging')
    .option('--help-options', 'print every option of a configuration file', false)
    .addOption(new Option('--hints', 'say what to try next').hideHelp().default(false))
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const name of optionNames) command.addOption(optionFlag(name));
  return command;
}

/** Reads the command line; throws a UsageError. */
export function parseFlags(args: readonly string[], version: string): BrokerFlags {
  const command = program(version);
  const [first] = args;
  if (first !== undefined && !first.startsWith('-'))
    throw new UsageError(
      `Unknown command '${first}': it is one of ${Object.keys(commandTexts).join(', ')}, or options for the broker. (pondhawk --help)`,
      INVALID,
    );
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new UsageError('', 0);
    const text = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    throw new UsageError(`${text} (pondhawk --help lists the options)`, INVALID);
  }
  const given = command.opts<
    Record<string, unknown> & {
      configFile: string[];
      port: number[];
      daemon: boolean;
      verbose: boolean;
      quiet: boolean;
      hints: boolean;
      testConfig: boolean;
      tlsKeylog?: string;
      helpOptions: boolean;
    }
  >();
  if (given.port.length > 10)
    throw new UsageError('Only 10 ports can be specified on the command line.', INVALID);
  if (given.testConfig && given.configFile.length === 0)
    throw new UsageError('Please provide a configuration file to test.', INVALID);
  const options: Record<string, unknown> = {};
  for (const name of optionNames) if (given[name] !== undefined) options[name] = given[name];
  const { configFile: configFiles, port: ports, tlsKeylog, ...flags } = given;
  return { ...flags, configFiles, ports, tlsKeylog, options: options as Partial<EngineOptions> };
}
