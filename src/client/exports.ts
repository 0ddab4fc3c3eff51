// What the client exports in Node and in browsers alike.

export {
  MqttError,
  type Packet,
  type Properties,
  type ProtocolVersion,
  type QoS,
  ReasonCode,
} from '../protocol/index.js';
export type { AuthenticationExchange, Authenticator } from './authentication.js';
export {
  Client,
  type ClientEvents,
  type ClientState,
  type ConnectResult,
  type Disconnection,
  type DisconnectOptions,
  type PublishOptions,
} from './client.js';
export { ClientError, type ClientErrorCode } from './errors.js';
export { Message } from './message.js';
export type { MessageStream, MessageStreamOptions } from './message-stream.js';
export type {
  ClientOptions,
  MessageOptions,
  Protocol,
  QueueOptions,
  ReconnectOptions,
  Target,
  WillOptions,
} from './options.js';
export type { PublishResult } from './outgoing.js';
export type { RequestOptions, Responder } from './requests.js';
export { type ScramClientOptions, scram } from './scram.js';
export type { SessionOperation, SessionStore } from './session-store.js';
export type { FilterResult, SubscribeOptions, SubscribeResult } from './subscribing.js';
export type { Receiver, SubscriptionOptions } from './subscriptions.js';
export type { Platform, Transport, TransportReceiver } from './transport.js';
