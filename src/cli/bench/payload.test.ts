// Payloads, their templates and time stamps, and topics from templates.
import { describe, expect, it } from 'vitest';
import type { BenchConfig, PayloadPlan } from './config.js';
import { payloadsOf } from './payload.js';
import { hasPlaceholder, payloadTemplate } from './payload-template.js';
import { isStamped, stampOf } from './stamp.js';
import { fillFor, topicsOf } from './topic-template.js';

const who = { index: 7, clientId: 'bench-7', username: 'u7' };

function payloads(payload: PayloadPlan, qos = 0) {
  const make = payloadsOf({ payload, qos, run: 42 } as BenchConfig);
  return (number: number, at = 1.5): Buffer => make(who, number, 'a/b', at) as Buffer;
}

describe('a payload of a size', () => {
  it.each([0, 1, 23])('of %d bytes has no room for a time stamp', (size) => {
    const payload = payloads({ kind: 'sized', size })(1);
    expect(payload).toHaveLength(size);
    expect(isStamped(payload)).toBe(false);
  });

  it.each([
    [24, 0],
    [256, 1],
    [100_000, 0],
  ])('of %d bytes with QoS %d begins with a time stamp', (size, qos) => {
    const payload = payloads({ kind: 'sized', size }, qos)(3, 123.25);
    expect(payload).toHaveLength(size);
    expect(isStamped(payload)).toBe(true);
    expect([stampOf.run, stampOf.index, stampOf.number, stampOf.time].map((read) => read(payload))).toEqual([
      42, 7, 3, 123.25,
    ]);
  });

  it.each([
    ['the same memory where the client copies it at once', 256, 0, true],
    ['memory of its own with QoS 1', 256, 1, false],
    ['memory of its own when it is large', 20_000, 0, false],
  ])('is %s', (_, size, qos, isSame) => {
    const next = payloads({ kind: 'sized', size }, qos);
    expect(next(0) === next(1)).toBe(isSame);
  });
});

describe('a payload from a text', () => {
  it('is the text', () => {
    expect(payloads({ kind: 'bytes', bytes: Buffer.from('é{}') })(0).toString()).toBe('é{}');
  });

  it.each<[string, RegExp]>([
    ['{"i":{{i}},"n":{{n}}}', /^\{"i":7,"n":3\}$/],
    ['{{ clientid }} {{username}} {{topic}}', /^bench-7 u7 a\/b$/],
    ['{{time}}', /^\d{13}$/],
    ['{{iso}}', /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/],
    ['{{uuid}}', /^[\da-f-]{36}$/],
    ['{{random 5 5}}|{{random 1 9}}', /^5\|[1-9]$/],
    ['{{float -1 1}}', /^-?[01]\.\d\d$/],
    ['{{text 12}}', /^[a-z0-9]{12}$/],
  ])('fills in %s', (text, expected) => {
    expect(hasPlaceholder(text)).toBe(true);
    expect(payloads({ kind: 'template', text })(3).toString()).toMatch(expected);
  });

  it.each([
    ['{{}}', /there is no placeholder \{\{\}\}/],
    ['{{toString}}', /there is no placeholder/],
    ['{{random 1}}', /write \{\{random A B\}\}: whole number/],
    ['{{random 9 1}}', /is wrong/],
    ['{{text x}}', /write \{\{text A\}\}/],
    ['{{i 1}}', /write \{\{i\}\}/],
  ])('refuses %s', (text, expected) => expect(() => payloadTemplate(text)).toThrow(expected));

  it('has no placeholder in plain JSON', () => expect(hasPlaceholder('{"a":{"b":{}}}')).toBe(false));
});

describe('a topic template', () => {
  it.each([
    ['dev/%i/%c/%u', 'dev/7/bench-7/u7'],
    ['$share/g/t/%i', '$share/g/t/7'],
    ['%x/%', '%x/%'],
  ])('%s is %s', (template, topic) => {
    expect(fillFor(template, who)).toBe(topic);
    expect(topicsOf(template, who)(5)).toBe(topic);
  });

  it('has the number of the message', () => expect(topicsOf('%i/%n/%n', who)(5)).toBe('7/5/5'));
});
