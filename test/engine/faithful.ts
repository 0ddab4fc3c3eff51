// A subscriber and a publisher that do everything the specification asks of clients, over any number of
// connections, and when the test tells them to. What they saw is what an oracle needs.
import type { AcknowledgementPacket, Packet, PublishPacket, QoS } from '../../src/protocol/index.js';
import { type Peer, text } from './peer.js';

/** Packets that came and are not answered yet; those of a connection that is gone never will be. */
class Inbox {
  #packets: Packet[] = [];

  clear(): void {
    this.#packets = [];
  }

  add(packets: Packet[]): void {
    this.#packets.push(...packets);
  }

  /** Gives out some, the first first. */
  take(count: number): Packet[] {
    return this.#packets.splice(0, count);
  }
}

export class FaithfulSubscriber {
  /** The payloads of messages, in the order in which they came for the first time. */
  readonly first: string[] = [];
  /** How often each was taken over. */
  readonly times = new Map<string, number>();
  /** QoS 2 identifiers that were received and not released. */
  readonly #received = new Set<number>();
  readonly #inbox = new Inbox();
  #peer: Peer | null = null;

  /** A new connection with the old session. */
  connected(peer: Peer | null): void {
    this.#peer = peer;
    this.#inbox.clear();
  }

  /** Takes what came and answers some of it. Returns whether anything happened. */
  work(count = Number.POSITIVE_INFINITY): boolean {
    const peer = this.#peer;
    if (peer === null) return false;
    const came = peer.take();
    for (const packet of came) if (packet.type === 'publish') this.#takeOver(packet);
    this.#inbox.add(came.filter(({ type }) => type === 'publish' || type === 'pubrel'));
    const answered = this.#inbox.take(count);
    for (const packet of answered) this.#answer(peer, packet);
    return came.length + answered.length > 0;
  }

  #answer(peer: Peer, packet: Packet): void {
    if (packet.type === 'pubrel') {
      this.#received.delete(packet.packetId);
      peer.acknowledge('pubcomp', packet.packetId);
    } else if (packet.type === 'publish' && packet.qos > 0)
      peer.acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId!);
  }

  #takeOver(packet: PublishPacket): void {
    if (packet.qos === 2) {
      if (this.#received.has(packet.packetId!)) return;
      this.#received.add(packet.packetId!);
    }
    const payload = text(packet);
    const times = (this.times.get(payload) ?? 0) + 1;
    this.times.set(payload, times);
    if (times === 1) this.first.push(payload);
  }
}

interface Outgoing {
  readonly packetId: number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  /** What is sent again with the next connection. */
  awaits: 'puback' | 'pubrec' | 'pubcomp';
}

export class FaithfulPublisher {
  /** Payloads of the messages that the broker has taken over, by PUBACK or PUBREC. */
  readonly acknowledged = new Set<string>();
  readonly #unfinished: Outgoing[] = [];
  #peer: Peer | null = null;
  #lastPacketId = 0;

  get unfinished(): number {
    return this.#unfinished.length;
  }

  /** A new connection with the old session: what is unfinished is sent again, in order. */
  connected(peer: Peer | null): void {
    this.#peer = peer;
    if (peer === null) return;
    for (const one of this.#unfinished) {
      if (one.awaits === 'pubcomp') peer.acknowledge('pubrel', one.packetId);
      else this.#send(peer, one, true);
    }
  }

  #send(peer: Peer, { topic, payload, qos, packetId }: Outgoing, dup: boolean): void {
    peer.publish(topic, payload, { qos, packetId, dup });
  }

  publish(topic: string, payload: string, qos: QoS): void {
    this.#lastPacketId = (this.#lastPacketId % 65_535) + 1;
    const awaits = qos === 1 ? 'puback' : 'pubrec';
    const one: Outgoing = { packetId: this.#lastPacketId, topic, payload, qos, awaits };
    this.#unfinished.push(one);
    if (this.#peer !== null) this.#send(this.#peer, one, false);
  }

  /** Takes what came. Returns whether that was anything. */
  work(): boolean {
    const peer = this.#peer;
    if (peer === null) return false;
    const came = peer.take();
    for (const packet of came) if ('packetId' in packet && 'reason' in packet) this.#hear(peer, packet);
    return came.length > 0;
  }

  #hear(peer: Peer, { type, packetId, reason }: AcknowledgementPacket): void {
    const at = this.#unfinished.findIndex((one) => one.packetId === packetId && one.awaits === type);
    const one = this.#unfinished[at];
    if (one === undefined) return;
    if (reason >= 0x80) throw new Error(`${type} with reason ${reason}`);
    if (type === 'pubrec') {
      one.awaits = 'pubcomp';
      peer.acknowledge('pubrel', packetId);
    } else this.#unfinished.splice(at, 1);
    this.acknowledged.add(one.payload);
  }
}
