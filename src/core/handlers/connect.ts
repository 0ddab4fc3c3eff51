// CONNECT (MQTT 5 section 3.1): read, judge, authenticate; then the session is found or made and CONNACK sent.
import {
  type ConnackPacket,
  type ConnectPacket,
  decodeConnect,
  InboundTopicAliases,
  isValidUtf8Payload,
  MqttError,
  malformed,
  OutboundTopicAliases,
  type Properties,
  Reader,
  ReasonCode,
  type Will,
} from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { MAX_PACKET_SIZE, State } from '../connection-state.js';
import { NEVER_EXPIRES, type Session } from '../session.js';
import { authenticateNext } from './auth.js';

export function connect(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  // [MQTT3-3.1.0-2]
  if (connection.state !== State.NEW) throw new MqttError(ReasonCode.ProtocolError, 'second CONNECT'); // [MQTT-3.1.0-2]
  noteVersion(connection, bytes, body, end);
  const reader = new Reader(bytes, body, end);
  const packet = decodeConnect(reader);
  if (reader.remaining > 0) throw malformed('CONNECT is longer than its content');
  noteClient(connection, packet);
  noteIdentity(connection);
  if (!judge(connection, packet)) return false;
  return authenticate(connection, packet);
}

/** From here on an error is answered in the client's version, if that is known [MQTT-3.1.4-1]. */
function noteVersion(connection: Connection, bytes: Uint8Array, body: number, end: number): void {
  const nameLength = end - body >= 2 ? (bytes[body]! << 8) | bytes[body + 1]! : 0;
  const level = bytes[body + 2 + nameLength];
  if (level === undefined || body + 2 + nameLength >= end) return;
  const isMqtt = nameLength === 4;
  if (isMqtt && level === 5) {
    connection.version = 5;
    connection.state = State.CONNECTING;
  } else if ((level & 0x7f) >= 3 && (level & 0x7f) <= 5) connection.version = isMqtt ? 4 : 3;
  // whoever speaks a version that came later reads the answer of MQTT 5
  else connection.version = 5;
}

function noteClient(connection: Connection, packet: ConnectPacket): void {
  const { engine } = connection;
  connection.state = State.CONNECTING;
  connection.version = packet.version;
  connection.clientId = packet.clientId;
  connection.username = packet.username;
  connection.cleanStart = packet.cleanStart;
  connection.askedKeepAlive = packet.keepAlive;
  connection.keepAlive = packet.keepAlive; // [MQTT-3.2.2-22]
  connection.isBridge = packet.bridge === true;
  const { maxInflightMessages, retainAvailable } = engine.options;
  connection.maxQos = connection.entrance.limits.maxQos;
  connection.mayRetain = retainAvailable;
  const { maxTopicAlias, maxTopicAliasBroker } = connection.entrance.limits;
  const window = maxInflightMessages === 0 ? 65_535 : maxInflightMessages;
  connection.sendQuota = window;
  if (packet.version !== 5) return;
  const properties = packet.properties!;
  connection.receiveLimit = window;
  // [MQTT-4.9.0-1]
  connection.sendQuota = Math.min(window, properties.receiveMaximum ?? 65_535); // [MQTT-3.3.4-9]
  connection.clientMaxPacketSize = Math.min(properties.maximumPacketSize ?? MAX_PACKET_SIZE, MAX_PACKET_SIZE);
  connection.wantsProblemInformation = properties.requestProblemInformation !== 0;
  connection.authenticationMethod = properties.authenticationMethod;
  if (maxTopicAlias > 0) connection.aliasesIn = new InboundTopicAliases(maxTopicAlias);
  const aliases = Math.min(properties.topicAliasMaximum ?? 0, maxTopicAliasBroker); // [MQTT-3.1.2-27]
  if (aliases > 0) connection.aliasesOut = new OutboundTopicAliases(aliases);
}

/** Listeners may take the user name from what the client has proved. */
function noteIdentity(connection: Connection): void {
  const { usernameFrom } = connection.entrance.limits;
  if (usernameFrom === null) return;
  const name = connection.transport.peer?.[usernameFrom];
  if (name === undefined || name === '')
    throw new MqttError(
      ReasonCode.BadUserNameOrPassword,
      `the user name is the ${usernameFrom} of a certificate or key here, and there is none`,
    );
  connection.username = name;
}

/** What speaks against a client without asking anybody. */
function judge(connection: Connection, packet: ConnectPacket): boolean {
  const { engine } = connection;
  const { limits } = connection.entrance;
  if (!limits.versions.includes(packet.version))
    throw new MqttError(ReasonCode.UnsupportedProtocolVersion, 'this version of MQTT is not taken here');
  if (!engine.judgeConnection(connection)) return false;
  if (limits.usernameAsClientid) {
    if (connection.username === undefined || connection.username === '')
      throw new MqttError(ReasonCode.NotAuthorized, 'the user name is the client id here, and there is none');
    connection.clientId = connection.username;
    return judgeRest(connection, packet);
  }
  if (packet.clientId === '') {
    // 3.1 had no generated client ids, 3.1.1 has them for clean sessions only [MQTT3-3.1.3-8]
    const mayBeEmpty = packet.version === 5 || (packet.version === 4 && packet.cleanStart);
    // [MQTT-3.1.3-8] [MQTT3-3.1.3-9]
    if (!mayBeEmpty || !limits.allowZeroLengthClientid)
      throw new MqttError(ReasonCode.ClientIdentifierNotValid, 'client id is empty');
    connection.clientId = engine.newClientId(limits.autoIdPrefix); // [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT3-3.1.3-6]
  }
  return judgeRest(connection, packet);
}

function judgeRest(connection: Connection, packet: ConnectPacket): boolean {
  const { maxKeepalive, clientidPrefixes } = connection.engine.options;
  if (!connection.clientId.startsWith(clientidPrefixes))
    throw new MqttError(ReasonCode.NotAuthorized, `client ids begin with ${clientidPrefixes} here`);
  if (maxKeepalive > 0 && (packet.keepAlive === 0 || packet.keepAlive > maxKeepalive)) {
    if (packet.version !== 5)
      throw new MqttError(ReasonCode.ClientIdentifierNotValid, `keep alive is above ${maxKeepalive}`);
    connection.keepAlive = maxKeepalive; // [MQTT-3.1.2-21]
  }
  if (packet.will !== undefined) noteWill(connection, packet.will); // [MQTT3-3.1.2-12]
  return true;
}

function noteWill(connection: Connection, will: Will): void {
  const { engine } = connection;
  const { options } = engine;
  if (will.qos > connection.maxQos)
    throw new MqttError(ReasonCode.QoSNotSupported, `will QoS ${will.qos} is not allowed here`); // [MQTT-3.2.2-12]
  if (will.retain && !connection.mayRetain)
    throw new MqttError(ReasonCode.RetainNotSupported, 'retained messages are not allowed here'); // [MQTT-3.2.2-13]
  if (options.validatePayloadFormat && will.properties?.payloadFormatIndicator === 1) {
    const { payload } = will;
    if (!isValidUtf8Payload(payload, 0, payload.length))
      throw new MqttError(ReasonCode.PayloadFormatInvalid, 'will payload is not UTF-8');
  }
  // [MQTT-3.1.2-7]
  connection.will = {
    message: engine.makeWill(connection, will),
    delay: will.properties?.willDelayInterval ?? 0,
  };
}

function authenticate(connection: Connection, packet: ConnectPacket): boolean {
  const { engine } = connection;
  const method = connection.authenticationMethod;
  if (method !== undefined) {
    const start = engine.hooks.authenticationMethods.get(method);
    if (start === undefined)
      throw new MqttError(ReasonCode.BadAuthenticationMethod, 'authentication method is not available'); // [MQTT-4.12.0-1]
    connection.exchange = start(connection);
    connection.pendingConnect = packet;
    return authenticateNext(connection, packet.properties?.authenticationData, (step) =>
      engine.finishAuthentication(connection, step),
    );
  }
  if (connection.entrance.limits.usernameFrom !== null) return establish(connection, packet, {});
  const refusal = engine.decisions.refusesClient(connection, {
    username: packet.username,
    password: packet.password,
  });
  if (refusal instanceof Promise) {
    connection.later(refusal, (reason) => {
      decide(connection, packet, reason);
    });
    return false;
  }
  return decide(connection, packet, refusal);
}

function decide(connection: Connection, packet: ConnectPacket, refusal: number): boolean {
  if (refusal === 0) return establish(connection, packet, {});
  connection.engine.metrics.authenticationFailures++;
  connection.disconnect(refusal, 'not authorized'); // [MQTT-3.1.4-2]
  return false;
}

/** The client is who it says: takes over, finds or makes its session, and answers. `extras`: more for CONNACK. */
export function establish(connection: Connection, packet: ConnectPacket, extras: Properties): boolean {
  const { engine } = connection;
  engine.sessions.takeOver(connection.clientId, packet.cleanStart);
  const existing = engine.sessions.get(connection.clientId); // [MQTT-3.1.3-2]
  // [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT3-3.2.2-1] [MQTT3-3.2.2-2] [MQTT3-3.2.2-3]
  const sessionPresent = existing !== undefined;
  // [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT3-3.1.2-4]
  const session = existing ?? engine.sessions.create(connection.clientId);
  engine.sessions.attach(session, connection, sessionExpiry(packet));
  const properties = connackProperties(connection, packet, session, extras);
  // 3.1 does not know of session present
  const connack: ConnackPacket = {
    type: 'connack',
    sessionPresent: sessionPresent && packet.version !== 3,
    reason: 0, // [MQTT-3.1.4-5] [MQTT3-3.1.4-4]
    properties,
  };
  const safe = engine.safety();
  if (safe === undefined) {
    engine.connected(connection, connack);
    return true;
  }
  connection.later(safe, () => engine.connected(connection, connack));
  return false;
}

/** Seconds. Before MQTT 5 a session is either clean, or kept for ever. */
function sessionExpiry(packet: ConnectPacket): number {
  if (packet.version === 5) return packet.properties?.sessionExpiryInterval ?? 0;
  return packet.cleanStart ? 0 : NEVER_EXPIRES;
}

/** In the order in which Mosquitto sends them; what is at its default is left out. */
function connackProperties(
  connection: Connection,
  packet: ConnectPacket,
  session: Session,
  extras: Properties,
): Properties {
  if (connection.version !== 5) return {};
  const { options } = connection.engine;
  const { limits } = connection.entrance;
  const asked = packet.properties ?? {};
  return {
    serverKeepAlive: connection.keepAlive !== packet.keepAlive ? connection.keepAlive : undefined,
    topicAliasMaximum: limits.maxTopicAlias > 0 ? limits.maxTopicAlias : undefined,
    assignedClientIdentifier: packet.clientId !== connection.clientId ? connection.clientId : undefined, // [MQTT-3.2.2-16]
    ...extras,
    retainAvailable: options.retainAvailable ? undefined : 0,
    maximumPacketSize: options.maxPacketSize,
    receiveMaximum: options.maxInflightMessages > 0 ? options.maxInflightMessages : undefined,
    maximumQoS: limits.maxQos < 2 ? limits.maxQos : undefined, // [MQTT-3.2.2-9]
    wildcardSubscriptionAvailable: options.wildcardSubscriptions ? undefined : 0,
    subscriptionIdentifierAvailable: options.subscriptionIdentifiers ? undefined : 0,
    sharedSubscriptionAvailable: options.sharedSubscriptions ? undefined : 0,
    sessionExpiryInterval:
      session.expiryInterval !== (asked.sessionExpiryInterval ?? 0) ? session.expiryInterval : undefined,
    responseInformation: responseInformation(connection, asked),
  };
}

/** Only for clients that asked for it [MQTT-3.1.2-28]; `%c` in the option stands for the client id. */
function responseInformation(connection: Connection, asked: Properties): string | undefined {
  const { responseInformation: text } = connection.engine.options;
  if (text === '' || asked.requestResponseInformation !== 1) return undefined;
  return text.replaceAll('%c', connection.clientId);
}
