// What must hold for any bytes at all that are given to the codec. The fuzzer tries it with millions of them.
import { isDeepStrictEqual } from 'node:util';
import type * as protocol from '../src/protocol/index.js';
import type {
  Packet,
  ProtocolVersion,
  Publish,
  PublishPacket,
  PublishVariant,
} from '../src/protocol/index.js';
import { bodyOf, concat, withHeader } from './mutate.js';
import type { Random } from './random.js';

/** The codec is handed in: the tests use src, the long run what was built of it. */
export type Codec = typeof protocol;

/** A broken rule: its short name, which stays the same while the bytes are made fewer, and the particulars. */
export interface Violation {
  rule: string;
  details: string;
}

export type Verdict = { packet: Packet } | { refused: number } | Violation;

function violation(rule: string, details: unknown): Violation {
  return { rule, details: details instanceof Error ? (details.stack ?? details.message) : String(details) };
}

/** Whether an error is one that bytes may cause. */
function refusal(codec: Codec, error: unknown): number | undefined {
  return error instanceof codec.MqttError && error.reason >= 0x80 && error.reason <= 0xa2
    ? error.reason
    : undefined;
}

/** Decodes one whole packet and checks everything that can be checked of it without knowing what it is. */
export function examine(codec: Codec, bytes: Uint8Array, version: ProtocolVersion): Verdict {
  let packet: Packet;
  try {
    packet = codec.decodeOne(bytes, version);
  } catch (error) {
    const reason = refusal(codec, error);
    if (reason === undefined) return violation('decoding throws MqttError only', error);
    return inPlace(codec, bytes, version, undefined) ?? { refused: reason };
  }
  return again(codec, packet, version) ?? inPlace(codec, bytes, version, packet) ?? { packet };
}

/** What was decoded can be encoded, and is then the same packet. */
function again(codec: Codec, packet: Packet, version: ProtocolVersion): Violation | undefined {
  try {
    const encoded = codec.encodePacket(packet, version);
    const decoded = codec.decodeOne(encoded, version);
    if (!isDeepStrictEqual(decoded, packet)) return violation('encoding keeps the packet', show(decoded));
    const twice = codec.encodePacket(decoded, version);
    if (!isDeepStrictEqual(twice, encoded)) return violation('encoding has one form', hexOf(twice));
  } catch (error) {
    return violation('what was decoded can be encoded', error);
  }
  return undefined;
}

let view: Publish | undefined;

/** Reading a PUBLISH in place accepts and finds what decoding does; the view is one and the same all along. */
function inPlace(
  codec: Codec,
  bytes: Uint8Array,
  version: ProtocolVersion,
  decoded: Packet | undefined,
): Violation | undefined {
  if (bytes[0]! >> 4 !== codec.PacketType.PUBLISH) return undefined;
  const body = bodyOf(bytes);
  if (decoded === undefined && !isDeepStrictEqual(withHeader(bytes[0]!, bytes.subarray(body)), bytes))
    return undefined;
  view ??= new codec.Publish();
  let topic = '';
  try {
    codec.readPublish(view, bytes, 0, body, bytes.length, version);
    topic = codec.topicText(bytes, view.topicStart, view.topicEnd);
    if (version === 5) codec.publishProperties(view);
  } catch (error) {
    if (refusal(codec, error) === undefined)
      return violation('reading in place throws MqttError only', error);
    return decoded === undefined
      ? undefined
      : violation('reading in place accepts what decoding accepts', error);
  }
  if (decoded === undefined) {
    const hasTopic = topic.length > 0 || view.topicAlias > 0;
    return hasTopic ? violation('reading in place refuses what decoding refuses', hexOf(bytes)) : undefined;
  }
  return agrees(view, topic, decoded as PublishPacket);
}

function agrees(publish: Publish, topic: string, packet: PublishPacket): Violation | undefined {
  const found = {
    topic,
    payload: new Uint8Array(publish.payload),
    qos: publish.qos,
    retain: publish.retain,
    dup: publish.dup,
    packetId: publish.packetId,
    topicAlias: publish.topicAlias,
    expiry: publish.messageExpiryInterval,
    format: publish.payloadFormat,
    identified: publish.hasSubscriptionIdentifier,
  };
  const properties = packet.properties ?? {};
  const expected: typeof found = {
    topic: packet.topic,
    payload: packet.payload as Uint8Array<ArrayBuffer>,
    qos: packet.qos,
    retain: packet.retain,
    dup: packet.dup,
    packetId: packet.packetId ?? 0,
    topicAlias: properties.topicAlias ?? 0,
    expiry: properties.messageExpiryInterval,
    format: properties.payloadFormatIndicator ?? 0,
    identified: properties.subscriptionIdentifier !== undefined,
  };
  return isDeepStrictEqual(found, expected)
    ? undefined
    : violation('reading in place finds the same', show(found));
}

/** The copy of a message that a receiver gets is what its variant says, and is as long as announced. */
export function examineVariant(
  codec: Codec,
  bytes: Uint8Array,
  packet: PublishPacket,
  version: ProtocolVersion,
  variant: PublishVariant,
  packetId: number,
  expiry: number,
): Violation | undefined {
  const publish = new codec.Publish();
  codec.readPublish(publish, bytes, 0, bodyOf(bytes), bytes.length, version);
  // a message that came with an alias only has the topic that the alias stands for
  const resolved = packet.topic === '' ? { ...packet, topic: 'resolved' } : packet;
  const topic = new TextEncoder().encode(resolved.topic);
  const size = codec.publishVariantSize(publish, topic.length, variant);
  const head = new Uint8Array(size);
  const end = codec.writePublishHead(head, 0, publish, topic, variant, packetId, expiry);
  if (end + publish.payload.length !== size)
    return violation('a copy is as long as announced', `${end} of ${size}`);
  const decoded = codec.decodeOne(concat(head.subarray(0, end), publish.payload), variant.version);
  const expected = expectedCopy(resolved, variant, packetId, expiry);
  return isDeepStrictEqual(decoded, expected)
    ? undefined
    : violation('a copy is what it should be', show(decoded));
}

/** What the receiver of a variant has to see. */
export function expectedCopy(
  packet: PublishPacket,
  variant: PublishVariant,
  packetId: number,
  expiry: number,
): PublishPacket {
  const { type, payload } = packet;
  const topic = variant.aliasOnly ? '' : packet.topic;
  const copy = {
    type,
    topic,
    payload,
    qos: variant.qos,
    retain: variant.retain,
    dup: false,
  } as PublishPacket;
  if (variant.qos > 0) copy.packetId = packetId;
  if (variant.version !== 5) return copy;
  const { topicAlias: _, ...properties } = packet.properties ?? {};
  if (properties.messageExpiryInterval !== undefined) properties.messageExpiryInterval = expiry;
  const identifiers = [
    ...(properties.subscriptionIdentifier ?? []),
    ...(variant.subscriptionIdentifiers ?? []),
  ];
  if (identifiers.length > 0) properties.subscriptionIdentifier = identifiers;
  copy.properties = variant.topicAlias === 0 ? properties : { ...properties, topicAlias: variant.topicAlias };
  return copy;
}

/** Whole packets come out of a stream as they went in, however it is cut. */
export function examineStream(
  codec: Codec,
  packets: readonly Uint8Array[],
  random: Random,
): Violation | undefined {
  const stream = concat(...packets);
  const reader = new codec.FrameReader();
  const seen: Uint8Array[] = [];
  const frame = (bytes: Uint8Array, start: number, body: number, end: number): boolean => {
    if (body - start !== bodyOf(bytes.subarray(start, end))) throw new Error('the content begins elsewhere');
    seen.push(bytes.slice(start, end));
    return !random.chance(0.1);
  };
  try {
    for (let at = 0; at < stream.length; ) {
      const size = 1 + random.below(random.chance(0.3) ? 8 : stream.length);
      const chunk = stream.slice(at, at + size);
      reader.push(chunk, chunk.length, { frame });
      chunk.fill(0xee);
      at += size;
      if (random.chance(0.5)) while (reader.stopped) reader.resume({ frame });
    }
    while (reader.stopped) reader.resume({ frame });
  } catch (error) {
    return violation('a stream of whole packets is cut without an error', error);
  }
  if (!isDeepStrictEqual(seen.map(hexOf), packets.map(hexOf))) {
    return violation('packets come out of a stream as they went in', seen.map(hexOf).join(' '));
  }
  return undefined;
}

/** Anything may come: the reader refuses it, or keeps no more than it was given. */
export function examineNoise(codec: Codec, noise: Uint8Array, random: Random): Violation | undefined {
  const reader = new codec.FrameReader(random.pick([16, 1000, 268_435_460]));
  const frame = (bytes: Uint8Array, start: number, body: number, end: number): boolean => {
    if (!(start < body && body <= end && end <= bytes.length)) throw new Error(`${start} ${body} ${end}`);
    if (end - start > reader.maxPacketSize) throw new Error(`${end - start} bytes`);
    return true;
  };
  try {
    for (let at = 0; at < noise.length; ) {
      const chunk = noise.slice(at, at + 1 + random.below(20));
      at += chunk.length;
      reader.push(chunk, chunk.length, { frame });
      if (reader.keptBytes > at)
        return violation('no more is kept than came', `${reader.keptBytes} of ${at}`);
    }
  } catch (error) {
    if (refusal(codec, error) === undefined) return violation('cutting noise throws MqttError only', error);
  }
  return undefined;
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? `<${hexOf(each)}>` : each));
}
