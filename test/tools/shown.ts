// Bytes as a recording has them: text, in which bytes that are no UTF-8 stand as \\x and two digits.
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

export function shown(bytes: Buffer): string {
  if (bytes.length > 20_000)
    return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
  if (isUtf8(bytes)) return bytes.toString();
  const hex = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16)}`;
  return bytes.toString('latin1').replace(/[\x80-\xff]/g, hex);
}

/** The payload that a case means: text, or bytes after `hex `. */
export function bytesOf(text: string): Buffer {
  return text.startsWith('hex ') ? Buffer.from(text.slice(4), 'hex') : Buffer.from(text);
}
