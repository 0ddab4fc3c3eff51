// A session store in a folder: one file a client, to which changes are appended, with a sync for all that was
// gathered while the last one ran. A file that has become mostly history is written anew.
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionOperation, SessionStore } from './session-store.js';

/** The first bytes of a file, with the version of its format. */
const MAGIC = Buffer.from('pondhawk-session 1\n');
/** Checksum (4 bytes), kind (1), length of the key (2), length of the value (4). */
const HEADER = 11;
const PUT = 1;
const DELETE = 2;
/** A file is written anew when it is this large, and this many times what it would be. */
const MIN_COMPACT = 1024 * 1024;
const COMPACT_RATIO = 4;

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

function recordOf(kind: number, key: string, value: Uint8Array): Buffer {
  const name = Buffer.from(key);
  const record = Buffer.allocUnsafe(HEADER + name.length + value.length);
  record[4] = kind;
  record.writeUInt16BE(name.length, 5);
  record.writeUInt32BE(value.length, 7);
  record.set(name, HEADER);
  record.set(value, HEADER + name.length);
  record.writeUInt32BE(crc32(record.subarray(4)), 0);
  return record;
}

/** Reads records up to the first that is not whole; returns where that is. */
function readRecords(bytes: Buffer, entries: Map<string, Uint8Array>): number {
  let at = MAGIC.length;
  while (at + HEADER <= bytes.length) {
    const keyLength = bytes.readUInt16BE(at + 5);
    const end = at + HEADER + keyLength + bytes.readUInt32BE(at + 7);
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(at)) break;
    const key = bytes.toString('utf8', at + HEADER, at + HEADER + keyLength);
    if (bytes[at + 4] === PUT)
      entries.set(key, Uint8Array.from(bytes.subarray(at + HEADER + keyLength, end)));
    else entries.delete(key);
    at = end;
  }
  return at;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Keeps a client's session in a folder, so that messages of QoS 1 and 2 survive a restart of the program. */
export class FileSessionStore implements SessionStore {
  readonly #folder: string;
  #path = '';
  #lock = '';
  #file: FileHandle | null = null;
  #size = 0;
  readonly #entries = new Map<string, Uint8Array>();
  #entryBytes = 0;
  /** What waits for the write that is under way. */
  #waiting: Buffer[] = [];
  #next: Promise<void> | null = null;
  #running: Promise<void> = Promise.resolve();

  /** The folder is made if it is not there. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(clientId: string): Promise<ReadonlyMap<string, Uint8Array>> {
    // any text may be a client identifier, and not every text a file name
    const readable = clientId.replace(/[^\w.-]/g, '_').slice(0, 40);
    const name = `${readable}-${createHash('sha256').update(clientId).digest('hex').slice(0, 16)}`;
    await mkdir(this.#folder, { recursive: true });
    this.#path = join(this.#folder, `${name}.session`);
    await this.#takeLock(clientId);
    try {
      await this.#load();
    } catch (error) {
      await rm(this.#lock, { force: true });
      throw error;
    }
    return new Map(this.#entries);
  }

  /** Two programs with one session would each undo what the other has done. */
  async #takeLock(clientId: string): Promise<void> {
    const lock = `${this.#path}.lock`;
    for (let tries = 0; ; tries++) {
      try {
        const handle = await open(lock, 'wx');
        await handle.writeFile(String(process.pid));
        await handle.close();
        this.#lock = lock;
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
      if (tries > 0 || (owner > 0 && isAlive(owner) && owner !== process.pid) || isOurs(lock))
        throw new Error(`the session of ${clientId} is in use by process ${owner} (${lock})`);
      // left behind by a program that was killed
      await rm(lock, { force: true });
    }
  }

  async #load(): Promise<void> {
    const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    if (bytes.length >= MAGIC.length && !bytes.subarray(0, MAGIC.length).equals(MAGIC))
      throw new Error(`${this.#path} is not a session file of this version`);
    ownLocks.add(this.#lock);
    const end = bytes.length < MAGIC.length ? 0 : readRecords(bytes, this.#entries);
    for (const [key, value] of this.#entries) this.#entryBytes += HEADER + key.length + value.length;
    this.#file = await open(this.#path, 'a');
    // the end of a write that a crash has cut off
    if (end < bytes.length || end === 0) await this.#file.truncate(end);
    if (end === 0) await this.#file.appendFile(MAGIC);
    this.#size = Math.max(end, MAGIC.length);
  }

  commit(operations: readonly SessionOperation[]): Promise<void> {
    for (const operation of operations) this.#waiting.push(this.#apply(operation));
    // all that comes while a write is under way goes into the next
    this.#next ??= this.#running.then(() => this.#write());
    return this.#next;
  }

  #apply(operation: SessionOperation): Buffer {
    const { key } = operation;
    const earlier = this.#entries.get(key);
    if (earlier !== undefined) this.#entryBytes -= HEADER + key.length + earlier.length;
    if (operation.type === 'delete') {
      this.#entries.delete(key);
      return recordOf(DELETE, key, new Uint8Array(0));
    }
    const value = operation.value;
    this.#entries.set(key, value);
    this.#entryBytes += HEADER + key.length + value.length;
    return recordOf(PUT, key, value);
  }

  #write(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#next = null;
    const written = this.#append(bytes);
    this.#running = written.catch(() => {});
    return written;
  }

  async #append(bytes: Buffer): Promise<void> {
    if (this.#file === null) throw new Error('the session store is not open');
    this.#size += bytes.length;
    if (this.#size > MIN_COMPACT && this.#size > this.#entryBytes * COMPACT_RATIO) return this.#compact();
    await this.#file.appendFile(bytes);
    await this.#file.datasync();
  }

  /** Writes what is there now to a new file, which takes the old one's place at once. */
  async #compact(): Promise<void> {
    const records = [...this.#entries].map(([key, value]) => recordOf(PUT, key, value));
    const all = Buffer.concat([MAGIC, ...records]);
    const path = `${this.#path}.new`;
    const file = await open(path, 'w');
    await file.writeFile(all);
    await file.datasync();
    await file.close();
    await rename(path, this.#path);
    const folder = await open(this.#folder, 'r');
    await folder.sync().finally(() => folder.close());
    await this.#file?.close();
    this.#file = await open(this.#path, 'a');
    this.#size = all.length;
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#running);
    const file = this.#file;
    this.#file = null;
    await file?.close();
    ownLocks.delete(this.#lock);
    if (this.#lock !== '') await rm(this.#lock, { force: true });
  }
}

/** Locks of this process: its own number in a file may also be that of a process before it. */
const ownLocks = new Set<string>();

function isOurs(lock: string): boolean {
  return ownLocks.has(lock);
}
