// What -d shows of every packet, in the words of Mosquitto's clients.
import type { Packet } from '../protocol/packets.js';

type Named<Type extends Packet['type']> = Packet & { type: Type };

function publishLine(packet: Named<'publish'>, id: number): string {
  const { dup, qos, retain, topic, payload } = packet;
  const flags = `d${dup ? 1 : 0}, q${qos}, r${retain ? 1 : 0}, m${id}`;
  return `PUBLISH (${flags}, '${topic}', ... (${payload.length} bytes))`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}

export class DebugLines {
  /** As the client calls itself; the server may give it a name. */
  #name: string | undefined;
  /** What CONNECT asked for, once it was sent. */
  #cleanStart: boolean | undefined;
  /** The packet identifier that was used last: Mosquitto's messages of QoS 0 have one too. */
  #lastId = 0;

  constructor(clientId: string | undefined) {
    this.#name = clientId;
  }

  /** The lines for one packet, without line ends. */
  of(direction: 'sent' | 'received', packet: Packet): string[] {
    const parts = direction === 'sent' ? this.#sent(packet) : this.#received(packet);
    const line = (part: string): string => `Client ${this.#name ?? 'null'} ${part}`;
    if (direction === 'sent') return parts.map((part) => line(`sending ${part}`));
    if (packet.type === 'disconnect') return [`Received DISCONNECT (${packet.reason})`];
    // here, and nowhere else, a missing name is printed as C prints it
    if (packet.type === 'connack' && this.#name === undefined) return [`Client (null) received ${parts[0]}`];
    return parts.map((part) => line(`received ${part}`));
  }

  /**
   * OpenSSL has ended the connection. The original has CONNECT on its way before the handshake, and so shows it
   * even when nothing of it was sent.
   */
  ofTlsError(words: string): string[] {
    const connect = this.#cleanStart !== undefined ? [] : [`Client ${this.#name ?? 'null'} sending CONNECT`];
    return [...connect, `OpenSSL Error while trying to get the error[0]: ${words}`];
  }

  #sent(packet: Packet): string[] {
    switch (packet.type) {
      case 'connect':
        this.#cleanStart = packet.cleanStart;
        return ['CONNECT'];
      case 'publish': {
        this.#lastId = packet.packetId ?? this.#lastId + 1;
        return [publishLine(packet, this.#lastId)];
      }
      case 'subscribe':
        this.#lastId = packet.packetId;
        return packet.subscriptions.map(({ filter, qos, noLocal, retainAsPublished, retainHandling }) => {
          const options = (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4);
          return `SUBSCRIBE (Mid: ${packet.packetId}, Topic: ${filter}, QoS: ${qos}, Options: ${hex(options)})`;
        });
      case 'unsubscribe':
        this.#lastId = packet.packetId;
        return packet.filters.map((filter) => `UNSUBSCRIBE (Mid: ${packet.packetId}, Topic: ${filter})`);
      case 'puback':
      case 'pubrec':
        return [`${packet.type.toUpperCase()} (m${packet.packetId}, rc${packet.reason})`];
      case 'pubrel':
      case 'pubcomp':
        return [`${packet.type.toUpperCase()} (m${packet.packetId})`];
      default:
        return [packet.type.toUpperCase()];
    }
  }

  #received(packet: Packet): string[] {
    switch (packet.type) {
      case 'connack':
        this.#name = packet.properties?.assignedClientIdentifier ?? this.#name;
        return packet.sessionPresent && this.#cleanStart === true
          ? ['CONNACK with session present when clean start was set']
          : [`CONNACK (${packet.reason})`];
      case 'publish':
        return [publishLine(packet, packet.packetId ?? 0)];
      case 'puback':
      case 'pubcomp':
        return [`${packet.type.toUpperCase()} (Mid: ${packet.packetId}, RC:${packet.reason})`];
      case 'pubrec':
      case 'pubrel':
        return [`${packet.type.toUpperCase()} (Mid: ${packet.packetId})`];
      default:
        return [packet.type.toUpperCase()];
    }
  }
}
