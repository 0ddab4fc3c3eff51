// What a configuration means for the engine: its options, and what holds for a listener.

import type { AclFileOptions } from '../auth/acl-plugin.js';
import {
  type Configuration,
  completed,
  type ListenerConfiguration,
  type SecuritySettings,
} from '../config/configuration.js';
import { globalOptions } from '../config/global-options.js';
import { listenerOptions } from '../config/listener-options.js';
import { securityOptions } from '../config/security-options.js';
import type { ListenerLimits } from '../core/listener.js';
import { type EngineOptions, optionRules } from '../core/options.js';
import type { ProtocolVersion } from '../protocol/index.js';

/** Mosquitto's -1 is our 0: any number. */
function limit(value: number | undefined): number {
  return Math.max(0, value ?? 0);
}

export function engineOptions(config: Configuration): Partial<EngineOptions> {
  const settings = completed(globalOptions, config.settings);
  return {
    ...protectionOptions(settings),
    allowDuplicateMessages: settings.allow_duplicate_messages!,
    clientidPrefixes: settings.clientid_prefixes ?? '',
    maxConnections: limit(settings.global_max_connections),
    maxInflightBytes: settings.max_inflight_bytes!,
    maxInflightMessages: settings.max_inflight_messages!,
    maxKeepalive: settings.max_keepalive!,
    maxPacketSize: Math.min(settings.max_packet_size!, 268_435_460),
    maxQueuedBytes: settings.max_queued_bytes!,
    maxQueuedMessages: settings.max_queued_messages!,
    // more than MQTT can carry is for ever
    maxSessionExpiry: Math.min(settings.persistent_client_expiration ?? 0, 0xffff_ffff),
    maxSessions: limit(settings.global_max_clients),
    messageSizeLimit: settings.message_size_limit!,
    queueQos0Messages: settings.queue_qos0_messages!,
    retainAvailable: settings.retain_available!,
    upgradeOutgoingQos: settings.upgrade_outgoing_qos!,
  };
}

type GlobalSettings = ReturnType<typeof completed<typeof globalOptions>>;

function protectionOptions(settings: GlobalSettings): Partial<EngineOptions> {
  const { max_failed_logins: logins, max_client_connects: connects, never_ban: never } = settings;
  return {
    banSeconds: settings.ban_duration!,
    byteRateLimit: settings.byte_rate_limit!,
    connectionRatePerAddress: settings.connection_rate_per_address!,
    maxConnectionsPerAddress: settings.max_connections_per_address!,
    messageRateLimit: settings.message_rate_limit!,
    neverBan: never?.join(',') ?? optionRules.neverBan.value,
    maxClientConnects: connects?.count ?? 0,
    clientConnectSeconds: connects?.seconds ?? optionRules.clientConnectSeconds.value,
    maxFailedLogins: logins?.count ?? 0,
    failedLoginSeconds: logins?.seconds ?? optionRules.failedLoginSeconds.value,
  };
}

/** The settings of authentication and access that hold for a listener; null: for the broker. */
export function securityOf(config: Configuration, listener: ListenerConfiguration | null): SecuritySettings {
  const given = config.perListenerSettings && listener !== null ? listener.security : config.security;
  const own = listener?.settings ?? {};
  const security = completed(securityOptions, given);
  return {
    ...security,
    allow_anonymous: own.listener_allow_anonymous ?? security.allow_anonymous ?? config.isLocalOnly,
    auto_id_prefix: own.listener_auto_id_prefix ?? security.auto_id_prefix ?? 'auto-',
  };
}

export function listenerLimits(
  config: Configuration,
  listener: ListenerConfiguration | null,
): Partial<ListenerLimits> {
  const settings = completed(listenerOptions, listener?.settings ?? {});
  const security = securityOf(config, listener);
  const versions = settings.accept_protocol_versions as readonly ProtocolVersion[] | undefined;
  return {
    maxConnections: limit(settings.max_connections),
    maxQos: settings.max_qos!,
    maxTopicAlias: settings.max_topic_alias!,
    maxTopicAliasBroker: settings.max_topic_alias_broker!,
    allowZeroLengthClientid: security.allow_zero_length_clientid!,
    autoIdPrefix: security.auto_id_prefix!,
    usernameAsClientid: settings.use_username_as_clientid!,
    usernameFrom: settings.use_identity_as_username
      ? 'identity'
      : settings.use_subject_as_username
        ? 'subject'
        : null,
    ...(versions && { versions }),
  };
}

/** The files of access rules; null when there are none. */
export function aclOptions(config: Configuration): AclFileOptions | null {
  if (!config.perListenerSettings) {
    const file = config.security.acl_file;
    return file === undefined ? null : { file };
  }
  const files = config.listeners.map((each) => [listenerName(each), each.security.acl_file ?? null] as const);
  return files.every(([, file]) => file === null) ? null : { perListener: Object.fromEntries(files) };
}

/** What a listener is called in logs, and what tells it from the others. */
export function listenerName({ port, host, path, settings }: ListenerConfiguration): string {
  if (path !== undefined) return path;
  const { bind_interface: device, socket_domain: family } = settings;
  const place = device ?? host;
  const name = place === undefined ? String(port) : `${place}:${port}`;
  // one port may have a listener for each family, with rules of its own
  return family === undefined ? name : `${name} (${family})`;
}
