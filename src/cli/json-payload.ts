// Reads a payload as JSON the way cJSON does, which takes more than JSON (01, 1., -.5, control characters in strings
// and between values), and writes it again. JSON.parse would refuse these, and would change the order of keys.
import type { JsonWriter } from './json-writer.js';

/** How deep arrays and objects may be nested. */
const MAX_DEPTH = 1000;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const literals = ['null', 'false', 'true'] as const;
/** The characters that a number is looked for in; all of them must belong to it. */
const numberCharacters = /[0-9+\-eE.]+/y;
const wholeNumber = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const simpleEscapes: Readonly<Record<string, number>> = {
  b: 8,
  t: 9,
  n: 10,
  f: 12,
  r: 13,
  '"': QUOTE,
  '\\': BACKSLASH,
  '/': 0x2f,
};

/** Four hexadecimal digits; anything else counts as U+0000, which ends the string. */
function hex4(text: string): number {
  return /^[\da-fA-F]{4}$/.test(text) ? Number.parseInt(text, 16) : 0;
}

class PayloadReader {
  #at = 0;
  readonly #end: number;
  /** The payload with one character for each byte. */
  readonly #characters: string;

  constructor(
    readonly bytes: Buffer,
    readonly json: JsonWriter,
  ) {
    this.#end = bytes.length;
    this.#characters = bytes.toString('latin1');
    if (this.#characters.startsWith('\xef\xbb\xbf')) this.#at = 3;
  }

  /** Whether the whole payload was one value. */
  document(): boolean {
    return this.#value(0) && this.#skipSpace() === this.#end;
  }

  #skipSpace(): number {
    while (this.#at < this.#end && this.bytes[this.#at]! <= SPACE) this.#at++;
    return this.#at;
  }

  /** Passes over white space and this character, when that is what follows. */
  #take(character: string): boolean {
    if (this.#characters[this.#skipSpace()] !== character) return false;
    this.#at++;
    return true;
  }

  #value(depth: number): boolean {
    const first = this.#characters[this.#skipSpace()];
    if (first === undefined) return false;
    if (first === '"') return this.#string();
    if (first === '{') return depth < MAX_DEPTH && this.#object(depth + 1);
    if (first === '[') return depth < MAX_DEPTH && this.#array(depth + 1);
    if (first === '-' || (first >= '0' && first <= '9')) return this.#number();
    for (const word of literals) {
      if (!this.#characters.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      this.json.literal(word);
      return true;
    }
    return false;
  }

  #array(depth: number): boolean {
    this.#at++;
    this.json.beginArray();
    if (!this.#take(']')) {
      do {
        this.json.element();
        if (!this.#value(depth)) return false;
      } while (this.#take(','));
      if (!this.#take(']')) return false;
    }
    this.json.endArray();
    return true;
  }

  #object(depth: number): boolean {
    this.#at++;
    this.json.beginObject();
    if (!this.#take('}')) {
      do {
        this.json.member();
        if (this.#characters[this.#skipSpace()] !== '"' || !this.#string() || !this.#take(':')) return false;
        this.json.colon();
        if (!this.#value(depth)) return false;
      } while (this.#take(','));
      if (!this.#take('}')) return false;
    }
    this.json.endObject();
    return true;
  }

  #number(): boolean {
    numberCharacters.lastIndex = this.#at;
    const text = numberCharacters.exec(this.#characters)![0];
    if (!wholeNumber.test(text)) return false;
    this.#at += text.length;
    this.json.number(Number(text));
    return true;
  }

  #string(): boolean {
    const start = this.#at + 1;
    let end = start;
    let escaped = false;
    for (; end < this.#end && this.bytes[end] !== QUOTE; end++) {
      if (this.bytes[end] !== BACKSLASH) continue;
      escaped = true;
      end++;
    }
    if (end >= this.#end) return false;
    this.#at = end + 1;
    const bytes = escaped ? this.#unescape(start, end) : this.bytes.subarray(start, end);
    if (bytes === undefined) return false;
    this.json.bytes(bytes);
    return true;
  }

  #unescape(start: number, end: number): Uint8Array | undefined {
    const result = Buffer.allocUnsafe(end - start); // no escape is shorter than what it stands for
    let length = 0;
    for (let at = start; at < end; ) {
      const byte = this.bytes[at]!;
      if (byte !== BACKSLASH) {
        result[length++] = byte;
        at++;
        continue;
      }
      const letter = this.#characters[at + 1]!;
      if (letter !== 'u') {
        const simple = simpleEscapes[letter];
        if (simple === undefined) return undefined;
        result[length++] = simple;
        at += 2;
        continue;
      }
      const character = this.#codePoint(at, end);
      if (character === undefined) return undefined;
      length += result.write(character.text, length);
      at += character.length;
    }
    return result.subarray(0, length);
  }

  /** One \uXXXX, or two that are a surrogate pair; a surrogate alone is refused. */
  #codePoint(at: number, end: number): { text: string; length: number } | undefined {
    const unit = at + 6 <= end ? hex4(this.#characters.slice(at + 2, at + 6)) : undefined;
    if (unit === undefined || (unit >= 0xdc00 && unit <= 0xdfff)) return undefined;
    if (unit < 0xd800 || unit > 0xdfff) return { text: String.fromCharCode(unit), length: 6 };
    const isPair = at + 12 <= end && this.#characters.startsWith('\\u', at + 6);
    const low = isPair ? hex4(this.#characters.slice(at + 8, at + 12)) : 0;
    if (low < 0xdc00 || low > 0xdfff) return undefined;
    return { text: String.fromCharCode(unit, low), length: 12 };
  }
}

/** Writes the payload as the JSON that it is; false, with part of it written, when it is none. */
export function writeJsonPayload(payload: Uint8Array, json: JsonWriter): boolean {
  if (payload.includes(0)) return false;
  return new PayloadReader(Buffer.from(payload.buffer, payload.byteOffset, payload.length), json).document();
}
