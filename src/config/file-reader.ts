// Reads one configuration file, line by line, into a configuration (mosquitto.conf(5)). The first mistake ends it.
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { ConfigError } from './config-error.js';
import type {
  BridgeConfiguration,
  Configuration,
  ListenerConfiguration,
  Origin,
  PluginConfiguration,
} from './configuration.js';
import { didYouMean } from './did-you-mean.js';
import { type Known, optionNames, PLUGIN_OPTION_PREFIXES } from './options.js';
import { begin, defaultListener } from './structure.js';
import { Words } from './words.js';

export type ReportLevel = 'error' | 'warning' | 'notice' | 'information';
/** Hears what is to be said about a configuration, while it is read. */
export type Report = (level: ReportLevel, text: string) => void;

/** What all files of one configuration have in common. */
export interface Reading {
  readonly config: Configuration;
  readonly report: Report;
  /** Options without effect that were spoken of already. */
  readonly told: Set<string>;
  /** An option of authentication or access was seen. */
  hasSecurity: boolean;
}

/** A configuration file of more bytes than this is none. */
const MAX_FILE = 64 * 1024 * 1024;

/** Whatever it is that the path names: a device may have no end. */
function boundedContent(path: string): string {
  const file = openSync(path, 'r');
  const chunks: Buffer[] = [];
  try {
    for (let size = 0; size <= MAX_FILE; ) {
      const chunk = Buffer.alloc(65_536);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks).toString();
      chunks.push(chunk.subarray(0, count));
      size += count;
    }
  } finally {
    closeSync(file);
  }
  throw new ConfigError(`Config file '${path}' has more than ${MAX_FILE} bytes; that is no configuration.`);
}

function contentOf(path: string): string {
  try {
    if (statSync(path).isDirectory()) throw new ConfigError(`Config file '${path}' is a directory.`);
    return boundedContent(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : code;
    throw new ConfigError(`Unable to open config file '${path}'. (${why})`);
  }
}

/** Lines of Mosquitto's config.mk, which tutorials print beside its configuration. */
const BUILD_SETTING = /^WITH_[A-Z0-9_]+:?=/;

/** As Mosquitto orders them: by letter whatever its case, then upper case first. */
function byName(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  if (left !== right) return left < right ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const certificateOptions = ['bridge_cafile', 'bridge_capath', 'bridge_certfile', 'bridge_keyfile'] as const;

export class FileReader {
  readonly #reading: Reading;
  readonly #path: string;
  readonly isMain: boolean;
  #line = 0;
  /** What lines that belong to something belong to. They do not reach into other files. */
  listener: ListenerConfiguration | null = null;
  bridge: BridgeConfiguration | null = null;
  plugin: PluginConfiguration | null = null;

  constructor(reading: Reading, path: string, isMain: boolean) {
    this.#reading = reading;
    this.#path = path;
    this.isMain = isMain;
  }

  get config(): Configuration {
    return this.#reading.config;
  }

  get origin(): Origin {
    return { file: this.#path, line: this.#line };
  }

  get hasSecurity(): boolean {
    return this.#reading.hasSecurity;
  }

  report(level: ReportLevel, text: string): void {
    this.#reading.report(level, text);
  }

  /** Reads it all. Throws a ConfigError after it was reported, with file and line. */
  read(): void {
    try {
      const content = contentOf(this.#path).replace(/^\uFEFF/, '');
      for (const line of content.split('\n')) {
        this.#line++;
        this.#read(line.replace(/\r+$/, ''));
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#complain(error);
      throw error;
    }
  }

  #complain(error: ConfigError): void {
    if (error.message !== '') this.report('error', `Error: ${error.message}`);
    // whoever hears of it next has nothing to add but its own line
    error.message = '';
    if (this.#line === 0) return;
    const where = `${this.#path}:${this.#line}`;
    this.report('error', `Error found at ${this.isMain ? where : `'${where}'`}.`);
  }

  #read(line: string): void {
    if (line.startsWith('\r')) return;
    if (line.includes('\0')) throw new ConfigError('There is a NUL byte in this line; this is no text file.');
    const words = new Words(line);
    const name = words.next();
    if (name === undefined || name.startsWith('#')) return;
    if (PLUGIN_OPTION_PREFIXES.some((prefix) => name.startsWith(prefix)))
      return this.#pluginOption(name, words);
    if (BUILD_SETTING.test(line)) return this.#tellBuildSetting(name);
    const known = optionNames.get(name);
    if (known === undefined) throw this.#unknown(name);
    if (known.rule.notice !== undefined) this.report('notice', known.rule.notice.replace('%s', name));
    if (known.kind === 'structure') begin[known.name](this, words, name);
    else if (this.#set(name, known, words) === known.rule.value) return;
    this.#warnOfInactive(name, known);
  }

  #tellBuildSetting(name: string): void {
    this.report('warning', `Warning: '${name}' is a setting of Mosquitto's build, and has no effect here.`);
  }

  #unknown(name: string): ConfigError {
    const meant = didYouMean(name, optionNames.keys());
    const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`;
    return new ConfigError(`Unknown configuration variable '${name}'.${hint}`);
  }

  /** Whoever uses an option that does nothing should know, once. */
  #warnOfInactive(name: string, { rule }: Known): void {
    const { told } = this.#reading;
    if (rule.inactive === undefined || told.has(name)) return;
    told.add(name);
    this.report('warning', `Warning: The '${name}' option has no effect: ${rule.inactive}.`);
  }

  needs(name: string, what: string): ConfigError {
    return new ConfigError(`The '${name}' option requires ${what} to be defined first.`);
  }

  /** Returns the value. */
  #set(name: string, known: Extract<Known, { kind: 'option' }>, words: Words): unknown {
    const target = this.#targetOf(name, known) as Record<string, unknown>;
    const value = known.rule.read(words, name, target[known.name]);
    target[known.name] = value;
    return value;
  }

  /** The values that an option belongs to. */
  #targetOf(name: string, { rule }: Extract<Known, { kind: 'option' }>): object {
    switch (rule.place) {
      case 'global':
        return this.config.settings;
      case 'security':
        return this.securityOwner(name)?.security ?? this.config.security;
      case 'bridge':
        if (this.bridge === null) throw this.needs(name, 'a bridge');
        this.#checkBridgeEncryption(name, this.bridge);
        return this.bridge.settings;
      case 'plugin':
        if (this.plugin === null)
          throw new ConfigError(`An ${name} option exists in the config file without a plugin.`);
        return this.plugin;
      case 'own-listener':
        if (this.listener === null || this.listener.isDefault) throw this.needs(name, 'a listener');
        return this.listener.settings;
      case 'given-listener':
        if (this.listener === null) throw this.needs(name, 'a listener');
        return this.listener.settings;
      case 'listener':
        if (this.listener === null) defaultListener(this, name);
        this.#checkListenerEncryption(name, this.listener!);
        return this.listener!.settings;
    }
  }

  /** A listener speaks TLS with a certificate or with pre-shared keys. */
  #checkListenerEncryption(name: string, { settings }: ListenerConfiguration): void {
    const isSecond =
      (name === 'psk_hint' && settings.certfile !== undefined) ||
      ((name === 'cafile' || name === 'certfile') && settings.psk_hint !== undefined);
    if (isSecond)
      this.report(
        'warning',
        'Warning: A listener uses a certificate or pre-shared keys, not both; this one uses its certificate.',
      );
  }

  #checkBridgeEncryption(name: string, { settings }: BridgeConfiguration): void {
    const hasPsk = settings.bridge_identity !== undefined || settings.bridge_psk !== undefined;
    const hasCertificate = certificateOptions.some((one) => settings[one] !== undefined);
    if (hasPsk && certificateOptions.some((one) => one === name))
      throw new ConfigError(`'${name}': Cannot use both certificate and psk encryption in a single bridge.`);
    if (hasCertificate && (name === 'bridge_identity' || name === 'bridge_psk'))
      throw new ConfigError(
        `'${name}': Cannot use both certificate and identity encryption in a single bridge.`,
      );
  }

  /** The listener that an option of access belongs to; null: the broker. */
  securityOwner(name: string): ListenerConfiguration | null {
    this.#reading.hasSecurity = true;
    if (!this.config.perListenerSettings) return null;
    if (this.listener === null) throw this.needs(name, 'a listener');
    if (name === 'allow_anonymous')
      this.report(
        'notice',
        "You are using the 'allow_anonymous' option with 'per_listener_settings true'. Please replace this with 'listener_allow_anonymous'.",
      );
    return this.listener;
  }

  #pluginOption(name: string, words: Words): void {
    if (this.plugin === null) throw this.needs(name, 'plugin/global_plugin/plugin_load');
    const key = name.slice(PLUGIN_OPTION_PREFIXES.find((prefix) => name.startsWith(prefix))!.length);
    if (key.length < 3) throw new ConfigError("Invalid 'plugin_opt_' config option.");
    const value = words.remainder();
    if (value === '') throw new ConfigError(`Empty '${key}' value in configuration.`);
    this.plugin.options.push([key, value]);
  }

  /** Reads the files of a folder. */
  include(folder: string): void {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      throw new ConfigError(`Unable to open include_dir '${folder}'.`);
    }
    const files = names.filter((name) => name.length > 5 && name.endsWith('.conf')).sort(byName);
    for (const name of files) {
      const path = `${folder}/${name}`;
      this.report('information', `Loading config file '${path}'`);
      new FileReader(this.#reading, path, false).read();
    }
  }
}
