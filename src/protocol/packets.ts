// The control packets as plain objects. The broker's hot path reads PUBLISH in place instead (publish.ts);
// these serve everything else: clients, tests, tools, and the rarer packets inside the broker.
import type { ProtocolVersion } from './packet-types.js';
import type { Properties } from './properties.js';

export type QoS = 0 | 1 | 2;

export interface Will {
  topic: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  /** MQTT 5 only. */
  properties?: Properties | undefined;
}

export interface ConnectPacket {
  type: 'connect';
  version: ProtocolVersion;
  /** Set by bridges in bit 7 of the protocol level: retain flags are kept, own messages do not come back. */
  bridge?: boolean | undefined;
  /** Clean Start in MQTT 5, Clean Session before. */
  cleanStart: boolean;
  /** Seconds; 0 is off. */
  keepAlive: number;
  clientId: string;
  will?: Will | undefined;
  username?: string | undefined;
  password?: Uint8Array | undefined;
  properties?: Properties | undefined;
}

export interface ConnackPacket {
  type: 'connack';
  sessionPresent: boolean;
  /** A reason code in MQTT 5, a return code (0 to 5) before. */
  reason: number;
  properties?: Properties | undefined;
}

export interface PublishPacket {
  type: 'publish';
  topic: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** Only with QoS 1 and 2. */
  packetId?: number | undefined;
  properties?: Properties | undefined;
}

/** PUBACK, PUBREC, PUBREL, PUBCOMP. */
export interface AcknowledgementPacket {
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  packetId: number;
  /** MQTT 5 only; 0 when it was left out. */
  reason: number;
  properties?: Properties | undefined;
}

export interface SubscriptionRequest {
  filter: string;
  qos: QoS;
  /** MQTT 5 only, like the two that follow. */
  noLocal: boolean;
  retainAsPublished: boolean;
  /** 0 send retained messages, 1 only for a new subscription, 2 do not send them. */
  retainHandling: number;
}

export interface SubscribePacket {
  type: 'subscribe';
  packetId: number;
  subscriptions: SubscriptionRequest[];
  properties?: Properties | undefined;
}

export interface SubackPacket {
  type: 'suback';
  packetId: number;
  reasons: number[];
  properties?: Properties | undefined;
}

export interface UnsubscribePacket {
  type: 'unsubscribe';
  packetId: number;
  filters: string[];
  properties?: Properties | undefined;
}

export interface UnsubackPacket {
  type: 'unsuback';
  packetId: number;
  /** MQTT 5 only; empty before. */
  reasons: number[];
  properties?: Properties | undefined;
}

export interface PingPacket {
  type: 'pingreq' | 'pingresp';
}

export interface DisconnectPacket {
  type: 'disconnect';
  /** MQTT 5 only; 0 when it was left out. */
  reason: number;
  properties?: Properties | undefined;
}

export interface AuthPacket {
  type: 'auth';
  reason: number;
  properties?: Properties | undefined;
}

export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AcknowledgementPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingPacket
  | DisconnectPacket
  | AuthPacket;
