// Topics under $CONTROL/: whose they are, who gets what is sent there, and what the sender hears. And who may end a
// subscription.
import { expect, it } from 'vitest';
import { text } from '../../test/engine/peer.js';
import { World } from '../../test/engine/world.js';
import { ReasonCode } from '../protocol/index.js';
import type { Plugin, PublishedMessage } from './plugin.js';

const TOPIC = '$CONTROL/test/v1';

function owner(took: PublishedMessage[], more: Partial<Plugin> = {}): Plugin {
  return {
    name: 'owner',
    controlTopics: {
      [TOPIC]: (_client, message) => {
        took.push(message);
      },
    },
    ...more,
  };
}

it('a message to a control topic goes to its owner and to nobody else', async () => {
  const took: PublishedMessage[] = [];
  const world = new World({ plugins: [owner(took)] });
  const listener = world.connect().accepted().subscribe('$CONTROL/#');
  listener.take();
  const sender = world.connect();
  sender.take();
  sender.publish(TOPIC, 'x', { qos: 1 }).publish('$CONTROL/nobody/v1', 'y', { qos: 1 });
  await world.settle();
  expect(took.map(text)).toEqual(['x']);
  expect(listener.take()).toEqual([]);
  expect(sender.take()).toMatchObject([
    { type: 'puback', reason: 0 },
    { type: 'puback', reason: 0 },
    { type: 'publish', topic: '$CONTROL/nobody/v1/response', qos: 0 },
  ]);
});

it("who sends to a control topic that is nobody's is told so", async () => {
  const world = new World();
  const sender = world.connect().accepted();
  sender.publish('$CONTROL/nobody/v1', 'y');
  await world.settle();
  expect(sender.texts()).toEqual(['{"error": "endpoint not available"}']);
});

it.each([
  ['long', 'x'.repeat(65_535 - 9)],
  ['deep', 'x/'.repeat(199)],
])('nobody is told so on a topic that would be too %s', async (_what, rest) => {
  const world = new World();
  const sender = world.connect().accepted();
  sender.publish(`$CONTROL/${rest}`, 'y', { qos: 1 });
  await world.settle();
  expect(sender.take()).toMatchObject([{ type: 'puback', reason: 0 }]);
});

it('with QoS 2 it is taken once', async () => {
  const took: PublishedMessage[] = [];
  const world = new World({ plugins: [owner(took)] });
  const sender = world.connect();
  sender.take();
  sender.publish(TOPIC, 'x', { qos: 2, packetId: 5 }).publish(TOPIC, 'x', { qos: 2, packetId: 5, dup: true });
  await world.settle();
  expect(took).toHaveLength(1);
  expect(sender.take()).toMatchObject([{ type: 'pubrec' }, { type: 'pubrec' }]);
});

it('the owner is not asked about what the sender may not send', async () => {
  const took: PublishedMessage[] = [];
  const world = new World({ plugins: [owner(took, { authorize: () => false, mayPublish: () => false })] });
  const sender = world.connect();
  sender.take();
  sender.publish(TOPIC, 'x', { qos: 1 });
  await world.settle();
  expect(took).toEqual([]);
  expect(sender.take()).toMatchObject([{ type: 'puback', reason: ReasonCode.NotAuthorized }]);
});

it('the sender is answered when the owner is done, and waits until then', async () => {
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const world = new World({ plugins: [{ name: 'slow', controlTopics: { [TOPIC]: () => done } }] });
  const sender = world.connect();
  sender.take();
  sender.publish(TOPIC, 'x', { qos: 1 }).publish('a', 'y', { qos: 1 });
  await world.settle();
  expect(sender.take()).toEqual([]);
  finish();
  await world.settle();
  expect(sender.take()).toMatchObject([{ type: 'puback', reason: 0 }, { type: 'puback' }]);
});

it.each<[string, () => never | Promise<never>]>([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
])('an owner that %s is told to the log, and harms nobody', async (_name, handler) => {
  const world = new World({ plugins: [{ name: 'owner', controlTopics: { [TOPIC]: handler } }] });
  const sender = world.connect();
  sender.take();
  sender.publish(TOPIC, 'x', { qos: 1 });
  await world.settle();
  expect(sender.take()).toMatchObject([{ type: 'puback', reason: 0 }]);
  expect(world.lines('error').join()).toContain('broken');
});

it('of two owners the first has the topic', async () => {
  const [first, second]: PublishedMessage[][] = [[], []];
  const world = new World({ plugins: [owner(first!), owner(second!)] });
  world.connect().publish(TOPIC);
  await world.settle();
  expect([first!.length, second!.length]).toEqual([1, 0]);
});

it('what the broker publishes under $CONTROL/ reaches subscribers', async () => {
  const world = new World();
  const listener = world.connect().accepted().subscribe('$CONTROL/#');
  listener.take();
  world.engine.publishRequest({ topic: `${TOPIC}/response`, payload: 'r' });
  await world.settle();
  expect(listener.texts()).toEqual(['r']);
});

it('who may not unsubscribe is told so, and goes on to get messages', async () => {
  const world = new World({
    plugins: [{ name: 'keeper', mayUnsubscribe: (_client, filter) => filter !== 'a' }],
  });
  const peer = world.connect().accepted().subscribe('a').subscribe('b');
  peer.take();
  peer.unsubscribe('a', 'b').publish('a', 'x').publish('b', 'y');
  await world.settle();
  expect(peer.take()).toMatchObject([
    { type: 'unsuback', reasons: [ReasonCode.NotAuthorized, 0] },
    { type: 'publish', topic: 'a' },
  ]);
});

it('a plugin that fails lets nobody unsubscribe', async () => {
  const mayUnsubscribe = (): boolean => {
    throw new Error('broken');
  };
  const world = new World({ plugins: [{ name: 'broken', mayUnsubscribe }] });
  const peer = world.connect().accepted().subscribe('a');
  peer.take();
  peer.unsubscribe('a');
  await world.settle();
  expect(peer.take()).toMatchObject([{ type: 'unsuback', reasons: [ReasonCode.NotAuthorized] }]);
});
