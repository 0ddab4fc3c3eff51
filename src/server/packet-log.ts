// Every packet as a line of the log (log_type debug), and subscriptions (subscribe, unsubscribe), in Mosquitto's words.
import type { Connection } from '../core/connection.js';
import type { Message } from '../core/message.js';
import type { PacketObserver } from '../core/observer.js';
import { type Packet, PacketType, packetTypeNames } from '../protocol/index.js';
import { type Log, nameOf } from './client-log.js';

type Received = (bytes: Uint8Array, body: number, end: number) => string;

function mid(bytes: Uint8Array, body: number): number {
  return ((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0);
}

function reason(bytes: Uint8Array, body: number, end: number): number {
  return end - body > 2 ? bytes[body + 2]! : 0;
}

const withReason: Received = (bytes, body, end) =>
  ` (Mid: ${mid(bytes, body)}, RC:${reason(bytes, body, end)})`;
const withMid: Received = (bytes, body) => ` (Mid: ${mid(bytes, body)})`;
const bare: Received = () => '';

/** What stands behind "Received … from …", by packet type; CONNECT has lines of its own. */
const received: Readonly<Record<number, Received>> = {
  [PacketType.PUBACK]: withReason,
  [PacketType.PUBREC]: withMid,
  [PacketType.PUBREL]: withMid,
  [PacketType.PUBCOMP]: withReason,
  [PacketType.SUBSCRIBE]: bare,
  [PacketType.UNSUBSCRIBE]: bare,
  [PacketType.PINGREQ]: bare,
  [PacketType.DISCONNECT]: bare,
  [PacketType.AUTH]: (bytes, body, end) => ` (rc${end > body ? bytes[body]! : 0})`,
};

/** What stands behind "Sending … to …"; a DISCONNECT is told of as the end of its connection. */
function sentDetails(packet: Exclude<Packet, { type: 'publish' }>): string | undefined {
  switch (packet.type) {
    case 'connack':
      return ` (${packet.sessionPresent ? 1 : 0}, ${packet.reason})`;
    case 'puback':
    case 'pubrec':
      return ` (m${packet.packetId}, rc${packet.reason})`;
    case 'auth':
      return ` (rc${packet.reason}, ${packet.properties?.authenticationMethod ?? ''})`;
    case 'disconnect':
      return undefined;
    default:
      return '';
  }
}

function publishDetails(
  { topic, end, payloadStart }: Message,
  flags: { dup: boolean; qos: number; retain: boolean; packetId: number },
): string {
  const { dup, qos, retain, packetId } = flags;
  const numbers = `d${dup ? 1 : 0}, q${qos}, r${retain ? 1 : 0}, m${packetId}`;
  return `(${numbers}, '${topic.text}', ... (${end - payloadStart} bytes))`;
}

export class PacketLog implements PacketObserver {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  received(connection: Connection, type: number, bytes: Uint8Array, body: number, end: number): void {
    const details = received[type];
    if (details === undefined) return;
    const text = `Received ${packetTypeNames[type]} from ${nameOf(connection)}${details(bytes, body, end)}`;
    this.#log('debug', text);
  }

  receivedPublish(connection: Connection, message: Message): void {
    this.#log('debug', `Received PUBLISH from ${nameOf(connection)} ${publishDetails(message, message)}`);
  }

  deniedPublish(connection: Connection, message: Message): void {
    this.#log('debug', `Denied PUBLISH from ${nameOf(connection)} ${publishDetails(message, message)}`);
  }

  droppedPublish(connection: Connection, message: Message): void {
    const text = `Dropped too large PUBLISH from ${nameOf(connection)} ${publishDetails(message, message)}`;
    this.#log('debug', text);
  }

  subscribed(connection: Connection, filter: string, granted: number): void {
    const isDenied = granted >= 0x80;
    this.#log('debug', `\t${filter} (${isDenied ? 'denied' : `QoS ${granted}`})`);
    if (!isDenied) this.#log('subscribe', `${nameOf(connection)} ${granted} ${filter}`);
  }

  unsubscribed(connection: Connection, filter: string): void {
    this.#log('debug', `\t${filter}`);
    this.#log('unsubscribe', `${nameOf(connection)} ${filter}`);
  }

  sent(connection: Connection, packet: Exclude<Packet, { type: 'publish' }>): void {
    const details = sentDetails(packet);
    if (details !== undefined)
      this.#log('debug', `Sending ${packet.type.toUpperCase()} to ${nameOf(connection)}${details}`);
  }

  sentAcknowledgement(connection: Connection, type: number, packetId: number, code: number): void {
    const hasCode = type === PacketType.PUBACK || type === PacketType.PUBREC;
    // clients before MQTT 5 are not told that nobody is subscribed
    const shown = connection.version < 5 && code < 0x80 ? 0 : code;
    const details = hasCode ? `m${packetId}, rc${shown}` : `m${packetId}`;
    this.#log('debug', `Sending ${packetTypeNames[type]} to ${nameOf(connection)} (${details})`);
  }

  sentPublish(
    connection: Connection,
    message: Message,
    qos: number,
    retain: boolean,
    dup: boolean,
    packetId: number,
  ): void {
    const flags = { dup, qos, retain, packetId };
    this.#log('debug', `Sending PUBLISH to ${nameOf(connection)} ${publishDetails(message, flags)}`);
  }
}
