// What MQTT 5 says of properties and reason codes, packet by packet as in chapter 3. src/protocol has it the
// other way round (a line a property, a line a reason code): a slip in one of the two shows in a test.
import type { PropertyName, PropertyType, ProtocolVersion } from '../src/protocol/index.js';

export const versions: readonly ProtocolVersion[] = [3, 4, 5];

/** Where properties may stand; the number is the packet type, and 0 the will in CONNECT. */
export const propertyPackets = {
  will: 0,
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  disconnect: 14,
  auth: 15,
} as const;

export type PropertyPacket = keyof typeof propertyPackets;

interface PropertyKind {
  id: number;
  type: PropertyType;
  /** Values the type can carry and the specification forbids. */
  forbidden?: readonly number[];
}

const notABoolean = [2, 3, 0x80, 0xff];

export const propertyKinds: Readonly<Record<PropertyName, PropertyKind>> = {
  payloadFormatIndicator: { id: 1, type: 'byte', forbidden: notABoolean },
  messageExpiryInterval: { id: 2, type: 'uint32' },
  contentType: { id: 3, type: 'string' },
  responseTopic: { id: 8, type: 'string' },
  correlationData: { id: 9, type: 'binary' },
  subscriptionIdentifier: { id: 11, type: 'variableByteInteger', forbidden: [0] },
  sessionExpiryInterval: { id: 17, type: 'uint32' },
  assignedClientIdentifier: { id: 18, type: 'string' },
  serverKeepAlive: { id: 19, type: 'uint16' },
  authenticationMethod: { id: 21, type: 'string' },
  authenticationData: { id: 22, type: 'binary' },
  requestProblemInformation: { id: 23, type: 'byte', forbidden: notABoolean },
  willDelayInterval: { id: 24, type: 'uint32' },
  requestResponseInformation: { id: 25, type: 'byte', forbidden: notABoolean },
  responseInformation: { id: 26, type: 'string' },
  serverReference: { id: 28, type: 'string' },
  reasonString: { id: 31, type: 'string' },
  receiveMaximum: { id: 33, type: 'uint16', forbidden: [0] },
  topicAliasMaximum: { id: 34, type: 'uint16' },
  topicAlias: { id: 35, type: 'uint16' }, // 0 is refused where a PUBLISH is read, with a reason of its own
  maximumQoS: { id: 36, type: 'byte', forbidden: notABoolean },
  retainAvailable: { id: 37, type: 'byte', forbidden: notABoolean },
  userProperties: { id: 38, type: 'pair' },
  maximumPacketSize: { id: 39, type: 'uint32', forbidden: [0] },
  wildcardSubscriptionAvailable: { id: 40, type: 'byte', forbidden: notABoolean },
  subscriptionIdentifierAvailable: { id: 41, type: 'byte', forbidden: notABoolean },
  sharedSubscriptionAvailable: { id: 42, type: 'byte', forbidden: notABoolean },
};

export const propertyNames = Object.keys(propertyKinds) as PropertyName[];

const acknowledgement: readonly PropertyName[] = ['reasonString', 'userProperties'];

/** Sections 3.1.2.11, 3.1.3.2, 3.2.2.3, 3.3.2.3 and so on. */
export const propertiesAllowedIn: Readonly<Record<PropertyPacket, readonly PropertyName[]>> = {
  will: [
    'willDelayInterval',
    'payloadFormatIndicator',
    'messageExpiryInterval',
    'contentType',
    'responseTopic',
    'correlationData',
    'userProperties',
  ],
  connect: [
    'sessionExpiryInterval',
    'receiveMaximum',
    'maximumPacketSize',
    'topicAliasMaximum',
    'requestResponseInformation',
    'requestProblemInformation',
    'userProperties',
    'authenticationMethod',
    'authenticationData',
  ],
  connack: [
    'sessionExpiryInterval',
    'receiveMaximum',
    'maximumQoS',
    'retainAvailable',
    'maximumPacketSize',
    'assignedClientIdentifier',
    'topicAliasMaximum',
    'reasonString',
    'userProperties',
    'wildcardSubscriptionAvailable',
    'subscriptionIdentifierAvailable',
    'sharedSubscriptionAvailable',
    'serverKeepAlive',
    'responseInformation',
    'serverReference',
    'authenticationMethod',
    'authenticationData',
  ],
  publish: [
    'payloadFormatIndicator',
    'messageExpiryInterval',
    'topicAlias',
    'responseTopic',
    'correlationData',
    'userProperties',
    'subscriptionIdentifier',
    'contentType',
  ],
  puback: acknowledgement,
  pubrec: acknowledgement,
  pubrel: acknowledgement,
  pubcomp: acknowledgement,
  subscribe: ['subscriptionIdentifier', 'userProperties'],
  suback: acknowledgement,
  unsubscribe: ['userProperties'],
  unsuback: acknowledgement,
  disconnect: ['sessionExpiryInterval', 'reasonString', 'userProperties', 'serverReference'],
  auth: ['authenticationMethod', 'authenticationData', 'reasonString', 'userProperties'],
};

/** Everything else stands at most once in a packet. */
export function mayRepeat(name: PropertyName, packet: PropertyPacket): boolean {
  return name === 'userProperties' || (name === 'subscriptionIdentifier' && packet === 'publish');
}

const publishAnswer = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

/** Sections 3.2.2.2, 3.4.2.1, 3.5.2.1 and so on. */
export const reasonCodesOf: Readonly<Record<string, readonly number[]>> = {
  connack: [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99,
    0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
  ],
  puback: publishAnswer,
  pubrec: publishAnswer,
  pubrel: [0x00, 0x92],
  pubcomp: [0x00, 0x92],
  suback: [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  unsuback: [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
  // 0x8c is in the list of section 2.4 only
  disconnect: [
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95,
    0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
  auth: [0x00, 0x18, 0x19],
};
