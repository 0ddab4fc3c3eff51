// The text of topics that come again and again, found by their bytes, so that a message costs no new string.
import { topicText } from '../protocol/index.js';

const SLOTS = 256;
/** Longer topics are not worth comparing. */
const LONGEST = 128;

interface Known {
  readonly bytes: Uint8Array;
  readonly text: string;
}

export class TopicNames {
  readonly #slots: (Known | undefined)[] = [];

  /** The checked text of bytes[start..end). */
  text(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > LONGEST) return topicText(bytes, start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = (hash * 31 + bytes[at]!) | 0;
    const slot = (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known.bytes, bytes, start, length)) return known.text;
    const text = topicText(bytes, start, end);
    while (this.#slots.length < slot) this.#slots.push(undefined);
    this.#slots[slot] = { bytes: bytes.slice(start, end), text };
    return text;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
