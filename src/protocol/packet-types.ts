// The fifteen control packet types, their fixed header flags and who may send them (MQTT 5 section 2.1).

/** 3 is MQTT 3.1 (MQIsdp), 4 is MQTT 3.1.1, 5 is MQTT 5: the protocol level of CONNECT. */
export type ProtocolVersion = 3 | 4 | 5;

export const PacketType = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
  AUTH: 15,
} as const;

export type PacketTypeName = keyof typeof PacketType;

/** Packet type names by number; index 0 is reserved. */
export const packetTypeNames: readonly string[] = ['reserved', ...Object.keys(PacketType)];

/** The only fixed header flags that a packet type may carry; -1: PUBLISH, whose flags have a meaning. */
const requiredFlags: readonly number[] = [-1, 0, 0, -1, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];

/** Whether the low four bits of a first byte are legal for its type [MQTT-2.1.3-1]. In 3.1 PUBREL may have DUP. */
export function flagsAreValid(first: number, version: ProtocolVersion): boolean {
  const type = first >> 4;
  if (version === 3 && first === 0x6a) return true;
  if (type === PacketType.PUBLISH) return (first & 0x06) !== 0x06;
  return type !== 0 && (first & 0x0f) === requiredFlags[type];
}

/** The first byte of a packet type other than PUBLISH. */
export function firstByte(type: number): number {
  return (type << 4) | requiredFlags[type]!;
}
