// PSK files (mosquitto.conf(5), psk_file): one `identity:key` a line, the key in hexadecimal.
import { readFileSync } from 'node:fs';

export class PskFileError extends Error {
  override name = 'PskFileError';
}

/** Bytes that a file may have. */
const MAX_FILE = 64 * 1024 * 1024;

/** The keys by identity. Throws a PskFileError that says which line is wrong. */
export function readPskFile(path: string): ReadonlyMap<string, Uint8Array> {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PskFileError(`Error: Unable to open psk_file "${path}". (${code})`);
  }
  if (content.length > MAX_FILE) throw new PskFileError(`Error: psk_file "${path}" is too large.`);
  const keys = new Map<string, Uint8Array>();
  content
    .toString()
    .split('\n')
    .forEach((text, i) => {
      const line = text.trim();
      if (line === '' || line.startsWith('#')) return;
      const colon = line.indexOf(':');
      const key = line.slice(colon + 1);
      // as many bytes as OpenSSL takes
      if (colon < 1 || !/^([0-9a-fA-F]{2}){1,256}$/.test(key))
        throw new PskFileError(
          `Error: Invalid line in psk_file "${path}", line ${i + 1}: write identity:key, the key in hexadecimal.`,
        );
      keys.set(line.slice(0, colon), Buffer.from(key, 'hex'));
    });
  return keys;
}
