// Writes JSON with the white space, escapes and numbers of cJSON, the library that Mosquitto's clients print with, so
// that what reads their output sees no difference.
import { generalDecimal } from './exact-decimal.js';
import type { PrintBuffer } from './print-buffer.js';

const TAB = 9;
const NEWLINE = 10;
const QUOTE = 0x22;

/** The escapes of one byte; other control characters are written as \u00xx. */
const escapes: (string | undefined)[] = new Array(256);
for (let byte = 0; byte < 0x20; byte++) escapes[byte] = `\\u${byte.toString(16).padStart(4, '0')}`;
for (const character of '\b\t\n\f\r"\\') {
  escapes[character.charCodeAt(0)] = JSON.stringify(character).slice(1, -1);
}

export class JsonWriter {
  #depth = 0;
  #first = true;

  constructor(
    readonly out: PrintBuffer,
    readonly pretty: boolean,
  ) {}

  /** For a new document; the one before may have been left unfinished. */
  reset(): void {
    this.#depth = 0;
  }

  beginObject(): void {
    this.out.ascii(this.pretty ? '{\n' : '{');
    this.#depth++;
    this.#first = true;
  }

  endObject(): void {
    if (this.pretty && !this.#first) this.out.byte(NEWLINE);
    this.#depth--;
    if (this.pretty) this.out.fill(TAB, this.#depth);
    this.out.ascii('}');
    this.#first = false;
  }

  beginArray(): void {
    this.out.ascii('[');
    this.#depth++;
    this.#first = true;
  }

  endArray(): void {
    this.out.ascii(']');
    this.#depth--;
    this.#first = false;
  }

  /** Before a value of an array. */
  element(): void {
    if (!this.#first) this.out.ascii(this.pretty ? ', ' : ',');
    this.#first = false;
  }

  /** Before the key of a member; `colon` stands between it and the value. */
  member(): void {
    if (!this.#first) this.out.ascii(this.pretty ? ',\n' : ',');
    if (this.pretty) this.out.fill(TAB, this.#depth);
    this.#first = false;
  }

  colon(): void {
    this.out.ascii(this.pretty ? ':\t' : ':');
  }

  key(name: string): void {
    this.member();
    this.out.text(JSON.stringify(name) + (this.pretty ? ':\t' : ':'));
  }

  text(text: string): void {
    this.out.text(JSON.stringify(text));
  }

  literal(word: 'null' | 'true' | 'false'): void {
    this.out.ascii(word);
  }

  /** Bytes as they are, valid UTF-8 or not, up to the first 0: to cJSON that is the end of a string. */
  bytes(bytes: Uint8Array): void {
    this.out.byte(QUOTE);
    const zero = bytes.indexOf(0);
    const end = zero < 0 ? bytes.length : zero;
    let plain = 0;
    for (let at = 0; at < end; at++) {
      const escaped = escapes[bytes[at]!];
      if (escaped === undefined) continue;
      this.out.raw(bytes.subarray(plain, at));
      this.out.ascii(escaped);
      plain = at + 1;
    }
    this.out.raw(bytes.subarray(plain, end));
    this.out.byte(QUOTE);
  }

  /** As few digits as give about the same number again: 15 of them when those come close enough, else 17. */
  number(value: number): void {
    this.out.ascii(numberText(value));
  }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (value === (value | 0)) return String(value | 0);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e15) {
    // at most 15 digits and no exponent: the shortest form is the same
    const shortest = String(value);
    if (shortest.length <= 16) return shortest;
  }
  const short = generalDecimal(value, 15);
  const again = Number(short);
  const tolerance = Math.max(Math.abs(value), Math.abs(again)) * Number.EPSILON;
  return Math.abs(value - again) <= tolerance ? short : generalDecimal(value, 17);
}
