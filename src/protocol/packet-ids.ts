// Packet identifiers: a set of them in a few bytes, and the next free one (MQTT 5 section 2.2.1).

const PAGE_BITS = 10;
const PAGES = 65_536 >> PAGE_BITS;
const WORDS = (1 << PAGE_BITS) >> 5;

/** A set of packet identifiers as a bitmap in pages of 1024, made when they are first used. */
export class PacketIdSet {
  #pages: (Uint32Array | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    const page = this.#pages[id >> PAGE_BITS];
    return page !== undefined && (page[(id >> 5) & (WORDS - 1)]! & (1 << (id & 31))) !== 0;
  }

  /** Returns false if it was there. */
  add(id: number): boolean {
    const index = id >> PAGE_BITS;
    let page = this.#pages[index];
    if (page === undefined) {
      while (this.#pages.length < index) this.#pages.push(undefined);
      page = new Uint32Array(WORDS);
      this.#pages[index] = page;
    }
    const word = (id >> 5) & (WORDS - 1);
    const bit = 1 << (id & 31);
    if ((page[word]! & bit) !== 0) return false;
    page[word]! |= bit;
    this.#size++;
    return true;
  }

  /** Returns false if it was not there. */
  delete(id: number): boolean {
    const page = this.#pages[id >> PAGE_BITS];
    if (page === undefined) return false;
    const word = (id >> 5) & (WORDS - 1);
    const bit = 1 << (id & 31);
    if ((page[word]! & bit) === 0) return false;
    page[word]! &= ~bit;
    this.#size--;
    return true;
  }

  clear(): void {
    this.#pages = [];
    this.#size = 0;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < PAGES; index++) {
      if (this.#pages[index] === undefined) continue;
      const from = index << PAGE_BITS;
      for (let id = from; id < from + (1 << PAGE_BITS); id++) if (this.has(id)) yield id;
    }
  }
}

/** The identifier that follows: 1 to 65535 and around. */
export function nextPacketId(id: number): number {
  return id >= 65_535 ? 1 : id + 1;
}
