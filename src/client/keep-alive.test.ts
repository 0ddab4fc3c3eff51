import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeepAlive } from './keep-alive.js';

class Link {
  lastSent = 0;
  lastReceived = 0;
  isHeld = false;
  events: string[] = [];
  /** Milliseconds until a PINGREQ is answered; null: never. */
  answersAfter: number | null = 0;

  ping(): void {
    this.lastSent = performance.now();
    this.events.push(`ping ${this.lastSent}`);
    if (this.answersAfter !== null) setTimeout(() => this.receive(), this.answersAfter);
  }

  receive(): void {
    this.lastReceived = performance.now();
  }

  silent(): void {
    this.events.push(`silent ${performance.now()}`);
  }
}

let link: Link;

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  link = new Link();
});
afterEach(() => vi.useRealTimers());

describe('keep-alive', () => {
  it('[MQTT-3.1.2-20] pings when nothing was sent for the interval', () => {
    const keepAlive = new KeepAlive(60, link);
    vi.advanceTimersByTime(59_000);
    expect(link.events).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(link.events).toEqual(['ping 60000']);
    vi.advanceTimersByTime(65_000);
    expect(link.events[1]).toMatch(/^ping/);
    keepAlive.stop();
  });

  it('pings when the server is silent even though something is sent all the time', () => {
    new KeepAlive(10, link);
    for (let i = 0; i < 11; i++) {
      vi.advanceTimersByTime(1000);
      link.lastSent = performance.now();
    }
    expect(link.events).toEqual(['ping 10000']);
  });

  it('pings when something comes all the time and nothing is sent, so that the server keeps us', () => {
    new KeepAlive(10, link);
    for (let i = 0; i < 11; i++) {
      vi.advanceTimersByTime(1000);
      link.receive();
    }
    expect(link.events).toEqual(['ping 10000']);
  });

  it('does not ping while both sides are busy', () => {
    new KeepAlive(10, link);
    for (let i = 0; i < 100; i++) {
      vi.advanceTimersByTime(1000);
      link.receive();
      link.lastSent = performance.now();
    }
    expect(link.events).toEqual([]);
  });

  it('never leaves more than the interval between two packets that are sent', () => {
    new KeepAlive(7, link);
    link.answersAfter = 300;
    let sentBefore = 0;
    for (let i = 0; i < 500; i++) {
      vi.advanceTimersByTime(100);
      if (i % 50 === 49) {
        link.lastSent = performance.now();
        link.receive();
      }
      if (link.lastSent > sentBefore) {
        // timers may come a little late, never early
        expect(link.lastSent - sentBefore).toBeLessThanOrEqual(7000);
        sentBefore = link.lastSent;
      }
    }
    expect(sentBefore).toBeGreaterThan(42_000);
  });

  it('ends a connection whose ping is not answered within ten seconds', () => {
    link.answersAfter = null;
    new KeepAlive(60, link);
    vi.advanceTimersByTime(69_999);
    expect(link.events).toEqual(['ping 60000']);
    vi.advanceTimersByTime(1);
    expect(link.events).toEqual(['ping 60000', 'silent 70000']);
    vi.advanceTimersByTime(1_000_000);
    expect(link.events.length).toBe(2);
  });

  it('waits no longer than the interval for the answer', () => {
    link.answersAfter = null;
    new KeepAlive(2, link);
    vi.advanceTimersByTime(4000);
    expect(link.events).toEqual(['ping 2000', 'silent 4000']);
  });

  it('takes anything that comes for an answer', () => {
    link.answersAfter = null;
    new KeepAlive(60, link);
    vi.advanceTimersByTime(65_000);
    link.receive();
    vi.advanceTimersByTime(5000);
    expect(link.events).toEqual(['ping 60000']);
  });

  it('does not take silence for an end while nothing is read, and goes on pinging', () => {
    link.answersAfter = null;
    link.isHeld = true;
    new KeepAlive(10, link);
    vi.advanceTimersByTime(100_000);
    expect(link.events.some((event) => event.startsWith('silent'))).toBe(false);
    expect(link.events.length).toBeGreaterThanOrEqual(5);
  });

  it('is off with 0 seconds, and leaves no timer after it was stopped', () => {
    new KeepAlive(0, link);
    expect(vi.getTimerCount()).toBe(0);
    const keepAlive = new KeepAlive(5, link);
    keepAlive.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
