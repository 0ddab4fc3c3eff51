import { describe, expect, it } from 'vitest';
import { ClientError } from './errors.js';
import { type ClientOptions, MAX_PACKET_SIZE, NEVER, parseUrl, settingsOf } from './options.js';

const settings = (options: ClientOptions = {}) => settingsOf(options, () => 'abcdefghijklmnopqrstuvwxyz');

/** Options as a program without types may write them. */
function invalid(options: object): ClientError {
  try {
    settings(options as ClientOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ code: 'invalid' });
    return error as ClientError;
  }
  throw new Error(`${JSON.stringify(options)} was taken`);
}

describe('a URL', () => {
  it.each([
    ['mqtt://h', { protocol: 'mqtt', host: 'h', port: 1883 }],
    ['tcp://h', { protocol: 'mqtt', host: 'h', port: 1883 }],
    ['mqtts://h', { protocol: 'mqtts', port: 8883 }],
    ['ssl://h', { protocol: 'mqtts', port: 8883 }],
    ['tls://h:99', { protocol: 'mqtts', port: 99 }],
    ['ws://h', { protocol: 'ws', port: 80, path: '/mqtt' }],
    ['ws://h/', { protocol: 'ws', path: '/mqtt' }],
    ['wss://h/a/b?c=d', { protocol: 'wss', port: 443, path: '/a/b?c=d' }],
    ['ws://h:80/x', { protocol: 'ws', port: 80, path: '/x' }],
    ['mqtt://[::1]:7', { host: '::1', port: 7 }],
    ['mqtt://u:p@h', { username: 'u', password: 'p' }],
    ['mqtt://u@h', { username: 'u', password: undefined }],
    ['mqtt://a%40b:c%3Ad@h', { username: 'a@b', password: 'c:d' }],
    ['unix:///var/run/my%20socket', { protocol: 'unix', path: '/var/run/my socket' }],
    ['MQTT://Example.COM', { protocol: 'mqtt' }],
  ])('%s says where the server is', (url, parts) => {
    expect(parseUrl(url)).toMatchObject(parts);
  });

  it.each([
    '',
    'h',
    'h:1883',
    '://h',
    'http://h',
    'mqtt://h:99999',
    'mqtt://h:x',
    'constructor://h',
    'mqtt://%ff@h',
    'unix:///%ff',
    'unix://',
  ])('%j is refused as invalid', (url) => {
    expect(invalid({ url })).toBeInstanceOf(ClientError);
  });

  it('may be one of several, each a target; the first has the user', () => {
    const { targets, username, password } = settings({ url: ['mqtt://u:p@a', 'mqtts://b'] });
    expect(targets).toMatchObject([
      { protocol: 'mqtt', host: 'a' },
      { protocol: 'mqtts', host: 'b' },
    ]);
    expect([username, password]).toEqual(['u', 'p']);
  });

  it('gives way to a user name and password that are options', () => {
    expect(settings({ url: 'mqtt://u:p@a', username: 'x', password: 'y' })).toMatchObject({
      username: 'x',
      password: 'y',
    });
  });
});

describe('options', () => {
  it('have defaults', () => {
    expect(settings()).toMatchObject({
      targets: [{ protocol: 'mqtt', host: 'localhost', port: 1883 }],
      version: 5,
      mayFallBack: true,
      cleanStart: true,
      sessionExpiryInterval: 0,
      keepAlive: 60,
      connectTimeout: 30_000,
      reconnect: { minDelay: 200, maxDelay: 30_000, jitter: 0.5, maxAttempts: Number.POSITIVE_INFINITY },
      queue: { maxMessages: 100_000, maxBytes: 64 * 1024 * 1024, qos0: true },
      maxInflight: 1000,
      receiveMaximum: 1000,
      maximumPacketSize: MAX_PACKET_SIZE,
      topicAliasMaximum: 0,
    });
    expect(settings({ protocol: 'wss', host: 'h' }).targets).toMatchObject([{ port: 443, path: '/mqtt' }]);
  });

  it('[MQTT3-3.1.3-5] make a client identifier that every server must take', () => {
    expect(settings().clientId).toMatch(/^[0-9a-zA-Z]{1,23}$/);
  });

  it('keep the session for ever without cleanStart, unless they say otherwise', () => {
    expect(settings({ cleanStart: false, clientId: 'c' }).sessionExpiryInterval).toBe(NEVER);
    expect(
      settings({ cleanStart: false, clientId: 'c', sessionExpiryInterval: 5 }).sessionExpiryInterval,
    ).toBe(5);
  });

  it('do not fall back from a version that was asked for, nor from enhanced authentication', () => {
    const authentication = { method: 'M', start: () => ({}) as never };
    expect(settings({ version: 5 }).mayFallBack).toBe(false);
    expect(settings({ authentication }).mayFallBack).toBe(false);
  });

  it('can switch reconnecting off', () => {
    expect(settings({ reconnect: false }).reconnect).toBe(false);
  });

  const numbers: [name: string, low: number, high: number][] = [
    ['port', 0, 65_535],
    ['keepAlive', 0, 65_535],
    ['sessionExpiryInterval', 0, NEVER],
    ['connectTimeout', 1, 0x7fff_ffff],
    ['maxInflight', 1, 65_535],
    ['receiveMaximum', 1, 65_535],
    ['maximumPacketSize', 1, NEVER],
    ['topicAliasMaximum', 0, 65_535],
  ];
  it.each(numbers)('%s is a whole number from %i to %i', (name, low, high) => {
    for (const value of [low, high]) expect(() => settings({ [name]: value })).not.toThrow();
    for (const value of [low - 1, high + 1, low + 0.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null, {}])
      expect(invalid({ [name]: value }).message).toContain(name);
  });

  it.each([
    { version: 6 },
    { version: '5' },
    { version: 0 },
    { protocol: 'http' },
    { protocol: 'toString' },
    { will: { topic: '' } },
    { will: { topic: 'a/#' } },
    { will: { topic: 'a', qos: 3 } },
    { version: 4, authentication: { method: 'M', start: () => ({}) } },
    { cleanStart: false },
    { cleanStart: false, clientId: '' },
  ])('%j is refused', (options) => {
    expect(invalid(options).code).toBe('invalid');
  });

  it.each([
    { reconnect: { minDelay: Number.NaN } },
    { reconnect: { minDelay: -1 } },
    { reconnect: { maxDelay: '5' } },
    { reconnect: { jitter: 2 } },
    { reconnect: { maxAttempts: -1 } },
  ])('%j is refused: it would make attempts without a pause, or none', (options) => {
    expect(invalid(options).message).toContain(Object.keys(options.reconnect)[0]!);
  });

  it.each([
    { queue: { maxMessages: Number.NaN } },
    { queue: { maxMessages: -1 } },
    { queue: { maxBytes: 'x' } },
  ])('%j is refused: it would be no limit', (options) => {
    expect(invalid(options).message).toContain(Object.keys(options.queue)[0]!);
  });
});
