import { describe, expect, it } from 'vitest';
import { PacketType, Publish } from '../protocol/index.js';
import type { Connection } from './connection.js';
import { IncomingMessages } from './incoming.js';

const names: Readonly<Record<number, string>> = {
  [PacketType.PUBACK]: 'puback',
  [PacketType.PUBREC]: 'pubrec',
  [PacketType.PUBCOMP]: 'pubcomp',
};

class World {
  /** Acknowledgements on the connection there is, as `puback 1`. */
  sent: string[] = [];
  delivered: string[] = [];
  /** Topics whose receiver takes its time, and how to finish them, in the order in which they came. */
  slow = new Set<string>();
  #working: { topic: string; done: () => void }[] = [];
  readonly incoming = new IncomingMessages((_, topic) => {
    this.delivered.push(topic);
    if (!this.slow.has(topic)) return undefined;
    return new Promise<void>((done) => this.#working.push({ topic, done }));
  });

  connect(sessionPresent = true): void {
    this.sent = [];
    const { sent } = this;
    const connection = {
      acknowledge: (type: number, packetId: number, reason = 0) =>
        sent.push(`${names[type]} ${packetId}${reason === 0 ? '' : ` reason ${reason}`}`),
    };
    this.incoming.opened(connection as unknown as Connection, sessionPresent);
  }

  come(topic: string, qos: number, packetId: number, dup = false): void {
    const publish = new Publish();
    Object.assign(publish, { qos, packetId, dup });
    this.incoming.published(publish, topic);
  }

  async finish(topic: string): Promise<void> {
    const at = this.#working.findIndex((one) => one.topic === topic);
    if (at === -1) throw new Error(`nobody works on ${topic}`);
    this.#working.splice(at, 1)[0]!.done();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

function connected(...slow: string[]): World {
  const world = new World();
  world.slow = new Set(slow);
  world.connect(false);
  return world;
}

describe('messages that come', () => {
  it('are acknowledged at once when the program is done at once', () => {
    const world = connected();
    world.come('a', 0, 0);
    world.come('b', 1, 1);
    world.come('c', 2, 2);
    expect(world.delivered).toEqual(['a', 'b', 'c']);
    expect(world.sent).toEqual(['puback 1', 'pubrec 2']);
  });

  it('are acknowledged only when the program is done', async () => {
    const world = connected('a');
    world.come('a', 1, 1);
    expect(world.sent).toEqual([]);
    await world.finish('a');
    expect(world.sent).toEqual(['puback 1']);
  });

  it('[MQTT-4.6.0-2] [MQTT-4.6.0-3] are acknowledged in the order in which they came, whoever is done first', async () => {
    const world = connected('a', 'c', 'd');
    for (const [i, topic] of ['a', 'b', 'c', 'd'].entries()) world.come(topic, 1 + (i % 2), i + 1);
    await world.finish('d');
    await world.finish('c');
    expect(world.sent).toEqual([]);
    await world.finish('a');
    expect(world.sent).toEqual(['puback 1', 'pubrec 2', 'puback 3', 'pubrec 4']);
  });

  it('[MQTT-4.3.3-12] of QoS 2 are handed on once, however often they come before PUBREL', () => {
    const world = connected();
    world.come('a', 2, 7);
    world.come('a', 2, 7, true);
    world.come('a', 2, 7, true);
    expect(world.delivered).toEqual(['a']);
    expect(world.sent).toEqual(['pubrec 7', 'pubrec 7', 'pubrec 7']);
    world.incoming.released(7);
    world.come('next', 2, 7);
    expect(world.delivered).toEqual(['a', 'next']);
    expect(world.sent.slice(3)).toEqual(['pubcomp 7', 'pubrec 7']);
  });

  it('that nobody knows are released with the reason that says so', () => {
    const world = connected();
    world.incoming.released(9);
    expect(world.sent).toEqual(['pubcomp 9 reason 146']);
  });

  it('of QoS 2 are handed on once over connections, as long as the session is there', () => {
    const world = connected();
    world.come('a', 2, 7);
    world.incoming.lost();
    world.connect();
    world.come('a', 2, 7, true);
    expect([world.delivered, world.sent]).toEqual([['a'], ['pubrec 7']]);
  });

  it('of QoS 2 are new when the server has lost the session', () => {
    const world = connected();
    world.come('a', 2, 7);
    world.incoming.lost();
    world.connect(false);
    world.come('b', 2, 7);
    expect(world.delivered).toEqual(['a', 'b']);
  });

  it('of QoS 2 that an earlier run had are not handed on again', () => {
    const world = new World();
    world.incoming.restore([7]);
    world.connect();
    world.come('a', 2, 7, true);
    expect([world.delivered, world.sent]).toEqual([[], ['pubrec 7']]);
  });

  it.each([1, 2])(
    'with QoS %i come again while the program works on them, and are not handed on twice',
    async (qos) => {
      const world = connected('a');
      world.come('a', qos, 3);
      world.incoming.lost();
      world.connect();
      world.come('a', qos, 3, true);
      expect(world.sent).toEqual([]);
      await world.finish('a');
      expect([world.delivered, world.sent.length]).toEqual([['a'], 1]);
    },
  );

  it.each([1, 2])(
    'with QoS %i that were done without a connection are acknowledged when they come again',
    async (qos) => {
      const world = connected('a');
      world.come('a', qos, 3);
      world.incoming.lost();
      await world.finish('a');
      world.connect();
      expect(world.sent).toEqual([]);
      world.come('a', qos, 3, true);
      expect([world.delivered, world.sent.length]).toEqual([['a'], 1]);
    },
  );

  it.each([1, 2])(
    'with QoS %i that waited for one before them are acknowledged on the next connection',
    async (qos) => {
      const world = connected('slow');
      world.come('slow', 1, 1);
      world.come('b', qos, 2);
      world.incoming.lost();
      world.connect();
      world.come('slow', 1, 1, true);
      world.come('b', qos, 2, true);
      expect([world.delivered, world.sent]).toEqual([['slow', 'b'], []]);
      await world.finish('slow');
      expect(world.sent.length).toBe(2);
    },
  );

  it('are not acknowledged on a connection on which they did not come', async () => {
    const world = connected('a');
    world.come('a', 1, 3);
    world.incoming.lost();
    world.connect(false);
    await world.finish('a');
    expect(world.sent).toEqual([]);
    world.come('new', 1, 3);
    expect([world.delivered, world.sent]).toEqual([['a', 'new'], ['puback 3']]);
  });

  it('of a session that is gone do not mark the identifiers of the new one', async () => {
    const world = connected('a');
    world.come('a', 2, 3);
    world.incoming.lost();
    world.connect(false);
    await world.finish('a');
    world.come('new', 2, 3);
    expect([world.delivered, world.sent]).toEqual([['a', 'new'], ['pubrec 3']]);
  });

  it('with an identifier that the server has begun anew are new, though the old one is still worked on', async () => {
    const world = connected('a');
    world.come('a', 2, 3);
    world.incoming.lost();
    world.connect();
    // the server has given the old message up (it expired) and uses its identifier again
    world.come('b', 2, 3);
    world.incoming.released(3);
    await world.finish('a');
    world.come('c', 2, 3);
    expect(world.delivered).toEqual(['a', 'b', 'c']);
  });
});
