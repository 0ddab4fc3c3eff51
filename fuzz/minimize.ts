// Makes a packet that breaks a rule as small as possible while it still breaks it. Lengths inside the packet
// are adjusted on the way: nearly every byte of MQTT is counted by one or two lengths before it.
import { bodyOf, concat, withHeader } from './mutate.js';

type IsBroken = (packet: Uint8Array) => boolean;

/** What may be a length whose span has a range of bytes in it. */
interface Span {
  at: number;
  width: number;
  value: number;
  isVariable: boolean;
}

/** How many candidates are tried at most: a few seconds. */
const BUDGET = 300_000;

/** Finds a smaller packet for which `isBroken` is true as well; `packet` itself has to be one. */
export function minimize(packet: Uint8Array, isBroken: IsBroken): Uint8Array {
  const first = packet[0]!;
  let attempts = 0;
  const attempt = (content: Uint8Array): boolean =>
    ++attempts <= BUDGET && isBroken(withHeader(first, content));
  let best = packet.subarray(bodyOf(packet));
  // a header of its own may be what breaks the rule
  if (!attempt(best)) return packet;
  for (let before = -1; before !== score(best) && attempts <= BUDGET; ) {
    before = score(best);
    best = shorten(best, attempt);
    best = simplify(best, attempt);
  }
  return withHeader(first, best);
}

/** Falls with every step, so that the search ends. */
function score(content: Uint8Array): number {
  return content.reduce((sum, byte) => sum + 1000 + rank(byte), 0);
}

function rank(byte: number): number {
  return byte === 0 ? 0 : byte === 1 ? 1 : byte === 0x61 ? 2 : 3;
}

function shorten(content: Uint8Array, attempt: IsBroken): Uint8Array {
  let best = content;
  for (let size = best.length; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= best.length; ) {
      const shorter = withoutRange(best, at, size, attempt);
      if (shorter === undefined) at++;
      else best = shorter;
    }
  }
  return best;
}

/** Leaves a range out, with no length adjusted, or one, or one within another. */
function withoutRange(
  content: Uint8Array,
  at: number,
  size: number,
  attempt: IsBroken,
): Uint8Array | undefined {
  const spans = spansAround(content, at, size);
  const outer = spans.filter(({ isVariable }) => isVariable);
  const inner = spans.filter(({ isVariable }) => !isVariable);
  const nested = outer.flatMap((one) => inner.filter((two) => two.at > one.at).map((two) => [one, two]));
  for (const adjusted of [[], ...outer.map((one) => [one]), ...inner.map((one) => [one]), ...nested]) {
    const shorter = without(content, at, size, adjusted);
    if (attempt(shorter)) return shorter;
  }
  return undefined;
}

function spansAround(content: Uint8Array, at: number, size: number): Span[] {
  const spans: Span[] = [];
  const add = (start: number, width: number, value: number, isVariable: boolean): void => {
    const from = start + width;
    const to = from + value;
    if (from <= at && at + size <= to && to <= content.length)
      spans.push({ at: start, width, value, isVariable });
  };
  for (let start = 0; start < at; start++) {
    const [high, low] = [content[start]!, content[start + 1] ?? 0];
    if (high < 0x80) add(start, 1, high, true);
    else if (low > 0 && low < 0x80) add(start, 2, (high & 0x7f) | (low << 7), true);
    add(start, 2, (high << 8) | low, false);
  }
  return spans;
}

/** `adjusted` is in ascending order of place. */
function without(content: Uint8Array, at: number, size: number, adjusted: readonly Span[]): Uint8Array {
  let rest = concat(content.subarray(0, at), content.subarray(at + size));
  for (const span of adjusted.toReversed()) {
    const value = span.value - size;
    const written = !span.isVariable
      ? [value >> 8, value]
      : value < 0x80
        ? [value]
        : [(value & 0x7f) | 0x80, value >> 7];
    rest = concat(rest.subarray(0, span.at), Uint8Array.from(written), rest.subarray(span.at + span.width));
  }
  return rest;
}

function simplify(content: Uint8Array, attempt: IsBroken): Uint8Array {
  const best = content.slice();
  for (let at = 0; at < best.length; at++) {
    const original = best[at]!;
    for (const simple of [0x00, 0x01, 0x61]) {
      if (rank(simple) >= rank(original)) break;
      best[at] = simple;
      if (attempt(best)) break;
      best[at] = original;
    }
  }
  return best;
}
