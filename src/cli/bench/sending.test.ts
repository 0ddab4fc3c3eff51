// Publishers and their schedule, with a client that is not there: what is sent when, and what latency it has.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Client } from '../../client/client.js';
import { now } from './clock.js';
import type { BenchConfig } from './config.js';
import { Publisher } from './publisher.js';
import { periodOf, quotaOf, Sending } from './sending.js';
import { Tally } from './tally.js';

type Answer = { resolve(): void; reject(error: Error): void };

/** Answers at once with QoS 0; else when the test says so. */
class FakeClient {
  connected = true;
  readonly topics: string[] = [];
  readonly answers: Answer[] = [];
  readonly #sent = Promise.resolve();
  publish = (topic: string, _payload: unknown, { qos }: { qos: number }): Promise<void> => {
    this.topics.push(topic);
    if (qos === 0) return this.#sent;
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  };
}

function scene(config: Partial<BenchConfig>, clients = 1, limits = {}) {
  const full = { messageInterval: 1000, ...config } as BenchConfig;
  const tally = new Tally();
  const done = vi.fn();
  const sending = new Sending(full, 0, tally, done);
  const plan = {
    payloads: () => Buffer.alloc(10),
    options: { qos: config.qos ?? 0 },
    tally,
    window: 1000,
    travelWindow: Number.POSITIVE_INFINITY,
    ...limits,
  };
  const made = Array.from({ length: clients }, (_, index) => {
    const client = new FakeClient();
    const who = { index, clientId: '', username: '' };
    const publisher = new Publisher(client as unknown as Client, who, (n) => `t/${n}`, plan, sending);
    sending.add(publisher);
    return { client, publisher };
  });
  const start = (): void => sending.start({ at: now(), publishers: clients, before: 0 });
  return { sending, tally, done, made, start, client: made[0]!.client };
}

describe('sending', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('spreads the messages of all clients evenly over the interval', async () => {
    const { made, start } = scene({ messageInterval: 100 }, 4);
    start();
    await vi.advanceTimersByTimeAsync(60);
    expect(made.map(({ client }) => client.topics.length)).toEqual([1, 1, 1, 0]);
    await vi.advanceTimersByTimeAsync(1000);
    for (const { client } of made) expect(client.topics.length).toBeGreaterThanOrEqual(10);
    expect(made[0]!.client.topics.slice(0, 2)).toEqual(['t/0', 't/1']);
  });

  it('sends what is late, and counts its latency from when it was due', async () => {
    const { client, tally, start } = scene({ qos: 1, messageInterval: 10 });
    client.connected = false;
    start();
    await vi.advanceTimersByTimeAsync(500);
    expect(client.topics).toHaveLength(0);
    client.connected = true;
    await vi.advanceTimersByTimeAsync(20);
    expect(client.topics.length).toBeGreaterThanOrEqual(51);
    for (const { resolve } of client.answers) resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(tally.publishLatency.max).toBeGreaterThan(480_000);
    expect(tally.late).toBeGreaterThanOrEqual(48);
  });

  it('has no more in flight than it may', async () => {
    const { client, tally, start } = scene({ qos: 1, messageInterval: 0 }, 1, { window: 5 });
    start();
    await vi.advanceTimersByTimeAsync(5);
    expect(client.topics).toHaveLength(5);
    client.answers[0]!.resolve();
    client.answers[1]!.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(client.topics).toHaveLength(7);
    expect(tally.acknowledged).toBe(2);
  });

  it('of round trips has no more on their way than it may, and gives up what is lost', async () => {
    const { client, start, made } = scene({ messageInterval: 0 }, 1, { travelWindow: 3 });
    const { publisher } = made[0]!;
    start();
    await vi.advanceTimersByTimeAsync(5);
    expect(client.topics).toHaveLength(3);
    publisher.arrived();
    expect(client.topics).toHaveLength(4);
    publisher.giveUp();
    expect(client.topics).toHaveLength(4);
    publisher.giveUp();
    expect(client.topics).toHaveLength(7);
  });

  it.each([0, 1] as const)('ends with the limit, once everything is acknowledged (QoS %d)', async (qos) => {
    const { made, done, start, tally } = scene({ qos, messageInterval: 0, limit: 7 }, 3);
    start();
    await vi.advanceTimersByTimeAsync(5);
    expect(made.map(({ client }) => client.topics.length)).toEqual([3, 2, 2]);
    expect(done).toHaveBeenCalledTimes(qos === 0 ? 1 : 0);
    for (const { client } of made) for (const { resolve } of client.answers) resolve();
    await vi.advanceTimersByTimeAsync(5);
    expect(done).toHaveBeenCalledTimes(1);
    expect(tally.sent).toBe(7);
  });

  it('counts what the server refuses, and tries on, but not at once', async () => {
    const { client, tally, start } = scene({ qos: 1, messageInterval: 0 }, 1, { window: 1 });
    start();
    await vi.advanceTimersByTimeAsync(5);
    client.answers[0]!.reject(new Error('no'));
    await vi.advanceTimersByTimeAsync(50);
    expect(client.topics).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(client.topics).toHaveLength(2);
    expect(tally.publishErrors).toBe(1);
    expect([...tally.reasons]).toEqual([['publish: no', 1]]);
  });

  it('is done when all clients have ended', async () => {
    const { made, done, start } = scene({ messageInterval: 1000 }, 2);
    start();
    for (const { publisher } of made) publisher.end();
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('counts what was due and did not leave', async () => {
    const { client, tally, sending, start } = scene({ messageInterval: 10 });
    client.connected = false;
    start();
    await vi.advanceTimersByTimeAsync(100);
    sending.halt();
    expect(tally.unsent).toBeGreaterThanOrEqual(9);
    expect(sending.isIdle).toBe(true);
  });
});

describe('the share of a publisher', () => {
  it.each([
    [{ limit: 10 }, [4, 3, 3]],
    [{ limit: 2 }, [1, 1, 0]],
    [{ messages: 5 }, [5, 5, 5]],
    [{ limit: 10, messages: 3 }, [3, 3, 3]],
  ])('of %j is %j', (config, expected) => {
    expect([0, 1, 2].map((ordinal) => quotaOf(config as BenchConfig, ordinal, 3))).toEqual(expected);
  });

  it.each([
    [{ messageInterval: 250 }, 250_000],
    [{ messageInterval: 250, rate: 100 }, 40_000],
    [{ messageInterval: 0 }, undefined],
  ])('of time, with %j and four publishers, is %s', (config, expected) => {
    expect(periodOf(config as BenchConfig, 4)).toBe(expected);
  });
});
