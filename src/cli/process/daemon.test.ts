// A process that is not in the background; test/process has those that are.
import { afterEach, describe, expect, it } from 'vitest';
import { isBackground, reportFailure, reportLine, reportReady } from './daemon.js';

describe('a process that was started in the foreground', () => {
  const before = process.listenerCount('uncaughtExceptionMonitor');
  const connected = process.connected;

  afterEach(() => expect(process.connected).toBe(connected));

  it('is not in the background, and watches no crashes', () => {
    expect(isBackground()).toBe(false);
    expect(process.listenerCount('uncaughtExceptionMonitor')).toBe(before);
  });

  it('has nobody to report to, and goes on', async () => {
    await expect(reportLine('a line')).resolves.toBeUndefined();
    await expect(reportFailure('Error: a failure', 1)).resolves.toBeUndefined();
    await expect(reportReady()).resolves.toBeUndefined();
  });
});
