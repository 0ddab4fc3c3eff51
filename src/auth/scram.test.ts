// SCRAM against the example of RFC 7677, and against a client that is written here from RFC 5802: what it lets
// in, and everything that it must not.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthenticationExchange, AuthenticationStep, ClientInfo } from '../core/plugin.js';
import {
  type ScramCredentials,
  type ScramMechanism,
  type ScramOptions,
  scram,
  scramCredentials,
} from './scram.js';

const MECHANISMS: ScramMechanism[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
const digestOf = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const;

/** RFC 7677 section 3. */
const example = {
  password: 'pencil',
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  clientFirst: 'n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  withoutProof: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  verifier: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

const hmac = (digest: string, key: Uint8Array, text: string): Buffer =>
  createHmac(digest, key).update(text).digest();
const hash = (digest: string, bytes: Uint8Array): Buffer => createHash(digest).update(bytes).digest();
const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((byte, i) => byte ^ b[i]!));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (step: AuthenticationStep): string => Buffer.from(step.data ?? []).toString();

/** What a client may do differently. */
interface Variation {
  /** The start of the first message. */
  header?: string;
  /** How the user stands in the message. */
  name?: string;
  /** Changes the final message before the proof is made, so that the proof is right for it. */
  binding?: string;
  nonce?: (serverNonce: string) => string;
  /** Changes the final message after the proof was made. */
  tamper?: (final: string) => string;
}

interface Outcome {
  /** What the server accepted the client as. */
  username: string | undefined;
  /** Whether the server has proved that it knows the password too. */
  serverIsRight: boolean;
  serverFirst: string;
}

function exchangeOf(options: ScramOptions, mechanism: ScramMechanism): AuthenticationExchange {
  return scram(options).authenticationMethods![mechanism]!({} as ClientInfo);
}

/** The client of RFC 5802. Throws what the server throws. */
async function authenticate(
  exchange: AuthenticationExchange,
  mechanism: ScramMechanism,
  password: string,
  {
    header = 'n,,',
    name = 'user',
    binding,
    nonce = (given) => given,
    tamper = (final) => final,
  }: Variation = {},
): Promise<Outcome> {
  const digest = digestOf[mechanism];
  const clientFirst = `n=${name},r=clientnonce`;
  const challenge = await exchange.next(encode(header + clientFirst));
  expect(challenge.done).toBe(false);
  const serverFirst = decode(challenge);
  const [, serverNonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst)!;
  expect(serverNonce!.startsWith('clientnonce')).toBe(true);
  expect(serverNonce!.length).toBeGreaterThan('clientnonce'.length + 16);
  const length = digest === 'sha256' ? 32 : 64;
  const salted = pbkdf2Sync(password, Buffer.from(salt!, 'base64'), Number(iterations), length, digest);
  const withoutProof = `c=${binding ?? Buffer.from(header).toString('base64')},r=${nonce(serverNonce!)}`;
  const message = `${clientFirst},${serverFirst},${withoutProof}`;
  const clientKey = hmac(digest, salted, 'Client Key');
  const proof = xor(clientKey, hmac(digest, hash(digest, clientKey), message));
  const step = await exchange.next(encode(tamper(`${withoutProof},p=${proof.toString('base64')}`)));
  expect(step.done).toBe(true);
  const verifier = hmac(digest, hmac(digest, salted, 'Server Key'), message).toString('base64');
  return { username: step.username, serverIsRight: decode(step) === `v=${verifier}`, serverFirst };
}

async function serverWith(
  password = 'pencil',
  options: Partial<ScramOptions> & { iterations?: number } = {},
): Promise<ScramOptions> {
  const { iterations = 4096, ...rest } = options;
  const credentials = new Map<ScramMechanism, ScramCredentials>();
  for (const mechanism of MECHANISMS)
    credentials.set(mechanism, await scramCredentials(password, { mechanism, iterations }));
  return {
    find: (username, mechanism) => (username === 'user' ? credentials.get(mechanism) : undefined),
    ...rest,
  };
}

describe('the credentials of a password', () => {
  it('are those of the example in RFC 7677: its proof fits them, and its server signature', async () => {
    const salt = Buffer.from(example.salt, 'base64');
    const { storedKey, serverKey, iterations } = await scramCredentials(example.password, { salt });
    expect(iterations).toBe(4096);
    const message = `${example.clientFirst},${example.serverFirst},${example.withoutProof}`;
    const clientKey = xor(Buffer.from(example.proof, 'base64'), hmac('sha256', storedKey, message));
    expect(hash('sha256', clientKey)).toEqual(Buffer.from(storedKey));
    expect(hmac('sha256', serverKey, message).toString('base64')).toBe(example.verifier);
  });

  it('have another salt each time, and do not contain the password', async () => {
    const [one, two] = [await scramCredentials('pencil'), await scramCredentials('pencil')];
    expect(one.salt).not.toEqual(two.salt);
    expect(one.storedKey).not.toEqual(two.storedKey);
    for (const value of [one.salt, one.storedKey, one.serverKey])
      expect(Buffer.from(value).includes('pencil')).toBe(false);
  });

  it('are the same for passwords that look the same (RFC 4013)', async () => {
    const salt = new Uint8Array(16);
    const [composed, decomposed] = [
      await scramCredentials('\u00e9', { salt }),
      await scramCredentials('e\u0301', { salt }),
    ];
    expect(composed.storedKey).toEqual(decomposed.storedKey);
  });
});

describe.each(MECHANISMS)('%s', (mechanism) => {
  it('lets in who knows the password, and proves that the server knows it too', async () => {
    const exchange = exchangeOf(await serverWith(), mechanism);
    const { username, serverIsRight } = await authenticate(exchange, mechanism, 'pencil');
    expect([username, serverIsRight]).toEqual(['user', true]);
  });

  it('takes the iterations from the credentials', async () => {
    const exchange = exchangeOf(await serverWith('pencil', { iterations: 10_000 }), mechanism);
    const { serverFirst, serverIsRight } = await authenticate(exchange, mechanism, 'pencil');
    expect(serverFirst).toMatch(/,i=10000$/);
    expect(serverIsRight).toBe(true);
  });

  it('waits for credentials that come later', async () => {
    const { find, ...rest } = await serverWith();
    const later = { ...rest, find: async (...args: Parameters<typeof find>) => find(...args) };
    expect((await authenticate(exchangeOf(later, mechanism), mechanism, 'pencil')).username).toBe('user');
  });

  it.each<[string, string, Variation]>([
    ['a wrong password', 'pen', {}],
    ['an empty password', '', {}],
    ['a user who does not exist', 'pencil', { name: 'nobody' }],
    ['a nonce that is not the one it sent', 'pencil', { nonce: (given) => `${given}x` }],
    ['a nonce without its own part', 'pencil', { nonce: () => 'clientnonce' }],
    ['a binding to another header', 'pencil', { binding: Buffer.from('y,,').toString('base64') }],
    ['no binding', 'pencil', { binding: '' }],
    ['a proof that was cut', 'pencil', { tamper: (final) => final.slice(0, -8) }],
    ['no proof', 'pencil', { tamper: (final) => final.slice(0, final.lastIndexOf(',p=')) }],
    ['an empty proof', 'pencil', { tamper: (final) => `${final.slice(0, final.lastIndexOf(',p='))},p=` }],
    [
      'an extension after the proof was made',
      'pencil',
      { tamper: (final) => final.replace(',p=', ',x=1,p=') },
    ],
    ['an empty final message', 'pencil', { tamper: () => '' }],
    ['a final message that is no text', 'pencil', { tamper: () => '\ufffd\ufffd' }],
    ['another identity than the user (RFC 5802 section 5.1)', 'pencil', { header: 'n,a=admin,' }],
  ])('refuses %s', async (_what, password, variation) => {
    const exchange = exchangeOf(await serverWith(), mechanism);
    await expect(authenticate(exchange, mechanism, password, variation)).rejects.toThrow();
    await expect(async () => exchange.next(encode('c=biws,r=clientnonce,p='))).rejects.toThrow();
  });

  it.each([
    ['channel binding, which is not offered', 'p=tls-exporter,,n=user,r=abc'],
    ['an unknown flag', 'x,,n=user,r=abc'],
    ['no header', 'n=user,r=abc'],
    ['no user', 'n,,r=abc'],
    ['no nonce', 'n,,n=user'],
    ['an empty nonce', 'n,,n=user,r='],
    ['an extension that must be understood', 'n,,m=ext,n=user,r=abc'],
    ['a name that is not encoded', 'n,,n=us=er,r=abc'],
    ['nothing', ''],
  ])('refuses a first message with %s', async (_what, first) => {
    const exchange = exchangeOf(await serverWith(), mechanism);
    await expect(async () => exchange.next(encode(first))).rejects.toThrow();
  });

  it('refuses a missing first message', async () => {
    await expect(async () => exchangeOf(await serverWith(), mechanism).next(undefined)).rejects.toThrow();
  });

  it('lets in a client that could bind to a channel and sees that the server cannot', async () => {
    const exchange = exchangeOf(await serverWith(), mechanism);
    expect((await authenticate(exchange, mechanism, 'pencil', { header: 'y,,' })).username).toBe('user');
  });

  it('lets in a client that names itself twice', async () => {
    const exchange = exchangeOf(await serverWith(), mechanism);
    expect((await authenticate(exchange, mechanism, 'pencil', { header: 'n,a=user,' })).username).toBe(
      'user',
    );
  });

  it('knows users whose names have commas and equals signs', async () => {
    const { find } = await serverWith();
    const asked: string[] = [];
    const options: ScramOptions = {
      find: (username, wanted) => {
        asked.push(username);
        return find('user', wanted);
      },
    };
    const { username } = await authenticate(exchangeOf(options, mechanism), mechanism, 'pencil', {
      name: 'a=2Cb=3D2C',
    });
    expect([username, asked]).toEqual(['a,b=2C', ['a,b=2C']]);
  });

  it('cannot be entered with what was heard of an earlier exchange', async () => {
    const options = await serverWith();
    let heard = '';
    await authenticate(exchangeOf(options, mechanism), mechanism, 'pencil', {
      tamper: (final) => {
        heard = final;
        return final;
      },
    });
    const replay = exchangeOf(options, mechanism);
    await replay.next(encode('n,,n=user,r=clientnonce'));
    await expect(async () => replay.next(encode(heard))).rejects.toThrow();
  });

  it('makes a new nonce each time', async () => {
    const options = await serverWith();
    const nonces = new Set<string>();
    for (let i = 0; i < 20; i++)
      nonces.add(decode(await exchangeOf(options, mechanism).next(encode('n,,n=user,r=clientnonce'))));
    expect(nonces.size).toBe(20);
  });

  it('does not say whether a user exists: salt and iterations look the same, and stay the same', async () => {
    const options = await serverWith('pencil', { iterations: 10_000, secret: new Uint8Array(32).fill(7) });
    const plugin = scram(options);
    const first = async (name: string, of = plugin): Promise<string> => {
      const exchange = of.authenticationMethods![mechanism]!({} as ClientInfo);
      return decode(await exchange.next(encode(`n,,n=${name},r=clientnonce`))).replace(/^r=[^,]+,/, '');
    };
    const real = await first('user');
    const [decoy, again, other] = [await first('nobody'), await first('nobody'), await first('nobody2')];
    expect(decoy).toBe(again);
    expect(decoy).not.toBe(other);
    expect(decoy.length).toBe(real.length);
    expect(decoy.slice(decoy.indexOf(',i='))).toBe(real.slice(real.indexOf(',i=')));
    // and with the same secret after a restart
    const restarted = scram(options);
    await first('user', restarted);
    expect(await first('nobody', restarted)).toBe(decoy);
  });
});

describe('the plugin', () => {
  it('offers both mechanisms unless told otherwise', async () => {
    expect(Object.keys(scram(await serverWith()).authenticationMethods!)).toEqual(MECHANISMS);
    const one = scram(await serverWith('pencil', { mechanisms: ['SCRAM-SHA-512'] }));
    expect(Object.keys(one.authenticationMethods!)).toEqual(['SCRAM-SHA-512']);
  });

  it('asks for the credentials of the mechanism that is used', async () => {
    const options = await serverWith();
    for (const mechanism of MECHANISMS)
      expect((await authenticate(exchangeOf(options, mechanism), mechanism, 'pencil')).serverIsRight).toBe(
        true,
      );
  });
});
