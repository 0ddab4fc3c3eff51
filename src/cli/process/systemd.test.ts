// When systemd is notified, and how often. What it hears is tested under test/process.
import { describe, expect, it } from 'vitest';
import { SystemdNotifier, watchdogInterval } from './systemd.js';

describe('the watchdog', () => {
  it('gets a sign of life twice in the time that it allows, in milliseconds', () => {
    expect(watchdogInterval({ WATCHDOG_USEC: '180000000', WATCHDOG_PID: '42' }, 42)).toBe(90_000);
    expect(watchdogInterval({ WATCHDOG_USEC: '3000000' }, 42)).toBe(1500);
  });

  it('is none when it is for another process', () => {
    expect(watchdogInterval({ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '41' }, 42)).toBeUndefined();
  });

  it.each([undefined, '', '0', '-1', 'x', '1e6', '3s', '9'.repeat(40)])('is none for %j', (text) => {
    expect(watchdogInterval({ WATCHDOG_USEC: text })).toBeUndefined();
  });

  it('has an interval that a timer can have, for the shortest and the longest time', () => {
    expect(watchdogInterval({ WATCHDOG_USEC: '1' })).toBe(1);
    expect(watchdogInterval({ WATCHDOG_USEC: '9'.repeat(18) })).toBe(2_147_483_647);
  });
});

describe('nobody is notified', () => {
  it.each([undefined, '', '/', '@', 'notify', 'vsock:2:9999', `/${'x'.repeat(107)}`])(
    'when NOTIFY_SOCKET is %j',
    (text) => {
      expect(SystemdNotifier.from({ env: { NOTIFY_SOCKET: text }, warn: () => {} })).toBeUndefined();
    },
  );
});
