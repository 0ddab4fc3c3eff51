// The CONNECT that settings make (MQTT 5 section 3.1).
import type { ConnectPacket, Properties, ProtocolVersion } from '../protocol/index.js';
import type { Settings } from './options.js';

/** `hasSession`: there may be a session to come back to. */
export function connectPacket(
  settings: Settings,
  version: ProtocolVersion,
  clientId: string,
  hasSession: boolean,
  encode: (content: string | Uint8Array) => Uint8Array,
): ConnectPacket {
  const { cleanStart, sessionExpiryInterval, keepAlive, username, password, will } = settings;
  const packet: ConnectPacket = {
    type: 'connect',
    version,
    cleanStart: version === 5 && hasSession && sessionExpiryInterval > 0 ? false : cleanStart,
    keepAlive,
    clientId,
    will: will && {
      topic: will.topic,
      payload: encode(will.payload ?? ''),
      qos: will.qos ?? 0,
      retain: will.retain ?? false,
      properties: will.properties,
    },
    username,
    password: password === undefined ? undefined : encode(password),
  };
  if (version === 5) packet.properties = connectProperties(settings);
  // MQTT 3.1.1 has no password without a user name [MQTT3-3.1.2-22]
  else if (packet.password !== undefined) packet.username ??= '';
  return packet;
}

function connectProperties(settings: Settings): Properties {
  const { sessionExpiryInterval, receiveMaximum, maximumPacketSize, topicAliasMaximum } = settings;
  return {
    ...settings.properties,
    sessionExpiryInterval: sessionExpiryInterval || undefined,
    maximumPacketSize: maximumPacketSize < 268_435_460 ? maximumPacketSize : undefined,
    topicAliasMaximum: topicAliasMaximum || undefined,
    receiveMaximum: receiveMaximum === 65_535 ? undefined : receiveMaximum,
  };
}
