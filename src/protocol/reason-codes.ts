// Reason codes as one table: name, value, and the packets that may carry each (MQTT 5 section 2.4).
// MQTT 3 return codes are mapped from them here too.
import { PacketType } from './packet-types.js';

const { CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH } = PacketType;

/** [name, value, packet types]. The name is the text too: `QuotaExceeded` reads "quota exceeded". */
const table = [
  ['Success', 0x00, [CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH]],
  ['GrantedQoS1', 0x01, [SUBACK]],
  ['GrantedQoS2', 0x02, [SUBACK]],
  ['DisconnectWithWill', 0x04, [DISCONNECT]],
  ['NoMatchingSubscribers', 0x10, [PUBACK, PUBREC]],
  ['NoSubscriptionExisted', 0x11, [UNSUBACK]],
  ['ContinueAuthentication', 0x18, [AUTH]],
  ['ReAuthenticate', 0x19, [AUTH]],
  ['UnspecifiedError', 0x80, [CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT]],
  ['MalformedPacket', 0x81, [CONNACK, DISCONNECT]],
  ['ProtocolError', 0x82, [CONNACK, DISCONNECT]],
  ['ImplementationSpecificError', 0x83, [CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT]],
  ['UnsupportedProtocolVersion', 0x84, [CONNACK]],
  ['ClientIdentifierNotValid', 0x85, [CONNACK]],
  ['BadUserNameOrPassword', 0x86, [CONNACK]],
  ['NotAuthorized', 0x87, [CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT]],
  ['ServerUnavailable', 0x88, [CONNACK]],
  ['ServerBusy', 0x89, [CONNACK, DISCONNECT]],
  ['Banned', 0x8a, [CONNACK]],
  ['ServerShuttingDown', 0x8b, [DISCONNECT]],
  ['BadAuthenticationMethod', 0x8c, [CONNACK, DISCONNECT]],
  ['KeepAliveTimeout', 0x8d, [DISCONNECT]],
  ['SessionTakenOver', 0x8e, [DISCONNECT]],
  ['TopicFilterInvalid', 0x8f, [SUBACK, UNSUBACK, DISCONNECT]],
  ['TopicNameInvalid', 0x90, [CONNACK, PUBACK, PUBREC, DISCONNECT]],
  ['PacketIdentifierInUse', 0x91, [PUBACK, PUBREC, SUBACK, UNSUBACK]],
  ['PacketIdentifierNotFound', 0x92, [PUBREL, PUBCOMP]],
  ['ReceiveMaximumExceeded', 0x93, [DISCONNECT]],
  ['TopicAliasInvalid', 0x94, [DISCONNECT]],
  ['PacketTooLarge', 0x95, [CONNACK, DISCONNECT]],
  ['MessageRateTooHigh', 0x96, [DISCONNECT]],
  ['QuotaExceeded', 0x97, [CONNACK, PUBACK, PUBREC, SUBACK, DISCONNECT]],
  ['AdministrativeAction', 0x98, [DISCONNECT]],
  ['PayloadFormatInvalid', 0x99, [CONNACK, PUBACK, PUBREC, DISCONNECT]],
  ['RetainNotSupported', 0x9a, [CONNACK, DISCONNECT]],
  ['QoSNotSupported', 0x9b, [CONNACK, DISCONNECT]],
  ['UseAnotherServer', 0x9c, [CONNACK, DISCONNECT]],
  ['ServerMoved', 0x9d, [CONNACK, DISCONNECT]],
  ['SharedSubscriptionsNotSupported', 0x9e, [SUBACK, DISCONNECT]],
  ['ConnectionRateExceeded', 0x9f, [CONNACK, DISCONNECT]],
  ['MaximumConnectTime', 0xa0, [DISCONNECT]],
  ['SubscriptionIdentifiersNotSupported', 0xa1, [SUBACK, DISCONNECT]],
  ['WildcardSubscriptionsNotSupported', 0xa2, [SUBACK, DISCONNECT]],
] as const;

type ReasonName = (typeof table)[number][0];

/** Reason codes by name, for example `ReasonCode.QuotaExceeded === 0x97`. */
export const ReasonCode = Object.fromEntries(table.map(([name, value]) => [name, value])) as {
  readonly [Name in ReasonName]: Extract<(typeof table)[number], readonly [Name, ...unknown[]]>[1];
};

const byValue = new Map<number, readonly [ReasonName, number, readonly number[]]>(
  table.map((row) => [row[1], row]),
);

/** The specification's words for a reason code, in lower case. */
export function reasonName(code: number): string {
  const name = byValue.get(code)?.[0];
  if (name === undefined) return `unknown reason code 0x${code.toString(16).padStart(2, '0')}`;
  const words = name.match(/QoS|[A-Z][a-z]+|\d/g) ?? [];
  return words.map((word) => (word === 'QoS' ? word : word.toLowerCase())).join(' ');
}

/** Whether a packet type may carry a reason code (MQTT 5 section 2.4, table 2-6). */
export function reasonIsValid(type: number, code: number): boolean {
  return byValue.get(code)?.[2].includes(type) ?? false;
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
