// From the path of a mosquitto.conf to a configuration that was checked as a whole.
import { hostname } from 'node:os';
import { ConfigError } from './config-error.js';
import { type BridgeConfiguration, type Configuration, emptyConfiguration } from './configuration.js';
import { FileReader, type Reading, type Report } from './file-reader.js';

/**
 * Reads the files one after the other into one configuration. What is to be said goes to `report`, errors too;
 * returns undefined after an error.
 */
export function readConfiguration(paths: readonly string[], report: Report): Configuration | undefined {
  const reading: Reading = { config: emptyConfiguration(), report, told: new Set(), hasSecurity: false };
  try {
    for (const path of paths) {
      new FileReader(reading, path, true).read();
      checkWhole(reading.config);
    }
    checkProxies(reading.config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (error.message !== '') report('error', `Error: ${error.message}`);
    return undefined;
  }
  return reading.config;
}

function checkWhole(config: Configuration): void {
  for (const bridge of config.bridges) checkBridge(bridge);
  checkLocalClientIds(config.bridges);
  for (const { settings, origin } of config.listeners) {
    const { certfile, keyfile, cafile, capath } = settings;
    const where = `(the listener of ${origin.file}:${origin.line})`;
    if ((certfile === undefined) !== (keyfile === undefined))
      throw new ConfigError(`Both certfile and keyfile must be provided to enable a TLS listener. ${where}`);
    if (certfile !== undefined) continue;
    if (cafile !== undefined)
      throw new ConfigError(`cafile specified without certfile and keyfile. ${where}`);
    if (capath !== undefined)
      throw new ConfigError(`capath specified without certfile and keyfile. ${where}`);
  }
}

function checkBridge({ settings, name, origin }: BridgeConfiguration): void {
  const missing = (what: string): ConfigError =>
    new ConfigError(
      `Invalid bridge configuration: ${what}. (connection ${name}, ${origin.file}:${origin.line})`,
    );
  if (settings.address === undefined) throw missing('no remote addresses defined');
  if (settings.topic === undefined) throw missing('no topics defined');
  if (settings.bridge_psk !== undefined && settings.bridge_identity === undefined)
    throw missing('missing bridge_identity');
  if (settings.bridge_identity !== undefined && settings.bridge_psk === undefined)
    throw missing('missing bridge_psk');
}

function checkLocalClientIds(bridges: readonly BridgeConfiguration[]): void {
  const seen = new Set<string>();
  for (const { name, settings } of bridges) {
    const remote = settings.remote_clientid ?? `${hostname()}.${name}`;
    const local = settings.local_clientid ?? `local.${remote}`;
    if (seen.has(local))
      throw new ConfigError(
        `Bridge local_clientid '${local}' is not unique. Try changing or setting the local_clientid value for one of the bridges.`,
      );
    seen.add(local);
  }
}

function checkProxies({ listeners }: Configuration): void {
  for (const { settings } of listeners) {
    if (settings.enable_proxy_protocol !== 2) continue;
    if (settings.use_subject_as_username === true)
      throw new ConfigError('use_subject_as_username cannot be used with `enable_proxy_protocol 2`.');
    if (settings.certfile !== undefined || settings.keyfile !== undefined)
      throw new ConfigError('certfile and keyfile cannot be used with `enable_proxy_protocol 2`.');
  }
}
