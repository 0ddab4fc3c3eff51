// Packets to bytes, the inverse of decode.ts.
import { encodeRequest, frame, properties, scratch } from './encode-requests.js';
import { firstByte, PacketType, type ProtocolVersion } from './packet-types.js';
import type { Packet } from './packets.js';

/**
 * Encodes a packet for a connection of the given version. CONNECT uses its own version. Numbers are the
 * caller's responsibility (they are not checked against their ranges); text that MQTT cannot carry throws.
 */
export function encodePacket(packet: Packet, version: ProtocolVersion): Uint8Array {
  switch (packet.type) {
    case 'connack': {
      const body = scratch.reset();
      body.byte(packet.sessionPresent ? 1 : 0);
      body.byte(packet.reason);
      properties(body, packet.properties, PacketType.CONNACK, version);
      return frame(firstByte(PacketType.CONNACK), body);
    }
    case 'suback': {
      const body = scratch.reset();
      body.uint16(packet.packetId);
      properties(body, packet.properties, PacketType.SUBACK, version);
      for (const reason of packet.reasons) body.byte(reason);
      return frame(firstByte(PacketType.SUBACK), body);
    }
    case 'unsuback': {
      const body = scratch.reset();
      body.uint16(packet.packetId);
      properties(body, packet.properties, PacketType.UNSUBACK, version);
      if (version === 5) for (const reason of packet.reasons) body.byte(reason);
      return frame(firstByte(PacketType.UNSUBACK), body);
    }
    default:
      return encodeRequest(packet, version);
  }
}
