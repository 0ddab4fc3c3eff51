// The client over everything that can carry MQTT in Node: TCP, TLS with certificates and with a key known in
// advance, WebSocket, unix sockets, streams that a program makes by itself. Our broker is behind servers of Node
// and of ws; where it cannot misbehave, a server is written by hand.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions as ServerTlsOptions, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { SocksClient } from 'socks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { Message, MessageStream, NodeClientOptions } from '../../src/client/index.js';
import type { WebSocketOptions } from '../../src/client/node-websocket.js';
import { Broker } from '../../src/index.js';
import { encodePacket } from '../../src/protocol/index.js';
import { TestClient } from '../behaviour/client.js';
import { memoryPair } from '../wire/memory-pair.js';
import { atEnd, connected, failure, newClient, pause, soon, until, within } from './help.js';

const run = promisify(execFile);

// --- certificates

let folder: string;
/** The text of a file that openssl has made. */
const pem = (name: string): string => readFileSync(join(folder, name), 'utf8');
/** What a server of ours shows. */
let server: { key: string; cert: string };
let ca: string;

/** A key and a certificate, signed by `ca` unless it is one that signs itself. */
async function certificate(name: string, alternatives?: string): Promise<void> {
  const signed =
    alternatives === undefined
      ? []
      : ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-addext', `subjectAltName=${alternatives}`];
  const constraints = alternatives === undefined ? [] : ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  const args = ['req', '-x509', ...key, '-days', '30', '-subj', `/CN=${name}`, '-out', `${name}.crt`];
  await run('openssl', [...args, ...signed, ...constraints], { cwd: folder, timeout: 10_000 });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'transports-'));
  await Promise.all([certificate('ca'), certificate('other-ca')]);
  await certificate('server', 'DNS:localhost,IP:127.0.0.1,IP:::1');
  await certificate('stranger', 'DNS:elsewhere.example');
  await certificate('client', 'DNS:client.example');
  server = { key: pem('server.key'), cert: pem('server.crt') };
  ca = pem('ca.crt');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// --- servers

let broker: Broker;
/** The server's ends of what is connected. */
const streams = new Set<Duplex>();
/** What is connected below TLS and WebSocket. */
const sockets = new Set<Duplex>();

beforeEach(() => {
  streams.clear();
  sockets.clear();
  broker = new Broker({ closeTimeout: 0 });
});
afterEach(async () => {
  for (const one of [...streams, ...sockets]) one.destroy();
  await broker.close();
});

type Serve = (stream: Duplex) => void;

function track(set: Set<Duplex>, stream: Duplex): void {
  set.add(stream);
  stream.on('error', () => {});
  stream.on('close', () => set.delete(stream));
}

const toBroker: Serve = (stream) => {
  track(streams, stream);
  broker.accept(stream);
};

/** Takes everything and says nothing. */
function silent(): { serve: Serve; heard(): boolean } {
  let bytes = 0;
  return {
    serve: (stream) => {
      track(streams, stream);
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      stream.on('end', () => stream.destroy());
    },
    heard: () => bytes > 0,
  };
}

/** Lets a server listen until the end of the test; the port. */
async function listening(one: Server, where: string | { path: string } = '127.0.0.1'): Promise<number> {
  one.on('connection', (socket: Socket) => track(sockets, socket));
  one.listen(typeof where === 'string' ? { host: where, port: 0 } : where);
  await once(one, 'listening');
  atEnd(() => void one.close());
  return typeof where === 'string' ? (one.address() as AddressInfo).port : 0;
}

/** Adds WebSocket to a server. */
function withWebSocket<T extends Server>(
  one: T,
  serve: (socket: WebSocket, request: IncomingMessage) => void,
  handleProtocols?: (protocols: Set<string>) => string | false,
): T {
  const options = handleProtocols === undefined ? {} : { handleProtocols };
  new WebSocketServer({ server: one as unknown as HttpServer, ...options }).on('connection', serve);
  return one;
}

const bridge =
  (serve: Serve) =>
  (socket: WebSocket): void =>
    serve(createWebSocketStream(socket));

const psk = { identity: 'meter 7', key: Buffer.from('00112233445566778899aabbccddeeff', 'hex') };
const pskServer: ServerTlsOptions = {
  pskCallback: (_socket, identity) => (identity === psk.identity ? psk.key : null),
  ciphers: 'PSK-AES128-GCM-SHA256',
  maxVersion: 'TLSv1.2',
};

/** Starts a server; what a client needs to reach it. */
type Way = (serve: Serve) => Promise<NodeClientOptions>;

const overNetwork: Readonly<Record<string, Way>> = {
  TCP: async (serve) => ({ url: `mqtt://127.0.0.1:${await listening(createServer(serve))}` }),
  TLS: async (serve) => ({
    url: `mqtts://localhost:${await listening(createTlsServer(server, serve))}`,
    tls: { ca },
  }),
  'TLS-PSK': async (serve) => ({
    url: `mqtts://localhost:${await listening(createTlsServer(pskServer, serve))}`,
    tls: { psk },
  }),
  WebSocket: async (serve) => ({
    url: `ws://127.0.0.1:${await listening(withWebSocket(createHttpServer(), bridge(serve)))}`,
  }),
  'WebSocket over TLS': async (serve) => ({
    url: `wss://localhost:${await listening(withWebSocket(createHttpsServer(server), bridge(serve)))}`,
    tls: { ca },
  }),
  'a unix socket': async (serve) => {
    const path = join(mkdtempSync(join(folder, 'unix-')), 'broker socket');
    await listening(createServer(serve), { path });
    return { url: `unix://${encodeURI(path)}` };
  },
};

/** The client dials by itself, over streams in memory. */
function dialed(url: string, more: NodeClientOptions, accept: (far: Duplex) => void): NodeClientOptions {
  const dial = async (): Promise<Duplex> => {
    const [near, far] = memoryPair();
    track(sockets, far);
    accept(far);
    return near;
  };
  return { url, ...more, dial };
}

const ways: Readonly<Record<string, Way>> = {
  ...overNetwork,
  'a stream of the program': async (serve) => dialed('mqtt://broker.example', {}, serve),
  'TLS over a stream of the program': async (serve) =>
    dialed('mqtts://localhost', { tls: { ca } }, (far) => {
      const secured = new TLSSocket(far as Socket, { isServer: true, ...server });
      secured.on('error', () => {});
      secured.once('secure', () => serve(secured));
    }),
  'WebSocket over a stream of the program': async (serve) => {
    const one = withWebSocket(createHttpServer(), bridge(serve));
    return dialed('ws://broker.example', {}, (far) => one.emit('connection', far));
  },
};

const wayNames = Object.keys(ways);

function start(name: string, serve: Serve = toBroker): Promise<NodeClientOptions> {
  return ways[name]!(serve);
}

/** Sequences that are the same in every run, and not the same over again. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0, state = 7; i < size; i++) {
    state = (Math.imul(state, 48_271) >>> 0) % 0x7fffffff;
    bytes[i] = state;
  }
  return bytes;
}

async function take(stream: MessageStream, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) {
    const { done, value } = await within(stream.next(), `message ${taken.length + 1} of ${count}`);
    if (done === true) throw new Error(`the stream ended after ${taken.length} messages`);
    taken.push(value);
  }
  return taken;
}

/** The client listens to its own messages, so that each goes both ways. */
async function echo(options: NodeClientOptions): Promise<void> {
  const client = await connected(options);
  const stream = client.messages('echo', { qos: 2 });
  await client.publish('echo', 'hello', { qos: 1 });
  expect((await take(stream, 1))[0]!.text()).toBe('hello');
  await within(client.disconnect(), 'disconnecting');
}

/** A server that floods its client with numbered messages of QoS 0 once that has subscribed. */
class Flood {
  static readonly MESSAGES = 1024;
  static readonly SIZE = 16 * 1024;
  written = 0;
  peer: TestClient | undefined;

  readonly serve: Serve = (stream) => {
    track(streams, stream);
    void this.#run(stream).catch(() => stream.destroy());
  };

  async #run(stream: Duplex): Promise<void> {
    this.peer = new TestClient(stream, 5, false);
    await this.peer.next('connect');
    this.peer.send({ type: 'connack', sessionPresent: false, reason: 0, properties: {} });
    const { packetId } = await this.peer.next('subscribe');
    this.peer.send({ type: 'suback', packetId, reasons: [0], properties: {} });
    const closed = once(stream, 'close').catch(() => {});
    while (this.written < Flood.MESSAGES && stream.writable) {
      const payload = Buffer.alloc(Flood.SIZE);
      payload.writeUInt32BE(this.written);
      const packet = encodePacket(
        { type: 'publish', topic: 'flood', payload, qos: 0, retain: false, dup: false, properties: {} },
        5,
      );
      const hasRoom = stream.write(packet);
      this.written++;
      if (!hasRoom) await Promise.race([once(stream, 'drain'), closed]);
    }
  }

  /** Resolves when nothing more can be written. */
  async stalled(): Promise<void> {
    for (let before = -1; before !== this.written || before === 0; await pause(100)) before = this.written;
  }
}

describe.each(wayNames)('over %s', (name) => {
  it.each([0, 1, 2] as const)('messages of QoS %i go to the broker and come from it', async (qos) => {
    const client = await connected(await start(name));
    const stream = client.messages('a/+', { qos });
    await client.publish('a/1', 'one', { qos });
    await client.publish('a/2', new Uint8Array([0, 255]), { qos });
    const [one, two] = await take(stream, 2);
    expect([one!.topic, one!.text(), one!.qos]).toEqual(['a/1', 'one', qos]);
    expect([two!.topic, [...two!.payload], two!.qos]).toEqual(['a/2', [0, 255], qos]);
    await within(client.disconnect(), 'disconnecting');
    await until(() => streams.size === 0 && sockets.size === 0, 'the end of the connection');
  });

  it('a message of 1 MiB goes both ways unharmed, among small ones', async () => {
    const client = await connected(await start(name));
    const stream = client.messages('big', { qos: 1 });
    const payload = content(1024 * 1024);
    const published = ['before', payload, 'between', payload, 'after'].map((one) =>
      client.publish('big', one, { qos: 1 }),
    );
    const messages = await take(stream, 5);
    await Promise.all(published);
    expect(messages.map(({ payload }) => payload.length)).toEqual([6, payload.length, 7, payload.length, 5]);
    expect(Buffer.compare(messages[1]!.payload, payload)).toBe(0);
    expect(Buffer.compare(messages[3]!.payload, payload)).toBe(0);
  });

  it('a reader that is slow holds the server up, and nothing is lost', async () => {
    const flood = new Flood();
    const client = await connected(await start(name, flood.serve));
    const stream = client.messages('flood', { highWaterMark: 4 });
    await flood.stalled();
    expect(flood.written).toBeLessThan(Flood.MESSAGES);
    const messages = await take(stream, Flood.MESSAGES);
    expect(messages.every(({ payload }, i) => Buffer.from(payload).readUInt32BE() === i)).toBe(true);
    expect(stream.dropped).toBe(0);
  });

  it('a client that holds the server up says goodbye none the less', async () => {
    const flood = new Flood();
    const client = await connected(await start(name, flood.serve));
    client.messages('flood', { highWaterMark: 4 });
    await flood.stalled();
    await within(client.disconnect(), 'disconnecting');
    await flood.peer!.next('disconnect');
  });

  it('a connection that the server drops comes back by itself, and nothing is lost at QoS 1', async () => {
    const options = await start(name);
    const client = await connected({
      ...options,
      clientId: 'phoenix',
      cleanStart: false,
      reconnect: soon,
      version: 5,
    });
    const stream = client.messages('news', { qos: 1 });
    await client.publish('news', '0', { qos: 1 });
    const lost = new Promise<void>((resolve) => {
      client.on('disconnect', ({ error, willReconnect }) => {
        expect([error.code, willReconnect]).toEqual(['lost', true]);
        resolve();
      });
    });
    for (const one of [...streams, ...sockets]) one.destroy();
    broker.publish({ topic: 'news', payload: Buffer.from('1'), qos: 1 });
    await within(lost, 'the loss');
    const second = client.publish('news', '2', { qos: 1 });
    expect((await take(stream, 3)).map((one) => one.text())).toEqual(['0', '1', '2']);
    await within(second, 'the acknowledgement');
    expect(client.connected).toBe(true);
  });

  it('a server that breaks the rules of MQTT hears why', async () => {
    const peers: TestClient[] = [];
    const options = await start(name, (stream) => {
      track(streams, stream);
      const peer = new TestClient(stream, 5, false);
      peers.push(peer);
      void peer
        .next('connect')
        .then(() => peer.send({ type: 'connack', sessionPresent: false, reason: 0, properties: {} }));
    });
    const client = await connected({ ...options, reconnect: false });
    const ended = new Promise<unknown>((resolve) => client.on('end', resolve));
    peers[0]!.send({ type: 'pubrel', packetId: 0, reason: 0, properties: {} });
    expect(await within(ended, 'the end')).toMatchObject({ code: 'protocol', reason: 0x82 });
    expect(await peers[0]!.next('disconnect')).toMatchObject({ reason: 0x82 });
    await until(() => streams.size === 0 && sockets.size === 0, 'the end of the connection');
  });
});

// --- a program that is done

const library = new URL('../../dist/client/index.js', import.meta.url).href;

interface Ended {
  code: number | null;
  output: string;
}

/** Runs a program of its own, with `connect`, `options` and `Duplex` in scope. */
async function program(options: NodeClientOptions, text: string): Promise<Ended> {
  const script = `
    import { Duplex } from 'node:stream';
    import { connect } from ${JSON.stringify(library)};
    const options = JSON.parse(process.argv[1]);
    if (options.tls?.psk) options.tls.psk.key = Buffer.from(options.tls.psk.key.data);
    process.on('warning', ({ message }) => console.log('warning:', message));
    ${text}`;
  const args = ['--input-type=module', '--eval', script, JSON.stringify(options)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 8000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, output: stdout + stderr });
    });
  });
}

describe('a program', () => {
  it.each(Object.keys(overNetwork))(
    'ends by itself once it has disconnected, or given up (%s)',
    async (name) => {
      const options = await start(name);
      const { url } = await start(name, silent().serve);
      const text = `
      await connect({ ...options, url: ${JSON.stringify(url)}, connectTimeout: 100 }).catch(({ code }) => console.log(code));
      const client = await connect(options);
      const stream = client.messages('a', { qos: 1 });
      await client.publish('a', 'seen', { qos: 1 });
      console.log((await stream.next()).value.text());
      await client.disconnect();`;
      expect(await program(options, text)).toEqual({ code: 0, output: 'timeout\nseen\n' });
    },
  );

  const tell = `await connect({ ...options, connectTimeout: 1000 })
    .catch(({ code, name }) => console.log(name, code));`;
  /** Dials a stream to which something happens as soon as the client has it. */
  const dialing = (what: string): string => `
    options.dial = async () => {
      const stream = new Duplex({ read() {}, write: (chunk, encoding, done) => done() });
      setImmediate(() => ${what});
      return stream;
    };
    ${tell}`;

  it.each(['mqtt', 'mqtts', 'wss'])(
    'outlives a first connection that breaks at once (%s)',
    async (scheme) => {
      const text = dialing("stream.destroy(new Error('broken'))");
      const { code, output } = await program({ url: `${scheme}://localhost` }, text);
      expect(output).toMatch(/^ClientError (unreachable|lost)\n$/);
      expect(code).toBe(0);
    },
  );

  it('outlives a first connection that breaks at once (ws)', async () => {
    const text = dialing("stream.destroy(new Error('broken'))");
    const { code, output } = await program({ url: 'ws://localhost' }, text);
    expect({ code, output }).toEqual({ code: 0, output: 'ClientError unreachable\n' });
  });

  it('hears of a first connection that ends at once (ws)', async () => {
    const { code, output } = await program({ url: 'ws://localhost' }, dialing('stream.destroy()'));
    expect({ code, output }).toEqual({ code: 0, output: 'ClientError unreachable\n' });
  });

  it('outlives a server that wants a certificate which it lacks (wss)', async () => {
    const one = createHttpsServer({ ...server, ca, requestCert: true, rejectUnauthorized: true });
    const port = await listening(withWebSocket(one, bridge(toBroker)));
    const { code, output } = await program({ url: `wss://localhost:${port}`, tls: { ca } }, tell);
    expect(output).toMatch(/^ClientError (unreachable|lost)\n$/);
    expect(code).toBe(0);
  });

  it('outlives a connection that ends while its authentication prepares', async () => {
    const text = `
      const first = () => new Promise((resolve) => setTimeout(resolve, 50));
      options.authentication = { method: 'SLOW', start: () => ({ first }) };
      ${dialing('stream.destroy()')}`;
    const { code, output } = await program({}, text);
    expect({ code, output }).toEqual({ code: 0, output: 'ClientError lost\n' });
  });

  it('hears no warning about a pre-shared key for an IP address', async () => {
    const port = await listening(createTlsServer(pskServer, toBroker));
    const text = 'await (await connect(options)).disconnect();';
    const { code, output } = await program({ url: `mqtts://127.0.0.1:${port}`, tls: { psk } }, text);
    expect({ code, output }).toEqual({ code: 0, output: '' });
  });
});

// --- TLS

describe('TLS', () => {
  interface Seen {
    protocol: string | null;
    servername: string | false | null;
    alpnProtocol: string | false | null;
    client: string | string[] | undefined;
  }
  let seen: Seen[];

  async function secureServer(options: ServerTlsOptions = {}): Promise<string> {
    seen = [];
    const one = createTlsServer({ ...server, ...options }, (socket) => {
      const { servername, alpnProtocol } = socket as unknown as Seen;
      const client = socket.getPeerCertificate().subject?.CN;
      seen.push({ protocol: socket.getProtocol(), servername, alpnProtocol, client });
      toBroker(socket);
    });
    return `mqtts://localhost:${await listening(one)}`;
  }

  async function refused(options: NodeClientOptions): Promise<unknown> {
    const { cause } = await failure(newClient(options).connect(), 'unreachable');
    await until(() => sockets.size === 0, 'the end of the connection');
    return (cause as NodeJS.ErrnoException).code;
  }

  it('takes a server whose certificate an authority has signed that is known', async () => {
    await echo({ url: await secureServer(), tls: { ca } });
  });

  it('compares the address with the certificate where there is no name', async () => {
    const { port } = new URL(await secureServer());
    await echo({ url: `mqtts://127.0.0.1:${port}`, tls: { ca } });
  });

  it('refuses a server whose authority is unknown', async () => {
    const url = await secureServer();
    expect(await refused({ url })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await refused({ url, tls: { ca: pem('other-ca.crt') } })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('refuses a server whose name is not in its certificate', async () => {
    const url = await secureServer({ key: pem('stranger.key'), cert: pem('stranger.crt') });
    expect(await refused({ url, tls: { ca } })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const { port } = new URL(url);
    expect(await refused({ url: `mqtts://127.0.0.1:${port}`, tls: { ca } })).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('a program may expect another name, or none', async () => {
    const url = await secureServer({ key: pem('stranger.key'), cert: pem('stranger.crt') });
    await echo({ url, tls: { ca, servername: 'elsewhere.example' } });
    await echo({ url, tls: { ca, checkServerIdentity: () => undefined } });
    await echo({ url, tls: { rejectUnauthorized: false } });
  });

  it('tells the server which name it wants, and no address', async () => {
    const url = await secureServer();
    await echo({ url, tls: { ca } });
    await echo({ url: `mqtts://127.0.0.1:${new URL(url).port}`, tls: { ca } });
    expect(seen.map(({ servername }) => servername)).toEqual(['localhost', false]);
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
    it('is spoken when it is asked for', async () => {
      await echo({ url: await secureServer(), tls: { ca, minVersion: version, maxVersion: version } });
      expect(seen[0]!.protocol).toBe(version);
    });

    it('is spoken when the server has no other', async () => {
      await echo({ url: await secureServer({ minVersion: version, maxVersion: version }), tls: { ca } });
      expect(seen[0]!.protocol).toBe(version);
    });

    const mutual = (): ServerTlsOptions => ({
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion: version,
    });

    it('carries the certificate of a client', async () => {
      const tls = { ca, key: pem('client.key'), cert: pem('client.crt') };
      await echo({ url: await secureServer(mutual()), tls });
      expect(seen[0]!.client).toBe('client');
    });

    it('a client without the certificate that the server wants hears of it', async () => {
      const client = newClient({ url: await secureServer(mutual()), tls: { ca } });
      const error = await within(
        client.connect().catch((reason: unknown) => reason),
        'the refusal',
      );
      // in TLS 1.3 the client is through before the server looks
      expect(error).toMatchObject({ code: version === 'TLSv1.2' ? 'unreachable' : 'lost' });
      expect(String(error)).toMatch(/alert (handshake failure|certificate required)/);
      await until(() => sockets.size === 0, 'the end of the connection');
    });

    it('a client whose certificate another authority has signed hears of it', async () => {
      const tls = { ca, key: pem('other-ca.key'), cert: pem('other-ca.crt') };
      const client = newClient({ url: await secureServer(mutual()), tls });
      const error = await within(
        client.connect().catch((reason: unknown) => reason),
        'the refusal',
      );
      expect(error).toMatchObject({ code: version === 'TLSv1.2' ? 'unreachable' : 'lost' });
    });

    it('gives its keys to who wants to decode what was recorded', async () => {
      const lines: string[] = [];
      const keylog = (line: Buffer): void => void lines.push(line.toString());
      await echo({ url: await secureServer(), tls: { ca, keylog, maxVersion: version } });
      const labels = lines.map((line) => line.split(' ')[0]);
      if (version === 'TLSv1.2') expect(labels).toEqual(['CLIENT_RANDOM']);
      else
        expect(labels).toEqual(
          expect.arrayContaining(['CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0']),
        );
    });
  });

  it('a server of old versions only is refused', async () => {
    const url = await secureServer({ maxVersion: 'TLSv1.2' });
    expect(await refused({ url, tls: { ca, minVersion: 'TLSv1.3' } })).toMatch(/^ERR_SSL_/);
  });

  it('agrees on a protocol where the program names some (ALPN)', async () => {
    const url = await secureServer({ ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt'] });
    await echo({ url, tls: { ca, ALPNProtocols: ['mqtt'] } });
    await echo({ url, tls: { ca } });
    expect(seen.map(({ alpnProtocol }) => alpnProtocol)).toEqual(['mqtt', false]);
  });

  it('a server with none of the protocols is refused (ALPN)', async () => {
    const url = await secureServer({ ALPNProtocols: ['http/1.1'] });
    expect(await refused({ url, tls: { ca, ALPNProtocols: ['mqtt'] } })).toMatch(/^ERR_SSL_/);
  });

  it('a server that speaks no TLS is unreachable', async () => {
    const port = await listening(createServer(toBroker));
    expect(await refused({ url: `mqtts://localhost:${port}`, tls: { ca } })).toBeDefined();
  });

  it('a certificate that cannot be read is an error of connecting, which leaves nothing open', async () => {
    const [near] = memoryPair();
    const tls = { ca, cert: 'no certificate', key: 'no key' };
    await failure(
      newClient({ url: 'mqtts://localhost', tls, dial: async () => near }).connect(),
      'unreachable',
    );
    expect(near.destroyed).toBe(true);
  });

  describe('with a key that both sides know', () => {
    const start = async (): Promise<string> =>
      `mqtts://localhost:${await listening(createTlsServer(pskServer, toBroker))}`;

    it('the right one opens', async () => {
      await echo({ url: await start(), tls: { psk } });
    });

    it('a wrong one does not', async () => {
      const url = await start();
      expect(await refused({ url, tls: { psk: { ...psk, key: Buffer.from('wrong') } } })).toMatch(
        /^ERR_SSL_/,
      );
      expect(await refused({ url, tls: { psk: { ...psk, identity: 'nobody' } } })).toMatch(/^ERR_SSL_/);
    });

    it('a server that has a certificate instead is refused', async () => {
      expect(await refused({ url: await secureServer(), tls: { psk } })).toMatch(/^ERR_SSL_/);
    });

    it('WebSocket goes over it too', async () => {
      const one = withWebSocket(createHttpsServer(pskServer), bridge(toBroker));
      await echo({ url: `wss://localhost:${await listening(one)}`, tls: { psk } });
    });
  });
});

// --- WebSocket

/** CONNACK of MQTT 5. */
const CONNACK = Buffer.from([0x20, 3, 0, 0, 0]);

describe('WebSocket', () => {
  const requests: IncomingMessage[] = [];
  let offered: string[][] = [];
  beforeEach(() => {
    requests.length = 0;
    offered = [];
  });

  /** A server whose WebSockets a test handles itself. */
  async function webServer(
    serve: (socket: WebSocket) => void,
    choose: (protocols: Set<string>) => string | false = ([first]) => first!,
  ): Promise<string> {
    const one = withWebSocket(
      createHttpServer(),
      (socket, request) => {
        requests.push(request);
        socket.on('error', () => {});
        serve(socket);
      },
      (protocols) => {
        offered.push([...protocols]);
        return choose(protocols);
      },
    );
    return `ws://127.0.0.1:${await listening(one)}`;
  }

  it('asks for the path /mqtt and the subprotocol mqtt', async () => {
    const url = await webServer(bridge(toBroker));
    await echo({ url });
    await echo({ url: `${url}/` });
    expect(requests.map((one) => one.url)).toEqual(['/mqtt', '/mqtt']);
    expect(offered).toEqual([['mqtt'], ['mqtt']]);
    expect(requests[0]!.headers.host).toBe(new URL(url).host);
  });

  it('asks for the path and query of the URL', async () => {
    const url = await webServer(bridge(toBroker));
    await echo({ url: `${url}/broker/one?token=a%20b&x=1` });
    expect(requests[0]!.url).toBe('/broker/one?token=a%20b&x=1');
  });

  it('takes where to go as options too', async () => {
    const url = new URL(await webServer(bridge(toBroker)));
    await echo({ protocol: 'ws', host: url.hostname, port: Number(url.port), path: '/there' });
    expect(requests[0]!.url).toBe('/there');
  });

  it('sends the headers that it is given', async () => {
    const url = await webServer(bridge(toBroker));
    await echo({ url, websocket: { headers: { Authorization: 'Bearer 123', 'X-Tenant': 'a' } } });
    expect(requests[0]!.headers).toMatchObject({ authorization: 'Bearer 123', 'x-tenant': 'a' });
  });

  it('a user name in the URL is for MQTT, not for HTTP', async () => {
    const url = await webServer(bridge(toBroker));
    await echo({ url: url.replace('//', '//ada:secret@') });
    expect(requests[0]!.headers.authorization).toBeUndefined();
  });

  it('offers the subprotocols that it is given', async () => {
    const url = await webServer(bridge(toBroker), () => 'mqttv3.1');
    await echo({ url, websocket: { protocols: ['mqtt', 'mqttv3.1'] } });
    expect(offered).toEqual([['mqtt', 'mqttv3.1']]);
  });

  it('[MQTT-6.0.0-4] a server that chooses none of its subprotocols is refused', async () => {
    const url = await webServer(bridge(toBroker), () => false);
    await failure(newClient({ url }).connect(), 'unreachable');
    await until(() => sockets.size === 0, 'the end of the connection');
  });

  it('answers pings of the server, between the parts of a message too', async () => {
    let pongs = 0;
    const url = await webServer((socket) => {
      socket.on('pong', () => void pongs++);
      socket.once('message', () => {
        socket.ping('one');
        socket.send(CONNACK.subarray(0, 2), { fin: false });
        socket.ping('two');
        socket.send(CONNACK.subarray(2), { fin: true });
        socket.ping();
      });
    });
    const client = await connected({ url });
    await until(() => pongs === 3, 'three pongs');
    expect(client.connected).toBe(true);
  });

  it('[MQTT-6.0.0-1] sends binary frames only', async () => {
    const kinds: boolean[] = [];
    const url = await webServer((socket) => {
      socket.on('message', (_data, isBinary) => void kinds.push(isBinary));
      bridge(toBroker)(socket);
    });
    await echo({ url });
    expect(kinds.length).toBeGreaterThan(2);
    expect(kinds.every(Boolean)).toBe(true);
  });

  /** A broker behind a server that cuts what it sends into frames of its own. */
  function cutting(send: (socket: WebSocket, bytes: Buffer) => void): (socket: WebSocket) => void {
    return (socket) => {
      const [near, far] = memoryPair();
      toBroker(far);
      socket.on('message', (data) => near.write(data as Buffer));
      socket.on('close', () => near.destroy());
      near.on('data', (bytes: Buffer) => send(socket, bytes));
    };
  }

  const cuts: Readonly<Record<string, (socket: WebSocket, bytes: Buffer) => void>> = {
    'frames of one byte': (socket, bytes) => {
      for (let i = 0; i < bytes.length; i++) socket.send(bytes.subarray(i, i + 1));
    },
    'fragments of three bytes': (socket, bytes) => {
      for (let i = 0; i < bytes.length; i += 3)
        socket.send(bytes.subarray(i, i + 3), { fin: i + 3 >= bytes.length });
    },
    'fragments and empty frames between': (socket, bytes) => {
      socket.send(Buffer.alloc(0));
      socket.send(Buffer.alloc(0), { fin: false });
      for (let i = 0; i < bytes.length; i += 100) {
        socket.send(bytes.subarray(i, i + 100), { fin: false });
        socket.send(Buffer.alloc(0), { fin: false });
        socket.ping();
      }
      socket.send(Buffer.alloc(0), { fin: true });
    },
  };

  it.each(Object.keys(cuts))('[MQTT-6.0.0-2] takes packets apart that come in %s', async (name) => {
    const client = await connected({ url: await webServer(cutting(cuts[name]!)) });
    const stream = client.messages('a', { qos: 2 });
    const payloads = ['', 'x', 'y'.repeat(200), 'z'.repeat(2000)];
    for (const payload of payloads) await client.publish('a', payload, { qos: 2 });
    expect((await take(stream, 4)).map((one) => one.text())).toEqual(payloads);
  });

  it('[MQTT-6.0.0-2] takes packets that come many in a frame', async () => {
    const waiting: Buffer[] = [];
    const url = await webServer(
      cutting((socket, bytes) => {
        if (waiting.push(bytes) === 1) setTimeout(() => socket.send(Buffer.concat(waiting.splice(0))), 20);
      }),
    );
    const client = await connected({ url });
    const stream = client.messages('a', { qos: 1 });
    const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    await Promise.all(texts.map((text) => client.publish('a', text, { qos: 1 })));
    expect((await take(stream, 50)).map((one) => one.text())).toEqual(texts);
  });

  it('[MQTT-6.0.0-1] a text frame instead of CONNACK is an error', async () => {
    const url = await webServer((socket) => socket.send('CONNACK'));
    const error = await failure(newClient({ url }).connect(), 'protocol');
    expect(error.message).toContain('text frame');
    await until(() => sockets.size === 0, 'the end of the connection');
  });

  it('[MQTT-6.0.0-1] a text frame on an open connection closes it, and the client connects again', async () => {
    const open: WebSocket[] = [];
    const url = await webServer((socket) => {
      open.push(socket);
      socket.once('message', () => socket.send(CONNACK));
    });
    const client = await connected({ url });
    const codes: string[] = [];
    client.on('disconnect', ({ error }) => void codes.push(error.code));
    open[0]!.send('0');
    await until(() => open.length === 2 && client.connected, 'another connection');
    expect(codes).toEqual(['protocol']);
  });

  it.each([1000, 1001, 1008, 1011, 1013, 4000])('a server that closes with code %i is lost', async (code) => {
    const open: WebSocket[] = [];
    const url = await webServer((socket) => {
      open.push(socket);
      socket.once('message', () => socket.send(CONNACK));
    });
    const client = await connected({ url });
    const codes: string[] = [];
    client.on('disconnect', ({ error }) => void codes.push(error.code));
    open[0]!.close(code, 'enough');
    await until(() => open.length === 2 && client.connected, 'another connection');
    expect(codes).toEqual(['lost']);
  });

  it.each([1000, 1002, 4000])(
    'a server that closes with code %i instead of CONNACK is lost',
    async (code) => {
      const url = await webServer((socket) => socket.close(code));
      await failure(newClient({ url }).connect(), 'lost');
      await until(() => sockets.size === 0, 'the end of the connection');
    },
  );

  it('closes with code 1000 when it disconnects', async () => {
    const codes: number[] = [];
    const url = await webServer((socket) => {
      socket.on('close', (code) => void codes.push(code));
      bridge(toBroker)(socket);
    });
    await echo({ url });
    await until(() => codes.length === 1, 'the close');
    expect(codes).toEqual([1000]);
  });

  it('what comes with the answer to the handshake, in one write, is not lost', async () => {
    // a server need not wait for CONNECT to be sent to it in order to send
    const url = await rawServer((socket, accept) => {
      socket.write(Buffer.concat([Buffer.from(accept), Buffer.from([0x82, CONNACK.length]), CONNACK]));
    });
    await connected({ url });
  });

  /** A server whose handshake a test makes itself. */
  async function rawServer(upgrade: (socket: Duplex, accept: string) => void): Promise<string> {
    const one = createHttpServer();
    one.on('upgrade', (request, socket) => {
      socket.on('error', () => {});
      socket.on('end', () => socket.destroy());
      const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const digest = createHash('sha1').update(key).digest('base64');
      const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
      upgrade(socket, `${head}Sec-WebSocket-Accept: ${digest}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`);
      socket.resume();
    });
    return `ws://127.0.0.1:${await listening(one)}`;
  }

  const answers: Readonly<Record<string, (socket: Socket, accept: string) => void>> = {
    'closes the socket': (socket) => socket.end(),
    'resets the connection': (socket) => socket.resetAndDestroy(),
    'says 401': (socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'),
    'says 200': (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    'sends it elsewhere': (socket) =>
      socket.write('HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
    'speaks no HTTP': (socket) => socket.write('220 smtp.example ready\r\n'),
    'stops in the middle': (socket, accept) => socket.end(accept.slice(0, 60)),
    'shows a wrong key': (socket, accept) => socket.write(accept.replace(/Accept: .{5}/, 'Accept: AAAAA')),
    'has another subprotocol': (socket, accept) => socket.write(accept.replace('mqtt', 'chat')),
    'wants an extension': (socket, accept) =>
      socket.write(accept.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n')),
  };

  it.each(Object.keys(answers))('a server that %s in the handshake is unreachable', async (name) => {
    const url = await rawServer((socket, accept) => answers[name]!(socket as Socket, accept));
    const error = await failure(newClient({ url }).connect(), 'unreachable');
    if (name === 'says 401') expect(error.message).toContain('401');
    await until(() => sockets.size === 0, 'the end of the connection');
  });

  const frames: Readonly<Record<string, readonly number[]>> = {
    'a frame with a mask': [0x82, 0x81, 1, 2, 3, 4, 5],
    'a reserved bit': [0xc2, 1, 0],
    'an unknown opcode': [0x83, 0],
    'a ping in fragments': [0x09, 0],
    'a continuation of nothing': [0x80, 1, 0],
    'a close frame of one byte': [0x88, 1, 3],
  };

  it.each(Object.keys(frames))('%s, which WebSocket does not allow, ends the connection', async (name) => {
    const url = await rawServer((socket, accept) => {
      socket.write(accept);
      socket.once('data', () =>
        socket.write(Buffer.from([0x82, CONNACK.length, ...CONNACK, ...frames[name]!])),
      );
    });
    const client = newClient({ url, reconnect: false });
    const ended = new Promise<unknown>((resolve) => client.on('end', resolve));
    await within(client.connect(), 'connecting');
    expect(await within(ended, 'the end')).toMatchObject({ code: 'lost' });
    await until(() => sockets.size === 0, 'the end of the connection');
  });

  it.each<WebSocketOptions>([{ headers: { 'X-Name': 'two\nlines' } }, { protocols: 'not a token' }])(
    '%j, which cannot be sent, is an error of connecting that leaves nothing open',
    async (websocket) => {
      const [near] = memoryPair();
      await failure(
        newClient({ url: 'ws://localhost', websocket, dial: async () => near }).connect(),
        'unreachable',
      );
      expect(near.destroyed).toBe(true);
    },
  );

  it('a packet of more than 100 MiB may come in one frame', async () => {
    let socket: Duplex | undefined;
    const url = await rawServer((one, accept) => {
      socket = one;
      one.write(accept);
      one.once('data', () => one.write(Buffer.from([0x82, CONNACK.length, ...CONNACK])));
    });
    const client = await connected({ url, reconnect: false });
    const head = Buffer.alloc(10);
    head.set([0x82, 127]);
    head.writeBigUInt64BE(101n * 1024n * 1024n, 2);
    socket!.write(Buffer.concat([head, Buffer.from([0x30, 0xfb, 0xff, 0xbf, 0x32])]));
    await pause(100);
    expect(client.connected).toBe(true);
  });

  it('a reader that is slow loses nothing of what came in one frame', async () => {
    const messages = Buffer.concat(
      Array.from({ length: 1000 }, (_, i) => Buffer.from([0x30, 6, 0, 1, 0x61, 0, i >> 8, i])),
    );
    const url = await webServer((socket) => {
      socket.once('message', () => {
        socket.send(CONNACK);
        socket.once('message', (data) => {
          const [, , high, low] = data as Buffer;
          socket.send(Buffer.concat([Buffer.from([0x90, 4, high!, low!, 0, 0]), messages]));
        });
      });
    });
    const client = await connected({ url });
    const stream = client.messages('a', { highWaterMark: 10 });
    await pause(50);
    await take(stream, 1000 - stream.dropped);
    expect(stream.dropped).toBe(0);
  });
});

// --- addresses

const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

describe.skipIf(!hasIpv6)('IPv6', () => {
  it('an address in brackets is reached by TCP', async () => {
    await echo({ url: `mqtt://[::1]:${await listening(createServer(toBroker), '::1')}` });
  });

  it('and as an option without them', async () => {
    await echo({ host: '::1', port: await listening(createServer(toBroker), '::1') });
  });

  it('an address is compared with the certificate', async () => {
    await echo({
      url: `mqtts://[::1]:${await listening(createTlsServer(server, toBroker), '::1')}`,
      tls: { ca },
    });
  });

  it.each(['ws', 'wss'])('%s names the address as HTTP wants it', async (scheme) => {
    const hosts: unknown[] = [];
    const one = scheme === 'ws' ? createHttpServer() : createHttpsServer(server);
    withWebSocket(one, (socket, request) => {
      hosts.push(request.headers.host);
      bridge(toBroker)(socket);
    });
    const port = await listening(one, '::1');
    await echo({ url: `${scheme}://[::1]:${port}`, tls: { ca } });
    expect(hosts).toEqual([`[::1]:${port}`]);
  });
});

describe('localAddress', () => {
  it.each(['mqtt', 'ws'])('is where the connection comes from (%s)', async (scheme) => {
    const one =
      scheme === 'mqtt' ? createServer(toBroker) : withWebSocket(createHttpServer(), bridge(toBroker));
    const from: unknown[] = [];
    one.on('connection', (socket: Socket) => void from.push(socket.remoteAddress));
    await echo({ url: `${scheme}://127.0.0.1:${await listening(one)}`, localAddress: '127.0.0.3' });
    expect(from).toEqual(['127.0.0.3']);
  });

  it('must be one of this machine', async () => {
    const url = `mqtt://127.0.0.1:${await listening(createServer(toBroker))}`;
    await failure(newClient({ url, localAddress: '192.0.2.1' }).connect(), 'unreachable');
  });
});

describe('an address where nobody listens', () => {
  it.each(['mqtt', 'mqtts', 'ws', 'wss'])('is unreachable (%s)', async (scheme) => {
    const one = createServer();
    const port = await listening(one);
    one.close();
    const { cause } = await failure(
      newClient({ url: `${scheme}://127.0.0.1:${port}` }).connect(),
      'unreachable',
    );
    expect(cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is unreachable (unix)', async () => {
    const { cause } = await failure(newClient({ url: `unix://${folder}/nobody` }).connect(), 'unreachable');
    expect(cause).toMatchObject({ code: 'ENOENT' });
  });

  it('does not keep the client from the next one', async () => {
    const good = `mqtt://127.0.0.1:${await listening(createServer(toBroker))}`;
    const url = [`unix://${folder}/nobody`, good];
    await echo({ url, retryFirstConnect: true, reconnect: soon });
  });
});

// --- dial

describe('dial', () => {
  /** A SOCKS5 server (RFC 1928) without authentication; what it was asked for. */
  async function socks(toPort: () => number): Promise<{ port: number; asked: string[] }> {
    const asked: string[] = [];
    const one = createServer(async (socket) => {
      socket.on('error', () => {});
      await once(socket, 'data');
      socket.write(Buffer.from([5, 0]));
      const [request] = (await once(socket, 'data')) as [Buffer];
      const name = request.subarray(5, 5 + request[4]!).toString();
      asked.push(`${name}:${request.readUInt16BE(5 + request[4]!)}`);
      const onward = connectSocket({ host: '127.0.0.1', port: toPort() });
      track(sockets, onward);
      await once(onward, 'connect');
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      socket.pipe(onward).pipe(socket);
    });
    return { port: await listening(one), asked };
  }

  const schemes: Readonly<Record<string, () => Server>> = {
    mqtt: () => createServer(toBroker),
    mqtts: () => createTlsServer(server, toBroker),
    ws: () => withWebSocket(createHttpServer(), bridge(toBroker)),
    wss: () => withWebSocket(createHttpsServer(server), bridge(toBroker)),
  };

  it.each(Object.keys(schemes))('reaches a server through a SOCKS5 proxy (%s)', async (scheme) => {
    const port = await listening(schemes[scheme]!());
    const proxy = await socks(() => port);
    await echo({
      // the certificate is for localhost, which the proxy is not asked to look up here
      url: `${scheme}://localhost:4711`,
      tls: { ca },
      dial: async ({ host, port }) => {
        const { socket } = await SocksClient.createConnection({
          proxy: { host: '127.0.0.1', port: proxy.port, type: 5 },
          command: 'connect',
          destination: { host, port },
        });
        return socket;
      },
    });
    expect(proxy.asked).toEqual(['localhost:4711']);
  });

  it('is told where to, and is asked again for each connection', async () => {
    const port = await listening(schemes['wss']!());
    const targets: unknown[] = [];
    const client = await connected({
      url: 'wss://broker.example:99/path?x',
      tls: { ca, servername: 'localhost' },
      reconnect: soon,
      dial: async (target) => {
        targets.push(target);
        return connectSocket({ host: '127.0.0.1', port });
      },
    });
    for (const one of sockets) one.destroy();
    await until(() => targets.length === 2 && client.connected, 'another connection');
    const target = { protocol: 'wss', host: 'broker.example', port: 99, path: '/path?x' };
    expect(targets).toMatchObject([target, target]);
  });

  it('that fails is a server that cannot be reached', async () => {
    const reason = new Error('the proxy is closed on Sundays');
    const error = await failure(newClient({ dial: () => Promise.reject(reason) }).connect(), 'unreachable');
    expect(error.cause).toBe(reason);
    expect(error.message).toContain('closed on Sundays');
  });

  it.each(['mqtt', 'mqtts'])(
    'that gives a stream which has ended already does no harm (%s)',
    async (scheme) => {
      const client = newClient({
        url: `${scheme}://localhost`,
        dial: async () => {
          const [near] = memoryPair();
          near.destroy();
          return near;
        },
      });
      const error = await within(
        client.connect().catch((reason: unknown) => reason),
        'the failure',
      );
      expect(error).toMatchObject({ name: 'ClientError' });
    },
  );

  it.each(['mqtt', 'mqtts', 'ws'])(
    'that gives a stream which fails later does no harm (%s)',
    async (scheme) => {
      const { serve, heard } = silent();
      let dialedStream: Duplex | undefined;
      const client = newClient({
        url: `${scheme}://localhost`,
        dial: async () => {
          const [near, far] = memoryPair();
          serve(far);
          dialedStream = near;
          return near;
        },
      });
      const result = client.connect().catch((reason: unknown) => reason);
      await until(heard, 'the first bytes');
      dialedStream!.destroy(new Error('a cable was cut'));
      const error = await within(result, 'the failure');
      expect(error).toMatchObject({ name: 'ClientError' });
    },
  );
});

// --- giving up

describe('giving up', () => {
  /** What a server does not do; starts it, and says when the client waits for it. */
  const stages: Readonly<Record<string, (mute: ReturnType<typeof silent>) => Promise<NodeClientOptions>>> = {
    'CONNECT is never answered': async ({ serve }) => start('TCP', serve),
    'CONNECT over a unix socket is never answered': async ({ serve }) => start('a unix socket', serve),
    'TLS never finishes': async ({ serve }) => ({
      url: `mqtts://localhost:${await listening(createServer(serve))}`,
    }),
    'TLS with a pre-shared key never finishes': async ({ serve }) => ({
      url: `mqtts://localhost:${await listening(createServer(serve))}`,
      tls: { psk },
    }),
    'CONNECT over TLS is never answered': async ({ serve }) => start('TLS', serve),
    'the upgrade is never answered': async ({ serve }) => ({
      url: `ws://127.0.0.1:${await listening(createServer(serve))}`,
    }),
    'CONNECT over WebSocket is never answered': async ({ serve }) => start('WebSocket', serve),
    'TLS for WebSocket never finishes': async ({ serve }) => ({
      url: `wss://localhost:${await listening(createServer(serve))}`,
    }),
    'the upgrade over TLS is never answered': async ({ serve }) => ({
      url: `wss://localhost:${await listening(createTlsServer(server, serve))}`,
      tls: { ca },
    }),
    'CONNECT over WebSocket and TLS is never answered': async ({ serve }) =>
      start('WebSocket over TLS', serve),
    'CONNECT over a stream of the program is never answered': async ({ serve }) =>
      start('a stream of the program', serve),
    'TLS over a stream of the program never finishes': async ({ serve }) =>
      dialed('mqtts://localhost', {}, serve),
    'the upgrade over a stream of the program is never answered': async ({ serve }) =>
      dialed('ws://localhost', {}, serve),
  };

  describe.each(Object.keys(stages))('when %s', (stage) => {
    async function begin(more: NodeClientOptions = {}) {
      const mute = silent();
      const client = newClient({ ...(await stages[stage]!(mute)), ...more });
      const result = client.connect();
      result.catch(() => {});
      if (more.connectTimeout === undefined) await until(mute.heard, 'the first bytes');
      return { client, result };
    }

    afterEach(async () => {
      await until(() => streams.size === 0 && sockets.size === 0, 'the end of the connection');
    });

    it('connecting ends in time', async () => {
      const { result } = await begin({ connectTimeout: 60 });
      expect((await failure(result, 'timeout')).message).toContain('60 ms');
    });

    it('it can be aborted', async () => {
      const controller = new AbortController();
      const { result, client } = await begin({ signal: controller.signal });
      const reason = new Error('changed my mind');
      controller.abort(reason);
      await expect(within(result, 'the failure')).rejects.toBe(reason);
      expect(client.state).toBe('ended');
    });

    it('disconnecting ends it', async () => {
      const { result, client } = await begin();
      await within(client.disconnect(), 'disconnecting');
      await failure(result, 'ended');
    });

    it('each further attempt ends in time too', async () => {
      const { client } = await begin({ connectTimeout: 40, retryFirstConnect: true, reconnect: soon });
      await until(() => client.errors.length >= 2, 'two attempts');
      for (const error of client.errors) expect(error).toMatchObject({ code: 'timeout' });
      client.destroy();
    });
  });

  /** Never comes back unless it is told to give up. */
  const dialForever = (_target: unknown, signal: AbortSignal): Promise<Duplex> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  it('the program is told when to stop dialing', async () => {
    await failure(newClient({ dial: dialForever, connectTimeout: 50 }).connect(), 'timeout');
    const controller = new AbortController();
    const result = newClient({ dial: dialForever, signal: controller.signal }).connect();
    controller.abort();
    await expect(within(result, 'the failure')).rejects.toMatchObject({ name: 'AbortError' });
    const client = newClient({ dial: dialForever });
    const other = client.connect();
    other.catch(() => {});
    client.destroy();
    await failure(other, 'ended');
  });

  it('a stream that comes too late is closed', async () => {
    const [near] = memoryPair();
    const dial = (_: unknown, signal: AbortSignal): Promise<Duplex> =>
      new Promise((resolve) => signal.addEventListener('abort', () => setImmediate(() => resolve(near))));
    await failure(newClient({ dial, connectTimeout: 50 }).connect(), 'timeout');
    await until(() => near.destroyed, 'the end of the late stream');
  });

  it('a stream for WebSocket that comes too late is closed', async () => {
    const [near] = memoryPair();
    const dial = (_: unknown, signal: AbortSignal): Promise<Duplex> =>
      new Promise((resolve) => signal.addEventListener('abort', () => setImmediate(() => resolve(near))));
    const client = newClient({ url: 'ws://localhost', dial, connectTimeout: 50 });
    const result = client.connect();
    result.catch(() => {});
    await pause(300);
    expect(near.destroyed).toBe(true);
    await failure(result, 'timeout');
  });

  it('a program that goes on dialing does not keep connecting from ending in time', async () => {
    const client = newClient({ dial: () => new Promise(() => {}), connectTimeout: 50 });
    const result = client.connect();
    result.catch(() => {});
    const first = await Promise.race([result.catch((error: unknown) => error), pause(500)]);
    expect(first).toMatchObject({ code: 'timeout' });
  });

  it('a signal that was aborted before connects to nothing', async () => {
    const dials: unknown[] = [];
    const client = newClient({
      signal: AbortSignal.abort(),
      dial: (target) => {
        dials.push(target);
        return new Promise(() => {});
      },
    });
    await expect(within(client.connect(), 'the failure')).rejects.toMatchObject({ name: 'AbortError' });
    expect(dials).toEqual([]);
  });

  it.each(wayNames)('a signal ends an open connection (%s)', async (name) => {
    const controller = new AbortController();
    const client = await connected({ ...(await start(name)), signal: controller.signal });
    controller.abort();
    expect(client.state).toBe('ended');
    await until(() => streams.size === 0 && sockets.size === 0, 'the end of the connection');
  });
});
