import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MqttError } from '../protocol/index.js';
import { TopicNames } from './topic-names.js';

const encoder = new TextEncoder();

describe('topic names', () => {
  it('are the text of the bytes between start and end', () => {
    const names = new TopicNames();
    const bytes = encoder.encode('xxhäuser/1yy');
    expect(names.text(bytes, 2, bytes.length - 2)).toBe('häuser/1');
    expect(names.text(bytes, 2, bytes.length - 2)).toBe('häuser/1');
  });

  it('do not change when the bytes that they were read from do', () => {
    const names = new TopicNames();
    const bytes = encoder.encode('abc');
    expect(names.text(bytes, 0, 3)).toBe('abc');
    bytes.set(encoder.encode('xyz'));
    expect(names.text(bytes, 0, 3)).toBe('xyz');
    expect(names.text(encoder.encode('abc'), 0, 3)).toBe('abc');
  });

  it('are never mixed up, whatever they have in common', () => {
    const names = new TopicNames();
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'b', '/', 'ä'), minLength: 1, maxLength: 140 }),
      {
        minLength: 300,
        maxLength: 600,
      },
    );
    const property = fc.property(texts, (list) => {
      for (const text of [...list, ...list]) {
        const bytes = encoder.encode(text);
        expect(names.text(bytes, 0, bytes.length)).toBe(text);
      }
    });
    fc.assert(property, { numRuns: 20, seed: 1 });
  });

  it('with a wildcard, a null character or bytes that are not UTF-8 are malformed, each time', () => {
    const names = new TopicNames();
    for (const bytes of [
      ...['a/+', '#', 'a\0'].map((text) => encoder.encode(text)),
      Uint8Array.of(0xc3, 0x28),
    ])
      for (let i = 0; i < 2; i++) expect(() => names.text(bytes, 0, bytes.length)).toThrow(MqttError);
  });
});
