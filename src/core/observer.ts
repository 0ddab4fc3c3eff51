// Who watches what happens to clients, for a log: called where it happens, so that the order is the true one.
// Without an observer of packets the hot path pays one comparison a packet.
import type { Packet } from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { Message } from './message.js';

export interface Observer {
  /** The network connection is there; nothing was read yet. */
  accepted(connection: Connection): void;
  /** CONNECT was accepted; CONNACK comes next. */
  connected(connection: Connection): void;
  /** `wasConnected`: it had its CONNACK. `reason` and `text` say why it ended; 0: the client said goodbye. */
  ended(connection: Connection, wasConnected: boolean, reason: number, text: string): void;
  /** A session was ended by its time. */
  sessionExpired(clientId: string): void;
  /** Messages for a client are being dropped; told once until it has caught up. */
  queueFull(clientId: string): void;
  /** A PUBREC for a message that is not on its way. */
  unknownPubrec(connection: Connection, packetId: number): void;
  /** Something about protection: who was banned or refused, and why. There are few of these in a second. */
  protected(text: string): void;
  /** A message was not sent, since the client takes no packets of this remaining length. */
  tooLarge(connection: Connection, size: number): void;
}

/** Watches every packet. The bytes and messages are valid during the call only. */
export interface PacketObserver {
  /** Any packet but PUBLISH: its content is bytes[body..end). */
  received(connection: Connection, type: number, bytes: Uint8Array, body: number, end: number): void;
  receivedPublish(connection: Connection, message: Message): void;
  deniedPublish(connection: Connection, message: Message): void;
  /** Its payload is above the limit. */
  droppedPublish(connection: Connection, message: Message): void;
  /** One filter of a SUBSCRIBE, with the QoS that was granted, or a reason code of 0x80 or above. */
  subscribed(connection: Connection, filter: string, reason: number): void;
  unsubscribed(connection: Connection, filter: string): void;
  sent(connection: Connection, packet: Exclude<Packet, { type: 'publish' }>): void;
  sentAcknowledgement(connection: Connection, type: number, packetId: number, reason: number): void;
  sentPublish(
    connection: Connection,
    message: Message,
    qos: number,
    retain: boolean,
    dup: boolean,
    packetId: number,
  ): void;
}
