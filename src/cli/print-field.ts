// Pads and cuts what a parameter of a format prints, as C's printf does: in bytes, whatever the characters are. The
// payload has rules of its own, and some surprise; they are Mosquitto's.
import { fixedDecimal } from './exact-decimal.js';
import type { Field } from './format-syntax.js';
import type { PrintBuffer } from './print-buffer.js';

const SPACE = 0x20;
/** printf's precision unless one is given. */
const FLOAT_PRECISION = 6;

function padCode(field: Field): number {
  return field.pad.charCodeAt(0);
}

/** A property that the message does not have. */
export function printBlank(out: PrintBuffer, field: Field): void {
  out.fill(padCode(field), field.width);
}

/** A number in ASCII; zeros stand between its sign and its digits. */
function printNumber(out: PrintBuffer, field: Field, text: string, pad: ' ' | '0'): void {
  const missing = field.width - text.length;
  if (missing <= 0) return out.ascii(text);
  if (field.left) {
    out.ascii(text);
    out.fill(SPACE, missing);
  } else if (pad === '0') {
    const sign = text.startsWith('-') ? '-' : '';
    out.ascii(sign);
    out.fill(0x30, missing);
    out.ascii(text.slice(sign.length));
  } else {
    out.fill(SPACE, missing);
    out.ascii(text);
  }
}

/** As a signed number of 32 bits. */
export function printInteger(out: PrintBuffer, field: Field, value: number): void {
  printNumber(out, field, String(value | 0), field.pad);
}

/** A payload of 4 or 8 bytes, little-endian; false when it has another length. */
export function printFloat(out: PrintBuffer, field: Field, payload: Uint8Array, size: 4 | 8): boolean {
  if (payload.length !== size) return false;
  const view = new DataView(payload.buffer, payload.byteOffset, size);
  const value = size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  if (Number.isFinite(value)) {
    printNumber(out, field, fixedDecimal(value, field.precision ?? FLOAT_PRECISION), field.pad);
    return true;
  }
  const sign = payload[size - 1]! >= 0x80 ? '-' : '';
  printNumber(out, field, sign + (Number.isNaN(value) ? 'nan' : 'inf'), ' ');
  return true;
}

/** The precision is how many bytes are printed at most. */
export function printText(out: PrintBuffer, field: Field, text: string): void {
  if (field.width === 0 && field.precision === undefined) return out.text(text);
  const bytes = Buffer.from(text).subarray(0, field.precision);
  if (!field.left) out.fill(SPACE, field.width - bytes.length);
  out.raw(bytes);
  if (field.left) out.fill(SPACE, field.width - bytes.length);
}

type Payload = { bytes: Uint8Array; missing: number };

/** At most `width` bytes of the payload are printed, and so many characters are missing for that width. */
function cutPayload(field: Field, payload: Uint8Array, charactersPerByte: 1 | 2): Payload {
  if (field.width === 0) return { bytes: payload, missing: -payload.length };
  const bytes = payload.subarray(0, field.width);
  return { bytes, missing: field.width - bytes.length * charactersPerByte };
}

/** On the left a width that is exceeded counts as well: as many spaces follow as there are characters too many. */
function printSpacesAfter(out: PrintBuffer, field: Field, missing: number): void {
  if (field.left) out.fill(SPACE, Math.abs(missing));
}

export function printPayload(out: PrintBuffer, field: Field, payload: Uint8Array): void {
  const { bytes, missing } = cutPayload(field, payload, 1);
  if (!field.left) out.fill(padCode(field), missing);
  out.raw(bytes);
  printSpacesAfter(out, field, missing);
}

const digits: Readonly<Record<'x' | 'X', Uint8Array>> = {
  x: Buffer.from('0123456789abcdef'),
  X: Buffer.from('0123456789ABCDEF'),
};

/** The precision is how many digits there are between two separators; padding counts as digits. */
export function printHex(out: PrintBuffer, field: Field, payload: Uint8Array, letter: 'x' | 'X'): void {
  const { bytes, missing } = cutPayload(field, payload, 2);
  const every = field.precision ?? 0;
  let position = 0;
  const put = (digit: number) => {
    out.byte(digit);
    if (every > 0 && ++position % every === 0) out.byte(field.separator);
  };
  if (!field.left) for (let i = 0; i < missing; i++) put(padCode(field));
  for (const byte of bytes) {
    put(digits[letter][byte >> 4]!);
    put(digits[letter][byte & 15]!);
  }
  // nothing follows the last digit; padding alone keeps its separator
  if (bytes.length > 0 && every > 0 && position % every === 0) out.cut(out.length - 1);
  printSpacesAfter(out, field, missing);
}
