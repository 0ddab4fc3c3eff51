// `pondhawk`: runs the broker until a signal ends it, as mosquitto(8) does: configuration, background, user, signals.
import { bindAddressProblem } from '../config/bind-address.js';
import { type Configuration, completed, emptyConfiguration } from '../config/configuration.js';
import { globalOptions } from '../config/global-options.js';
import { readConfiguration } from '../config/read-configuration.js';
import { OptionError } from '../core/options.js';
import { Logger, type LogLevel } from '../logging/logger.js';
import { firstLogSettings } from '../server/log-settings.js';
import { Server, startWarnings } from '../server/server.js';
import { ExitCode, ServerProblem } from '../server/server-problem.js';
import { type BrokerFlags, parseFlags, UsageError } from './flags.js';
import { helpOptions } from './help-options.js';
import { nameBrokerProcess } from './process/broker-processes.js';
import { daemonize, isBackground, reportFailure, reportLine, reportReady } from './process/daemon.js';
import { PidFile } from './process/pid-file.js';
import { dropPrivileges } from './process/privileges.js';
import { type ActivatedSocket, activatedSockets } from './process/socket-activation.js';
import { SystemdNotifier } from './process/systemd.js';
import { setUmask } from './process/umask.js';
import { handleSignals } from './signals.js';
import { packageVersion } from './version.js';

const DEFAULT_PORT = 1883;
/** For whoever still reads the last lines of the log. */
const LINGER_MS = 2000;

function hints(host: string, port: number): string {
  const flag = port === DEFAULT_PORT ? '' : ` -p ${port}`;
  return [
    '',
    `Pondhawk serves MQTT 3.1, 3.1.1 and 5 on ${host}:${port} (this machine only).`,
    'Try it from two other terminals:',
    '',
    `  bin/pondhawk sub${flag} -t 'greetings/#' -v`,
    `  bin/pondhawk pub${flag} -t greetings/first -m 'hello'`,
    '',
    'Ctrl-C stops it.',
    '',
    '',
  ].join('\n');
}

/** What ends the start: lines for the log, and the exit code. */
interface Failure {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

function failureOf(error: unknown): Failure {
  if (error instanceof ServerProblem) return error;
  if (error instanceof OptionError)
    return { lines: [`Error: ${error.message}`], exitCode: ExitCode.configuration };
  return { lines: [crashLine(error)], exitCode: ExitCode.general };
}

/** What nobody has foreseen. */
function crashLine(error: unknown): string {
  return `Error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** The program: from what the user wrote to a broker that runs, and to its end. */
class BrokerProgram {
  readonly #flags: BrokerFlags;
  readonly #program: string;
  readonly #version = `pondhawk version ${packageVersion()}`;
  readonly #logger: Logger;
  #pidFile: PidFile | undefined;
  #systemd: SystemdNotifier | undefined;

  constructor(flags: BrokerFlags, program: string) {
    this.#flags = flags;
    this.#program = program;
    this.#logger = new Logger(firstLogSettings(emptyConfiguration()));
    // whoever read it has gone: SIGUSR2 still prints
    process.stdout.on('error', () => {});
    if (flags.quiet)
      this.#logger.configure({ ...firstLogSettings(emptyConfiguration()), types: new Set(['error']) });
    // a broker that ends for a reason that nobody has foreseen leaves that reason, and no pid file
    process.on('uncaughtExceptionMonitor', (error) => this.#crashed(error));
  }

  #crashed(error: unknown): void {
    this.#logger.log('error', crashLine(error));
    this.#pidFile?.remove();
  }

  /** As Mosquitto, which says this before it goes into the background. */
  readonly #tellAtOnce = (level: LogLevel, text: string): void => {
    this.#logger.log(level, text);
    if (isBackground()) void reportLine(`${Math.floor(Date.now() / 1000)}: ${text}`);
  };

  #readConfiguration(): Configuration | undefined {
    return readConfiguration(this.#flags.configFiles, this.#logger.log);
  }

  /** Returns the exit code. */
  async run(): Promise<number> {
    const config = this.#readConfiguration();
    if (config === undefined) return this.#end({ lines: [], exitCode: ExitCode.configuration });
    const problem = await bindAddressProblem(config);
    if (problem !== undefined) return this.#end({ lines: [problem], exitCode: ExitCode.configuration });
    if (this.#flags.testConfig) {
      for (const text of startWarnings(config)) this.#logger.log('warning', text);
      this.#logger.log('information', 'Configuration file is OK.');
      return this.#end({ lines: [], exitCode: 0 });
    }
    if (this.#flags.daemon && !isBackground()) return daemonize();
    try {
      return await this.#serve(config);
    } catch (error) {
      const failure = failureOf(error);
      if (isBackground()) await reportFailure(failure.lines.join('\n'), failure.exitCode);
      return this.#end(failure);
    }
  }

  #end({ lines, exitCode }: Failure): number {
    for (const line of lines) this.#logger.log('error', line);
    this.#logger.log('information', `${this.#version} terminating`);
    this.#logger.flush();
    this.#pidFile?.remove();
    return exitCode;
  }

  async #serve(config: Configuration): Promise<number> {
    const settings = completed(globalOptions, config.settings);
    const { log } = this.#logger;
    if (this.#flags.quiet) {
      // errors at the start are told all the same
    } else this.#logger.configure(firstLogSettings(config));
    dropPrivileges({ user: settings.user!, log: this.#tellAtOnce });
    setUmask();
    if (settings.pid_file !== undefined) this.#pidFile = PidFile.write(settings.pid_file);
    const { configFiles, ports, options, verbose, quiet, tlsKeylog } = this.#flags;
    const server = new Server({
      config,
      sockets: this.#sockets(),
      ports,
      options,
      verbose,
      quiet,
      tlsKeylog,
      version: this.#version,
      file: configFiles.at(-1),
      logger: this.#logger,
    });
    this.#systemd = SystemdNotifier.from({ warn: (text) => log('warning', `Warning: ${text}`) });
    const ended = handleSignals({
      reload: () => this.#reload(server),
      rotate: () => server.rotateLog(),
      save: () => server.save(),
      print: () => process.stdout.write(server.tree()),
    });
    await this.#start(server);
    await ended;
    void this.#systemd?.stopping();
    await server.close();
    this.#pidFile?.remove();
    this.#logger.close();
    // what nobody reads keeps no process from ending
    setTimeout(() => process.exit(0), LINGER_MS).unref();
    return 0;
  }

  /** Those that systemd has opened for us. */
  #sockets(): ActivatedSocket[] {
    try {
      return activatedSockets();
    } catch (error) {
      throw new ServerProblem(ExitCode.general, `Error: ${(error as Error).message}`);
    }
  }

  async #start(server: Server): Promise<void> {
    try {
      await server.start();
    } catch (error) {
      // whatever the log was told to leave out, this is to be seen
      if (this.#flags.quiet && error instanceof ServerProblem)
        process.stderr.write(`${error.lines.join('\n')}\n`);
      throw error;
    }
    nameBrokerProcess(this.#program);
    const [address] = server.broker.addresses;
    if (this.#flags.hints && address !== undefined) process.stdout.write(hints(address.host, address.port));
    if (isBackground()) await reportReady();
    await this.#systemd?.ready(`${this.#version} running`);
  }

  async #reload(server: Server): Promise<void> {
    await this.#systemd?.reloading();
    await server.reload(() => this.#readConfiguration());
    await this.#systemd?.ready();
  }
}

/** Returns the exit code. */
export async function runBroker(args: readonly string[], program = 'pondhawk'): Promise<number> {
  let flags: BrokerFlags;
  try {
    flags = parseFlags(args, packageVersion());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error.exitCode === 0) return 0;
    process.stderr.write(`Error: ${error.message}\n`);
    return error.exitCode;
  }
  if (flags.helpOptions) {
    process.stdout.write(helpOptions());
    return 0;
  }
  return new BrokerProgram(flags, program).run();
}
