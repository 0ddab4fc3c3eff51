// The plugin for tokens: which tokens let a client in, what they allow, and that forged ones do neither.
import { type CryptoKey, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  claims,
  hashToken,
  jwkOf,
  now,
  rsaPair,
  rsaToken,
  secret,
  unsignedToken,
} from '../../test/auth/tokens.js';
import { answering, WebServer } from '../../test/auth/web-server.js';
import type { ClientInfo, Plugin, PluginBroker, Verdict } from '../core/plugin.js';
import { ReasonCode } from '../protocol/reason-codes.js';
import { PUBLIC_KEY_ALGORITHMS } from './jwt/token-keys.js';
import { type JwtOptions, jwtPlugin } from './jwt-plugin.js';

const pair = rsaPair();
const other = rsaPair();
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  vi.useRealTimers();
});

let log: string[] = [];
let gone: [string, number | undefined][] = [];
const broker = {
  log: (level: string, text: string) => log.push(`${level}: ${text}`),
  disconnect: (id: string, reason?: number) => gone.push([id, reason]),
} as unknown as PluginBroker;

async function started(options: JwtOptions = { secret }): Promise<Plugin> {
  log = [];
  gone = [];
  const plugin = jwtPlugin(options);
  await plugin.start!(broker);
  stops.push(() => plugin.stop!());
  return plugin;
}

function client(username?: string, clientId = 'c'): ClientInfo {
  const about = { remoteAddress: '', remotePort: 0, listener: '', keepAlive: 0, cleanStart: true };
  return { clientId, username, version: 5, ...about };
}

async function verdict(plugin: Plugin, token: string, who = client('ann')): Promise<Verdict> {
  return await plugin.authenticate!(who, { username: who.username, password: Buffer.from(token) });
}

describe('a token', () => {
  it('lets in who it is for', async () => {
    expect(await verdict(await started(), hashToken(claims()))).toBe(true);
  });

  it.each([
    ['has expired', hashToken(claims({ exp: now() - 1 })), 'expired'],
    ['is not valid yet', hashToken(claims({ nbf: now() + 60 })), 'nbf'],
    ['never expires', hashToken({ sub: 'ann' }), 'exp'],
    ['has an expiry that is no number', hashToken(claims({ exp: 'never' })), 'exp'],
    ['is for somebody else', hashToken(claims({ sub: 'bob' })), 'user name'],
    ['is for nobody', hashToken({ exp: now() + 60 }), 'sub'],
    ['is signed with another secret', hashToken(claims(), { key: 'x'.repeat(64) }), 'signature'],
    ['says that it is not signed', unsignedToken(claims(), 'none'), 'algorithm'],
    ['says so in other letters', unsignedToken(claims(), 'nOnE'), 'algorithm'],
    ['lacks its signature', unsignedToken(claims(), 'HS256'), 'signature'],
    ['is signed with a public key', rsaToken(claims(), pair.privateKey), 'algorithm'],
    [
      'has a critical part that nobody knows',
      hashToken(claims(), { header: { alg: 'HS256', crit: ['x'], x: 1 } }),
      'malformed',
    ],
    ['has a payload that is no object', hashToken([1]), 'malformed'],
    ['is not one', 'secret', 'no token'],
    ['is not there', '', 'no token'],
    ['has a header that is not JSON', 'e30x.e30.e30', 'malformed'],
  ])('is refused when it %s', async (_, token, why) => {
    const plugin = await started();
    expect(await verdict(plugin, token)).toBe(false);
    expect(log.join()).toMatch(why);
  });

  it('is refused when a part of it was changed', async () => {
    const plugin = await started();
    const [head, , signature] = hashToken(claims({ sub: 'bob' })).split('.');
    const [, payload] = hashToken(claims()).split('.');
    expect(await verdict(plugin, `${head}.${payload}.${signature}`)).toBe(false);
  });

  it('is not looked at when it is huge', async () => {
    const plugin = await started();
    const token = hashToken(claims({ padding: 'x'.repeat(20_000) }));
    expect(plugin.authenticate!(client('ann'), { username: 'ann', password: Buffer.from(token) })).toBe(
      false,
    );
    expect(log).toEqual(['notice: c refused: the token is longer than 16384 bytes']);
  });

  it('is never in the log', async () => {
    const plugin = await started();
    const token = hashToken(claims({ sub: 'bob' }));
    await verdict(plugin, token);
    for (const part of token.split('.')) expect(log.join()).not.toContain(part);
  });

  it('may come from a clock that is a little off when there is a leeway', async () => {
    const plugin = await started({ secret, leeway: 10 });
    expect(await verdict(plugin, hashToken(claims({ exp: now() - 5 })))).toBe(true);
    expect(await verdict(plugin, hashToken(claims({ nbf: now() + 5 })))).toBe(true);
    expect(await verdict(plugin, hashToken(claims({ exp: now() - 60 })))).toBe(false);
  });

  it('has to come from an issuer, and be for an audience, that are named', async () => {
    const plugin = await started({ secret, issuers: ['a', 'b'], audiences: ['mqtt'] });
    expect(await verdict(plugin, hashToken(claims({ iss: 'b', aud: ['web', 'mqtt'] })))).toBe(true);
    expect(await verdict(plugin, hashToken(claims({ iss: 'c', aud: 'mqtt' })))).toBe(false);
    expect(await verdict(plugin, hashToken(claims({ iss: 'a', aud: 'web' })))).toBe(false);
    expect(await verdict(plugin, hashToken(claims({ aud: 'mqtt' })))).toBe(false);
  });

  it('has to have the claims that are asked for', async () => {
    const plugin = await started({ secret, claims: { 'device.id': '%c', tenant: '100%%' } });
    expect(await verdict(plugin, hashToken(claims({ device: { id: 'c' }, tenant: '100%' })))).toBe(true);
    expect(await verdict(plugin, hashToken(claims({ device: { id: 'd' }, tenant: '100%' })))).toBe(false);
    expect(await verdict(plugin, hashToken(claims({ device: { id: 'c' } })))).toBe(false);
  });

  it('may be signed with nothing but the algorithms that are configured', async () => {
    const plugin = await started({ secret, algorithms: ['HS512'] });
    expect(await verdict(plugin, hashToken(claims()))).toBe(false);
    expect(await verdict(plugin, hashToken(claims(), { header: { alg: 'HS512' } }))).toBe(true);
  });

  it('may stand in the place of the user name, and says the name then', async () => {
    const plugin = await started({ secret, field: 'username' });
    const token = hashToken(claims({ publ: ['of/%u'] }));
    const who = client(token);
    expect(await plugin.authenticate!(who, { username: token, password: undefined })).toBe(true);
    expect(plugin.mayPublish!(who, 'of/ann')).toBe(true);
  });
});

describe('a client without a token', () => {
  it('is refused, or left to other plugins when that is wanted', async () => {
    const none = { username: 'ann', password: undefined };
    expect((await started()).authenticate!(client('ann'), none)).toBe(false);
    expect((await started({ secret, others: 'next' })).authenticate!(client('ann'), none)).toBe(undefined);
  });

  it('is nothing that this plugin has a say about', async () => {
    const plugin = await started({ secret, others: 'next' });
    expect(plugin.mayPublish!(client('ann'), 'a')).toBe(undefined);
    expect(plugin.mayRead!(client('ann'), 'a')).toBe(true);
  });
});

describe('with a public key', () => {
  it('tokens of the private key are good, and those of another one are not', async () => {
    const plugin = await started({ publicKeys: pem });
    expect(await verdict(plugin, rsaToken(claims(), pair.privateKey))).toBe(true);
    expect(await verdict(plugin, rsaToken(claims(), other.privateKey))).toBe(false);
  });

  it.each(['HS256', 'HS384', 'HS512'])('it is not taken for a secret of %s', async (alg) => {
    const plugin = await started({ publicKeys: pem });
    for (const key of [pem, pem.trim(), pair.publicKey.export({ type: 'spki', format: 'der' })])
      expect(await verdict(plugin, hashToken(claims(), { key, header: { alg } }))).toBe(false);
  });

  it('more than one may be there, for the time of a change', async () => {
    const second = other.publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const plugin = await started({ publicKeys: pem + second });
    expect(await verdict(plugin, rsaToken(claims(), other.privateKey))).toBe(true);
  });
});

describe('each algorithm', () => {
  it.each(PUBLIC_KEY_ALGORITHMS)('%s is good with a key for it, and with no other one', async (alg) => {
    const pemOf = async (key: CryptoKey): Promise<string> => await exportSPKI(key);
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const stranger = await generateKeyPair(alg, { extractable: true });
    const plugin = await started({ publicKeys: await pemOf(publicKey) });
    const signed = (key: CryptoKey): Promise<string> =>
      new SignJWT({ sub: 'ann' }).setProtectedHeader({ alg }).setExpirationTime('1h').sign(key);
    expect(await verdict(plugin, await signed(privateKey))).toBe(true);
    expect(await verdict(plugin, await signed(stranger.privateKey))).toBe(false);
  });
});

it('too many tokens at the same time are refused before they are looked at', async () => {
  const plugin = await started();
  const token = Buffer.from(hashToken(claims()));
  const verdicts = Array.from({ length: 1001 }, () =>
    plugin.authenticate!(client('ann'), { username: 'ann', password: token }),
  );
  expect(verdicts.at(-1)).toBe(ReasonCode.ServerBusy);
  expect(new Set((await Promise.all(verdicts)).slice(0, 1000))).toEqual(new Set([true]));
  expect(await verdict(plugin, token.toString())).toBe(true);
});

describe('with keys of a web server', () => {
  async function served(more: object = {}): Promise<{ server: WebServer; plugin: Plugin }> {
    const server = await WebServer.start();
    stops.push(() => server.stop());
    server.answer = answering(200, JSON.stringify({ keys: [jwkOf(pair.publicKey, 'one')] }));
    return { server, plugin: await started({ jwks: { url: `${server.origin}/keys`, ...more } }) };
  }
  const token = (kid: string, key = pair.privateKey): string => rsaToken(claims(), key, { kid });

  it('a token is good when its key is among them', async () => {
    const { plugin } = await served();
    expect(await verdict(plugin, token('one'))).toBe(true);
    expect(await verdict(plugin, token('one', other.privateKey))).toBe(false);
  });

  it('a public key of theirs is not taken for a secret', async () => {
    const { plugin } = await served();
    expect(
      await verdict(plugin, hashToken(claims(), { key: pem, header: { alg: 'HS256', kid: 'one' } })),
    ).toBe(false);
  });

  it('many unknown keys ask the server once', async () => {
    const { server, plugin } = await served({ cooldown: 0.001 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const flood = Array.from({ length: 50 }, (_, n) => verdict(plugin, token(`k${n}`)));
    expect(new Set(await Promise.all(flood))).toEqual(new Set([false]));
    expect(server.asked.length).toBeLessThanOrEqual(2);
  });

  it('unknown keys do not ask it again before the cool-down is over', async () => {
    const { server, plugin } = await served();
    for (let n = 0; n < 20; n++) await verdict(plugin, token(`k${n}`));
    expect(server.asked.length).toBe(1);
  });

  it('a client is told to come later as long as there are none', async () => {
    const server = await WebServer.start();
    stops.push(() => server.stop());
    server.answer = answering(500);
    const plugin = await started({ jwks: { url: server.origin } });
    expect(await verdict(plugin, token('one'))).toBe(ReasonCode.ServerUnavailable);
    expect(log.join()).toContain('status 500');
  });
});

describe('a key that cannot be used', () => {
  it.each<[string, JwtOptions, RegExp]>([
    ['a short secret', { secret: Buffer.from('short') }, /at least 32/],
    ['an algorithm that the key is not for', { secret, algorithms: ['RS256'] }, /RS256/],
    ['none as the algorithm', { secret, algorithms: ['none'] }, /none/],
    ['a secret algorithm for a public key', { publicKeys: pem, algorithms: ['HS256'] }, /HS256/],
    ['no key', {}, /exactly one/],
    ['two kinds of keys', { secret, publicKeys: pem }, /exactly one/],
    ['no PEM', { publicKeys: 'x' }, /PEM/],
    [
      'a private key',
      { publicKeys: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string },
      /public key/,
    ],
    [
      'a weak key',
      { publicKeys: rsaPair(1024).publicKey.export({ type: 'spki', format: 'pem' }) as string },
      /2048/,
    ],
  ])('is an error: %s', (_, options, message) => {
    expect(() => jwtPlugin(options)).toThrow(message);
  });
});

describe('what a token lists', () => {
  async function admitted(payload: object, options: Partial<JwtOptions> = {}) {
    const plugin = await started({ secret, ...options });
    const who = client('ann');
    expect(await verdict(plugin, hashToken(claims(payload)), who)).toBe(true);
    const ask = (type: 'publish' | 'subscribe' | 'will', topic: string) =>
      plugin.authorize!(who, { type, topic, qos: 0, retain: false });
    return { plugin, who, ask };
  }

  it('is allowed, and nothing else is', async () => {
    const { plugin, who, ask } = await admitted({ publ: ['up/%c/#'], subs: ['down/%u/+'] });
    expect([ask('publish', 'up/c/1'), ask('will', 'up/c'), ask('publish', 'up/d/1')]).toEqual([
      true,
      true,
      false,
    ]);
    expect([ask('subscribe', 'down/ann/x'), ask('subscribe', 'down/+/x')]).toEqual([true, false]);
    expect([plugin.mayRead!(who, 'down/ann/x'), plugin.mayRead!(who, 'up/c/1')]).toEqual([true, false]);
  });

  it('is nothing when there are no lists', async () => {
    const { plugin, who, ask } = await admitted({});
    expect([ask('publish', 'a'), ask('subscribe', 'a'), plugin.mayRead!(who, 'a')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('may be left to others when there are no lists', async () => {
    const { plugin, who, ask } = await admitted({}, { permissions: 'optional' });
    expect([ask('publish', 'a'), ask('subscribe', 'a'), plugin.mayRead!(who, 'a')]).toEqual([
      undefined,
      undefined,
      true,
    ]);
  });

  it('may have other names', async () => {
    const { ask } = await admitted({ acl: { pub: 'a' } }, { publishClaim: 'acl.pub' });
    expect(ask('publish', 'a')).toBe(true);
  });

  it('is not asked for when that is off', () => {
    expect(Object.keys(jwtPlugin({ secret, permissions: 'off' }))).not.toContain('authorize');
  });

  it('does not hold for a name that no claim proves', async () => {
    const { ask } = await admitted({ publ: ['of/%u'] }, { userClaim: null });
    expect(ask('publish', 'of/ann')).toBe(false);
  });

  it('refuses the client when it is no list of filters', async () => {
    const plugin = await started();
    for (const publ of [{ a: 1 }, [1], 7, Array(1001).fill('a')])
      expect(await verdict(plugin, hashToken(claims({ publ })))).toBe(false);
  });
});

describe('a client that stays', () => {
  it('is disconnected when its token expires', async () => {
    const plugin = await started({ secret, leeway: 5 });
    const who = client('ann');
    await verdict(plugin, hashToken(claims({ exp: now() + 100 })), who);
    vi.useFakeTimers();
    plugin.connected!(who);
    vi.advanceTimersByTime(103_000);
    expect(gone).toEqual([]);
    vi.advanceTimersByTime(3000);
    expect(gone).toEqual([['c', ReasonCode.NotAuthorized]]);
  });

  it('stays for as long as a timer cannot count', async () => {
    const plugin = await started();
    const who = client('ann');
    await verdict(plugin, hashToken(claims({ exp: now() + 40 * 86_400 })), who);
    vi.useFakeTimers();
    plugin.connected!(who);
    vi.advanceTimersByTime(39 * 86_400_000);
    expect(gone).toEqual([]);
    vi.advanceTimersByTime(2 * 86_400_000);
    expect(gone.length).toBe(1);
  });

  it('and has left is not looked for any more', async () => {
    const plugin = await started();
    const who = client('ann');
    await verdict(plugin, hashToken(claims()), who);
    vi.useFakeTimers();
    plugin.connected!(who);
    plugin.disconnected!(who, 0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
