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
  ports: number[];
  hosts: string[];
  verbose: boolean;
  quiet: boolean;
  hints: boolean;
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

function program(version: string): Command {
  const command = new Command('pondhawk')
    .description(
      'MQTT broker for MQTT 3.1, 3.1.1 and 5. Without options it serves this machine only, on port 1883.',
    )
    .usage('[options]')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('-p, --port <port>', 'port to listen on; may be given up to ten times', parsePort, [])
    .option(
      '--host <address>',
      'address to listen on; may be given several times (default 127.0.0.1 and ::1)',
      collect,
      [],
    )
    .option('-v, --verbose', 'log everything that happens', false)
    .option('-q, --quiet', 'log nothing but errors', false)
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
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new UsageError('', 0);
    throw new UsageError(
      `${error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')} (pondhawk --help lists the options)`,
      1,
    );
  }
  const given = command.opts<
    Record<string, unknown> & {
      port: number[];
      host: string[];
      verbose: boolean;
      quiet: boolean;
      hints: boolean;
    }
  >();
  if (given.port.length > 10) throw new UsageError('at most ten ports can be given with -p', 1);
  const options: Record<string, unknown> = {};
  for (const name of optionNames) if (given[name] !== undefined) options[name] = given[name];
  const { port: ports, host: hosts, verbose, quiet, hints } = given;
  return { ports, hosts, verbose, quiet, hints, options: options as Partial<EngineOptions> };
}
