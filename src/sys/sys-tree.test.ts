// What the $SYS tree tells at the start and at updates, from numbers that the test sets.
import { describe, expect, it } from 'vitest';
import { TurnedClock } from '../../test/sys/turned-clock.js';
import { Metrics } from '../core/metrics.js';
import { PacketType } from '../protocol/index.js';
import { SysTree } from './sys-tree.js';

/** A tree, its numbers, and what it told: topics below $SYS/broker/ to values. */
class Rig {
  readonly metrics = new Metrics();
  readonly clock = new TurnedClock();
  memory = 500;
  readonly tree: SysTree;
  /** Called for everything that is told: as a subscriber would make the broker count. */
  onTell: (topic: string) => void = () => {};

  constructor() {
    const { metrics, clock } = this;
    this.tree = new SysTree({ metrics, memory: () => this.memory, clock, startedAt: clock.now() });
  }

  #collected(run: (tell: (topic: string, value: string) => void) => void): Map<string, string> {
    const told = new Map<string, string>();
    run((topic, value) => {
      expect(topic).toMatch(/^\$SYS\/broker\//);
      const short = topic.slice('$SYS/broker/'.length);
      expect(told.has(short)).toBe(false);
      told.set(short, value);
      this.onTell(short);
    });
    return told;
  }

  begin(): Map<string, string> {
    return this.#collected((tell) => this.tree.begin('a version', tell));
  }

  /** After `seconds`. */
  update(seconds = 1): Map<string, string> {
    this.clock.turn(seconds * 1000);
    return this.#collected((tell) => this.tree.update(tell));
  }
}

/** What an update told except the uptime and the loads. */
function numbers(told: Map<string, string>): Record<string, string> {
  return Object.fromEntries([...told].filter(([topic]) => topic !== 'uptime' && !topic.startsWith('load/')));
}

describe('the $SYS tree at the start', () => {
  it('tells the version, the uptime, all numbers and all loads, in this order', () => {
    const told = [...new Rig().begin()];
    expect(told.slice(0, 2)).toEqual([
      ['version', 'a version'],
      ['uptime', '0 seconds'],
    ]);
    const loads = told.findIndex(([topic]) => topic.startsWith('load/'));
    expect(told.slice(2, loads).map(([topic]) => topic)).toContain('mqtt/auth/sent');
    expect(told.slice(loads)).toHaveLength(27);
    expect(new Set(told.slice(loads).map(([, value]) => value))).toEqual(new Set(['0.00']));
  });

  it('has no topic for a number that is 1, nor for a maximum below 2', () => {
    const rig = new Rig();
    rig.metrics.sessionsCurrent = 1;
    rig.metrics.subscriptionsCurrent = 1;
    const told = rig.begin();
    for (const topic of ['clients/total', 'clients/maximum', 'clients/disconnected', 'subscriptions/count'])
      expect(told.has(topic)).toBe(false);
    rig.metrics.sessionsCurrent = 2;
    expect(rig.update().get('clients/maximum')).toBe('2');
  });

  it('knows of its own first two messages as retained ones', () => {
    const rig = new Rig();
    rig.onTell = () => {
      rig.metrics.retainedCurrent++;
      rig.metrics.retainedPayloadBytes += 10;
    };
    const told = rig.begin();
    expect(told.get('retained messages/count')).toBe('2');
    expect(told.get('store/messages/count')).toBe('2');
    expect(told.get('store/messages/bytes')).toBe('20');
  });
});

describe('an update of the $SYS tree', () => {
  it('tells the uptime in whole seconds, and nothing else when nothing changed', () => {
    const rig = new Rig();
    rig.begin();
    expect([...rig.update(1.9)]).toEqual([['uptime', '1 seconds']]);
    expect([...rig.update(3600)]).toEqual([['uptime', '3601 seconds']]);
  });

  it.each<[what: string, change: (metrics: Metrics) => void, told: Record<string, string>]>([
    [
      'sessions',
      (metrics) => {
        metrics.sessionsCurrent = 3;
      },
      {
        'clients/total': '3',
        'clients/maximum': '3',
        'clients/disconnected': '3',
        'clients/inactive': '3',
      },
    ],
    [
      'connections',
      (metrics) => {
        metrics.connectionsOpened = 4;
        metrics.connectionsCurrent = 2;
      },
      { 'clients/connected': '2', 'clients/active': '2', 'connections/socket/count': '4' },
    ],
    [
      'expired sessions',
      (metrics) => {
        metrics.sessionsExpired = 2;
      },
      { 'clients/expired': '2' },
    ],
    [
      'messages that are kept',
      (metrics) => {
        metrics.retainedCurrent = 2;
        metrics.retainedPayloadBytes = 20;
        metrics.heldMessages = 3;
        metrics.heldPayloadBytes = 30;
      },
      {
        'messages/stored': '5',
        'store/messages/count': '5',
        'store/messages/bytes': '50',
        'retained messages/count': '2',
      },
    ],
    [
      'subscriptions',
      (metrics) => {
        metrics.subscriptionsCurrent = 5;
        metrics.sharedSubscriptionsCurrent = 2;
      },
      { 'subscriptions/count': '3', 'shared_subscriptions/count': '2' },
    ],
    [
      'packets',
      (metrics) => {
        metrics.packetsReceived[PacketType.PINGREQ] = 7;
        metrics.packetsSent[PacketType.PINGRESP] = 6;
        metrics.packetsGone = 6;
      },
      {
        'messages/received': '7',
        'messages/sent': '6',
        'mqtt/pingreq/received': '7',
        'mqtt/pingresp/sent': '6',
      },
    ],
    [
      'bytes',
      (metrics) => {
        metrics.bytesReceived = 70;
        metrics.bytesSent = 60;
        metrics.bytesGone = 60;
        metrics.publishBytesReceived = 10;
        metrics.publishBytesSent = 20;
      },
      {
        'bytes/received': '70',
        'bytes/sent': '60',
        'publish/bytes/received': '10',
        'publish/bytes/sent': '20',
      },
    ],
    [
      'what waits for clients that are behind',
      (metrics) => {
        metrics.bytesSent = 5000;
        metrics.packetsSent[PacketType.PUBLISH] = 50;
        metrics.bytesGone = 4000;
        metrics.packetsGone = 40;
      },
      {
        'messages/sent': '50',
        'bytes/sent': '5000',
        'packet/out/count': '10',
        'packet/out/bytes': '1000',
        'publish/messages/sent': '50',
        'mqtt/publish/sent': '50',
      },
    ],
    [
      'what was dropped at limits, and nothing that was dropped for other reasons',
      (metrics) => {
        metrics.droppedQueueFull = 2;
        metrics.droppedSlowSubscriber = 3;
        metrics.droppedExpired = 100;
        metrics.droppedOffline = 100;
        metrics.droppedTooLarge = 100;
        metrics.droppedSessionEnded = 100;
      },
      { 'publish/messages/dropped': '5', 'mqtt/publish/dropped': '5' },
    ],
  ])('tells of %s', (_what, change, expected) => {
    const rig = new Rig();
    rig.begin();
    change(rig.metrics);
    expect(numbers(rig.update())).toEqual(expected);
    expect(numbers(rig.update())).toEqual({});
  });

  it('tells of memory what there is, and the most that there was', () => {
    const rig = new Rig();
    const first = rig.begin();
    expect([first.get('heap/current'), first.get('heap/maximum')]).toEqual(['500', '500']);
    rig.memory = 900;
    expect(numbers(rig.update())).toEqual({ 'heap/current': '900', 'heap/maximum': '900' });
    rig.memory = 700;
    expect(numbers(rig.update())).toEqual({ 'heap/current': '700' });
  });

  it('tells no negative number of clients while there are more connections than sessions', () => {
    const rig = new Rig();
    rig.metrics.sessionsCurrent = 3;
    rig.begin();
    rig.metrics.connectionsCurrent = 5;
    expect(rig.update().get('clients/disconnected')).toBe('0');
  });

  it('counts what it sends itself, but not as waiting', () => {
    const rig = new Rig();
    rig.begin();
    rig.onTell = () => {
      rig.metrics.packetsSent[PacketType.PUBLISH]!++;
      rig.metrics.bytesSent += 50;
    };
    const told = rig.update();
    // the uptime and three loads that it changes: one for each number of minutes, and of those of bytes too
    expect([...told.keys()][0]).toBe('uptime');
    expect(Number(told.get('messages/sent'))).toBeGreaterThan(1);
    expect(Number(told.get('publish/messages/sent'))).toBeGreaterThan(Number(told.get('messages/sent')));
    expect(told.has('packet/out/bytes')).toBe(false);
  });

  it('tells loads before the numbers, by how much these have grown', () => {
    const rig = new Rig();
    rig.begin();
    rig.metrics.connectionsOpened = 1;
    const told = [...rig.update()];
    expect(told).toEqual([
      ['uptime', '1 seconds'],
      ['load/sockets/1min', '0.99'],
      ['load/sockets/5min', '0.20'],
      ['load/sockets/15min', '0.07'],
      ['connections/socket/count', '1'],
    ]);
    expect([...rig.update()]).toEqual([
      ['uptime', '2 seconds'],
      ['load/sockets/1min', '0.98'],
    ]);
  });

  it('averages CONNECT packets under the name of connections', () => {
    const rig = new Rig();
    rig.begin();
    rig.metrics.packetsReceived[PacketType.CONNECT] = 1;
    const told = rig.update();
    expect(told.get('load/connections/1min')).toBe('0.99');
    expect(told.get('load/messages/received/1min')).toBe('0.99');
    expect(told.get('mqtt/connect/received')).toBe('1');
  });

  it('loses nothing of the load when the first update comes within a second', () => {
    const rig = new Rig();
    rig.begin();
    rig.metrics.connectionsOpened = 10;
    expect(rig.update(0.1).get('load/sockets/1min')).toBe('9.92');
  });
});
