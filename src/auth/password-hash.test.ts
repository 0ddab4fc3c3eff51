// Password hashes: those that Mosquitto and the reference implementation of argon2 made, what Mosquitto's broker
// was seen to read and to refuse, the bounds, and how many verifications run at the same time.
import { createHash, pbkdf2Sync } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  atoi,
  checkPasswordHash,
  decodePasswordHash,
  type HashType,
  hashPassword,
  loadArgon2,
  PasswordHashError,
  PasswordVerifier,
  VerifierBusyError,
} from './password-hash.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

const salt12 = Buffer.from('000000000000');
const hash10 = base64(pbkdf2Sync('p', salt12, 10, 64, 'sha512'));
const salt = base64(salt12);
const pbkdf2Line = (iterations: string, saltText = salt, hash = hash10): string =>
  `$7$${iterations}$${saltText}$${hash}`;
const withSalt = (length: number): string => {
  const one = Buffer.alloc(length, 1);
  return pbkdf2Line('10', base64(one), base64(pbkdf2Sync('p', one, 10, 64, 'sha512')));
};
const sha512Line = `$6$${salt}$${base64(createHash('sha512').update('p').update(salt12).digest())}`;

/** argon2id of `password` with the salt `somesalt`, from the tests of the reference implementation. */
const ARGON2_HASH = '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7';
const argon2Line = (cost = 'v=19$m=65536,t=2,p=1', saltText = 'c29tZXNhbHQ'): string =>
  `$argon2id$${cost}$${saltText}$${Buffer.from(ARGON2_HASH, 'hex').toString('base64').replace('=', '')}`;

const verify = (encoded: string, password: string): Promise<boolean> =>
  new PasswordVerifier().verify(encoded, bytes(password));

afterEach(() => {
  vi.useRealTimers();
});

describe('a password that is hashed', () => {
  const shapes: readonly (readonly [HashType, RegExp])[] = [
    ['sha512-pbkdf2', /^\$7\$1000\$[A-Za-z0-9+/]{86}==\$[A-Za-z0-9+/]{86}==$/],
    ['sha512', /^\$6\$[A-Za-z0-9+/]{86}==\$[A-Za-z0-9+/]{86}==$/],
    ['argon2id', /^\$argon2id\$v=19\$m=47104,t=1,p=1\$[A-Za-z0-9+/]{86}\$[A-Za-z0-9+/]{86}$/],
  ];

  it.each(shapes)('with %s looks as Mosquitto writes it, and is verified', async (type, shape) => {
    const encoded = await hashPassword(type, bytes('sécret'));
    expect(encoded).toMatch(shape);
    expect(decodePasswordHash(encoded).type).toBe(type);
    expect(await verify(encoded, 'sécret')).toBe(true);
    expect(await verify(encoded, 'secret')).toBe(false);
    expect(await verify(encoded, '')).toBe(false);
  });

  it.each(shapes)('with %s twice gives two hashes', async (type) => {
    expect(await hashPassword(type, bytes('p'))).not.toBe(await hashPassword(type, bytes('p')));
  });

  it('has the iterations that are asked for', async () => {
    expect(await hashPassword('sha512-pbkdf2', bytes('p'), 7)).toMatch(/^\$7\$7\$/);
    await expect(hashPassword('sha512-pbkdf2', bytes('p'), 0)).rejects.toThrow('must be 1 or more');
    await expect(hashPassword('sha512-pbkdf2', bytes('p'), 5_000_001)).rejects.toThrow('too many');
  });
});

describe('a hash that Mosquitto reads', () => {
  it.each([
    ['of sha512', sha512Line],
    ['of sha512-pbkdf2', pbkdf2Line('10')],
    ['with a salt of 64 bytes', withSalt(64)],
    ['with text after the iterations', pbkdf2Line('10x')],
    ['with a blank and a sign before the iterations', pbkdf2Line(' +10')],
    ['with iterations beyond 32 bits', pbkdf2Line('4294967306')],
    ['with dollar signs too many', `$7$$10$$${salt}$$${hash10}`],
    ['with more at the end', `${pbkdf2Line('10')}$x`],
    ['with a blank in its base64', pbkdf2Line('10', salt, `${hash10.slice(0, 40)} ${hash10.slice(40)}`)],
    [
      'with bits that do not count',
      pbkdf2Line(
        '10',
        salt,
        hash10.replace(/.==$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}==`),
      ),
    ],
  ])('%s is read', async (_what, encoded) => {
    expect(() => checkPasswordHash(encoded)).not.toThrow();
    expect(await verify(encoded, 'p')).toBe(true);
    expect(await verify(encoded, 'q')).toBe(false);
  });
});

describe('a hash that Mosquitto refuses', () => {
  it.each([
    ['plain text', 'secret'],
    ['nothing', ''],
    ['a dollar sign', '$'],
    ['an unknown kind', `$5$${salt}$${hash10}`],
    ['argon2i', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$AAAA'],
    ['no parts', '$7$'],
    ['no hash', `$6$${salt}`],
    ['no salt', `$6$$${hash10}`],
    ['a short salt', '$6$a$b'],
    ['no iterations', pbkdf2Line('0')],
    ['negative iterations', pbkdf2Line('-1')],
    ['iterations that are no number', pbkdf2Line('x')],
    ['iterations that are negative in 32 bits', pbkdf2Line('2147483648')],
    ['a salt of 13 bytes', withSalt(13)],
    ['a salt of 16 bytes', withSalt(16)],
    ['a hash without padding', pbkdf2Line('10', salt, hash10.replace(/=+$/, ''))],
    ['a hash with padding that is short', pbkdf2Line('10', salt, hash10.slice(0, -1))],
    ['a hash that is long', pbkdf2Line('10', salt, `${hash10}AAAA`)],
    ['a hash with padding that is long', pbkdf2Line('10', salt, `${hash10}=`)],
    ['a hash with a letter that is not of base64', pbkdf2Line('10', salt, `!${hash10.slice(1)}`)],
    ['a hash in the base64 of URLs', pbkdf2Line('10', salt, `-_${hash10.slice(2)}`)],
    ['a hash of 65,000 letters', pbkdf2Line('10', salt, 'A'.repeat(65_000))],
  ])('is refused: %s', (_what, encoded) => {
    expect(() => decodePasswordHash(encoded)).toThrow(PasswordHashError);
    expect(() => checkPasswordHash(encoded)).toThrow(PasswordHashError);
  });

  it('is not shown in the error', () => {
    expect(() => decodePasswordHash('secret')).toThrow('the password is not hashed');
    expect(() => decodePasswordHash('$9$secret')).toThrow(/^(?!.*secret)/);
  });
});

describe('an argon2id hash', () => {
  it('of the reference implementation is verified', async () => {
    expect(await verify(argon2Line(), 'password')).toBe(true);
    expect(await verify(argon2Line(), 'Password')).toBe(false);
  });

  it('without a version is of version 16, and so another one', async () => {
    expect(await verify(argon2Line('m=64,t=2,p=1'), 'password')).toBe(false);
  });

  it.each([
    ['too much memory', argon2Line('v=19$m=262145,t=1,p=1')],
    ['memory that no number holds', argon2Line('v=19$m=99999999999999999999,t=1,p=1')],
    ['too many passes over much memory', argon2Line('v=19$m=262144,t=17,p=1')],
    ['too many passes', argon2Line('v=19$m=8,t=4294967295,p=1')],
    ['too many lanes', argon2Line('v=19$m=65536,t=1,p=17')],
    ['no lanes', argon2Line('v=19$m=65536,t=1,p=0')],
    ['no passes', argon2Line('v=19$m=65536,t=0,p=1')],
    ['too little memory', argon2Line('v=19$m=7,t=1,p=1')],
    ['an unknown version', argon2Line('v=20$m=65536,t=1,p=1')],
    ['a salt that is too short', argon2Line(undefined, 'c29tZXNh')],
    ['a salt that is too long', argon2Line(undefined, 'A'.repeat(180))],
    ['a salt that no bytes give', argon2Line(undefined, 'c29tZXNhbHQAA')],
    ['more parameters', argon2Line('v=19$m=65536,t=2,p=1,keyid=AAAA')],
    ['nothing else', '$argon2id$'],
  ])('is refused with %s', (_what, encoded) => {
    expect(() => decodePasswordHash(encoded)).toThrow(PasswordHashError);
  });

  it('needs a package, which may be missing', () => {
    const missing = (): never => {
      throw Object.assign(new Error("Cannot find module '@node-rs/argon2'"), { code: 'MODULE_NOT_FOUND' });
    };
    expect(loadArgon2(missing)).toBeUndefined();
    expect(loadArgon2()?.hashRaw).toBeTypeOf('function');
  });
});

describe('the bound on iterations', () => {
  it('refuses what would hold logins up', () => {
    expect(() => decodePasswordHash(pbkdf2Line('5000000'))).not.toThrow();
    expect(() => decodePasswordHash(pbkdf2Line('5000001'))).toThrow('5000001 iterations are too many');
    expect(() => checkPasswordHash(pbkdf2Line('2147483647'))).toThrow(PasswordHashError);
  });
});

describe('atoi', () => {
  it.each([
    ['12', 12],
    ['12abc', 12],
    [' \t+7', 7],
    ['-3', -3],
    ['', 0],
    ['x', 0],
    ['+-1', 0],
    ['2147483647', 2_147_483_647],
    ['2147483648', -2_147_483_648],
    ['4294967297', 1],
    ['99999999999999999999', -1],
    ['-99999999999999999999', 0],
  ])('makes of %j what C makes of it: %d', (text, number) => {
    expect(atoi(text)).toBe(number);
  });
});

describe('a verifier', () => {
  const quick = pbkdf2Line('10');

  const slow = pbkdf2Line('200000');

  /** The order in which a slow verification and then three quick ones end. */
  async function orderOf(concurrency: number): Promise<string[]> {
    const verifier = new PasswordVerifier({ concurrency });
    const ended: string[] = [];
    const verifying = ['slow', 'first', 'second', 'third'].map((name) =>
      verifier.verify(name === 'slow' ? slow : quick, bytes('p')).then(() => ended.push(name)),
    );
    await Promise.all(verifying);
    return ended;
  }

  it('of one at a time takes them in their order', async () => {
    expect(await orderOf(1)).toEqual(['slow', 'first', 'second', 'third']);
  });

  it('of two at a time lets the others pass a slow one, one after the other', async () => {
    expect(await orderOf(2)).toEqual(['first', 'second', 'third', 'slow']);
  });

  it('refuses whom it has no place for in its queue', async () => {
    const verifier = new PasswordVerifier({ concurrency: 1, maxWaiting: 1 });
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => verifier.verify(quick, bytes('p'))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect((outcomes[2] as PromiseRejectedResult).reason).toBeInstanceOf(VerifierBusyError);
    expect(await verifier.verify(quick, bytes('p'))).toBe(true);
  });

  it('does not work for those who have waited too long', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const verifier = new PasswordVerifier({ concurrency: 1, maxWaitMs: 1000 });
    const outcomes = Promise.allSettled([1, 2, 3].map(() => verifier.verify(quick, bytes('p'))));
    vi.setSystemTime(Date.now() + 1001);
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await verifier.verify(quick, bytes('p'))).toBe(true);
  });

  it('goes on after a hash that cannot be read', async () => {
    const verifier = new PasswordVerifier({ concurrency: 1 });
    const outcomes = await Promise.allSettled([
      verifier.verify('$9$', bytes('p')),
      verifier.verify(quick, bytes('p')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('does not hold the event loop up', async () => {
    const verifying = verify(pbkdf2Line('300000'), 'p').then(() => 'verified');
    const turn = new Promise((resolve) => setImmediate(resolve, 'turn'));
    expect(await Promise.race([verifying, turn])).toBe('turn');
    expect(await verifying).toBe('verified');
  });
});
