// `pondhawk`: runs the broker in the foreground until a signal ends it.
import { Broker } from '../broker.js';
import type { LogLevel } from '../core/plugin.js';
import type { Address } from '../listeners/tcp.js';
import { type BrokerFlags, parseFlags, UsageError } from './flags.js';
import { packageVersion } from './version.js';

const DEFAULT_PORT = 1883;
/** This machine only, in both families; one that the machine does not have is left out. */
const LOOPBACK = ['127.0.0.1', '::1'];

function fail(text: string): void {
  process.stderr.write(`pondhawk: ${text}\n`);
}

/** Seconds since 1970 before each line, as Mosquitto writes them. */
function logger({ verbose, quiet }: BrokerFlags): (level: LogLevel, text: string) => void {
  return (level, text) => {
    if (quiet && level !== 'error') return;
    if (level === 'debug' && !verbose) return;
    process.stderr.write(`${Math.floor(Date.now() / 1000)}: ${level === 'error' ? 'Error: ' : ''}${text}\n`);
  };
}

function shownAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What the system says, in words that help. */
function listenError(error: unknown, host: string, port: number): string {
  const code = (error as NodeJS.ErrnoException).code;
  const where = shownAddress({ host, port });
  if (code === 'EADDRINUSE')
    return `${where} is in use by another program; stop it, or choose another port with -p`;
  if (code === 'EACCES') return `${where} may not be opened by this user; choose a port above 1023 with -p`;
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${host}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no host ${host}`;
  return `cannot listen on ${where}: ${error instanceof Error ? error.message : String(error)}`;
}

/** Addresses that a machine may lack without it being anybody's mistake. */
const MISSING_FAMILY = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

async function listenAll(broker: Broker, flags: BrokerFlags): Promise<string | undefined> {
  const ports = flags.ports.length > 0 ? flags.ports : [DEFAULT_PORT];
  const hosts = flags.hosts.length > 0 ? flags.hosts : LOOPBACK;
  for (const port of ports) {
    for (const host of hosts) {
      try {
        await broker.listen({ port, host });
      } catch (error) {
        const isExtra = flags.hosts.length === 0 && host !== LOOPBACK[0];
        if (isExtra && MISSING_FAMILY.has((error as NodeJS.ErrnoException).code ?? '')) continue;
        return listenError(error, host, port);
      }
    }
  }
  return undefined;
}

function logEvents(broker: Broker, log: (level: LogLevel, text: string) => void): void {
  broker.on('connected', (client) => {
    const user = client.username === undefined ? '' : `, u'${client.username}'`;
    log(
      'notice',
      `New client connected from ${client.remoteAddress}:${client.remotePort} as ${client.clientId} (p${client.version}, c${client.cleanStart ? 1 : 0}, k${client.keepAlive}${user}).`,
    );
  });
  broker.on('disconnected', (client, _reason, text) =>
    log('notice', `Client ${client.clientId} disconnected: ${text}.`),
  );
  broker.on('subscribed', (clientId, filter, qos) => log('debug', `${clientId} ${qos} ${filter}`));
  broker.on('unsubscribed', (clientId, filter) => log('debug', `${clientId} unsubscribed ${filter}`));
}

function hints(address: Address): string {
  const port = address.port === DEFAULT_PORT ? '' : ` -p ${address.port}`;
  return [
    '',
    `Pondhawk serves MQTT 3.1, 3.1.1 and 5 on ${shownAddress(address)} (this machine only).`,
    'Try it from two other terminals:',
    '',
    `  bin/pondhawk sub${port} -t 'greetings/#' -v`,
    `  bin/pondhawk pub${port} -t greetings/first -m 'hello'`,
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

/** Resolves with the signal that came; a second one ends the process at once. */
function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(1);
        resolve(signal);
      });
    }
  });
}

/** Returns the exit code. */
export async function runBroker(args: readonly string[]): Promise<number> {
  const version = packageVersion();
  let flags: BrokerFlags;
  let broker: Broker;
  try {
    flags = parseFlags(args, version);
    const log = logger(flags);
    broker = new Broker({ ...flags.options, log });
    if (!flags.quiet) logEvents(broker, (level, text) => broker.log(level, text));
  } catch (error) {
    if (error instanceof UsageError && error.exitCode === 0) return 0;
    fail(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const end = signalled();
  const log = logger(flags);
  log('information', `pondhawk version ${version} starting`);
  const problem = await listenAll(broker, flags);
  if (problem !== undefined) {
    fail(problem);
    await broker.close();
    return 1;
  }
  for (const address of broker.addresses) log('information', `Listening on ${shownAddress(address)}`);
  if (flags.hints) process.stdout.write(`${hints(broker.addresses[0]!)}\n`);
  log('information', `pondhawk version ${version} running`);
  await end;
  log('information', `pondhawk version ${version} terminating`);
  await broker.close();
  return 0;
}
