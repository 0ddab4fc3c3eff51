// Fixed header flags: all 256 first bytes.
import { describe, expect, it } from 'vitest';
import { firstByte, flagsAreValid, PacketType, packetTypeNames } from './packet-types.js';

describe('the first byte of a packet', () => {
  it('has exactly the flags of its type: 2 for PUBREL, SUBSCRIBE and UNSUBSCRIBE, 0 for the rest [MQTT-2.1.3-1]', () => {
    const withTwo: number[] = [PacketType.PUBREL, PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE];
    for (let first = 0; first < 256; first++) {
      const type = first >> 4;
      if (type === 0 || type === PacketType.PUBLISH) continue;
      const expected = (first & 15) === (withTwo.includes(type) ? 2 : 0);
      expect(flagsAreValid(first, 4), `0x${first.toString(16)}`).toBe(expected);
      expect(flagsAreValid(first, 5), `0x${first.toString(16)}`).toBe(expected);
      // 3.1 has DUP on a PUBREL that is sent again
      expect(flagsAreValid(first, 3), `0x${first.toString(16)}`).toBe(expected || first === 0x6a);
    }
  });

  it('of a PUBLISH has any flags but QoS 3 [MQTT-3.3.1-4]', () => {
    for (let flags = 0; flags < 16; flags++) expect(flagsAreValid(0x30 | flags, 4)).toBe((flags & 6) !== 6);
  });

  it('with the reserved type 0 is refused', () => {
    for (let first = 0; first < 16; first++) expect(flagsAreValid(first, 3)).toBe(false);
  });

  it('is made for every type, with valid flags', () => {
    for (const [name, type] of Object.entries(PacketType)) {
      expect(packetTypeNames[type]).toBe(name);
      if (type === PacketType.PUBLISH) continue;
      expect(firstByte(type) >> 4).toBe(type);
      expect(flagsAreValid(firstByte(type), 5)).toBe(true);
    }
  });
});
