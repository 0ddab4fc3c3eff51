// Paho for Python, as the devices and scripts of many users have it, against the broker. The programs in
// paho-python/ do the talking and report what they saw as JSON; the expectations are here.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, startBroker, uniqueName } from './broker-under-test.js';
import { describeWith, needs, python } from './needs.js';
import { killPrograms, run } from './program.js';

let broker: BrokerUnderTest;
const folder = join(import.meta.dirname, 'paho-python');

/** Runs one of the programs; `topic` is the prefix of all topics it uses. */
async function report(name: string, version: string, topic: string, ...more: string[]): Promise<unknown> {
  const args = ['-B', join(folder, `${name}.py`), String(broker.port), version, topic, ...more];
  const { stdout } = await run(python, args, { limit: 30_000 });
  return JSON.parse(stdout);
}

const topicOf = (): string => `iop/${uniqueName('paho')}`;

describeWith([needs.pahoPython], 'Paho for Python', () => {
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(async () => {
    await killPrograms();
    await broker.stop();
  });

  describe.each(['31', '311', '5'])('MQTT %s', (version) => {
    it('sends and receives 500 messages at every QoS, in order', async () => {
      const expected = [0, 1, 2].flatMap((qos) =>
        ['left', 'right'].map((side) => [`${side} ${qos}`, { count: 500, in_order: true, qos: [qos] }]),
      );
      expect(await report('round_trip', version, topicOf(), '500')).toEqual(Object.fromEntries(expected));
    });

    it('has its will published', async () => {
      const topic = topicOf();
      const asking = { topic: `${topic}/asking`, payload: 'asking is gone', qos: 0, retain: false };
      const vanished = { topic: `${topic}/vanished`, payload: 'vanished is gone', qos: 2 };
      expect(await report('will', version, topic)).toEqual({
        seen: [
          { ...vanished, retain: false },
          ...(version === '5' ? [asking] : []),
          { topic: `${topic}/end`, payload: 'end', qos: 2, retain: false },
        ],
        retained: { ...vanished, retain: true },
      });
    });

    it('gets retained messages', async () => {
      const topic = topicOf();
      const { seen, after_clearing } = (await report('retained', version, topic)) as Record<string, object[]>;
      const kept = [0, 1, 2].map((qos) => ({
        ...{ topic: `${topic}/a/${qos}`, payload: `kept at ${qos}`, qos, retain: true },
      }));
      expect(seen?.slice(0, 3)).toHaveLength(3);
      expect(seen?.slice(0, 3)).toEqual(expect.arrayContaining(kept));
      expect(seen?.slice(3)).toEqual([{ topic: `${topic}/a/1`, payload: 'live', qos: 1, retain: false }]);
      expect(after_clearing).toEqual([{ topic: `${topic}/end`, payload: 'end', qos: 1, retain: false }]);
    });

    it('resumes a session: what was queued and what was not acknowledged', async () => {
      const topic = topicOf();
      const { queued, again, session_present } = (await report(
        ...(['session', version, topic, uniqueName('paho')] as const),
      )) as { queued: { topic: string }[]; again: object[]; session_present: boolean[] };
      for (const [name, qos] of [
        ['one', 1],
        ['two', 2],
      ] as const) {
        expect(queued.filter((message) => message.topic === `${topic}/${name}`)).toEqual(
          Array.from({ length: 50 }, (_, index) => ({
            ...{ topic: `${topic}/${name}`, payload: `${name} ${index}`, qos, retain: false },
          })),
        );
      }
      const unacknowledged = {
        topic: `${topic}/one`,
        payload: 'unacknowledged',
        qos: 1,
        retain: false,
        dup: true,
      };
      expect(again).toEqual([unacknowledged]);
      // MQTT 3.1 has no such flag
      expect(session_present).toEqual(
        version === '31' ? expect.anything() : [false, true, true, true, false],
      );
    });

    it('works through publish.single, publish.multiple, subscribe.simple and subscribe.callback', async () => {
      const topic = topicOf();
      const single = { topic: `${topic}/single`, payload: 'one', retain: true };
      expect(await report('one_liners', version, topic)).toEqual({
        single: { ...single, qos: 2 },
        several: ['three', 'two', '四'],
        callback: [{ ...single, qos: 0 }],
      });
    });
  });

  it('uses what MQTT 5 brought', async () => {
    const topic = topicOf();
    const properties = {
      format: 1,
      expiry: 600,
      content_type: 'text/plain',
      response_topic: `${topic}/answers`,
      correlation: '0001ff',
      user: [
        ['k', 'first'],
        ['k', 'second'],
        ['温度', '23'],
      ],
    };
    expect(await report('version5', '5', topic)).toEqual({
      assigned_id: expect.stringMatching(/./),
      topic_alias_maximum: expect.toSatisfy((maximum: number) => maximum > 0),
      properties: [properties, properties, properties],
      granted: [0, 1, 2],
      unsubscribed: [0, 0x11],
      identifiers: { 'for both': [1, 268435455], 'for one': [268435455] },
      aliased: ['named', ...[0, 1, 2, 3, 4].map((index) => `aliased ${index}`)].map((payload) => [
        `${topic}/aliased`,
        payload,
      ]),
      no_local: ['of another'],
      retain_handling: { always: ['kept', 'kept', 'end'], once: ['kept', 'end'], never: ['end'] },
      retain_as_published: [true],
      shared: { all: true, smallest: expect.toSatisfy((smallest: number) => smallest > 0) },
    });
  });
});
