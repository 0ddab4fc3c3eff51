// The bytes of one line of output, gathered in memory that is used again for the next. Texts are written straight into
// it: what is printed for a message costs one copy at the end.

const INITIAL = 4096;
/** What may be held on to between two messages. */
const LARGE = 1 << 20;
/** Up to this length a call of Buffer.write costs more than writing each byte. */
const SHORT = 24;
const NOTHING: Uint8Array = Buffer.alloc(0);

export class PrintBuffer {
  #bytes: Buffer = Buffer.allocUnsafe(INITIAL);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#length = needed;
    return at;
  }

  byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  fill(value: number, count: number): void {
    if (count <= 0) return;
    const at = this.#reserve(count);
    this.#bytes.fill(value, at, at + count);
  }

  /** A text whose characters are all ASCII. */
  ascii(text: string): void {
    const at = this.#reserve(text.length);
    if (text.length > SHORT) this.#bytes.write(text, at, 'latin1');
    else for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i);
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    const at = this.#reserve(text.length * 3); // no UTF-16 unit needs more
    this.#length = at + this.#bytes.write(text, at);
  }

  /** Forgets what was written after the first `length` bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** A copy of what was written, that is the caller's; the next message begins anew. */
  take(): Uint8Array {
    const length = this.#length;
    if (length === 0) return NOTHING;
    this.#length = 0;
    const bytes = Buffer.allocUnsafe(length);
    bytes.set(this.#bytes.subarray(0, length));
    if (this.#bytes.length > LARGE) this.#bytes = Buffer.allocUnsafe(INITIAL);
    return bytes;
  }
}
