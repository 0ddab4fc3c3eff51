// Bytes for the reader of a failed test: cut into packets, each with the name of its type.
import { hex } from './bytes.js';

const names = [
  'type 0',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
];

const SHOWN = 120;

/** The size of the first packet in `bytes`, or all that there is when that cannot be told. */
function sizeOfFirst(bytes: readonly number[]): number {
  let length = 0;
  for (let at = 1; at < 5; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0) break;
    length += (byte & 0x7f) * 128 ** (at - 1);
    if (byte < 0x80) return Math.min(at + 1 + length, bytes.length);
  }
  return bytes.length;
}

/** One line a packet: the name of its type and its bytes. */
export function describeBytes(bytes: readonly number[]): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.slice(at);
    const packet = rest.slice(0, sizeOfFirst(rest));
    const name = (names[(packet[0]! & 0xff) >> 4] ?? '').padEnd(11);
    const cut = packet.length > SHOWN ? ` … (${packet.length} bytes)` : '';
    lines.push(`${name} ${hex(packet.slice(0, SHOWN))}${cut}`);
    at += packet.length;
  }
  return lines.join('\n');
}
