// The plugin that asks a web server: what it asks, what counts as a yes, and that a server that is slow, broken or
// hostile neither lets anybody in nor takes the broker along.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, answering, WebServer } from '../../test/auth/web-server.js';
import type { Action, ClientInfo, Plugin, PluginBroker, Verdict } from '../core/plugin.js';
import { ReasonCode } from '../protocol/reason-codes.js';
import { readHttpSettings } from './http/http-settings.js';
import { type HttpAuthOptions, httpPlugin } from './http-plugin.js';

let server: WebServer;
let log: string[];
const plugins: Plugin[] = [];
const broker = {
  log: (level: string, text: string) => log.push(`${level}: ${text}`),
} as unknown as PluginBroker;

beforeEach(async () => {
  log = [];
  server = await WebServer.start();
});
afterEach(async () => {
  for (const plugin of plugins.splice(0)) await plugin.stop!();
  await server.stop();
});

/** As with lines in a configuration file; URLs are paths of the server. */
async function started(given: Record<string, string>, more: Partial<HttpAuthOptions> = {}): Promise<Plugin> {
  const lines = Object.entries(given).map(([name, value]) => [
    `http_${name}`,
    name.endsWith('_url') ? server.origin + value : value,
  ]);
  const plugin = httpPlugin({ ...(await readHttpSettings(Object.fromEntries(lines))), ...more });
  plugin.start?.(broker);
  plugins.push(plugin);
  return plugin;
}

function client(username: string | undefined = 'ann', clientId = 'c 1'): ClientInfo {
  const about = { remoteAddress: '192.0.2.1', remotePort: 1, listener: 'l', keepAlive: 0, cleanStart: true };
  return { clientId, username, version: 5, ...about };
}

async function enters(plugin: Plugin, password = 'p&w="x"', who = client()): Promise<Verdict> {
  return await plugin.authenticate!(who, { username: who.username, password: Buffer.from(password) });
}

async function may(plugin: Plugin, action: Partial<Action>, who = client()): Promise<Verdict> {
  return await plugin.authorize!(who, { type: 'publish', topic: 'a/b', qos: 1, retain: false, ...action });
}

describe('what is asked', () => {
  it('is what servers for mosquitto-go-auth expect, unless said otherwise', async () => {
    const plugin = await started({ user_url: '/user', acl_url: '/acl', superuser_url: '/super' });
    server.answer = ({ url }, response) => response.writeHead(url === '/super' ? 403 : 200).end();
    await enters(plugin);
    await may(plugin, { type: 'publish' });
    await may(plugin, { type: 'subscribe', topic: '#' });
    expect(server.asked.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ['POST', '/user', { username: 'ann', password: 'p&w="x"', clientid: 'c 1' }],
      ['POST', '/super', { username: 'ann' }],
      ['POST', '/acl', { username: 'ann', clientid: 'c 1', topic: 'a/b', acc: '2' }],
      ['POST', '/acl', { username: 'ann', clientid: 'c 1', topic: '#', acc: '4' }],
    ]);
  });

  it('may be a form', async () => {
    await enters(await started({ user_url: '/', format: 'form', user_body: 'u=%u&p=%P' }));
    expect(server.asked[0]).toMatchObject({ body: 'u=ann&p=p%26w%3D%22x%22' });
    expect(server.asked[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it('may stand in the URL and in headers', async () => {
    const plugin = await started({
      acl_url: '/of/%u?t=%t&from=%a&by=%l&q=%q',
      acl_method: 'GET',
      'header_X-Client': '%c',
      header_Authorization: 'Bearer 50%%',
    });
    await may(plugin, { topic: 'a&b/#' });
    expect(server.asked[0]).toMatchObject({
      method: 'GET',
      url: '/of/ann?t=a%26b%2F%23&from=192.0.2.1&by=l&q=1',
      body: '',
      headers: { 'x-client': 'c 1', authorization: 'Bearer 50%' },
    });
  });

  it('cannot be another header, whatever a client is called', async () => {
    const plugin = await started({ user_url: '/', header_who: '%u' });
    expect(await enters(plugin, 'p', client('a\r\nx: y'))).toBe(false);
    expect(server.asked).toEqual([]);
  });

  it.each(['..', '.', '../admin', '..\\admin'])('cannot leave the path by the name %s', async (name) => {
    const plugin = await started({ user_url: '/users/%u', user_method: 'GET' });
    expect(await enters(plugin, 'p', client(name))).toBe(false);
    expect(server.asked).toEqual([]);
  });

  it('is nothing when the password is no text', async () => {
    const plugin = await started({ user_url: '/' });
    const credentials = { username: 'ann', password: Uint8Array.of(0xff, 0xfe) };
    expect(await plugin.authenticate!(client(), credentials)).toBe(false);
    expect(server.asked).toEqual([]);
  });

  it('is nothing about clients without a user name, which are left to others', async () => {
    const plugin = await started({ user_url: '/' });
    const nobody = { username: undefined, password: undefined };
    expect(plugin.authenticate!(client(''), nobody)).toBe(undefined);
    expect(plugin.authenticate!(client(), { username: 'ann', password: undefined })).toBe(false);
    expect(server.asked).toEqual([]);
  });
});

describe('a yes', () => {
  it.each([200])('is the status %i', async (status) => {
    server.answer = answering(status);
    const plugin = await started({ user_url: '/', acl_url: '/' });
    expect([await enters(plugin), await may(plugin, {})]).toEqual([true, true]);
  });

  it.each([201, 204, 206, 400, 401, 403, 404])('is not the status %i', async (status) => {
    server.answer = answering(status);
    const plugin = await started({ user_url: '/', acl_url: '/' });
    expect(await enters(plugin)).not.toBe(true);
    expect(await may(plugin, {})).toBe(false);
  });

  it.each([
    ['{"allow":true}', true],
    ['{"ok":true,"error":""}', true],
    ['{"allow":false}', false],
    ['{"allow":false,"ok":true}', false],
    ['{"allow":"true"}', false],
    ['{"allow":1}', false],
    ['{}', false],
    ['[]', false],
    ['null', false],
    ['true', false],
    ['', false],
    ['{"allow":true', false],
  ])('in JSON: %s is %s', async (body, isYes) => {
    server.answer = answering(200, body);
    expect(await enters(await started({ user_url: '/', answer: 'json' }))).toBe(isYes);
  });

  it('in JSON needs the status too', async () => {
    server.answer = answering(403, '{"allow":true}');
    expect(await enters(await started({ user_url: '/', answer: 'json' }))).toBe(false);
  });
});

describe('a server that', () => {
  const broken: [string, Answer][] = [
    ['has an error', answering(500, '{"allow":true}')],
    ['is overloaded', answering(429)],
    ['sends somewhere else', answering(302, '', { location: '/yes' })],
    ['sends megabytes', answering(200, 'x'.repeat(5_000_000))],
    ['hangs', () => {}],
    ['hangs in the middle of its answer', (_, response) => void response.writeHead(200).write('x')],
    [
      'sends a byte now and then',
      (_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
    ['hangs up', (_, response) => response.destroy()],
    [
      'breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('x');
        setTimeout(() => response.destroy(), 20);
      },
    ],
    ['does not speak HTTP', (_, response) => void response.socket!.end('yes\r\n\r\n')],
  ];

  it.each(broken)('%s says no, is asked again next time, and the log says so once', async (_, answer) => {
    const plugin = await started({ user_url: '/', acl_url: '/', timeout: '0.3' });
    server.answer = answer;
    expect(await enters(plugin)).toBe(ReasonCode.ServerUnavailable);
    expect(await enters(plugin)).toBe(ReasonCode.ServerUnavailable);
    expect(await may(plugin, {})).toBe(false);
    expect(log.length).toBe(2);
    expect(server.asked.map(({ url }) => url)).toEqual(['/', '/', '/']);
    server.answer = answering(200);
    expect(await enters(plugin)).toBe(true);
    expect(log.at(-1)).toMatch(/^notice: .* answers again/);
  });

  it('is not there says no', async () => {
    const plugin = await started({ user_url: '/' });
    await server.stop();
    expect(await enters(plugin)).toBe(ReasonCode.ServerUnavailable);
  });

  it('hangs holds no more connections than allowed, and too many who wait are told so', async () => {
    const plugin = await started({ user_url: '/', timeout: '0.5', concurrency: '3', queue: '4' });
    server.answer = () => {};
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, n) => enters(plugin, 'p', client(`user${n}`))),
    );
    expect(server.connections).toBe(3);
    expect(verdicts.filter((one) => one === ReasonCode.ServerBusy).length).toBe(13);
    expect(verdicts.filter((one) => one === ReasonCode.ServerUnavailable).length).toBe(7);
  });

  it('says who is a superuser may fail: then what it says of the topic counts', async () => {
    server.answer = ({ url }, response) => response.writeHead(url === '/super' ? 500 : 200).end();
    const plugin = await started({ acl_url: '/acl', superuser_url: '/super' });
    expect(await may(plugin, {})).toBe(true);
  });

  it('has a superuser is not asked what that one may do', async () => {
    const plugin = await started({ acl_url: '/acl', superuser_url: '/super' });
    expect(await may(plugin, {})).toBe(true);
    expect(server.asked.map(({ url }) => url)).toEqual(['/super']);
  });
});

describe('an answer', () => {
  it('is remembered, yes and no, for its own question only', async () => {
    server.answer = ({ body }, response) => response.writeHead(body.includes('"p1"') ? 200 : 403).end();
    const plugin = await started({ user_url: '/' });
    for (let time = 0; time < 3; time++)
      expect([await enters(plugin, 'p1'), await enters(plugin, 'p2')]).toEqual([true, false]);
    expect(server.asked.length).toBe(2);
    expect(await enters(plugin, 'p1', client('ann', 'other'))).toBe(true);
    expect(server.asked.length).toBe(3);
  });

  it('that is known comes at once', async () => {
    const plugin = await started({ acl_url: '/' });
    await may(plugin, {});
    expect(plugin.authorize!(client(), { type: 'publish', topic: 'a/b', qos: 1, retain: false })).toBe(true);
  });

  it('is asked for each time when nothing is to be remembered', async () => {
    const plugin = await started({ user_url: '/', cache_seconds: '0' });
    await enters(plugin);
    await enters(plugin);
    expect(server.asked.length).toBe(2);
  });

  it('is asked for once by many who ask the same at the same time', async () => {
    const plugin = await started({ user_url: '/', cache_seconds: '0' });
    await Promise.all(Array.from({ length: 50 }, () => enters(plugin)));
    expect(server.asked.length).toBe(1);
  });

  it('comes over a connection that is kept', async () => {
    const plugin = await started({ user_url: '/' });
    for (let n = 0; n < 10; n++) await enters(plugin, `p${n}`);
    expect([server.asked.length, server.connections]).toEqual([10, 1]);
  });

  it('comes over another connection when the kept one has ended', async () => {
    const plugin = await started({ user_url: '/' });
    await enters(plugin, 'p1');
    for (const socket of server.sockets) socket.destroy();
    expect(await enters(plugin, 'p2')).toBe(true);
  });
});

it('stopping ends what is under way', async () => {
  const plugin = await started({ user_url: '/' });
  server.answer = () => {};
  const verdict = enters(plugin);
  await expect.poll(() => server.asked.length).toBe(1);
  await plugin.stop!();
  expect(await verdict).toBe(ReasonCode.ServerUnavailable);
  await expect.poll(() => server.sockets.size).toBe(0);
});

it('the log never has a password, a header or a query in it', async () => {
  const plugin = await started({
    user_url: '/?key=hidden&p=%P',
    header_Authorization: 'hidden',
    timeout: '0.2',
  });
  for (const answer of [answering(500), answering(302), () => {}] as Answer[]) {
    server.answer = answer;
    await enters(plugin, 'hidden');
    server.answer = answering(403);
    await enters(plugin, `${log.length}`);
  }
  expect(log.length).toBe(6);
  expect(log.join()).not.toMatch(/hidden|key/);
});

describe('options that cannot be used', () => {
  const url = 'http://127.0.0.1/';
  it.each<[string, Record<string, string>, RegExp]>([
    ['no URL', {}, /http_user_url/],
    ['superusers alone', { http_user_url: url, http_superuser_url: url }, /http_acl_url/],
    ['another scheme', { http_user_url: 'file:///etc/passwd' }, /http:/],
    ['a host from the client', { http_user_url: 'http://%u/' }, /before the path/],
    ['a name in the URL', { http_user_url: 'http://a:b@127.0.0.1/' }, /Authorization/],
    ['an unknown letter', { http_user_url: `${url}?%z` }, /%z/],
    ['a password where none is', { http_acl_url: `${url}?%P` }, /%P/],
    ['a % at the end', { http_user_url: `${url}?100%` }, /%%/],
    ['a body without names', { http_user_url: url, http_user_body: 'x' }, /NAME=VALUE/],
    ['a misspelt option', { http_user_url: url, http_acl_ulr: url }, /plugin_opt_http_acl_ulr/],
    ['an unknown method', { http_user_url: url, http_user_method: 'DELETE' }, /GET, POST, PUT/],
    ['no time', { http_user_url: url, http_timeout: '0' }, /0\.1 to 60/],
    ['a number that is none', { http_user_url: url, http_cache_size: '1e3' }, /number/],
    ['a header name that is none', { http_user_url: url, 'http_header_a b': 'x' }, /header/],
    ['a file that is not there', { http_user_url: url, http_ca_file: '/nowhere/ca' }, /cannot be read/],
  ])('are an error that says what to do: %s', async (_, given, message) => {
    await expect(readHttpSettings(given).then(httpPlugin)).rejects.toThrow(message);
  });
});
