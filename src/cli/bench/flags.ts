// The command line of `pondhawk bench`: commander reads it by the table in flag-table.ts; what cannot be meant is
// refused here, before anything is opened.
import { Command, CommanderError, Option } from 'commander';
import { type BenchConfig, type Scenario, scenarios } from './config.js';
import { configFrom, type GivenFlags } from './config-from-flags.js';
import { type BenchFlag, flagGroups } from './flag-table.js';
import { descriptions, epilogue, overview } from './help.js';

export type FlagsOutcome =
  | { kind: 'run'; config: BenchConfig }
  | { kind: 'exit'; code: number; stdout: string; stderr: string };

export interface FlagsWorld {
  /** Throws if the file cannot be read. */
  readFile(path: string): Buffer;
  /** A number that no other run has. */
  random(): number;
}

function optionsOf({ flags, help, parse, aliases = [] }: BenchFlag, heading: string): Option[] {
  const option = (names: string): Option => {
    const made = new Option(names, help).helpGroup(heading);
    if (parse !== undefined) made.argParser(parse);
    return made;
  };
  const main = option(flags);
  const value = flags.slice(flags.search(/ [<[]/));
  const others = aliases.map((name) => {
    const other = option(`${name}${value}`).hideHelp();
    other.attributeName = () => main.attributeName();
    return other;
  });
  return [main, ...others];
}

function scenarioCommand(scenario: Scenario): Command {
  const command = new Command(scenario)
    .description(descriptions[scenario])
    .usage('[options]')
    .helpOption('--help', 'print this help')
    .allowExcessArguments(false)
    .addHelpText('after', epilogue(scenario));
  for (const [heading, flags] of flagGroups)
    for (const flag of flags)
      if (flag.scenarios.includes(scenario))
        for (const option of optionsOf(flag, heading)) command.addOption(option);
  return command;
}

class Output {
  stdout = '';
}

function program(chosen: (scenario: Scenario, flags: GivenFlags) => void, output: Output): Command {
  const top = new Command('pondhawk bench')
    .description('Measures an MQTT broker: connections, publishing, subscribing, round trips.')
    .usage('<conn|pub|sub|rtt> [options]')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', overview);
  for (const scenario of scenarios) {
    const command = scenarioCommand(scenario);
    command.action((flags: GivenFlags) => chosen(scenario, flags));
    top.addCommand(command);
  }
  for (const command of [top, ...top.commands])
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        output.stdout += text;
      },
      writeErr: () => {},
      outputError: () => {},
    });
  return top;
}

function exit(code: number, stdout: string, stderr: string): FlagsOutcome {
  return { kind: 'exit', code, stdout, stderr };
}

export function parseBenchFlags(args: readonly string[], world: FlagsWorld): FlagsOutcome {
  const output = new Output();
  let config: BenchConfig | undefined;
  const top = program((scenario, flags) => {
    config = configFrom(scenario, flags, world);
  }, output);
  const [first = ''] = args;
  const isScenario = (scenarios as readonly string[]).includes(first);
  const hint = `pondhawk bench ${isScenario ? `${first} ` : ''}--help lists ${isScenario ? 'the flags' : 'what there is'}`;
  if (args.length === 0) return exit(1, '', `choose one of ${scenarios.join(', ')} (${hint})`);
  try {
    top.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exit(0, output.stdout, '');
    const text = (error as Error).message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    return exit(1, '', `${text} (${hint})`);
  }
  return config === undefined ? exit(0, output.stdout, '') : { kind: 'run', config };
}
