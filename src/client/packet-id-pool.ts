// The packet identifiers of one session, shared by everything that needs one (MQTT 5 section 2.2.1).
import { nextPacketId, PacketIdSet } from '../protocol/index.js';

const ALL = 65_535;

export class PacketIdPool {
  readonly #used = new PacketIdSet();
  #last: number;

  /** `first` is the first identifier that is given away. */
  constructor(first = 1) {
    this.#last = first - 1;
  }

  get isExhausted(): boolean {
    return this.#used.size >= ALL;
  }

  /** An identifier that is not in use. */
  take(): number {
    let id = nextPacketId(this.#last);
    while (!this.#used.add(id)) id = nextPacketId(id);
    this.#last = id;
    return id;
  }

  /** Takes one that an earlier run of the program used. */
  reserve(id: number): void {
    this.#used.add(id);
  }

  free(id: number): void {
    this.#used.delete(id);
  }
}
