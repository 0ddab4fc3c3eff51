// Keys that a web server has: when they are fetched, what becomes of them when it is away, and which of them count.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jwkOf, rsaPair } from '../../../test/auth/tokens.js';
import { answering, WebServer } from '../../../test/auth/web-server.js';
import { KeysUnavailableError, RemoteKeys, type RemoteKeysOptions, readKeySet } from './remote-keys.js';

const { publicKey } = rsaPair();
const next = rsaPair().publicKey;
const setOf = (...keys: object[]): string => JSON.stringify({ keys });

let server: WebServer;
let log: string[];
const made: RemoteKeys[] = [];
beforeEach(async () => {
  log = [];
  server = await WebServer.start();
  server.answer = answering(200, setOf(jwkOf(publicKey, 'one')));
});
afterEach(async () => {
  for (const keys of made.splice(0)) keys.stop();
  await server.stop();
});

async function remote(options: Partial<RemoteKeysOptions> = {}): Promise<RemoteKeys> {
  const keys = new RemoteKeys({
    url: `${server.origin}/keys`,
    log: (level, text) => log.push(`${level}: ${text}`),
    ...options,
  });
  made.push(keys);
  await keys.start();
  return keys;
}
const count = async (keys: RemoteKeys, kid?: string, alg = 'RS256'): Promise<number> =>
  (await keys.candidates({ alg, kid })).length;

describe('a key', () => {
  it('that is new is found, and one that is gone is not', async () => {
    const keys = await remote({ cooldown: 0, cacheSeconds: 600 });
    server.answer = answering(200, setOf(jwkOf(next, 'two')));
    expect(await count(keys, 'two')).toBe(1);
    expect(await count(keys, 'one')).toBe(0);
  });

  it('that is old is fetched again before it is used', async () => {
    const keys = await remote({ cooldown: 0, cacheSeconds: 0 });
    server.answer = answering(200, setOf(jwkOf(next, 'two')));
    expect(await count(keys, 'one')).toBe(0);
  });

  it('is not asked for when no key could be used with the algorithm', async () => {
    const keys = await remote({ cooldown: 0 });
    expect(await count(keys, 'x', 'HS256')).toBe(0);
    expect(server.asked.length).toBe(1);
  });

  it('need not be named when there is one', async () => {
    expect(await count(await remote())).toBe(1);
  });
});

describe('known keys stay when the server', () => {
  it.each([
    ['says that it has an error', answering(500)],
    ['sends somewhere else', answering(302, '', { location: '/elsewhere' })],
    ['sends nonsense', answering(200, '<html>')],
    ['sends a set without keys', answering(200, setOf())],
    ['sends a list', answering(200, '[]')],
    ['sends null', answering(200, 'null')],
    ['sends megabytes', answering(200, 'x'.repeat(5_000_000))],
    ['hangs', () => {}],
    ['hangs up', (_: unknown, response: { destroy(): void }) => response.destroy()],
  ] as const)('%s', async (_, answer) => {
    const keys = await remote({ cooldown: 0, cacheSeconds: 0, timeout: 0.2 });
    server.answer = answer;
    expect(await count(keys, 'one')).toBe(1);
    expect(await count(keys, 'one')).toBe(1);
    expect(log).toEqual([expect.stringMatching(/^warning: .*those that are known stay/)]);
    expect(server.asked.map(({ url }) => url)).not.toContain('/elsewhere');
  });
});

describe('without any keys', () => {
  it('nobody can say what a token is worth, until they come', async () => {
    server.answer = answering(503);
    const keys = await remote({ cooldown: 0 });
    await expect(keys.candidates({ alg: 'RS256', kid: 'one' })).rejects.toThrow(KeysUnavailableError);
    server.answer = answering(200, setOf(jwkOf(publicKey, 'one')));
    expect(await count(keys, 'one')).toBe(1);
    expect(log.at(-1)).toMatch(/again/);
  });
});

describe('a set of keys', () => {
  it('has those that are for signatures, and nothing else', () => {
    const text = setOf(
      jwkOf(publicKey, 'good', { alg: 'RS256', use: 'sig' }),
      jwkOf(publicKey, 'for encryption', { use: 'enc' }),
      jwkOf(publicKey, 'for another algorithm', { alg: 'HS256' }),
      { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' },
      { kty: 'RSA', kid: 'empty' },
      jwkOf(rsaPair(1024).publicKey, 'weak'),
    );
    expect(readKeySet(text).map(({ kid, algorithms }) => [kid, algorithms])).toEqual([['good', ['RS256']]]);
  });

  it('is refused when it has too many', () => {
    expect(() => readKeySet(setOf(...Array(101).fill({})))).toThrow('at most 100');
  });
});
