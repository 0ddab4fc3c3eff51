// What a hostile client will send on one connection: nearly always a good CONNECT, then a mixture of valid and
// damaged packets, cut into chunks at random. A plan follows from the seed and its number alone.
import type {
  ConnectPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  SubscribePacket,
} from '../src/protocol/index.js';
import type { Corpus, Sample } from './corpus.js';
import type { Codec } from './examine.js';
import { concat, mutate } from './mutate.js';
import { Random } from './random.js';
import { versions } from './specification.js';

export interface Plan {
  index: number;
  version: ProtocolVersion;
  /** Whether the first packet is a CONNECT as it should be, so that the answers can be checked. */
  isPolite: boolean;
  packets: Uint8Array[];
  /** How many of them a server can come to: those up to the first that no codec accepts. */
  reachable: number;
  chunks: Uint8Array[];
  /** How the client goes: it closes its half, it resets the connection, or it waits a little first. */
  ending: 'end' | 'reset' | 'wait';
}

/** Few client identifiers: connections take sessions over, and the number of sessions has a bound. */
const CLIENT_IDS = 40;
const MOST_PACKETS = 120;

/** Stays below the default quota of servers for QoS 2 messages that were not released. */
const MOST_UNRELEASED = 10;

const clientTypes: readonly Packet['type'][] = ['publish', 'subscribe', 'unsubscribe', 'pingreq'];
const answerTypes: readonly Packet['type'][] = ['puback', 'pubrec', 'pubrel', 'pubcomp'];

type Pools = Record<'usual' | 'answers' | 'messages' | 'connects' | 'any', Sample[]>;

export class Planner {
  readonly #pools: Record<ProtocolVersion, Pools>;

  constructor(
    readonly codec: Codec,
    readonly corpus: Corpus,
    readonly seed: number,
  ) {
    const poolsOf = (version: ProtocolVersion): Pools => ({
      usual: corpus.of(version, clientTypes),
      answers: corpus.of(version, answerTypes),
      messages: corpus.of(version, ['publish']),
      connects: corpus.of(version, ['connect']),
      any: corpus.of(version, ['connack', 'suback', 'unsuback', 'pingresp', 'disconnect', 'auth', 'connect']),
    });
    this.#pools = { 3: poolsOf(3), 4: poolsOf(4), 5: poolsOf(5) };
  }

  plan(index: number): Plan {
    const random = new Random(this.seed, index);
    const version = random.pick(versions);
    const connect = this.#connect(random, version);
    const kind = random.next() % 100;
    const packets: Uint8Array[] = [];
    if (kind < 92) packets.push(connect);
    else if (kind < 97)
      packets.push(mutate(random, connect, random.pick(this.#pools[version].connects).bytes));
    const reachable = this.#fill(random, version, packets);
    return {
      index,
      version,
      isPolite: kind < 92,
      packets,
      reachable,
      chunks: cut(random, concat(...packets)),
      ending: random.pick(['end', 'end', 'end', 'end', 'end', 'reset', 'wait']),
    };
  }

  #accepts(packet: Uint8Array, version: ProtocolVersion): boolean {
    try {
      this.codec.decodeOne(packet, version);
      return true;
    } catch {
      return false;
    }
  }

  /** Adds packets until enough of them are there, or a damaged one must have ended the connection. */
  #fill(random: Random, version: ProtocolVersion, packets: Uint8Array[]): number {
    const count = 1 + random.below(MOST_PACKETS);
    const unreleased: number[] = [];
    let reachable = 0;
    while (packets.length < count) {
      let packet = this.#next(random, version, unreleased);
      if (random.chance(0.6)) {
        const damaged = mutate(random, packet, random.pick(this.#pools[version].usual).bytes);
        // most of what a codec refuses is left out, or no connection would live for long
        if (this.#accepts(damaged, version) || random.chance(0.04)) packet = damaged;
      }
      packets.push(packet);
      if (reachable === 0 && !this.#accepts(packet, version)) {
        reachable = packets.length;
        if (random.chance(0.8)) break;
      }
    }
    return reachable === 0 ? packets.length : reachable;
  }

  #next(random: Random, version: ProtocolVersion, unreleased: number[]): Uint8Array {
    const pools = this.#pools[version];
    if (unreleased.length > MOST_UNRELEASED) {
      return this.codec.encodePacket({ type: 'pubrel', packetId: unreleased.shift()!, reason: 0 }, version);
    }
    const kind = random.next() % 100;
    if (random.chance(0.004)) return random.pick(pools.any).bytes;
    if (kind < 22) return random.pick(pools.answers).bytes;
    if (kind < 60) {
      const message = politeMessage(random, random.pick(pools.messages).packet as PublishPacket);
      if (message.qos === 2) unreleased.push(message.packetId!);
      return this.codec.encodePacket(message, version);
    }
    const { packet, bytes } = random.pick(pools.usual);
    if (packet.type === 'publish') return this.codec.encodePacket(politeMessage(random, packet), version);
    return packet.type === 'subscribe' ? this.codec.encodePacket(politeSubscribe(packet), version) : bytes;
  }

  #connect(random: Random, version: ProtocolVersion): Uint8Array {
    const { packet } = random.pick(this.#pools[version].connects);
    const { properties, ...rest } = packet as ConnectPacket;
    const connect: ConnectPacket = {
      ...rest,
      clientId: `fuzz-${random.below(CLIENT_IDS)}`,
      cleanStart: random.chance(0.7),
      keepAlive: random.pick([0, 1, 5, 60, 65_535]),
    };
    if (!random.chance(0.02)) delete connect.bridge;
    if (random.chance(0.6)) delete connect.will;
    if (connect.will !== undefined && !random.chance(0.1)) connect.will = { ...connect.will, retain: false };
    if (version === 5) connect.properties = politeProperties(random, properties ?? {});
    return this.codec.encodePacket(connect, version);
  }
}

type ConnectProperties = NonNullable<ConnectPacket['properties']>;

/** A server that knows no authentication method refuses every one; sessions should not pile up. */
function politeProperties(random: Random, properties: ConnectProperties): ConnectProperties {
  const { authenticationMethod, authenticationData, sessionExpiryInterval, ...rest } = properties;
  const kept: ConnectProperties = { ...rest, sessionExpiryInterval: random.pick([0, 0, 1, 30]) };
  if (sessionExpiryInterval === undefined) delete kept.sessionExpiryInterval;
  // below that hardly any answer fits
  if (kept.maximumPacketSize !== undefined && kept.maximumPacketSize < 60 && !random.chance(0.1)) {
    kept.maximumPacketSize = 60;
  }
  if (!random.chance(0.03)) return kept;
  return { ...kept, authenticationMethod, authenticationData };
}

/** What a client may send: no subscription identifier, aliases below the usual maximum, few retained messages. */
function politeMessage(random: Random, packet: PublishPacket): PublishPacket {
  const retain = packet.retain && random.chance(0.1);
  const topic = packet.topic === '' ? 'aliased' : packet.topic;
  if (packet.properties === undefined) return { ...packet, topic, retain };
  const { subscriptionIdentifier: _, topicAlias, ...properties } = packet.properties;
  const alias = topicAlias === undefined ? {} : { topicAlias: 1 + (topicAlias % 10) };
  return { ...packet, topic, retain, properties: { ...properties, ...alias } };
}

/** No Local has no place in a shared subscription. */
function politeSubscribe(packet: SubscribePacket): SubscribePacket {
  const subscriptions = packet.subscriptions.map((request) =>
    request.filter.startsWith('$share/') ? { ...request, noLocal: false } : request,
  );
  return { ...packet, subscriptions };
}

function cut(random: Random, stream: Uint8Array): Uint8Array[] {
  const kind = random.next() % 10;
  if (kind < 6) return [stream];
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    // at most forty writes, the first ones tiny where the CONNECT is
    const size =
      kind === 9 && chunks.length < 30 ? 1 + random.below(6) : 1 + random.below(stream.length / 8 + 40);
    const end = chunks.length === 39 ? stream.length : at + size;
    chunks.push(stream.slice(at, end));
    at = end;
  }
  return chunks;
}
