// Tokens and web servers as a configuration file asks for them: who gets in, what they may do, and when the broker
// does not start. Needs the built program.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messagesOf, Scene } from '../server/scene.js';
import { claims, hashToken, jwkOf, now, rsaPair, rsaToken, secret } from './tokens.js';
import { answering, WebServer } from './web-server.js';

let scene: Scene;
let server: WebServer;
let port: number;
beforeEach(async () => {
  scene = new Scene();
  server = await WebServer.start();
  port = await scene.port();
});
afterEach(async () => {
  await scene.close();
  await server.stop();
});

const REFUSED = 0x87;
const config = (plugin: string, lines: readonly string[], more = ''): string =>
  `listener ${port} 127.0.0.1\n${more}plugin ${plugin}\n${lines.map((line) => `plugin_opt_${line}\n`).join('')}`;
const jwt = (lines: readonly string[] = [], more = ''): string =>
  config('jwt', [`jwt_secret_file ${scene.file('secret', `${secret}\n`)}`, ...lines], more);
const ann = (password: string, more = {}) => ({ username: 'ann', password, ...more });

describe('with plugin jwt', () => {
  it('a token lets its client in, and allows what it lists', async () => {
    await scene.start(jwt());
    const lists = { publ: ['up/%c'], subs: ['#'] };
    const client = await scene.connect(port, ann(hashToken(claims(lists)), { clientId: 'dev' }));
    const seen = await messagesOf(client, 'up/#');
    await client.publish('up/dev', 'yes', { qos: 1 });
    await expect(client.publish('up/other', 'no', { qos: 1 })).rejects.toMatchObject({ reason: REFUSED });
    await expect.poll(() => seen).toEqual([['up/dev', 'yes']]);
  });

  it('nobody gets in without a good one, also where everybody may', async () => {
    await scene.start(jwt([], 'allow_anonymous true\n'));
    await scene.refused(port, REFUSED);
    await scene.refused(port, REFUSED, ann('secret'));
    await scene.refused(port, REFUSED, ann(hashToken(claims({ sub: 'bob' }))));
    await scene.refused(port, REFUSED, ann(hashToken(claims({ exp: now() - 1 }))));
    await scene.refused(port, REFUSED, ann(hashToken(claims(), { key: 'x'.repeat(64) }), { version: 4 }));
  });

  it('a client is told to go when its token expires', async () => {
    const broker = await scene.start(jwt());
    const client = await scene.connect(port, ann(hashToken(claims({ exp: now() + 2 }))));
    const told = new Promise((resolve) => client.on('disconnect', ({ error }) => resolve(error.reason)));
    expect(await told).toBe(REFUSED);
    await broker.logged(/its token has expired/);
  });

  it('rules of an ACL file hold for tokens without lists', async () => {
    const rules = scene.file('rules', 'user ann\ntopic write a\n');
    await scene.start(jwt(['jwt_permissions optional'], `acl_file ${rules}\n`));
    const client = await scene.connect(port, ann(hashToken(claims())));
    await client.publish('a', '', { qos: 1 });
    await expect(client.publish('b', '', { qos: 1 })).rejects.toMatchObject({ reason: REFUSED });
    const limited = await scene.connect(port, ann(hashToken(claims({ publ: ['b'] }))));
    await limited.publish('b', '', { qos: 1 });
    await expect(limited.publish('a', '', { qos: 1 })).rejects.toMatchObject({ reason: REFUSED });
  });

  it('keys come from a web server, and may come after the broker has started', async () => {
    const { publicKey, privateKey } = rsaPair();
    server.answer = answering(503);
    await scene.start(config('jwt', [`jwt_jwks_url ${server.origin}/keys`, 'jwt_jwks_cooldown 1']));
    const token = rsaToken(claims(), privateKey, { kid: 'k' });
    await scene.refused(port, 0x88, ann(token));
    server.answer = answering(200, JSON.stringify({ keys: [jwkOf(publicKey, 'k')] }));
    await expect
      .poll(
        () =>
          scene.connack(port, ann(token)).then(
            () => 'in',
            () => 'out',
          ),
        { timeout: 10_000, interval: 200 },
      )
      .toBe('in');
  });

  it.each([
    ['a misspelt option', 'jwt_isuer x', /no option plugin_opt_jwt_isuer/],
    ['an algorithm that is none', 'jwt_algorithms none', /none.*HS256/],
  ])('the broker does not start with %s', async (_, line, complaint) => {
    await scene.refusal(jwt([line]), 13, complaint);
  });
});

describe('with plugin http', () => {
  it('a web server decides who gets in and what they do', async () => {
    server.answer = ({ url, body }, response) => {
      const isAllowed = url === '/user' ? body.includes('"secret"') : !body.includes('forbidden');
      response.writeHead(isAllowed ? 200 : 403).end();
    };
    await scene.start(
      config('http', [`http_user_url ${server.origin}/user`, `http_acl_url ${server.origin}/acl`]),
    );
    await scene.refused(port, REFUSED);
    await scene.refused(port, REFUSED, ann('wrong'));
    const client = await scene.connect(port, ann('secret'));
    const seen = await messagesOf(client, 'a/#');
    await client.publish('a/1', 'yes', { qos: 1 });
    await expect(client.publish('a/forbidden', 'no', { qos: 1 })).rejects.toMatchObject({ reason: REFUSED });
    await expect.poll(() => seen).toEqual([['a/1', 'yes']]);
  });

  it('nobody gets in while it is away, and its name is all that the log says', async () => {
    server.answer = answering(500);
    const broker = await scene.start(config('http', [`http_user_url ${server.origin}/user?p=%P`]));
    await scene.refused(port, 0x88, ann('hidden'));
    await broker.logged(new RegExp(`${server.origin} \\(user\\): it answered with status 500`));
    expect(broker.log).not.toContain('hidden');
  });

  it('the broker does not start without anything to ask', async () => {
    await scene.refusal(config('http', ['http_timeout 1']), 13, /http_user_url/);
  });
});
