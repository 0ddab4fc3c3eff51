// What addresses are counted as, and which networks they are in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKey, isWithin, networksProblem, parseNetworks } from './address.js';

describe('an address is counted as', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:DB8:0:1::', '2001:db8:0:1::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ])('%s: %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
    expect(addressKey(key)).toBe(key);
  });

  it('one, however many addresses of a /64 somebody uses, and as two in two of them', () => {
    expect(addressKey('2001:db8:0:1::1')).toBe(addressKey('2001:db8:0:1:ffff:ffff:ffff:ffff'));
    expect(addressKey('2001:db8:0:1::1')).not.toBe(addressKey('2001:db8:0:2::1'));
  });

  it.each([
    ...[
      '',
      'test',
      '/run/socket',
      '1.2.3',
      '1.2.3.256',
      '1.2.3.4.5',
      '1.2.3.4 ',
      ':',
      ':::',
      '1::2::3',
      'g::',
    ],
    ...['1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '12345::', '::1.2.3', '1.2.3.4::', ':1:2'],
  ])('nothing when it is none: %j', (text) => {
    expect(addressKey(text)).toBeUndefined();
  });

  it('nothing when it is far too long', () => {
    for (const text of ['0', ':', '1.', '::1']) expect(addressKey(text.repeat(100_000))).toBeUndefined();
  });

  it('something short, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const key = addressKey(address)!;
        expect(key.length).toBeLessThan(30);
        expect(addressKey(key)).toBe(key);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => (addressKey(text)?.length ?? 0) < 30));
  });
});

describe('a list of networks', () => {
  const networks = parseNetworks('192.0.2.0/25, 198.51.100.7  2001:db8::/33,127.0.0.0/8,::1');

  it.each([
    '192.0.2.0',
    '192.0.2.127',
    '::ffff:192.0.2.5',
    '198.51.100.7',
    '2001:db8:7fff::1',
    '127.9.9.9',
    '::1',
  ])('has %s', (address) => expect(isWithin(networks, address)).toBe(true));

  it.each(['192.0.2.128', '198.51.100.8', '2001:db8:8000::1', '::2', '128.0.0.1', 'test'])(
    'does not have %s',
    (address) => expect(isWithin(networks, address)).toBe(false),
  );

  it('may be everything, or nothing', () => {
    for (const address of ['1.2.3.4', '2001:db8::1']) {
      expect(isWithin(parseNetworks('::/0'), address)).toBe(true);
      expect(isWithin(parseNetworks(''), address)).toBe(false);
    }
    expect(isWithin(parseNetworks('0.0.0.0/0'), '2001:db8::1')).toBe(false);
    expect(isWithin(parseNetworks('0.0.0.0/0'), '203.0.113.9')).toBe(true);
  });

  it.each(['1.2.3.4/33', '::/129', '1.2.3.4/', '1.2.3.4/8/8', 'localhost', '1.2.3.4/-1', '1.2.3.4/1e1'])(
    'is told what is wrong with %s',
    (wrong) =>
      expect(networksProblem(`127.0.0.1, ${wrong}`)).toContain(`${JSON.stringify(wrong)} is no address`),
  );
});
