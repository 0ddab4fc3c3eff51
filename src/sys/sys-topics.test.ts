// The plugin around the $SYS tree: when it runs, what its messages are, and that its problems stop nobody.
import { describe, expect, it } from 'vitest';
import { TurnedClock } from '../../test/sys/turned-clock.js';
import { Broker } from '../broker.js';
import { Metrics } from '../core/metrics.js';
import type { LogLevel, PluginBroker } from '../core/plugin.js';
import { sysTopicsPlugin } from './sys-topics.js';

type Published = Parameters<PluginBroker['publish']>[0];

class FakeBroker implements PluginBroker {
  published: Published[] = [];
  readonly logged: [LogLevel, string][] = [];
  refusal: Error | null = null;

  publish(message: Published): void {
    if (this.refusal !== null) throw this.refusal;
    this.published.push(message);
  }

  disconnect(): boolean {
    return false;
  }

  log(level: LogLevel, text: string): void {
    this.logged.push([level, text]);
  }

  /** What was published since it was asked last. */
  take(): Record<string, unknown> {
    const taken = Object.fromEntries(this.published.map(({ topic, payload }) => [topic, payload]));
    this.published = [];
    return taken;
  }
}

function rig(interval: number) {
  const clock = new TurnedClock();
  const broker = new FakeBroker();
  const metrics = new Metrics();
  const plugin = sysTopicsPlugin({
    metrics: () => metrics,
    version: 'a version',
    interval,
    clock,
    memory: () => 500,
  });
  return { clock, broker, metrics, plugin, start: () => plugin.start!(broker) };
}

const UPTIME = '$SYS/broker/uptime';
const VERSION = '$SYS/broker/version';

describe('the plugin of the $SYS tree', () => {
  it('publishes everything at the start, with QoS 2 and retained', () => {
    const { broker, start } = rig(10);
    start();
    expect(broker.published.length).toBeGreaterThan(70);
    for (const message of broker.published) expect(message).toMatchObject({ qos: 2, retain: true });
    expect(broker.take()).toMatchObject({ [VERSION]: 'a version', [UPTIME]: '0 seconds' });
  });

  it('publishes what is new at every interval', () => {
    const { clock, broker, metrics, start } = rig(10);
    start();
    broker.take();
    clock.turn(9999);
    expect(broker.take()).toEqual({});
    metrics.retainedCurrent = 5;
    clock.turn(1);
    expect(broker.take()).toEqual({
      [UPTIME]: '10 seconds',
      '$SYS/broker/messages/stored': '5',
      '$SYS/broker/store/messages/count': '5',
      '$SYS/broker/retained messages/count': '5',
    });
    clock.turn(10_000);
    expect(broker.take()).toEqual({ [UPTIME]: '20 seconds' });
  });

  it('does nothing at all with interval 0', () => {
    const { clock, broker, start } = rig(0);
    start();
    expect(clock.timers).toBe(0);
    expect(broker.take()).toEqual({});
  });

  it('stops with the broker', async () => {
    const { clock, broker, plugin, start } = rig(1);
    start();
    broker.take();
    await plugin.stop!();
    clock.turn(5000);
    expect({ timers: clock.timers, published: broker.take() }).toEqual({ timers: 0, published: {} });
  });

  it.each([-1, 1.5, 65_536, Number.NaN])('says that %d is no interval', (interval) => {
    expect(() => rig(interval)).toThrow(
      `sys_interval must be a whole number of seconds from 0 to 65535, not ${interval}`,
    );
  });

  it('says once what keeps it from publishing, and goes on', () => {
    const { clock, broker, start } = rig(1);
    broker.refusal = new Error('no room for more retained messages');
    start();
    clock.turn(3000);
    expect(broker.logged).toEqual([
      ['warning', `${VERSION} could not be published: no room for more retained messages`],
    ]);
    broker.refusal = null;
    clock.turn(1000);
    expect(broker.take()).toEqual({ [UPTIME]: '4 seconds' });
  });
});

describe('another interval', () => {
  it('counts from then on', () => {
    const { clock, broker, plugin, start } = rig(1);
    start();
    clock.turn(1000);
    broker.take();
    plugin.changeInterval(5);
    expect(clock.timers).toBe(1);
    clock.turn(3999);
    expect(broker.take()).toEqual({});
    clock.turn(1);
    expect(broker.take()).toEqual({ [UPTIME]: '5 seconds' });
  });

  it('of 0 ends the updates', () => {
    const { clock, broker, plugin, start } = rig(1);
    start();
    broker.take();
    plugin.changeInterval(0);
    clock.turn(5000);
    expect({ timers: clock.timers, published: broker.take() }).toEqual({ timers: 0, published: {} });
  });

  it('begins what 0 had kept from beginning, with the uptime of the broker', () => {
    const { clock, broker, plugin, start } = rig(0);
    start();
    clock.turn(7000);
    plugin.changeInterval(1);
    expect(broker.take()).toMatchObject({ [VERSION]: 'a version', [UPTIME]: '7 seconds' });
  });

  it('does not run before the broker does, nor after it', async () => {
    const { clock, broker, plugin, start } = rig(0);
    plugin.changeInterval(1);
    expect(clock.timers).toBe(0);
    start();
    await plugin.stop!();
    plugin.changeInterval(2);
    expect(clock.timers).toBe(0);
    expect(broker.published.length).toBeGreaterThan(70);
  });

  it('that is none changes nothing', () => {
    const { clock, broker, plugin, start } = rig(1);
    start();
    broker.take();
    expect(() => plugin.changeInterval(-1)).toThrow(RangeError);
    clock.turn(1000);
    expect(broker.take()).toEqual({ [UPTIME]: '1 seconds' });
  });
});

describe('in a broker', () => {
  it('reads the clock and the memory of the process', async () => {
    const broker: Broker = new Broker({
      plugins: [sysTopicsPlugin({ metrics: () => broker.metrics, version: 'a version', interval: 10 })],
    });
    await broker.start();
    const heap = broker.retained('$SYS/broker/heap/current')!;
    expect(Number(Buffer.from(heap.payload).toString())).toBeGreaterThan(1_000_000);
    expect(broker.retained(VERSION)).toMatchObject({ qos: 2, retain: true, publisherId: '' });
    await broker.close();
  });
});
