// Topic names and filters (MQTT 5 section 4.7): what matches what, over a real subscription and publication.
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

/** filter, topics it matches, topics it does not match */
const matches: [filter: string, yes: string[], no: string[]][] = [
  [
    'sport/tennis',
    ['sport/tennis'],
    ['sport', 'sport/tennis/', '/sport/tennis', 'Sport/tennis', 'sport/tennis/x'],
  ],
  ['sport/#', ['sport', 'sport/', 'sport/a', 'sport/a/b/c'], ['sports', '/sport', 'a/sport']],
  ['#', ['a', '/', 'a/b', '/a', 'a/', '//'], ['$a', '$a/b']],
  ['+', ['a', ' '], ['/', 'a/', '/a', 'a/b', '$a']],
  ['/+', ['/a', '/'], ['a', '//', 'a/b']],
  ['+/+', ['/a', 'a/b', '/', 'a/'], ['a', 'a/b/c', '$a/b']],
  ['a/+/c', ['a/b/c', 'a//c'], ['a/c', 'a/b/c/d', 'a/b/b/c']],
  ['+/b/#', ['a/b', 'a/b/c', '/b'], ['b', 'a/c', '$a/b']],
  ['a/+/#', ['a/b', 'a/', 'a/b/c'], ['a']],
  ['$a/#', ['$a', '$a/b'], ['a', 'a/b']],
  ['$a/+', ['$a/b'], ['$a', '$b/b']],
  ['/', ['/'], ['a', '//', 'a/']],
  ['a//', ['a//'], ['a/', 'a', 'a///']],
  ['\u00e9', ['\u00e9'], ['e\u0301', 'e', '\u00c9']],
  ['a b', ['a b'], ['a\u00a0b', 'ab', 'a  b']],
  ['\ufeffa', ['\ufeffa'], ['a']],
  ['a', ['a'], ['\ufeffa', 'a\ufeff']],
  ['\u{1f600}/+', ['\u{1f600}/\u{10ffff}'.replace('\u{10ffff}', '\u{10000}')], ['\u{1f601}/x']],
];

test.each(matches)(
  '[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.2-1] [MQTT-4.7.3-1] [MQTT-4.7.3-4] [MQTT-1.5.4-3] %j matches %j and not %j',
  async (filter, yes, no) => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe(filter);
    for (const topic of no) await publisher.publish(topic);
    for (const topic of yes) await publisher.publish(topic);
    for (const topic of yes) expect(await subscriber.next('publish')).toMatchObject({ topic });
    await subscriber.nothing();
  },
);

test('many filters at once match as each does alone', async () => {
  const publisher = await server.connect();
  const subscribers = [];
  for (const [filter] of matches) {
    const subscriber = await server.connect();
    await subscriber.subscribe(filter);
    subscribers.push(subscriber);
  }
  const topics = new Set(matches.flatMap(([, yes, no]) => [...yes, ...no]));
  for (const topic of topics) publisher.send(publisher.message(topic));
  await publisher.nothing();
  for (const [index, [, yes, no]] of matches.entries()) {
    const subscriber = subscribers[index]!;
    subscriber.send({ type: 'pingreq' });
    const got = new Set<string>();
    for (let packet = await subscriber.any(); packet.type === 'publish'; packet = await subscriber.any()) {
      got.add(packet.topic);
    }
    for (const topic of yes) expect(got).toContain(topic);
    for (const topic of no) expect(got).not.toContain(topic);
  }
});

test('a subscription made later holds for topics that were published before', async () => {
  const publisher = await server.connect();
  const early = await server.connect();
  await early.subscribe('a/b');
  await publisher.publish('a/b', '1');
  const late = await server.connect();
  await late.subscribe('a/+');
  await publisher.publish('a/b', '2');
  expect(await late.texts(1)).toEqual(['2']);
  await late.unsubscribe('a/+');
  await publisher.publish('a/b', '3');
  expect(await early.texts(3)).toEqual(['1', '2', '3']);
  await late.nothing();
});

describe('sizes', () => {
  test('[MQTT-4.7.3-3] topics and filters may have 65535 bytes', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    const topic = 'x'.repeat(65_535);
    await subscriber.subscribe(topic);
    await subscriber.subscribe(`+/${'y'.repeat(65_533)}`);
    await publisher.publish(topic);
    expect((await subscriber.next('publish')).topic).toHaveLength(65_535);
    await publisher.publish(`x/${'y'.repeat(65_533)}`);
    expect((await subscriber.next('publish')).topic).toHaveLength(65_535);
  });

  test('a topic may have a good many levels', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect();
    const topic = Array(200).fill('l').join('/');
    await subscriber.subscribe(topic);
    await subscriber.subscribe(Array(199).fill('+').concat('#').join('/'));
    await publisher.publish(topic);
    expect(await subscriber.next('publish')).toMatchObject({ topic });
  });
});

describe('the limit of levels', () => {
  const limited = useServer({ maxTopicLevels: 3 });

  testOurs('holds for topics and filters', async () => {
    const client = await limited.connect();
    await client.subscribe('a/b/c');
    expect((await client.request([{ filter: 'a/b/c/d' }])).reasons).toEqual([ReasonCode.TopicFilterInvalid]);
    await client.publish('x/y/z');
    client.send(client.message('a/b/c/d'));
    await client.disconnected(ReasonCode.TopicNameInvalid);
  });
});
