// The notation in which wire cases are written, and small constructors for it. A text of bytes is hex digits in
// pairs, 'quoted' UTF-8, ?? for a byte that may be anything, and spaces or | where they help the reader.

/** A byte that may be anything, as ?? stands for it. */
export const ANY = -1;

const token = /'([^']*)'|(\?\?)|([0-9a-f]{2})|[\s|]+/giy;

/** The bytes of a text; throws where the text is not in the notation. */
export function parseBytes(text: string): number[] {
  const bytes: number[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new SyntaxError(`not in the notation for bytes: ${text.slice(at, at + 20)}`);
    const [, quoted, any, hex] = match;
    if (quoted !== undefined) bytes.push(...new TextEncoder().encode(quoted));
    else if (any !== undefined) bytes.push(ANY);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
  }
  return bytes;
}

/** A number as big-endian hex of this many bytes. */
export function number(value: number, size: number): string {
  return value.toString(16).padStart(size * 2, '0');
}

/** A variable byte integer, in its shortest form. */
export function variable(value: number): string {
  const rest = Math.floor(value / 128);
  return rest === 0 ? number(value, 1) : `${number((value % 128) + 128, 1)}${variable(rest)}`;
}

/** Bytes with their length in two bytes before them: binary data, or a string given as bytes. */
export function sized(...parts: string[]): string {
  const content = parts.join(' ');
  return `${number(parseBytes(content).length, 2)} ${content}`;
}

/** A UTF-8 string with its length. */
export function str(text: string): string {
  return sized(text === '' ? '' : `'${text}'`);
}

/** Properties with their length. */
export function props(...parts: string[]): string {
  const content = parts.join(' ');
  return `${variable(parseBytes(content).length)} ${content}`;
}

/** A packet: its first byte, the remaining length that its content has, the content. */
export function packet(first: string, ...parts: string[]): string {
  return `${first} ${props(...parts)}`;
}

/** A user property. */
export function user(name: string, value: string): string {
  return `26 ${str(name)} ${str(value)}`;
}

/** Bytes as the notation writes them. */
export function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => (byte === ANY ? '??' : number(byte, 1))).join(' ');
}
