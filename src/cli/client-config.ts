// What the command lines of `pondhawk pub`, `sub` and `rr` come to: one object with a value for everything, so that
// the tools never ask what was given and what was not. Names and defaults are those of Mosquitto's clients.
import type { Properties } from '../protocol/properties.js';
import {
  type ClientPacket,
  newPropertyLists,
  type PropertyLists,
  type PropertyProblem,
} from './client-properties.js';

export type ToolName = 'pub' | 'sub' | 'rr';
export type QoS = 0 | 1 | 2;

export interface TlsConfig {
  /** Whether the connection is encrypted, after everything that turns it on (and --no-tls) was considered. */
  enabled: boolean;
  /** --no-tls. */
  disabled: boolean;
  cafile: string | undefined;
  capath: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  keyform: string | undefined;
  /** Ciphers of TLS 1.2; with version tlsv1.3 these are the cipher suites of TLS 1.3. */
  ciphers: string | undefined;
  alpn: string | undefined;
  engine: string | undefined;
  engineKpassSha1: string | undefined;
  /** Trust what the operating system trusts; also set by mqtts:// and wss://, and by port 8883 alone. */
  useOsCerts: boolean;
  /** The lowest version to speak; undefined is tlsv1.2. */
  version: 'tlsv1.2' | 'tlsv1.3' | undefined;
  /** File that the session secrets are appended to. */
  keylog: string | undefined;
  insecure: boolean;
  /** What is checked of the broker's certificate: chain and name; the chain (--insecure); nothing (with --insecure
   * and --ciphers or --tls-version). */
  verify: 'all' | 'chain' | 'nothing';
  /** Hexadecimal. Allows no TLS 1.3. */
  psk: string | undefined;
  pskIdentity: string | undefined;
}

export interface WillConfig {
  topic: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  properties: Properties;
}

export interface ProxyConfig {
  host: string;
  port: number;
  username: string | undefined;
  password: string | undefined;
}

/** Where the message of pub and rr comes from. */
export interface MessageSource {
  kind: 'none' | 'null' | 'text' | 'file' | 'stdin' | 'lines';
  text?: string;
  file?: string;
}

export interface ToolConfig {
  tool: ToolName;
  /** Name or address of the broker. With `unixPath` it is that path, as Mosquitto shows it. */
  host: string;
  /** 1 to 65535; 0 if `unixPath` is set. Not given it is 1883, or 8883 with a CA or a PSK, whatever the transport. */
  port: number;
  transport: 'tcp' | 'websockets';
  unixPath: string | undefined;
  bindAddress: string | undefined;
  /** Look up _mqtt._tcp.HOST (_secure-mqtt._tcp.HOST with TLS) for host and port. */
  useSrv: boolean;
  nodelay: boolean;
  version: 3 | 4 | 5;
  /** Includes the process identifier if it was made from a prefix. Undefined: send an empty one, or with version 3
   * `mosq-` and 18 random letters and digits. */
  clientId: string | undefined;
  clientIdPrefix: string | undefined;
  cleanSession: boolean;
  /** Seconds, 5 to 65535. */
  keepAlive: number;
  /** Seconds; 0xffffffff is never. It stands in `properties.connect` already, where it is to be sent. */
  sessionExpiryInterval: number | undefined;
  username: string | undefined;
  password: string | undefined;
  /** Messages of QoS 1 and 2 that are sent and not acknowledged, 1 to 65535. */
  maxInflight: number;
  /** What a CONNECT of version 5 announces: the property if given, else the count if below 20, else 20. */
  receiveMaximum: number;
  qos: QoS;
  retain: boolean;
  debug: boolean;
  quiet: boolean;
  will: WillConfig | undefined;
  tls: TlsConfig;
  proxy: ProxyConfig | undefined;
  /** The will's are with the will. Where there is a problem below, these are not what was asked for. */
  properties: Record<ClientPacket, Properties>;
  /** What libmosquitto refuses only when the packet is to be sent. For CONNECT and the will it was reported already. */
  propertyProblems: Partial<Record<ClientPacket, PropertyProblem | undefined>>;
  /** pub and rr. */
  topic: string | undefined;
  message: MessageSource;
  /** How often pub sends the message, at least 1. */
  repeat: number;
  /** Milliseconds, in steps of 0.001. */
  repeatDelayMs: number;
  /** sub. */
  topics: string[];
  filterOuts: string[];
  unsubscribeTopics: string[];
  /** rr. It stands in `properties.publish` already. */
  responseTopic: string | undefined;
  subscriptionOptions: { noLocal: boolean; retainAsPublished: boolean; retainHandling: QoS };
  /** Messages after which sub ends; rr has 1. */
  count: number | undefined;
  /** Seconds, 1 to 2147483647: more than a timer of Node takes. */
  timeoutSeconds: number | undefined;
  exitAfterSubscribe: boolean;
  noRetained: boolean;
  retainedOnly: boolean;
  removeRetained: boolean;
  eol: boolean;
  /** A format of -F that was checked. */
  format: string | undefined;
  verbose: boolean;
  pretty: boolean;
  watch: boolean;
  /** Percent of the messages to print: 0.1 to 100; up to 1000 is accepted, and is all of them. */
  randomFilter: number;
  /** Print messages a second instead of messages. */
  messageRate: boolean;
  latency: boolean;
}

/** A configuration while flags are being read. */
export interface Draft {
  config: ToolConfig;
  /** 0 makes the host the path of a socket. */
  port: number | undefined;
  will: { topic: string | undefined; payload: string | undefined; qos: QoS; retain: boolean };
  properties: PropertyLists;
}

function newTls(): TlsConfig {
  return {
    enabled: false,
    disabled: false,
    cafile: undefined,
    capath: undefined,
    cert: undefined,
    key: undefined,
    keyform: undefined,
    ciphers: undefined,
    alpn: undefined,
    engine: undefined,
    engineKpassSha1: undefined,
    useOsCerts: false,
    version: undefined,
    keylog: undefined,
    insecure: false,
    verify: 'all',
    psk: undefined,
    pskIdentity: undefined,
  };
}

function newConfig(tool: ToolName): ToolConfig {
  return {
    tool,
    host: 'localhost',
    port: 1883,
    transport: 'tcp',
    unixPath: undefined,
    bindAddress: undefined,
    useSrv: false,
    nodelay: false,
    version: tool === 'rr' ? 5 : 4,
    clientId: undefined,
    clientIdPrefix: undefined,
    cleanSession: true,
    keepAlive: 60,
    sessionExpiryInterval: undefined,
    username: undefined,
    password: undefined,
    maxInflight: 20,
    receiveMaximum: 20,
    qos: 0,
    retain: false,
    debug: false,
    quiet: false,
    will: undefined,
    tls: newTls(),
    proxy: undefined,
    properties: { connect: {}, publish: {}, subscribe: {}, unsubscribe: {}, disconnect: {} },
    propertyProblems: {},
    topic: undefined,
    message: { kind: 'none' },
    repeat: 1,
    repeatDelayMs: 0,
    topics: [],
    filterOuts: [],
    unsubscribeTopics: [],
    responseTopic: undefined,
    subscriptionOptions: { noLocal: false, retainAsPublished: false, retainHandling: 0 },
    count: tool === 'rr' ? 1 : undefined,
    timeoutSeconds: undefined,
    exitAfterSubscribe: false,
    noRetained: false,
    retainedOnly: false,
    removeRetained: false,
    eol: true,
    format: undefined,
    verbose: false,
    pretty: false,
    watch: false,
    randomFilter: 100,
    messageRate: false,
    latency: false,
  };
}

/** What a tool does before any flag is read. */
export function newDraft(tool: ToolName): Draft {
  return {
    config: newConfig(tool),
    port: undefined,
    will: { topic: undefined, payload: undefined, qos: 0, retain: false },
    properties: newPropertyLists(),
  };
}
