// PSK files (mosquitto.conf(5), psk_file): one `identity:key` a line, the key in hexadecimal.
import { type FileKind, RestrictedFileError, readRestrictedFile } from './restricted-file.js';

/** A PSK file that cannot be used. The message is Mosquitto's, and what to do. */
export class PskFileError extends RestrictedFileError {
  override readonly name = 'PskFileError';
}

const kind: FileKind = {
  maxLength: 64 * 1024 * 1024,
  missing: 'There is no such file.',
  cannotOpen: (file, advice) =>
    new PskFileError(file, undefined, `Error: Unable to open psk_file "${file}".`, advice),
};

/** Keys by identity. */
export type PskKeys = ReadonlyMap<string, Uint8Array>;

export interface LoadedPskFile {
  readonly keys: PskKeys;
  /** Of owner and permissions; each is a line. */
  readonly warnings: readonly string[];
}

/** Throws PskFileError, which says which line is wrong. */
function parsePskFile(content: Uint8Array, file: string): PskKeys {
  const keys = new Map<string, Uint8Array>();
  for (const [i, text] of new TextDecoder().decode(content).split('\n').entries()) {
    const line = text.trim();
    if (line === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const key = line.slice(colon + 1);
    // as many bytes as OpenSSL takes
    if (colon < 1 || !/^([0-9a-fA-F]{2}){1,256}$/.test(key))
      throw new PskFileError(
        file,
        i + 1,
        `Error: Invalid line in psk_file "${file}".`,
        'write identity:key, the key in hexadecimal.',
      );
    keys.set(line.slice(0, colon), Buffer.from(key, 'hex'));
  }
  return keys;
}

/** Reads a PSK file, all of it or nothing. Throws PskFileError. */
export async function loadPskFile(file: string): Promise<LoadedPskFile> {
  const { content, warnings } = await readRestrictedFile(file, kind);
  return { keys: parsePskFile(content, file), warnings };
}
