// What is shown of a run: on a terminal, in lines, as JSON, and at the end.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BenchConfig } from './config.js';
import { displayFor } from './display.js';
import { bytes, latency, number, rate } from './figures.js';
import { reportJson } from './json-report.js';
import { progressOf } from './progress.js';
import { rowsOf } from './rows.js';
import { Tally } from './tally.js';
import { type View, violationsOf } from './view.js';

const base = { scenario: 'rtt', count: 2, qos: 1, duration: 10, processes: 1 } as BenchConfig;

function view(
  given: Partial<View> = {},
  config: Partial<BenchConfig> = {},
  counted: Partial<Tally> = {},
): View {
  const tally = new Tally();
  Object.assign(tally, { open: 4, connected: 4, sent: 1000, sentBytes: 256_000, received: 990, ...counted });
  tally.arrivalLatency.record(1500);
  return {
    config: { ...base, ...config },
    stage: 'running',
    tally,
    seconds: 5,
    flowSeconds: 5,
    connectSeconds: 1,
    ...given,
  };
}

class FakeScreen {
  text = '';
  isTTY = false;
  columns = 60;
  write(text: string): void {
    this.text += text;
  }
}

describe('a display', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** What is written in `seconds`, with five updates each. */
  function shown(config: Partial<BenchConfig>, seconds: number, screen = new FakeScreen()): FakeScreen {
    const display = displayFor({ ...base, ...config }, screen);
    for (let i = 1; i <= seconds * 5; i++) {
      vi.advanceTimersByTime(200);
      display.update(view({ seconds: i / 5 }, config, { sent: i * 100 }));
    }
    display.end();
    return screen;
  }

  it('that is no terminal gets a line a second, with what was since the line before', () => {
    const lines = shown({}, 3).text.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^3\.0 s running {3}4 connections {3}sent 1,500, 500\/s/);
    expect(lines.join()).not.toContain('\x1b');
  });

  it('has lines at other times if asked', () => {
    expect(shown({ reportInterval: 2 }, 5).text.trimEnd().split('\n')).toHaveLength(2);
  });

  it('with --quiet or --json is nothing', () => {
    expect(shown({ quiet: true }, 2).text).toBe('');
    expect(shown({ json: true }, 2).text).toBe('');
  });

  it('with --json and an interval has lines of JSON', () => {
    const lines = shown({ json: true, reportInterval: 1 }, 2).text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'interval', stage: 'running', seconds: 1 },
      { type: 'interval', seconds: 2, sent: { messages: 500, messagesPerSecond: 500 }, errors: 0 },
    ]);
  });

  it('on a terminal is drawn in place, within its width, and gives the cursor back', () => {
    const { text } = shown({}, 1, Object.assign(new FakeScreen(), { isTTY: true }));
    expect(text.startsWith('\x1b[?25l')).toBe(true);
    expect(text.endsWith('\x1b[J\x1b[?25h')).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    const pictures = text.split(/\x1b\[(\d+)A\r/);
    expect(pictures.length).toBe(11);
    const lines = pictures[0]!.split('\n');
    expect(Number(pictures[1])).toBe(lines.length - 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences have no width
    for (const line of lines) expect(line.replace(/\x1b\[[?\d]*[A-Za-z]/g, '').length).toBeLessThan(60);
  });

  it('gives the cursor back even if the process ends', () => {
    const screen = Object.assign(new FakeScreen(), { isTTY: true });
    const before = process.listeners('exit');
    displayFor(base, screen).update(view());
    const [listener] = process.listeners('exit').filter((one) => !before.includes(one));
    listener!(0);
    expect(screen.text.endsWith('\x1b[?25h')).toBe(true);
    expect(process.listeners('exit')).toEqual(before);
  });
});

describe('progress', () => {
  it.each<[string, Partial<View>, Partial<BenchConfig>, number | undefined, string]>([
    ['of connecting', { stage: 'connecting' }, { count: 4 }, 0.5, '4 of 8 connections'],
    ['by time', {}, {}, 0.5, '5.0 s of 10.0 s'],
    ['by messages', {}, { limit: 1100 }, 0.9, '990 of 1,100 messages'],
    ['by messages of each', {}, { messages: 495, duration: undefined }, 1, '990 of 990 messages'],
    ['by what is first', {}, { limit: 100_000 }, 0.5, '5.0 s of 10.0 s'],
    ['without an end', {}, { duration: undefined }, undefined, '5.0 s; Ctrl-C ends it'],
    ['of no time at all', {}, { duration: 0 }, 1, '0.0 s of 0.0 s'],
  ])('%s', (_, given, config, share, text) => {
    const { duration, ...rest } = config;
    const full = 'duration' in config ? { ...rest, duration } : rest;
    expect(progressOf(view(given, full as Partial<BenchConfig>))).toEqual({ share, text });
  });
});

describe('the report', () => {
  it('has rows for what the scenario does, and the errors', () => {
    const ended = view({ stage: 'ended' }, {}, { lost: 1, late: 10 });
    ended.tally.note('connection: gone', 3);
    const rows = rowsOf(ended).map((row) => row.trim().split(/ {2,}/));
    expect(rows.map(([label]) => label)).toEqual([
      'connections',
      'sent',
      'acknowledged',
      'received',
      'end to end',
      'schedule',
      'messages',
      'errors',
    ]);
    expect(rows[0]![1]).toBe('4 connected, 4.0/s connected, 1 lost');
    expect(rows[1]!.slice(1)).toEqual(['200/s', '51.2 kB/s', '1,000 in total']);
    expect(rows[5]![1]).toBe('1.0% left late');
    expect(rows[6]![1]).toBe('10 lost, 0 twice, 0 out of order');
    expect(rows[7]![1]).toBe('3× connection: gone');
  });

  it('as JSON has the figures, with latencies in milliseconds', () => {
    const ended = view({ stage: 'ended', ending: 'limit' });
    expect(JSON.parse(JSON.stringify(reportJson(ended, 'mqtt://h:1')))).toMatchObject({
      type: 'report',
      scenario: 'rtt',
      target: 'mqtt://h:1',
      ending: 'limit',
      seconds: 5,
      connections: { connected: 4, perSecond: 4 },
      sent: { messages: 1000, bytes: 256_000, messagesPerSecond: 200, bytesPerSecond: 51_200 },
      latencyMs: { count: 1, p50: 1.5, 'p99.9': 1.5, max: 1.5 },
      violations: 10,
      loss: 10,
      reasons: {},
    });
  });

  it.each<[Partial<BenchConfig>, Partial<Tally>, number]>([
    [{}, { received: 1000 }, 0],
    [{}, { received: 1003, duplicates: 3 }, 0],
    [{ qos: 2 }, { received: 1003, duplicates: 3 }, 3],
    [{}, { received: 1000, disorder: 2 }, 2],
    [{}, { received: 998, publishErrors: 2 }, 0],
    [{ scenario: 'pub' }, { received: 0 }, 0],
  ])('of %j with %j has %d violations', (config, counted, expected) => {
    expect(violationsOf(view({}, config, counted))).toBe(expected);
  });
});

describe('figures', () => {
  it.each([
    [number(1_234_567.8), '1,234,568'],
    [rate(0), '0/s'],
    [rate(9.96), '10.0/s'],
    [rate(12_345.6), '12,346/s'],
    [bytes(999), '999 B'],
    [bytes(1234), '1.2 kB'],
    [bytes(512_000_000), '512 MB'],
    [latency(0.4), '0 µs'],
    [latency(999.4), '999 µs'],
    [latency(999.6), '1.00 ms'],
    [latency(123_456), '123 ms'],
    [latency(2_500_000), '2.50 s'],
  ])('%s is %s', (shown, expected) => expect(shown).toBe(expected));
});
