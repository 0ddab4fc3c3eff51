// MQTT over WebSocket with clients that others wrote: MQTT.js, the library ws, and plain HTTP.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { Broker, type ListenOptions } from '../../src/index.js';
import { encodePacket } from '../../src/protocol/index.js';
import { makeCertificates } from '../tools/certificates.js';

const brokers: Broker[] = [];
const clients: MqttClient[] = [];
let tls: { cert: Buffer; key: Buffer };

async function listening(options: Partial<ListenOptions> = {}, broker = new Broker()): Promise<number> {
  brokers.push(broker);
  const { port } = await broker.listen({ port: 0, host: '127.0.0.1', websocket: {}, ...options });
  return port;
}

async function mqttJs(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(url, { reconnectPeriod: 0, rejectUnauthorized: false, ...options });
  clients.push(client);
  return client;
}

/** What a request to upgrade is answered: `open`, or the HTTP status of the refusal. */
function answer(port: number, protocol: string | undefined, options: ClientOptions = {}): Promise<string> {
  const url = `ws://127.0.0.1:${port}/`;
  const socket = protocol === undefined ? new WebSocket(url, options) : new WebSocket(url, protocol, options);
  return new Promise((resolve) => {
    socket.on('open', () => resolve(`open ${socket.protocol}`));
    socket.on('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
    socket.on('error', (error) => resolve(error.message));
  }).finally(() => socket.terminate()) as Promise<string>;
}

/** The close code that the broker answers something with. */
function closeCode(port: number, send: (socket: WebSocket) => void): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'mqtt');
  socket.on('open', () => send(socket));
  socket.on('error', () => {});
  return new Promise((resolve) => socket.on('close', resolve));
}

beforeAll(() => {
  const { folder } = makeCertificates();
  tls = {
    cert: readFileSync(join(folder, 'server.crt')),
    key: readFileSync(join(folder, 'server.key')),
  };
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});

describe('a WebSocket listener', () => {
  it.each([
    ['ws', 4],
    ['ws', 5],
    ['wss', 4],
    ['wss', 5],
  ] as const)(
    'serves MQTT.js over %s with protocol version %i, whatever the size',
    async (scheme, version) => {
      const port = await listening(scheme === 'wss' ? { tls } : {});
      const client = await mqttJs(`${scheme}://127.0.0.1:${port}/any/path?it=likes`, {
        protocolVersion: version,
      });
      const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];
      const seen: number[] = [];
      client.on('message', (_topic, payload) => seen.push(payload.length));
      await client.subscribeAsync('sizes', { qos: 1 });
      for (const size of sizes) await client.publishAsync('sizes', Buffer.alloc(size, 7), { qos: 1 });
      await expect.poll(() => seen).toEqual(sizes);
    },
  );

  it('and a TCP listener of one broker are one broker', async () => {
    const broker = new Broker();
    const webSocket = await listening({}, broker);
    const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
    const [one, other] = [
      await mqttJs(`ws://127.0.0.1:${webSocket}`),
      await mqttJs(`mqtt://127.0.0.1:${port}`),
    ];
    const seen: string[] = [];
    one.on('message', (topic) => seen.push(topic));
    await one.subscribeAsync('#');
    await other.publishAsync('over/tcp', '');
    await expect.poll(() => seen).toEqual(['over/tcp']);
  });

  it('takes the subprotocols mqtt and mqttv3.1, and no others', async () => {
    const port = await listening();
    expect(await answer(port, 'mqtt')).toBe('open mqtt');
    expect(await answer(port, 'mqttv3.1')).toBe('open mqttv3.1');
    expect(await answer(port, 'chat')).toBe('400');
    expect(await answer(port, undefined)).toBe('400');
  });

  it('lets browsers come from the origins that it was given only', async () => {
    const port = await listening({ websocket: { origins: ['https://console.example'] } });
    expect(await answer(port, 'mqtt', { origin: 'https://console.example' })).toBe('open mqtt');
    expect(await answer(port, 'mqtt', { origin: 'https://evil.example' })).toBe('403');
    expect(await answer(port, 'mqtt')).toBe('403');
  });

  it('answers a plain request with 426 and large headers with an end', async () => {
    const port = await listening();
    const status = await new Promise((resolve) => {
      get({ port, host: '127.0.0.1', path: '/' }, (response) => resolve(response.statusCode));
    });
    expect(status).toBe(426);
    expect(await answer(port, 'mqtt', { headers: { cookie: 'x'.repeat(100_000) } })).not.toMatch(/^open/);
    expect(await answer(port, 'mqtt')).toBe('open mqtt');
  });

  it('ends a connection with text frames (1003) or with a frame above its limit (1009)', async () => {
    const broker = new Broker({ maxPacketSize: 100_000 });
    const port = await listening({}, broker);
    expect(await closeCode(port, (socket) => socket.send('hello'))).toBe(1003);
    expect(await closeCode(port, (socket) => socket.send(Buffer.alloc(300_000, 0x10)))).toBe(1009);
    expect([...broker.clients()]).toEqual([]);
  });

  it('takes packets that are cut into frames of a byte, and many packets in one frame', async () => {
    const broker = new Broker();
    const port = await listening({}, broker);
    const connect = encodePacket(
      { type: 'connect', version: 4, cleanStart: true, keepAlive: 60, clientId: 'cut' },
      4,
    );
    const publish = encodePacket(
      { type: 'publish', topic: 't', payload: new Uint8Array(3), qos: 0, retain: false, dup: false },
      4,
    );
    const seen: string[] = [];
    broker.subscribe('t', ({ topic }) => seen.push(topic));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'mqtt');
    await new Promise((resolve) => socket.on('open', resolve));
    for (const byte of connect) socket.send(Uint8Array.of(byte));
    socket.send(Buffer.concat(Array.from({ length: 100 }, () => publish)));
    await expect.poll(() => seen.length).toBe(100);
    expect([...broker.clients()].map(({ clientId }) => clientId)).toEqual(['cut']);
    socket.terminate();
  });
});
