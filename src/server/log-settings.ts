// What a configuration and the flags say about the log.
import { type Configuration, completed } from '../config/configuration.js';
import { globalOptions, type LogDestination, type LogType } from '../config/global-options.js';
import type { LogLevel } from '../core/plugin.js';
import {
  type Destination,
  FileDestination,
  StreamDestination,
  SyslogDestination,
  TopicDestination,
} from '../logging/destinations.js';
import type { LogSettings } from '../logging/logger.js';
import { strftime } from '../time/strftime.js';

export interface LogFlags {
  /** -v: everything. */
  readonly verbose: boolean;
  /** -q: nothing. */
  readonly quiet: boolean;
}

export interface LogPlaces {
  /** For `log_dest topic`. */
  publish(topic: string, text: string): void;
  /** A destination cannot be used; the text says why. */
  failed(text: string): void;
  /** The same, and what was written to before is kept. */
  kept(text: string): void;
}

/** Types that lines of the broker have. */
const levels: ReadonlySet<LogType> = new Set<LogType>([
  'error',
  'warning',
  'notice',
  'information',
  'debug',
  'subscribe',
  'unsubscribe',
]);

function typesOf(given: readonly LogType[], { verbose, quiet }: LogFlags): ReadonlySet<LogLevel> {
  if (quiet) return new Set();
  const wanted = verbose ? [...levels] : given.filter((type) => levels.has(type));
  return new Set(wanted as LogLevel[]);
}

/** strftime writes nothing, or too much, for a format that makes no sense. */
function formatted(format: string): (now: Date) => string {
  const write = strftime(format);
  return (now) => {
    const text = write(Math.floor(now.getTime() / 1000));
    return `${text === '' || text.length > 999 ? 'Time error' : text}: `;
  };
}

function formatOf(config: Configuration): LogSettings['format'] {
  return config.settings.log_format === 'json' ? 'json' : 'text';
}

function stampOf(config: Configuration): (now: Date) => string {
  const { log_timestamp: isOn, log_timestamp_format: format } = completed(globalOptions, config.settings);
  if (isOn === false) return () => '';
  if (format !== undefined) return formatted(format);
  return (now) => `${Math.floor(now.getTime() / 1000)}: `;
}

/** Until the broker starts: to standard error, as Mosquitto. */
export function firstLogSettings(config: Configuration): LogSettings {
  return {
    types: new Set<LogLevel>(['error', 'warning', 'notice', 'information']),
    format: formatOf(config),
    stamp: stampOf(config),
    rateLimit: 0,
    destinations: [StreamDestination.of(process.stderr)],
  };
}

/** It was opened anew already, if that was possible; better the old file than none. */
function sameFile(destinations: readonly Destination[], path: string): Destination | undefined {
  return destinations.find((one) => one instanceof FileDestination && one.path === path);
}

/**
 * Makes what lines are written to. A file that cannot be opened leaves errors to standard error; with `earlier`,
 * what was written to before, all goes on to be written there.
 */
export function logSettings(
  config: Configuration,
  flags: LogFlags,
  places: LogPlaces,
  earlier: readonly Destination[] = [],
): LogSettings {
  const settings = completed(globalOptions, config.settings);
  const stamp = stampOf(config);
  const { to, file } = settings.log_dest!;
  const make: Readonly<Record<LogDestination, () => Destination | undefined>> = {
    stdout: () => StreamDestination.of(process.stdout),
    stderr: () => StreamDestination.of(process.stderr),
    syslog: () => new SyslogDestination(settings.log_facility, places.failed),
    topic: () => new TopicDestination(places.publish),
    file: () => sameFile(earlier, file!) ?? new FileDestination(file!),
    dlt: () => undefined,
  };
  const common = {
    types: typesOf(settings.log_type!, flags),
    format: formatOf(config),
    stamp,
    rateLimit: settings.log_rate_limit!,
  };
  try {
    return { ...common, destinations: to.flatMap((name) => make[name]() ?? []) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const text = `Error: Unable to open log file ${file} for writing. (${code})`;
    if (earlier.length > 0) {
      places.kept(text);
      return { ...common, destinations: earlier };
    }
    places.failed(text);
    return {
      ...common,
      types: new Set<LogLevel>(['error']),
      destinations: [StreamDestination.of(process.stderr)],
    };
  }
}
