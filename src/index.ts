// The public API: what a program that embeds the broker, or writes a plugin for it, imports.

export { AclFileError } from './auth/acl-file.js';
export { type AclFileOptions, type AclFilePlugin, aclFilePlugin } from './auth/acl-plugin.js';
export type { BodyFormat, RequestTemplate } from './auth/http/template.js';
export { type AnswerForm, type HttpAuthOptions, httpPlugin } from './auth/http-plugin.js';
export type { RemoteKeysOptions } from './auth/jwt/remote-keys.js';
export { type JwtOptions, jwtPlugin } from './auth/jwt-plugin.js';
export { PasswordFileError } from './auth/password-file.js';
export {
  type PasswordFileOptions,
  type PasswordFilePlugin,
  passwordFilePlugin,
} from './auth/password-plugin.js';
export { PluginOptionError } from './auth/plugin-options.js';
export {
  type ScramCredentials,
  type ScramMechanism,
  type ScramOptions,
  scram,
  scramCredentials,
} from './auth/scram.js';
export {
  Broker,
  type BrokerEvents,
  type BrokerOptions,
  type ClientState,
  type ListenOptions,
  type LocalSubscription,
} from './broker.js';
export type { EngineEvents, PublishRequest, Redirection } from './core/engine.js';
export type { ListenerLimits } from './core/listener.js';
export type { Metrics } from './core/metrics.js';
export {
  type EngineOptions,
  OptionError,
  type OptionName,
  optionNames,
  optionRules,
} from './core/options.js';
export type {
  Action,
  AuthenticationExchange,
  AuthenticationMethod,
  AuthenticationStep,
  ClientInfo,
  Credentials,
  Denied,
  LogLevel,
  MaybePromise,
  MessageChange,
  Plugin,
  PluginBroker,
  PublishedMessage,
  Verdict,
} from './core/plugin.js';
export { BanError, type BanKind, type BanTarget } from './core/protection/bans.js';
export type { BanState } from './core/protection/protection.js';
export type { Store, StoreEntry, StoreOperation } from './core/store.js';
export type { Address, ProxyOptions, TcpOptions } from './listeners/tcp.js';
export type { CertificateOptions, TlsOptions } from './listeners/tls.js';
export { MqttError, type Properties, type ProtocolVersion, type QoS, ReasonCode } from './protocol/index.js';
export { MemoryStore } from './store/memory.js';
export { type SysTopicsOptions, type SysTopicsPlugin, sysTopicsPlugin } from './sys/sys-topics.js';
