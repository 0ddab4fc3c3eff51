// A broker as a configuration file describes it: started, reloaded and stopped as Mosquitto's users know it.
import { type AclFileOptions, type AclFilePlugin, aclFilePlugin } from '../auth/acl-plugin.js';
import { Broker } from '../broker.js';
import { changesForNextStart, guardsAmong, listenerChangesForNextStart } from '../config/changes.js';
import { type Configuration, completed, type ListenerConfiguration } from '../config/configuration.js';
import { globalOptions } from '../config/global-options.js';
import type { EngineOptions } from '../core/options.js';
import type { Plugin } from '../core/plugin.js';
import type { Destination } from '../logging/destinations.js';
import type { Logger } from '../logging/logger.js';
import { type SysTopicsPlugin, sysTopicsPlugin } from '../sys/sys-topics.js';
import { Access } from './access.js';
import { brokerControl, type ListedListener } from './broker-control.js';
import { ClientLog } from './client-log.js';
import {
  certificatesOf,
  closedReason,
  closedWarning,
  Listening,
  type OpenedSocket,
  speaksTls,
} from './listening.js';
import { type LogFlags, type LogPlaces, logSettings } from './log-settings.js';
import { PacketLog } from './packet-log.js';
import { loadPlugins, pluginWarnings, useBuiltInPlugins } from './plugins.js';
import { ExitCode, ServerProblem } from './server-problem.js';
import { aclOptions, engineOptions, listenerLimits, listenerName } from './settings.js';
import { treePrint } from './tree-print.js';

export interface ServerOptions extends LogFlags {
  /** Name and version, for the log. */
  readonly version: string;
  readonly config: Configuration;
  /** The file that it came from, for the log. */
  readonly file: string | undefined;
  /** Ports of the command line, for a configuration without a listener; 1883 without any. */
  readonly ports: readonly number[];
  /** Options of the command line: they win over the configuration. */
  readonly options: Partial<EngineOptions>;
  readonly logger: Logger;
  /** Listening sockets that somebody else has opened, by the name or the port of their listener. */
  readonly sockets?: readonly OpenedSocket[] | undefined;
  /** File for the keys of TLS connections. */
  readonly tlsKeylog?: string | undefined;
}

/** What the start will say of listeners and plugins that cannot be had. */
export function startWarnings(config: Configuration): string[] {
  const listeners = config.listeners.map((listener) => closedWarning(listener));
  return [...listeners.filter((text) => text !== undefined), ...pluginWarnings(config)];
}

/** Reads the configuration again; undefined after an error, which was logged. */
export type ReadAgain = () => Configuration | undefined;

/** What a build of Mosquitto says it can do. */
const FEATURES = [
  'Bridge support NOT available.',
  'Persistence support NOT available.',
  'TLS support available.',
  'TLS-PSK support available.',
  'Websockets support available.',
];

export class Server {
  readonly broker: Broker;
  readonly #options: ServerOptions;
  readonly #logger: Logger;
  readonly #clientLog: ClientLog;
  readonly #packetLog: PacketLog;
  readonly #access = new Access();
  readonly #sys: SysTopicsPlugin;
  readonly #listening: Listening;
  #config: Configuration;
  /** What holds until the next start, whatever reloads say. */
  readonly #started: Configuration;
  /** By name, the listeners that are open, as they were when they were opened. */
  readonly #opened = new Map<string, ListenerConfiguration>();
  /** The plugin that answers on $CONTROL/broker/v1, if there is to be one. */
  readonly #control: readonly Plugin[];
  /** Plugins that the configuration names. */
  #loaded: readonly Plugin[] = [];
  #acl: { options: AclFileOptions | null; plugin: AclFilePlugin | null } = { options: null, plugin: null };
  /** Reloads, one after the other. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: ServerOptions) {
    const { config, logger, version } = options;
    const { log } = logger;
    this.#options = options;
    this.#config = config;
    this.#started = config;
    this.#logger = logger;
    this.#clientLog = new ClientLog(log);
    this.#packetLog = new PacketLog(log);
    this.#sys = sysTopicsPlugin({
      metrics: () => this.broker.metrics,
      version,
      interval: completed(globalOptions, config.settings).sys_interval!,
    });
    this.#control = brokerControl(config, {
      listeners: () => (config.isLocalOnly ? this.#loopback : [...this.#opened.values()]),
      plugins: () => this.#loaded,
      log,
    });
    useBuiltInPlugins(config);
    this.broker = new Broker({
      ...engineOptions(config),
      ...options.options,
      plugins: [this.#access, this.#sys],
      observer: this.#clientLog,
      log,
    });
    this.#listening = new Listening(this.broker, log, options.sockets, options.tlsKeylog);
  }

  /** The listeners of a configuration without any. */
  get #loopback(): readonly ListedListener[] {
    return this.broker.addresses.map(({ host, port }) => ({ host, port, path: undefined, settings: {} }));
  }

  /** Throws a ServerProblem when it cannot serve as the configuration says; then it is closed. */
  start(): Promise<void> {
    const started = this.#start();
    // a reload that is asked for meanwhile comes after it
    this.#reloading = started.catch(() => {});
    return started;
  }

  async #start(): Promise<void> {
    const { version, file } = this.#options;
    const { log } = this.#logger;
    this.#configureLog();
    log('information', `${version} starting`);
    log('information', file === undefined ? 'Using default config.' : `Config loaded from ${file}.`);
    for (const text of FEATURES) log('information', text);
    try {
      await this.broker.start();
      await this.#usePlugins();
      await this.#useFiles(this.#config);
      await this.#openListeners();
    } catch (error) {
      await this.broker.close();
      throw error;
    }
    log('information', `${version} running`);
  }

  /** `earlier`: what is written to now, and goes on to be where that is possible. */
  #configureLog(earlier?: readonly Destination[]): void {
    const { config, options } = { config: this.#config, options: this.#options };
    const places: LogPlaces = {
      publish: (topic, text) => this.#publishLog(topic, text),
      failed: (text) => process.stderr.write(`${text}\n`),
      kept: (text) => this.#logger.log('error', text),
    };
    this.#logger.configure(logSettings(config, options, places, earlier));
    this.#clientLog.isOn = completed(globalOptions, config.settings).connection_messages!;
    const watches = (['debug', 'subscribe', 'unsubscribe'] as const).some((one) => this.#logger.has(one));
    this.broker.observePackets(watches ? this.#packetLog : null);
  }

  #publishLog(topic: string, payload: string): void {
    this.broker.publish({ topic, payload, qos: 2, properties: { messageExpiryInterval: 20 } });
  }

  /** Those of the configuration are asked before the built-in ones. */
  async #usePlugins(): Promise<void> {
    const { log } = this.#logger;
    this.#loaded = await loadPlugins(this.#config, log);
    await this.#changePlugins(null);
    for (const { name } of this.#loaded) log('information', `Plugin ${name} loaded.`);
  }

  async #changePlugins(acl: AclFilePlugin | null): Promise<void> {
    const rules = acl === null ? [] : [acl];
    await this.broker.usePlugins([...this.#loaded, this.#access, ...rules, this.#sys, ...this.#control]);
  }

  /** Access rules: the files that are there are read again, and others are taken over. */
  async #useRules(config: Configuration): Promise<void> {
    const options = aclOptions(config);
    const { options: before, plugin } = this.#acl;
    if (plugin !== null && JSON.stringify(options) === JSON.stringify(before)) return plugin.reload();
    const rules = options === null ? null : aclFilePlugin(options);
    if (rules !== null || plugin !== null) await this.#changePlugins(rules);
    this.#acl = { options, plugin: rules };
  }

  /** Files of rules, passwords and keys. */
  async #useFiles(config: Configuration): Promise<void> {
    try {
      const files = await this.#access.load(config);
      await this.#useRules(config);
      await this.#access.use(config, files);
      this.#tellFiles(config);
    } catch (error) {
      const isMissing = (error as Error).message.includes('Unable to open');
      throw new ServerProblem(
        isMissing ? ExitCode.missing : ExitCode.configuration,
        (error as Error).message,
      );
    }
  }

  /** What the files decide about, in Mosquitto's words. */
  #tellFiles(config: Configuration): void {
    const given = [config.security, ...config.listeners.map(({ security }) => security)];
    for (const [option, event] of [
      ['password_file', 'basic-auth'],
      ['acl_file', 'acl-check'],
      ['psk_file', 'psk-key'],
    ] as const) {
      const text = `Plugin builtin-security has registered to receive '${event}' events.`;
      if (given.some((security) => security[option] !== undefined)) this.#logger.log('information', text);
    }
  }

  async #openListeners(): Promise<void> {
    const { ports } = this.#options;
    const config = this.#config;
    if (config.isLocalOnly) {
      await this.#listening.openLocal(config, ports.length > 0 ? ports : [1883]);
      return;
    }
    for (const listener of config.listeners) await this.#open(config, listener);
    if (this.broker.addresses.length === 0)
      throw new ServerProblem(ExitCode.general, 'Error: Unable to start any listening sockets, exiting.');
  }

  async #open(config: Configuration, listener: ListenerConfiguration): Promise<void> {
    const name = listenerName(listener);
    await this.#listening.open(config, listener, this.#access.keysFor(name));
    if (closedReason(listener.settings) === undefined) this.#opened.set(name, listener);
  }

  /**
   * Takes over a changed configuration without ending a connection; what cannot change is named in the log. When
   * anything is wrong with it, or with a file that it names, the old one stays. The log is opened anew.
   */
  reload(readAgain: ReadAgain): Promise<void> {
    this.#reloading = this.#reloading
      .then(() => this.#reload(readAgain))
      .catch((error) => this.#complain(error));
    return this.#reloading;
  }

  async #reload(readAgain: ReadAgain): Promise<void> {
    const { log } = this.#logger;
    log('information', 'Reloading config.');
    this.#logger.reopen();
    const config = readAgain();
    if (config === undefined) return this.#keep();
    useBuiltInPlugins(config);
    // sockets that others reach must not get the rules of a broker that serves this machine only
    if (config.isLocalOnly !== this.#config.isLocalOnly) {
      this.#nameFixed(['listener']);
      return this.#keep();
    }
    const guards = guardsAmong(this.#fixedChanges(config));
    if (guards.length > 0) {
      for (const name of guards)
        this.#logger.log(
          'error',
          `Error: The '${name}' option has changed. It decides who comes in and takes a restart, so nothing else is changed before.`,
        );
      return this.#keep();
    }
    try {
      for (const listener of config.listeners) await this.#check(listener);
      await this.#useFiles(config);
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      this.#complain(error);
      return this.#keep();
    }
    this.#nameFixed(this.#fixedChanges(config));
    // nobody stays without rules
    const endsConnections = this.#config.perListenerSettings || config.perListenerSettings;
    this.#config = config;
    this.broker.reconfigure({ ...engineOptions(config), ...this.#options.options });
    this.#sys.changeInterval(completed(globalOptions, config.settings).sys_interval!);
    const isComplete = await this.#changeListeners(config, endsConnections);
    this.#configureLog(this.#logger.destinations);
    if (!isComplete)
      log('error', 'Error: Not all listeners are as the configuration has them; a later reload tries again.');
    log('information', 'Reloaded config.');
  }

  /** Names of what has changed and takes a restart. */
  #fixedChanges(config: Configuration): string[] {
    const names = config.listeners.flatMap((listener) => {
      const opened = this.#opened.get(listenerName(listener));
      return opened === undefined ? [] : listenerChangesForNextStart(opened, listener);
    });
    return [...new Set([...changesForNextStart(this.#started, config), ...names])];
  }

  /** Finds out what is wrong with a listener before anything is closed for it. */
  async #check(listener: ListenerConfiguration): Promise<void> {
    certificatesOf(listener.settings);
    if (!this.#opened.has(listenerName(listener))) await this.#listening.check(listener);
  }

  #complain(error: unknown): void {
    const lines = error instanceof ServerProblem ? error.lines : [`Error: ${(error as Error).message}`];
    for (const line of lines) this.#logger.log('error', line);
  }

  #keep(): void {
    this.#logger.log('error', 'Error: The configuration was not reloaded; what held before still holds.');
  }

  #nameFixed(names: readonly string[]): void {
    for (const name of names)
      this.#logger.log(
        'warning',
        `Warning: The '${name}' option has changed; that takes effect with the next start.`,
      );
  }

  /** Whether all are as they should be. */
  async #changeListeners(config: Configuration, endsConnections: boolean): Promise<boolean> {
    if (config.isLocalOnly) {
      for (const name of new Set(this.broker.addresses.map(({ host, port }) => `${host}:${port}`)))
        this.broker.changeListener(name, listenerLimits(config, null));
      return true;
    }
    const wanted = new Map(config.listeners.map((listener) => [listenerName(listener), listener]));
    // first, because another one may want the same port
    for (const name of [...this.#opened.keys()])
      if (!wanted.has(name)) this.#stopListening(name, endsConnections);
    let isComplete = true;
    for (const listener of wanted.values())
      if (!(await this.#changeListener(config, listener))) isComplete = false;
    return isComplete;
  }

  /** Where each listener has its own rules, nobody can stay whose listener has gone. */
  #stopListening(name: string, endsConnections: boolean): void {
    this.#logger.log(
      'information',
      `Closing listener ${name}; its connections ${endsConnections ? 'end' : 'stay'}.`,
    );
    this.broker.stopListening(name);
    this.#opened.delete(name);
    if (!endsConnections) return;
    for (const { clientId, listener } of [...this.broker.clients()])
      if (listener === name) this.broker.disconnect(clientId);
  }

  /** One listener's trouble does not keep the others from being changed; the next reload tries again. */
  async #changeListener(config: Configuration, listener: ListenerConfiguration): Promise<boolean> {
    const opened = this.#opened.get(listenerName(listener));
    try {
      if (opened === undefined) await this.#open(config, listener);
      else this.#change(config, opened, listener);
      return true;
    } catch (error) {
      this.#complain(error);
      return false;
    }
  }

  #change(config: Configuration, opened: ListenerConfiguration, listener: ListenerConfiguration): void {
    const { settings } = listener;
    const closed = closedReason(settings);
    if (closed !== undefined) return this.#nameFixed([closed]);
    const isSecure = speaksTls(opened.settings) && speaksTls(settings);
    const certificates = isSecure ? certificatesOf(settings) : undefined;
    this.broker.changeListener(listenerName(listener), listenerLimits(config, listener), certificates);
  }

  /** Opens the files of the log anew. */
  rotateLog(): void {
    this.#logger.reopen();
  }

  /** What is to be saved is saved; without persistence there is nothing. */
  save(): void {
    this.#logger.log('information', 'There is nothing to save: persistence is off.');
  }

  /** Sessions and subscriptions as text. */
  tree(): string {
    return treePrint(this.broker.clients());
  }

  /** A reload that is under way comes to its end before. */
  async close(): Promise<void> {
    await this.#reloading;
    this.#logger.log('information', `${this.#options.version} terminating`);
    this.#clientLog.isClosing = true;
    await this.broker.close();
  }
}
