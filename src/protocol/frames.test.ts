// Cutting a stream into packets: every split, stop and resume, and how much memory an incomplete packet takes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../fuzz/refusal.js';
import { FrameReader, type FrameSink } from './frames.js';
import { ReasonCode } from './reason-codes.js';

interface Seen {
  hex: string;
  headerSize: number;
  owned: boolean;
  bytes: Uint8Array;
}

/** Collects packets; says stop after the packets whose index is in `stopAfter`. */
class Collector implements FrameSink {
  readonly seen: Seen[] = [];

  constructor(private readonly stopAfter: (index: number) => boolean = () => false) {}

  frame(bytes: Uint8Array, start: number, body: number, end: number, owned: boolean): boolean {
    const packet = bytes.subarray(start, end);
    this.seen.push({
      hex: Buffer.from(packet).toString('hex'),
      headerSize: body - start,
      owned,
      bytes: packet,
    });
    return !this.stopAfter(this.seen.length - 1);
  }

  get hex(): string[] {
    return this.seen.map(({ hex }) => hex);
  }
}

/** A PUBLISH with QoS 0, topic "a" and so many bytes of payload. */
function publish(payloadSize: number): Uint8Array {
  const remaining = payloadSize + 3;
  const header = [0x30];
  for (let rest = remaining; ; rest >>>= 7) {
    header.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  const bytes = new Uint8Array(header.length + remaining);
  bytes.set([...header, 0, 1, 0x61]);
  for (let i = header.length + 3; i < bytes.length; i++) bytes[i] = i * 7;
  return bytes;
}

function join(packets: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(packets.flatMap((packet) => [...packet]));
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const ping = Uint8Array.from([0xc0, 0]);
const sample = [
  ping,
  publish(0),
  publish(124),
  publish(125),
  ping,
  ping,
  publish(300),
  publish(16_381),
  ping,
];

function pushAll(reader: FrameReader, chunks: readonly Uint8Array[], sink: FrameSink): void {
  for (const chunk of chunks) reader.push(chunk, chunk.length, sink);
}

describe('a stream of packets', () => {
  it('in one piece is handed on in place, without a copy', () => {
    const stream = join(sample);
    const sink = new Collector();
    const reader = new FrameReader();
    reader.push(stream, stream.length, sink);
    expect(sink.hex).toEqual(sample.map(hexOf));
    expect(sink.seen.every(({ bytes, owned }) => bytes.buffer === stream.buffer && !owned)).toBe(true);
    expect(sink.seen.map(({ headerSize }) => headerSize)).toEqual([2, 2, 2, 3, 2, 2, 3, 4, 2]);
    expect(reader.keptBytes).toBe(0);
  });

  it('a byte at a time gives the same packets', () => {
    const sink = new Collector();
    const reader = new FrameReader();
    for (const byte of join(sample)) reader.push(Uint8Array.from([byte]), 1, sink);
    expect(sink.hex).toEqual(sample.map(hexOf));
    expect(sink.seen.map(({ headerSize }) => headerSize)).toEqual([2, 2, 2, 3, 2, 2, 3, 4, 2]);
  });

  it('cut in two at any place gives the same packets', () => {
    const packets = [ping, publish(200), publish(3), ping];
    const stream = join(packets);
    for (let cut = 0; cut <= stream.length; cut++) {
      const sink = new Collector();
      pushAll(new FrameReader(), [stream.slice(0, cut), stream.slice(cut)], sink);
      expect(sink.hex).toEqual(packets.map(hexOf));
    }
  });

  it('cut anywhere, with the chunks overwritten after each push, gives the same packets', () => {
    const stream = join(sample);
    const cuts = fc.array(fc.nat({ max: stream.length }), { maxLength: 30 });
    fc.assert(
      fc.property(cuts, (places) => {
        const sink = new Collector();
        const reader = new FrameReader();
        let from = 0;
        for (const to of [...places.sort((a, b) => a - b), stream.length]) {
          const chunk = new Uint8Array(stream.subarray(from, to));
          reader.push(chunk, chunk.length, sink);
          chunk.fill(0xee);
          from = to;
        }
        expect(sink.hex).toEqual(sample.map(hexOf));
        for (const { owned, bytes, hex } of sink.seen) if (owned) expect(hexOf(bytes)).toBe(hex);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('is taken only up to the end that is named', () => {
    const chunk = join([ping, publish(5)]);
    const sink = new Collector();
    const reader = new FrameReader();
    reader.push(chunk, 2, sink);
    expect(sink.hex).toEqual(['c000']);
    expect(reader.keptBytes).toBe(0);
    reader.push(chunk, 0, sink);
    expect(sink.seen).toHaveLength(1);
  });

  it('may be forgotten in the middle of a packet', () => {
    const sink = new Collector();
    const reader = new FrameReader();
    reader.push(publish(50), 20, sink);
    expect(reader.keptBytes).toBe(20);
    reader.clear();
    expect(reader.keptBytes).toBe(0);
    reader.push(ping, 2, sink);
    expect(sink.hex).toEqual(['c000']);
  });
});

describe('stop and resume', () => {
  it('a sink that returns false gets nothing more until resume, and then the rest', () => {
    const sink = new Collector((index) => index === 1);
    const reader = new FrameReader();
    const stream = join(sample);
    reader.push(stream, stream.length, sink);
    expect(sink.seen).toHaveLength(2);
    expect(reader.stopped).toBe(true);
    expect(reader.keptBytes).toBe(join(sample.slice(2)).length);
    stream.fill(0xee);
    reader.push(ping, 2, sink);
    expect(sink.seen, 'what comes after the stop is kept').toHaveLength(2);
    reader.resume(sink);
    expect(reader.stopped).toBe(false);
    expect(sink.hex).toEqual([...sample, ping].map(hexOf));
    expect(reader.keptBytes).toBe(0);
  });

  it('works for any cuts and any stops', () => {
    const stream = join(sample);
    const cuts = fc.array(fc.nat({ max: stream.length }), { maxLength: 12 });
    const stops = fc.uniqueArray(fc.nat({ max: sample.length - 1 }));
    const impatience = fc.nat({ max: 3 });
    fc.assert(
      fc.property(cuts, stops, impatience, (places, stopAfter, pushesBeforeResume) => {
        const sink = new Collector((index) => stopAfter.includes(index));
        const reader = new FrameReader();
        let from = 0;
        let waited = 0;
        for (const to of [...places.sort((a, b) => a - b), stream.length]) {
          const chunk = new Uint8Array(stream.subarray(from, to));
          reader.push(chunk, chunk.length, sink);
          chunk.fill(0xee);
          from = to;
          if (reader.stopped && ++waited > pushesBeforeResume) {
            reader.resume(sink);
            waited = 0;
          }
        }
        for (let i = 0; i <= sample.length && reader.stopped; i++) reader.resume(sink);
        expect(sink.hex).toEqual(sample.map(hexOf));
        expect(reader.keptBytes).toBe(0);
      }),
      { seed: 6, numRuns: 500 },
    );
  });

  it('after each of many small packets takes time in proportion to them', () => {
    const count = 60_000;
    const stream = new Uint8Array(2 * count);
    for (let i = 0; i < count; i++) stream[2 * i] = 0xc0;
    let packets = 0;
    const sink: FrameSink = { frame: () => ++packets < 0 };
    const reader = new FrameReader();
    const began = performance.now();
    reader.push(stream, stream.length, sink);
    while (reader.stopped) reader.resume(sink);
    expect(packets).toBe(count);
    // copying the rest each time would move 3.6 GB
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('on the last packet leaves nothing to hand on', () => {
    const sink = new Collector(() => true);
    const reader = new FrameReader();
    reader.push(ping, 1, sink);
    reader.push(ping.subarray(1), 1, sink);
    expect(reader.stopped).toBe(true);
    expect(reader.keptBytes).toBe(0);
    reader.resume(sink);
    expect(reader.stopped).toBe(false);
    expect(sink.seen).toHaveLength(1);
  });
});

describe('the fixed header', () => {
  it('of a packet above the limit is refused as soon as its length is known, with 0x95', () => {
    const sink = new Collector();
    const size = publish(100).length;
    expect(reasonOf(() => new FrameReader(size - 1).push(publish(100), 2, sink))).toBe(
      ReasonCode.PacketTooLarge,
    );
    const reader = new FrameReader(size);
    reader.push(publish(100), size, sink);
    expect(sink.seen, 'the limit counts the fixed header').toHaveLength(1);
    const gradual = new FrameReader(1000);
    gradual.push(Uint8Array.from([0x30]), 1, sink);
    gradual.push(Uint8Array.from([0xff]), 1, sink);
    gradual.push(Uint8Array.from([0xff]), 1, sink);
    expect(reasonOf(() => gradual.push(Uint8Array.from([0x7f]), 1, sink))).toBe(ReasonCode.PacketTooLarge);
  });

  it('is limited by a limit that is set later, too', () => {
    const reader = new FrameReader();
    reader.maxPacketSize = 50;
    expect(reasonOf(() => reader.push(publish(100), 100, new Collector()))).toBe(ReasonCode.PacketTooLarge);
  });

  it('with a remaining length of more than four bytes is malformed', () => {
    for (const bytes of [
      [0x30, 0x80, 0x80, 0x80, 0x80],
      [0x30, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ]) {
      const chunk = Uint8Array.from(bytes);
      expect(reasonOf(() => new FrameReader().push(chunk, chunk.length, new Collector()))).toBe(0x81);
      const reader = new FrameReader();
      const reasons = bytes.map((byte) =>
        reasonOf(() => reader.push(Uint8Array.from([byte]), 1, new Collector())),
      );
      expect(reasons.find((reason) => reason !== undefined)).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('with flags that no packet has is refused before its packet is collected [MQTT-2.1.3-1]', () => {
    for (const first of [0x11, 0x36, 0x37, 0x60, 0x80, 0xa0, 0xc1, 0xe8, 0xff]) {
      const chunk = Uint8Array.from([first, 0xff, 0xff, 0x7f]);
      const reason = reasonOf(() => new FrameReader().push(chunk, 4, new Collector()));
      expect(reason, `0x${first.toString(16)}`).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('of the reserved packet type 0 is a protocol error, as for Mosquitto', () => {
    for (const first of [0x00, 0x02, 0x0f]) {
      const chunk = Uint8Array.from([first, 0xff, 0xff, 0x7f]);
      const reason = reasonOf(() => new FrameReader().push(chunk, 4, new Collector()));
      expect(reason, `0x${first.toString(16)}`).toBe(ReasonCode.ProtocolError);
    }
  });

  it('takes a remaining length in a longer form than needed, as Mosquitto does', () => {
    const sink = new Collector();
    const chunk = Uint8Array.from([0xc0, 0x80, 0x80, 0x00, 0xc0, 0x00]);
    new FrameReader().push(chunk, chunk.length, sink);
    expect(sink.hex).toEqual(['c0808000', 'c000']);
  });
});

describe('an incomplete packet', () => {
  /** The bytes of array buffers that are made while `act` runs. */
  function allocatedBy(act: () => void): number {
    const before = process.memoryUsage().arrayBuffers;
    act();
    return process.memoryUsage().arrayBuffers - before;
  }

  it('takes no memory for what it announces', () => {
    const header = Uint8Array.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61]);
    const readers: FrameReader[] = [];
    const taken = allocatedBy(() => {
      for (let i = 0; i < 100; i++) {
        const reader = new FrameReader();
        reader.push(header, header.length, new Collector());
        readers.push(reader);
      }
    });
    expect(readers.reduce((sum, reader) => sum + reader.keptBytes, 0)).toBe(800);
    expect(taken).toBeLessThan(200_000);
  });

  it('takes at most about twice what came of it', () => {
    const packet = publish(2_000_000);
    const reader = new FrameReader();
    const sink = new Collector();
    for (let at = 0; at < packet.length; at += 50_000) {
      const chunk = packet.subarray(at, at + 50_000);
      reader.push(chunk, chunk.length, sink);
    }
    expect(sink.hex).toHaveLength(1);
    const [seen] = sink.seen;
    expect(seen?.bytes.length).toBe(packet.length);
    expect(seen?.bytes.buffer.byteLength, 'in the end exactly the packet').toBe(packet.length);
  });

  it('that is large is handed on as owned: nobody writes to its bytes again', () => {
    const large = publish(8192);
    const small = publish(100);
    const stream = join([large, small, large]);
    const sink = new Collector();
    const reader = new FrameReader();
    const scratch = new Uint8Array(1000);
    for (let at = 0; at < stream.length; at += scratch.length) {
      const chunk = stream.subarray(at, at + scratch.length);
      scratch.set(chunk);
      reader.push(scratch, chunk.length, sink);
    }
    expect(sink.hex).toEqual([large, small, large].map(hexOf));
    for (const { bytes, owned, hex } of sink.seen) if (owned) expect(hexOf(bytes)).toBe(hex);
    expect(sink.seen[0]?.owned).toBe(true);
  });

  it('of any size that is owned does not hold on to much more memory than its own', () => {
    // a stop leaves a lot kept; the last of it is the beginning of a packet that is completed later
    const pings = join(new Array<Uint8Array>(50_000).fill(ping));
    const packet = publish(5000);
    const sink = new Collector((index) => index === 0);
    const reader = new FrameReader();
    reader.push(pings, pings.length, sink);
    reader.push(packet, 4000, sink);
    reader.resume(sink);
    reader.push(packet.subarray(4000), packet.length - 4000, sink);
    const last = sink.seen.at(-1);
    expect(last?.hex).toBe(hexOf(packet));
    if (last?.owned) expect(last.bytes.buffer.byteLength).toBeLessThan(4 * packet.length);
  });
});
