import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AuthenticationExchange } from './authentication.js';
import { type ScramClientOptions, scram } from './scram.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

afterEach(() => vi.restoreAllMocks());

/** What an honest server of `password` says, or one that cheats. */
class Server {
  readonly #digest: 'sha256' | 'sha512';
  readonly #password: string;
  #clientFirst = '';
  #serverFirst = '';
  salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  iterations = 4096;

  constructor(password: string, digest: 'sha256' | 'sha512' = 'sha256') {
    this.#password = password;
    this.#digest = digest;
  }

  first(data: Uint8Array | undefined): Uint8Array {
    this.#clientFirst = text(data).slice('n,,'.length);
    const nonce = /r=(.*)$/.exec(this.#clientFirst)![1];
    this.#serverFirst = `r=${nonce}server,s=${this.salt.toString('base64')},i=${this.iterations}`;
    return bytes(this.#serverFirst);
  }

  #hmac(key: Uint8Array, what: string): Buffer {
    return createHmac(this.#digest, key).update(what).digest();
  }

  /** Whether the proof is right, and the server's own. */
  final(data: Uint8Array | undefined): { isRight: boolean; answer: Uint8Array } {
    const [withoutProof, proof] = text(data).split(',p=');
    const length = this.#digest === 'sha256' ? 32 : 64;
    const salted = pbkdf2Sync(this.#password, this.salt, this.iterations, length, this.#digest);
    const message = `${this.#clientFirst},${this.#serverFirst},${withoutProof}`;
    const clientKey = this.#hmac(salted, 'Client Key');
    const signature = this.#hmac(createHash(this.#digest).update(clientKey).digest(), message);
    const wanted = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!)).toString('base64');
    const answer = bytes(`v=${this.#hmac(this.#hmac(salted, 'Server Key'), message).toString('base64')}`);
    return { isRight: proof === wanted, answer };
  }
}

function exchange(options: Partial<ScramClientOptions> = {}): AuthenticationExchange {
  return scram({ username: 'user', password: 'pencil', ...options }).start();
}

async function finish(one: AuthenticationExchange, data: Uint8Array | undefined): Promise<void> {
  await one.finish(data);
}

describe('SCRAM', () => {
  it('computes the proof and the signature of RFC 7677 section 3 for SCRAM-SHA-256', async () => {
    // 18 bytes of nonce make 24 characters, the vector has 20: the alphabet takes both
    vi.spyOn(globalThis, 'btoa').mockReturnValueOnce('rOprNGfwEbeRWgbNEkqO');
    const one = exchange();
    expect(text(await one.first())).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const final = await one.next(bytes(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`));
    expect(text(final)).toBe(`c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`);
    await one.finish(bytes('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='));
  });

  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    '%s convinces a server that knows the user',
    async (mechanism) => {
      const one = exchange({ mechanism });
      const server = new Server('pencil', mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512');
      const { isRight, answer } = server.final(await one.next(server.first(await one.first())));
      expect(isRight).toBe(true);
      await one.finish(answer);
    },
  );

  it('has the name of its mechanism, and another nonce each time', async () => {
    expect(scram({ username: 'u', password: 'p' }).method).toBe('SCRAM-SHA-256');
    expect(scram({ username: 'u', password: 'p', mechanism: 'SCRAM-SHA-512' }).method).toBe('SCRAM-SHA-512');
    const authenticator = scram({ username: 'u', password: 'p' });
    expect(text(await authenticator.start().first())).not.toBe(text(await authenticator.start().first()));
  });

  it('writes `,` and `=` in a name so that they do not end it', async () => {
    expect(text(await exchange({ username: 'a=b,c' }).first())).toMatch(/^n,,n=a=3Db=2Cc,r=/);
  });

  it('shows a server that has another password, and never the password', async () => {
    const one = exchange();
    const server = new Server('pen');
    const final = await one.next(server.first(await one.first()));
    expect(server.final(final).isRight).toBe(false);
    expect(text(final)).not.toContain('pencil');
  });
});

describe('a server that cheats is not trusted:', () => {
  const cheats: [string, (clientFirst: string) => string][] = [
    ['a nonce that is not ours', () => 'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
    [
      'our nonce with nothing added',
      (first) => `${/r=.*/.exec(first)![0]},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
    ],
    ['too few iterations', (first) => `${/r=.*/.exec(first)![0]}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1`],
    ['too many iterations', (first) => `${/r=.*/.exec(first)![0]}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999`],
    [
      'iterations that are no number',
      (first) => `${/r=.*/.exec(first)![0]}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=many`,
    ],
    ['a part of an iteration', (first) => `${/r=.*/.exec(first)![0]}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096.5`],
    ['a salt that is not base64', (first) => `${/r=.*/.exec(first)![0]}x,s=!!!,i=4096`],
    ['no salt', (first) => `${/r=.*/.exec(first)![0]}x,i=4096`],
    [
      'an extension that must be understood (RFC 5802 section 5.1)',
      (first) => `m=new,${/r=.*/.exec(first)![0]}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
    ],
    ['nothing', () => ''],
  ];
  it.each(cheats)('%s', async (_, cheat) => {
    const one = exchange();
    const first = text(await one.first());
    await expect(Promise.resolve(one.next(bytes(cheat(first))))).rejects.toThrow();
  });

  it('a signature of somebody who does not know the user', async () => {
    const one = exchange();
    const server = new Server('pencil');
    await one.next(server.first(await one.first()));
    for (const wrong of ['v=AAAA', 'v=', '', 'e=other-error'])
      await expect(finish(one, bytes(wrong))).rejects.toMatchObject({ code: 'protocol' });
    await expect(finish(one, undefined)).rejects.toMatchObject({ code: 'protocol' });
  });

  it('success before the exchange is over', async () => {
    const one = exchange();
    await one.first();
    for (const early of [undefined, bytes(''), bytes('v=')])
      await expect(finish(one, early)).rejects.toMatchObject({ code: 'protocol' });
  });

  it('a second challenge, which could try passwords', async () => {
    const one = exchange();
    const server = new Server('pencil');
    const challenge = server.first(await one.first());
    await one.next(challenge);
    await expect(Promise.resolve(one.next(challenge))).rejects.toThrow(/once more/);
  });
});
