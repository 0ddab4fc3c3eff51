// The time stamp at the beginning of a payload: when the message left, who sent it, and which one it is. A
// subscriber in another process, or in another run of the command, reads the latency from it.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Bytes: mark, run, index and number of 4 each, the time in microseconds as a double. */
export const STAMP_SIZE = 24;

/** The clock means something only on the machine whose it is, until that starts again. */
function machine(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  } catch {
    return hostname();
  }
}

/** FNV-1a. */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}

const mark = hashOf(`pondhawk bench ${machine()}`);

export function writeStamp(payload: Buffer, run: number, index: number, number: number, at: number): void {
  payload.writeUInt32BE(mark, 0);
  payload.writeUInt32BE(run, 4);
  payload.writeUInt32BE(index >>> 0, 8);
  payload.writeUInt32BE(number >>> 0, 12);
  payload.writeDoubleBE(at, 16);
}

/** Whether a payload begins with a stamp of this machine. */
export function isStamped(payload: Buffer): boolean {
  return payload.length >= STAMP_SIZE && payload.readUInt32BE(0) === mark;
}

/** What a stamp says; only of a payload that has one. */
export const stampOf = {
  run: (payload: Buffer): number => payload.readUInt32BE(4),
  index: (payload: Buffer): number => payload.readUInt32BE(8),
  number: (payload: Buffer): number => payload.readUInt32BE(12),
  time: (payload: Buffer): number => payload.readDoubleBE(16),
};
