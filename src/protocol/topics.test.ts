// Topic names, filters and matching, with the examples of MQTT 5 section 4.7 and many more.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicFilter, topicName } from '../../fuzz/arbitraries.js';
import { reasonOf } from '../../fuzz/refusal.js';
import { ReasonCode } from './reason-codes.js';
import {
  DEFAULT_MAX_TOPIC_LEVELS,
  hasWildcard,
  isTopicFilter,
  isTopicName,
  parseTopicFilter,
  topicLevels,
  topicMatches,
} from './topics.js';

describe('a topic name', () => {
  it.each([
    'a',
    '/',
    '//',
    'a/b',
    '/finance',
    ' ',
    'Accounts payable',
    '$SYS/x',
    '$',
    'é/日/😀',
    'A',
    '\ufeff',
  ])('may be %j', (topic) => expect(isTopicName(topic)).toBe(true));

  it('has at least one character [MQTT-4.7.3-1]', () => expect(isTopicName('')).toBe(false));

  it('has no U+0000 [MQTT-4.7.3-2]', () => {
    for (const topic of ['\0', 'a\0', 'a/\0/b']) expect(isTopicName(topic)).toBe(false);
  });

  it.each(['+', '#', 'a/+', 'a/#', 'a+b', 'a#b', '/+/', '#/a'])(
    'has no wildcard anywhere: %j [MQTT-4.7.0-1]',
    (topic) => expect(isTopicName(topic)).toBe(false),
  );

  it('may have 65535 bytes [MQTT-4.7.3-3]', () => expect(isTopicName('x'.repeat(65_535))).toBe(true));
});

describe('a topic filter', () => {
  it.each([
    'a',
    '/',
    '#',
    '+',
    '/#',
    '/+',
    '+/',
    '+/#',
    '+/+',
    'a/+/b',
    'a/+/+/b/#',
    '+/tennis/#',
    'sport/tennis/player1/#',
    '$SYS/#',
    '//+//#',
    ' ',
  ])('may be %j', (filter) => expect(isTopicFilter(filter)).toBe(true));

  it.each(['a#', 'sport/tennis#', '#a', '##', '#/', '#/a', 'a/#/b', 'a/#/', '+#', '/#/'])(
    'has # only as its last level: not %j [MQTT-4.7.1-1]',
    (filter) => expect(isTopicFilter(filter)).toBe(false),
  );

  it.each(['a+', '+a', 'sport+', '++', 'a/b+/c', 'a/+b', '+/a+', '#+'])(
    'has + only as a whole level: not %j [MQTT-4.7.1-2]',
    (filter) => expect(isTopicFilter(filter)).toBe(false),
  );

  it('has at least one character and no U+0000 [MQTT-4.7.3-1] [MQTT-4.7.3-2]', () => {
    for (const filter of ['', '\0', 'a/\0/#', '+\0']) expect(isTopicFilter(filter)).toBe(false);
  });

  it('is told from one without wildcards', () => {
    expect(['a', 'a/b', '$SYS'].map(hasWildcard)).toEqual([false, false, false]);
    expect(['+', 'a/#', 'a/+/b'].map(hasWildcard)).toEqual([true, true, true]);
  });

  it('without wildcards is valid exactly where it is a topic name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '/', '+', '#', '\0', '$'), maxLength: 6 }),
        (text) => {
          expect(isTopicName(text)).toBe(isTopicFilter(text) && !hasWildcard(text));
        },
      ),
      { seed: 2, numRuns: 2000 },
    );
  });
});

describe('levels', () => {
  it.each([
    ['a', 1],
    ['/', 2],
    ['a/b', 2],
    ['//', 3],
    ['a/b/', 3],
  ])('of %j are %i', (topic, levels) => expect(topicLevels(topic)).toBe(levels));
});

/** With what parseTopicFilter refuses a text; undefined when it accepts it. */
function refusal(text: string, maxLevels?: number): number | undefined {
  return reasonOf(() => parseTopicFilter(text, maxLevels));
}

describe('the filter of a SUBSCRIBE', () => {
  it('without $share has no group', () => {
    for (const filter of [
      'a',
      '#',
      '$SYS/#',
      '$shared/g/a',
      '$SHARE/g/a',
      '/$share/g/a',
      '$share2/g',
      'a/$share/b',
    ]) {
      expect(parseTopicFilter(filter)).toEqual({ group: null, filter });
    }
  });

  it.each([
    ['$share/g/a', 'g', 'a'],
    ['$share/g/#', 'g', '#'],
    ['$share/g//', 'g', '/'],
    ['$share/g//finance', 'g', '/finance'],
    ['$share/consumer1/sport/tennis/+', 'consumer1', 'sport/tennis/+'],
    ['$share/ /a', ' ', 'a'],
    ['$share/$share/$share/g/a', '$share', '$share/g/a'],
    ['$share/é日/$SYS/#', 'é日', '$SYS/#'],
  ])('%j is the group %j with the filter %j [MQTT-4.8.2-1]', (text, group, filter) => {
    expect(parseTopicFilter(text)).toEqual({ group, filter });
  });

  it.each(['$share', '$share/', '$share//', '$share//a'])('%j has no share name [MQTT-4.8.2-1]', (text) => {
    expect(refusal(text)).toBe(ReasonCode.ProtocolError);
  });

  it.each(['$share/g', '$share/g/', '$share/+/a', '$share/#/a', '$share/a+b/a', '$share/#', '$share/g#/a'])(
    '%j is no share name followed by a filter [MQTT-4.8.2-2]',
    (text) => expect(refusal(text)).toBe(ReasonCode.ProtocolError),
  );

  it.each(['', 'a#', 'a/#/b', 'a+', '$share/g/a#', '$share/g/a/#/b', '$share/g/+a', 'a\0'])(
    '%j is malformed',
    (text) => expect(refusal(text)).toBe(ReasonCode.MalformedPacket),
  );

  it('has no control characters and no non-characters, which would reach terminals and logs', () => {
    for (const character of [
      '\u0001',
      '\n',
      '\u001b',
      '\u007f',
      '\u009f',
      '\ufdd0',
      '\ufffe',
      '\u{10ffff}',
    ]) {
      expect(refusal(`a/${character}/#`)).toBe(ReasonCode.MalformedPacket);
      expect(refusal(`$share/${character}/a`)).toBe(ReasonCode.MalformedPacket);
    }
    expect(refusal('\u00a0/\ufeff/\ufffd')).toBeUndefined();
  });

  it('has a limit of levels, in which $share and the group do not count', () => {
    expect(refusal('a/b/c', 3)).toBeUndefined();
    expect(refusal('a/b/c/d', 3)).toBe(ReasonCode.TopicFilterInvalid);
    expect(refusal('$share/g/a/b/c', 3)).toBeUndefined();
    expect(refusal('$share/g/a/b/c/d', 3)).toBe(ReasonCode.TopicFilterInvalid);
    const deepest = new Array<string>(DEFAULT_MAX_TOPIC_LEVELS).fill('a').join('/');
    expect(refusal(deepest)).toBeUndefined();
    expect(refusal(`${deepest}/a`)).toBe(ReasonCode.TopicFilterInvalid);
  });

  it('is not repeated at length in the text of the error', () => {
    const long = `${'x'.repeat(60_000)}#`;
    let message = '';
    try {
      parseTopicFilter(long);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).not.toBe('');
    expect(message.length).toBeLessThan(300);
  });
});

describe('matching', () => {
  it.each([
    ['a', 'a'],
    ['a/b/c', 'a/b/c'],
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['sport/#', 'sport'],
    ['sport/#', 'sport/'],
    ['#', 'a'],
    ['#', '/'],
    ['#', 'a/b/c'],
    ['sport/tennis/+', 'sport/tennis/player1'],
    ['sport/tennis/+', 'sport/tennis/'],
    ['sport/+', 'sport/'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['+', 'finance'],
    ['+/tennis/#', 'any/tennis'],
    ['+/tennis/#', '/tennis/x'],
    ['+/b/+', 'a/b/'],
    ['/', '/'],
    ['/#', '/'],
    ['/#', '/a'],
    ['+/#', 'a'],
    ['//+', '//x'],
    ['$SYS/#', '$SYS'],
    ['$SYS/#', '$SYS/monitor'],
    ['$SYS/monitor/+', '$SYS/monitor/Clients'],
    ['$SYS/+/x', '$SYS/a/x'],
    ['a/+', 'a/$b'],
    ['a/#', 'a/$SYS/c'],
    ['+/$SYS', 'a/$SYS'],
  ])('%j takes %j', (filter, topic) => expect(topicMatches(filter, topic)).toBe(true));

  it.each([
    ['a', 'b'],
    ['a', 'a/'],
    ['a/', 'a'],
    ['a', '/a'],
    ['/a', 'a'],
    ['a/b', 'a'],
    ['a', 'a/b'],
    ['sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['sport/+', 'sport'],
    ['+', '/finance'],
    ['+', 'a/b'],
    ['+/+', 'a'],
    ['+/+', 'a/b/c'],
    ['+/b/#', 'a/c/b'],
    ['sport/#', 'sports'],
    ['/#', 'a'],
    ['+/+/#', 'a'],
  ])('%j does not take %j', (filter, topic) => expect(topicMatches(filter, topic)).toBe(false));

  it.each([
    ['#', '$SYS'],
    ['#', '$SYS/monitor'],
    ['+', '$SYS'],
    ['+/monitor/Clients', '$SYS/monitor/Clients'],
    ['+/#', '$SYS/monitor'],
    ['#', '$'],
    ['+', '$anything'],
  ])('%j, which begins with a wildcard, does not take %j [MQTT-4.7.2-1]', (filter, topic) => {
    expect(topicMatches(filter, topic)).toBe(false);
  });

  it('compares characters as they are, case and normalization included [MQTT-4.7.3-4]', () => {
    expect(topicMatches('ACCOUNTS', 'Accounts')).toBe(false);
    expect(topicMatches('\u00e9', 'e\u0301')).toBe(false);
    expect(topicMatches('caf\u00e9', 'caf\u00e9')).toBe(true);
    expect(topicMatches('a', 'a ')).toBe(false);
    expect(topicMatches('a', '\ufeffa')).toBe(false);
  });

  it('agrees with the same rules as a regular expression', () => {
    fc.assert(
      fc.property(topicFilter, topicName, fc.integer(), (filter, other, pick) => {
        // half of the topics are made from the filter, or hardly any would match
        const topic = pick % 2 === 0 ? other : topicFrom(filter, pick);
        if (topic === '') return;
        expect(topicMatches(filter, topic)).toBe(patternOf(filter).test(topic));
      }),
      { seed: 3, numRuns: 3000 },
    );
  });
});

/** A topic that is likely to match: wildcards filled in, sometimes with one level changed. */
function topicFrom(filter: string, pick: number): string {
  const levels = filter
    .replaceAll('+', pick % 3 === 0 ? '' : 'x')
    .replace(/\/?#$/, pick % 5 === 0 ? '' : '/y/z');
  return pick % 7 === 0 ? `${levels}/w` : levels;
}

function patternOf(filter: string): RegExp {
  if (filter === '#') return /^[^$]/su;
  const pattern = filter
    .replace(/[\\^$.*?()[\]{}|\-=!:]/g, '\\$&')
    .replaceAll('+', '[^/]*')
    .replace(/\/#$/, '(?:/.*)?');
  const noDollar = filter.startsWith('+') ? '(?!\\$)' : '';
  return new RegExp(`^${noDollar}${pattern}$`, 's');
}
