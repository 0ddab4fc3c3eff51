// Every flag of `pondhawk bench`, in the order of the help, with emqtt-bench's names where it has them. A new flag is a
// new row.
import type { Scenario } from './config.js';
import { asText, decimal, list, positive, protocolVersion, trueOrFalse, whole } from './flag-value.js';

export interface BenchFlag {
  /** As commander wants them: `-c, --count <n>`; a value in [] may be left out, and is true then. */
  readonly flags: string;
  readonly scenarios: readonly Scenario[];
  readonly help: string;
  readonly parse?: (text: string) => unknown;
  /** Names that others use for the same; not in the help. */
  readonly aliases?: readonly string[];
}

const ALL: readonly Scenario[] = ['conn', 'pub', 'sub', 'rtt'];
const SENDERS: readonly Scenario[] = ['pub', 'rtt'];
const LOADED: readonly Scenario[] = ['pub', 'sub', 'rtt'];
const PUB: readonly Scenario[] = ['pub'];

const server: readonly BenchFlag[] = [
  {
    flags: '-h, --host <host>',
    scenarios: ALL,
    help: 'host of the broker (default localhost)',
    parse: asText,
  },
  {
    flags: '-p, --port <port>',
    scenarios: ALL,
    help: 'port (default 1883; TLS 8883, WebSocket 80, with TLS 443)',
    parse: whole(1, 65_535),
  },
  {
    flags: '--url <url>',
    scenarios: ALL,
    help: 'broker as mqtt://, mqtts://, ws:// or wss://, instead of the flags for it',
    parse: asText,
  },
  {
    flags: '-S, --ssl [bool]',
    scenarios: ALL,
    help: 'connect with TLS',
    parse: trueOrFalse,
    aliases: ['--tls'],
  },
  {
    flags: '--cafile <file>',
    scenarios: ALL,
    help: 'certificates of authorities to trust, PEM',
    parse: asText,
    aliases: ['--cacertfile'],
  },
  {
    flags: '--cert <file>',
    scenarios: ALL,
    help: 'certificate of the clients, PEM',
    parse: asText,
    aliases: ['--certfile'],
  },
  {
    flags: '--key <file>',
    scenarios: ALL,
    help: 'its private key, PEM',
    parse: asText,
    aliases: ['--keyfile'],
  },
  { flags: '--insecure [bool]', scenarios: ALL, help: 'trust every certificate', parse: trueOrFalse },
  { flags: '--ws [bool]', scenarios: ALL, help: 'connect with WebSocket', parse: trueOrFalse },
  { flags: '--ws-path <path>', scenarios: ALL, help: 'path of the WebSocket (default /mqtt)', parse: asText },
  {
    flags: '--ifaddr <addresses>',
    scenarios: ALL,
    help: 'addresses of this machine to connect from, separated by commas; used in turn',
    parse: list,
  },
];

const clients: readonly BenchFlag[] = [
  {
    flags: '-c, --count <n>',
    scenarios: ALL,
    help: 'clients (default 200); of rtt, pairs of clients (default 10)',
    parse: whole(1, 10_000_000),
  },
  {
    flags: '-n, --startnumber <n>',
    scenarios: ALL,
    help: 'index of the first client (default 0)',
    parse: whole(0, 4_000_000_000),
  },
  {
    flags: '-i, --connect-interval <ms>',
    scenarios: ALL,
    help: 'milliseconds between connects (default 10); 0 is as fast as possible',
    parse: decimal(0),
  },
  {
    flags: '-R, --connrate <n>',
    scenarios: ALL,
    help: 'connects per second, instead of -i',
    parse: positive,
  },
  {
    flags: '-V, --mqtt-version <v>',
    scenarios: ALL,
    help: 'version of MQTT: 5 (default), 4 for 3.1.1, 3 for 3.1',
    parse: protocolVersion,
  },
  {
    flags: '--prefix <text>',
    scenarios: ALL,
    help: 'what client identifiers begin with; the index follows (default bench-, random, -)',
    parse: asText,
  },
  {
    flags: '-u, --username <name>',
    scenarios: ALL,
    help: 'user name; %i is the index of the client',
    parse: asText,
  },
  { flags: '-P, --password <text>', scenarios: ALL, help: 'password; %i is the index', parse: asText },
  {
    flags: '-k, --keepalive <s>',
    scenarios: ALL,
    help: 'keep-alive in seconds (default 300)',
    parse: whole(0, 65_535),
  },
  {
    flags: '-C, --clean <bool>',
    scenarios: ALL,
    help: 'begin a new session (default true)',
    parse: trueOrFalse,
  },
  {
    flags: '-x, --session-expiry <s>',
    scenarios: ALL,
    help: 'seconds that sessions stay after the run, MQTT 5 (default 0; with -C false for ever)',
    parse: whole(0, 0xffff_ffff),
  },
  {
    flags: '--reconnect [bool]',
    scenarios: ALL,
    help: 'connect again when a connection is lost (default false)',
    parse: trueOrFalse,
  },
];

const messages: readonly BenchFlag[] = [
  {
    flags: '-t, --topic <topic>',
    scenarios: LOADED,
    help: 'topic or filter (default bench/%i): %i index, %c client identifier, %u user name, in pub %n number of the message',
    parse: asText,
  },
  { flags: '-q, --qos <qos>', scenarios: LOADED, help: 'quality of service (default 0)', parse: whole(0, 2) },
  { flags: '-r, --retain [bool]', scenarios: PUB, help: 'retained messages', parse: trueOrFalse },
  {
    flags: '-I, --message-interval <ms>',
    scenarios: SENDERS,
    help: 'milliseconds between the messages of a client (default 1000); 0 is flat out',
    parse: decimal(0),
    aliases: ['--interval_of_msg', '--interval-of-msg'],
  },
  {
    flags: '--rate <n>',
    scenarios: SENDERS,
    help: 'messages per second of all clients, instead of -I',
    parse: positive,
  },
  {
    flags: '-F, --inflight <n>',
    scenarios: SENDERS,
    help: 'messages of a client that may be unacknowledged, or in rtt with -I 0 on their way (default 100)',
    parse: whole(1, 65_535),
    aliases: ['--max-inflight'],
  },
  {
    flags: '-s, --size <bytes>',
    scenarios: SENDERS,
    help: 'size of the payload (default 256); with 24 and more it has a time stamp for sub',
    parse: whole(0, 268_000_000),
  },
  {
    flags: '-m, --message <text>',
    scenarios: PUB,
    help: 'payload; may have placeholders (see below); template://FILE reads it from a file',
    parse: asText,
  },
  { flags: '-f, --file <file>', scenarios: PUB, help: 'payload from a file, as it is', parse: asText },
];

const end: readonly BenchFlag[] = [
  { flags: '--duration <s>', scenarios: ALL, help: 'seconds, once all are connected', parse: decimal(0) },
  { flags: '-L, --limit <n>', scenarios: LOADED, help: 'messages of all clients', parse: whole(1) },
  { flags: '--messages <n>', scenarios: SENDERS, help: 'messages of each client', parse: whole(1) },
];

const output: readonly BenchFlag[] = [
  {
    flags: '--processes <n>',
    scenarios: ALL,
    help: 'processes that share the clients (default 1)',
    parse: whole(1, 256),
  },
  { flags: '--json', scenarios: ALL, help: 'print the report as JSON' },
  {
    flags: '--interval <s>',
    scenarios: ALL,
    help: 'seconds between lines of progress, with --json also as JSON',
    parse: positive,
  },
  { flags: '--quiet', scenarios: ALL, help: 'print the report only' },
];

/** The table, by headings of the help. */
export const flagGroups: readonly (readonly [heading: string, flags: readonly BenchFlag[]])[] = [
  ['Broker:', server],
  ['Clients:', clients],
  ['Messages:', messages],
  ['End (else Ctrl-C):', end],
  ['Run and output:', output],
];
