// Reason codes as one table: value, name, text, and the packets that may carry each (MQTT 5 section 2.4).
// MQTT 3 return codes are mapped from them here too.
import { PacketType } from './packet-types.js';

const { CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH } = PacketType;

/** [name, value, text, packet types] */
const table = [
  [
    'Success',
    0x00,
    'success',
    [CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH],
  ],
  ['GrantedQoS1', 0x01, 'granted QoS 1', [SUBACK]],
  ['GrantedQoS2', 0x02, 'granted QoS 2', [SUBACK]],
  ['DisconnectWithWill', 0x04, 'disconnect with will message', [DISCONNECT]],
  ['NoMatchingSubscribers', 0x10, 'no matching subscribers', [PUBACK, PUBREC]],
  ['NoSubscriptionExisted', 0x11, 'no subscription existed', [UNSUBACK]],
  ['ContinueAuthentication', 0x18, 'continue authentication', [AUTH]],
  ['ReAuthenticate', 0x19, 're-authenticate', [AUTH]],
  ['UnspecifiedError', 0x80, 'unspecified error', [CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT]],
  ['MalformedPacket', 0x81, 'malformed packet', [CONNACK, DISCONNECT]],
  ['ProtocolError', 0x82, 'protocol error', [CONNACK, DISCONNECT]],
  [
    'ImplementationSpecificError',
    0x83,
    'implementation specific error',
    [CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT],
  ],
  ['UnsupportedProtocolVersion', 0x84, 'unsupported protocol version', [CONNACK]],
  ['ClientIdentifierNotValid', 0x85, 'client identifier not valid', [CONNACK]],
  ['BadUserNameOrPassword', 0x86, 'bad user name or password', [CONNACK]],
  ['NotAuthorized', 0x87, 'not authorized', [CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT]],
  ['ServerUnavailable', 0x88, 'server unavailable', [CONNACK]],
  ['ServerBusy', 0x89, 'server busy', [CONNACK, DISCONNECT]],
  ['Banned', 0x8a, 'banned', [CONNACK]],
  ['ServerShuttingDown', 0x8b, 'server shutting down', [DISCONNECT]],
  ['BadAuthenticationMethod', 0x8c, 'bad authentication method', [CONNACK, DISCONNECT]],
  ['KeepAliveTimeout', 0x8d, 'keep alive timeout', [DISCONNECT]],
  ['SessionTakenOver', 0x8e, 'session taken over', [DISCONNECT]],
  ['TopicFilterInvalid', 0x8f, 'topic filter invalid', [SUBACK, UNSUBACK, DISCONNECT]],
  ['TopicNameInvalid', 0x90, 'topic name invalid', [CONNACK, PUBACK, PUBREC, DISCONNECT]],
  ['PacketIdentifierInUse', 0x91, 'packet identifier in use', [PUBACK, PUBREC, SUBACK, UNSUBACK]],
  ['PacketIdentifierNotFound', 0x92, 'packet identifier not found', [PUBREL, PUBCOMP]],
  ['ReceiveMaximumExceeded', 0x93, 'receive maximum exceeded', [DISCONNECT]],
  ['TopicAliasInvalid', 0x94, 'topic alias invalid', [DISCONNECT]],
  ['PacketTooLarge', 0x95, 'packet too large', [CONNACK, DISCONNECT]],
  ['MessageRateTooHigh', 0x96, 'message rate too high', [DISCONNECT]],
  ['QuotaExceeded', 0x97, 'quota exceeded', [CONNACK, PUBACK, PUBREC, SUBACK, DISCONNECT]],
  ['AdministrativeAction', 0x98, 'administrative action', [DISCONNECT]],
  ['PayloadFormatInvalid', 0x99, 'payload format invalid', [CONNACK, PUBACK, PUBREC, DISCONNECT]],
  ['RetainNotSupported', 0x9a, 'retain not supported', [CONNACK, DISCONNECT]],
  ['QoSNotSupported', 0x9b, 'QoS not supported', [CONNACK, DISCONNECT]],
  ['UseAnotherServer', 0x9c, 'use another server', [CONNACK, DISCONNECT]],
  ['ServerMoved', 0x9d, 'server moved', [CONNACK, DISCONNECT]],
  ['SharedSubscriptionsNotSupported', 0x9e, 'shared subscriptions not supported', [SUBACK, DISCONNECT]],
  ['ConnectionRateExceeded', 0x9f, 'connection rate exceeded', [CONNACK, DISCONNECT]],
  ['MaximumConnectTime', 0xa0, 'maximum connect time', [DISCONNECT]],
  [
    'SubscriptionIdentifiersNotSupported',
    0xa1,
    'subscription identifiers not supported',
    [SUBACK, DISCONNECT],
  ],
  ['WildcardSubscriptionsNotSupported', 0xa2, 'wildcard subscriptions not supported', [SUBACK, DISCONNECT]],
] as const;

type ReasonName = (typeof table)[number][0];

/** Reason codes by name, for example `ReasonCode.QuotaExceeded === 0x97`. */
export const ReasonCode = Object.fromEntries(table.map(([name, value]) => [name, value])) as {
  readonly [Name in ReasonName]: Extract<(typeof table)[number], readonly [Name, ...unknown[]]>[1];
};

const texts = new Map<number, string>(table.map(([, value, text]) => [value, text]));
const packets = new Map<number, readonly number[]>(table.map(([, value, , types]) => [value, types]));

/** The specification's words for a reason code, in lower case. */
export function reasonName(code: number): string {
  return texts.get(code) ?? `unknown reason code 0x${code.toString(16).padStart(2, '0')}`;
}

/** Whether a packet type may carry a reason code (MQTT 5 section 2.4, table 2-6). */
export function reasonIsValid(type: number, code: number): boolean {
  return packets.get(code)?.includes(type) ?? false;
}

const version3ReturnCodes = new Map<number, number>([
  [ReasonCode.Success, 0],
  [ReasonCode.UnsupportedProtocolVersion, 1],
  [ReasonCode.ClientIdentifierNotValid, 2],
  [ReasonCode.BadUserNameOrPassword, 4],
  [ReasonCode.NotAuthorized, 5],
  [ReasonCode.Banned, 5],
  [ReasonCode.BadAuthenticationMethod, 5],
  [ReasonCode.ServerUnavailable, 3],
  [ReasonCode.ServerBusy, 3],
  [ReasonCode.QuotaExceeded, 3],
  [ReasonCode.UseAnotherServer, 3],
  [ReasonCode.ServerMoved, 3],
  [ReasonCode.ConnectionRateExceeded, 3],
  [ReasonCode.UnspecifiedError, 3],
  [ReasonCode.ImplementationSpecificError, 3],
]);

/** The CONNACK return code of MQTT 3.1 and 3.1.1 for a reason code; undefined: close without an answer. */
export function connackReturnCode(reason: number): number | undefined {
  return version3ReturnCodes.get(reason);
}
