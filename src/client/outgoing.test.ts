import { describe, expect, it } from 'vitest';
import { PacketType, type Properties } from '../protocol/index.js';
import type { Connection } from './connection.js';
import { ClientError } from './errors.js';
import { type ClientOptions, settingsOf } from './options.js';
import { OutgoingMessages, type PublishResult } from './outgoing.js';
import { PacketIdPool } from './packet-id-pool.js';
import type { PublishContent } from './publish-packet.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const { PUBACK, PUBREC, PUBCOMP } = PacketType;

class World {
  /** What was sent on the connection there is: `a#1`, `a#1 dup`, `pubrel 1`. */
  sent: string[] = [];
  readonly ids = new PacketIdPool();
  readonly outgoing: OutgoingMessages;
  output = { pending: 0, isBusy: false, drained: async () => {} };
  objects: (content: PublishContent) => ClientError | null = () => null;

  constructor(options: ClientOptions = {}) {
    const settings = settingsOf(options, () => 'x');
    this.outgoing = new OutgoingMessages(settings, this.ids);
  }

  connect(sessionPresent = true, receiveMaximum = 65_535): void {
    this.sent = [];
    const { sent } = this;
    const connection = {
      version: 5,
      limits: { receiveMaximum },
      output: this.output,
      objection: (content: PublishContent) => this.objects(content),
      publish: (content: PublishContent, _: string, packetId: number, dup: boolean) => {
        sent.push(`${decoder.decode(content.payload)}#${packetId}${dup ? ' dup' : ''}`);
        return false;
      },
      acknowledge: (_: number, packetId: number, reason = 0) =>
        sent.push(`pubrel ${packetId}${reason === 0 ? '' : ` reason ${reason}`}`),
    };
    this.outgoing.opened(connection as unknown as Connection, sessionPresent);
  }

  publish(text: string, qos: number, signal?: AbortSignal, properties?: Properties): Outcome {
    const payload = encoder.encode(text);
    return new Outcome(
      this.outgoing.publish('t', encoder.encode('t'), payload, qos, false, properties, signal),
    );
  }

  ack(type: number, packetId: number, reason = 0): void {
    this.outgoing.acknowledged(type, packetId, reason, undefined);
  }
}

class Outcome {
  state: 'waits' | PublishResult | { error: unknown } = 'waits';
  constructor(promise: Promise<PublishResult>) {
    promise.then(
      (result) => (this.state = result),
      (error: unknown) => (this.state = { error }),
    );
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

function connected(options: ClientOptions = {}, receiveMaximum = 65_535): World {
  const world = new World(options);
  world.connect(false, receiveMaximum);
  return world;
}

describe('messages that go', () => {
  it('with QoS 0 are done when they are on their way', async () => {
    const world = connected();
    const outcome = world.publish('a', 0);
    await settle();
    expect(world.sent).toEqual(['a#0']);
    expect(outcome.state).toEqual({ packetId: 0, reason: 0, properties: {} });
  });

  it('[MQTT-4.3.2-5] with QoS 1 are done with PUBACK, and their identifier is free then', async () => {
    const world = connected();
    const outcome = world.publish('a', 1);
    await settle();
    expect([world.sent, outcome.state, world.outgoing.inflight]).toEqual([['a#1'], 'waits', 1]);
    world.ack(PUBACK, 1, 0x10);
    await settle();
    expect(outcome.state).toMatchObject({ packetId: 1, reason: 0x10 });
    expect(world.outgoing.inflight).toBe(0);
  });

  it('[MQTT-4.3.3-4] with QoS 2 are released after PUBREC, and done with PUBCOMP', async () => {
    const world = connected();
    const outcome = world.publish('a', 2);
    world.ack(PUBREC, 1);
    await settle();
    expect([world.sent, outcome.state]).toEqual([['a#1', 'pubrel 1'], 'waits']);
    world.ack(PUBCOMP, 1);
    await settle();
    expect(outcome.state).toMatchObject({ packetId: 1, reason: 0 });
  });

  it.each([
    [1, PUBACK],
    [2, PUBREC],
  ])('with QoS %i that the server refuses reject with its reason', async (qos, type) => {
    const world = connected();
    const outcome = world.publish('a', qos);
    world.ack(type, 1, 0x97);
    await settle();
    expect(outcome.state).toMatchObject({ error: { code: 'rejected', reason: 0x97 } });
    expect([world.outgoing.inflight, world.sent]).toEqual([0, ['a#1']]);
  });

  it('take no acknowledgement of another QoS, or of nobody, for theirs', async () => {
    const world = connected();
    const [one, two] = [world.publish('a', 1), world.publish('b', 2)];
    world.ack(PUBCOMP, 1);
    world.ack(PUBACK, 2);
    world.ack(PUBACK, 999);
    world.ack(PUBREC, 1);
    await settle();
    expect([one.state, two.state]).toEqual(['waits', 'waits']);
    expect(world.sent.slice(2)).toEqual(['pubrel 1 reason 146']);
  });

  it('answer a PUBREC that nobody waits for, so that the server can forget it', () => {
    const world = connected();
    world.ack(PUBREC, 7);
    expect(world.sent).toEqual(['pubrel 7 reason 146']);
  });

  it('[MQTT-3.3.4-7] never exceed what the server takes at once, and go on with each acknowledgement', () => {
    const world = connected({}, 2);
    for (const text of ['a', 'b', 'c', 'd']) world.publish(text, 2);
    expect([world.sent, world.outgoing.queued, world.outgoing.inflight]).toEqual([['a#1', 'b#2'], 2, 2]);
    world.ack(PUBREC, 1);
    expect(world.sent).toEqual(['a#1', 'b#2', 'pubrel 1']);
    world.ack(PUBCOMP, 1);
    expect(world.sent.slice(3)).toEqual(['c#3']);
    world.ack(PUBREC, 2, 0x80);
    expect(world.sent.slice(4)).toEqual(['d#4']);
  });

  it('never exceed maxInflight', () => {
    const world = connected({ maxInflight: 1 });
    for (const text of ['a', 'b']) world.publish(text, 1);
    expect(world.sent).toEqual(['a#1']);
    world.ack(PUBACK, 1);
    expect(world.sent).toEqual(['a#1', 'b#2']);
  });

  it('wait for a connection, and go then in their order', async () => {
    const world = new World();
    const outcomes = [
      world.publish('a', 0),
      world.publish('b', 1),
      world.publish('c', 2),
      world.publish('d', 0),
    ];
    expect([world.outgoing.queued, world.outgoing.inflight]).toEqual([4, 0]);
    world.connect(false);
    expect(world.sent).toEqual(['a#0', 'b#1', 'c#2', 'd#0']);
    await settle();
    expect(outcomes.map(({ state }) => state === 'waits')).toEqual([false, true, true, false]);
  });

  it('of QoS 0 are refused without a connection when they shall not wait', async () => {
    const world = new World({ queue: { qos0: false } });
    const [zero, one] = [world.publish('a', 0), world.publish('b', 1)];
    await settle();
    expect(zero.state).toMatchObject({ error: { code: 'lost' } });
    expect(one.state).toBe('waits');
  });

  it('[MQTT-4.6.0-1] of QoS 0 do not overtake those of QoS 0 that wait', () => {
    const world = new World({ maxInflight: 1 });
    world.publish('one', 1);
    world.publish('two', 1);
    world.publish('first', 0);
    world.connect(false);
    world.publish('second', 0);
    world.ack(PUBACK, 1);
    world.ack(PUBACK, 2);
    const zeros = world.sent.filter((one) => one.endsWith('#0'));
    expect(zeros).toEqual(['first#0', 'second#0']);
  });

  it('are refused beyond the limits of the queue: messages and bytes', async () => {
    const world = new World({ queue: { maxMessages: 3, maxBytes: 10 } });
    const outcomes = ['aaa', 'bbb', 'ccc'].map((text) => world.publish(text, 1));
    await settle();
    expect(outcomes.map(({ state }) => state)).toMatchObject([
      'waits',
      'waits',
      { error: { code: 'queue-full' } },
    ]);
    const more = ['', ''].map((text) => world.publish(text, 0));
    await settle();
    expect(more.map(({ state }) => state)).toMatchObject(['waits', { error: { code: 'queue-full' } }]);
    world.connect(false);
    const last = world.publish('ddd', 1);
    await settle();
    expect(last.state).toBe('waits');
  });

  it('of QoS 2 tell in the end what PUBREC said', async () => {
    const world = connected();
    const outcome = world.publish('a', 2);
    world.outgoing.acknowledged(PUBREC, 1, 0x10, undefined);
    world.outgoing.acknowledged(PUBCOMP, 1, 0, undefined);
    await settle();
    expect(outcome.state).toMatchObject({ reason: 0x10 });
  });

  it('do not need the queue while there is room in flight', async () => {
    const world = connected({ queue: { maxMessages: 0 } });
    const outcome = world.publish('a', 1);
    await settle();
    expect([outcome.state, world.sent]).toEqual(['waits', ['a#1']]);
  });

  it('of QoS 0 are refused when more than the limit waits in the connection', async () => {
    const world = connected({ queue: { maxBytes: 100 } });
    world.output.pending = 99;
    const outcome = world.publish('a', 0);
    await settle();
    expect(outcome.state).toMatchObject({ error: { code: 'queue-full' } });
  });

  it('that the server cannot take are refused, at once or when there is a connection, and harm no other', async () => {
    const world = new World();
    world.objects = ({ qos }) => (qos === 2 ? new ClientError('unsupported', 'no QoS 2') : null);
    const waited = [world.publish('a', 2), world.publish('b', 1)];
    world.connect(false);
    const now = world.publish('c', 2);
    await settle();
    expect([...waited, now].map(({ state }) => state)).toMatchObject([
      { error: { code: 'unsupported' } },
      'waits',
      { error: { code: 'unsupported' } },
    ]);
    expect(world.sent).toEqual(['b#1']);
  });
});

describe('a connection that comes after another', () => {
  it('[MQTT-4.4.0-1] [MQTT-4.6.0-1] gets what was in flight again, in its order and with DUP, then the rest', () => {
    const world = connected({ maxInflight: 3 });
    for (const text of ['a', 'b', 'c', 'd']) world.publish(text, 2);
    world.ack(PUBREC, 2);
    world.outgoing.lost();
    world.publish('e', 1);
    world.connect();
    expect(world.sent).toEqual(['a#1 dup', 'pubrel 2', 'c#3 dup', 'd#4']);
    world.ack(PUBREC, 1);
    world.ack(PUBCOMP, 1);
    expect(world.sent.slice(4)).toEqual(['pubrel 1', 'e#5']);
  });

  it('keeps the order of first sending when identifiers have gone around', () => {
    const world = connected();
    for (let i = 1; i <= 65_534; i++) {
      world.ids.take();
      world.ids.free(i);
    }
    for (const text of ['a', 'b', 'c']) world.publish(text, 1);
    expect(world.sent).toEqual(['a#65535', 'b#1', 'c#2']);
    world.outgoing.lost();
    world.connect();
    expect(world.sent).toEqual(['a#65535 dup', 'b#1 dup', 'c#2 dup']);
  });

  it('[MQTT-3.3.4-7] gets no more again at once than it takes, and nothing new before that', () => {
    const world = connected();
    for (const text of ['a', 'b', 'c']) world.publish(text, 1);
    world.outgoing.lost();
    world.connect(true, 1);
    world.publish('d', 1);
    expect(world.sent).toEqual(['a#1 dup']);
    for (const id of [1, 2, 3]) world.ack(PUBACK, id);
    expect(world.sent).toEqual(['a#1 dup', 'b#2 dup', 'c#3 dup', 'd#4']);
  });

  it('does not get what was acknowledged meanwhile', () => {
    const world = connected();
    for (const text of ['a', 'b']) world.publish(text, 1);
    world.outgoing.lost();
    world.connect(true, 1);
    world.ack(PUBACK, 2);
    world.ack(PUBACK, 1);
    expect([world.sent, world.outgoing.inflight]).toEqual([['a#1 dup'], 0]);
  });

  it('gets what was in flight as new, first and in its order, when the server has lost the session', async () => {
    const world = connected({ maxInflight: 3 });
    const outcomes = ['a', 'b', 'c', 'd'].map((text) => world.publish(text, 2));
    world.ack(PUBREC, 2);
    world.outgoing.lost();
    world.connect(false);
    expect(world.sent.map((one) => one.replace(/#\d+/, ''))).toEqual(['a', 'c', 'd']);
    await settle();
    // the server had taken responsibility for it
    expect(outcomes[1]!.state).toMatchObject({ reason: 0 });
    expect(outcomes[0]!.state).toBe('waits');
  });

  it('may break at any time without losing or doubling the bookkeeping', () => {
    const world = connected({ maxInflight: 2 });
    for (const text of ['a', 'b', 'c']) world.publish(text, 1);
    for (let i = 0; i < 5; i++) {
      world.outgoing.lost();
      world.connect(i % 2 === 0, 1);
      expect(world.outgoing.inflight + world.outgoing.queued).toBe(3);
    }
    const first = Number(/#(\d+)/.exec(world.sent[0]!)![1]);
    world.ack(PUBACK, first);
    expect(world.outgoing.inflight + world.outgoing.queued).toBe(2);
  });
});

describe('what an earlier run has left', () => {
  const packet = (text: string, qos: 1 | 2) =>
    ({ type: 'publish', topic: 't', payload: encoder.encode(text), qos, retain: false, dup: false }) as const;

  it('goes on where it was', () => {
    const world = new World();
    world.outgoing.restore(
      [
        { sequence: 5, progress: 'sent', packetId: 9, packet: packet('a', 1) },
        { sequence: 6, progress: 'released', packetId: 1, packet: packet('b', 2) },
        { sequence: 7, progress: 'queued', packetId: 0, packet: packet('c', 1) },
      ],
      (topic) => encoder.encode(topic),
    );
    world.connect();
    expect(world.sent).toEqual(['a#9 dup', 'pubrel 1', 'c#2']);
  });
});

describe('an abort', () => {
  it('takes back what waits', async () => {
    const world = new World();
    const controller = new AbortController();
    const [one, two] = [world.publish('a', 1, controller.signal), world.publish('b', 1)];
    controller.abort(new Error('no more'));
    await settle();
    expect(one.state).toMatchObject({ error: { message: 'no more' } });
    world.connect(false);
    expect([world.sent, two.state]).toEqual([['b#1'], 'waits']);
  });

  it('rejects what was sent, which goes on unheard', async () => {
    const world = connected();
    const controller = new AbortController();
    const one = world.publish('a', 1, controller.signal);
    controller.abort(new Error('no more'));
    await settle();
    expect([one.state, world.outgoing.inflight]).toMatchObject([{ error: { message: 'no more' } }, 1]);
    world.ack(PUBACK, 1);
    expect(world.outgoing.inflight).toBe(0);
  });

  it('rejects what waits for a connection that is too slow, with QoS 0 too', async () => {
    const world = connected();
    world.output = { pending: 70_000, isBusy: true, drained: () => new Promise(() => {}) };
    world.connect(false);
    const controller = new AbortController();
    const one = world.publish('a', 0, controller.signal);
    await settle();
    expect(one.state).toBe('waits');
    controller.abort(new Error('no more'));
    await settle();
    expect(one.state).toMatchObject({ error: { message: 'no more' } });
  });

  it('that takes back the last one is what `idle` waits for', async () => {
    const world = new World();
    const controller = new AbortController();
    world.publish('a', 1, controller.signal);
    let isIdle = false;
    void world.outgoing.idle().then(() => (isIdle = true));
    controller.abort();
    await settle();
    expect(isIdle).toBe(true);
  });

  it('leaves no listener at a signal that lives on', async () => {
    const world = connected();
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    world.publish('a', 1, signal);
    world.ack(PUBACK, 1);
    await settle();
    expect(listeners).toBe(0);
  });
});

describe('the end', () => {
  it('rejects everything, waiting or in flight', async () => {
    const world = connected({ maxInflight: 1 });
    const outcomes = [world.publish('a', 1), world.publish('b', 1)];
    world.outgoing.end(new ClientError('ended', 'over'));
    await settle();
    expect(outcomes.map(({ state }) => state)).toMatchObject([
      { error: { code: 'ended' } },
      { error: { code: 'ended' } },
    ]);
    expect([world.outgoing.queued, world.outgoing.inflight]).toEqual([0, 0]);
  });

  it('is waited for until everything is acknowledged', async () => {
    const world = connected();
    world.publish('a', 2);
    let isIdle = false;
    void world.outgoing.idle().then(() => (isIdle = true));
    world.ack(PUBREC, 1);
    await settle();
    expect(isIdle).toBe(false);
    world.ack(PUBCOMP, 1);
    await settle();
    expect(isIdle).toBe(true);
  });
});
