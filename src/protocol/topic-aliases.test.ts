// Topic aliases in both directions (MQTT 5 section 3.3.2.3.4).
import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../fuzz/refusal.js';
import { ReasonCode } from './reason-codes.js';
import { InboundTopicAliases, OutboundTopicAliases } from './topic-aliases.js';

describe('aliases that the peer sets', () => {
  it('stand for the topic they were set to, until they are set to another', () => {
    const aliases = new InboundTopicAliases<string>(10);
    aliases.set(1, 'a');
    aliases.set(10, 'b');
    expect(aliases.get(1)).toBe('a');
    expect(aliases.get(10)).toBe('b');
    aliases.set(1, 'c');
    expect(aliases.get(1)).toBe('c');
  });

  it('are taken up to the maximum, each of them [MQTT-3.3.2-12]', () => {
    for (const maximum of [1, 20, 65_535]) {
      const aliases = new InboundTopicAliases<number>(maximum);
      for (let alias = maximum; alias >= 1; alias -= maximum > 1000 ? 997 : 1) aliases.set(alias, alias);
      aliases.set(1, 1);
      expect(aliases.get(maximum)).toBe(maximum);
      expect(aliases.get(1)).toBe(1);
    }
  });

  it('are refused when 0 or above the maximum, with 0x94 [MQTT-3.3.2-8]', () => {
    const aliases = new InboundTopicAliases<string>(2);
    for (const alias of [0, 3, 65_535]) {
      expect(reasonOf(() => aliases.set(alias, 'a'))).toBe(ReasonCode.TopicAliasInvalid);
      expect(reasonOf(() => aliases.get(alias))).toBe(ReasonCode.TopicAliasInvalid);
    }
    expect(reasonOf(() => new InboundTopicAliases<string>(0).set(1, 'a'))).toBe(0x94);
  });

  it('are a protocol error when used before they were set', () => {
    const aliases = new InboundTopicAliases<string>(5);
    expect(reasonOf(() => aliases.get(1))).toBe(ReasonCode.ProtocolError);
    aliases.set(4, 'd');
    expect(reasonOf(() => aliases.get(3))).toBe(ReasonCode.ProtocolError);
    expect(reasonOf(() => aliases.get(5))).toBe(ReasonCode.ProtocolError);
  });

  it('belong to their connection: another object knows nothing of them [MQTT-3.3.2-7]', () => {
    new InboundTopicAliases<string>(5).set(1, 'a');
    expect(reasonOf(() => new InboundTopicAliases<string>(5).get(1))).toBe(ReasonCode.ProtocolError);
  });
});

describe('aliases that we set', () => {
  it('are given to the first topics, from 1 to the maximum and no further [MQTT-3.1.2-26] [MQTT-3.3.2-11]', () => {
    const aliases = new OutboundTopicAliases<string>(3);
    expect(['a', 'b', 'c', 'd', 'e'].map((topic) => aliases.assign(topic))).toEqual([1, 2, 3, 0, 0]);
    expect(['a', 'b', 'c', 'd'].map((topic) => aliases.known(topic))).toEqual([1, 2, 3, 0]);
  });

  it('are none when the peer announced no maximum [MQTT-3.1.2-27]', () => {
    const aliases = new OutboundTopicAliases<string>(0);
    expect(aliases.assign('a')).toBe(0);
    expect(aliases.known('a')).toBe(0);
  });

  it('never stand for two topics, however often one is assigned', () => {
    const aliases = new OutboundTopicAliases<string>(5);
    for (const topic of ['a', 'a', 'b', 'a', 'b', 'c']) aliases.assign(topic);
    const given = ['a', 'b', 'c'].map((topic) => aliases.known(topic));
    expect(new Set(given).size).toBe(3);
    expect(Math.max(...given)).toBeLessThanOrEqual(5);
  });

  it('never are 0 for a topic that has one [MQTT-3.3.2-8]', () => {
    const aliases = new OutboundTopicAliases<string>(65_535);
    for (let i = 0; i < 2000; i++) expect(aliases.assign(`t/${i}`)).toBe(i + 1);
  });
});
