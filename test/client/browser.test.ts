// The client in a real browser: the built bundle, loaded as a module by Chromium, over WebSocket to our broker.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { Broker, type PublishedMessage, scram, scramCredentials } from '../../src/index.js';
import { describeWith, needs } from '../interop/needs.js';
import { until, within } from './help.js';

/** In the page: all that the bundle exports. Its clients end with the test. */
declare const mqtt: typeof import('../../src/client/browser.js');

type Stream = ReturnType<InstanceType<typeof mqtt.Client>['messages']>;

const root = fileURLToPath(new URL('../../', import.meta.url));
const bundle = join(root, 'dist/browser');
/** CONNACK of MQTT 5. */
const CONNACK = Buffer.from([0x20, 3, 0, 0, 0]);

const html = `<!doctype html>
<meta charset="utf-8">
<title>pondhawk</title>
<link rel="icon" href="data:,">
<script type="module">
  import * as library from './pondhawk/client.js';
  const clients = new Set();
  const add = (client) => { clients.add(client); return client; };
  globalThis.mqtt = {
    ...library,
    connect: async (...args) => add(await library.connect(...args)),
    createClient: (options) => add(library.createClient(options)),
  };
  globalThis.endAll = () => {
    for (const client of clients) client.destroy();
    clients.clear();
  };
  document.title = 'loaded';
</script>`;

const worker = `
import { connect } from './pondhawk/client.js';
addEventListener('message', async ({ data: url }) => {
  const client = await connect(url);
  const stream = client.messages('worker', { qos: 2 });
  await client.publish('worker', 'from a worker', { qos: 2 });
  const { value } = await stream.next();
  await client.disconnect();
  postMessage(value.text());
});`;

describeWith([needs.chromium], 'in Chromium', () => {
  let profile: string;
  let browser: BrowserContext;
  let web: Server;
  let origin: string;
  let page: Page;
  let broker: Broker;
  let url: string;
  /** What went wrong in the page and nobody handled. */
  let uncaught: string[];
  const sockets = new Set<WebSocket>();
  let requests: IncomingMessage[] = [];
  /** Takes the WebSockets of a test instead of the broker. */
  let serve: ((socket: WebSocket) => void) | undefined;
  /** Seen by the broker. */
  let seen: (PublishedMessage & { payload: Buffer })[];

  beforeAll(async () => {
    if (!existsSync(join(bundle, 'client.js')))
      throw new Error('dist/browser/client.js is not there: run `npm run build` first');
    web = createServer(async ({ url: path = '/' }, response) => {
      const name = basename(path);
      if (path === '/') response.setHeader('content-type', 'text/html').end(html);
      else if (name === 'worker.js') response.setHeader('content-type', 'text/javascript').end(worker);
      else {
        const content = await readFile(join(bundle, name)).catch(() => undefined);
        if (content === undefined) response.writeHead(404).end();
        else response.setHeader('content-type', 'text/javascript').end(content);
      }
    });
    new WebSocketServer({ server: web }).on('connection', (socket, request) => {
      requests.push(request);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      if (serve !== undefined) return serve(socket);
      const stream = createWebSocketStream(socket);
      stream.on('error', () => {});
      broker.accept(stream);
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    origin = `127.0.0.1:${(web.address() as AddressInfo).port}`;
    url = `ws://${origin}/mqtt`;
    profile = mkdtempSync(join(tmpdir(), 'chromium-'));
    browser = await chromium.launchPersistentContext(profile, {
      headless: true,
      executablePath: '/usr/bin/chromium',
      timeout: 25_000,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    browser.setDefaultTimeout(10_000);
    page = await newPage();
  });

  async function newPage(): Promise<Page> {
    const one = await browser.newPage();
    one.on('pageerror', (error) => void uncaught.push(String(error)));
    await one.goto(`http://${origin}/`);
    await one.waitForFunction("document.title === 'loaded'");
    return one;
  }

  afterAll(async () => {
    await browser?.close();
    web?.closeAllConnections();
    web?.close();
    if (profile !== undefined) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  beforeEach(async () => {
    serve = undefined;
    requests = [];
    uncaught = [];
    seen = [];
    const credentials = await scramCredentials('difference engine');
    broker = new Broker({
      closeTimeout: 0,
      plugins: [
        scram({ find: (name) => (name === 'ada' ? credentials : undefined), mechanisms: ['SCRAM-SHA-256'] }),
      ],
    });
    await broker.start();
    broker.subscribe('seen/#', (message) => void seen.push(message));
  });

  afterEach(async () => {
    await page.evaluate('endAll()');
    for (const socket of sockets) socket.terminate();
    await broker.close();
    expect(uncaught).toEqual([]);
  });

  const texts = (): string[] => seen.map(({ payload }) => payload.toString());
  const cut = (): void => {
    for (const socket of sockets) socket.terminate();
  };
  const publish = (topic: string, text: string, qos: 0 | 1 | 2, retain = false): boolean =>
    broker.publish({ topic, payload: Buffer.from(text), qos, retain });

  it.each([0, 1, 2] as const)('messages of QoS %i reach a listener and a stream', async (qos) => {
    const got = await page.evaluate(
      async ({ url, qos }) => {
        const client = await mqtt.connect(url);
        const heard: unknown[] = [];
        await client.subscribe('seen/+', { qos }, (message) => {
          heard.push([message.topic, message.text(), message.qos]);
        });
        const stream = client.messages('seen/#', { qos });
        const streamed: unknown[] = [];
        await client.publish('seen/a', 'grüße 🦅', { qos });
        await client.publish('seen/b', new Uint8Array([0x30, 0x31]), { qos });
        for await (const message of stream) {
          streamed.push([message.topic, message.text(), message.qos]);
          if (streamed.length === 2) break;
        }
        await client.disconnect();
        return { heard, streamed, state: client.state };
      },
      { url, qos },
    );
    const both = [
      ['seen/a', 'grüße 🦅', qos],
      ['seen/b', '01', qos],
    ];
    expect(got).toEqual({ heard: both, streamed: both, state: 'ended' });
    expect(texts()).toEqual(['grüße 🦅', '01']);
  });

  it('asks for the path of the URL and the subprotocol mqtt', async () => {
    await page.evaluate(async (url) => {
      await (await mqtt.connect(`${url}?x=1`)).disconnect();
      await (await mqtt.connect({ url, websocket: { protocols: ['mqtt', 'mqttv3.1'] } })).disconnect();
    }, url);
    expect(requests.map((one) => one.url)).toEqual(['/mqtt?x=1', '/mqtt']);
    expect(requests.map((one) => one.headers['sec-websocket-protocol'])).toEqual(['mqtt', 'mqtt, mqttv3.1']);
  });

  it.each([3, 4, 5] as const)('speaks version %i', async (version) => {
    const spoken = await page.evaluate(
      async ({ url, version }) => {
        const client = await mqtt.connect(url, { version });
        await client.publish('seen/version', String(client.version), { qos: 1 });
        await client.disconnect();
        return client.version;
      },
      { url, version },
    );
    expect(spoken).toBe(version);
    expect(texts()).toEqual([String(version)]);
  });

  it('gets retained messages, marked as such', async () => {
    publish('kept/a', 'one', 1, true);
    const got = await page.evaluate(async (url) => {
      const client = await mqtt.connect(url);
      await client.publish('kept/b', 'two', { qos: 1, retain: true });
      const stream = client.messages('kept/#', { qos: 1 });
      const messages = [(await stream.next()).value!, (await stream.next()).value!];
      await client.disconnect();
      return messages.map(({ topic, retain, payload }) => [topic, retain, payload.length]).sort();
    }, url);
    expect(got).toEqual([
      ['kept/a', true, 3],
      ['kept/b', true, 3],
    ]);
    expect(Buffer.from(broker.retained('kept/b')!.payload).toString()).toBe('two');
  });

  it('asks and answers', async () => {
    const answer = await page.evaluate(async (url) => {
      const [one, two] = await Promise.all([mqtt.connect(url), mqtt.connect(url)]);
      await one.respond('double', (message) => String(2 * Number(message.text())));
      const answer = await two.request('double', '21');
      await Promise.all([one.disconnect(), two.disconnect()]);
      return answer.text();
    }, url);
    expect(answer).toBe('42');
  });

  it('authenticates with SCRAM, at the start and again', async () => {
    const outcome = await page.evaluate(async (url) => {
      const authentication = mqtt.scram({ username: 'ada', password: 'difference engine' });
      const client = await mqtt.connect(url, { authentication });
      await client.reauthenticate();
      await client.publish('seen/scram', 'in', { qos: 1 });
      await client.disconnect();
      const wrong = mqtt.scram({ username: 'ada', password: 'analytical engine' });
      return mqtt.connect(url, { authentication: wrong }).then(
        () => 'connected',
        (error) => [error instanceof mqtt.ClientError, error.code, error.reason],
      );
    }, url);
    expect(outcome).toEqual([true, 'refused', 0x87]);
    expect(texts()).toEqual(['in']);
  });

  it('1 MiB goes both ways unharmed', async () => {
    const wrong = await page.evaluate(async (url) => {
      const client = await mqtt.connect(url);
      const stream = client.messages('seen/big', { qos: 1 });
      const payload = new Uint8Array(1024 * 1024);
      for (let i = 0; i < payload.length; i++) payload[i] = (i * 7) ^ (i >> 8);
      await client.publish('seen/big', payload, { qos: 1 });
      const { value } = await stream.next();
      await client.disconnect();
      return (
        value!.payload.length - payload.length || value!.payload.filter((b, i) => b !== payload[i]).length
      );
    }, url);
    expect(wrong).toBe(0);
    expect(seen[0]!.payload.length).toBe(1024 * 1024);
  });

  it('connects again by itself, with its subscriptions', async () => {
    await page.evaluate(async (url) => {
      const client = await mqtt.connect(url, { reconnect: { minDelay: 10, maxDelay: 50 } });
      const got: string[] = [];
      const events: string[] = [];
      client.on('disconnect', ({ error, willReconnect }) => events.push(`${error.code} ${willReconnect}`));
      client.on('connect', ({ sessionPresent }) => events.push(`connected ${sessionPresent}`));
      await client.subscribe('news', { qos: 1 }, (message) => void got.push(message.text()));
      Object.assign(globalThis, { client, got, events });
    }, url);
    publish('news', 'before', 1);
    await page.waitForFunction('got.length === 1');
    cut();
    await page.waitForFunction('events.length === 2');
    // the session is new, and the subscription with it
    await until(
      () => [...broker.clients()].some(({ subscriptions }) => subscriptions.includes('news')),
      'it',
    );
    publish('news', 'after', 1);
    await page.waitForFunction('got.length === 2');
    expect(await page.evaluate('({ got, events })')).toEqual({
      got: ['before', 'after'],
      events: ['lost true', 'connected false'],
    });
  });

  it('nothing is lost at QoS 1, nor twice at QoS 2, over cuts in both directions', async () => {
    const count = 60;
    await page.evaluate(async (url) => {
      const client = await mqtt.connect(url, {
        clientId: 'phoenix',
        cleanStart: false,
        reconnect: { minDelay: 5, maxDelay: 20 },
      });
      const got: string[] = [];
      await client.subscribe('news/+', { qos: 2 }, (message) => void got.push(message.text()));
      Object.assign(globalThis, { client, got });
    }, url);
    const publishing = page.evaluate(async (count) => {
      const { client } = globalThis as unknown as { client: InstanceType<typeof mqtt.Client> };
      const sent: Promise<unknown>[] = [];
      for (let i = 0; i < count; i++) {
        sent.push(client.publish('seen/1', `one ${i}`, { qos: 1 }));
        sent.push(client.publish('seen/2', `two ${i}`, { qos: 2 }));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await Promise.all(sent);
    }, count);
    for (let i = 0; i < count; i++) {
      publish('news/1', `one ${i}`, 1);
      publish('news/2', `two ${i}`, 2);
      if (i % 15 === 7) cut();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await within(publishing, 'every acknowledgement', 10_000);
    const all = (word: string) => Array.from({ length: count }, (_, i) => `${word} ${i}`);
    const got = (): Promise<string[]> => page.evaluate('got');
    await expect.poll(async () => new Set(await got()).size, { timeout: 10_000 }).toBe(2 * count);
    for (const list of [await got(), texts()]) {
      expect([...new Set(list.filter((text) => text.startsWith('one')))].sort()).toEqual(all('one').sort());
      expect(list.filter((text) => text.startsWith('two'))).toEqual(all('two'));
    }
  });

  it('a reader that is slow loses nothing', async () => {
    await page.evaluate(async (url) => {
      const client = await mqtt.connect(url);
      const stream = client.messages('flood', { highWaterMark: 10 });
      await client.publish('seen/ready', '', { qos: 1 });
      Object.assign(globalThis, { client, stream });
    }, url);
    await until(() => seen.length === 1, 'the subscription');
    for (let i = 0; i < 3000; i++) publish('flood', String(i), 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [wrong, dropped] = await page.evaluate(async () => {
      const { stream } = globalThis as unknown as { stream: Stream };
      let wrong = 0;
      for (let i = 0; i < 3000; i++) {
        const { value } = await stream.next();
        if (value!.text() !== String(i)) wrong++;
      }
      return [wrong, stream.dropped];
    });
    expect([wrong, dropped]).toEqual([0, 0]);
  });

  it('says goodbye, so that the will is not sent; a page that is closed does not', async () => {
    const will = { topic: 'seen/will', payload: 'gone', qos: 1 } as const;
    const other = await newPage();
    await other.evaluate(
      async ({ url, will }) => {
        const client = await mqtt.connect(url, { will });
        await client.disconnect();
        await mqtt.connect(url, { will: { ...will, payload: 'closed' } });
      },
      { url, will },
    );
    expect(texts()).toEqual([]);
    await other.close();
    await until(() => seen.length > 0, 'the will');
    expect(texts()).toEqual(['closed']);
  });

  it('works in a worker', async () => {
    const answer = await page.evaluate(async (url) => {
      interface Worker {
        onmessage: (event: { data: string }) => void;
        postMessage(text: string): void;
      }
      const { Worker } = globalThis as unknown as { Worker: new (url: string, options: object) => Worker };
      const one = new Worker('/worker.js', { type: 'module' });
      const answer = new Promise<string>((resolve) => {
        one.onmessage = ({ data }) => resolve(data);
      });
      one.postMessage(url);
      return answer;
    }, url);
    expect(answer).toBe('from a worker');
  });

  /** How connecting fails in the page. */
  const failing = (options: Parameters<typeof mqtt.connect>[1] & { abortAfter?: number }): Promise<unknown> =>
    page.evaluate(
      async ({ abortAfter, ...options }) => {
        const controller = new AbortController();
        if (abortAfter !== undefined) setTimeout(() => controller.abort(), abortAfter);
        const from = performance.now();
        return mqtt.connect({ reconnect: false, ...options, signal: controller.signal }).then(
          () => 'connected',
          (error) => ({
            name: error.name,
            code: error.code,
            message: error.message,
            late: performance.now() - from > 5000,
          }),
        );
      },
      options as { url: string; abortAfter?: number },
    );

  it('reaches servers by WebSocket only', async () => {
    const error = await failing({ url: `mqtt://${origin}` });
    expect(error).toMatchObject({ name: 'ClientError', code: 'invalid' });
  });

  it('a server that is not there is unreachable', async () => {
    expect(await failing({ url: 'ws://127.0.0.1:9' })).toMatchObject({ code: 'unreachable', late: false });
  });

  it('a server that does not answer CONNECT is given up in time, or when that is aborted', async () => {
    serve = () => {};
    expect(await failing({ url, connectTimeout: 100 })).toMatchObject({ code: 'timeout', late: false });
    expect(await failing({ url, abortAfter: 100 })).toMatchObject({ name: 'AbortError', late: false });
    await until(() => sockets.size === 0, 'the end of the connections');
  });

  it('a server that never finishes the handshake is given up in time, or when that is aborted', async () => {
    const mute = createServer().on('upgrade', (_request, socket) => void socket.on('error', () => {}));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const url = `ws://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    expect(await failing({ url, connectTimeout: 100 })).toMatchObject({ code: 'timeout', late: false });
    expect(await failing({ url, abortAfter: 100 })).toMatchObject({ name: 'AbortError', late: false });
    mute.closeAllConnections();
    mute.close();
  });

  it('a server that resets the connection instead of CONNACK is lost, and says which code', async () => {
    serve = (socket) => socket.close(1013);
    const error = await failing({ url });
    expect(error).toMatchObject({ code: 'lost', late: false, message: expect.stringContaining('1013') });
  });

  /** A client whose server does something after CONNACK: how it ends. */
  const ending = async (after: (socket: WebSocket) => void): Promise<unknown> => {
    serve = (socket) =>
      socket.once('message', () => {
        socket.send(CONNACK);
        after(socket);
      });
    return within(
      page.evaluate(async (url) => {
        const client = mqtt.createClient({ url, reconnect: false });
        const ended = new Promise<unknown>((resolve) =>
          client.on('end', (error) => resolve({ code: error?.code, message: error?.message })),
        );
        await client.connect();
        return ended;
      }, url),
      'the end',
      2000,
    );
  };

  it.each([1000, 1001, 1011, 4000])('a server that closes with code %i is lost', async (code) => {
    const error = await ending((socket) => setTimeout(() => socket.close(code), 20));
    expect(error).toMatchObject({ code: 'lost' });
    if (code !== 1000) expect(error).toMatchObject({ message: expect.stringContaining(String(code)) });
  });

  it.each(['text', '7'])('[MQTT-6.0.0-1] a text frame (%s) closes the connection', async (text) => {
    const error = await ending((socket) => setTimeout(() => socket.send(text), 20));
    expect(error).toMatchObject({ code: 'protocol', message: expect.stringContaining('text frame') });
  });

  it('[MQTT-6.0.0-2] packets may be cut over frames, or many in one', async () => {
    const hello = Buffer.from([0x30, 6, 0, 1, 0x61, 0, 0x68, 0x69]);
    serve = (socket) =>
      socket.once('message', () => {
        for (const byte of CONNACK) socket.send(Buffer.from([byte]));
        socket.once('message', (data) => {
          const [, , high, low] = data as Buffer;
          socket.send(Buffer.from([0x90, 4, high!, low!, 0, 0]));
          for (const byte of hello) socket.send(Buffer.from([byte]));
          socket.send(Buffer.alloc(0));
          socket.send(Buffer.concat([hello, hello, hello.subarray(0, 3)]));
          socket.send(hello.subarray(3), { fin: false });
          socket.send(hello, { fin: true });
        });
      });
    const got = await page.evaluate(async (url) => {
      const client = await mqtt.connect(url);
      const stream = client.messages('a');
      const got: string[] = [];
      for (let i = 0; i < 5; i++) got.push((await stream.next()).value!.text());
      client.destroy();
      return got;
    }, url);
    expect(got).toEqual(['hi', 'hi', 'hi', 'hi', 'hi']);
  });

  it('a reader that is slow gets what came before the server closed', async () => {
    const message = (i: number): Buffer => Buffer.from([0x30, 6, 0, 1, 0x61, 0, i >> 8, i]);
    serve = (socket) =>
      socket.once('message', () => {
        socket.send(CONNACK);
        socket.once('message', (data) => {
          const [, , high, low] = data as Buffer;
          socket.send(Buffer.from([0x90, 4, high!, low!, 0, 0]));
          for (let i = 0; i < 500; i++) socket.send(message(i));
          socket.close(1001);
        });
      });
    await page.evaluate(async (url) => {
      const client = await mqtt.connect(url, { reconnect: false });
      Object.assign(globalThis, { stream: client.messages('a', { highWaterMark: 10 }) });
    }, url);
    await until(() => requests.length === 1 && sockets.size === 0, 'the close');
    const count = await page.evaluate(async () => {
      const { stream } = globalThis as unknown as { stream: Stream };
      await new Promise((resolve) => setTimeout(resolve, 200));
      let count = 0;
      try {
        for await (const _ of stream) count++;
      } catch {
        // the client has ended with an error, once all was taken
      }
      return count;
    });
    expect(count).toBe(500);
  });

  it('examples/browser.html does what it says', async () => {
    const program: ChildProcess = spawn(process.execPath, ['examples/browser-server.js'], { cwd: root });
    try {
      let output = '';
      program.stdout!.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await until(() => /open http:\S+/.test(output), 'the address');
      const [, address] = /open (http:\S+)/.exec(output)!;
      const page = await browser.newPage();
      await page.goto(address!);
      const status = page.locator('#status');
      const shows = (text: string) => expect.poll(() => status.textContent(), { timeout: 5000 }).toBe(text);
      await shows('not connected');
      expect(await page.locator('#url').inputValue()).toBe(`${address!.replace('http', 'ws')}mqtt`);
      await page.locator('#connect').click();
      await shows('connected');
      await page.locator('#topic').fill('a/b');
      await page.locator('#payload').fill('<b>hello</b>');
      await page.locator('#publish').click();
      const log = page.locator('#log');
      await expect.poll(() => log.textContent(), { timeout: 5000 }).toBe('a/b: <b>hello</b>\n');
      await page.locator('#url').fill('ws://127.0.0.1:9');
      await page.locator('#connect').click();
      await expect.poll(() => status.textContent(), { timeout: 5000 }).toMatch(/^unreachable: /);
    } finally {
      program.kill('SIGKILL');
    }
  });
});
