// Arbitrary valid packets of every type and version, for fast-check. They are in the form that decoding
// gives: MQTT 5 packets have a properties object, earlier ones have none.
import fc, { type Arbitrary } from 'fast-check';
import type {
  AcknowledgementPacket,
  AuthPacket,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  Packet,
  PingPacket,
  Properties,
  PropertyName,
  ProtocolVersion,
  PublishPacket,
  PublishVariant,
  QoS,
  SubackPacket,
  SubscribePacket,
  UnsubackPacket,
  UnsubscribePacket,
  Will,
} from '../src/protocol/index.js';
import {
  mayRepeat,
  type PropertyPacket,
  propertiesAllowedIn,
  propertyKinds,
  reasonCodesOf,
} from './specification.js';

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abcXYZ0189 -_.') },
  { weight: 2, arbitrary: fc.constantFrom('é', 'ß', '日', '😀', '\u{10ffff}', '\ufeff', '\u0001', '\ufffe') },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((c) => c !== '\0'),
  },
);

/** Any string that MQTT can carry; now and then longer than what is decoded character by character. */
export const text: Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: character, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: character, minLength: 60, maxLength: 140 }) },
);

// a topic has neither control characters nor non-characters: the broker refuses them as Mosquitto does
const levelCharacter = character.filter((c) => !/[/+#\p{Cc}\p{Noncharacter_Code_Point}]/u.test(c));

const level = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'c', '$SYS', '$share', 'sensors'),
  fc.string({ unit: levelCharacter, maxLength: 6 }),
);

export const topicName: Arbitrary<string> = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((topic) => topic.length > 0);

export const topicFilter: Arbitrary<string> = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([levels, open]) => (open ? [...levels, '#'] : levels).join('/'))
  .filter((filter) => filter.length > 0 && filter !== '$share' && !filter.startsWith('$share/'));

const sharedFilter = topicFilter.map((filter) => `$share/group/${filter}`);

const bytes = fc.uint8Array({ maxLength: 24 });
const payload = fc.oneof(
  { weight: 9, arbitrary: bytes },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 100, maxLength: 400 }) },
);
const uint16 = fc.oneof(fc.constantFrom(0, 1, 0xffff), fc.nat({ max: 0xffff }));
const uint32 = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
const packetId = fc.oneof(fc.constantFrom(1, 0xffff), fc.integer({ min: 1, max: 0xffff }));
const qos = fc.constantFrom<QoS>(0, 1, 2);
const subscriptionIdentifier = fc.oneof(
  fc.constantFrom(1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455),
  fc.integer({ min: 1, max: 268435455 }),
);

function propertyValue(name: PropertyName, packet: PropertyPacket): Arbitrary<unknown> {
  if (name === 'responseTopic') return topicName;
  if (name === 'topicAlias') return packetId; // 1 to 65535 as well
  const { type, forbidden } = propertyKinds[name];
  const isAllowed = (value: number): boolean => !(forbidden ?? []).includes(value);
  switch (type) {
    case 'byte':
      return fc.constantFrom(0, 1);
    case 'uint16':
      return uint16.filter(isAllowed);
    case 'uint32':
      return uint32.filter(isAllowed);
    case 'variableByteInteger':
      return fc.array(subscriptionIdentifier, { minLength: 1, maxLength: mayRepeat(name, packet) ? 3 : 1 });
    case 'string':
      return text;
    case 'binary':
      return bytes;
    case 'pair':
      return fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 });
  }
}

/** Any properties that a packet may carry, in any order. */
export function propertiesOf(packet: PropertyPacket): Arbitrary<Properties> {
  const entries = propertiesAllowedIn[packet].map((name) => [name, propertyValue(name, packet)] as const);
  const complete = fc.record(Object.fromEntries(entries), { requiredKeys: [], noNullPrototype: true });
  const shuffled = fc.tuple(complete, fc.nat()).map(([properties, turn]) => {
    const keys = Object.entries(properties);
    return Object.fromEntries(keys.map((_, i) => keys[(i + turn) % keys.length]!));
  });
  return fc.oneof(fc.constant({}), shuffled as Arbitrary<Properties>);
}

/** Properties for MQTT 5, and undefined for the versions before it. */
function versioned(
  version: ProtocolVersion,
  packet: PropertyPacket,
): { properties: Arbitrary<Properties | undefined> } {
  return { properties: version === 5 ? propertiesOf(packet) : fc.constant(undefined) };
}

function will(version: ProtocolVersion): Arbitrary<Will> {
  return fc.record({ topic: topicName, payload, qos, retain: fc.boolean(), ...versioned(version, 'will') });
}

export function connectPacket(version: ProtocolVersion): Arbitrary<ConnectPacket> {
  return fc
    .record({
      type: fc.constant('connect' as const),
      version: fc.constant(version),
      bridge: version === 5 ? fc.constant(undefined) : fc.option(fc.constant(true), { nil: undefined }),
      cleanStart: fc.boolean(),
      keepAlive: uint16,
      clientId: text,
      will: fc.option(will(version), { nil: undefined }),
      username: fc.option(text, { nil: undefined }),
      password: fc.option(bytes, { nil: undefined }),
      ...versioned(version, 'connect'),
    })
    .map((packet): ConnectPacket => {
      // only MQTT 5 has a password without a user name
      const lone = version !== 5 && packet.username === undefined;
      const password = lone ? undefined : packet.password;
      if (packet.properties === undefined) return { ...packet, password };
      // authentication data is nothing without a method
      const { authenticationData: data, ...rest } = packet.properties;
      const hasBoth = data !== undefined && rest.authenticationMethod !== undefined;
      return { ...packet, password, properties: hasBoth ? packet.properties : rest };
    });
}

function connack(version: ProtocolVersion): Arbitrary<ConnackPacket> {
  return fc.record({
    type: fc.constant('connack' as const),
    sessionPresent: fc.boolean(),
    reason: version === 5 ? fc.constantFrom(...reasonCodesOf['connack']!) : fc.nat({ max: 5 }),
    ...versioned(version, 'connack'),
  });
}

export function publishPacket(version: ProtocolVersion): Arbitrary<PublishPacket> {
  return fc
    .record({
      type: fc.constant('publish' as const),
      topic: topicName,
      payload,
      qos,
      retain: fc.boolean(),
      dup: fc.boolean(),
      packetId,
      ...versioned(version, 'publish'),
    })
    .map((packet): PublishPacket => {
      const { packetId: id, ...rest } = packet;
      return packet.qos === 0 ? { ...rest, dup: false } : { ...rest, packetId: id };
    })
    .chain((packet) =>
      packet.properties?.topicAlias === undefined
        ? fc.constant(packet)
        : fc.boolean().map((bare) => (bare ? { ...packet, topic: '' } : packet)),
    );
}

function acknowledgement(
  type: AcknowledgementPacket['type'],
  version: ProtocolVersion,
): Arbitrary<AcknowledgementPacket> {
  return fc.record({
    type: fc.constant(type),
    packetId,
    reason: version === 5 ? fc.constantFrom(...reasonCodesOf[type]!) : fc.constant(0),
    ...versioned(version, type),
  });
}

function subscribe(version: ProtocolVersion): Arbitrary<SubscribePacket> {
  const flag = version === 5 ? fc.boolean() : fc.constant(false);
  const request = fc.record({
    filter: fc.oneof(topicFilter, sharedFilter),
    qos,
    noLocal: flag,
    retainAsPublished: flag,
    retainHandling: version === 5 ? fc.nat({ max: 2 }) : fc.constant(0),
  });
  return fc.record({
    type: fc.constant('subscribe' as const),
    packetId,
    subscriptions: fc.array(request, { minLength: 1, maxLength: 4 }),
    ...versioned(version, 'subscribe'),
  });
}

function suback(version: ProtocolVersion): Arbitrary<SubackPacket> {
  const reason = fc.constantFrom(...(version === 5 ? reasonCodesOf['suback']! : [0, 1, 2, 0x80]));
  return fc.record({
    type: fc.constant('suback' as const),
    packetId,
    reasons: fc.array(reason, { minLength: 1, maxLength: 4 }),
    ...versioned(version, 'suback'),
  });
}

function unsubscribe(version: ProtocolVersion): Arbitrary<UnsubscribePacket> {
  return fc.record({
    type: fc.constant('unsubscribe' as const),
    packetId,
    filters: fc.array(fc.oneof(topicFilter, sharedFilter), { minLength: 1, maxLength: 4 }),
    ...versioned(version, 'unsubscribe'),
  });
}

function unsuback(version: ProtocolVersion): Arbitrary<UnsubackPacket> {
  const reasons = fc.array(fc.constantFrom(...reasonCodesOf['unsuback']!), { minLength: 1, maxLength: 4 });
  return fc.record({
    type: fc.constant('unsuback' as const),
    packetId,
    reasons: version === 5 ? reasons : fc.constant([]),
    ...versioned(version, 'unsuback'),
  });
}

function disconnect(version: ProtocolVersion): Arbitrary<DisconnectPacket> {
  return fc.record({
    type: fc.constant('disconnect' as const),
    reason: version === 5 ? fc.constantFrom(...reasonCodesOf['disconnect']!) : fc.constant(0),
    ...versioned(version, 'disconnect'),
  });
}

function auth(): Arbitrary<AuthPacket> {
  return fc.record({
    type: fc.constant('auth' as const),
    reason: fc.constantFrom(...reasonCodesOf['auth']!),
    properties: propertiesOf('auth'),
  });
}

function ping(type: PingPacket['type']): Arbitrary<PingPacket> {
  return fc.record({ type: fc.constant(type) });
}

/** One arbitrary for each packet type that a version has. */
export function packetsByType(version: ProtocolVersion): Arbitrary<Packet>[] {
  const all: Arbitrary<Packet>[] = [
    connectPacket(version),
    connack(version),
    publishPacket(version),
    ...(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map((type) => acknowledgement(type, version)),
    subscribe(version),
    suback(version),
    unsubscribe(version),
    unsuback(version),
    ping('pingreq'),
    ping('pingresp'),
    disconnect(version),
  ];
  return version === 5 ? [...all, auth()] : all;
}

/** Any packet of a version. */
export function anyPacket(version: ProtocolVersion): Arbitrary<Packet> {
  return fc.oneof(...packetsByType(version));
}

export const publishVariant: Arbitrary<PublishVariant> = fc
  .record({
    version: fc.constantFrom<ProtocolVersion>(3, 4, 5),
    qos,
    retain: fc.boolean(),
    topicAlias: fc.oneof(fc.constant(0), packetId),
    aliasOnly: fc.boolean(),
    subscriptionIdentifiers: fc.option(fc.array(subscriptionIdentifier, { maxLength: 3 })),
  })
  .map((variant) =>
    // aliases and identifiers are MQTT 5's, and only a topic with an alias may be left out
    variant.version === 5
      ? { ...variant, aliasOnly: variant.aliasOnly && variant.topicAlias !== 0 }
      : { ...variant, topicAlias: 0, aliasOnly: false, subscriptionIdentifiers: null },
  );
