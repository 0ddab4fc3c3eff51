// What the broker asks of everything that carries bytes, as one suite that all transports pass: the runtime's
// handle, a socket as a stream, and any other stream.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { makeCertificates } from '../../test/tools/certificates.js';
import { memoryPair } from '../../test/wire/memory-pair.js';
import type { Transport, TransportReceiver } from '../core/transport.js';
import { HandleTransport } from './handle.js';
import { StreamTransport } from './stream.js';
import { TcpListener } from './tcp.js';
import { TlsListener } from './tls.js';
import { WebSocketListener } from './websocket.js';

/** Both ends of a connection: ours, not started yet, and the other one. */
interface Ends {
  transport: Transport;
  peer: Duplex;
  /** The port of the other end; 0 where there is none. */
  port: number;
  /** What is paused so that nothing is read at the other end; the peer itself when not given. */
  source?: Duplex;
}

/** A sequence that never repeats within what is sent here. */
class Sequence {
  #state = 1;

  next(): number {
    this.#state = (Math.imul(this.#state, 48_271) >>> 0) % 0x7fffffff;
    return this.#state & 0xff;
  }

  fill(bytes: Uint8Array): Uint8Array {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.next();
    return bytes;
  }
}

/** Numbers that look random and are the same in every run. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
}

/** Keeps everything that it is told. */
class Receiver implements TransportReceiver {
  bytes = 0;
  wrong = 0;
  drains = 0;
  readonly closings: (Error | undefined)[] = [];
  readonly #expected = new Sequence();
  onReceived: () => void = () => {};
  #wake: () => void = () => {};

  received(bytes: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) if (bytes[i] !== this.#expected.next()) this.wrong++;
    this.bytes += length;
    this.onReceived();
    this.#wake();
  }

  drained(): void {
    this.drains++;
    this.#wake();
  }

  closed(error?: Error): void {
    this.closings.push(error);
    this.#wake();
  }

  async until(done: () => boolean, ms = 10_000): Promise<void> {
    const limit = Date.now() + ms;
    while (!done()) {
      if (Date.now() > limit)
        throw new Error(
          `still waiting: ${this.bytes} bytes, ${this.drains} drains, ${this.closings.length} closings`,
        );
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 50);
      });
    }
  }
}

/** Writes the sequence as the broker does: an array that has left is used again, another one only once drained. */
class Writer {
  readonly #transport: Transport;
  readonly #receiver: Receiver;
  readonly #sequence = new Sequence();
  written = 0;

  constructor(transport: Transport, receiver: Receiver) {
    this.#transport = transport;
    this.#receiver = receiver;
  }

  async write(sizes: number[]): Promise<void> {
    const list = sizes.map((size) => this.#sequence.fill(new Uint8Array(size)));
    this.written += sizes.reduce((sum, size) => sum + size, 0);
    const { drains } = this.#receiver;
    const hasLeft = list.length === 1 ? this.#transport.write(list[0]!) : this.#transport.writeAll(list);
    if (!hasLeft) await this.#receiver.until(() => this.#receiver.drains > drains);
    for (const bytes of list) bytes.fill(0xee);
  }
}

/** Reads a stream to its end, or up to a number of bytes, and checks the sequence. */
async function readSequence(
  stream: Duplex,
  pace: () => Promise<void> | undefined = () => undefined,
): Promise<{ bytes: number; wrong: number }> {
  const expected = new Sequence();
  let [bytes, wrong] = [0, 0];
  try {
    for await (const chunk of stream) {
      for (const byte of chunk as Uint8Array) if (byte !== expected.next()) wrong++;
      bytes += (chunk as Uint8Array).length;
      await pace();
    }
  } catch {
    // a reset ends it too
  }
  return { bytes, wrong };
}

function transportContract(name: string, open: () => Promise<Ends>): void {
  describe(name, () => {
    let transport: Transport;
    let peer: Duplex;
    let port: number;
    let source: Duplex;
    let receiver: Receiver;

    beforeEach(async () => {
      const ends = await open();
      ({ transport, peer, port } = ends);
      source = ends.source ?? peer;
      peer.on('error', () => {});
      receiver = new Receiver();
      transport.start(receiver);
    });

    afterEach(() => {
      peer.destroy();
      transport.destroy();
    });

    it('says who is at the other end', () => {
      expect(transport.remoteAddress).toBe(port > 0 ? '127.0.0.1' : 'stream');
      expect(transport.remotePort).toBe(port);
    });

    it('hands on every byte in order, however it is cut, with pauses', async () => {
      const roll = dice(1);
      const sequence = new Sequence();
      const total = 6_000_000;
      receiver.onReceived = () => {
        if (roll(10) > 0) return;
        transport.pause();
        setTimeout(() => transport.resume(), roll(3));
      };
      for (let sent = 0; sent < total; ) {
        const size = Math.min(total - sent, 1 + roll(roll(3) === 0 ? 300_000 : 500));
        sent += size;
        if (!peer.write(sequence.fill(new Uint8Array(size)))) await once(peer, 'drain');
      }
      await receiver.until(() => receiver.bytes === total);
      expect(receiver.wrong).toBe(0);
    });

    it('hands on nothing while it is paused, and everything afterwards', async () => {
      const sequence = new Sequence();
      transport.pause();
      for (let i = 0; i < 10; i++) peer.write(sequence.fill(new Uint8Array(1000)));
      await delay(50);
      expect(receiver.bytes).toBe(0);
      transport.resume();
      await receiver.until(() => receiver.bytes === 10_000);
      expect(receiver.wrong).toBe(0);
    });

    it('sends every byte in order, one array or many, to a peer that reads slowly', async () => {
      const roll = dice(2);
      const writer = new Writer(transport, receiver);
      const reading = readSequence(peer, () => (roll(40) === 0 ? delay(2) : undefined));
      while (writer.written < 12_000_000) {
        const count = roll(3) === 0 ? 1 + roll(20) : 1;
        await writer.write(Array.from({ length: count }, () => 1 + roll(roll(4) === 0 ? 200_000 : 3000)));
      }
      transport.end();
      expect(await reading).toEqual({ bytes: writer.written, wrong: 0 });
    });

    it('says once that it has drained, after a write that could not be finished at once', async () => {
      source.pause();
      const large = new Uint8Array(16_000_000);
      let drained = false;
      expect(transport.write(large)).toBe(false);
      void receiver
        .until(() => receiver.drains > 0)
        .then(() => {
          drained = true;
        });
      await delay(50);
      expect([receiver.drains, drained]).toEqual([0, false]);
      source.resume();
      peer.resume();
      await receiver.until(() => receiver.drains > 0);
      await delay(20);
      expect(receiver.drains).toBe(1);
    });

    it('takes more while it is behind, and has drained when all of it has left', async () => {
      source.pause();
      const sequence = new Sequence();
      for (let i = 0; i < 3; i++)
        expect(transport.write(sequence.fill(new Uint8Array(8_000_000)))).toBe(false);
      source.resume();
      const reading = readSequence(peer);
      await receiver.until(() => receiver.drains > 0);
      transport.end();
      expect(await reading).toEqual({ bytes: 24_000_000, wrong: 0 });
      expect(receiver.drains).toBe(1);
    });

    it('carries both directions at once', async () => {
      const writer = new Writer(transport, receiver);
      const sequence = new Sequence();
      const reading = readSequence(peer);
      const sending = (async () => {
        for (let i = 0; i < 200; i++)
          if (!peer.write(sequence.fill(new Uint8Array(10_000)))) await once(peer, 'drain');
      })();
      for (let i = 0; i < 200; i++) await writer.write([10_000]);
      await sending;
      await receiver.until(() => receiver.bytes === 2_000_000);
      transport.end();
      expect(await reading).toEqual({ bytes: 2_000_000, wrong: 0 });
      expect(receiver.wrong).toBe(0);
    });

    it('ends after what was written has left, and hands on nothing more', async () => {
      const writer = new Writer(transport, receiver);
      void writer.write([5_000_000]);
      transport.end();
      peer.write(new Uint8Array(1000));
      expect(await readSequence(peer)).toEqual({ bytes: 5_000_000, wrong: 0 });
      peer.end();
      await receiver.until(() => receiver.closings.length > 0);
      expect(receiver.bytes).toBe(0);
    });

    it('waits for a peer that does not close its side for two seconds, and no longer', async () => {
      const lingering = await open();
      lingering.peer.on('error', () => {});
      onTestFinished(() => void lingering.peer.destroy());
      const other = new Receiver();
      lingering.transport.start(other);
      (lingering.source ?? lingering.peer).pause();
      const began = Date.now();
      lingering.transport.write(new Uint8Array(16_000_000));
      lingering.transport.end();
      await other.until(() => other.closings.length > 0);
      expect(Date.now() - began).toBeGreaterThan(1500);
      expect(Date.now() - began).toBeLessThan(6000);
    });

    it('is gone at once when it is destroyed', async () => {
      const closed = once(source, 'close');
      peer.resume();
      transport.destroy();
      await receiver.until(() => receiver.closings.length > 0);
      await closed;
      expect(receiver.closings).toEqual([undefined]);
    });

    it('says that the peer has closed, after its last byte', async () => {
      peer.end(new Sequence().fill(new Uint8Array(100_000)));
      await receiver.until(() => receiver.closings.length > 0);
      expect([receiver.bytes, receiver.wrong]).toEqual([100_000, 0]);
      expect(receiver.closings[0]).toBeUndefined();
    });

    it('says that the peer is gone without a word', async () => {
      if (peer instanceof Socket && !(peer instanceof TLSSocket)) peer.resetAndDestroy();
      else peer.destroy();
      await receiver.until(() => receiver.closings.length > 0);
      expect(receiver.bytes).toBe(0);
    });

    it('notices while writing that the peer is gone', async () => {
      peer.destroy();
      for (let i = 0; i < 50 && receiver.closings.length === 0; i++) {
        transport.write(new Uint8Array(100_000));
        await delay(5);
      }
      await receiver.until(() => receiver.closings.length > 0);
    });

    it('takes every call after its end without harm', async () => {
      transport.destroy();
      await receiver.until(() => receiver.closings.length > 0);
      for (const bytes of [new Uint8Array(10), new Uint8Array(1_000_000)]) {
        expect(transport.write(bytes)).toBe(true);
        expect(transport.writeAll([bytes, bytes])).toBe(true);
      }
      transport.pause();
      transport.resume();
      transport.end();
      transport.destroy();
      await delay(20);
      expect(receiver.drains).toBe(0);
    });

    it('takes an empty array as it takes others', async () => {
      transport.writeAll([new Uint8Array(0), new Sequence().fill(new Uint8Array(5)), new Uint8Array(0)]);
      transport.end();
      expect(await readSequence(peer)).toEqual({ bytes: 5, wrong: 0 });
    });
  });
}

/** A connection over TCP; `accept` makes the transport of our end. */
async function overTcp(
  listen: (accept: (transport: Transport) => void) => Promise<{ port: number; stop: () => void }>,
): Promise<Ends> {
  let accept!: (transport: Transport) => void;
  const accepted = new Promise<Transport>((resolve) => {
    accept = resolve;
  });
  const { port, stop } = await listen(accept);
  const peer = connect({ port, host: '127.0.0.1' });
  await once(peer, 'connect');
  const transport = await accepted;
  stop();
  return { transport, peer, port: peer.localPort! };
}

async function listenWithSockets(
  accept: (transport: Transport) => void,
): Promise<{ port: number; stop: () => void }> {
  const server: Server = createServer((socket) => accept(new StreamTransport(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, stop: () => server.close() };
}

async function listenWithHandles(
  accept: (transport: Transport) => void,
): Promise<{ port: number; stop: () => void }> {
  const listener = new TcpListener(accept);
  const { port } = await listener.listen({ port: 0, host: '127.0.0.1' });
  return { port, stop: () => listener.stop() };
}

transportContract('a TCP connection on the handle of the runtime', async () => {
  const ends = await overTcp(listenWithHandles);
  expect(ends.transport).toBeInstanceOf(HandleTransport);
  return ends;
});

transportContract('a TCP connection as a stream', () => overTcp(listenWithSockets));

transportContract('a stream in memory', async () => {
  const [near, far] = memoryPair();
  return { transport: new StreamTransport(far), peer: near, port: 0 };
});

let certificate: { cert: Buffer; key: Buffer };

beforeAll(() => {
  const { folder } = makeCertificates();
  certificate = {
    cert: readFileSync(join(folder, 'server.crt')),
    key: readFileSync(join(folder, 'server.key')),
  };
});

transportContract('a TLS connection', async () => {
  let accept!: (transport: Transport) => void;
  const accepted = new Promise<Transport>((resolve) => {
    accept = resolve;
  });
  const listener = new TlsListener(certificate, accept, () => {});
  const address = await listener.listen({ port: 0, host: '127.0.0.1' });
  const peer = connectTls({ port: address.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(peer, 'secureConnect');
  const transport = await accepted;
  listener.stop();
  return { transport, peer, port: peer.localPort! };
});

async function overWebSocket(scheme: 'ws' | 'wss'): Promise<Ends> {
  let accept!: (transport: Transport) => void;
  const accepted = new Promise<Transport>((resolve) => {
    accept = resolve;
  });
  const tls = scheme === 'wss' ? certificate : undefined;
  const listener = new WebSocketListener({ maxFrame: 20_000_000 }, tls, accept, () => {});
  const address = await listener.listen({ port: 0, host: '127.0.0.1' });
  const socket = new WebSocket(`${scheme}://127.0.0.1:${address.port}/mqtt`, 'mqtt', {
    rejectUnauthorized: false,
  });
  let source!: Socket;
  socket.on('upgrade', (response) => {
    source = response.socket;
  });
  await once(socket, 'open');
  const transport = await accepted;
  listener.stop();
  return { transport, peer: createWebSocketStream(socket), port: source.localPort!, source };
}

transportContract('a WebSocket', () => overWebSocket('ws'));
transportContract('a secure WebSocket', () => overWebSocket('wss'));

describe('a stream', () => {
  it('that fails before anybody reads it is one that has closed', async () => {
    const [near, far] = memoryPair();
    near.on('error', () => {});
    const transport = new StreamTransport(far);
    far.destroy(new Error('gone'));
    await delay(10);
    const receiver = new Receiver();
    transport.start(receiver);
    await receiver.until(() => receiver.closings.length > 0);
    expect(receiver.closings[0]?.message).toBe('gone');
  });

  it('may be answered while it is written to: nothing is lost, nothing comes twice', async () => {
    // what is written comes back at once
    const echo: Duplex = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        echo.push(Buffer.from(chunk));
        done();
      },
    });
    const transport = new StreamTransport(echo);
    const receiver = new Receiver();
    transport.start(receiver);
    const sequence = new Sequence();
    for (let i = 0; i < 200; i++) transport.write(sequence.fill(new Uint8Array(100)));
    await receiver.until(() => receiver.bytes === 20_000);
    expect(receiver.wrong).toBe(0);
    transport.destroy();
  });
});
