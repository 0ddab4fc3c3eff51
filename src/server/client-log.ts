// What the log says of clients that come and go, in Mosquitto's words, so that what people search for is found.
import type { Connection } from '../core/connection.js';
import { Ending } from '../core/connection-state.js';
import type { Observer } from '../core/observer.js';
import type { LogLevel } from '../core/plugin.js';
import { ReasonCode, reasonName } from '../protocol/index.js';

export type Log = (level: LogLevel, text: string) => void;

const DISALLOWED = 'used disallowed feature (QoS too high, retain not supported, or bad AUTH method).';

/** How a line about the end of a connection goes on, by reason code. */
const endings: Readonly<Record<number, string>> = {
  [ReasonCode.MalformedPacket]: 'malformed packet.',
  [ReasonCode.ProtocolError]: 'protocol error.',
  [ReasonCode.KeepAliveTimeout]: 'exceeded timeout.',
  [ReasonCode.SessionTakenOver]: 'session taken over.',
  [ReasonCode.NotAuthorized]: 'not authorised.',
  [ReasonCode.BadUserNameOrPassword]: 'not authorised.',
  [ReasonCode.PacketTooLarge]: 'oversize packet.',
  [ReasonCode.QoSNotSupported]: DISALLOWED,
  [ReasonCode.RetainNotSupported]: DISALLOWED,
  [ReasonCode.UnsupportedProtocolVersion]: DISALLOWED,
  [ReasonCode.BadAuthenticationMethod]: DISALLOWED,
};

/** These are somebody's mistake: a line of its own says which. */
const mistakes: ReadonlySet<number> = new Set([
  ReasonCode.MalformedPacket,
  ReasonCode.ProtocolError,
  ReasonCode.PacketTooLarge,
  ReasonCode.QoSNotSupported,
  ReasonCode.RetainNotSupported,
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ReceiveMaximumExceeded,
  ReasonCode.TopicAliasInvalid,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.TopicFilterInvalid,
  ReasonCode.TopicNameInvalid,
  ReasonCode.QuotaExceeded,
]);

const LOST = 'connection lost: ';
/** What the engine says of a connection above a limit. */
const TOO_MANY = /^more than \d+ connections\b/;

function endingOf(reason: number, text: string): string {
  if (text === Ending.GOODBYE) return '.';
  if (text === Ending.NO_CONNECT) return ': exceeded timeout.';
  if (text === Ending.CLOSED || text === `${LOST}ECONNRESET`) return `: ${Ending.CLOSED}.`;
  if (text.startsWith(LOST)) return `: ${text.slice(LOST.length)}.`;
  return `: ${endings[reason] ?? `${reasonName(reason)}.`}`;
}

/** The client id, or the address of one that has none yet. */
export function nameOf({ clientId, remoteAddress }: Connection): string {
  return clientId === '' ? remoteAddress : clientId;
}

export class ClientLog implements Observer {
  readonly #log: Log;
  /** connection_messages: whether clients that come and go are told of. */
  isOn = true;
  /** At the end of the broker its clients' ends are no news. */
  isClosing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  accepted({ remoteAddress, remotePort, entrance }: Connection): void {
    if (this.isOn)
      this.#log('notice', `New connection from ${remoteAddress}:${remotePort} on port ${entrance.port}.`);
  }

  connected(connection: Connection): void {
    if (!this.isOn) return;
    const { remoteAddress, remotePort, clientId, version, cleanStart, askedKeepAlive, username } = connection;
    const who = connection.isBridge ? 'bridge' : 'client';
    const user = username === undefined || username === '' ? '' : `, u'${username}'`;
    const session = `p${version}, c${cleanStart ? 1 : 0}, k${askedKeepAlive}${user}`;
    this.#log(
      'notice',
      `New ${who} connected from ${remoteAddress}:${remotePort} as ${clientId} (${session}).`,
    );
    this.#will(connection);
    const { cipher } = connection.transport;
    if (cipher !== undefined)
      this.#log('notice', `Client ${clientId} negotiated ${cipher.version} cipher ${cipher.name}`);
  }

  unknownPubrec(connection: Connection, packetId: number): void {
    const text = `Received PUBREC from ${nameOf(connection)} for an unknown packet identifier ${packetId}.`;
    this.#log('warning', `Warning: ${text}`);
  }

  tooLarge(connection: Connection, size: number): void {
    const text = `Dropping too large outgoing PUBLISH for ${nameOf(connection)} (${size} bytes)`;
    this.#log('notice', text);
  }

  protected(text: string): void {
    this.#log('notice', text);
  }

  #will({ will }: Connection): void {
    if (will === null) return this.#log('debug', 'No will message specified.');
    const { message } = will;
    const length = message.end - message.payloadStart;
    const retain = message.retain ? 1 : 0;
    this.#log('debug', `Will message specified (${length} bytes) (r${retain}, q${message.qos}).`);
    this.#log('debug', `\t${message.topic.text}`);
  }

  ended(connection: Connection, wasConnected: boolean, reason: number, text: string): void {
    if (this.isClosing) return;
    const { remoteAddress, remotePort } = connection;
    const address = `${remoteAddress}:${remotePort}`;
    if (text === Ending.TLS)
      this.#log('notice', `Client from ${address} appears to be using TLS to connect to a non-TLS listener.`);
    else if (!wasConnected && TOO_MANY.test(text)) {
      if (this.isOn)
        this.#log('notice', `Client connection from ${remoteAddress} denied: max_connections exceeded.`);
    } else if (mistakes.has(reason) && text !== Ending.GOODBYE && connection.arrival.refusal === null)
      this.#log(
        'information',
        `Protocol error from ${wasConnected ? nameOf(connection) : address}: ${text}.`,
      );
    if (this.isOn)
      this.#log('notice', `Client ${nameOf(connection)} [${address}] disconnected${endingOf(reason, text)}`);
  }

  sessionExpired(clientId: string): void {
    this.#log('notice', `Expiring client ${clientId} due to timeout.`);
  }

  queueFull(clientId: string): void {
    this.#log('notice', `Outgoing messages are being dropped for client ${clientId}.`);
  }
}
