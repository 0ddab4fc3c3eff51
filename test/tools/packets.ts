// MQTT packets on their way between a tool and a broker: cut out of a stream, and their names.

const names = [
  ['reserved', 'CONNECT', 'CONNACK', 'PUBLISH', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP'],
  ['SUBSCRIBE', 'SUBACK', 'UNSUBSCRIBE', 'UNSUBACK', 'PINGREQ', 'PINGRESP', 'DISCONNECT', 'AUTH'],
].flat();

export interface Packet {
  readonly name: string;
  readonly bytes: Buffer;
  /** Where the variable header begins. */
  readonly body: number;
}

/** Gathers a stream and gives its packets to `found`. What is not MQTT gives nothing. */
export class PacketReader {
  #rest = Buffer.alloc(0);
  readonly #found: (packet: Packet) => void;

  constructor(found: (packet: Packet) => void) {
    this.#found = found;
  }

  read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      let length = 0;
      let body = 1;
      for (let shift = 0; ; shift += 7) {
        const byte = this.#rest[body];
        if (byte === undefined || shift > 21) return;
        length += (byte & 0x7f) << shift;
        body += 1;
        if (byte < 0x80) break;
      }
      if (this.#rest.length < body + length) return;
      const bytes = this.#rest.subarray(0, body + length);
      this.#rest = this.#rest.subarray(body + length);
      this.#found({ name: names[bytes[0]! >> 4]!, bytes, body });
    }
  }
}

/** The packet identifier, as hexadecimal; PUBLISH has it after its topic. */
export function identifierOf({ name, bytes, body }: Packet): string {
  const at = name === 'PUBLISH' ? body + 2 + bytes.readUInt16BE(body) : body;
  return bytes.subarray(at, at + 2).toString('hex');
}

/** The name and the bytes; of long ones the beginning. */
export function described({ name, bytes }: Packet): string {
  const hex = (bytes.subarray(0, 300).toString('hex').match(/../g) ?? []).join(' ');
  return `${name} ${hex}${bytes.length > 300 ? `… (${bytes.length} bytes)` : ''}`;
}
