// What Mosquitto's clients check when all flags have been read: that they fit together, that the library accepts them,
// and (for CONNECT) that the packet could be sent. The order is theirs, because only the first problem is reported.
import type { Draft, ToolConfig } from './client-config.js';
import {
  appendProperty,
  type ClientPacket,
  type PropertyProblem,
  propertyProblem,
  toProperties,
} from './client-properties.js';
import { isPlainText } from './client-values.js';

/** A check finds the text that goes to standard error, or nothing. */
type Check<T> = (given: T) => string | undefined | false;

/** The part of the world that checks look at. */
export interface FileReader {
  readFile(path: string): string | undefined;
}

const NEVER = 0xffff_ffff;
const MAX_STRING_BYTES = 65_535;

/** Whether MQTT will need an identifier that there is not, or not the same the next time. */
function hasNoFixedId({ clientId, clientIdPrefix }: ToolConfig): boolean {
  return clientId === undefined || clientIdPrefix !== undefined;
}

const combinations: readonly Check<Draft>[] = [
  ({ will }) =>
    will.payload !== undefined &&
    will.topic === undefined &&
    'Error: Will payload given, but no will topic given.\n',
  ({ will }) =>
    will.retain && will.topic === undefined && 'Error: Will retain given, but no will topic given.\n',
  ({ config: { tls } }) =>
    (tls.cert === undefined) !== (tls.key === undefined) &&
    'Error: Both certfile and keyfile must be provided if one of them is set.\n',
  ({ config: { tls } }) =>
    tls.keyform !== undefined &&
    tls.key === undefined &&
    'Error: If keyform is set, keyfile must be also specified.\n',
  ({ config: { tls } }) =>
    tls.engineKpassSha1 !== undefined &&
    (tls.keyform === undefined || tls.engine === undefined) &&
    'Error: when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.\n',
  ({ config: { tls } }) =>
    (tls.cafile !== undefined || tls.capath !== undefined) &&
    tls.psk !== undefined &&
    'Error: Only one of --psk or --cafile/--capath may be used at once.\n',
  ({ config: { tls } }) =>
    tls.psk !== undefined &&
    tls.pskIdentity === undefined &&
    'Error: --psk-identity required if --psk used.\n',
  ({ config }) =>
    config.version === 5 &&
    wantedExpiry(config) === NEVER &&
    hasNoFixedId(config) &&
    'Error: You must provide a client id if you are using an infinite session expiry interval.\n',
  ({ config }) =>
    config.version !== 5 &&
    !config.cleanSession &&
    hasNoFixedId(config) &&
    'Error: You must provide a client id if you are using the -c option.\n',
  ({ config }) =>
    config.tool === 'sub' &&
    config.topics.length + config.unsubscribeTopics.length === 0 &&
    'Error: You must specify a topic to subscribe to (-t) or unsubscribe from (-U).\n',
];

/** In MQTT 5, -c alone keeps the session for ever. */
function wantedExpiry({ cleanSession, sessionExpiryInterval }: ToolConfig): number | undefined {
  return sessionExpiryInterval ?? (cleanSession ? undefined : NEVER);
}

function firstProblem<T>(checks: readonly Check<T>[], given: T): string | undefined {
  for (const check of checks) {
    const problem = check(given);
    if (typeof problem === 'string') return problem;
  }
  return undefined;
}

/** What is wrong with how the flags go together. Reported with the hint at --help, even with --quiet. */
export function combinationProblem(draft: Draft): string | undefined {
  return firstProblem(combinations, draft);
}

/** What pub and rr say about a message file, with what the system said about it. */
export function messageFileError(file: string, reason = 'No such file or directory'): string {
  return `Error: Unable to read file "${file}": ${reason}.\nError loading input file "${file}".\n`;
}

/** The original reads the message before it looks any further. */
function messageFileProblem({ message: { file } }: ToolConfig, files: FileReader): string | undefined {
  return file === undefined || files.readFile(file) !== undefined ? undefined : messageFileError(file);
}

const ENGINE_LOADER = 'dynamic';
const keyforms = ['pem', 'engine'];
const tlsVersions = ['tlsv1.2', 'tlsv1.3'];

/** What the library finds out about TLS, in its order. */
function tlsProblem({ tls }: ToolConfig, files: FileReader): string | undefined {
  const usesCertificates = tls.cafile !== undefined || tls.capath !== undefined;
  const needed = usesCertificates ? [tls.cafile, tls.cert, tls.key] : [];
  const checks: readonly (readonly [wrong: boolean, text: string])[] = [
    [
      needed.some((file) => file !== undefined && files.readFile(file) === undefined),
      'Error: Problem setting TLS options: File not found.\n',
    ],
    [
      !usesCertificates && tls.psk !== undefined && !/^[\da-fA-F]*$/.test(tls.psk),
      'Error: Problem setting TLS-PSK options.\n',
    ],
    [
      tls.engine !== undefined && tls.engine !== ENGINE_LOADER,
      `Error: Problem setting TLS engine, is ${tls.engine} a valid engine?\n`,
    ],
    [
      tls.keyform !== undefined && !keyforms.includes(tls.keyform.toLowerCase()),
      "Error: Problem setting key form, it must be one of 'pem' or 'engine'.\n",
    ],
    [
      tls.engineKpassSha1 !== undefined && !/^[\da-fA-F]{40}$/.test(tls.engineKpassSha1),
      'Error: Problem setting TLS engine key pass sha, is it a 40 character hex string?\n',
    ],
    [
      tls.version !== undefined && !tlsVersions.includes(tls.version.toLowerCase()),
      'Error: Problem setting TLS options, check the options are valid.\n',
    ],
  ];
  return checks.find(([wrong]) => wrong)?.[1];
}

function isTooLong(value: string | undefined, most: number): boolean {
  return value !== undefined && Buffer.byteLength(value) > most;
}

function hasBadCredentials({ username, password, version }: ToolConfig): boolean {
  if (username === undefined) return password !== undefined && version !== 5;
  return (
    !isPlainText(username) || isTooLong(username, MAX_STRING_BYTES) || isTooLong(password, MAX_STRING_BYTES)
  );
}

const invalidIds: Readonly<Record<ToolConfig['tool'], string>> = {
  pub: 'Error: Invalid id.\n',
  sub: 'Error: Invalid id and/or clean_session.\n',
  rr: 'Error: Invalid id and/or clean_session.\n',
};

function hasBadId({ clientId, cleanSession }: ToolConfig): boolean {
  if (clientId === undefined) return !cleanSession;
  return clientId === '' || !isPlainText(clientId) || isTooLong(clientId, MAX_STRING_BYTES);
}

function hasBadWill({ will, properties, config }: Draft): boolean {
  if (will.topic === undefined) return false;
  if (properties.will.length > 0 && config.version !== 5) return true;
  return propertyProblem(properties.will, 'will') !== undefined || isTooLong(will.payload, MAX_STRING_BYTES);
}

const proxyLimits = { host: 256, username: 255, password: 255 } as const;

function hasBadProxy({ proxy }: ToolConfig): boolean {
  if (proxy === undefined) return false;
  const names = Object.keys(proxyLimits) as (keyof typeof proxyLimits)[];
  return names.some((name) => isTooLong(proxy[name], proxyLimits[name]));
}

const connectTexts: Readonly<Record<PropertyProblem, string>> = {
  protocol: 'A network protocol error occurred when communicating with the broker',
  duplicate: 'Duplicate property in property list',
  unsupported: 'This feature is not supported',
};

/** Why the connection cannot even be begun. */
function connectProblem({ config, port, properties }: Draft): string | undefined {
  if (config.useSrv) return undefined;
  const problem = propertyProblem(properties.connect, 'connect');
  const isBadPort = port !== undefined && (port < 0 || port > 65_535);
  if (problem === undefined && isBadPort) return 'Invalid input';
  if (problem !== undefined) return connectTexts[problem];
  return properties.connect.length > 0 && config.version !== 5 ? connectTexts.unsupported : undefined;
}

/** Whether something is missing without which a tool has nothing to send. */
export function lacksMessage({ tool, topic, message, responseTopic }: ToolConfig): boolean {
  if (tool === 'sub') return false;
  return topic === undefined || message.kind === 'none' || (tool === 'rr' && responseTopic === undefined);
}

/** What keeps the tool from connecting. `lacksMessage` is checked between the first and the others. */
export function libraryProblem(draft: Draft, files: FileReader): string | undefined {
  const { config, properties } = draft;
  const unreadable = (): string | undefined => messageFileProblem(config, files);
  if (lacksMessage(config)) return unreadable();
  const checks: readonly Check<Draft>[] = [
    () =>
      config.tool === 'rr' &&
      propertyProblem(properties.publish, 'publish') !== undefined &&
      'Error in PUBLISH properties: Duplicate response topic.\n',
    () => hasBadId(config) && invalidIds[config.tool],
    () => hasBadWill(draft) && 'Error: Problem setting will.\n',
    () => hasBadCredentials(config) && 'Error: Problem setting username and/or password.\n',
    () => !config.tls.disabled && tlsProblem(config, files),
    () => hasBadProxy(config) && 'Error: Invalid proxy.\n',
    () => {
      const problem = connectProblem(draft);
      return problem !== undefined && `Unable to connect (${problem}).\n`;
    },
  ];
  const problem = firstProblem(checks, draft);
  // the message is read by the tool; here it matters only whether that would have failed first
  return problem === undefined ? undefined : (unreadable() ?? problem);
}

/** Puts the flags that are properties of packets among the properties. */
export function completeProperties({ config, properties }: Draft): void {
  if (config.version === 5) config.sessionExpiryInterval = wantedExpiry(config);
  const expiry = config.sessionExpiryInterval ?? 0;
  if (config.version === 5 && expiry > 0)
    appendProperty(properties.connect, 'session-expiry-interval', expiry);
  if (config.responseTopic !== undefined)
    appendProperty(properties.publish, 'response-topic', config.responseTopic);
}

function resolveTls({ config: { tls }, port }: Draft): void {
  const hasOwn = tls.cafile !== undefined || tls.capath !== undefined || tls.psk !== undefined;
  if (port === 8883 && !hasOwn) tls.useOsCerts = true;
  tls.enabled = !tls.disabled && (hasOwn || tls.useOsCerts);
  if (tls.version !== undefined) tls.version = tls.version.toLowerCase() as 'tlsv1.2';
  const setsOptions = tls.version !== undefined || tls.ciphers !== undefined;
  if (tls.insecure) tls.verify = setsOptions ? 'nothing' : 'chain';
}

/** Makes a draft without problems into a configuration. */
export function finish(draft: Draft): ToolConfig {
  const { config, port, will, properties } = draft;
  const { tls } = config;
  const usesTlsPort = tls.cafile !== undefined || tls.capath !== undefined || tls.psk !== undefined;
  config.port = port ?? (usesTlsPort ? 8883 : 1883);
  if (config.port === 0) config.unixPath = config.host;
  resolveTls(draft);
  for (const packet of Object.keys(config.properties) as ClientPacket[]) {
    config.properties[packet] = toProperties(properties[packet]);
    const isUnsupported = config.version !== 5 && properties[packet].length > 0;
    const problem =
      propertyProblem(properties[packet], packet) ?? (isUnsupported ? 'unsupported' : undefined);
    if (problem !== undefined) config.propertyProblems[packet] = problem;
  }
  // rr leaves them out in the older versions
  if (config.tool === 'rr') config.propertyProblems.publish = undefined;
  if (will.topic !== undefined) {
    const payload = new TextEncoder().encode(will.payload ?? '');
    const { topic, qos, retain } = will;
    config.will = { topic, payload, qos, retain, properties: toProperties(properties.will) };
  }
  const { receiveMaximum } = config.properties.connect;
  config.receiveMaximum = receiveMaximum ?? Math.min(config.count ?? 20, 20);
  if (config.messageRate) config.watch = false;
  return config;
}
